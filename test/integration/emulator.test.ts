import { once } from 'node:events';
import { connect } from 'node:net';
import { Client, DatabaseError as PgError, type ClientConfig } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ConnectionError, DatabaseError, open, type ConnectionConfig, type Database } from 'kingbase-native';
import {
  sm3Answer,
  startEmulator,
  type Emulator,
  type EmulatorOptions,
} from '../support/kingbase-emulator.js';
import {
  BodyReader,
  cString,
  encodeMessage,
  encodeStartup,
  MessageReader,
  readReport,
  type Message,
} from '../support/protocol.js';
import { targets, type Target } from '../support/targets.js';

const tcpTargets = targets().filter(({ transport }) => transport === 'TCP');

const running: Emulator[] = [];
afterAll(() => Promise.all(running.map((emulator) => emulator.stop())));

async function start(options: Partial<EmulatorOptions> = {}): Promise<Emulator> {
  const emulator = await startEmulator(inject('server'), {
    release: 'V9R1',
    databaseMode: 'oracle',
    messages: 'en',
    ...options,
  });
  running.push(emulator);
  return emulator;
}

function config(target: Target, { host, port, user, database }: Emulator): ConnectionConfig {
  return { ...target.config, host, port, user, database };
}

async function withDriver<T>(
  target: Target,
  emulator: Emulator,
  use: (db: Database) => Promise<T>,
  overrides: Partial<ConnectionConfig> = {},
): Promise<T> {
  await using db = open({ ...config(target, emulator), ...overrides });
  return await use(db);
}

async function withPg<T>(
  { host, port, user, database }: Emulator,
  use: (client: Client) => Promise<T>,
  overrides: ClientConfig = {},
): Promise<T> {
  const client = new Client({ host, port, user, database, ...overrides });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

async function value(client: Client, sql: string): Promise<unknown> {
  const { rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' });
  return rows[0]?.[0];
}

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (result) => new Error(`It did not fail, but gave ${JSON.stringify(result)}.`),
    (error: unknown) => error,
  );

describe.each([
  {
    release: 'V8R6',
    databaseMode: 'oracle',
    version: 'V008R006C006B0013PS003',
    ci: false,
    emptyIsNull: 'on',
  },
  { release: 'V9R1', databaseMode: 'pg', version: 'V009R001C010', ci: false, emptyIsNull: 'off' },
  { release: 'V9R1', databaseMode: 'mysql', version: 'V009R001C010', ci: true, emptyIsNull: 'off' },
  { release: 'V9R1', databaseMode: 'sqlserver', version: 'V009R001C010', ci: true, emptyIsNull: 'off' },
] as const)('$release in $databaseMode mode', ({ release, databaseMode, version, ci, emptyIsNull }) => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await start({ release, databaseMode });
  });

  it('has the settings of KingbaseES, however they are asked for', async () => {
    await withPg(emulator, async (client) => {
      expect(await value(client, 'SELECT version()')).toMatch(new RegExp(`^KingbaseES ${version}( on |$)`));
      expect(await value(client, 'SHOW database_mode')).toBe(databaseMode);
      expect(await value(client, "SELECT current_setting('DATABASE_MODE', true)")).toBe(databaseMode);
      expect(await value(client, "SELECT setting FROM pg_settings WHERE name = 'database_mode'")).toBe(
        databaseMode,
      );
      expect(await value(client, 'SHOW enable_ci')).toBe(ci ? 'on' : 'off');
      expect(await value(client, 'SHOW ora_input_emptystr_isnull')).toBe(emptyIsNull);
      // What V8R6's client library asks for at each login.
      expect(await value(client, "select setting from pg_settings where name = 'enable_upper_colname'")).toBe(
        'off',
      );
      expect(await value(client, 'SHOW server_version')).toBe('12.1');
      expect(await value(client, "SELECT current_setting('server_version_num')")).toBe('120001');
    });
  });

  it('lets be set what can be set', async () => {
    await withPg(emulator, async (client) => {
      await expect(client.query("SET database_mode = 'pg'")).rejects.toMatchObject({ code: '55P02' });
      await client.query('SET enable_upper_colname = on');
      expect(await value(client, 'SHOW enable_upper_colname')).toBe('on');
      const set = client.query('SET ora_input_emptystr_isnull = on');
      if (databaseMode === 'pg') await expect(set).rejects.toMatchObject({ code: '22023' });
      else await set;
    });
  });

  it.each(tcpTargets)('tells $name what it is', async (target) => {
    await withDriver(target, emulator, async (db) => {
      expect(await db.serverInfo()).toMatchObject({
        product: 'KingbaseES',
        release: version,
        serverVersionNum: 120001,
        databaseMode,
        caseInsensitive: ci,
        encoding: 'UTF8',
      });
    });
  });
});

