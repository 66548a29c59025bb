import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { open, type Database, type Transaction } from 'kingbase-native';
import { startEmulator, type Emulator, type EmulatorOptions } from '../support/kingbase-emulator.js';
import { rejectionOf, until } from '../support/rejections.js';
import { targets } from '../support/targets.js';

// What a program sees of a KingbaseES server through the whole of the driver; the emulator's own tests are elsewhere.

const tcpTargets = targets().filter(({ transport }) => transport === 'TCP');
const clientOf = (flavour: string): (typeof tcpTargets)[number] =>
  tcpTargets.find((target) => target.flavour === flavour) ?? tcpTargets[0]!;

function emulated(options: Partial<EmulatorOptions>): { emulator: () => Emulator } {
  let emulator: Emulator;
  beforeAll(async () => {
    const defaults = { release: 'V9R1', databaseMode: 'oracle', messages: 'zh' } as const;
    emulator = await startEmulator(inject('server'), { ...defaults, ...options });
  });
  afterAll(() => emulator.stop());
  return { emulator: () => emulator };
}

const connectTo = (
  { host, port, user, database }: Emulator,
  over: Parameters<typeof open>[1] = {},
  flavour = 'kci',
): Database => open({ ...clientOf(flavour).config, host, port, user, database, ...over });

describe.each([
  { release: 'V8R6', databaseMode: 'pg', version: 'V008R006C006B0013PS003' },
  { release: 'V8R6', databaseMode: 'oracle', version: 'V008R006C006B0013PS003' },
  { release: 'V9R1', databaseMode: 'oracle', version: 'V009R001C010' },
  { release: 'V9R1', databaseMode: 'mysql', version: 'V009R001C010' },
  { release: 'V9R1', databaseMode: 'sqlserver', version: 'V009R001C010' },
] as const)('$release in $databaseMode mode', ({ release, databaseMode, version }) => {
  const { emulator } = emulated({ release, databaseMode, messages: 'en' });
  let db: Database;
  beforeEach(() => {
    db = connectTo(emulator(), { pool: { max: 2, resetOnRelease: ['settings'] } });
  });
  afterEach(() => db.close({ timeout: 1_000 }));

  it('says what it is', async () => {
    const info = await db.serverInfo();
    expect(info).toMatchObject({
      product: 'KingbaseES',
      release: version,
      serverVersionNum: 120001,
      databaseMode,
      encoding: 'UTF8',
    });
    expect(typeof info.caseInsensitive).toBe('boolean');
    expect(info.version).toContain('KingbaseES');
  });

  const numbered = release === 'V8R6';
  it.runIf(numbered)('has types of its own, which are known by their numbers', async () => {
    const { rows, fields } = await db.query(
      `SELECT 7::tinyint AS t, '\\x00ff'::blob AS b, '长'::clob AS c, 'a'::bpcharbyte(3) AS p, '中'::varcharbyte AS v,
        ARRAY[1, 2]::tinyint[] AS ts, ARRAY['x']::varcharbyte[] AS vs`,
    );
    expect(fields.map(({ typeOid }) => typeOid)).toEqual([8100, 8013, 8014, 8016, 8018, 8101, 8019]);
    expect(rows).toEqual([
      { t: 7, b: Buffer.from([0, 255]), c: '长', p: 'a  ', v: '中', ts: [1, 2], vs: ['x'] },
    ]);
  });

  it('has a pool, transactions, savepoints, listening and placeholders as any server', async () => {
    await db.script('DROP TABLE IF EXISTS 表; CREATE TABLE 表 (编号 int4 PRIMARY KEY, 名 varcharbyte(30))');
    await db.transaction(
      async (transaction) => {
        await transaction.exec('INSERT INTO 表 VALUES (?, ?)', [1, '甲']);
        await transaction
          .savepoint(() => transaction.exec('INSERT INTO 表 VALUES (:n, :v)', { n: 1, v: '乙' }))
          .catch((error: unknown) => expect(error).toMatchObject({ code: '23505' }));
        await transaction.exec('INSERT INTO 表 VALUES ($1, $2)', [2, '丙']);
      },
      { isolation: 'serializable' },
    );
    expect((await db.query('SELECT * FROM 表 ORDER BY 编号')).rows).toEqual([
      { 编号: 1, 名: '甲' },
      { 编号: 2, 名: '丙' },
    ]);
    const heard: string[] = [];
    await using subscription = await db.listen('频道', ({ payload }) => heard.push(payload));
    await db.query('SELECT pg_notify(?, ?)', ['频道', '内容']);
    await until('the notification is there', () => heard.length === 1);
    expect([subscription.channel, ...heard]).toEqual(['频道', '内容']);
  });
});

