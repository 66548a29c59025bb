import { fastify, type FastifyInstance, type FastifyReply } from 'fastify';
import { open, type ConnectionConfig } from 'kingbase-native';
import { MemoryCache, type Cache } from './cache.mjs';
import { sendProblem } from './problem.mjs';
import { RedisCache } from './redis-cache.mjs';
import { recordMetrics, recordTraces } from './telemetry.mjs';

interface Item {
  id: string;
  name: string;
  price: string;
}

const ITEM = {
  type: 'object',
  required: ['name', 'price'],
  properties: {
    name: { type: 'string', maxLength: 200 },
    price: { type: 'string', pattern: '^\\d{1,10}(\\.\\d{1,2})?$' },
  },
} as const;

/** Changes an item and tells all instances of the service, in one statement: it is told if and when it is committed. */
const changing = (statement: string): string =>
  `WITH changed AS (${statement} RETURNING id) SELECT id, pg_notify('items', id) FROM changed`;
const INSERT = 'INSERT INTO item (id, name, price) VALUES (:id, :name, :price)';
const PUT = changing(`${INSERT} ON CONFLICT (id) DO UPDATE SET name = :name, price = :price`);
const POST = changing(INSERT);

/** Aborted when the client goes away before it has its answer: then nobody waits for the statement. */
function signalOf(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort(new Error('The client has gone.'));
  });
  return controller.signal;
}

/** Values live for a minute, whatever happens. */
const LIFETIME = 60_000;

/** In Redis where REDIS_URL names one, else in this process. */
async function openCache(url: string | undefined): Promise<Cache<Item | undefined>> {
  if (url === undefined) return new MemoryCache(LIFETIME, 10_000);
  const cache = new RedisCache<Item | undefined>(url, 'items', LIFETIME);
  await cache.connect();
  return cache;
}

/** The service, ready to listen. Closing it ends the requests under way, and then the database. */
export async function createService(
  config?: string | ConnectionConfig,
  redisUrl = process.env['REDIS_URL'],
): Promise<FastifyInstance> {
  const app = fastify({ logger: process.env['LOG_LEVEL'] !== undefined });
  const db = open(config, { timeout: 5_000, pool: { max: 10, acquireTimeout: 5_000 } });
  // A connection of its own, so that a full pool does not look like a server that is away.
  const probe = open(config, { pool: { max: 1, acquireTimeout: 1_000 } });

  const metrics = recordMetrics(db);
  const traces = recordTraces(app);

  await db.script(
    'CREATE TABLE IF NOT EXISTS item (id text PRIMARY KEY, name text NOT NULL, price numeric(12, 2) NOT NULL)',
  );
  const cache = await openCache(redisUrl);
  const subscription = await db.listen('items', ({ payload }) => void cache.delete(payload));
  // Notifications may have been missed while the connection was away.
  subscription.on('gap', () => void cache.clear());

  app.setErrorHandler(sendProblem);
  app.addHook('onClose', async () => {
    await subscription.close();
    await Promise.all([db.close({ timeout: 5_000 }), probe.close({ timeout: 1_000 }), cache.close()]);
    await Promise.all([metrics.stop(), traces.stop()]);
  });

  app.get<{ Params: { id: string } }>('/items/:id', async ({ params: { id } }, reply) => {
    // Without the request's signal: others may wait for the same row.
    const item = await cache.get(id, () =>
      db.queryRow<Item>('SELECT id, name, price FROM item WHERE id = $1', [id]),
    );
    return (
      item ?? reply.code(404).type('application/problem+json').send({ type: 'about:blank', status: 404 })
    );
  });

  app.put<{ Params: { id: string }; Body: Omit<Item, 'id'> }>(
    '/items/:id',
    { schema: { body: ITEM } },
    async ({ params: { id }, body: { name, price } }, reply) => {
      await db.exec(PUT, { id, name, price }, { signal: signalOf(reply) });
      await cache.delete(id);
      return reply.code(204).send();
    },
  );

  app.post<{ Body: Item }>(
    '/items',
    { schema: { body: { ...ITEM, required: ['id', 'name', 'price'] } } },
    async ({ body: { id, name, price } }, reply) => {
      await db.exec(POST, { id, name, price }, { signal: signalOf(reply) });
      return reply
        .code(201)
        .header('location', `/items/${encodeURIComponent(id)}`)
        .send();
    },
  );

  /** The process runs: an orchestrator that hears nothing starts it anew, which would not help against a lost server. */
  app.get('/health', () => ({ status: 'up' }));

  /** Whether requests should be sent here; the pool and the server are told apart. */
  app.get('/ready', async (_request, reply) => {
    const { openConnections, inUse, idle, maxOpenConnections } = db.stats();
    const pool = inUse < maxOpenConnections ? 'free' : 'busy';
    const state = { pool, openConnections, inUse, idle };
    try {
      await probe.ping({ timeout: 1_000 });
      return { server: 'up', ...state };
    } catch {
      return reply
        .code(503)
        .header('retry-after', 1)
        .send({ server: 'down', ...state });
    }
  });

  app.get('/metrics', async (_request, reply) =>
    reply.type('text/plain; version=0.0.4').send(await metrics.text()),
  );

  return app;
}
