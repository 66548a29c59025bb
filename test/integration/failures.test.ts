import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  DatabaseError,
  open,
  UsageError,
  type Connection,
  type Database,
  type Notice,
} from 'kingbase-native';
import { expectNoSecret, PASSWORD, rejectionOf } from '../support/rejections.js';
import { targets } from '../support/targets.js';

describe.each(targets())('$name:', ({ config }) => {
  let db: Database;
  let checkedOut: Connection[];

  beforeEach(() => {
    db = open({ ...config, password: PASSWORD });
    checkedOut = [];
  });

  afterEach(async () => {
    expectNoSecret(db);
    // Also after a test that failed, which would hold up the closing otherwise.
    await Promise.all(checkedOut.map((connection) => connection.release()));
    await db.close();
  });

  async function checkOut(): Promise<Connection> {
    const connection = await db.connect();
    checkedOut.push(connection);
    return connection;
  }

  const works = async (queryable: Database | Connection): Promise<void> => {
    expect(await queryable.queryRow('SELECT $1::int4 AS number', [7])).toEqual({ number: 7 });
  };

  describe('what the server reports', () => {
    it.each([
      ['SELEC 1', 'syntax_error', '42601', 1],
      ['SELECT 1 FROM', 'syntax_error', '42601', 14],
      // Counted in characters: not in bytes and not in UTF-16 units.
      ['SELECT \'金仓😀\', "没有"', 'undefined_column', '42703', 15],
      ['SELECT * FROM no_such_table', 'undefined_table', '42P01', 15],
    ])('of %s', async (sql, condition, code, position) => {
      const error = await rejectionOf(db.query(sql));
      expect(error).toBeInstanceOf(DatabaseError);
      expect(error).toMatchObject({ code, condition, position, severity: 'ERROR', retryable: false });
      await works(db);
    });

    it('of a violated constraint, with the names of all that is concerned', async () => {
      const connection = await checkOut();
      await connection.script(`
        DROP SCHEMA IF EXISTS "货物" CASCADE; CREATE SCHEMA "货物"; SET search_path TO "货物";
        CREATE TABLE owner (id int4 PRIMARY KEY);
        CREATE DOMAIN percentage AS int4 CONSTRAINT percentage_range CHECK (VALUE BETWEEN 0 AND 100);
        CREATE TABLE parcel (
          id int4 CONSTRAINT parcel_key PRIMARY KEY,
          owner int4 CONSTRAINT parcel_owner REFERENCES owner,
          label text NOT NULL,
          weight int4 CONSTRAINT parcel_weight CHECK (weight > 0),
          discount percentage);
        INSERT INTO parcel VALUES (1, NULL, '甲', 1)`);
      const violation = async (values: string): Promise<unknown> => {
        const error = await rejectionOf(connection.exec(`INSERT INTO parcel VALUES (${values})`));
        expect(error).toBeInstanceOf(DatabaseError);
        return error;
      };
      const where = { schema: '货物', table: 'parcel', severity: 'ERROR' };

      expect(await violation(`1, NULL, '乙', 1`)).toMatchObject({
        ...where,
        code: '23505',
        condition: 'unique_violation',
        constraint: 'parcel_key',
        detail: 'Key (id)=(1) already exists.',
      });
      expect(await violation('2, NULL, NULL, 1')).toMatchObject({
        ...where,
        code: '23502',
        condition: 'not_null_violation',
        column: 'label',
        detail: 'Failing row contains (2, null, null, 1, null).',
      });
      expect(await violation(`3, 99, '丙', 1`)).toMatchObject({
        ...where,
        code: '23503',
        condition: 'foreign_key_violation',
        constraint: 'parcel_owner',
        detail: 'Key (owner)=(99) is not present in table "owner".',
      });
      expect(await violation(`4, NULL, '丁', -1`)).toMatchObject({
        ...where,
        code: '23514',
        condition: 'check_violation',
        constraint: 'parcel_weight',
        detail: 'Failing row contains (4, null, 丁, -1, null).',
      });
      expect(await violation(`5, NULL, '戊', 1, 101`)).toMatchObject({
        code: '23514',
        schema: '货物',
        dataType: 'percentage',
        constraint: 'percentage_range',
      });
      await works(connection);
    });

    it('of server-side code: hint, detail, call stack and the statement in it', async () => {
      const raised = await rejectionOf(
        db.script(`DO $$ BEGIN
          RAISE EXCEPTION '没有库存' USING ERRCODE = 'KB001', DETAIL = 'shelf 3', HINT = 'Order more.';
        END $$`),
      );
      expect(raised).toMatchObject({
        code: 'KB001',
        condition: undefined,
        message: '没有库存',
        detail: 'shelf 3',
        hint: 'Order more.',
        where: expect.stringContaining('PL/pgSQL') as unknown,
      });
      const inner = await rejectionOf(db.script(`DO $$ BEGIN EXECUTE 'SELECT 1 +'; END $$`));
      expect(inner).toMatchObject({ code: '42601', internalQuery: 'SELECT 1 +', internalPosition: 11 });
      await works(db);
    });

    it('of a script, whose statements before the failure are undone', async () => {
      await db.script('DROP TABLE IF EXISTS half_done');
      const error = await rejectionOf(db.script('CREATE TABLE half_done (n int4); SELECT 1/0; SELECT 2'));
      expect(error).toMatchObject({ code: '22012', condition: 'division_by_zero' });
      expect(await db.queryRow(`SELECT to_regclass('half_done') AS found`)).toEqual({ found: null });
    });

    it('after rows of the same statement have come', async () => {
      const sql = 'SELECT 1 / (4999 - n) AS q FROM generate_series(0, 9999) AS n';
      for (let i = 0; i < 3; i++) {
        expect(await rejectionOf(db.query(sql))).toMatchObject({ code: '22012' });
      }
      await works(db);
    });

    it('of a transaction that has failed already', async () => {
      const connection = await checkOut();
      await connection.exec('BEGIN');
      expect(await rejectionOf(connection.query('SELECT 1/0'))).toMatchObject({ code: '22012' });
      expect(await rejectionOf(connection.query('SELECT 1'))).toMatchObject({
        code: '25P02',
        condition: 'in_failed_sql_transaction',
      });
      await connection.exec('ROLLBACK');
      await works(connection);
    });

    it('as a notice or a warning, in order and before the result', async () => {
      const seen: (Notice | string)[] = [];
      const listener = (notice: Notice): void => {
        seen.push(notice);
      };
      db.on('notice', listener);
      await db.script(`DO $$ BEGIN
        RAISE NOTICE '第 % 个', 1;
        RAISE WARNING 'careful' USING DETAIL = 'd', HINT = 'h', ERRCODE = '01004';
      END $$`);
      seen.push('done');
      await db.query(`DROP TABLE IF EXISTS never_there`);
      expect(seen).toMatchObject([
        { severity: 'NOTICE', code: '00000', message: '第 1 个' },
        { severity: 'WARNING', code: '01004', message: 'careful', detail: 'd', hint: 'h' },
        'done',
        { severity: 'NOTICE', code: '00000', message: 'table "never_there" does not exist, skipping' },
      ]);
      db.off('notice', listener);
      await db.query(`DROP TABLE IF EXISTS never_there`);
      expect(seen).toHaveLength(4);
    });
  });

  describe('a statement that the driver cannot run', () => {
    it('leaves the connection usable', async () => {
      for (const sql of [
        'COPY (SELECT 1) TO STDOUT',
        'COPY pg_temp.nowhere FROM STDIN',
        'SELECT 1\0',
        'SELECT 1; SELECT 2',
      ]) {
        await rejectionOf(db.query(sql));
        await works(db);
      }
      expect(await rejectionOf(db.query('COPY (SELECT 1) TO STDOUT'))).toBeInstanceOf(UsageError);
      expect(await rejectionOf(db.query('SELECT $1::int4', ['a\0b']))).toBeInstanceOf(UsageError);
      const parameters = Array.from({ length: 70_000 }, () => 1);
      expect(await rejectionOf(db.query('SELECT 1', parameters))).toBeInstanceOf(UsageError);
      await works(db);
    });
  });
});