describe.each(['kci', 'libpq'])('errors of a server that speaks Chinese, with %s', (flavour) => {
  const { emulator } = emulated({ messages: 'zh' });
  let db: Database;
  beforeAll(async () => {
    const admin = connectTo(emulator(), {}, flavour);
    await admin.script('CREATE TABLE zh (id int4 PRIMARY KEY, v int4)');
    await admin.close();
  });
  beforeEach(() => {
    db = connectTo(emulator(), { pool: { max: 4 } }, flavour);
  });
  afterEach(() => db.close({ timeout: 1_000 }));

  it('have the fields of the protocol, and are explained in both languages', async () => {
    const errors: [sql: string, code: string, condition: string][] = [
      ['SELECT * FROM nowhere', '42P01', 'undefined_table'],
      ['SELECT nothing', '42703', 'undefined_column'],
      ['SELEC 1', '42601', 'syntax_error'],
      ['SELECT 1 / 0', '22012', 'division_by_zero'],
      ['INSERT INTO zh VALUES (1, 1), (1, 1)', '23505', 'unique_violation'],
    ];
    for (const [sql, code, condition] of errors) {
      const error = await rejectionOf(db.query(sql));
      expect(error).toMatchObject({ name: 'DatabaseError', code, condition, severity: 'ERROR' });
      expect(error.message).toMatch(/\p{Script=Han}/u);
      expect(error.explain('zh')).toMatch(/\p{Script=Han}/u);
      expect(error.explain('en')).toMatch(/[a-z]{3}/);
    }
    expect(await rejectionOf(db.query('INSERT INTO zh VALUES (1, 1), (1, 1)'))).toMatchObject({
      table: 'zh',
      constraint: 'zh_pkey',
      schema: 'public',
    });
  });

  it('are told apart by the pool, transactions and timeouts as those in English', async () => {
    await db.ping();
    const timedOut = await rejectionOf(db.query('SELECT pg_sleep(600)', [], { timeout: 20 }));
    expect(timedOut).toMatchObject({ code: 'KB_TIMEOUT', cause: { code: '57014' } });
    expect((timedOut.cause as Error).message).toMatch(/\p{Script=Han}/u);

    let attempts = 0;
    await db.transaction(
      async (transaction) => {
        if (++attempts < 3)
          await transaction.script(`DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$`);
      },
      { retry: { backoff: () => 0 } },
    );
    expect(attempts).toBe(3);

    const lost = await rejectionOf(db.query('SELECT pg_terminate_backend(pg_backend_pid())'));
    expect(lost).toMatchObject({ code: 'KB_CONNECTION_LOST', outcome: 'unknown', cause: { code: '57P01' } });
    expect(await db.queryRow('SELECT 1 AS v')).toEqual({ v: 1 });
  });

  it('of a failed transaction say what is to be done', async () => {
    const failed = db.transaction(async (transaction: Transaction) => {
      await rejectionOf(transaction.query('SELECT 1 / 0'));
      expect(await rejectionOf(transaction.query('SELECT 1'))).toMatchObject({ code: '25P02' });
    });
    expect(await rejectionOf(failed)).toMatchObject({ code: 'KB_TRANSACTION_ROLLED_BACK' });
  });

  it('of a database that is not there are told at once', async () => {
    const nowhere = connectTo(emulator(), { database: '没有这个库' }, flavour);
    const error = await rejectionOf(nowhere.ping());
    expect(error).toMatchObject({ code: '3D000', condition: 'invalid_catalog_name', severity: 'FATAL' });
    expect(error.message).toMatch(/没有这个库.*不存在/);
    await nowhere.close();
  });
});
