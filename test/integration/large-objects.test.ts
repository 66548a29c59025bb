import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, type Database } from 'kingbase-native';
import { rejectionOf } from '../support/rejections.js';
import { targets } from '../support/targets.js';
import { withConnection } from './with-connection.js';

const MEGABYTE = 1024 * 1024;

describe.each(targets())('$name', (target) => {
  let db: Database;
  const made: number[] = [];
  beforeAll(() => {
    // One connection: a stream that kept it would stop everything after it.
    db = open(target.config, { pool: { max: 1, acquireTimeout: 5_000 } });
  });
  afterAll(async () => {
    for (const oid of made) await db.largeObjects().unlink(oid);
    await db.close();
  });

  async function newObject(content?: Uint8Array): Promise<number> {
    const oid = await db.largeObjects().create();
    made.push(oid);
    if (content !== undefined) {
      await pipeline(Readable.from([content]), db.largeObjects().createWriteStream(oid));
    }
    return oid;
  }

  it('writes and reads back, whatever the writes and the chunks are', async () => {
    const bytes = randomBytes(3 * MEGABYTE + 17);
    const objects = db.largeObjects();
    for (const [writeSize, chunkSize] of [
      [1000, 4096],
      [100_000, undefined],
      [bytes.length, 64 * 1024],
    ] as const) {
      const oid = await newObject();
      const pieces = Array.from({ length: Math.ceil(bytes.length / writeSize) }, (_, i) =>
        bytes.subarray(i * writeSize, (i + 1) * writeSize),
      );
      const target = objects.createWriteStream(oid, { chunkSize });
      await pipeline(Readable.from(pieces), target);
      expect(target.bytesWritten).toBe(bytes.length);
      expect(await objects.size(oid)).toBe(bytes.length);
      expect((await buffer(objects.createReadStream(oid, { chunkSize }))).equals(bytes)).toBe(true);
    }
  });

  it('takes strings in the encoding of the write', async () => {
    const oid = await newObject();
    const stream = db.largeObjects().createWriteStream(oid, { chunkSize: 16 });
    for (const piece of ['大', '对象', 'ascii', '']) stream.write(piece);
    stream.write('ff00', 'hex');
    stream.end('一个比缓冲区更长的字符串');
    await once(stream, 'finish');
    const expected = Buffer.concat([
      Buffer.from('大对象ascii'),
      Buffer.of(255, 0),
      Buffer.from('一个比缓冲区更长的字符串'),
    ]);
    expect(await buffer(db.largeObjects().createReadStream(oid))).toEqual(expected);
  });

  it('reads the part from start to end, both included', async () => {
    const bytes = Buffer.from('0123456789');
    const oid = await newObject(bytes);
    const part = async (options: object): Promise<string> =>
      (await buffer(db.largeObjects().createReadStream(oid, options))).toString();
    expect(await part({ start: 3 })).toBe('3456789');
    expect(await part({ start: 3, end: 5, chunkSize: 2 })).toBe('345');
    expect(await part({ end: 0 })).toBe('0');
    expect(await part({ start: 5, end: 100, chunkSize: 5 })).toBe('56789');
    expect(await part({ start: 10 })).toBe('');
    expect(await part({ start: 6, end: 5 })).toBe('');
  });

  it('writes over what is there, and leaves zeros before what is beyond the end', async () => {
    const oid = await newObject(Buffer.from('0123456789'));
    const objects = db.largeObjects();
    await pipeline(Readable.from([Buffer.from('abc')]), objects.createWriteStream(oid, { start: 4 }));
    await pipeline(Readable.from([Buffer.from('z')]), objects.createWriteStream(oid, { start: 12 }));
    expect((await buffer(objects.createReadStream(oid))).toString('latin1')).toBe('0123abc789\0\0z');
  });

  it('reaches beyond 2 GiB', async () => {
    const oid = await newObject();
    const objects = db.largeObjects();
    const start = 5 * 1024 ** 3 + 1;
    await pipeline(Readable.from([Buffer.from('远')]), objects.createWriteStream(oid, { start }));
    expect(await objects.size(oid)).toBe(start + 3);
    expect((await buffer(objects.createReadStream(oid, { start }))).toString()).toBe('远');
    expect((await buffer(objects.createReadStream(oid, { start: start - 2 }))).toString()).toBe('\0\0远');
  });

  it('creates under an OID that is asked for, and refuses one that is taken', async () => {
    const objects = db.largeObjects();
    const oid = await newObject();
    await objects.unlink(oid);
    expect(await objects.create(oid)).toBe(oid);
    expect(await objects.size(oid)).toBe(0);
    expect(await rejectionOf(objects.create(oid))).toMatchObject({ code: '23505' });
  });

  it('rejects where there is no such object', async () => {
    const objects = db.largeObjects();
    const oid = await newObject();
    await objects.unlink(oid);
    made.pop();
    expect(await rejectionOf(objects.unlink(oid))).toMatchObject({ code: '42704' });
    expect(await rejectionOf(objects.size(oid))).toMatchObject({ code: '42704' });
    expect(await rejectionOf(buffer(objects.createReadStream(oid)))).toMatchObject({ code: '42704' });
    const write = pipeline(Readable.from([Buffer.of(1)]), objects.createWriteStream(oid));
    expect(await rejectionOf(write)).toMatchObject({ code: '42704' });
    expect(await db.queryRow('SELECT 1 AS one')).toEqual({ one: 1 });
  });

  it('leaves no descriptor open in a transaction, and undoes what is rolled back', async () => {
    const oid = await newObject(Buffer.from('old'));
    const failure = new Error('no');
    await expect(
      db.transaction(async (transaction) => {
        const objects = transaction.largeObjects();
        for (let i = 0; i < 3; i++) expect(await objects.size(oid)).toBe(3);
        // The first descriptor that is free: all those before it have been closed.
        expect(await transaction.queryRow(`SELECT lo_open($1::oid, 262144) AS fd`, [oid])).toEqual({ fd: 0 });
        await pipeline(Readable.from([Buffer.from('new')]), objects.createWriteStream(oid));
        expect((await buffer(objects.createReadStream(oid))).toString()).toBe('new');
        throw failure;
      }),
    ).rejects.toBe(failure);
    expect((await buffer(db.largeObjects().createReadStream(oid))).toString()).toBe('old');
  });

  it('asks for no more than is read', async () => {
    const oid = await newObject(randomBytes(64 * 1024));
    await withConnection(db, async (connection) => {
      const stream = connection.largeObjects().createReadStream(oid, { chunkSize: 1024 });
      const [first] = (await once(stream, 'readable').then(() => [stream.read(1024)])) as [Buffer];
      expect(first).toHaveLength(1024);
      // A statement takes its turn between those of a stream; when it is back, at most two parts wait to be read.
      for (let i = 0; i < 8; i++) await connection.queryRow('SELECT 1');
      expect(stream.readableLength).toBeLessThanOrEqual(2 * 1024);
      stream.destroy();
      await once(stream, 'close');
    });
  });

  it('an abort ends a stream with the reason of the signal, and the connection goes on', async () => {
    const oid = await newObject(randomBytes(MEGABYTE));
    const reason = new Error('enough');
    const abort = new AbortController();
    const objects = db.largeObjects();
    const read = pipeline(
      objects.createReadStream(oid, { chunkSize: 1024, signal: abort.signal }),
      new Writable({
        write: (_chunk, _encoding, callback) => {
          abort.abort(reason);
          callback();
        },
      }),
    );
    await expect(read).rejects.toBe(reason);

    const late = new AbortController();
    const target = objects.createWriteStream(oid, { signal: late.signal });
    target.write('x');
    late.abort(reason);
    const [error] = (await once(target, 'error')) as [unknown];
    expect(error).toBe(reason);
    expect(
      objects.createReadStream(oid, { signal: late.signal }).once('error', () => undefined).destroyed,
    ).toBe(true);
    expect(await db.queryRow('SELECT 1 AS one')).toEqual({ one: 1 });
  });

  it('a source that fails ends the writing', async () => {
    const oid = await newObject();
    const failure = new Error('the source broke');
    const source = Readable.from(
      (function* () {
        yield randomBytes(300_000);
        throw failure;
      })(),
    );
    await expect(pipeline(source, db.largeObjects().createWriteStream(oid))).rejects.toBe(failure);
    expect(await db.queryRow('SELECT 1 AS one')).toEqual({ one: 1 });
  });

  it('does not depend on how the database reads its types', async () => {
    const own = open(target.config, { types: { int8: 'string' } });
    try {
      const oid = await newObject(Buffer.from('四个字节'));
      expect(await own.largeObjects().size(oid)).toBe(12);
    } finally {
      await own.close();
    }
  });

  it.each([
    [() => db.largeObjects().createReadStream(0), /OID/],
    [() => db.largeObjects().createReadStream(1, { start: -1 }), /"start"/],
    [() => db.largeObjects().createReadStream(1, { end: 1.5 }), /"end"/],
    [() => db.largeObjects().createWriteStream(1, { chunkSize: 0 }), /"chunkSize"/],
  ])('refuses a wrong argument at once', (call, message) => {
    expect(call).toThrow(
      expect.objectContaining({ name: 'UsageError', message: expect.stringMatching(message) as string }),
    );
  });

  it('says so where the server lacks the functions', async () => {
    await withConnection(db, async (connection) => {
      await connection.exec('CREATE SCHEMA IF NOT EXISTS without_large_objects');
      await connection.script(
        `BEGIN; ALTER FUNCTION pg_catalog.lo_unlink(oid) SET SCHEMA without_large_objects`,
      );
      const error = await rejectionOf(connection.largeObjects().unlink(1));
      await connection.script('ROLLBACK; DROP SCHEMA without_large_objects');
      expect(error).toMatchObject({ name: 'UsageError', code: 'KB_LARGE_OBJECTS_UNSUPPORTED' });
      expect(error.message).toContain('lo_unlink');
      expect(error.cause).toMatchObject({ code: '42883' });
    });
  });
});
