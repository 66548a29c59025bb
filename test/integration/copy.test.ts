import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { PassThrough, Readable, Writable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, type Connection, type Database } from 'kingbase-native';
import { rejectionOf, until } from '../support/rejections.js';
import { targets } from '../support/targets.js';

const ENDLESS = `COPY (SELECT i, repeat('x', 1000) FROM (SELECT generate_series(1, 50000000) AS i) AS s) TO STDOUT`;

describe.each(targets())('$name', (target) => {
  let db: Database;
  let connection: Connection;
  beforeAll(async () => {
    db = open(target.config, { pool: { max: 3 } });
    connection = await db.connect();
    await connection.exec('CREATE TEMPORARY TABLE item (id int4 PRIMARY KEY, name text)');
  });
  afterAll(async () => {
    await connection.release();
    await db.close();
  });

  const count = async (): Promise<number> =>
    Number((await connection.queryRow<{ count: bigint }>('SELECT count(*) FROM item'))!.count);
  const clear = (): Promise<unknown> => connection.exec('TRUNCATE item');

  describe('copyFrom', () => {
    it.each([1, 7, 1000, 65_536, 10_000_000])('takes text in pieces of %d bytes', async (size) => {
      await clear();
      const lines = Array.from({ length: size === 1 ? 200 : 50_000 }, (_, i) => `${i}\t名称 ${i}\n`);
      const bytes = Buffer.from(lines.join(''));
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      );
      const stream = connection.copyFrom('COPY item FROM STDIN');
      expect(stream.rowsAffected).toBeUndefined();
      await pipeline(Readable.from(pieces, { objectMode: false }), stream);
      expect(stream.rowsAffected).toBe(lines.length);
      expect(stream.bytesWritten).toBe(bytes.length);
      const sql = 'SELECT count(*), sum(id) AS sum, max(name) AS last FROM item';
      const n = BigInt(lines.length);
      expect(await connection.queryRow(sql)).toMatchObject({ count: n, sum: (n * (n - 1n)) / 2n });
      expect(await text(connection.copyTo('COPY (SELECT * FROM item ORDER BY id) TO STDOUT'))).toBe(
        lines.join(''),
      );
    });

    it('takes CSV as strings, and pieces of all sizes mixed', async () => {
      await clear();
      const stream = connection.copyFrom('COPY item FROM STDIN (FORMAT csv, HEADER)');
      stream.write('id,name\n');
      stream.write(Buffer.from('1,"含有 ""引号"" 和\n换行"\n'));
      stream.write(`2,${'大'.repeat(100_000)}\n`);
      stream.write('3,');
      stream.write('e28290', 'hex');
      stream.end('\n4,\n');
      await once(stream, 'finish');
      expect(stream.rowsAffected).toBe(4);
      const { rows } = await connection.query<[number, string | null]>(
        'SELECT id, name FROM item ORDER BY id',
        [],
        {
          rowMode: 'array',
        },
      );
      expect(rows.map(([id, name]) => [id, (name ?? 'NULL').slice(0, 20), name?.length])).toEqual([
        [1, '含有 "引号" 和\n换行', 12],
        [2, '大'.repeat(20), 100_000],
        [3, 'ₐ'.replace('ₐ', '\u2090'), 1],
        [4, 'NULL', undefined],
      ]);
    });

    it('takes what copyTo gives, in binary', async () => {
      await clear();
      await connection.exec(`INSERT INTO item SELECT i, '第' || i FROM generate_series(1, 20000) AS i`);
      const bytes = await buffer(connection.copyTo('COPY item TO STDOUT (FORMAT binary)'));
      expect(bytes.subarray(0, 11).toString('latin1')).toBe('PGCOPY\n\xff\r\n\0');
      await clear();
      const back = connection.copyFrom('COPY item FROM STDIN (FORMAT binary)');
      await pipeline(Readable.from([bytes]), back);
      expect(back.rowsAffected).toBe(20_000);
      expect(await connection.queryRow('SELECT name FROM item WHERE id = 777')).toEqual({ name: '第777' });
    });

    it('takes nothing', async () => {
      const stream = connection.copyFrom('COPY item FROM STDIN');
      stream.end();
      await once(stream, 'finish');
      expect(stream.rowsAffected).toBe(0);
    });

    it('waits for the server: a source is not read faster than it is stored', async () => {
      await clear();
      await using other = await db.connect();
      await connection.exec('CREATE TABLE IF NOT EXISTS copy_locked (line text)');
      try {
        await other.script('BEGIN; LOCK TABLE copy_locked IN ACCESS EXCLUSIVE MODE');
        let produced = 0;
        const line = Buffer.from(`${'z'.repeat(999)}\n`);
        const total = 40_000;
        const source = new Readable({
          read() {
            this.push(produced++ < total ? line : null);
          },
        });
        const stream = connection.copyFrom('COPY copy_locked FROM STDIN');
        const done = pipeline(source, stream);
        await until('it waits for the lock', async () => {
          const waiting = `SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock'`;
          return (await other.query(waiting, [connection.backendPid])).rows.length > 0;
        });
        expect(produced).toBeLessThan(total / 10);
        await other.script('ROLLBACK');
        await done;
        expect(stream.rowsAffected).toBe(total);
      } finally {
        await connection.exec('DROP TABLE copy_locked');
      }
    });
  });

  describe('copyTo', () => {
    it('gives whole rows, many at a time', async () => {
      await clear();
      await connection.exec(`INSERT INTO item SELECT i, '第' || i FROM generate_series(1, 20000) AS i`);
      const chunks: Buffer[] = [];
      const stream = connection.copyTo('COPY (SELECT * FROM item ORDER BY id) TO STDOUT (FORMAT csv)');
      expect(stream.rowsAffected).toBeUndefined();
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      expect(chunks.length).toBeGreaterThan(1);
      expect(chunks.length).toBeLessThan(50);
      for (const chunk of chunks) expect(chunk.at(-1)).toBe(10);
      const all = Buffer.concat(chunks);
      expect(stream.bytesRead).toBe(all.length);
      expect(stream.rowsAffected).toBe(20_000);
      expect(all.toString()).toBe(Array.from({ length: 20_000 }, (_, i) => `${i + 1},第${i + 1}\n`).join(''));
    });

    it('of nothing', async () => {
      await clear();
      expect(await text(connection.copyTo('COPY item TO STDOUT'))).toBe('');
    });

    it('the server waits for the reader, and stops when the stream is destroyed', async () => {
      const stream = connection.copyTo(ENDLESS);
      await once(stream, 'readable');
      await until('the server waits', async () => {
        const sql = 'SELECT wait_event FROM pg_stat_activity WHERE pid = $1';
        return (
          (await db.queryRow<{ wait_event: string }>(sql, [connection.backendPid]))?.wait_event ===
          'ClientWrite'
        );
      });
      expect(stream.readableLength).toBeLessThan(1024 * 1024);
      stream.destroy();
      await once(stream, 'close');
      expect(await count()).toBe(0);
    });

    it('nothing is sent before it is read', async () => {
      const stream = connection.copyTo('COPY nowhere TO STDOUT');
      expect(await count()).toBe(0);
      stream.destroy();
      await once(stream, 'close');
      expect(stream.errored).toBeNull();
    });
  });

  it('a call behind another is not refused for a copy whose last bytes nobody has taken yet', async () => {
    const stream = connection.copyTo('COPY (SELECT 1) TO STDOUT');
    await once(stream, 'readable');
    const all = [connection.query('SELECT pg_sleep(2.5)'), connection.queryRow('SELECT 1 AS one')];
    expect((await Promise.all(all))[1]).toEqual({ one: 1 });
    expect(String(stream.read())).toBe('1\n');
    stream.destroy();
  });

  describe('errors, after which the connection goes on', () => {
    const sourceOf = (content: string): Readable => Readable.from([content]);

    it('in the data, with the place', async () => {
      await clear();
      const error = await rejectionOf(
        pipeline(sourceOf('1\tone\nx\ttwo\n'), connection.copyFrom('COPY item FROM STDIN')),
      );
      expect(error).toMatchObject({ name: 'DatabaseError', code: '22P02' });
      expect((error as { where?: string }).where).toContain('line 2');
      expect(await count()).toBe(0);
    });

    it('in the data, with much behind it', async () => {
      await clear();
      const source = Readable.from(
        Array.from({ length: 20_000 }, (_, i) => `${i === 5 ? 'wrong' : i}\t${'y'.repeat(500)}\n`),
      );
      const error = await rejectionOf(pipeline(source, connection.copyFrom('COPY item FROM STDIN')));
      expect(error).toMatchObject({ code: '22P02' });
      expect(await count()).toBe(0);
    });

    it('of a constraint', async () => {
      await clear();
      const error = await rejectionOf(
        pipeline(sourceOf('1\ta\n1\tb\n'), connection.copyFrom('COPY item FROM STDIN')),
      );
      expect(error).toMatchObject({ code: '23505', constraint: 'item_pkey' });
      expect(await count()).toBe(0);
    });

    it('of the statement, as the event "error"', async () => {
      const stream = connection.copyFrom('COPY nowhere FROM STDIN');
      stream.write('1\n');
      const [error] = (await once(stream, 'error')) as [unknown];
      expect(error).toMatchObject({ name: 'DatabaseError', code: '42P01' });
      const reading = buffer(connection.copyTo('COPY nowhere TO STDOUT'));
      expect(await rejectionOf(reading)).toMatchObject({ code: '42P01' });
      expect(await count()).toBe(0);
    });

    it.each([
      'SELECT 1',
      'INSERT INTO item VALUES (99)',
      "COPY item FROM '/etc/passwd'",
      '',
      'COPY (SELECT * FROM stdin) TO STDOUT',
      '-- COPY item FROM STDIN',
    ])('"%s" is no COPY … FROM STDIN, and is not run', async (sql) => {
      await clear();
      const error = await rejectionOf(pipeline(sourceOf('1\ta\n'), connection.copyFrom(sql)));
      expect(error).toMatchObject({ name: 'UsageError', code: 'KB_NOT_COPY' });
      expect(error.message).toContain('COPY … FROM STDIN');
      expect(await count()).toBe(0);
    });

    it.each(['SELECT 1', 'COPY item FROM STDIN', `COPY item TO PROGRAM 'cat'`])(
      '"%s" is no COPY … TO STDOUT, and is not run',
      async (sql) => {
        const error = await rejectionOf(buffer(connection.copyTo(sql)));
        expect(error).toMatchObject({ name: 'UsageError', code: 'KB_NOT_COPY' });
        expect(await count()).toBe(0);
      },
    );

    it.each([
      'copy /* FROM x */ "item" from stdin',
      "COPY item (id, name) FROM STDIN WITH (DELIMITER E'\\t')",
      ' COPY item FROM stdout',
    ])('"%s" is one', async (sql) => {
      await clear();
      await pipeline(sourceOf('1\ta\n'), connection.copyFrom(sql));
      expect(await count()).toBe(1);
    });

    it('of the source: the copy is undone', async () => {
      await clear();
      const failure = new Error('the source broke');
      const source = Readable.from(
        (function* () {
          for (let i = 0; i < 50_000; i++) yield `${i}\ttext\n`;
          throw failure;
        })(),
      );
      await expect(pipeline(source, connection.copyFrom('COPY item FROM STDIN'))).rejects.toBe(failure);
      expect(await count()).toBe(0);
    });

    it('of the target', async () => {
      const failure = new Error('full');
      const target = new Writable({
        write: (_chunk, _encoding, callback) => {
          callback(failure);
        },
      });
      await expect(pipeline(connection.copyTo(ENDLESS), target)).rejects.toBe(failure);
      expect(await count()).toBeGreaterThanOrEqual(0);
    });

    it.each(['before anything is written', 'after a write', 'after many'])('destroy() %s', async (when) => {
      await clear();
      const stream = connection.copyFrom('COPY item FROM STDIN');
      if (when === 'after a write') stream.write('1\ta\n');
      if (when === 'after many') for (let i = 0; i < 30_000; i++) stream.write(`${i}\ttext\n`);
      stream.destroy();
      await once(stream, 'close');
      expect(await count()).toBe(0);
    });

    it('of its signal: the reason, and nothing is left', async () => {
      await clear();
      const reason = new Error('enough');
      for (const written of [0, 100_000]) {
        const abort = new AbortController();
        const source = new PassThrough();
        const copied = pipeline(
          source,
          connection.copyFrom('COPY item FROM STDIN', { signal: abort.signal }),
        );
        for (let i = 0; i < written; i++) source.write(`${i}\ttext\n`);
        // The source is silent: nobody waits for the server when the signal comes.
        abort.abort(reason);
        await expect(copied).rejects.toBe(reason);
        expect(await count()).toBe(0);
      }
      const abort = new AbortController();
      const stream = connection.copyTo(ENDLESS, { signal: abort.signal });
      stream.once('data', () => {
        abort.abort(reason);
      });
      await expect(buffer(stream)).rejects.toBe(reason);
      expect(await count()).toBe(0);
    });

    it('of its time limit, also while the source is silent', async () => {
      await clear();
      const source = new PassThrough();
      source.write('1\ta\n');
      const timeout = 150;
      const copied = pipeline(source, connection.copyFrom('COPY item FROM STDIN', { timeout }));
      expect(await rejectionOf(copied)).toMatchObject({ name: 'TimeoutError', timeout });
      expect(await count()).toBe(0);
      const reading = rejectionOf(
        buffer(connection.copyTo(`COPY (SELECT pg_sleep(100)) TO STDOUT`, { timeout })),
      );
      expect(await reading).toMatchObject({ name: 'TimeoutError', timeout });
      expect(await count()).toBe(0);
    });

    it('of the connection', async () => {
      const own = await db.connect();
      const stream = own.copyFrom('COPY item FROM STDIN');
      const failed = once(stream, 'error');
      await own.exec('CREATE TEMPORARY TABLE item (line text)');
      stream.write('a\n');
      await until('it has begun', async () => {
        const sql = `SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND query LIKE 'COPY%' AND state = 'active'`;
        return (await db.query(sql, [own.backendPid])).rows.length > 0;
      }).finally(() => connection.exec('SELECT pg_terminate_backend($1)', [own.backendPid]));
      // The source is silent; the loss is told all the same.
      const [error] = (await failed) as [unknown];
      expect(error).toMatchObject({ code: 'KB_CONNECTION_LOST', outcome: 'unknown' });
      await own.release();
    });
  });

  it('in a transaction: undone with it', async () => {
    const failure = new Error('no');
    await connection.exec('CREATE TABLE IF NOT EXISTS copy_shared (line text)');
    try {
      const work = db.transaction(async (transaction) => {
        await pipeline(Readable.from(['a\nb\n']), transaction.copyFrom('COPY copy_shared FROM STDIN'));
        expect(await text(transaction.copyTo('COPY copy_shared TO STDOUT'))).toBe('a\nb\n');
        throw failure;
      });
      await expect(work).rejects.toBe(failure);
      const whole = db.copyFrom('COPY copy_shared FROM STDIN');
      await pipeline(Readable.from(['c\n']), whole);
      expect(await text(db.copyTo('COPY copy_shared TO STDOUT'))).toBe('c\n');
    } finally {
      await connection.exec('DROP TABLE copy_shared');
    }
  });

  it('a copy that nobody goes on with is reported as a leak', async () => {
    const own = open(target.config, { pool: { max: 1, leakTimeout: 50 } });
    const leaked = new Promise<{ processId: number; stack: string }>((resolve) => own.on('leak', resolve));
    const stream = own.copyFrom('COPY pg_temp.leaked FROM STDIN');
    await own.exec('CREATE TEMPORARY TABLE leaked (line text)');
    stream.write('a\n');
    expect((await leaked).stack).toContain('copy.test.ts');
    stream.destroy();
    await once(stream, 'close');
    await own.close();
  });

  it('whoever traces is told when it has ended', async () => {
    const texts: unknown[] = [];
    const onEnd = (context: unknown): void => {
      const { 'db.query.text': sql, 'error.type': error } = context as Record<string, unknown>;
      if (String(sql).includes('traced')) texts.push(error);
    };
    subscribe('tracing:kingbase:query:asyncEnd', onEnd);
    try {
      const stream = connection.copyFrom('COPY item /* traced */ FROM STDIN');
      await clear();
      stream.write('1\ta\n');
      await until('it has begun', () => (stream as unknown as { processId: number }).processId > 0);
      expect(texts).toEqual([]);
      stream.end();
      await once(stream, 'close');
      await rejectionOf(buffer(connection.copyTo('COPY traced TO STDOUT')));
      await until('both are told of', () => texts.length === 2);
      expect(texts).toEqual([undefined, '42P01']);
    } finally {
      unsubscribe('tracing:kingbase:query:asyncEnd', onEnd);
    }
  });
});
