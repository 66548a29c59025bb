/** What pools count, tell and do with their clients. */
import type pg from 'pg';
import { called, failure, heard, thrown, turn, until, words, type Programs } from './program.js';

const counts = (pool: pg.Pool): number[] => [pool.totalCount, pool.idleCount, pool.waitingCount];

export const poolLife: Programs = {
  'counts at once what is asked for': async ({ pool }) => {
    const one = pool({ max: 1 });
    const seen: unknown[] = [counts(one)];
    const query = one.query('select 1');
    seen.push(counts(one));
    await query;
    seen.push(counts(one));
    const lending = one.connect();
    const waiting = one.connect();
    // Whether the idle one counts as such until the next turn nobody should ask.
    seen.push([one.totalCount, one.waitingCount]);
    const client = await lending;
    seen.push(counts(one));
    const third = one.query('select 1');
    seen.push(counts(one));
    client.release();
    (await waiting).release();
    await third;
    seen.push(counts(one));
    return { seen };
  },
  'runs any number of tasks on few clients': async ({ pool }) => {
    const totals: unknown[] = [];
    for (const tasks of [1, 2, 60]) {
      const ten = pool({ max: 10 });
      let most = 0;
      await Promise.all(
        Array.from({ length: tasks }, async () => {
          const client = await ten.connect();
          most = Math.max(most, ten.totalCount);
          void client.query('select now()');
          const { rows } = await client.query('select generate_series(0, 25)');
          await client.query('select now()');
          client.release();
          if (rows.length !== 26) throw new Error('There are rows missing.');
        }),
      );
      totals.push([tasks, most <= 10, ten.waitingCount]);
      await ten.end();
    }
    return { totals };
  },
  'takes an older word for its size': async ({ pool }) => {
    const nine = pool({ poolSize: 3 } as never);
    await Promise.all(
      Array.from({ length: 12 }, async () => {
        const client = await nine.connect();
        await client.query('select pg_sleep(0.01)');
        client.release();
      }),
    );
    await until(() => nine.idleCount === nine.totalCount);
    return { counts: counts(nine), max: nine.options.max };
  },
  'runs one query at a time on one client': async ({ pool }) => {
    const one = pool({ max: 1 });
    const {
      rows: [mine],
    } = await one.query<{ pid: number }>('select pg_backend_pid() as pid');
    const all = await Promise.all(
      Array.from({ length: 20 }, () => one.query<{ pid: number }>('select pg_backend_pid() as pid')),
    );
    return { same: all.every(({ rows }) => rows[0]?.pid === mine?.pid), counts: counts(one) };
  },
  'tells each time a client is lent and given back': async ({ pool }) => {
    const some = pool({ max: 4 });
    const told = { connect: 0, acquire: 0, release: 0, remove: 0 };
    for (const event of ['acquire', 'release'] as const) some.on(event as 'acquire', () => told[event]++);
    const releases: unknown[] = [];
    some.on('release', (error: unknown, client: unknown) => releases.push([error ?? null, typeof client]));
    await Promise.all(
      Array.from({ length: 10 }, async (_, at) => {
        if (at % 2 === 0) await some.query('select 1');
        else (await some.connect()).release();
      }),
    );
    return { told: [told.acquire, told.release], releases };
  },
  'tells why a client is given back': async ({ pool }) => {
    const one = pool({ max: 1 });
    const told: unknown[] = [];
    let client: pg.PoolClient | undefined;
    one.on('release', (error, given) =>
      told.push([error instanceof Error ? error.message : error, given === client]),
    );
    const removed = heard(one, ['remove'], (given) => given === client);
    for (const reason of [undefined, new Error('problem'), true, false]) {
      client = await one.connect();
      const before = removed.length;
      client.release(reason);
      if (reason) await until(() => removed.length > before);
    }
    return { told, removed };
  },
  'has told of a client before it is handed out': async ({ pool }) => {
    const some = pool();
    const order: unknown[] = [];
    let first: unknown;
    some.on('connect', (client) => {
      first = client;
      order.push('connect');
    });
    some.on('acquire', (client) => order.push(['acquire', client === first]));
    await new Promise<void>((resolve) => {
      some.connect((error, client, release) => {
        order.push(['lent', error ?? null, client === first, client?.release === release]);
        release();
        order.push('released');
        resolve();
      });
    });
    const again = await some.connect();
    order.push(again === first);
    again.release();
    return { order };
  },
  'refuses every second release': async ({ pool }) => {
    const some = pool();
    const client = await some.connect();
    client.release();
    const promised = [thrown(() => client.release()), thrown(() => client.release(true))];
    const byCallback = await new Promise((resolve) => {
      some.connect((_error, _client, release) => {
        release();
        resolve([thrown(() => release()), thrown(() => release())]);
      });
    });
    const again = await some.connect();
    const lentAgain = thrown(() => again.release());
    return { promised, byCallback, lentAgain, counts: counts(some) };
  },
  'calls onConnect for each new client': async ({ pool }) => {
    let calls = 0;
    const some = pool({
      max: 1,
      onConnect: async (client: pg.PoolClient) => {
        calls++;
        await client.query("set application_name = 'of onConnect'");
      },
    } as never);
    const order = heard(some, ['connect', 'acquire']);
    const first = await some.query("select current_setting('application_name') as v");
    const second = await some.query('select 1 as v');
    const client = await some.connect();
    client.release(true);
    await until(() => some.totalCount === 0);
    await some.query('select 1');
    return { calls, rows: [first.rows, second.rows], order };
  },
  'fails where onConnect fails': async ({ pg, config }) => {
    const run = async (onConnect: (client: pg.PoolClient) => unknown): Promise<unknown> => {
      const pool = new pg.Pool({ ...config, onConnect } as never);
      const events = heard(pool, ['connect', 'acquire', 'release']);
      const connect = await words(pool.connect());
      const query = await words(pool.query('select 1'));
      const back = await called((callback) => pool.connect(callback as never));
      await until(() => pool.totalCount === 0);
      const seen = [connect, query, back.told.slice(0, 2), events, counts(pool)];
      await pool.end();
      return seen;
    };
    return {
      rejects: await run((client) => client.query('select invalid_here')),
      throws: await run(() => {
        throw new Error('connect hook error');
      }),
    };
  },
  'hands out no client that is not verified': async ({ pg, config }) => {
    const pool = new pg.Pool({
      ...config,
      verify: (_client: pg.PoolClient, done: (error?: Error) => void) => {
        done(new Error('nope'));
      },
    });
    const promised = await words(pool.connect());
    const back = await called((callback) => pool.connect(callback as never));
    await until(() => pool.totalCount === 0);
    await pool.end();
    let verified = 0;
    const good = new pg.Pool({
      ...config,
      verify: (client: pg.PoolClient, done: (error?: Error) => void) => {
        verified++;
        void client.query('select 1').then(() => {
          done();
        });
      },
    });
    const rows = (await good.query('select 1 as v')).rows as unknown[];
    await good.query('select 2 as v');
    await good.end();
    return { promised, back: back.told.slice(0, 2), rows, verified };
  },
  'retires clients after so many uses': async ({ pool }) => {
    const messages: unknown[] = [];
    const some = pool({ maxUses: 2, log: (...all: unknown[]) => messages.push(all[0]) });
    const first = await some.connect();
    first.release();
    const second = await some.connect();
    const ending = [(second as unknown as { _ending: boolean })._ending];
    second.release();
    ending.push((second as unknown as { _ending: boolean })._ending);
    const third = await some.connect();
    const same = [first === second, second === third];
    third.release();
    return { same, ending, logged: messages.includes('remove expended client') };
  },
  'retires clients of a certain age': async ({ pool }) => {
    const brief = pool({ maxLifetimeSeconds: 0.1, idleTimeoutMillis: 0 });
    const removed = heard(brief, ['remove']);
    await brief.query('select 1');
    await until(() => removed.length > 0);
    const seen = [brief.totalCount, (brief as unknown as { expiredCount: number }).expiredCount];
    return { seen, after: (await brief.query('select 1 as v')).rows };
  },
  'keeps as many idle clients as it is to': async ({ pool }) => {
    const idle = async (max: number, min: number, more: object = {}): Promise<unknown> => {
      const some = pool({ max, min, idleTimeoutMillis: 20, ...more });
      const lent = await Promise.all(Array.from({ length: max }, () => some.connect()));
      for (const client of lent) client.release();
      await until(() => some.totalCount <= Math.max(min, 0));
      await new Promise((resolve) => setTimeout(resolve, 60));
      return some.idleCount;
    };
    return {
      none: await idle(2, 0),
      one: await idle(1, 1),
      half: await idle(2, 1),
      both: await idle(2, 2),
      never: await (async () => {
        const some = pool({ idleTimeoutMillis: 0 });
        await some.query('select 1');
        await new Promise((resolve) => setTimeout(resolve, 50));
        return counts(some);
      })(),
    };
  },
  'counts none when it tells that the last idle client was removed': async ({ pool }) => {
    const brief = pool({ idleTimeoutMillis: 10 });
    const seen: unknown[] = [];
    brief.on('remove', () => seen.push(counts(brief)));
    await brief.query('select 1');
    await until(() => seen.length > 0);
    const two = await Promise.all([brief.connect(), brief.connect()]);
    two[0].release();
    two[1].release(new Error());
    await until(() => seen.length > 2);
    return { first: seen[0], last: seen[2] };
  },
  'tells a client that its session has ended': async ({ pool }) => {
    const one = pool({ max: 1 });
    const client = await one.connect();
    const told = heard(client, ['end', 'error']);
    client.release(true);
    await until(() => told.length > 0);
    return { told, query: await words(client.query('select 1')) };
  },
  'removes a lent client that its program has ended': async ({ pool }) => {
    const one = pool({ max: 1 });
    const client = await one.connect();
    const ending = client.end();
    client.release();
    await ending;
    await until(() => one.totalCount === 0);
    return { counts: counts(one), rows: (await one.query('select 1 as v')).rows };
  },
  'finishes what was asked for before its end': async ({ pg, config }) => {
    const pool = new pg.Pool(config);
    const query = pool.query('select $1::text as name', ['brianc']);
    const order: unknown[] = [];
    const ended = pool.end().then(() => order.push('ended'));
    const { rows } = await query;
    await ended;
    const unused = new pg.Pool(config);
    const never = await words(unused.end());
    const back = await called((callback) => new pg.Pool(config).end(callback as never));
    return { rows, order, never, back: back.told.filter((each) => each !== undefined) };
  },
  'removes all clients at its end': async ({ pg, config }) => {
    const pool = new pg.Pool({ ...config, max: 3 });
    const told = heard(pool, ['remove', 'error']);
    const lent = await Promise.all([pool.connect(), pool.connect(), pool.connect()]);
    lent[0].release();
    const ending = pool.end();
    const state = [pool.ending, pool.ended];
    lent[1].release();
    lent[2].release();
    await ending;
    // The last may be told of behind the end.
    await until(() => told.length >= 3);
    return { told, state, after: [pool.ending, pool.ended], counts: counts(pool) };
  },
  'has time limits for waiting': async ({ pool }) => {
    // Long enough for connecting on a busy machine.
    const one = pool({ max: 1, connectionTimeoutMillis: 800 });
    const client = await one.connect();
    const [late, lateQuery, ...both] = await Promise.all([
      called((callback) => one.connect(callback as never)),
      called((callback) => one.query('select 1', callback as never)),
      words(one.connect()),
      words(one.query('select 1')),
    ]);
    const waiting = one.waitingCount;
    client.release();
    return {
      late: [late.told[0], late.told[1] ?? null],
      lateQuery: lateQuery.told.slice(0, 1),
      both,
      waiting,
      after: (await one.query('select $1::text as name', ['brianc'])).rows,
    };
  },
  'serves those that wait in their order': async ({ pool }) => {
    const one = pool({ max: 1 });
    const client = await one.connect();
    const order: number[] = [];
    const all = [1, 2, 3, 4].map((at) => one.query('select 1').then(() => order.push(at)));
    client.release();
    await Promise.all(all);
    return { order };
  },
  'keeps type parsers of each client': async ({ pg, pool }) => {
    const two = pool({ max: 2 });
    const first = await two.connect();
    const second = await two.connect();
    first.setTypeParser(pg.types.builtins.BOOL, () => 'first client');
    second.setTypeParser(pg.types.builtins.BOOL, () => 'second client');
    first.setTypeParser(pg.types.builtins.BOOL, 'binary' as never, (() => 'first binary') as never);
    const rows = [
      (await first.query('select true as v')).rows,
      (await second.query('select true as v')).rows,
    ];
    first.release();
    const again = await two.connect();
    rows.push((await again.query('select true as v')).rows);
    again.release();
    second.release();
    return { rows };
  },
  'logs what it does': async ({ pool }) => {
    const messages: unknown[] = [];
    const some = pool({ log: (...all: unknown[]) => messages.push(typeof all[0]) });
    await some.query('select 1');
    return { some: messages.length > 0, kind: messages[0] };
  },
  "calls no listener for errors that are nobody's": async ({ pool }) => {
    const some = pool();
    const silent = thrown(() => some.emit('error', new Error('problem')));
    const told = heard(some, ['error'], (error) => (error as Error).message);
    some.emit('error', new Error('problem'));
    await turn();
    return { silent, told };
  },
  'goes on after many errors': async ({ pool }) => {
    const one = pool({ max: 1 });
    const codes: unknown[] = [];
    for (let i = 0; i < 10; i++) codes.push((await failure(one.query('invalid sql')))['code']);
    const many = await Promise.all(Array.from({ length: 10 }, () => failure(one.query("select 'asd' + 1"))));
    return {
      codes,
      many: many.map((each) => each['code']),
      after: (await one.query('select $1::text as name', ['brianc'])).rows,
    };
  },
  'passes its options to its clients': async ({ pool }) => {
    const some = pool({ binary: true, application_name: 'of a pool' } as never);
    const client = await some.connect();
    const { binary } = client as unknown as { binary: unknown };
    const { rows } = await client.query("select current_setting('application_name') as v");
    client.release();
    return { binary, rows, database: client.database === some.options.database };
  },
};
