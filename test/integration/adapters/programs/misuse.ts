/** What programs in JavaScript give where nothing was meant, or what is not fit for it. */
import type { PoolConfig, QueryConfig } from 'pg';
import { failure, thrown, type Programs, type Setting } from './program.js';

/** To `pg` these are all nothing. */
const NOTHING = [null, '', 0, false, undefined] as const;
const NAMES = ['null', 'text', 'zero', 'false', 'undefined'] as const;

const TEXT = 'select 1 as v';

/** Calls without their types. */
type Untyped = Record<'query' | 'end' | 'connect' | 'release', (...given: unknown[]) => unknown>;
const untyped = (of: object): Untyped => of as Untyped;

interface Answer {
  rows?: unknown;
}

/** What comes of a promise, and that there is one. */
async function outcome(run: () => unknown): Promise<unknown> {
  let answer: unknown;
  try {
    answer = run();
  } catch (error) {
    return ['throws', (error as Error).name];
  }
  if (typeof (answer as Promise<unknown> | undefined)?.then !== 'function') return ['gives', typeof answer];
  try {
    const value = (await answer) as Answer | undefined;
    return ['resolves', value?.rows ?? typeof value];
  } catch (error) {
    return ['rejects', (error as { code?: unknown }).code];
  }
}

async function forNothings(run: (nothing: unknown) => unknown): Promise<Record<string, unknown>> {
  const seen: Record<string, unknown> = {};
  for (const [at, nothing] of NOTHING.entries()) {
    seen[String(NAMES[at])] = await outcome(() => run(nothing));
  }
  return seen;
}

/** One row by a pool with an option that is nothing. */
function withOption(name: string, { pool }: Setting): Promise<Record<string, unknown>> {
  return forNothings(async (nothing) => {
    const some = pool({ max: 1, [name]: nothing });
    try {
      return await some.query(TEXT);
    } finally {
      // So many open at once would leave other tests without connections.
      await some.end();
    }
  });
}

const OPTIONS = [
  'types',
  'ssl',
  'verify',
  'onConnect',
  'log',
  'Promise',
  'idleTimeoutMillis',
  'options',
  'maxLifetimeSeconds',
  'statement_timeout',
  'query_timeout',
  'application_name',
  'keepAlive',
  'max',
  'min',
] as const;

export const misuse: Programs = {
  'takes what is falsy for no callback': async ({ client, pool }) => {
    const session = await client();
    const some = pool({ max: 2 });
    return {
      query: await forNothings((nothing) => untyped(session).query(TEXT, [], nothing)),
      values: await forNothings((nothing) => untyped(session).query(TEXT, nothing, nothing)),
      pool: await forNothings((nothing) => untyped(some).query(TEXT, [], nothing)),
      lent: await forNothings(async (nothing) => {
        const lent = (await untyped(some).connect(nothing)) as Untyped;
        lent.release(nothing);
        return { rows: [some.totalCount, some.idleCount] };
      }),
      ended: await forNothings(async (nothing) => untyped(await client()).end(nothing)),
      poolEnded: await forNothings((nothing) => untyped(pool()).end(nothing)),
      connected: await forNothings(async (nothing) => {
        const fresh = await client();
        await fresh.end();
        return untyped(fresh).connect(nothing);
      }),
      configured: await forNothings((nothing) => untyped(session).query({ text: TEXT, callback: nothing })),
      after: (await session.query('select 2 as v')).rows,
    };
  },
  'counts the clients of a pool by any kind of number': async ({ pool }) => {
    const seen: unknown[] = [];
    for (const max of [true, '2', 1.5]) {
      const some = pool({ max } as unknown as PoolConfig);
      const first = await some.connect();
      const second = some.connect();
      const third = some.connect();
      seen.push([max, some.totalCount, some.waitingCount, some.options.max]);
      first.release();
      (await second).release();
      (await third).release();
    }
    return { seen };
  },
  'refuses names and portals that are no text': async ({ client }) => {
    const session = await client();
    const values = [1];
    const asked = { text: 'select $1::int as v', values, portal: 5 } as unknown as QueryConfig;
    const simple = { text: TEXT, portal: 5 } as unknown as QueryConfig;
    const { name } = await failure(session.query(asked));
    return {
      name,
      simple: (await session.query(simple)).rows,
      after: (await session.query(TEXT)).rows,
    };
  },
  'tells nobody of an error where nobody listens and there is a limit': async ({ pg, client }) => {
    const session = await client({ query_timeout: 10_000 });
    session.query(new pg.Query('select nothing'));
    return { after: (await session.query(TEXT)).rows };
  },
  'refuses what cannot be called': async ({ client, pool }) => {
    const session = await client();
    const some = pool();
    const seen: unknown[] = [];
    for (const wrong of [1, true, {}, 'callback']) {
      seen.push(await outcome(() => untyped(session).query(TEXT, [], wrong)));
      seen.push(await outcome(() => untyped(session).end(wrong)));
      seen.push(await outcome(() => untyped(some).end(wrong)));
    }
    return { seen };
  },
  'takes what is falsy for no values and no parsers': async ({ client }) => {
    const session = await client();
    return {
      values: await forNothings((values) => untyped(session).query({ text: TEXT, values })),
      missing: await forNothings((values) => untyped(session).query({ text: 'select $1::int as v', values })),
      types: await forNothings((types) => untyped(session).query({ text: TEXT, types })),
      name: await forNothings((name) => untyped(session).query({ text: TEXT, name })),
      rowMode: await forNothings((rowMode) => untyped(session).query({ text: TEXT, rowMode })),
      limit: await forNothings((query_timeout) => untyped(session).query({ text: TEXT, query_timeout })),
      text: await forNothings((text) => untyped(session).query({ text })),
      after: (await session.query('select 2 as v')).rows,
    };
  },
  'takes what is falsy for no options': async (setting) => {
    const seen: Record<string, unknown> = {};
    for (const name of OPTIONS) seen[name] = await withOption(name, setting);
    return seen;
  },
  'makes clients and pools of nothing': ({ pg }) => {
    const Client = pg.Client as unknown as new (config: unknown) => { host: string; ssl: unknown };
    const Pool = pg.Pool as unknown as new (config: unknown) => {
      options: { max: number; idleTimeoutMillis: number };
    };
    const seen: Record<string, unknown> = {};
    for (const [at, nothing] of NOTHING.entries()) {
      if (typeof nothing === 'string') continue;
      const client = thrown(() => {
        const { host, ssl } = new Client(nothing);
        throw new Error(JSON.stringify({ host, ssl }));
      });
      const pool = thrown(() => {
        const { max, idleTimeoutMillis } = new Pool(nothing).options;
        throw new Error(JSON.stringify({ max, idleTimeoutMillis }));
      });
      seen[String(NAMES[at])] = { client, pool };
    }
    return Promise.resolve(seen);
  },
  'has the session for others when a query was none': async ({ client }) => {
    const session = await client();
    const seen: unknown[] = [];
    for (const wrong of [5, true, {}, [], { text: 5 }, { name: '' }, { text: TEXT, values: 'a' }, () => 1]) {
      seen.push(await outcome(() => untyped(session).query(wrong)));
      seen.push((await session.query('select 2 as v')).rows);
    }
    const typo = { text: 'select $1::int as v', vlaues: [1] };
    seen.push((await failure(session.query(typo)))['code']);
    return { seen };
  },
};
