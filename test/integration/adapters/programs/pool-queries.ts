/** Queries of a pool itself, with values, while its clients are idle, busy or lent: what is seen of them and of the clients. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type pg from 'pg';
import { failure, heard, turn, until, words, type Programs } from './program.js';

const counts = (pool: pg.Pool): number[] => [pool.totalCount, pool.idleCount, pool.waitingCount];

interface Pid {
  pid: number;
}
const PID = 'select pg_backend_pid() as pid, $1::int as v';

/** All its clients are there and idle, and have the statement prepared. Gives their server processes. */
async function warm(pool: pg.Pool, text = PID): Promise<(number | undefined)[]> {
  const clients = await Promise.all(Array.from({ length: pool.options.max }, () => pool.connect()));
  const pids = await Promise.all(
    clients.map(async (client) => {
      for (let i = 0; i < 3; i++) await client.query(text, [1]);
      return (await client.query<Pid>(text, [1])).rows[0]?.pid;
    }),
  );
  for (const client of clients) client.release();
  return pids;
}

export const poolQueries: Programs = {
  'count and wait as clients are lent': async ({ pool, client }) => {
    const two = pool({ max: 2 });
    const sql = 'select pg_advisory_xact_lock_shared(772211), $1::int as v';
    await warm(two, sql);
    // None of them ends before the lock does.
    const other = await client();
    await other.query('select pg_advisory_lock(772211)');
    const seen: unknown[] = [counts(two)];
    const queries = Array.from({ length: 6 }, (_, i) => {
      const query = two.query<{ v: number }>(sql, [i]);
      seen.push(counts(two));
      return query;
    });
    await turn();
    seen.push(counts(two));
    await other.query('select pg_advisory_unlock(772211)');
    const results = await Promise.all(queries);
    seen.push(counts(two));
    return { seen, order: results.map(({ rows }) => rows[0]?.v) };
  },
  'count the client as idle when they are told': async ({ pool }) => {
    const one = pool({ max: 1 });
    await warm(one);
    const seen: unknown[] = [];
    const tell = (v: number): Promise<unknown> =>
      one.query(PID, [v]).then(({ rowCount }) => seen.push([v, rowCount, counts(one)]));
    await Promise.all([tell(1), tell(2), tell(3)]);
    await new Promise<void>((resolve) => {
      one.query(PID, [4], (error, { rowCount }) => {
        seen.push([error ?? null, rowCount, counts(one)]);
        resolve();
      });
    });
    return { seen };
  },
  'count the client as busy with the next, though that has ended in the same turn': async ({ pool }) => {
    const one = pool({ max: 1 });
    await warm(one);
    const seen: unknown[] = [];
    const tell = async (v: number): Promise<void> => {
      await one.query(PID, [v]);
      seen.push([v, counts(one)]);
      // Long enough that the next two have ended when this thread hears of them.
      if (v === 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    };
    await Promise.all([1, 2, 3, 4, 5].map(tell));
    return { seen };
  },
  'run on the clients that there are': async ({ pool }) => {
    const three = pool({ max: 3 });
    const pids = await warm(three);
    const clients = (three as unknown as { _clients: { _poolUseCount: number; processID: number }[] })
      ._clients;
    const before = clients.reduce((sum, { _poolUseCount: uses }) => sum + uses, 0);
    const all = await Promise.all(Array.from({ length: 60 }, (_, v) => three.query<Pid>(PID, [v])));
    const used = clients.reduce((sum, { _poolUseCount: uses }) => sum + uses, 0) - before;
    const known = all.every(({ rows }) => pids.includes(rows[0]?.pid));
    return {
      known,
      same: clients.every(({ processID }) => pids.includes(processID)),
      used,
      counts: counts(three),
    };
  },
  'end the client on which they have failed': async ({ pool }) => {
    const one = pool({ max: 1 });
    const sql = 'select pg_backend_pid() as pid, 10 / $1::int as v';
    const [before] = await warm(one, sql);
    const removed = heard(one, ['remove'], () => counts(one));
    const waiting = [one.query<Pid>(sql, [0]), one.query<Pid>(sql, [2]), one.query<Pid>(sql, [5])];
    const [failed, ...others] = await Promise.allSettled(waiting);
    const pids = others.map((each) => (each.status === 'fulfilled' ? each.value.rows[0]?.pid : 0));
    return {
      failed: failed?.status === 'rejected' ? (failed.reason as { code: string }).code : 'not',
      others: others.map(({ status }) => status),
      pids: [pids[0] === before, pids[0] === pids[1]],
      removed: removed.length,
      counts: counts(one),
    };
  },
  'end the client whose rows cannot be read': async ({ pg, pool }) => {
    const one = pool({ max: 1 });
    const sql = 'select pg_backend_pid() as pid, int4range(1, $1::int) as v';
    const [before] = await warm(one, sql);
    const parser: unknown = pg.types.getTypeParser(3904 as never, 'text');
    const removed = heard(one, ['remove']);
    pg.types.setTypeParser(3904 as never, (text: string) => {
      if (text === '[1,7)') throw new Error('not readable');
      return text;
    });
    try {
      const failed = await words(one.query(sql, [7]));
      await until(() => removed.length > 0);
      const { rows } = await one.query<Pid>(sql, [9]);
      return { failed, same: rows[0]?.pid === before, counts: counts(one), removed };
    } finally {
      pg.types.setTypeParser(3904 as never, parser as never);
    }
  },
  'end the client for values that cannot be sent': async ({ pool }) => {
    const one = pool({ max: 1 });
    const [before] = await warm(one);
    let asked = 0;
    const value = {
      toPostgres: () => {
        asked++;
        throw new Error('not to be had');
      },
    };
    const removed = heard(one, ['remove']);
    const failed = await words(one.query(PID, [value]));
    await until(() => removed.length > 0);
    const { rows } = await one.query<Pid>(PID, [1]);
    return { failed, asked, same: rows[0]?.pid === before, removed, counts: counts(one) };
  },
  'tell those who begin to listen while they wait': async ({ pool }) => {
    const one = pool({ max: 1 });
    await warm(one);
    const queries = [1, 2, 3].map((v) => one.query(PID, [v]));
    const clients = new Set<unknown>();
    const told = heard(one, ['acquire']);
    one.on('acquire', (client) => clients.add(client));
    one.on('release', (error, client) => {
      told.push(['release', error ?? null]);
      clients.add(client);
    });
    await Promise.all(queries);
    await one.query(PID, [4]);
    return { told, clients: clients.size };
  },
  'use what a program has set on the client': async ({ pool }) => {
    const one = pool({ max: 1 });
    await warm(one);
    const client = await one.connect();
    const untyped = client as unknown as { setTypeParser: (oid: number, parser: () => string) => void };
    untyped.setTypeParser(23, () => 'own');
    client.release();
    const own = (await one.query<{ v: unknown }>(PID, [1])).rows[0]?.v;
    const again = await one.connect();
    const asked: unknown[] = [];
    const query = again.query.bind(again) as (...given: unknown[]) => unknown;
    Object.assign(again, {
      query: (...given: unknown[]) => {
        asked.push(given.slice(0, 2));
        return query(...given);
      },
    });
    again.release();
    const seen = (await one.query<{ v: unknown }>(PID, [2])).rows[0]?.v;
    return { own, seen, asked };
  },
  'are seen by who has put a function in the place of query': async ({ pg, pool }) => {
    const one = pool({ max: 1 });
    await warm(one);
    const texts: unknown[] = [];
    const prototype = pg.Client.prototype as unknown as { query: (...given: unknown[]) => unknown };
    const { query } = prototype;
    prototype.query = function watched(this: unknown, ...given: unknown[]): unknown {
      texts.push(given[0]);
      return query.apply(this, given);
    };
    try {
      await one.query(PID, [1]);
      await one.query('select 2 as v');
    } finally {
      prototype.query = query;
    }
    await one.query(PID, [3]);
    return { texts };
  },
  'tell notices to those who listen on clients': async ({ pool }) => {
    const one = pool({ max: 1 });
    await warm(one);
    const client = await one.connect();
    const told = heard(
      client,
      ['notice', 'drain'],
      (notice) => (notice as { message?: string } | undefined)?.message,
    );
    client.release();
    await one.query(PID, [1]);
    await one.query("do $$ begin raise notice 'heard'; end $$");
    return { told };
  },
  'refuse a second text of a name': async ({ pool }) => {
    const one = pool({ max: 1 });
    const named = (name: string, text: string): Promise<unknown> =>
      words(one.query({ name, text, values: [1] }).then(({ rows }) => rows as unknown));
    const seen = [
      await named('a', 'select $1::int as v'),
      await named('a', 'select $1::int as v'),
      await named('a', 'select $1::int as w'),
      await named('a', 'select $1::int as w'),
      await named('b', 'select $1::int as v'),
    ];
    const client = await one.connect();
    const lent = [
      await words(client.query({ name: 'b', text: 'select $1::int as x', values: [1] }).then(() => 'run')),
      await words(client.query({ name: 'c', text: 'select $1::int as x', values: [1] }).then(() => 'run')),
    ];
    client.release();
    return { seen, lent, last: await named('c', 'select $1::int as y'), counts: counts(one) };
  },
  'leave the session as they find and set it': async ({ pool }) => {
    const one = pool({ max: 1 });
    await warm(one);
    const set = 'select set_config($1::text, $2::text, false) as v';
    const seen: unknown[] = [(await one.query(set, ['kb.mark', 'set'])).rows];
    seen.push((await one.query('select current_setting($1::text) as v', ['kb.mark'])).rows);
    await one.query('create temp table mine (v int)');
    seen.push((await one.query('insert into mine values ($1::int) returning v', [5])).rows);
    const client = await one.connect();
    seen.push((await client.query('select v, current_setting($1::text) as s from mine', ['kb.mark'])).rows);
    client.release();
    return { seen };
  },
  'stop waiting after the time of the pool': async ({ pool }) => {
    const one = pool({ max: 1, connectionTimeoutMillis: 700 });
    await warm(one);
    const client = await one.connect();
    const late = await Promise.all([words(one.query(PID, [1])), words(one.query(PID, [2]))]);
    const during = counts(one);
    client.release();
    return { late, during, after: (await one.query(PID, [3])).rowCount, counts: counts(one) };
  },
  'fail with the session that is ended under them': async ({ pg, pool, config }) => {
    const one = pool({ max: 1 });
    const [pid] = await warm(one);
    const told = heard(one, ['error', 'remove']);
    const asked = failure(one.query('select pg_sleep($1::int)', [20]));
    const behind = one.query<Pid>(PID, [1]);
    const other = new pg.Client(config);
    await other.connect();
    await other.query('select pg_terminate_backend($1)', [pid]);
    await other.end();
    const { code, message } = (await asked) as { code: string; message: string };
    const { rows } = await behind;
    return { code, message, other: rows[0]?.pid !== pid, told, counts: counts(one) };
  },
  'end with the pool when they have ended': async ({ pg, config }) => {
    const two = new pg.Pool({ ...config, max: 2 });
    await warm(two);
    const told: string[] = [];
    const removed = heard(two, ['remove']);
    const queries = [1, 2].map(async (v) => {
      await two.query('select pg_sleep(0.1), $1::int', [v]);
      told.push('queried');
    });
    await turn();
    const late = two.end().then(() => told.push('ended'));
    const refused = await words(two.query(PID, [1]));
    await Promise.all([...queries, late]);
    await until(() => removed.length === 2);
    return { told, refused, counts: counts(two) };
  },
  'go on in the context of their calls': async ({ pool }) => {
    const one = pool({ max: 1 });
    await warm(one);
    const context = new AsyncLocalStorage<number>();
    const seen = await Promise.all(
      [1, 2, 3].map((v) =>
        context.run(v, async () => {
          await one.query(PID, [v]);
          return context.getStore();
        }),
      ),
    );
    return { seen };
  },
  'give the same in all forms': async ({ pool }) => {
    const one = pool({ max: 1 });
    await warm(one);
    const text = "select $1::int as v, 'x' as v, null as n, now() - now() as d";
    const forms: pg.QueryConfig[] = [
      { text, values: [1] },
      { text, values: [1], rowMode: 'array' } as pg.QueryConfig,
      { name: 'form', text, values: [1] },
      {
        text: "select 1 as v, 'x' as v, null as n, now() - now() as d",
        queryMode: 'extended',
      } as pg.QueryConfig,
    ];
    const seen: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      for (const form of forms) {
        const { rows, fields, ...others } = await one.query(form);
        seen.push([rows, fields.map((field) => ({ ...field })), others.rowCount, others.command, others.oid]);
      }
    }
    const changed = await failure(
      one.query('with a as (select $1::int as v) update pg_temp.none set v = 1', [1]),
    );
    return { seen, changed };
  },
};
