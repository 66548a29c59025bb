/** What programs do with a client's connection and with what a pool has inside. */
import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type pg from 'pg';
import { failure, heard, nextEvent, turn, until, words, type Module, type Programs } from './program.js';

/** The message of a statement's columns, as pg-protocol reads it. */
interface Described {
  name: string;
  fieldCount: number;
  fields: object[];
}

/** What can be seen of a client beside its types. */
interface Inside {
  connection: EventEmitter & { end(): void; stream: Duplex; _ending: boolean };
  _ending: boolean;
}

const inside = (client: pg.Client | pg.PoolClient): Inside => client as unknown as Inside;
const clientsOf = (pool: pg.Pool): pg.PoolClient[] =>
  (pool as unknown as { _clients: pg.PoolClient[] })._clients;
const counts = (pool: pg.Pool): number[] => [pool.totalCount, pool.idleCount, pool.waitingCount];
const message = (error: unknown): unknown => (error as Error | undefined)?.message;

/** A cursor as other packages have them, of which nothing is known but that it is to be run. */
class Unknown {
  readonly told: unknown[] = [];
  submit(): void {
    throw new Error('It is not to be run.');
  }
  handleError(error: Error): void {
    this.told.push(error.message);
  }
}

/** Has the connection of an idle client cut in some way, and looks what comes of it. */
async function cut(
  { pg: module, config }: { pg: Module['pg']; config: pg.PoolConfig },
  how: (client: Inside) => void,
): Promise<unknown> {
  const client = new module.Client(config);
  await client.connect();
  const told = heard(client, ['error', 'end'], message);
  how(inside(client));
  await until(() => told.includes('end'));
  const query = await words(client.query('select 1'));
  await client.end();
  return { told, query };
}