it('leaves the server behind it as it is, and removes what it made', async () => {
  const emulator = await start();
  const server = inject('server');
  await emulator.stop();
  const client = new Client({ ...server, database: server.database });
  await client.connect();
  expect(await value(client, 'SELECT version()')).toMatch(/^PostgreSQL 12/);
  expect(await value(client, "SELECT current_setting('database_mode', true)")).toBeNull();
  expect(
    await value(client, `SELECT count(*)::int FROM pg_database WHERE datname = '${emulator.database}'`),
  ).toBe(0);
  await client.end();
  await expect(withPg(emulator, () => Promise.resolve())).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

describe('types', () => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await start({ release: 'V8R6' });
  });

  it('have the numbers of KingbaseES in the catalogue', async () => {
    await withPg(emulator, async (client) => {
      const { rows } = await client.query<unknown[]>({
        text: 'SELECT oid::int, oid::regtype::text, typelem::int FROM pg_type WHERE oid BETWEEN 8000 AND 8999 ORDER BY 1',
        rowMode: 'array',
      });
      expect(rows).toEqual([
        [8013, 'blob', 0],
        [8014, 'clob', 0],
        [8015, 'nclob', 0],
        [8016, 'bpcharbyte', 0],
        [8017, 'bpcharbyte[]', 8016],
        [8018, 'varcharbyte', 0],
        [8019, 'varcharbyte[]', 8018],
        [8020, 'date', 0],
        [8021, 'date[]', 8020],
        [8100, 'tinyint', 0],
        [8101, 'tinyint[]', 8100],
      ]);
      expect(await value(client, "SELECT 'pg_catalog.date'::regtype::oid::int")).toBe(1082);
    });
  });

  describe.each(tcpTargets)('$name', (target) => {
    const columns = {
      small: { type: 'tinyint', oid: 8100, value: -128 },
      bytes: { type: 'blob', oid: 8013, value: Buffer.from([0, 1, 255]) },
      long: { type: 'clob', oid: 8014, value: '长文本' },
      fixed: { type: 'bpcharbyte(8)', oid: 8016, value: '中文  ' },
      short: { type: 'varcharbyte(6)', oid: 8018, value: '中文' },
      moment: { type: 'date', oid: 8020, value: new Date(2024, 1, 29, 13, 14, 15) },
      smalls: { type: 'tinyint[]', oid: 8101, value: [1, null, 127] },
      shorts: { type: 'varcharbyte[]', oid: 8019, value: ['中', 'b,"c"'] },
      fixeds: { type: 'bpcharbyte[]', oid: 8017, value: ['a ', null] },
      moments: { type: 'date[]', oid: 8021, value: [new Date(2024, 1, 29, 13, 14, 15)] },
    };
    const table = `sample_${target.flavour}`;
    const names = Object.keys(columns);
    const values = Object.values(columns);

    it('are columns that can be written and read', async () => {
      await withDriver(target, emulator, async (db) => {
        const definitions = names.map((name, i) => `${name} ${values[i]!.type}`);
        await db.exec(`CREATE TABLE ${table} (${definitions.join()}, PRIMARY KEY (small, moment))`);
        const placeholders = names.map((_, i) => `$${i + 1}`).join();
        const parameters = values.map(({ value }) => value);
        // Sent as it is, then prepared, then only executed.
        for (const day of [1, 2, 3]) {
          parameters[names.indexOf('moment')] = new Date(2024, 1, day);
          await db.exec(`INSERT INTO ${table} VALUES (${placeholders})`, parameters);
        }
        await db.exec(`UPDATE ${table} SET moment = $1 WHERE moment = $2 AND small = $3`, [
          columns.moment.value,
          new Date(2024, 1, 3),
          -128,
        ]);
        const { rows, fields } = await db.query(`SELECT * FROM ${table} ORDER BY moment DESC LIMIT 1`);
        expect(rows).toEqual([Object.fromEntries(names.map((name, i) => [name, values[i]!.value]))]);
        expect(fields.map(({ typeOid }) => typeOid)).toEqual(values.map(({ oid }) => oid));
      });
    });

    it('count lengths in bytes, and hold no more than they can', async () => {
      await withDriver(target, emulator, async (db) => {
        const insert = (column: string, value: unknown): Promise<unknown> =>
          failure(db.exec(`INSERT INTO ${table} (${column}) VALUES ($1)`, [value]));
        expect(await insert('short', '中文a')).toMatchObject({ code: '22001' });
        expect(await insert('fixed', '中文abc')).toMatchObject({ code: '22001' });
        expect(await failure(db.exec(`UPDATE ${table} SET small = 128`))).toMatchObject({ code: '22003' });
        expect(await db.queryRow("SELECT '中文a'::varcharbyte(6) AS cut")).toEqual({ cut: '中文' });
      });
    });

    it('sort, group and work with the types they are like', async () => {
      await withDriver(target, emulator, async (db) => {
        const { rows } = await db.query(
          `SELECT small + 1 AS sum, moment::timestamp AS moment, length(bytes) AS length, long || '!' AS text, short, fixed
           FROM ${table} WHERE short = $1 GROUP BY small, moment, bytes, long, short, fixed ORDER BY short, fixed, moment DESC LIMIT 1`,
          ['中文'],
        );
        expect(rows).toEqual([
          {
            sum: -127,
            moment: columns.moment.value,
            length: 3,
            text: '长文本!',
            short: '中文',
            fixed: '中文  ',
          },
        ]);
      });
    });

    it('makes of now() a date with a time of day, in whole seconds', async () => {
      await withDriver(target, emulator, async (db) => {
        const sql = `SELECT now()::date AS d, now()::date::timestamp = date_trunc('second', now()::timestamp + '0.5 s') AS rounded`;
        const { rows, fields } = await db.query<{ d: Date; rounded: boolean }>(sql);
        expect(fields[0]?.typeOid).toBe(8020);
        expect(rows[0]).toMatchObject({ rounded: true });
        expect(rows[0]?.d.getMilliseconds()).toBe(0);
      });
    });
  });

  it('have date as a day where the mode is not that of Oracle', async () => {
    const pgMode = await start({ release: 'V8R6', databaseMode: 'pg' });
    await withPg(pgMode, async (client) => {
      expect(await value(client, "SELECT 'date'::regtype::oid::int")).toBe(1082);
      expect(await value(client, "SELECT to_regtype('sys.date')")).toBeNull();
      expect(await value(client, "SELECT 'tinyint'::regtype::oid::int")).toBe(8100);
    });
  });
});

