import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { startServer, type EmbeddedServer } from '../../../scripts/embedded-server.js';
import { RedisCache } from '../../../examples/rest-service/redis-cache.mjs';
import { createService } from '../../../examples/rest-service/service.mjs';
import { open, type ConnectionConfig } from 'kingbase-native';
import { hasRedis, startRedis, type Redis } from '../../support/redis.js';
import { until } from '../../support/rejections.js';

const CLIENTS = 64;

interface Answer {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  body: string;
}

/** One connection that is kept, and asks one request after the other. */
class Client {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(private readonly port: number) {}

  async ask(method: string, path: string, body?: object, language = 'en'): Promise<Answer> {
    const headers = { 'content-type': 'application/json', 'accept-language': language };
    const asked = request({
      agent: this.agent,
      host: '127.0.0.1',
      port: this.port,
      method,
      path,
      headers: body ? headers : { 'accept-language': language },
    });
    asked.end(body && JSON.stringify(body));
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
  }

  close(): void {
    this.agent.destroy();
  }
}

const nameIn = ({ body }: Answer): string => (JSON.parse(body) as { name: string }).name;

type Asked = Pick<Client, 'ask'>;

/**
 * Whether `second` reads what `first` has read, though the row has changed without a word to the service. To be waited
 * for: until the notification of the last change has reached an instance, it may read a value again.
 */
async function isKept(first: Asked, second: Asked, id: string, config: ConnectionConfig): Promise<boolean> {
  const before = nameIn(await first.ask('GET', `/items/${id}`));
  await using db = open(config);
  await db.exec('UPDATE item SET name = name || $2 WHERE id = $1', [id, '+']);
  return nameIn(await second.ask('GET', `/items/${id}`)) === before;
}

let server: EmbeddedServer;
beforeAll(async () => {
  server = await startServer({ version: 12 });
});
afterAll(() => server.stop());

