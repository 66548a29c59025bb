import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  DatabaseError,
  KingbaseError,
  open,
  TimeoutError,
  type BatchInsertOptions,
  type Database,
  type Statement,
} from 'kingbase-native';
import { targets, type Target } from '../support/targets.js';

let db: Database;

function target(): Target {
  const [first] = targets();
  if (first === undefined) throw new Error('There is a target.');
  return first;
}

beforeAll(() => {
  db = open(target().config);
});

afterAll(() => db.close());

async function thrown(call: () => Promise<unknown>): Promise<KingbaseError> {
  try {
    await call();
  } catch (error) {
    if (error instanceof KingbaseError) return error;
    throw error;
  }
  throw new Error('The call did not reject.');
}

/** A function of the program with a name that no other has. */
async function repositoryFind(call: () => Promise<unknown>): Promise<unknown> {
  return await call();
}

const WRONG = 'SELECT * FROM no_such_table_here';

const COPY_OUT = 'COPY (SELECT * FROM no_such_table_here) TO STDOUT';
const COPY_IN = 'COPY no_such_table_here FROM STDIN';

/** Some rows come before the one that cannot be computed. */
const FAILS_LATE = 'SELECT 1 / (20000 - n) FROM generate_series(1, 30000) AS t(n)';

async function readAll(source: AsyncIterable<unknown>): Promise<void> {
  for await (const item of source) expect(item).toBeDefined();
}

async function write(stream: Writable): Promise<void> {
  await pipeline(Readable.from(['1\n']), stream);
}

async function preparedFails(use: (statement: Statement) => Promise<unknown>): Promise<unknown> {
  const statement = await db.prepare('SELECT 1 / $1::int4');
  return await use(statement);
}

async function batchFails(rows: unknown[][], options?: BatchInsertOptions): Promise<unknown> {
  await using connection = await db.connect();
  await connection.exec('CREATE TEMPORARY TABLE IF NOT EXISTS origin_batch (a int PRIMARY KEY)');
  return await connection.batchInsert('origin_batch', ['a'], rows, options);
}

async function* failingSource(): AsyncGenerator<[number]> {
  await db.query(WRONG);
  yield [1];
}

async function whenFull(use: (full: Database) => Promise<unknown>): Promise<unknown> {
  await using full = open(target().config, { pool: { max: 1, acquireTimeout: 20 } });
  await using held = await full.connect();
  expect(held.closed).toBe(false);
  return await use(full);
}

async function commitFails(): Promise<void> {
  const transaction = await db.begin();
  await expect(transaction.exec(WRONG)).rejects.toThrow();
  await transaction.commit();
}

async function commitRefused(): Promise<void> {
  const transaction = await db.begin();
  await transaction.script(`
    CREATE TEMPORARY TABLE origin_deferred (a int UNIQUE DEFERRABLE INITIALLY DEFERRED) ON COMMIT DROP;
    INSERT INTO origin_deferred VALUES (1), (1)`);
  await transaction.commit();
}

const never = new Promise<never>(() => undefined);

/** Opens what takes a connection and never says a word. */
async function stuck(use: (far: Database) => Promise<unknown>): Promise<unknown> {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const { user, database, clientLibrary } = target().config;
  const far = open({
    host: '127.0.0.1',
    port,
    user,
    database,
    clientLibrary,
    timeout: 100,
    connectTimeout: 10_000,
  });
  try {
    return await use(far);
  } finally {
    await far.close({ timeout: 0 });
    silent.close();
  }
}