describe('messages', () => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await start({ messages: 'zh' });
  });

  it.each(tcpTargets)('are Chinese, with the fields by which $name understands them', async (target) => {
    await withDriver(target, emulator, async (db) => {
      const table = `unique_${target.flavour}`;
      await db.exec(`CREATE TABLE ${table} (id int4 CONSTRAINT ${table}_key UNIQUE)`);
      await db.exec(`INSERT INTO ${table} VALUES (1)`);
      const error = await failure(db.exec(`INSERT INTO ${table} VALUES ($1)`, [1]));
      expect(error).toBeInstanceOf(DatabaseError);
      expect(error).toMatchObject({
        code: '23505',
        condition: 'unique_violation',
        severity: 'ERROR',
        message: `重复键违反唯一约束"${table}_key"`,
        detail: '键值"(id)=(1)" 已经存在',
        schema: 'public',
        table,
        constraint: `${table}_key`,
      });
      expect(await failure(db.query('SELECT * FROM 没有'))).toMatchObject({
        code: '42P01',
        message: '关系 "没有" 不存在',
        position: 15,
      });
    });
  });

  it.each(tcpTargets)('are Chinese when $name is refused', async (target) => {
    await withDriver(
      target,
      emulator,
      async (db) => {
        const error = await failure(db.ping());
        expect(error).toBeInstanceOf(DatabaseError);
        expect(error).toMatchObject({
          code: '3D000',
          message: expect.stringContaining('数据库 "absent" 不存在') as string,
        });
      },
      { database: 'absent' },
    );
  });

  it.each(tcpTargets)('are Chinese in notices to $name', async (target) => {
    await withDriver(target, emulator, async (db) => {
      const notices: unknown[] = [];
      db.on('notice', (notice) => notices.push(notice));
      await db.exec("DO $$ BEGIN RAISE WARNING 'division by zero'; END $$");
      expect(notices).toMatchObject([
        { processId: expect.any(Number) as number, severity: 'WARNING', code: '01000', message: '除以零' },
      ]);
    });
  });

  it('have the severity in both languages on the wire, and put values where they belong', async () => {
    await withPg(emulator, async (client) => {
      await client.query('CREATE TABLE parent (id int4 PRIMARY KEY)');
      await client.query('CREATE TABLE child (id int4 CONSTRAINT child_fk REFERENCES parent)');
      await client.query('INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1)');
      const error = await failure(client.query('DELETE FROM parent'));
      expect(error).toBeInstanceOf(PgError);
      expect(error).toMatchObject({
        severity: '错误',
        code: '23503',
        message: '在 "parent" 上的更新或删除操作违反了在 "child" 上的外键约束 "child_fk"',
      });
    });
  });
});

