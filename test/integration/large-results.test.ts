import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, type Connection, type Database } from 'kingbase-native';
import { rejectionOf } from '../support/rejections.js';
import { targets } from '../support/targets.js';

interface Row {
  i: number;
  text: string;
  odd: boolean | null;
}

const upTo = (n: number, width: number): Row[] =>
  Array.from({ length: n }, (_, at) => ({
    i: at + 1,
    text: 'x'.repeat(width),
    odd: (at + 1) % 3 === 0 ? null : (at + 1) % 2 === 1,
  }));

/** A statement whose result was large is read in parts from then on, in those that the library can give. */
describe.each(targets())('large results on $name', ({ config, flavour }) => {
  const SOME = `SELECT i, repeat('x', $2::int4) AS text, CASE WHEN i % 3 <> 0 THEN i % 2 = 1 END AS odd
    FROM generate_series(1, $1::int4) AS i`;
  let db: Database;
  let connection: Connection;
  beforeAll(async () => {
    db = open(config, { pool: { max: 1 } });
    connection = await db.connect();
  });
  afterAll(async () => {
    await connection.release();
    await db.close();
  });

  it('the library says what it can', () => {
    const { capabilities, version } = db.clientLibrary();
    expect(capabilities.singleRowMode).toBe(true);
    expect(capabilities.chunkedRowsMode).toBe(flavour === 'libpq' && version >= 170_000);
  });

  it('are the same however they are read', async () => {
    // The first is prepared with the second, so the third is the first that is read in parts.
    for (const n of [4000, 4000, 4000, 4001, 4095, 4096, 4097, 20_000, 3, 0, 4000, 12_800, 12_801]) {
      const { rows, command, rowCount } = await connection.query<Row>(SOME, [n, 60]);
      expect(rows).toEqual(upTo(n, 60));
      expect({ command, rowCount }).toEqual({ command: 'SELECT', rowCount: n });
    }
  });

  it('whose rows become wider, and narrow again', async () => {
    for (const [n, width] of [
      [4000, 20],
      [4000, 20],
      [200, 20_000],
      [200, 20_000],
      [10, 1_000_000],
      [10, 1_000_000],
      [5000, 1],
      [40_000, 1],
      [40_000, 1],
    ] as const) {
      expect((await connection.query<Row>(SOME, [n, width])).rows).toEqual(upTo(n, width));
    }
  });

  it('of a statement that changes something', async () => {
    await connection.exec('CREATE TEMPORARY TABLE large_results (i int4, text text)');
    const insert = `INSERT INTO large_results SELECT i, repeat('x', 100) FROM generate_series(1, $1::int4) AS i RETURNING i, text`;
    for (const n of [3000, 3000, 3001, 3002]) {
      const { rows, command, rowCount } = await connection.query<Row>(insert, [n]);
      expect(rows).toHaveLength(n);
      expect(rows.at(-1)).toEqual({ i: n, text: 'x'.repeat(100) });
      expect({ command, rowCount }).toEqual({ command: 'INSERT', rowCount: n });
    }
    await connection.exec('DROP TABLE large_results');
  });

  it('that fail in the middle, or are ended by their limit', async () => {
    const failing = `SELECT i, repeat('x', 100) AS text, 1 / ($1::int4 - i) AS v FROM generate_series(1, 5000) AS i`;
    for (let n = 0; n < 3; n++) expect((await connection.query(failing, [9999])).rows).toHaveLength(5000);
    expect(await rejectionOf(connection.query(failing, [4321]))).toMatchObject({ code: '22012' });
    expect((await connection.query(failing, [9999])).rows).toHaveLength(5000);
    const slow = `SELECT i, repeat('x', 100) AS text, CASE WHEN i > $1::int4 THEN pg_sleep(100) END FROM generate_series(1, 5000) AS i`;
    for (let n = 0; n < 3; n++) expect((await connection.query(slow, [9999])).rows).toHaveLength(5000);
    expect(await rejectionOf(connection.query(slow, [4321], { timeout: 100 }))).toMatchObject({
      code: 'KB_TIMEOUT',
    });
    expect((await connection.query(slow, [9999])).rows).toHaveLength(5000);
  });
});
