import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, type Database } from 'kingbase-native';
import { rejectionOf } from '../support/rejections.js';
import { targets, withDatabase } from '../support/targets.js';

// Kinds of wrong answers that users of other drivers have met, as far as no other file is about them.
describe.each(targets().filter(({ transport }) => transport === 'TCP'))('$name', (target) => {
  const schema = `right_${target.flavour}`;
  const role = `right_role_${target.flavour}`;
  let db: Database;
  beforeAll(async () => {
    db = open({ ...target.config, pool: { max: 1 }, options: `-c search_path=${schema}` });
    await db.script(`DROP SCHEMA IF EXISTS ${schema} CASCADE; CREATE SCHEMA ${schema}`);
  });
  afterAll(async () => {
    await db.script(`DROP SCHEMA ${schema} CASCADE`);
    await db.close();
  });
  const often = async (run: () => Promise<unknown>): Promise<void> => {
    for (let i = 0; i < 3; i++) await run();
  };

  it('another role has another schema of its own', async () => {
    await db.script(`DROP SCHEMA IF EXISTS ${role} CASCADE; DROP ROLE IF EXISTS ${role}; CREATE ROLE ${role};
      CREATE SCHEMA ${role} AUTHORIZATION ${role}; SET search_path = "$user", ${schema};
      CREATE TABLE ${schema}.m (id int4, v float4, d date);
      CREATE TABLE ${role}.m (id int8, v float8, d timestamp); ALTER TABLE ${role}.m OWNER TO ${role}`);
    const insert = 'INSERT INTO m VALUES ($1, $2, $3)';
    await often(() => db.exec(insert, [1, 0.5, '2024-05-06']));
    await db.exec(`SET ROLE ${role}`);
    await db.exec(insert, [4, 1234567.891, '2024-05-06 13:14:15']);
    expect((await db.query('SELECT id::text, v::float8, d::text FROM m')).rows).toEqual([
      { id: '4', v: 1234567.891, d: '2024-05-06 13:14:15' },
    ]);
    await db.exec('RESET ROLE');
    expect(await db.queryRow('SELECT count(*)::int4 AS n FROM m')).toEqual({ n: 3 });
    await db.script(
      `SET search_path = ${schema}; DROP SCHEMA ${role} CASCADE; DROP ROLE ${role}; DROP TABLE m`,
    );
  });

  it('a time is found by its instant when its column has got a zone', async () => {
    const at = new Date('2024-05-06T12:00:00+08:00');
    await db.script('CREATE TABLE t (at timestamp)');
    const find = 'SELECT count(*)::int4 AS n FROM t WHERE at = $1';
    await often(() => db.queryRow(find, [at]));
    await db.exec('ALTER TABLE t ALTER at TYPE timestamptz');
    await db.exec('INSERT INTO t VALUES ($1)', [at]);
    expect(await db.queryRow(find, [at])).toEqual({ n: 1 });
    await db.exec('DROP TABLE t');
  });

  it('names of prepared statements are of no other connection, and what has such a name stays', async () => {
    const names = async (of: Database): Promise<string[]> => {
      await often(() => of.query('SELECT 1 AS mine'));
      const { rows } = await of.query<{ name: string }>(
        `SELECT name FROM pg_prepared_statements WHERE statement = 'SELECT 1 AS mine'`,
      );
      return rows.map(({ name }) => name);
    };
    const [name = ''] = await names(db);
    const [, prefix = '', number = ''] = /^(kbn_\w+_)(\d+)$/.exec(name) ?? [];
    expect(prefix.length).toBeGreaterThan(16);
    await withDatabase(target, async (other) => {
      expect((await names(other))[0]?.startsWith(prefix)).toBe(false);
    });
    // As another client behind the same pooler might have: several in a row.
    const taken = Array.from({ length: 5 }, (_, i) => `${prefix}${Number(number) + 1 + i}`);
    await db.script(taken.map((each) => `PREPARE "${each}" AS SELECT '${each}' AS who`).join('; '));
    for (let i = 0; i < 4; i++) {
      await often(async () => expect(await db.queryRow(`SELECT ${i} AS n`)).toEqual({ n: i }));
    }
    for (const each of taken) expect(await db.queryRow(`EXECUTE "${each}"`)).toEqual({ who: each });
    await db.exec('DEALLOCATE ALL');
  });

  it('a domain over json, and arrays of domains, are what is beneath them, as parameters and as results', async () => {
    await db.script(`CREATE DOMAIN jdoc AS jsonb; CREATE DOMAIN posint AS int4 CHECK (VALUE > 0);
      CREATE TABLE dom (d jdoc, p posint[], j jdoc[])`);
    const values = [
      [1, { a: 2 }],
      [1, 2],
      [{ a: 1 }, { b: [2] }],
    ];
    await often(() => db.exec('INSERT INTO dom VALUES ($1, $2, $3)', values));
    await db.batchInsert('dom', ['d', 'p', 'j'], [values]);
    const row = { d: values[0], p: values[1], j: values[2] };
    expect((await db.query('SELECT * FROM dom')).rows).toEqual([row, row, row, row]);
    await db.transaction(async (tx) => {
      for await (const each of tx.rows('SELECT * FROM dom')) expect(each).toEqual(row);
    });
    await db.script('DROP TABLE dom; DROP DOMAIN jdoc, posint');
  });

  it('the delimiter of a type is known to a parameter that comes before any result', async () => {
    const internal = (suffix: string, from: string, to: string): string =>
      `CREATE FUNCTION geom${suffix}(${from}) RETURNS ${to} LANGUAGE internal IMMUTABLE STRICT AS 'text${suffix}'`;
    await db.script(`CREATE TYPE geom; ${internal('in', 'cstring', 'geom')}; ${internal('out', 'geom', 'cstring')};
      CREATE TYPE geom (INPUT = geomin, OUTPUT = geomout, LIKE = text, DELIMITER = ':')`);
    const points = ['POINT(1 2)', 'POINT(3,4)', 'a:b'];
    for (let i = 0; i < 3; i++) {
      expect(await db.queryRow('SELECT $1::geom[] AS g', [points])).toEqual({ g: points });
    }
  });

  it.each([
    ['a time limit of the server', '57014', `PERFORM pg_sleep(600)`, 'SET LOCAL statement_timeout = 200'],
    ['a lock', '55P03', `LOCK TABLE locked`, 'SET LOCAL lock_timeout = 50'],
  ])('%s met inside a COPY is no fault of a row', async (_what, code, body, limit) => {
    await db.script(`DROP TABLE IF EXISTS slow, locked; CREATE TABLE slow (n int4); CREATE TABLE locked (n int4);
      CREATE OR REPLACE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN IF NEW.n = 3 THEN ${body}; END IF; RETURN NEW; END $$;
      CREATE TRIGGER slowly BEFORE INSERT ON slow FOR EACH ROW EXECUTE FUNCTION slowly()`);
    await withDatabase(target, (holder) =>
      holder.transaction(async (holding) => {
        await holding.exec(`LOCK TABLE ${schema}.locked`);
        const error = await rejectionOf(
          db.transaction(async (tx) => {
            await tx.exec(limit);
            await tx.batchInsert('slow', ['n'], [[1], [2], [3], [4]], { strategy: 'copy' });
          }),
        );
        expect(error).toMatchObject({ code });
        expect(error).not.toHaveProperty('rowIndex');
      }),
    );
    await db.script('DROP TABLE slow, locked; DROP FUNCTION slowly');
  });
});