describe('sm3 authentication', () => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await start({ authentication: 'sm3', password: '密码' });
  });

  it.each(tcpTargets)('is unknown to $name, whose user is told what to do', async (target) => {
    await withDriver(
      target,
      emulator,
      async (db) => {
        const error = await failure(db.ping());
        expect(error).toBeInstanceOf(ConnectionError);
        expect(error).toMatchObject({ code: 'KB_CONNECT_AUTH_METHOD', stage: 'auth', outcome: 'not-sent' });
        const { hint } = error as ConnectionError;
        expect(hint).toMatch(/older than the server.*KINGBASE_CLIENT_LIBRARY/);
      },
      { password: '密码' },
    );
  });

  /** Logs in as Kingbase's own client library does, and gives the messages that follow. */
  async function logIn(password: string): Promise<Message[]> {
    const { host, port, user, database } = emulator;
    const socket = connect({ host, port });
    const reader = new MessageReader(false);
    const messages: Message[] = [];
    socket.write(encodeStartup(Object.entries({ user, database })));
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      for (const message of reader.push(chunk)) {
        messages.push(message);
        if (messages.length === 1) {
          const request = new BodyReader(message.body);
          expect([message.type, request.int32()]).toEqual(['R', 13]);
          const salt = request.bytes(4);
          request.end();
          socket.write(encodeMessage('p', cString(sm3Answer(user, password, salt))));
        }
        if (message.type === 'Z') socket.end(encodeMessage('X'));
      }
    }
    return messages.slice(1);
  }

  it('lets in who answers right', async () => {
    const messages = await logIn('密码');
    expect(messages.map(({ type }) => type)).toContain('Z');
    const parameters = messages.filter(({ type }) => type === 'S').map(({ body }) => body.toString());
    expect(parameters.filter((text) => text.startsWith('server_version\0'))).toContain(
      'server_version\x0012.1\0',
    );
    expect(parameters.join()).not.toContain('12.22');
  });

  it('refuses who does not', async () => {
    const [refusal, ...rest] = await logIn('wrong');
    expect(rest).toEqual([]);
    expect(refusal?.type).toBe('E');
    expect(Object.fromEntries(readReport(refusal!.body))).toEqual({
      S: 'FATAL',
      V: 'FATAL',
      C: '28P01',
      M: `password authentication failed for user "${emulator.user}"`,
    });
  });
});