describe('the stack of a rejected call', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['query', () => db.query(WRONG)],
    ['queryRow', () => db.queryRow(WRONG)],
    ['exec', () => db.exec(WRONG)],
    ['script', () => db.script(WRONG)],
    ['scriptRows', () => db.scriptRows(WRONG)],
    ['a call with a limit', () => db.query(WRONG, [], { timeout: 10_000 })],
    ['a call whose parameter cannot be written', () => db.query('SELECT $1::int4', [Symbol('s')])],
    ['a call that runs out of time', () => db.query('SELECT pg_sleep(60)', [], { timeout: 50 })],
    ['a call of a transaction', () => db.transaction((tx) => tx.query(WRONG))],
    ['a tagged statement', async () => await db.sql`SELECT * FROM ${db.sql.id('no_such_table_here')}`],
  ])('of %s names the lines that wait for it', async (_what, call) => {
    const { stack } = await thrown(() => repositoryFind(call));
    // Vitest's own form of a stack has no "async".
    expect(stack).toMatch(/\n {4}at (async )?repositoryFind \(.*error-origin\.test\.ts:\d+:\d+\)/);
    expect(stack?.split('\n')[0]).toMatch(/^\w+Error: /);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['rows, row by row', () => readAll(db.rows(WRONG))],
    ['rows in batches', () => readAll(db.rows(WRONG).batches())],
    ['the columns of rows', () => db.rows(WRONG).fields()],
    ['rows that fail in their midst', () => readAll(db.rows(FAILS_LATE))],
    ['rows in batches that fail in their midst', () => readAll(db.rows(FAILS_LATE).batches())],
    ['rows that run out of time', () => readAll(db.rows('SELECT pg_sleep(60)', [], { timeout: 50 }))],
    ['rows of a transaction', () => db.transaction((tx) => readAll(tx.rows(WRONG)))],
    ['prepare', () => db.prepare(WRONG)],
    ['prepare with a limit', () => db.prepare(WRONG, { timeout: 10_000 })],
    ['a prepared statement', () => preparedFails((statement) => statement.query([0]))],
    ['a prepared statement, one row', () => preparedFails((statement) => statement.queryRow([0]))],
    ['a prepared statement, for its effect', () => preparedFails((statement) => statement.exec([0]))],
    ['rows of a prepared statement', () => preparedFails((statement) => readAll(statement.rows([0])))],
    ['batchInsert', () => db.batchInsert('no_such_table_here', ['a'], [[1]])],
    ['a row that batchInsert cannot send', () => batchFails([[Symbol('s')]])],
    ['a row that the server refuses', () => batchFails([[1], [1]])],
    ['a row that the server refuses in an INSERT', () => batchFails([[1], [1]], { strategy: 'values' })],
    ['begin', () => db.begin({ isolation: 'wrong' as unknown as 'serializable' })],
    ['begin on a pool that is full', () => whenFull((full) => full.begin())],
    ['connect on a pool that is full', () => whenFull((full) => full.connect())],
    ['connect with a limit on a pool that is full', () => whenFull((full) => full.connect({ timeout: 20 }))],
    ['transaction on a pool that is full', () => whenFull((full) => full.transaction(() => 1))],
    ['commit of a failed transaction', commitFails],
    ['commit with a deferred constraint', commitRefused],
    ['a savepoint', () => db.transaction((tx) => tx.savepoint((inner) => inner.exec(WRONG)))],
    ['a transaction out of time', () => db.transaction(() => never, { timeout: 30 })],
    ['listen', () => db.listen('', () => undefined)],
    ['listen out of time', () => stuck((far) => far.listen('c', () => undefined, { timeout: 30 }))],
    ['ping out of time', () => stuck((far) => far.ping({ timeout: 30 }))],
    ['connect out of time', () => stuck((far) => far.connect({ timeout: 30 }))],
    ['a large object', () => db.transaction((tx) => tx.largeObjects().unlink(999_999_999))],
    ['the server’s description', () => stuck((far) => far.serverInfo())],
  ])('of %s names the lines that wait for it too', async (_what, call) => {
    const { stack } = await thrown(() => repositoryFind(call));
    expect(stack).toMatch(/\n {4}at (async )?repositoryFind \(.*error-origin\.test\.ts:\d+:\d+\)/);
    expect(stack?.split('\n')[0]).toMatch(/^\w+Error: /);
  });

  it('begins with the program’s own lines, as many as the program wants to see', async () => {
    const before = Error.stackTraceLimit;
    try {
      for (const [wanted, lines] of [
        [10, 2],
        [1, 1],
      ] as const) {
        Error.stackTraceLimit = wanted;
        const { stack } = await thrown(() =>
          repositoryFind(() => db.batchInsert('no_such_table_here', ['a'], [[1]])),
        );
        const [, ...frames] = stack?.split('\n    at ') ?? [];
        expect(frames[0]).toContain('error-origin.test.ts');
        expect(frames.filter((line) => line.includes('error-origin.test.ts')).length).toBeGreaterThanOrEqual(
          lines,
        );
        expect(frames.length).toBeLessThanOrEqual(wanted);
      }
    } finally {
      Error.stackTraceLimit = before;
    }
  });

  it('is that of a statement of the program inside of another call', async () => {
    const { stack, sql } = await thrown(() =>
      repositoryFind(() => db.batchInsert('no_such_table_here', ['a'], failingSource())),
    );
    expect(stack).toContain('failingSource');
    expect(sql).toBe(WRONG);
  });

  it('keeps the frames that there were where nobody waits', async () => {
    const rejected = await new Promise<KingbaseError>((resolve) => {
      db.query(WRONG).then(undefined, resolve);
    });
    expect(rejected.stack).toMatch(/\n {4}at /);
  });
});

