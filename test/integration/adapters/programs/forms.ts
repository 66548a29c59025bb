/** The forms of calls: promises, callbacks, what is given back, and when. */
import { AsyncLocalStorage } from 'node:async_hooks';
import domain from 'node:domain';
import type pg from 'pg';
import { called, failure, heard, nextEvent, thrown, turn, until, words, type Programs } from './program.js';

/** A promise class of the program's own. */
class Vow<T> extends Promise<T> {}

const rowsOf = (told: unknown[]): unknown => (told[1] as { rows?: unknown } | undefined)?.rows;

export const forms: Programs = {
  'stores null and undefined as NULL': async ({ client }) => {
    const session = await client();
    await session.query('create temp table nulls (a text, b text, c int, d int, e date, f date)');
    const values = [null, undefined, null, undefined, null, undefined];
    await session.query('insert into nulls values ($1, $2, $3, $4, $5, $6)', values);
    return { rows: (await session.query('select * from nulls')).rows };
  },
  'calls back once for several statements in a text': async ({ client }) => {
    const session = await client();
    await session.query('create temp table once (name text)');
    let calls = 0;
    const { told } = await called((callback) => {
      void session.query("insert into once values ('a'); insert into once values ('b')", ((
        ...all: never[]
      ) => {
        calls++;
        callback(...all);
      }) as never);
    });
    return { calls, error: told[0], many: Array.isArray(told[1]) };
  },
  'calls back for queries that were asked before connecting': async ({ pg, config }) => {
    const client = new pg.Client(config);
    const order: unknown[] = [];
    void client.query('create temp table early (name text)').then(() => order.push('created'));
    client.query('insert into early values ($1)', ['b'], () => order.push('first'));
    client.query({ text: 'insert into early values ($1)', values: ['a'] }, () => order.push('second'));
    const rows = new Promise((resolve) => {
      client.query('select * from early order by name', (error, result) => {
        order.push('third');
        resolve([error ?? null, result.rows, result.rowCount]);
      });
    });
    client.once('drain', () => order.push('drain'));
    await new Promise<void>((resolve) => {
      client.connect((error: unknown) => {
        order.push(['connected', error ?? null]);
        resolve();
      });
    });
    const seen = await rows;
    await until(() => order.includes('drain'));
    await client.end();
    return { seen, order };
  },
  'runs queries inside the callbacks of queries': async ({ client }) => {
    const session = await client();
    const order: unknown[] = [];
    await new Promise<void>((resolve) => {
      session.query('select 1 as v', (_first, one) => {
        order.push(one.rows);
        session.query('select $1::int as v', [2], (_second, two) => {
          order.push(two.rows);
          session.query('select wrong', (error) => {
            order.push(error.message);
            session.query('select 3 as v', (_third, three) => {
              order.push(three.rows);
              resolve();
            });
          });
        });
      });
    });
    return { order };
  },
  'gives nothing back where there is a callback': async ({ pg, client, pool, config }) => {
    const session = await client();
    const some = pool();
    const extra = new pg.Client(config);
    const seen = {
      connect: (await called((callback) => extra.connect(callback as never))).gave,
      query: (await called((callback) => session.query('select 1', callback as never))).gave,
      values: (await called((callback) => session.query('select $1::int', [1], callback as never))).gave,
      poolQuery: (await called((callback) => some.query('select 1', callback as never))).gave,
      poolConnect: (
        await called((callback) =>
          some.connect((error, _lent, release) => {
            release();
            (callback as (...all: unknown[]) => void)(error);
          }),
        )
      ).gave,
      end: (await called((callback) => extra.end(callback as never))).gave,
      poolEnd: (await called((callback) => some.end(callback as never))).gave,
    };
    return seen;
  },
  'tells callbacks what it should': async ({ pg, config, pool }) => {
    const client = new pg.Client(config);
    const connect = await called((callback) => client.connect(callback as never));
    const again = await called((callback) => client.connect(callback as never));
    const query = await called((callback) => client.query('select 1 as v', callback as never));
    const wrong = await called((callback) => client.query('select wrong', callback as never));
    const end = await called((callback) => client.end(callback as never));
    const twice = await called((callback) => client.end(callback as never));
    const closed = await called((callback) => client.query('select 1', callback as never));
    const some = pool();
    const poolWrong = await called((callback) => some.query('select wrong', callback as never));
    const poolQuery = await called((callback) => some.query('select $1::int as v', [1], callback as never));
    await some.end();
    return {
      connect: [connect.told[0], connect.told[1] === client],
      again: again.told[0],
      query: [query.told[0], rowsOf(query.told)],
      wrong: wrong.told,
      end: end.told[0] ?? 'nothing',
      twice: twice.told[0] ?? 'nothing',
      closed: closed.told,
      poolWrong: poolWrong.told,
      poolQuery: [poolQuery.told[0], rowsOf(poolQuery.told)],
      poolClosed: (await called((callback) => some.query('select 1', callback as never))).told[0],
      poolConnect: (await called((callback) => some.connect(callback as never))).told[0],
      poolEnd: (await called((callback) => some.end(callback as never))).told[0],
    };
  },
  'makes promises of the class that it is given': async ({ pg, config }) => {
    const client = new pg.Client({ ...config, Promise: Vow } as never);
    const connecting = client.connect();
    await connecting;
    const asking = client.query('select 1 as v');
    const failing = client.query('select wrong');
    const rejected = await words(failing);
    const ending = client.end();
    await ending;
    const pool = new pg.Pool({ ...config, Promise: Vow });
    const lending = pool.connect();
    (await lending).release();
    const querying = pool.query('select 1 as v');
    await querying;
    const closing = pool.end();
    await closing;
    const isVow = (promise: unknown): boolean => promise instanceof Vow;
    return {
      client: [connecting, asking, failing, ending].map(isVow),
      rows: (await asking).rows,
      rejected,
      pool: [lending, querying, closing].map(isVow),
    };
  },
  'names the functions that wait in the stacks of errors': async ({ client, pool }) => {
    const session = await client();
    const some = pool();
    const stacks: Record<string, unknown> = {};
    const askers: Record<string, () => Promise<unknown>> = {
      client: () => session.query('select wrong'),
      values: () => session.query('select $1::int', ['x']),
      pool: () => some.query('select wrong'),
      poolValues: () => some.query('select $1::int', ['x']),
    };
    for (const [name, ask] of Object.entries(askers)) {
      const innerFunction = async (): Promise<void> => {
        await ask();
      };
      const outerFunction = async (): Promise<void> => {
        await innerFunction();
      };
      const stack = await outerFunction().catch((error: unknown) => String((error as Error).stack));
      const [head] = String(stack).split('\n');
      stacks[name] = [head, String(stack).includes('innerFunction'), String(stack).includes('outerFunction')];
    }
    return stacks;
  },
  'keeps the context of whoever asks in callbacks': async ({ client, pool }) => {
    const session = await client();
    const some = pool();
    const storage = new AsyncLocalStorage<string>();
    const domains = domain.create();
    const inDomain = await new Promise((resolve) => {
      domains.run(() => {
        session.query('select 1', () => {
          resolve((process as { domain?: unknown }).domain === domains);
        });
      });
    });
    domains.exit();
    return {
      promise: await storage.run('awaited', async () => {
        await session.query('select 1');
        return storage.getStore();
      }),
      poolPromise: await storage.run('awaited', async () => {
        await some.query('select 1');
        return storage.getStore();
      }),
      inDomain,
    };
  },
  'is not undone by what a callback throws': async ({ client }) => {
    const session = await client();
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const uncaught = new Promise((resolve) => {
      process.once('uncaughtException', (error) => {
        resolve(error.message);
      });
    });
    try {
      session.query('select 1', () => {
        throw new Error('thrown in a callback');
      });
      const told = await uncaught;
      return { told, after: (await session.query('select 2 as v')).rows };
    } finally {
      for (const listener of listeners) process.on('uncaughtException', listener);
    }
  },
  'never calls back before a call has returned': async ({ client, pool }) => {
    const session = await client();
    const some = pool();
    (await some.connect()).release();
    const sync: Record<string, boolean> = {};
    for (const [name, ask] of Object.entries({
      query: (callback: () => void) => session.query('select 1', callback),
      wrong: (callback: () => void) => session.query({} as never, callback as never),
      pool: (callback: () => void) =>
        some.connect((_error, _client, release) => {
          release();
          callback();
        }),
      poolQuery: (callback: () => void) => some.query('select 1', callback),
    })) {
      let returned = false;
      await new Promise<void>((resolve) => {
        void ask(() => {
          sync[name] = returned;
          resolve();
        });
        returned = true;
      });
    }
    return sync;
  },
  'leaves alone what it is given': async ({ client, pool }) => {
    const session = await client();
    const values = [1, 'two', { three: 3 }];
    const query = { text: 'select $1::int as a, $2::text as b, $3::json as c', values, name: 'given' };
    const before = JSON.stringify(query);
    await session.query(query);
    const options = { max: 3, idleTimeoutMillis: 1000 };
    const keys = Object.keys(options);
    const some = pool(options);
    await some.query('select 1');
    const frozen = Object.freeze({ text: 'select $1::int as v', values: Object.freeze([4]) as number[] });
    return {
      query: JSON.stringify(query) === before,
      keys: Object.keys(query),
      options: [Object.keys(options), keys],
      frozen: (await session.query(frozen)).rows,
    };
  },
  'reads a config that inherits': async ({ client }) => {
    class Query {
      constructor(readonly values: unknown[]) {}
      get text(): string {
        return 'select $1::int as v';
      }
    }
    const session = await client();
    return {
      rows: (await session.query(new Query([5]) as never as pg.QueryConfig)).rows,
      created: (await session.query(Object.create({ text: 'select 6 as v' }) as pg.QueryConfig)).rows,
    };
  },
  'refuses what cannot be a query, and goes on': async ({ client }) => {
    const session = await client();
    const drained = heard(session, ['drain']);
    return {
      object: (await failure(session.query({ text: {} } as never)))['message'],
      empty: (await failure(session.query({} as never)))['message'],
      values: (await failure(session.query('select $1::text as v', 'foo' as never)))['message'],
      object2: (await failure(session.query({ text: 'select 1', values: { a: 1 } } as never)))['message'],
      callback: thrown(() => session.query({ text: 'select 1', callback: 7 } as never)),
      after: (await session.query('select $1::text as v', ['foo'])).rows,
      drained: (await turn(), drained.length > 0),
    };
  },
  'rejects with what a value throws': async ({ client }) => {
    const session = await client();
    const expected = new Error('not to be written');
    const value = {
      toPostgres: () => {
        throw expected;
      },
    };
    const told: unknown = await session.query('select $1::text', [value]).catch((error: unknown) => error);
    const circular: { toPostgres?: () => unknown } = {};
    circular.toPostgres = () => circular;
    const round = await failure(session.query('select $1::text', [circular]));
    return {
      same: told === expected,
      round: round['message'],
      after: (await session.query('select 1 as v')).rows,
    };
  },
  'has event emitters in its classes': async ({ pg, client }) => {
    const session = await client();
    const query = new pg.Query('select 1 as v');
    const same = session.query(query) === query;
    await nextEvent(query, 'end');
    return {
      same,
      static: (pg.Client as unknown as { Query: unknown }).Query === pg.Query,
      result: new pg.Result('array', pg.types).rows,
      pool: String(thrown(() => (pg.Pool as unknown as () => void)())).includes("without 'new'"),
      native: Object.keys(pg).includes('native'),
      exports: [
        'Client',
        'Pool',
        'Query',
        'Result',
        'types',
        'TypeOverrides',
        'defaults',
        'DatabaseError',
        'escapeIdentifier',
        'escapeLiteral',
        'utils',
      ].map((name) => typeof (pg as unknown as Record<string, unknown>)[name]),
    };
  },
  'lets its classes be subclassed': async ({ pg, config }) => {
    class Mine extends pg.Client {
      async one(text: string): Promise<unknown> {
        return (await this.query(text)).rows[0];
      }
    }
    class MyPool extends pg.Pool {
      async one(text: string): Promise<unknown> {
        return (await this.query(text)).rows[0];
      }
    }
    const client = new Mine(config);
    await client.connect();
    const pool = new MyPool(config);
    const seen = {
      client: [await client.one('select 1 as v'), client instanceof pg.Client],
      pool: [await pool.one('select 2 as v'), pool instanceof pg.Pool],
    };
    await client.end();
    await pool.end();
    return seen;
  },
};