describe.each(inject('libraries'))(
  'examples/rest-service, with $name',
  ({ path: clientLibrary, flavour }) => {
    let app: Awaited<ReturnType<typeof createService>>;
    let port: number;
    let client: Client;
    const config = () => ({
      host: server.host,
      port: server.port,
      user: server.user,
      database: server.database,
      clientLibrary,
    });

    beforeEach(async () => {
      app = await createService(config());
      await app.listen({ port: 0, host: '127.0.0.1' });
      port = (app.server.address() as { port: number }).port;
      client = new Client(port);
    });
    afterEach(async () => {
      client.close();
      await app.close();
    });

    it('reads through its cache, which another instance invalidates', async () => {
      const other = await createService(config());
      await other.listen({ port: 0, host: '127.0.0.1' });
      const elsewhere = new Client((other.server.address() as { port: number }).port);
      const name = async (): Promise<string> => nameIn(await client.ask('GET', '/items/tea'));
      expect(await client.ask('PUT', '/items/tea', { name: '龙井', price: '19.90' })).toMatchObject({
        status: 204,
      });
      expect(await name()).toBe('龙井');
      await until('it is kept', () => isKept(client, client, 'tea', config()));
      expect(await elsewhere.ask('PUT', '/items/tea', { name: '碧螺春', price: '20' })).toMatchObject({
        status: 204,
      });
      await until('the cache has heard of it', async () => (await name()) === '碧螺春');
      expect(await client.ask('GET', '/items/none')).toMatchObject({ status: 404 });
      elsewhere.close();
      await other.close();
    });

    it('explains errors in the language of the client', async () => {
      const item = { id: `twice, ${flavour}`, name: '茶', price: '1' };
      expect((await client.ask('POST', '/items', item)).status).toBe(201);
      const english = await client.ask('POST', '/items', item);
      const chinese = await client.ask('POST', '/items', item, 'zh-CN,zh;q=0.9');
      expect([english.status, chinese.status]).toEqual([409, 409]);
      expect(english.headers).toMatchObject({
        'content-type': expect.stringContaining('application/problem+json') as string,
        'content-language': 'en',
      });
      expect(JSON.parse(english.body)).toMatchObject({
        status: 409,
        code: '23505',
        detail: expect.stringContaining('Likely causes') as string,
      });
      expect(JSON.parse(chinese.body)).toMatchObject({
        detail: expect.stringContaining('可能的原因') as string,
      });
      expect(await client.ask('PUT', '/items/x', { name: 'x', price: 'dear' })).toMatchObject({
        status: 400,
      });
    });

    it('has metrics by the names of the conventions', async () => {
      await client.ask('GET', '/items/none');
      const { body } = await client.ask('GET', '/metrics');
      for (const name of [
        'db_client_operation_duration',
        'db_client_connection_count',
        'db_client_connection_wait_time',
      ])
        expect(body).toContain(`# TYPE ${name}`);
    });

    it('keeps its promises to 64 clients while the server is started anew', { timeout: 60_000 }, async () => {
      const clients = Array.from({ length: CLIENTS }, () => new Client(port));
      const acknowledged = new Map<string, number>();
      const statuses = new Map<number, number>();
      const times: number[] = [];
      const wrong: Answer[] = [];
      let running = true;
      const work = async (each: Client, id: string): Promise<void> => {
        for (let n = 1; running; n++) {
          const start = performance.now();
          const answer =
            n % 2 === 0
              ? await each.ask('GET', `/items/${id}`)
              : await each.ask('PUT', `/items/${id}`, { name: `${n}`, price: '1' });
          times.push(performance.now() - start);
          statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
          if (answer.status === 204) acknowledged.set(id, n);
          if (answer.status === 503 && answer.headers['retry-after'] !== '1') wrong.push(answer);
          if (![200, 204, 404, 503].includes(answer.status)) wrong.push(answer);
        }
      };
      const working = clients.map((each, index) => work(each, `client-${index}`));
      await until('all have written', () => acknowledged.size === CLIENTS);
      await server.down('fast');
      expect((await client.ask('GET', '/health')).status).toBe(200);
      const away = await client.ask('GET', '/ready');
      expect([
        away.status,
        away.headers['retry-after'],
        (JSON.parse(away.body) as { server: string }).server,
      ]).toEqual([503, '1', 'down']);
      await server.up();
      await until('it is ready', async () => (await client.ask('GET', '/ready')).status === 200);
      const before = new Map(acknowledged);
      await until('all write again', () => [...acknowledged].every(([id, n]) => n > (before.get(id) ?? 0)));
      running = false;
      await Promise.all(working);
      expect(wrong).toEqual([]);
      await using db = open(config());
      const { rows } = await db.query<{ id: string; name: string }>(
        `SELECT id, name FROM item WHERE id LIKE 'client-%'`,
      );
      const written = new Map(rows.map(({ id, name }) => [id, Number(name)]));
      const lost = [...acknowledged].filter(([id, n]) => (written.get(id) ?? 0) < n);
      expect(lost).toEqual([]);
      times.sort((a, b) => a - b);
      const p99 = times[Math.floor(times.length * 0.99)] ?? 0;
      console.log(
        `${times.length} requests, p99 ${p99.toFixed(1)} ms, by status ${JSON.stringify(Object.fromEntries(statuses))}`,
      );
      for (const each of clients) each.close();
    });

    it.runIf(flavour === 'kci')('ends by SIGTERM when what it was asked has been answered', async () => {
      const { host, port: at, user, database } = config();
      const child = spawn(
        process.execPath,
        [
          '--import',
          'tsx',
          path.resolve(import.meta.dirname, '../../../examples/rest-service/main.mts'),
          `kingbase://${user}@${host}:${at}/${database}`,
        ],
        {
          env: { ...process.env, KINGBASE_CLIENT_LIBRARY: clientLibrary, PORT: '0' },
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      const ownPort = Number(/:(\d+)/.exec(line.toString())?.[1]);
      const own = new Client(ownPort);
      await using db = open(config());
      const locked = await db.begin();
      await locked.exec('LOCK TABLE item');
      const answer = own.ask('PUT', '/items/last', { name: 'x', price: '1' });
      await until(
        'the request waits for the lock',
        async () =>
          ((await db.queryRow<{ n: bigint }>(`SELECT count(*) AS n FROM pg_locks WHERE NOT granted`))?.n ??
            0n) > 0n,
      );
      child.kill('SIGTERM');
      await until('it takes no connections any more', async () => {
        const another = new Client(ownPort);
        return another.ask('GET', '/health').then(
          () => false,
          () => true,
        );
      });
      await locked.commit();
      expect((await answer).status).toBe(204);
      own.close();
      expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(0);
    });
  },
);

describe.runIf(hasRedis)('examples/rest-service, with its cache in Redis', () => {
  let redis: Redis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  beforeEach(() => redis.up());

  const config = () => ({
    host: server.host,
    port: server.port,
    user: server.user,
    database: server.database,
    clientLibrary: inject('libraries')[0]!.path,
  });

  async function opened(): Promise<Asked & { close: () => Promise<void> }> {
    const app = await createService(config(), redis.url);
    await app.listen({ port: 0, host: '127.0.0.1' });
    const client = new Client((app.server.address() as AddressInfo).port);
    return {
      ask: client.ask.bind(client),
      close: async () => {
        client.close();
        await app.close();
      },
    };
  }

  it('shares it among instances, which a change invalidates', async () => {
    const [one, other] = [await opened(), await opened()];
    await one.ask('PUT', '/items/shared', { name: '龙井', price: '1' });
    await until('it is kept', () => isKept(one, other, 'shared', config()));
    await other.ask('PUT', '/items/shared', { name: '碧螺春', price: '1' });
    // Who has the answer to a change reads it, wherever the next request goes.
    expect(nameIn(await one.ask('GET', '/items/shared'))).toBe('碧螺春');
    await Promise.all([one.close(), other.close()]);
  });

  it('serves from the database while Redis is away, and uses it when it is back', async () => {
    const service = await opened();
    await service.ask('PUT', '/items/away', { name: '一', price: '1' });
    expect(nameIn(await service.ask('GET', '/items/away'))).toBe('一');
    await redis.down();
    expect((await service.ask('PUT', '/items/away', { name: '二', price: '1' })).status).toBe(204);
    expect(nameIn(await service.ask('GET', '/items/away'))).toBe('二');
    await redis.up();
    await until('it is kept again', () => isKept(service, service, 'away', config()));
    await service.close();
  });

  it('keeps no value that was read before a change which came first', async () => {
    const cache = new RedisCache<string>(redis.url, 'race', 60_000);
    const other = new RedisCache<string>(redis.url, 'race', 60_000);
    await Promise.all([cache.connect(), other.connect()]);
    await until('both have begun', async () => {
      const value = await cache.get('begun', () => Promise.resolve('x'));
      return (await other.get('begun', () => Promise.reject(new Error('not kept'))).catch(String)) === value;
    });
    const old = cache.get('key', async () => {
      // The change is made and told of while the old value is on its way.
      await other.delete('key');
      return 'old';
    });
    expect(await old).toBe('old');
    expect(await other.get('key', () => Promise.resolve('new'))).toBe('new');
    expect(await cache.get('key', () => Promise.resolve('never'))).toBe('new');
    await cache.clear();
    expect(await other.get('key', () => Promise.resolve('newest'))).toBe('newest');
    await Promise.all([cache.close(), other.close()]);
  });
});

describe('examples/rest-service, traced', () => {
  interface Span {
    traceId: string;
    spanId: string;
    parentSpanId?: string;
    name: string;
    kind: number;
    attributes: { key: string }[];
  }

  it('sends a span for each request under that of its caller, and one for each statement under that of its request', async () => {
    const spans: Span[] = [];
    const collector = createServer((message, response) => {
      void text(message).then((body) => {
        const { resourceSpans } = JSON.parse(body) as {
          resourceSpans: { scopeSpans: { spans: Span[] }[] }[];
        };
        spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      });
    });
    collector.listen(0, '127.0.0.1');
    await once(collector, 'listening');
    process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] =
      `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
    const app = await createService({
      host: server.host,
      port: server.port,
      user: server.user,
      database: server.database,
      clientLibrary: inject('libraries')[0]!.path,
    });
    delete process.env['OTEL_EXPORTER_OTLP_ENDPOINT'];
    const traceId = 'a'.repeat(32);
    const parent = 'b'.repeat(16);
    const answer = await app.inject({
      url: '/items/traced',
      headers: { traceparent: `00-${traceId}-${parent}-01` },
    });
    expect(answer.statusCode).toBe(404);
    await app.close();
    collector.close();
    const asked = spans.find(({ name }) => name === 'GET /items/:id');
    expect(asked).toMatchObject({ traceId, parentSpanId: parent });
    const statement = spans.find(({ parentSpanId }) => parentSpanId === asked?.spanId);
    expect(statement).toMatchObject({ traceId, name: 'SELECT' });
    expect(statement?.attributes.map(({ key }) => key)).toEqual(
      expect.arrayContaining(['db.system.name', 'db.query.text', 'db.query.summary', 'server.address']),
    );
  });
});
