import { once } from 'node:events';
import RealCursor from 'pg-cursor';
import RealQueryStream from 'pg-query-stream';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { Pool, type PoolClient } from 'kingbase-native/pg';

/** As much of pg-cursor's Cursor as is used here; it has no types of its own. */
interface Cursor {
  read(count: number): Promise<{ n: number }[]>;
  read(count: number, callback: (error: unknown, rows: { n: number }[]) => void): void;
  close(): Promise<void>;
  on(event: string, listener: (value: unknown) => void): void;
}

type CursorClass = new (text: string, values?: unknown[]) => Cursor;

// Other packages, query builders among them, load these two by their names and give them to whatever client there is.
describe.each(inject('libraries'))('pg-cursor and pg-query-stream on $name', ({ path }) => {
  let pool: Pool;
  let client: PoolClient;

  const cursor = (text: string, values: unknown[] = []): Cursor =>
    client.query(new (RealCursor as unknown as CursorClass)(text, values) as never);
  const stream = (text: string, values: unknown[] = []): RealQueryStream =>
    client.query(new RealQueryStream(text, values, { batchSize: 10 }) as never) as RealQueryStream;
  const stillUsable = async (): Promise<void> => {
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  };

  beforeEach(async () => {
    const { host, port, user, database } = inject('server');
    pool = new Pool({ host, port, user, database, max: 1, kingbase: { clientLibrary: path } });
    client = await pool.connect();
  });
  afterEach(async () => {
    client.release();
    await pool.end();
  });

  it('reads a cursor piece by piece, to its end', async () => {
    const read = cursor('SELECT n FROM generate_series(1, $1::int4) n', [3]);
    const ended = new Promise((resolve) => {
      read.on('end', resolve);
    });
    expect(await read.read(2)).toEqual([{ n: 1 }, { n: 2 }]);
    expect(await read.read(2)).toEqual([{ n: 3 }]);
    expect(await read.read(2)).toEqual([]);
    expect(await ended).toMatchObject({ command: 'SELECT' });
    await stillUsable();
  });

  it('answers what was read before the cursor was given to a client', async () => {
    const given = new RealCursor('SELECT 7 AS n') as unknown as Cursor;
    const early = given.read(1);
    client.query(given as never);
    expect(await early).toEqual([{ n: 7 }]);
    await given.close();
    await stillUsable();
  });

  it('closes a cursor early', async () => {
    const read = cursor('SELECT n FROM generate_series(1, 100000) n');
    expect(await read.read(1)).toEqual([{ n: 1 }]);
    await read.close();
    await stillUsable();
  });

  it('tells the error of a cursor', async () => {
    await expect(cursor('SELECT 1 / 0 AS n').read(1)).rejects.toMatchObject({ code: '22012' });
    await stillUsable();
  });

  it('reads a stream to its end', async () => {
    const numbers: number[] = [];
    for await (const { n } of stream('SELECT n FROM generate_series(1, $1::int4) n', [25]) as AsyncIterable<{
      n: number;
    }>) {
      numbers.push(n);
    }
    expect(numbers).toEqual(Array.from({ length: 25 }, (_, at) => at + 1));
    await stillUsable();
  });

  it('destroys a stream early', async () => {
    for await (const row of stream('SELECT n FROM generate_series(1, 100000) n')) {
      expect(row).toEqual({ n: 1 });
      break;
    }
    await stillUsable();
  });

  it('tells the error of a stream', async () => {
    const failing = stream('SELECT 1 / 0 AS n');
    const failed = once(failing, 'error');
    failing.resume();
    expect(await failed).toEqual([expect.objectContaining({ code: '22012' })]);
    await stillUsable();
  });

  it('still refuses what sends messages of its own', () => {
    expect(() => client.query({ submit: () => undefined } as never)).toThrow(/sends messages/);
  });
});
