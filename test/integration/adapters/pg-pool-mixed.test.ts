import { describe, expect, inject, it } from 'vitest';
import adapter, { type Pool } from 'kingbase-native/pg';
import { until } from '../../support/rejections.js';
import { Random } from '../../differential/random.js';

const { host, port, user, database } = inject('server');
const TASKS = 800;
const SEED = Number(process.env['KINGBASE_TEST_SEED'] ?? Date.now() % 1_000_000_000);

/** Whatever else goes on in a pool, by whichever way a query of it is run: an insert that succeeds is there once. */
describe.each(inject('libraries'))('queries of a pool among all else, $name', ({ path, flavour }) => {
  it('are carried out once, and all of them end', async () => {
    console.log(`seed ${SEED}`);
    const random = new Random(SEED);
    const table = `pg_pool_mixed_${flavour.replaceAll('-', '_')}`;
    const application = `${table}_${SEED}`;
    const config = { host, port, user, database, kingbase: { clientLibrary: path } };
    const admin = new adapter.Client(config);
    await admin.connect();
    await admin.query(`drop table if exists ${table}; create table ${table} (n int4)`);
    const pool: Pool = new adapter.Pool({ ...config, max: 3, application_name: application });
    // Clients that are lent when their sessions are ended.
    pool.on('error', () => undefined);
    const insert = `insert into ${table} values ($1)`;
    const ended = `select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 limit 1`;
    const ways: readonly ((n: number) => Promise<unknown>)[] = [
      ...Array.from({ length: 8 }, () => (n: number) => pool.query(insert, [n])),
      (n) => pool.query({ name: 'insert', text: insert, values: [n] }),
      async (n) => {
        const client = await pool.connect();
        const heard = (): void => undefined;
        client.on('error', heard);
        try {
          await client.query(insert, [n]);
        } finally {
          client.off('error', heard);
          client.release(n % 5 === 0);
        }
      },
      (n) => pool.query(`${insert} returning 1 / ($1::int - $1::int)`, [n]),
      (n) => pool.query(`select 1 / ($1::int - $1::int)`, [n]),
      (n) => pool.query('select pg_terminate_backend(pg_backend_pid()) where $1::int >= 0', [n]),
      async (n) => {
        await admin.query(ended, [application]);
        await pool.query(insert, [n]);
      },
    ];
    const done: { n: number; way: number; end: PromiseSettledResult<unknown> }[] = [];
    const loops = Array.from({ length: 12 }, async () => {
      while (done.length < TASKS) {
        const n = done.length;
        const way = random.below(ways.length);
        const entry = {
          n,
          way,
          end: { status: 'rejected', reason: undefined } as PromiseSettledResult<unknown>,
        };
        done.push(entry);
        [entry.end] = await Promise.allSettled([ways[way]?.(n)]);
      }
    });
    await Promise.all(loops);
    const { rows } = await admin.query<{ n: number; times: string }>(
      `select n, count(*) as times from ${table} group by n`,
    );
    const times = new Map(rows.map((row) => [row.n, Number(row.times)]));
    const inserts = (way: number): boolean => way < 10 || way === 13;
    const wrong = done.filter(({ n, way, end }) => {
      const found = times.get(n) ?? 0;
      if (end.status === 'fulfilled' && inserts(way)) return found !== 1;
      return found > (inserts(way) ? 1 : 0);
    });
    expect(wrong).toEqual([]);
    expect(done.filter(({ way, end }) => inserts(way) && end.status === 'fulfilled').length).toBeGreaterThan(
      TASKS / 4,
    );
    expect(pool.waitingCount).toBe(0);
    expect(pool.totalCount).toBeLessThanOrEqual(3);
    await pool.end();
    await until('the server has no session of it', async () => {
      const sql = 'select 1 from pg_stat_activity where application_name = $1';
      return (await admin.query(sql, [application])).rowCount === 0;
    });
    await admin.query(`drop table ${table}`);
    await admin.end();
  });
});