describe('a refused extended protocol', () => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await start({ extendedProtocol: 'refuse' });
  });
  const refusal = { code: '0A000', message: 'extended query protocol is not supported' };

  it.each(tcpTargets)('fails statements of $name but not scripts', async (target) => {
    await withDriver(target, emulator, async (db) => {
      for (let i = 0; i < 3; i++) {
        const error = await failure(db.query('SELECT $1::int4', [1]));
        expect(error).toBeInstanceOf(DatabaseError);
        expect(error).toMatchObject(refusal);
        expect(error).not.toHaveProperty('position');
      }
      await expect(db.prepare('SELECT 1')).rejects.toMatchObject(refusal);
      expect(await db.script('SELECT 1')).toMatchObject([{ command: 'SELECT' }]);
    });
  });

  it('fails the transaction that it comes in', async () => {
    await withPg(emulator, async (client) => {
      await client.query('BEGIN');
      await expect(client.query('SELECT $1::int4', [1])).rejects.toMatchObject(refusal);
      await expect(client.query('SELECT 1')).rejects.toMatchObject({ code: '25P02' });
      await client.query('ROLLBACK');
      expect(await value(client, 'SELECT 1')).toBe(1);
    });
  });

  it('holds for statements that were prepared by SQL', async () => {
    await withPg(emulator, async (client) => {
      await client.query('PREPARE one AS SELECT 1');
      expect(await value(client, 'EXECUTE one')).toBe(1);
      const { connection } = client as unknown as {
        connection: { parsedStatements: Record<string, string> };
      };
      // Has `pg` go on without Parse.
      connection.parsedStatements['one'] = 'SELECT 1';
      await expect(client.query({ name: 'one', text: 'SELECT 1' })).rejects.toMatchObject(refusal);
    });
  });
});

describe('connections', () => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await start();
  });

  it.each(tcpTargets)('of $name are never encrypted', async (target) => {
    await withDriver(target, emulator, async (db) => {
      await using connection = await db.connect();
      await connection.exec('SELECT 1');
      expect(connection.tls).toBeUndefined();
    });
    await withDriver(
      target,
      emulator,
      (db) => expect(db.ping()).rejects.toMatchObject({ code: 'KB_CONNECT_TLS_UNSUPPORTED' }),
      {
        sslMode: 'require',
      },
    );
  });

  it.each(tcpTargets)('of $name can be cancelled', async (target) => {
    await withDriver(target, emulator, async (db) => {
      // The limit is for the statement, not for the login before it.
      await db.ping();
      const error = await failure(db.query('SELECT pg_sleep(600)', [], { timeout: 100 }));
      expect(error).toMatchObject({ code: 'KB_TIMEOUT', cause: { code: '57014' } });
    });
  });

  it.each(tcpTargets)('of $name carry much in both directions', async (target) => {
    await withDriver(target, emulator, async (db) => {
      const text = '大'.repeat(3_000_000);
      const row = await db.queryRow<{ text: string }>('SELECT $1::clob AS text', [text]);
      expect(row?.text === text).toBe(true);
      const { rows } = await db.query('SELECT n, md5(n::text) AS hash FROM generate_series(1, 20000) n');
      expect(rows).toHaveLength(20_000);
    });
  });

  it('speak of sys_hba.conf', async () => {
    await withPg(emulator, async (client) => {
      const notices: (string | undefined)[] = [];
      client.on('notice', ({ message }) => notices.push(message));
      await client.query("DO $$ BEGIN RAISE NOTICE 'see pg_hba.conf'; END $$");
      expect(notices).toEqual(['see sys_hba.conf']);
    });
  });

  it('end where the client does not keep to the protocol', async () => {
    const socket = connect({ host: emulator.host, port: emulator.port });
    socket.end('GET / HTTP/1.1\r\n\r\n');
    const reader = new MessageReader(false);
    const messages: Message[] = [];
    socket.on('data', (bytes) => messages.push(...reader.push(bytes)));
    await once(socket, 'close');
    expect(messages.map(({ type, body }) => [type, readReport(body).get('C')])).toEqual([['E', '08P01']]);
  });
});
