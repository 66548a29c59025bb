import type { EventEmitter } from 'node:events';
import type { PoolConfig } from 'pg';
import { failure, heard, until, words, type Programs } from './program.js';

export const pools: Programs = {
  'counts, waits and hands out': async ({ pool }) => {
    const two = pool({ max: 2 });
    const counts: unknown[] = [];
    const look = (): number => counts.push([two.totalCount, two.idleCount, two.waitingCount]);
    look();
    const a = await two.connect();
    look();
    const b = await two.connect();
    look();
    const c = two.connect();
    await new Promise((resolve) => setTimeout(resolve, 20));
    look();
    a.release();
    const third = await c;
    look();
    b.release();
    look();
    third.release();
    look();
    return { counts, same: third === a };
  },
  'has events in their order': async ({ pool }) => {
    const one = pool({ max: 1 });
    const told: string[] = [];
    for (const event of ['connect', 'acquire', 'release', 'remove'] as const)
      one.on(event, () => told.push(event));
    await one.query('select 1');
    await one.query('select 1');
    const client = await one.connect();
    client.release(true);
    await until(() => told.includes('remove'));
    await one.query('select 1');
    await one.end();
    return { told };
  },
  'runs queries in all forms': async ({ pool }) => {
    const some = pool();
    const called = await new Promise((resolve) => {
      some.query('select $1::int as v', [1], (error, result) => {
        resolve([error ?? null, result.rows]);
      });
    });
    const short = await new Promise((resolve) => {
      some.query('select 2 as v', (error, result) => {
        resolve([error ?? null, result.rows]);
      });
    });
    const many = await Promise.all(
      Array.from({ length: 30 }, (_, i) => some.query<{ v: number }>('select $1::int as v', [i])),
    );
    return {
      called,
      short,
      text: (await some.query('select 3 as v')).rows,
      config: (await some.query({ text: 'select $1::int as v', values: [4], rowMode: 'array' })).rows,
      many: many.map(({ rows }) => rows[0]?.v),
      wrong: await failure(some.query('select wrong')),
      after: (await some.query('select 5 as v')).rows,
      none: (await failure((some.query as (given: unknown) => Promise<unknown>)(() => undefined)))['message'],
    };
  },
  'lends by callback': async ({ pool }) => {
    const some = pool();
    const rows = await new Promise((resolve, reject) => {
      some.connect((error, client, release) => {
        if (error !== undefined || client === undefined) {
          reject(error ?? new Error('no client'));
          return;
        }
        client.query('select 1 as v', (failed, result) => {
          release();
          resolve([failed ?? null, result.rows, some.idleCount]);
        });
      });
    });
    return { rows };
  },
  'refuses a second release and a second end': async ({ pg, config }) => {
    const pool = new pg.Pool(config);
    const client = await pool.connect();
    client.release();
    let second = '';
    try {
      client.release();
    } catch (error) {
      second = (error as Error).message;
    }
    const { ended, ending } = pool;
    await pool.end();
    return {
      second,
      before: [ended, ending],
      after: [pool.ended, pool.ending],
      end: (await failure(pool.end()))['message'],
      connect: (await failure(pool.connect()))['message'],
      query: (await failure(pool.query('select 1')))['message'],
    };
  },
  'waits at its end for what is lent': async ({ pg, config }) => {
    const pool = new pg.Pool(config);
    const client = await pool.connect();
    const told: string[] = [];
    const end = pool.end().then(() => told.push('ended'));
    const { rows } = await client.query('select 1 as v');
    told.push('queried');
    client.release();
    await end;
    return { told, rows };
  },
  'stops waiting for a client': async ({ pool }) => {
    const one = pool({ max: 1, connectionTimeoutMillis: 800 });
    const client = await one.connect();
    const late = await failure(one.connect());
    client.release();
    return { late: late['message'], after: (await one.query('select 1 as v')).rows };
  },
  'fails where there is no server': async ({ pg, config }) => {
    const pool = new pg.Pool({ ...config, host: '127.0.0.1', port: 1 });
    const error = await pool.query('select 1').catch((failed: unknown) => failed);
    const { message, code } = error as { message: string; code: string };
    await pool.end();
    return { message, code };
  },
  'closes a client after so many uses': async ({ pool }) => {
    const few = pool({ max: 1, maxUses: 2 });
    const pids: unknown[] = [];
    for (let i = 0; i < 4; i++) {
      const { rows } = await few.query<{ pid: number }>('select pg_backend_pid() as pid');
      pids.push(rows[0]?.pid);
    }
    return { same: [pids[0] === pids[1], pids[1] === pids[2], pids[2] === pids[3]] };
  },
  'closes idle clients': async ({ pool }) => {
    const brief = pool({ idleTimeoutMillis: 50 });
    const removed: unknown[] = [];
    brief.on('remove', () => removed.push('remove'));
    await brief.query('select 1');
    const before = brief.totalCount;
    await until(() => brief.totalCount === 0 && removed.length > 0);
    return { before, removed };
  },
  'prepares new clients': async ({ pool }) => {
    const one = pool({ max: 1 });
    one.on('connect', (client) => {
      void client.query("set application_name = 'prepared'");
    });
    const { rows } = await one.query("select current_setting('application_name') as v");
    return { rows };
  },
  'tells that an idle client was lost': async ({ pg, pool, config }) => {
    const some = pool();
    const told: unknown[] = [];
    some.on('error', (error, client) =>
      told.push([error.message, (error as { code?: string }).code, typeof client]),
    );
    const { rows } = await some.query<{ pid: number }>('select pg_backend_pid() as pid');
    const other = new pg.Client(config);
    await other.connect();
    await other.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
    await other.end();
    await until(() => told.length > 0 && some.totalCount === 0);
    return { told, after: (await some.query('select 1 as v')).rows };
  },
  'closes the client of a query that failed': async ({ pool }) => {
    const one = pool({ max: 1 });
    await failure(one.query('select wrong'));
    return { counts: [one.totalCount, one.idleCount], after: (await one.query('select 1 as v')).rows };
  },
  'ends a transaction that was left open': async ({ pool }) => {
    const one = pool({ max: 1 });
    const client = await one.connect();
    await client.query('begin');
    client.release();
    const next = await one.connect();
    const status = next.getTransactionStatus();
    next.release(true);
    return { status };
  },
  'has clients connect as their class does it': async ({ pg, pool }) => {
    const asked: unknown[] = [];
    class Mine extends pg.Client {
      version: unknown;

      override connect(...given: never[]): never {
        asked.push(given.map((each) => typeof each));
        const { connection } = this as unknown as { connection: EventEmitter };
        connection.on('parameterStatus', ({ parameterName, parameterValue }: Record<string, unknown>) => {
          if (parameterName === 'server_version') this.version = parameterValue;
        });
        return (super.connect as (...all: never[]) => never)(...given);
      }
    }
    class Failing extends pg.Client {
      override connect(...[told]: never[]): never {
        process.nextTick(told as unknown as (error: Error) => void, new Error('not today'));
        return undefined as never;
      }
    }
    const mine = pool({ Client: Mine, max: 1 });
    const seen: unknown[] = [];
    for (let i = 0; i < 2; i++) {
      const client = await mine.connect();
      const { rows } = await client.query<{ version: string }>(
        "select current_setting('server_version') as version",
      );
      seen.push(rows[0]?.version === (client as unknown as Mine).version);
      client.release();
    }
    const failing = pool({ Client: Failing, max: 1 });
    const events = heard(failing, ['connect', 'acquire', 'release', 'error']);
    const failed = [await words(failing.query('select 1')), await words(failing.connect())];
    return { asked, seen, failed, events, total: failing.totalCount };
  },
  'has clients of a class of its program': async ({ pg, pool }) => {
    const asked: unknown[] = [];
    class Mine extends pg.Client {
      readonly mark: string;

      constructor(config?: PoolConfig) {
        super(config);
        this.mark = `connects to ${String(config?.database === this.database)}`;
      }

      override query(...given: never[]): never {
        asked.push(typeof given[0]);
        return (super.query as (...all: never[]) => never)(...given);
      }
    }
    const mine = pool({ Client: Mine, max: 2 });
    const greeted: unknown[] = [];
    mine.on('connect', (client) => greeted.push(client instanceof Mine));
    const client = await mine.connect();
    const { mark } = client as unknown as Mine;
    const rows = [
      (await client.query('select 1 as v')).rows,
      (await client.query('select $1::int as v', [2])).rows,
    ];
    const seen = [client instanceof Mine, client instanceof pg.Client, client.constructor === Mine];
    client.release();
    const ofPool = (await mine.query('select 3 as v')).rows;
    const usual = pool();
    const other = await usual.connect();
    const ofOther = [other instanceof Mine, other.constructor === pg.Client];
    other.release();
    const given = [mine, usual].map((each) => (each as unknown as { Client: unknown }).Client);
    return {
      mark,
      rows,
      seen,
      ofPool,
      ofOther,
      asked,
      greeted,
      given: [given[0] === Mine, given[1] === pg.Client],
    };
  },
};
