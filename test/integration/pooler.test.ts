import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { DatabaseError, open, TimeoutError, type ConnectionConfig, type Database } from 'kingbase-native';
import { startServer, type EmbeddedServer } from '../../scripts/embedded-server.js';
import { hasPgBouncer, startPgBouncer, type PgBouncer } from '../support/pgbouncer.js';

type Mode = 'transaction' | 'statement';

/** Numbers that are the same in every run. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe.skipIf(!hasPgBouncer).each(inject('libraries'))('through PgBouncer: $name', ({ path }) => {
  let server: EmbeddedServer;
  let bouncer: PgBouncer;
  /** Without the pooler. */
  let direct: Database;

  beforeAll(async () => {
    server = await startServer({ settings: { log_line_prefix: '%e ', log_min_error_statement: 'panic' } });
    bouncer = await startPgBouncer(server);
    direct = open({
      host: server.host,
      port: server.port,
      user: server.user,
      database: server.database,
      clientLibrary: path,
    });
    await direct.script(`
      CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
      CREATE DOMAIN tags AS text[];
      CREATE TABLE things (who text, n int, names text[], doc jsonb, feeling mood, PRIMARY KEY (who, n));
    `);
  });
  afterAll(async () => {
    await direct.close();
    await bouncer.stop();
    await server.stop();
  });

  const database = (mode: Mode, over: ConnectionConfig = {}): Database =>
    open({
      host: bouncer.host,
      port: bouncer.port,
      user: server.user,
      database: mode,
      clientLibrary: path,
      pooler: mode,
      ...over,
    });

  /** SQLSTATEs that the server has reported. */
  const reported = (): Set<string> =>
    new Set(
      Array.from(readFileSync(server.logFile, 'utf8').matchAll(/^(\w{5}) ERROR/gm), ([, code]) => code!),
    );

  /** Each does one thing, and makes sure that what comes back is its own. */
  type Deed = (db: Database, who: string, n: number) => Promise<void>;

  const LONG = new Set<Deed>();
  /** Takes its time: it is done less often. */
  const slowly = (deed: Deed): Deed => {
    LONG.add(deed);
    return deed;
  };

  const plain: Deed[] = [
    async (db, who, n) => {
      const sql = 'SELECT $1::text AS who, $2::int4 AS n, now() AS t, 1.5::float8 AS f';
      expect(await db.queryRow(sql, [who, n])).toMatchObject({ who, n, t: expect.any(Date) as Date, f: 1.5 });
    },
    async (db, who, n) => {
      const results = await db.script(`SELECT '${who}'; SELECT ${n} FROM generate_series(1, 3)`);
      expect(results.map(({ rowsAffected }) => rowsAffected)).toStrictEqual([1, 3]);
    },
    async (db, who, n) => {
      const rows: unknown[] = [];
      for await (const row of db.rows('SELECT $1::text AS who, g FROM generate_series(1, $2::int4) g', [
        who,
        n % 50,
      ])) {
        rows.push(row);
      }
      expect(rows).toStrictEqual(Array.from({ length: n % 50 }, (_, i) => ({ who, g: i + 1 })));
    },
    async (db, who) => {
      await expect(db.query('SELECT 1 / $1::int4', [0])).rejects.toMatchObject({ code: '22012' });
      await expect(db.query(`SELECT '${who}' FRON x`)).rejects.toMatchObject({ code: '42601' });
    },
    slowly(async (db) => {
      const error: unknown = await db
        .query('SELECT pg_sleep(600)', [], { timeout: 40 })
        .catch((e: unknown) => e);
      expect(error).toBeInstanceOf(TimeoutError);
    }),
    async (db, who, n) => {
      const copied = await text(db.copyTo(`COPY (SELECT '${who}', ${n}) TO STDOUT`));
      expect(copied).toBe(`${who}\t${n}\n`);
    },
    async (db, who, n) => {
      const copy = db.copyFrom('COPY things (who, n) FROM STDIN');
      await pipeline(Readable.from([`${who}\t${n}\n`]), copy);
      expect(await db.exec('DELETE FROM things WHERE who = $1 AND n = $2', [who, n])).toMatchObject({
        rowsAffected: 1,
      });
    },
    async (db, who, n) => {
      const inserted = await db.batchInsert(
        'things',
        ['who', 'n', 'doc'],
        [
          [who, n, { n }],
          [who, -n - 1, null],
        ],
      );
      expect(inserted.rowsInserted).toBe(2);
      const { rows } = await db.query('DELETE FROM things WHERE who = $1 RETURNING n', [who]);
      expect(rows).toHaveLength(2);
    },
    async (db, who, n) => {
      expect(await db.queryRow(`SELECT 'happy'::mood AS feeling, $1::text AS who`, [who])).toStrictEqual({
        feeling: 'happy',
        who,
      });
      expect(await db.queryRow(`SELECT ARRAY['sad', 'ok']::mood[] AS all, ${n} AS n`)).toStrictEqual({
        all: ['sad', 'ok'],
        n,
      });
    },
  ];

  const byTransaction: Deed[] = [
    ...plain,
    async (db, who, n) => {
      // How an array is written depends on the type of its parameter, which the server must be asked for.
      const sql = 'SELECT $1::text[] AS names, $2::jsonb AS doc, $3::tags AS tags, $4::int4 AS n';
      expect(await db.queryRow(sql, [[who, 'b'], [n, who], [who], n])).toStrictEqual({
        names: [who, 'b'],
        doc: [n, who],
        tags: [who],
        n,
      });
      await expect(db.query('SELECT $1::text[] FRON x', [[who]])).rejects.toMatchObject({ code: '42601' });
      await expect(db.query('SELECT $1::int4[] AS v', [[who]])).rejects.toMatchObject({ code: '22P02' });
    },
    async (db, who, n) => {
      const rows: unknown[] = [];
      const sql = `SELECT $1::text[] AS names, ARRAY['ok']::mood[] AS feelings FROM generate_series(1, $2::int4)`;
      for await (const row of db.rows(sql, [[who], 5])) rows.push(row);
      expect(rows).toStrictEqual(Array.from({ length: 5 }, () => ({ names: [who], feelings: ['ok'] })));
      for await (const row of db.rows('SELECT g FROM generate_series(1, 100000) g')) {
        expect(row).toStrictEqual({ g: 1 });
        break;
      }
      expect(n).toBeGreaterThanOrEqual(0);
    },
    async (db, who, n) => {
      await db.transaction(async (tx) => {
        await tx.exec(`SET LOCAL work_mem TO '${1000 + (n % 1000)}kB'`);
        const statement = await tx.prepare<{ who: string; v: number }>(
          'SELECT $1::text AS who, $2::int4 AS v',
        );
        for (let i = 0; i < 3; i++) expect(await statement.queryRow([who, i])).toStrictEqual({ who, v: i });
        await tx.exec('INSERT INTO things (who, n, names) VALUES ($1, $2, $3)', [who, n, [who]]);
        await tx
          .savepoint((inner) => inner.query('SELECT 1 / 0'))
          .catch((error: unknown) => {
            expect(error).toBeInstanceOf(DatabaseError);
          });
        expect(await tx.queryRow('SELECT names FROM things WHERE who = $1', [who])).toStrictEqual({
          names: [who],
        });
        expect(await tx.queryRow(`SELECT current_setting('work_mem') AS m`)).toStrictEqual({
          m: `${1000 + (n % 1000)}kB`,
        });
        for await (const row of tx.rows('SELECT n FROM things WHERE who = $1', [who]))
          expect(row).toStrictEqual({ n });
        await tx.exec('DELETE FROM things WHERE who = $1', [who]);
      });
    },
    async (db, who, n) => {
      const tx = await db.begin();
      await tx.exec('INSERT INTO things (who, n) VALUES ($1, $2)', [who, n]);
      await tx.rollback();
      expect(await db.query('SELECT * FROM things WHERE who = $1', [who])).toMatchObject({ rows: [] });
    },
    slowly(async (db, who) => {
      const many = Array.from({ length: 1200 }, (_, i) => ({ who, n: i, names: [who, String(i)] }));
      for (const strategy of ['auto', 'unnest', 'values'] as const) {
        const { rowsInserted } = await db.batchInsert('things', ['who', 'n', 'names'], many, { strategy });
        expect(rowsInserted).toBe(1200);
        expect(await db.exec('DELETE FROM things WHERE who = $1 AND names[1] = $1', [who])).toMatchObject({
          rowsAffected: 1200,
        });
      }
    }),
    async (db, who) => {
      await using connection = await db.connect();
      expect(await connection.queryRow('SELECT $1::text AS who', [who])).toStrictEqual({ who });
      await connection.transaction((tx) => tx.exec('SELECT $1::text[]', [[who]]));
    },
  ];

  // The variable is for a long run by hand.
  const EACH = Number(process.env['KINGBASE_TEST_POOLER_DEEDS'] ?? 150);

  it(`gives each of four clients its own results, ${4 * EACH} times`, async () => {
    const brief = byTransaction.filter((deed) => !LONG.has(deed));
    const client = async (number: number): Promise<void> => {
      await using db = database('transaction', { pool: { max: 3 } });
      const random = randomNumbers(number + 100);
      let left = EACH;
      const worker = async (): Promise<void> => {
        while (left-- > 0) {
          const deed =
            random(100) === 0 ? byTransaction[random(byTransaction.length)] : brief[random(brief.length)];
          await deed?.(db, `client ${number} deed ${left}`, random(1000));
        }
      };
      await Promise.all([worker(), worker(), worker()]);
    };
    await Promise.all([0, 1, 2, 3].map(client));
    expect(await direct.queryRow('SELECT count(*)::int4 AS n FROM things')).toStrictEqual({ n: 0 });
  }, 600_000);

  describe('in session mode, which the driver need not be told of', () => {
    const inSession = (over: ConnectionConfig = {}): Database =>
      open({
        host: bouncer.host,
        port: bouncer.port,
        user: server.user,
        database: 'session',
        clientLibrary: path,
        ...over,
      });

    it('does each thing, in sessions of the server that others have had and DISCARD ALL has reset', async () => {
      const processes = new Set<unknown>();
      for (let round = 0; round < 6; round++) {
        await using db = inSession({ pool: { max: 2 } });
        await Promise.all(
          byTransaction
            .filter((deed) => !LONG.has(deed))
            .map(async (deed, i) => {
              for (let again = 0; again < 3; again++) await deed(db, `round ${round} deed ${i}`, again);
            }),
        );
        const statement = await db.prepare<{ who: string }>('SELECT $1::text AS who');
        for (let again = 0; again < 3; again++)
          expect(await statement.queryRow([`round ${round}`])).toStrictEqual({ who: `round ${round}` });
        await statement.close();
        // What the session has of its own, the next one does not have.
        const sql = `SELECT pg_backend_pid() AS pid, current_setting('work_mem') AS m, to_regclass('kept') AS kept`;
        const row = await db.queryRow<{ pid: number; m: string }>(sql);
        expect(row).toMatchObject({ m: '4MB', kept: null });
        processes.add(row?.pid);
        await db.script(`SET work_mem = '9MB'; SET extra_float_digits = 0; SET datestyle = German;
          CREATE TEMP TABLE kept (a int)`);
        expect(await db.queryRow(`SELECT 0.1::float8 + 0.2 AS f, '2024-02-03'::date AS d`)).toStrictEqual({
          f: 0.1 + 0.2,
          d: '2024-02-03',
        });
      }
      expect(processes.size).toBeLessThanOrEqual(4);
    });

    it('gets notifications', async () => {
      await using db = inSession();
      const got = new Promise((resolve) => {
        void db
          .listen('through_the_pooler', ({ payload }) => {
            resolve(payload);
          })
          .then(() => direct.exec(`NOTIFY through_the_pooler, 'here'`));
      });
      expect(await got).toBe('here');
    });

    it.each(['session', 'transaction'] as const)(
      'comes back after a restart of the pooler, %s',
      async (mode) => {
        await using db = mode === 'session' ? inSession() : database(mode);
        const sql = 'SELECT $1::text[] AS names';
        for (let i = 0; i < 3; i++) await db.query(sql, [['a']]);
        const tx = await db.begin();
        await tx.exec('INSERT INTO things (who, n) VALUES ($1, 1)', [`restart ${mode}`]);
        await bouncer.restart();
        await expect(tx.commit()).rejects.toMatchObject({ name: 'ConnectionError' });
        for (let i = 0; i < 3; i++) {
          expect(await db.queryRow(sql, [[`b ${i}`]])).toStrictEqual({ names: [`b ${i}`] });
        }
        const left = await direct.query('SELECT FROM things WHERE who = $1', [`restart ${mode}`]);
        expect(left.rows).toHaveLength(0);
      },
    );
  });

  describe.each([
    ['transaction', byTransaction],
    ['statement', plain],
  ] as const)('in %s mode', (mode, deeds) => {
    it('does each thing, again and again', async () => {
      const db = database(mode);
      for (const [i, deed] of deeds.entries()) {
        for (let again = 0; again < 4; again++) await deed(db, `one ${i}`, again);
      }
      await db.close();
    });

    it('does them in any order, at the same time, from two pools', async () => {
      const dbs = [
        database(mode, { pool: { max: 5 } }),
        database(mode, { pool: { max: 5 }, statementCacheSize: 10 }),
      ];
      const worker = async (number: number): Promise<void> => {
        const random = randomNumbers(number + 1);
        for (let step = 0; step < 40; step++) {
          const deed = deeds[random(deeds.length)]!;
          await deed(dbs[random(2)]!, `worker ${number} step ${step}`, random(1000));
        }
      };
      await Promise.all(Array.from({ length: 12 }, (_, number) => worker(number)));
      // Nothing has stayed in any session of the server.
      for (let i = 0; i < 12; i++) {
        const sql =
          'SELECT (SELECT count(*)::int4 FROM pg_prepared_statements) AS statements, pg_backend_pid() AS pid';
        expect(await dbs[0]!.queryRow(sql)).toMatchObject({ statements: 0 });
      }
      for (const db of dbs) {
        expect(db.stats()).toMatchObject({ inUse: 0 });
        await db.close();
      }
      const codes = reported();
      expect(codes).toContain('22012');
      for (const code of ['26000', '42P05', '25P02']) expect(codes).not.toContain(code);
    }, 120_000);

    it('refuses what needs a session of its own', async () => {
      await using db = database(mode);
      const refused = { name: 'UsageError', code: 'KB_POOLER' };
      await expect(db.listen('c', () => undefined)).rejects.toMatchObject(refused);
      await expect(db.prepare('SELECT 1')).rejects.toMatchObject(refused);
      const calls = [
        () => db.connect(),
        () => db.begin(),
        () => db.transaction(() => undefined),
        () => db.query('SELECT $1::text[]', [['a']]),
        () =>
          db.batchInsert(
            'things',
            ['who', 'n'],
            Array.from({ length: 600 }, (_, i) => ['x', i]),
          ),
      ];
      if (mode === 'statement') {
        for (const call of calls) await expect(call()).rejects.toMatchObject(refused);
      } else {
        await using connection = await db.connect();
        await expect(connection.prepare('SELECT 1')).rejects.toMatchObject(refused);
      }
      await expect(
        db.batchInsert('things', ['who', 'n'], [['x', 1]], { strategy: 'bind' }),
      ).rejects.toMatchObject({ name: 'UsageError' });
      expect(await db.queryRow('SELECT 1 AS v')).toStrictEqual({ v: 1 });
    });

    it('reads dates as they are where the role has another style', async () => {
      await direct.exec(`ALTER DATABASE ${server.database} SET datestyle TO 'German'`);
      const other = await startPgBouncer(server);
      try {
        await using db = database(mode, { port: other.port });
        for (let i = 0; i < 8; i++) {
          expect(await db.queryRow(`SELECT date '2026-02-17' AS d`)).toStrictEqual({ d: '2026-02-17' });
        }
      } finally {
        await other.stop();
        await direct.exec(`ALTER DATABASE ${server.database} RESET datestyle`);
      }
    });

    // What the page on poolers says: neither server nor pooler tell of this setting.
    it('reads floats with the digits that the server session writes, which its role decides', async () => {
      const sql = 'SELECT 0.1::float8 + 0.2::float8 AS f';
      for (const [digits, f] of [
        [0, 0.3],
        [3, 0.1 + 0.2],
      ] as const) {
        await direct.exec(`ALTER DATABASE ${server.database} SET extra_float_digits = ${digits}`);
        const other = await startPgBouncer(server);
        try {
          await using db = database(mode, { port: other.port });
          expect(await db.queryRow(sql)).toStrictEqual({ f });
          if (mode === 'statement') continue;
          await db.transaction(async (tx) => {
            await tx.exec('SET LOCAL extra_float_digits = 3');
            expect(await tx.queryRow(sql)).toStrictEqual({ f: 0.1 + 0.2 });
          });
        } finally {
          await other.stop();
          await direct.exec(`ALTER DATABASE ${server.database} RESET extra_float_digits`);
        }
      }
    });
  });

  // Last, since what a program prepares itself stays in the sessions of the server then.
  describe('in transaction mode, of which the driver is not told', () => {
    it('with statementCacheSize 0 does each thing in any order, at the same time, from two pools', async () => {
      const over = { pooler: undefined, statementCacheSize: 0, pool: { max: 5 } };
      const dbs = [database('transaction', over), database('transaction', over)];
      const worker = async (number: number): Promise<void> => {
        const random = randomNumbers(number + 1);
        for (let step = 0; step < 40; step++) {
          const deed = byTransaction[random(byTransaction.length)]!;
          await deed(dbs[random(2)]!, `untold ${number} step ${step}`, random(1000));
        }
      };
      await Promise.all(Array.from({ length: 12 }, (_, number) => worker(number)));
      for (const db of dbs) await db.close();
    }, 120_000);

    it('without it gives each call its own rows, or refuses it', async () => {
      const dbs = Array.from({ length: 4 }, () =>
        database('transaction', { pooler: undefined, pool: { max: 2 } }),
      );
      const worker = async (number: number): Promise<number> => {
        let own = 0;
        for (let step = 0; step < 60; step++) {
          const who = `own ${number} step ${step}`;
          // The same texts for all, and others for each.
          const sql =
            step % 2 === 0 ? 'SELECT $1::text AS who' : `SELECT $1::text AS who, ${number % 4} AS n`;
          try {
            expect(await dbs[number % 4]!.queryRow(sql, [who])).toMatchObject({ who });
            own++;
          } catch (error) {
            if (!(error instanceof DatabaseError)) throw error;
            expect(['26000', '42P05']).toContain(error.code);
          }
        }
        return own;
      };
      const owns = await Promise.all(Array.from({ length: 12 }, (_, number) => worker(number)));
      expect(Math.min(...owns)).toBeGreaterThan(0);
      for (const db of dbs) await db.close();
    }, 120_000);
  });
});

describe('the option "pooler"', () => {
  it('refuses options of a session', () => {
    for (const over of [
      { options: '-c search_path=a' },
      { onConnect: () => undefined },
      { pool: { resetOnRelease: ['all'] } },
    ] as ConnectionConfig[]) {
      expect(() => open('host=h pooler=transaction', over)).toThrow(
        expect.objectContaining({ code: 'KB_POOLER' }),
      );
    }
    expect(() => open('host=h pooler=session')).toThrow(/"pooler" must be "transaction" or "statement"/);
  });
});
