/** Streams of rows. */
import { finished } from 'node:stream/promises';
import { failure, heard, nextEvent, turn, type CursorResult, type Programs } from './program.js';

const SIX = 'select g as num from generate_series(0, 5) g';
const FOO = { getTypeParser: () => () => 'foo' };

interface Rows {
  [Symbol.asyncIterator](): AsyncIterator<unknown>;
}

async function all(rows: Rows): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const row of rows) found.push(row);
  return found;
}

export const streams: Programs = {
  'reads streams of any size': async ({ client, QueryStream }) => {
    const session = await client();
    const rows = async (count: number, config?: object): Promise<number> =>
      (
        await all(
          session.query(new QueryStream('select g from generate_series(1, $1::int) g', [count], config)),
        )
      ).length;
    return {
      none: await rows(0),
      one: await rows(1),
      hundred: await rows(100),
      more: await rows(101),
      small: await rows(50, { batchSize: 1 }),
      many: await rows(5000, { batchSize: 500 }),
      watermark: await rows(20, { highWaterMark: 3 }),
      after: (await session.query('select 1 as v')).rows,
    };
  },
  'has high water marks of its configuration': ({ QueryStream }) =>
    Promise.resolve({
      batch: new QueryStream('select 1', [], { batchSize: 88 }).readableHighWaterMark,
      mark: new QueryStream('select 1', [], { highWaterMark: 88 }).readableHighWaterMark,
      usual: new QueryStream('select 1', []).readableHighWaterMark,
      objects: new QueryStream('select 1').readableObjectMode,
    }),
  'reads streams with parsers and as arrays': async ({ client, QueryStream }) => {
    const session = await client();
    const other = await client({ types: FOO });
    return {
      arrays: await all(session.query(new QueryStream(SIX, [], { rowMode: 'array' }))),
      types: await all(session.query(new QueryStream('select 1 as v', [], { types: FOO }))),
      client: await all(other.query(new QueryStream('select 1 as v'))),
    };
  },
  'tells the events of a stream': async ({ client, QueryStream }) => {
    const session = await client();
    const stream = session.query(new QueryStream('select g from generate_series(1, 3) g'));
    const told = heard(stream, ['data', 'end', 'close', 'error']);
    await nextEvent(stream, 'close');
    const empty = session.query(new QueryStream('select 1 where false'));
    const toldEmpty = heard(empty, ['data', 'end', 'close', 'error']);
    await nextEvent(empty, 'close');
    const wrong = session.query(new QueryStream('select wrong'));
    const toldWrong = heard(
      wrong,
      ['data', 'end', 'close', 'error'],
      (error) => (error as Error | undefined)?.message,
    );
    await nextEvent(wrong, 'close');
    return { told, toldEmpty, toldWrong, after: (await session.query('select 1 as v')).rows };
  },
  'tells a callback of the end of a stream': async ({ client, QueryStream }) => {
    const session = await client();
    const run = (text: string): Promise<unknown> =>
      new Promise((resolve) => {
        const stream = new QueryStream(text);
        (session.query as (given: unknown, callback: unknown) => unknown)(
          stream,
          (error: Error | null, result: CursorResult | undefined) => {
            resolve([error?.message, result?.command]);
          },
        );
        stream.on('error', () => undefined);
        stream.resume();
      });
    return { end: await run(SIX), error: await run('select wrong') };
  },
  'stops streams at any time': async ({ client, QueryStream }) => {
    const session = await client();
    const text = 'select g from generate_series(1, 20000) g';
    const broken: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      for await (const row of session.query(new QueryStream(text, [], { batchSize: 1 }))) {
        broken.push(row);
        break;
      }
    }
    // What is destroyed before it has been sent leaves a client of pg stuck.
    await session.query('select 1');
    const destroyed = session.query(new QueryStream(text));
    destroyed.destroy();
    await nextEvent(destroyed, 'close');
    const intended = session.query(new QueryStream(text));
    const error = nextEvent(intended, 'error');
    intended.destroy(new Error('intended'));
    const told = ((await error) as Error).message;
    const never = new QueryStream(text);
    never.destroy();
    await nextEvent(never, 'close');
    const reading = session.query(new QueryStream('select g from generate_series(1, 100) g, pg_sleep(20)'));
    reading.on('data', () => undefined);
    reading.on('error', () => undefined);
    const asleep = nextEvent(reading, 'close');
    // To the library a statement in its midst is cancelled; pg waits for it.
    const other = await client();
    await other.query(`select pg_cancel_backend($1) from pg_sleep(0.1)`, [
      (session as unknown as { processID: number }).processID,
    ]);
    reading.destroy();
    await asleep;
    return { broken, told, after: (await session.query('select 1 as v')).rows };
  },
  'recovers in a transaction from a stream that failed': async ({ pool, QueryStream }) => {
    const one = pool({ max: 1 });
    const client = await one.connect();
    await client.query('create temp table frobnicators (id serial primary key, updated timestamp)');
    await client.query('begin');
    const stream = client.query(
      new QueryStream('insert into frobnicators (updated) values ($1) returning id', [1_700_000_000_000]),
    );
    const error = nextEvent(stream, 'error');
    stream.resume();
    const code = ((await error) as { code: string }).code;
    const rolled = await client.query('rollback');
    const { rows } = await client.query('select 1 as v');
    client.release();
    return { code, rolled: rolled.command, rows, again: (await one.query('select 2 as v')).rows };
  },
  'lends clients to streams': async ({ pool, QueryStream }) => {
    const one = pool({ max: 1 });
    const run = async (): Promise<number> => {
      const client = await one.connect();
      const rows = await all(client.query(new QueryStream('select g from generate_series(0, 200) g')));
      client.release();
      return rows.length;
    };
    return { rows: await Promise.all([run(), run(), run()]), total: one.totalCount };
  },
  'keeps queries behind streams waiting': async ({ client, QueryStream }) => {
    const session = await client();
    const order: string[] = [];
    const stream = session.query(
      new QueryStream('select g from generate_series(1, 300) g', [], { batchSize: 10 }),
    );
    const behind = session.query('select 1 as v').then(() => order.push('query'));
    stream.on('data', () => undefined);
    stream.on('end', () => order.push('stream'));
    await Promise.all([finished(stream), behind]);
    return { order: order.sort(), after: (await session.query('select 2 as v')).rows };
  },
  'tells a stream no error when its program ends the client under it': async ({
    pg,
    config,
    QueryStream,
  }) => {
    const told: Record<string, unknown> = {};
    for (const way of ['begun', 'read'] as const) {
      const client = new pg.Client(config);
      await client.connect();
      const stream = client.query(new QueryStream('select g from generate_series(1, 1000000) g'));
      const events = heard(stream, ['error', 'end'], (error) => (error as Error | undefined)?.message);
      const first = nextEvent(stream, 'data');
      if (way === 'read') await first;
      else await new Promise((resolve) => process.nextTick(resolve));
      await client.end();
      await turn();
      await turn();
      told[way] = events;
    }
    return told;
  },
  'fails streams that wait when their client is ended': async ({ pg, config, QueryStream }) => {
    const client = new pg.Client(config);
    await client.connect();
    const slow = failure(client.query('select pg_sleep(20)'));
    const stream = client.query(new QueryStream('select 1'));
    stream.on('data', () => undefined);
    const error = nextEvent(stream, 'error');
    await client.end();
    return { slow: (await slow)['message'], error: ((await error) as Error).message };
  },
  'limits the time of streams and cursors': async ({ pg, config, QueryStream, Cursor }) => {
    const limited = { ...config, query_timeout: 100 };
    const first = new pg.Client(limited);
    await first.connect();
    const stream = new QueryStream('select pg_sleep(20)');
    const error = nextEvent(stream.cursor, 'error');
    first.query(stream);
    stream.on('error', () => undefined);
    stream.resume();
    const second = new pg.Client(limited);
    await second.connect();
    const cursor = second.query(new Cursor('select pg_sleep(20)'));
    const read = await failure(cursor.read(1));
    const told = ((await error) as Error).message;
    await Promise.all([first.end(), second.end()]);
    return { told, read: read['message'] };
  },
};
