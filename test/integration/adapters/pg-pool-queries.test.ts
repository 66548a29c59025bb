import { afterEach, describe, expect, inject, it, vi } from 'vitest';
import adapter, { type Pool, type PoolClient, type QueryConfig } from 'kingbase-native/pg';

const [library] = inject('libraries');
const { host, port, user, database } = inject('server');
const config = { host, port, user, database, kingbase: { clientLibrary: library?.path } };

const pools: Pool[] = [];
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.end();
});

const SQL = 'select $1::int as v';

interface Inside {
  run: (...given: unknown[]) => void;
}

/** Whether the pool's next query is a call of the driver's own, for which no client is lent. */
async function isDirect(
  changed: object = {},
  prepare: (pool: Pool) => unknown = () => undefined,
  query: string | QueryConfig = { text: SQL, values: [1] },
): Promise<boolean> {
  const pool = new adapter.Pool({ ...config, max: 1, ...changed });
  pools.push(pool);
  await pool.query(SQL, [1]);
  await prepare(pool);
  const run = vi.spyOn((pool as unknown as { queries: Inside }).queries, 'run');
  const { rows } = await pool.query<{ v: unknown }>(query);
  expect(rows).toHaveLength(1);
  return run.mock.calls.length === 1;
}

async function withClient(pool: Pool, use: (client: PoolClient) => unknown): Promise<void> {
  const client = await pool.connect();
  await use(client);
  client.release();
}

describe('a query of a pool', () => {
  it('is a call of the driver where nobody can tell', async () => {
    expect(await isDirect()).toBe(true);
    expect(await isDirect({ connectionTimeoutMillis: 5_000, allowExitOnIdle: true })).toBe(true);
    expect(await isDirect({}, undefined, { name: 'n', text: SQL, values: [1], rowMode: 'array' })).toBe(true);
    expect(await isDirect({}, (pool) => withClient(pool, (client) => client.query('select 1')))).toBe(true);
  });

  const lending: Record<string, () => Promise<boolean>> = {
    'where a text has no values': () => isDirect({}, undefined, 'select 1 as v'),
    'for what may leave something in the session': () =>
      isDirect({}, undefined, { text: 'show application_name', queryMode: 'extended' }),
    'where the query has parsers': () =>
      isDirect({}, undefined, { text: SQL, values: [1], types: adapter.types }),
    'where the query has a limit': () =>
      isDirect({}, undefined, { text: SQL, values: [1], query_timeout: 9_000 }),
    'where the pool has a limit for queries': () => isDirect({ query_timeout: 9_000 }),
    'where clients end after so many uses': () => isDirect({ maxUses: 100 }),
    'where clients end at a certain age': () => isDirect({ maxLifetimeSeconds: 100 }),
    'where the pool has parsers': () => isDirect({ types: adapter.types }),
    'where the driver sends together what waits': () =>
      isDirect({ kingbase: { ...config.kingbase, pipeline: true } }),
    'where the driver has limits of its own': () =>
      isDirect({ kingbase: { ...config.kingbase, timeout: 9_000 } }),
    'where clients are of another class': () => isDirect({ Client: class extends adapter.Client {} }),
    'where somebody hears of clients that are lent': () =>
      isDirect({}, (pool) => pool.on('acquire', () => undefined)),
    'where somebody hears of clients that come back': () =>
      isDirect({}, (pool) => pool.on('release', () => undefined)),
    'where somebody sets new clients up': () => isDirect({}, (pool) => pool.on('connect', () => undefined)),
    'where a client has parsers': () =>
      isDirect({}, (pool) => withClient(pool, (client) => client.setTypeParser(20, Number))),
    'where somebody listens on a client': () =>
      isDirect({}, (pool) => withClient(pool, (client) => client.on('notification', () => undefined))),
    'where somebody listens on a client that is idle': () =>
      isDirect({}, async (pool) => {
        let kept: PoolClient | undefined;
        await withClient(pool, (client) => (kept = client));
        kept?.on('error', () => undefined);
      }),
  };
  it.each(Object.entries(lending))('has a client lent %s', async (_where, asked) => {
    expect(await asked()).toBe(false);
  });

  it('is a call of the driver again when the client is as it was', async () => {
    const tell = (): void => undefined;
    const listened = (pool: Pool): Promise<void> =>
      withClient(pool, (client) => {
        client.on('error', tell);
        client.off('error', tell);
      });
    expect(await isDirect({}, listened)).toBe(true);
  });
});
