import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, type Connection, type Database } from 'kingbase-native';
import { rejectionOf } from '../support/rejections.js';
import { targets } from '../support/targets.js';

interface Numbered {
  i: number;
}

/** What has come of a stream is the program's, also when nothing more comes, or the statement fails. */
describe.each(targets())('rows() on $name', ({ config }) => {
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

  it('gives every row that came before the statement failed', async () => {
    const failing = `SELECT i, repeat('x', 100) AS text, 1 / ($1::int4 - i) AS v FROM generate_series(1, 5000) AS i`;
    for (const n of [1, 2, 3, 1000, 4321]) {
      // Large, and known to be.
      await connection.query(failing, [9999]);
      let last = 0;
      const read = async (): Promise<void> => {
        for await (const { i } of connection.rows<Numbered>(failing, [n])) last = i;
      };
      expect(await rejectionOf(read())).toMatchObject({ code: '22012' });
      expect(last).toBe(n - 1);
    }
  });

  it('gives a row before the next is there, whatever has been read', async () => {
    // Each row is wider than what the server keeps before it sends.
    const slow = `SELECT i, repeat(md5(i::text), $2::int4) AS text, CASE WHEN i = $1::int4 THEN pg_sleep(100) END
      FROM generate_series(1, 40) AS i`;
    for (const stop of [2, 3, 4, 7, 20, 40]) {
      await connection.query(slow, [0, 1000]);
      const rows = connection.rows<Numbered>(slow, [stop, 1000]);
      const iterator = rows[Symbol.asyncIterator]();
      // Of the last row before the sleep the server may keep the end.
      for (let i = 1; i < stop - 1; i++) expect((await iterator.next()).value).toMatchObject({ i });
      await rows.close();
    }
  });
});