describe('the text of the statement', () => {
  it('is on the error, as it was sent and without its values', async () => {
    const error = await thrown(() => db.query('SELECT :what::int4', { what: 'card-4111-1111' }));
    expect(error).toBeInstanceOf(DatabaseError);
    expect(error.sql).toBe('SELECT $1::int4');
    expect(error.sql).not.toContain('4111');
  });

  it.each<[string, string, () => Promise<unknown>]>([
    ['rows', WRONG, () => readAll(db.rows(WRONG))],
    ['rows as a Readable', WRONG, () => readAll(db.rows(WRONG).toReadable())],
    ['rows that fail in their midst', FAILS_LATE, () => readAll(db.rows(FAILS_LATE).batches())],
    ['rows with values', 'SELECT 1 / $1::int4', () => readAll(db.rows('SELECT 1 / :n::int4', { n: 0 }))],
    ['rows of a transaction', WRONG, () => db.transaction((tx) => readAll(tx.rows(WRONG)))],
    ['prepare', WRONG, () => db.prepare(WRONG)],
    ['a prepared statement', 'SELECT 1 / $1::int4', () => preparedFails((statement) => statement.query([0]))],
    ['copyTo', COPY_OUT, () => readAll(db.copyTo(COPY_OUT))],
    ['copyFrom', COPY_IN, () => write(db.copyFrom(COPY_IN))],
    ['a commit', 'COMMIT', commitRefused],
    ['listen', 'LISTEN "c"', () => stuck((far) => far.listen('c', () => undefined, { timeout: 30 }))],
  ])('is on the error of %s', async (_what, sql, call) => {
    const error = await thrown(call);
    expect(error.sql).toBe(sql);
    expect(Object.keys(error)).not.toContain('sql');
  });

  it('is on the error of a batch, without its rows', async () => {
    for (const strategy of ['copy', 'unnest', 'values'] as const) {
      const error = await thrown(() => batchFails([[4111], [4111]], { strategy }));
      expect(error.sql).toContain('origin_batch');
      expect(error.sql).not.toContain('4111');
    }
  });

  it('is on the error of a script and of a call that ran out of time', async () => {
    expect((await thrown(() => db.script(`SELECT 1; ${WRONG}`))).sql).toBe(`SELECT 1; ${WRONG}`);
    const late = await thrown(() => db.query('SELECT pg_sleep(60)', [], { timeout: 50 }));
    expect(late).toBeInstanceOf(TimeoutError);
    expect(late.sql).toBe('SELECT pg_sleep(60)');
  });

  it('is shown neither by inspecting the error nor in JSON', async () => {
    const error = await thrown(() => db.exec("ALTER ROLE no_such_role PASSWORD 'Hunter2'"));
    expect(error.sql).toContain('Hunter2');
    for (const shown of [
      inspect(error),
      inspect(error, { showHidden: true, depth: 9 }),
      JSON.stringify(error),
      error.explain('en'),
      error.stack,
    ]) {
      expect(shown).not.toContain('Hunter2');
    }
    expect(Object.keys(error)).not.toContain('sql');
  });
});
