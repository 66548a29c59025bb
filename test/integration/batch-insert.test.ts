import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  DatabaseError,
  open,
  TimeoutError,
  UsageError,
  type BatchProgress,
  type BatchRows,
  type BatchStrategy,
  type Database,
} from 'kingbase-native';
import { rejectionOf, until } from '../support/rejections.js';
import { targets } from '../support/targets.js';

const STRATEGIES: BatchStrategy[] = ['copy', 'unnest', 'values'];

/** What a call rejects with, whatever it is. */
function reasonOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
}

function numbered(count: number): [number, string][] {
  return Array.from({ length: count }, (_, i) => [i, `第 ${i} 行`]);
}

describe.each(targets())('$name', (target) => {
  let db: Database;
  let tables = 0;
  const schema = 'batch_insert_test';
  beforeAll(async () => {
    db = open(target.config);
    await db.script(`DROP SCHEMA IF EXISTS ${schema} CASCADE; CREATE SCHEMA ${schema}`);
  });
  afterAll(async () => {
    await db.script(`DROP SCHEMA ${schema} CASCADE`);
    await db.close();
  });

  /** A new table; prepared statements keep the types of the columns, so that no name is used twice. */
  async function create(columns = 'id int4 PRIMARY KEY, name text'): Promise<string> {
    const table = `${schema}.t${++tables}`;
    await db.exec(`CREATE TABLE ${table} (${columns})`);
    return table;
  }

  async function count(table: string): Promise<bigint | undefined> {
    return (await db.queryRow<{ n: bigint }>(`SELECT count(*) AS n FROM ${table}`))?.n;
  }

  describe('rows', () => {
    const given: Record<string, (rows: [number, string][]) => BatchRows> = {
      'an array of arrays': (rows) => rows,
      'an array of objects': (rows) => rows.map(([id, name]) => ({ name, other: 1, id })),
      'a generator': function* (rows) {
        yield* rows;
      },
      'a set': (rows) => new Set(rows),
      'an async generator': async function* (rows) {
        for (const row of rows) {
          if (row[0] % 700 === 0) await new Promise(setImmediate);
          yield row;
        }
      },
    };
    const cases = Object.keys(given).flatMap((kind) => STRATEGIES.map((strategy) => ({ kind, strategy })));

    it.each(cases)('$kind by $strategy', async ({ kind, strategy }) => {
      const table = await create();
      const rows = numbered(6_000);
      const result = await db.batchInsert(table, ['id', 'name'], given[kind]!(rows), { strategy });
      expect(result).toEqual({
        rowsInserted: 6_000,
        strategy,
        reason: 'It was asked for.',
        badRows: [],
      });
      const stored = await db.query(`SELECT * FROM ${table} ORDER BY id`, [], { rowMode: 'array' });
      expect(stored.rows).toEqual(rows);
    });

    it('that are none need no server', async () => {
      const result = await db.batchInsert('no_such_table', ['a'], []);
      expect(result).toMatchObject({ rowsInserted: 0, badRows: [] });
    });

    it('that are no rows are refused', async () => {
      const table = await create();
      for (const rows of [Promise.resolve([]), 5, null, { id: 1 }] as unknown as BatchRows[]) {
        expect(await rejectionOf(db.batchInsert(table, ['id'], rows))).toMatchObject({
          code: 'KB_BAD_PARAMETER',
        });
      }
      for (const strategy of STRATEGIES) {
        const bad: [unknown, object][] = [
          [[1], { rowIndex: 1 }],
          [[1, 'a', 2], { rowIndex: 1 }],
          ['ab', { rowIndex: 1 }],
          [null, { rowIndex: 1 }],
          [{ id: 1 }, { rowIndex: 1 }],
        ];
        for (const [row, place] of bad) {
          const rows = [[0, 'a'], row] as BatchRows;
          const error = await rejectionOf(db.batchInsert(table, ['id', 'name'], rows, { strategy }));
          expect(error).toBeInstanceOf(UsageError);
          expect(error).toMatchObject({ code: 'KB_BAD_PARAMETER', ...place });
        }
        const misspelled = db.batchInsert(table, ['id', 'name'], [{ id: 1, nmae: 'a' }], { strategy });
        expect(await rejectionOf(misspelled)).toMatchObject({ rowIndex: 0, column: 'name' });
      }
      expect(await count(table)).toBe(0n);
    });
  });

  describe('auto', () => {
    it('is COPY in binary where every column has a binary form, else in text', async () => {
      const binary = await create('id int4, name text');
      expect(await db.batchInsert(binary, ['id', 'name'], numbered(1_000))).toMatchObject({
        rowsInserted: 1_000,
        strategy: 'copy',
        reason: 'COPY in binary is the quickest for these columns.',
      });
      const text = await create('id int4, span interval');
      const spans = Array.from({ length: 1_000 }, (_, i) => [i, `${i} days`]);
      expect(await db.batchInsert(text, ['id', 'span'], spans)).toMatchObject({
        strategy: 'copy',
        reason: 'COPY in text is the quickest for these columns.',
      });
      expect(await db.queryRow(`SELECT max(span) AS most FROM ${text}`)).toEqual({ most: '999 days' });
    });

    it('goes over to text at a value without a binary form', async () => {
      const table = await create('id int4, at timestamptz');
      const rows = Array.from({ length: 3_000 }, (_, i) => [i, i === 1_234 ? 'yesterday' : new Date(i)]);
      const result = await db.batchInsert(table, ['id', 'at'], rows);
      expect(result).toMatchObject({ rowsInserted: 3_000, strategy: 'copy' });
      expect(result.reason).toContain('From row 1234 on in text, because of a value of the column "at".');
      expect(await db.queryRow(`SELECT at FROM ${table} WHERE id = 2999`)).toEqual({ at: new Date(2_999) });
    });

    it('is one statement for a few rows', async () => {
      const table = await create();
      expect(await db.batchInsert(table, ['id', 'name'], numbered(10))).toMatchObject({
        rowsInserted: 10,
        strategy: 'unnest',
      });
    });

    it('is an INSERT where COPY would do something else', async () => {
      const table = await create('id int4 GENERATED ALWAYS AS IDENTITY, name text');
      const refused = await rejectionOf(db.batchInsert(table, ['id', 'name'], numbered(1_000)));
      expect(refused).toMatchObject({ code: '428C9' });
      const view = `${schema}.v${tables}`;
      await db.exec(`CREATE VIEW ${view} AS SELECT name FROM ${table}`);
      const names = numbered(1_000).map(([, name]) => [name]);
      expect(await db.batchInsert(view, ['name'], names)).toMatchObject({
        rowsInserted: 1_000,
        strategy: 'unnest',
      });
      await db.script(`CREATE RULE twice AS ON INSERT TO ${table} DO ALSO NOTIFY batch_rule`);
      const { reason } = await db.batchInsert(table, ['name'], names);
      expect(reason).toContain('it has rules');
    });

    it('takes by their text values of which there are no arrays', async () => {
      const table = await create('id int4, tags text[]');
      const rows = Array.from({ length: 2_500 }, (_, i) => [i, [`${i}`, null, 'a,b']]);
      const result = await db.batchInsert(table, ['id', 'tags'], rows, { returning: ['tags'] });
      expect(result).toMatchObject({ rowsInserted: 2_500, strategy: 'unnest' });
      expect(result.rows?.[2_499]).toEqual({ tags: ['2499', null, 'a,b'] });
      expect(await db.batchInsert(table, ['id', 'tags'], rows)).toMatchObject({ strategy: 'copy' });
    });

    it('has the server speak of what is not there', async () => {
      const rows = numbered(1_000);
      const noTable = await rejectionOf(db.batchInsert(`${schema}.nothing`, ['id', 'name'], rows));
      expect(noTable).toMatchObject({ code: '42P01' });
      const table = await create();
      const noColumn = await rejectionOf(db.batchInsert(table, ['id', 'nmae'], rows));
      expect(noColumn).toMatchObject({ code: '42703' });
    });
  });

  it('names are identifiers as they stand', async () => {
    const name = 'Ta"ble; DROP';
    await db.exec(`CREATE TABLE ${schema}."Ta""ble; DROP" ("a.b" int4, "select" text, "C" int4[])`);
    for (const strategy of ['auto', 'copy', 'values'] as const) {
      const rows = [{ 'a.b': 1, select: 'x', C: [1] }];
      await db.batchInsert([schema, name], ['a.b', 'select', 'C'], rows, { strategy });
    }
    const { rows } = await db.query(`SELECT DISTINCT * FROM ${schema}."Ta""ble; DROP"`);
    expect(rows).toEqual([{ 'a.b': 1, select: 'x', C: [1] }]);
  });

  it.each(['unnest', 'values'] as const)('returning and onConflict by %s', async (strategy) => {
    const table = await create();
    const first = await db.batchInsert(table, ['id', 'name'], numbered(1_500), {
      strategy,
      chunkRows: 400,
      returning: ['id'],
    });
    expect(first.rows).toEqual(numbered(1_500).map(([id]) => ({ id })));
    const again = numbered(1_600).map(([id]) => ({ id, name: 'new' }));
    const ignored = await db.batchInsert(table, ['id', 'name'], again, { strategy, onConflict: 'ignore' });
    expect(ignored.rowsInserted).toBe(100);
    const updated = await db.batchInsert(table, ['id', 'name'], again.slice(0, 3), {
      strategy,
      onConflict: { update: ['name'], target: ['id'] },
      returning: true,
    });
    expect(updated).toMatchObject({ rowsInserted: 3, rows: again.slice(0, 3) });
    for (const option of [{ returning: true }, { onConflict: 'ignore' }] as const) {
      const byCopy = db.batchInsert(table, ['id', 'name'], again, { strategy: 'copy', ...option });
      expect(await rejectionOf(byCopy)).toMatchObject({ code: 'KB_BAD_OPTION' });
    }
  });

  it('reads and writes values by the types of the call', async () => {
    const table = await create('id int4, price numeric');
    const types = {
      numeric: {
        parse: (text: string) => ({ cents: Math.round(Number(text) * 100) }),
        serialize: (value: unknown) => ((value as { cents: number }).cents / 100).toFixed(2),
      },
    };
    const rows = Array.from({ length: 500 }, (_, i) => [i, { cents: i }]);
    for (const strategy of STRATEGIES) {
      await db.exec(`TRUNCATE ${table}`);
      await db.batchInsert(table, ['id', 'price'], rows, { strategy, types });
      const { rows: stored } = await db.query(`SELECT * FROM ${table} ORDER BY id`, [], {
        types,
        rowMode: 'array',
      });
      expect(stored).toEqual(rows);
    }
    const { rows: returned } = await db.batchInsert(table, ['id', 'price'], rows, { returning: true, types });
    expect(returned?.[7]).toEqual({ id: 7, price: { cents: 7 } });
  });

  it('learns anew what a table has become', async () => {
    const table = await create('id int4, v int4');
    const rows = Array.from({ length: 1_000 }, (_, i) => [i, 1]);
    await db.batchInsert(table, ['id', 'v'], rows);
    // As large as before: the bytes of an integer would be taken for a very small number.
    await db.exec(`ALTER TABLE ${table} ALTER v TYPE float4`);
    await db.batchInsert(table, ['id', 'v'], rows);
    expect(await db.queryRow(`SELECT sum(v) AS sum FROM ${table}`)).toEqual({ sum: 2_000 });
    for (const type of ['int4', 'float4']) {
      await db.batchInsert(table, ['id', 'v'], [[1, 0]], { strategy: 'values', chunkRows: 1 });
      await db.exec(`TRUNCATE ${table}`);
      await db.exec(`ALTER TABLE ${table} ALTER v TYPE ${type}`);
      await db.batchInsert(table, ['id', 'v'], rows.concat(rows), { strategy: 'values', chunkRows: 250 });
      expect(await db.queryRow(`SELECT sum(v)::int4 AS sum FROM ${table}`)).toEqual({ sum: 2_000 });
    }
    let chunk = 0;
    async function* changing(): AsyncGenerator<unknown[]> {
      for (const row of rows) {
        yield row;
        // The second chunk is taken when the first has been committed.
        if (++chunk === 500) await db.exec(`ALTER TABLE ${table} ALTER v TYPE int4`);
      }
    }
    await db.batchInsert(table, ['id', 'v'], changing(), {
      ...{ strategy: 'copy', transaction: 'perChunk', chunkRows: 250 },
    } as const);
    expect(await db.queryRow(`SELECT sum(v) AS sum FROM ${table}`)).toEqual({ sum: 3_000n });
  });

  describe('a row that is refused', () => {
    it.each(STRATEGIES)(
      'by the server, %s: nothing is inserted, and the error says where',
      async (strategy) => {
        const table = await create('id int4 PRIMARY KEY, size int2 NOT NULL CHECK (size <> 13)');
        await db.batchInsert(table, ['id', 'size'], [[-1, 1]]);
        const good = (): [number, unknown][] => Array.from({ length: 4_000 }, (_, i) => [i, i % 10]);
        const cases: [value: [number, unknown], expected: object][] = [
          [[3_210, 70_000], { code: '22003', column: 'size', valueType: 'number' }],
          [[3_210, 'many'], { code: '22P02', column: 'size', valueType: 'string' }],
          [[3_210, null], { code: '23502', column: 'size', valueType: 'null' }],
          [[3_210, 13], { code: '23514' }],
          [[-1, 1], { code: '23505' }],
          [[5, 1], { code: '23505' }],
        ];
        for (const [row, expected] of cases) {
          const rows = good();
          rows[3_210] = row;
          const error = await rejectionOf(
            db.batchInsert(table, ['id', 'size'], rows, { strategy, chunkRows: 900 }),
          );
          expect(error).toBeInstanceOf(DatabaseError);
          expect(error).toMatchObject({ rowIndex: 3_210, ...expected });
        }
        expect(await count(table)).toBe(1n);
        expect(db.stats().inUse).toBe(0);
      },
    );

    it.each(STRATEGIES)('by a foreign key, %s', async (strategy) => {
      const parent = await create();
      const child = await create(`id int4, parent int4 REFERENCES ${parent}`);
      await db.batchInsert(parent, ['id', 'name'], numbered(10));
      const rows = Array.from({ length: 2_000 }, (_, i) => [i, i === 777 ? 11 : i % 10]);
      const error = await rejectionOf(db.batchInsert(child, ['id', 'parent'], rows, { strategy }));
      expect(error).toMatchObject({ code: '23503', rowIndex: 777 });
      expect(await count(child)).toBe(0n);
    });

    it.each(STRATEGIES)('before it is sent, %s', async (strategy) => {
      const table = await create();
      const rows: unknown[][] = numbered(3_000);
      rows[2_500] = [2_500, Promise.resolve('x')];
      const error = await rejectionOf(db.batchInsert(table, ['id', 'name'], rows, { strategy }));
      expect(error).toBeInstanceOf(UsageError);
      expect(error).toMatchObject({
        code: 'KB_BAD_PARAMETER',
        rowIndex: 2_500,
        column: 'name',
        valueType: 'Promise',
        message: 'Column "name" of row 2500 is a Promise: did you forget await?',
      });
      expect(await count(table)).toBe(0n);
    });

    it('is refused by the server while further rows are awaited', async () => {
      const table = await create('id int4 CHECK (id >= 0), filling text');
      const filling = 'x'.repeat(1_000);
      const failed = async (): Promise<boolean> => {
        const sql = `SELECT 1 FROM pg_stat_activity WHERE state = 'idle in transaction (aborted)' AND query LIKE $1`;
        return (await db.queryRow(sql, [`COPY%${table.split('.')[1]}"%`])) !== undefined;
      };
      async function* rows(): AsyncGenerator<unknown[]> {
        for (let i = 0; i < 1_000; i++) yield [i === 5 ? -1 : i, filling];
        await until('the server to have refused a row', failed);
        yield [1_000, filling];
      }
      const error = await rejectionOf(db.batchInsert(table, ['id', 'filling'], rows()));
      expect(error).toMatchObject({ code: '23514', rowIndex: 5 });
    });

    it.each([
      ['of a source without an end', undefined],
      ['although the time limit came first', 2_000],
    ])('is refused soon, %s', async (_what, timeout) => {
      const table = await create();
      let taken = 0;
      function* endless(): Generator<[number, string]> {
        for (; timeout !== undefined || taken < 2_000_000; taken++) yield [taken === 5 ? 0 : taken, '行'];
      }
      const error = await rejectionOf(db.batchInsert(table, ['id', 'name'], endless(), { timeout }));
      expect(error).toMatchObject({ code: '23505', rowIndex: 5 });
      expect(taken).toBeLessThan(100_000);
      expect(await count(table)).toBe(0n);
    });

    it('had been refused when the time was up while further rows were awaited', async () => {
      const table = await create('id int4 CHECK (id >= 0), filling text');
      const filling = 'x'.repeat(1_000);
      async function* rows(): AsyncGenerator<unknown[]> {
        for (let i = 0; i < 300; i++) yield [i === 5 ? -1 : i, filling];
        await new Promise<never>(() => undefined);
      }
      const batch = db.batchInsert(table, ['id', 'filling'], rows(), { chunkRows: 300, timeout: 1_000 });
      expect(await rejectionOf(batch)).toMatchObject({ code: '23514', rowIndex: 5 });
      // The connection may still have something to tidy up.
      await expect.poll(() => db.stats().inUse).toBe(0);
    });

    it('is not looked for where the rows must come together', async () => {
      const table = await create('id int4 PRIMARY KEY, name text, parent int4');
      await db.script(`ALTER TABLE ${table} ADD FOREIGN KEY (parent) REFERENCES ${table}`);
      function* childrenFirst(): Generator<unknown[]> {
        for (let i = 0; i < 20_000; i++) yield [i, '行', 20_000];
        yield [20_000, '行', null];
      }
      const result = await db.batchInsert(table, ['id', 'name', 'parent'], childrenFirst());
      expect(result).toMatchObject({ rowsInserted: 20_001, strategy: 'copy' });
    });

    it.each(STRATEGIES)('is left out and told, where that is asked for: %s', async (strategy) => {
      const parent = await create();
      await db.batchInsert(parent, ['id', 'name'], numbered(10));
      const table = await create(`id int4 PRIMARY KEY, size int2, parent int4 REFERENCES ${parent}`);
      const rows: unknown[] = Array.from({ length: 3_000 }, (_, i) => [i, i % 10, i % 10]);
      const bad: [index: number, row: unknown, expected: object][] = [
        [0, [0, 0], { code: 'KB_BAD_PARAMETER' }],
        [1, [1, 1, 77], { code: '23503' }],
        [999, [0.5, 1, 1], { code: '22P02', column: 'id', valueType: 'number' }],
        [1_000, [5, 1, 1], { code: '23505' }],
        [1_001, [1_001, () => 1, 1], { code: 'KB_BAD_PARAMETER', column: 'size', valueType: 'function' }],
        [2_999, [2_999, 40_000, 1], { code: '22003' }],
      ];
      for (const [index, row] of bad) rows[index] = row;
      for (const transaction of ['whole', 'perChunk'] as const) {
        await db.exec(`TRUNCATE ${table}`);
        const result = await db.batchInsert(table, ['id', 'size', 'parent'], rows as unknown[][], {
          strategy,
          chunkRows: 800,
          transaction,
          onBadRow: 'collect',
        });
        expect(result).toMatchObject({ rowsInserted: 3_000 - bad.length, strategy });
        expect(result.badRows).toMatchObject(
          bad.map(([index, , expected]) => ({ index, error: { rowIndex: index, ...expected } })),
        );
        expect(await count(table)).toBe(BigInt(3_000 - bad.length));
      }
    });

    it('does not hide what concerns all rows', async () => {
      const options = { onBadRow: 'collect' } as const;
      const error = await rejectionOf(db.batchInsert(`${schema}.nothing`, ['id'], [[1]], options));
      expect(error).toMatchObject({ code: '42P01' });
    });
  });

  it.each(STRATEGIES)('chunks for themselves stay when a later one fails: %s', async (strategy) => {
    const table = await create();
    const rows: unknown[][] = numbered(1_000);
    rows[777] = ['seven', 'x'];
    const progress: number[] = [];
    const inserting = db.batchInsert(table, ['id', 'name'], rows, {
      strategy,
      chunkRows: 100,
      transaction: 'perChunk',
      onProgress: ({ rows: sent }) => progress.push(sent),
    });
    expect(await rejectionOf(inserting)).toMatchObject({ code: '22P02', rowIndex: 777, column: 'id' });
    expect(await count(table)).toBe(700n);
    expect(progress).toEqual([100, 200, 300, 400, 500, 600, 700]);
  });

  describe('transactions', () => {
    it.each(STRATEGIES)('a batch is part of the one it is called on: %s', async (strategy) => {
      const table = await create();
      const transaction = await db.begin();
      await transaction.batchInsert(table, ['id', 'name'], numbered(1_000), { strategy });
      expect(await count(table)).toBe(0n);
      // What has failed is undone as a whole, and the transaction goes on.
      const bad: unknown[][] = numbered(2_000).slice(1_000);
      bad[900] = [5, 'there already'];
      const failing = transaction.batchInsert(table, ['id', 'name'], bad, { strategy, chunkRows: 100 });
      expect(await rejectionOf(failing)).toMatchObject({ code: '23505', rowIndex: 900 });
      const late: unknown[][] = numbered(2_000).slice(1_000);
      late[900] = [1_900, Symbol('no')];
      const unwritable = transaction.batchInsert(table, ['id', 'name'], late, { strategy, chunkRows: 100 });
      expect(await rejectionOf(unwritable)).toMatchObject({ rowIndex: 900 });
      expect(await rejectionOf(transaction.batchInsert(table, ['nmae'], [[1]]))).toMatchObject({
        code: '42703',
      });
      const perChunk = transaction.batchInsert(table, ['id'], [[1]], { transaction: 'perChunk' });
      expect(await rejectionOf(perChunk)).toMatchObject({ code: 'KB_BAD_OPTION' });
      await transaction.commit();
      expect(await count(table)).toBe(1_000n);
    });

    it('a connection begins one only where none is open', async () => {
      const table = await create();
      await using connection = await db.connect();
      await connection.batchInsert(table, ['id', 'name'], numbered(1_000));
      expect(await count(table)).toBe(1_000n);
      await connection.script('BEGIN');
      await connection.batchInsert(table, ['id', 'name'], [[-1, 'in it']], { strategy: 'copy' });
      const failing = connection.batchInsert(table, ['id', 'name'], numbered(1_000));
      expect(await rejectionOf(failing)).toMatchObject({ code: '23505', rowIndex: 0 });
      await connection.script('COMMIT');
      expect(await count(table)).toBe(1_001n);
    });
  });

  describe('an end before the end', () => {
    /** Rows without end; notes when nobody wants more. */
    function endless(): { rows: AsyncGenerator<unknown[]>; closed: Promise<void>; given: Promise<void> } {
      let close = (): void => undefined;
      let give = (): void => undefined;
      const closed = new Promise<void>((resolve) => (close = resolve));
      const given = new Promise<void>((resolve) => (give = resolve));
      const rows = async function* (): AsyncGenerator<unknown[]> {
        try {
          for (let i = 0; ; i++) {
            yield [i, 'x'.repeat(100)];
            if (i % 100 === 0) await new Promise(setImmediate);
            if (i === 10_000) give();
          }
        } finally {
          close();
        }
      };
      return { rows: rows(), closed, given };
    }

    it.each(STRATEGIES)('by the signal: %s', async (strategy) => {
      const table = await create();
      const controller = new AbortController();
      const { rows, closed, given } = endless();
      const inserting = db.batchInsert(table, ['id', 'name'], rows, { strategy, signal: controller.signal });
      const rejection = reasonOf(inserting);
      await given;
      const reason = new Error('enough');
      controller.abort(reason);
      expect(await rejection).toBe(reason);
      await closed;
      expect(await count(table)).toBe(0n);
      expect(db.stats().inUse).toBe(0);
      const before = db.batchInsert(table, ['id', 'name'], numbered(1), { signal: controller.signal });
      expect(await reasonOf(before)).toBe(reason);
    });

    it('by the time limit, while the next row is awaited', async () => {
      const table = await create();
      async function* rows(): AsyncGenerator<unknown[]> {
        for (const row of numbered(3_000)) yield row;
        await new Promise(() => undefined);
      }
      const error = await rejectionOf(db.batchInsert(table, ['id', 'name'], rows(), { timeout: 300 }));
      expect(error).toBeInstanceOf(TimeoutError);
      expect(error).toMatchObject({ code: 'KB_TIMEOUT', operation: 'batch', timeout: 300 });
      expect(await count(table)).toBe(0n);
    });

    it.each(STRATEGIES)('by an error of whoever makes the rows: %s', async (strategy) => {
      const table = await create();
      const broken = new Error('the file ends in the middle of a line');
      function* rows(): Generator<unknown[]> {
        yield* numbered(7_000);
        throw broken;
      }
      expect(await reasonOf(db.batchInsert(table, ['id', 'name'], rows(), { strategy }))).toBe(broken);
      expect(await count(table)).toBe(0n);
      expect(db.stats().inUse).toBe(0);
    });

    it('by the loss of the connection', async () => {
      const table = await create();
      async function* rows(): AsyncGenerator<unknown[]> {
        yield* numbered(10_000);
        await db.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE $1`, [
          `COPY%${table.split('.')[1]}"%`,
        ]);
        yield* numbered(20_000).slice(10_000);
      }
      const error = await rejectionOf(db.batchInsert(table, ['id', 'name'], rows()));
      expect(error).toMatchObject({ code: 'KB_CONNECTION_LOST', outcome: 'unknown' });
      expect(await count(table)).toBe(0n);
    });
  });

  it('rows are taken only as fast as the server takes them', async () => {
    const table = await create();
    let taken = 0;
    function* rows(): Generator<unknown[]> {
      for (const row of numbered(100_000)) {
        taken++;
        yield row;
      }
    }
    const lock = await db.begin();
    await lock.exec(`LOCK TABLE ${table}`);
    const inserting = db.batchInsert(table, ['id', 'name'], rows());
    const waits = `SELECT 1 FROM pg_locks WHERE NOT granted AND relation = $1::regclass`;
    await until(
      'the COPY to wait for the lock',
      async () => (await db.queryRow(waits, [table])) !== undefined,
    );
    expect(taken).toBeLessThanOrEqual(2_000);
    await lock.rollback();
    expect((await inserting).rowsInserted).toBe(100_000);
  });

  it('says how far it has come, and lets others have their turn', async () => {
    const table = await create();
    let turns = 0;
    let going = true;
    const turn = (): void => {
      turns++;
      if (going) setImmediate(turn);
    };
    setImmediate(turn);
    const told: BatchProgress[] = [];
    // Nothing is waited for between the rows: without rests the loop would stand still.
    await db.batchInsert(table, ['id', 'name'], numbered(200_000), {
      onProgress: (each) => told.push({ ...each }),
    });
    going = false;
    expect(turns).toBeGreaterThan(5);
    expect(told.length).toBeGreaterThan(5);
    expect(told.at(-1)).toMatchObject({ rows: 200_000 });
    expect(told.every(({ rows, bytes, rate }) => rows > 0 && bytes > rows && rate > 0)).toBe(true);
    expect(told.map(({ rows }) => rows)).toEqual([...told].map(({ rows }) => rows).sort((a, b) => a - b));
    const thrown = new Error('from onProgress');
    const stopped = db.batchInsert(table, ['id', 'name'], [[-1, 'x']], {
      strategy: 'copy',
      onProgress: () => {
        throw thrown;
      },
    });
    expect(await reasonOf(stopped)).toBe(thrown);
    expect(await count(table)).toBe(200_000n);
  });

  it.each([
    [{ stategy: 'copy' }, 'did you mean "strategy"?'],
    [{ strategy: 'fast' }, '"strategy" must be one of'],
    [{ strategy: 'bind', returning: true }, 'The strategy "bind" cannot be used with'],
    [{ chunkRows: 0 }, '"chunkRows"'],
    [{ returning: [] }, '"returning"'],
    [{ onConflict: { update: ['a'] } }, '"onConflict.target"'],
    [{ onConflict: 'skip' }, '"onConflict"'],
    [{ transaction: 'none' }, '"transaction"'],
    [{ timeout: -1 }, '"timeout"'],
    [{ onProgress: 1 }, '"onProgress"'],
  ])('refuses %j', async (options, message) => {
    const error = await rejectionOf(db.batchInsert('t', ['a'], [[1]], options as object));
    expect(error).toMatchObject({ code: 'KB_BAD_OPTION' });
    expect(error.message).toContain(message);
  });

  it('refuses columns that are none', async () => {
    for (const columns of [[], 'a', [1], undefined] as unknown as string[][]) {
      expect(await rejectionOf(db.batchInsert('t', columns, [[1]]))).toMatchObject({ code: 'KB_BAD_OPTION' });
    }
    expect(await rejectionOf(db.batchInsert('', ['a'], [[1]]))).toMatchObject({ code: 'KB_BAD_IDENTIFIER' });
  });
});