export const connections: Programs = {
  'loses a connection that its program ends': async (setting) => ({
    end: await cut(setting, ({ connection }) => {
      connection.end();
    }),
    destroyed: await cut(setting, ({ connection }) => {
      connection.stream.destroy();
    }),
  }),
  'fails what is under way when its program cuts the connection': async ({ pg, config }) => {
    const client = new pg.Client(config);
    await client.connect();
    const told = heard(client, ['error'], message);
    const running = failure(client.query('select pg_sleep(20)'));
    const waiting = failure(client.query('select 1'));
    inside(client).connection.stream.destroy();
    const seen = [(await running)['message'], (await waiting)['message']];
    await until(() => told.length > 0);
    await client.end();
    return { seen, told };
  },
  'knows whether a connection is about to end': async ({ pg, config }) => {
    const client = new pg.Client(config);
    await client.connect();
    await client.query('select $1::int', [1]);
    const { connection } = inside(client);
    const before = [connection._ending, connection.stream.destroyed];
    const closed = nextEvent(connection.stream, 'close');
    await client.end();
    await closed;
    return { before, after: [connection._ending, connection.stream.destroyed] };
  },
  'hears of errors of the stream': async ({ pool }) => {
    const one = pool({ max: 1 });
    const query = failure(one.query('select pg_sleep(20)'));
    const [client] = clientsOf(one);
    if (client === undefined) throw new Error('There is no client.');
    const { stream } = inside(client).connection;
    await nextEvent(one, 'acquire');
    await turn();
    stream.emit('error', new Error('trouble in the network'));
    const told = (await query)['message'];
    await until(() => stream.destroyed);
    return { told, counts: counts(one), after: (await one.query('select 1 as v')).rows };
  },
  'has a client at once when it makes one': async ({ pool }) => {
    const two = pool({ max: 2 });
    const first = two.connect();
    const seen: unknown[] = [clientsOf(two).length, counts(two)];
    const second = two.connect();
    const third = two.connect();
    seen.push(clientsOf(two).length, counts(two));
    const lent = [await first, await second];
    seen.push(lent.every((client) => clientsOf(two).includes(client)));
    lent[0]?.release(true);
    seen.push(two.totalCount);
    (await third).release();
    lent[1]?.release();
    seen.push(counts(two));
    return { seen };
  },
  'makes as many clients as are asked for at once': async ({ pool }) => {
    const nine = pool({ max: 9 });
    await Promise.all(
      Array.from({ length: 30 }, async () => {
        const client = await nine.connect();
        await client.query('select 1');
        client.release();
      }),
    );
    return { total: nine.totalCount };
  },
  'removes an idle client that tells of an error': async ({ pool }) => {
    const some = pool();
    const client = await some.connect();
    client.release();
    const told = heard(some, ['error'], (error, of) => [
      message(error),
      of === client,
      (error as { client?: unknown }).client === client,
    ]);
    const own = heard(client, ['error'], message);
    client.emit('error', new Error('problem'));
    const seen = counts(some);
    await nextEvent(some, 'remove');
    return { told, own, seen, rows: (await some.query('select 1 as v')).rows };
  },
  'keeps a lent client that tells of an error': async ({ pool }) => {
    const some = pool();
    const client = await some.connect();
    const told = heard(some, ['error']);
    const own = heard(client, ['error'], message);
    client.emit('error', new Error('problem'));
    const seen = counts(some);
    client.release();
    return { told, own, seen, after: counts(some) };
  },
  'counts no client that is ended or broken when it is given back': async ({ pool }) => {
    const one = pool({ max: 1 });
    const ended = await one.connect();
    void ended.end();
    ended.release();
    const seen = [counts(one)];
    const broken = await one.connect();
    const lost = nextEvent(broken, 'error');
    inside(broken).connection.end();
    await lost;
    seen.push(counts(one));
    broken.release();
    seen.push(counts(one));
    return { seen, rows: (await one.query('select 1 as v')).rows };
  },
  'ends a client of the pool under its query': async ({ pool }) => {
    const one = pool({ max: 1 });
    one.on('error', () => undefined);
    const query = failure(one.query('select pg_sleep(20)'));
    await nextEvent(one, 'acquire');
    await turn();
    await clientsOf(one)[0]?.end();
    return { told: (await query)['message'], after: (await one.query('select 1 as v')).rows };
  },
  'closes clients that were idle for long, to the millisecond': async ({ pool }) => {
    const brief = pool({ idleTimeoutMillis: 1 });
    const seen: unknown[] = [];
    for (let i = 0; i < 5; i++) {
      const query = brief.query('select 1');
      seen.push(brief.totalCount);
      await query;
      await until(() => brief.totalCount === 0);
      seen.push(brief.idleCount);
    }
    return { seen };
  },
  'counts clients that are too old': async ({ pool }) => {
    const brief = pool({ maxLifetimeSeconds: 0.05 });
    const old = (): number => (brief as unknown as { expiredCount: number }).expiredCount;
    const client = await brief.connect();
    const before = old();
    await until(() => old() > 0);
    const seen = [before, old(), brief.totalCount];
    client.release();
    return { seen, after: [old(), brief.totalCount] };
  },
  'tells an error of a cursor that nobody reads': async ({ client, Cursor }) => {
    const session = await client();
    const cursor = session.query(new Cursor('select asdfasdf') as never) as unknown as InstanceType<
      Module['Cursor']
    >;
    const error = (await nextEvent(cursor, 'error')) as { code: string };
    return { code: error.code, after: (await session.query('select 1 as v')).rows };
  },
  'is told of no loss once it has been ended': async ({ pg, config }) => {
    const client = new pg.Client(config);
    await client.connect();
    const told = heard(client, ['error', 'end'], message);
    const first = failure(client.query('select pg_terminate_backend(pg_backend_pid())'));
    const queued = words(client.query('select 1'));
    const seen = { first: (await first)['code'], ended: await words(client.end()), queued: await queued };
    await until(() => told.includes('end'));
    await turn();
    return { ...seen, told };
  },
  'tells the columns of what comes on its connection': async ({ client, Cursor, QueryStream }) => {
    const session = await client();
    const told: unknown[] = [];
    inside(session).connection.on('rowDescription', (described) => {
      const { name, fieldCount, fields } = described as Described;
      told.push([name, fieldCount, fields.map((field) => ({ ...field }))]);
    });
    const note = (what: string) => (): unknown => told.push(what);
    await session.query('select 1 as a, $1::text as b', ['x']).then(note('values'));
    await session.query("select 'x'::varchar(3) as c; select now() as d where false").then(note('script'));
    await session.query('set search_path to public').then(note('none'));
    await session.query({ text: 'select 2 as e', rowMode: 'array' }).then(note('array'));
    const cursor = session.query(new Cursor('select 3 as f') as never) as unknown as InstanceType<
      Module['Cursor']
    >;
    await cursor.read(1).then(note('row'));
    await cursor.close();
    const stream = session.query(new QueryStream('select g from generate_series(1, 2) g'));
    for await (const row of stream) told.push(row);
    return { told };
  },
  'refuses in its pipeline mode what holds a portal open': async ({ pg, config, Cursor, QueryStream }) => {
    const client = new pg.Client({ ...config, pipeline: true });
    await client.connect();
    const unknown = new Unknown();
    const gave = client.query(unknown as never) as unknown;
    const cursor = client.query(new Cursor('select 1') as never) as unknown as InstanceType<Module['Cursor']>;
    const stream = client.query(new QueryStream('select 1'));
    const broken = nextEvent(stream, 'error').then(message);
    stream.resume();
    const seen = {
      rows: await words(client.query({ text: 'select 1', rows: 3 } as never)),
      cursor: await words(cursor.read(1)),
      stream: await broken,
      unknown: unknown.told,
      same: gave === unknown,
      after: (await client.query('select $1::int as v', [1])).rows,
    };
    await client.end();
    return seen;
  },
  'ends the connection in its pipeline mode when a query has had its time': async ({ pg, config }) => {
    const client = new pg.Client({ ...config, pipeline: true });
    const told = heard(client, ['error'], message);
    await client.connect();
    const all = await Promise.all([
      words(client.query('select 1 as v').then(({ rows }) => rows as unknown)),
      words(client.query({ text: 'select pg_sleep(20)', query_timeout: 100 } as never)),
      words(client.query('select 3')),
    ]);
    await client.end();
    return { all, told };
  },
};
