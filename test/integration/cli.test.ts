import { dirname } from 'node:path';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { buildBrokenLibrary } from '../../scripts/stand-in-libkci.js';
import { commandLine, type CommandEnd, type CommandOptions } from '../support/command-line.js';
import { fakeServer, silent, type FakeServer } from '../support/fake-servers.js';
import { PASSWORD } from '../support/rejections.js';

const { host, port, user, database } = inject('server');
const url = `kingbase://${user}@${host}:${port}/${database}`;

let fake: FakeServer | undefined;

afterEach(async () => {
  await fake?.close();
  fake = undefined;
});

describe.each(inject('libraries'))('the command line with $name', ({ path }) => {
  const run = (args: readonly string[], { environment, ...more }: CommandOptions = {}): Promise<CommandEnd> =>
    commandLine(args, { environment: { KINGBASE_CLIENT_LIBRARY: path, ...environment }, ...more });

  const query = (args: readonly string[], options?: CommandOptions): Promise<CommandEnd> =>
    run(['query', url, ...args], options);

  it('pings once', async () => {
    const { stdout, stderr, code } = await run(['ping', url]);
    expect(stdout).toMatch(/^1: [\d.]+ ms \(connected in [\d.]+ ms\)\n$/);
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  it('pings several times on one connection, and sums up', async () => {
    const { stdout, code } = await run(['ping', url, '--count', '3', '--interval', '10']);
    const [first, second, third, end] = stdout.trim().split('\n');
    expect(first).toContain('connected in');
    expect(second).toMatch(/^2: [\d.]+ ms$/);
    expect(third).toMatch(/^3: [\d.]+ ms$/);
    expect(end).toMatch(/^3 sent, 3 answered, min\/avg\/max [\d.]+\/[\d.]+\/[\d.]+ ms$/);
    expect(code).toBe(0);
  });

  it.each([
    ['nothing listens', (): number => 1, 'KB_CONNECT_REFUSED'],
    ['nothing answers', (): number => fake?.port ?? 0, 'KB_CONNECT_TIMEOUT'],
  ] as const)('says that a ping was not answered where %s', async (_what, at, errorCode) => {
    fake = await fakeServer(silent);
    const args = ['ping', `kingbase://${user}@127.0.0.1:${at()}/x`, '--timeout', '300', '-c', '2', '-i', '1'];
    const { stdout, code } = await run(args);
    expect(stdout).toMatch(
      new RegExp(`^1: .+ \\[${errorCode}\\]\n2: .+ \\[${errorCode}\\]\n2 sent, 0 answered\n$`),
    );
    expect(code).toBe(1);
  });

  it('pings for programs, a line of JSON each time', async () => {
    const { stdout, code } = await run(['ping', url, '--json', '-c', '2', '-i', '1']);
    const [first, second, end] = stdout
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    const milliseconds = expect.any(Number) as unknown;
    expect(first).toEqual({ number: 1, answered: true, milliseconds, connectMilliseconds: milliseconds });
    expect(second).toEqual({ number: 2, answered: true, milliseconds });
    expect(end).toEqual({ sent: 2, answered: 2, min: milliseconds, mean: milliseconds, max: milliseconds });
    expect(code).toBe(0);
    const refused = await run(['ping', `kingbase://${user}@127.0.0.1:1/x`, '--json']);
    expect(JSON.parse(refused.stdout)).toMatchObject({
      number: 1,
      answered: false,
      code: 'KB_CONNECT_REFUSED',
    });
    expect(refused.code).toBe(1);
  });

  it('says in Chinese what a ping met', async () => {
    const { stdout } = await run(['ping', `kingbase://${user}@127.0.0.1:1/x`, '--lang', 'zh']);
    expect(stdout).toMatch(/^1: \p{Script=Han}[^a-z]* \[KB_CONNECT_REFUSED\]\n$/u);
  });

  it.each([
    ['nothing', ''],
    ['white space', ' \n\t'],
    ['a comment', '/* SELECT 1 */ -- nothing'],
    ['a semicolon', ';'],
  ])('takes %s for no statement, however it is given', async (_what, sql) => {
    for (const { stdout, stderr, code } of [
      await query(['-c', sql, '--lang', 'zh']),
      await query(['-f', 'json', '--lang', 'zh'], { input: sql }),
    ]) {
      expect(stdout).toBe('');
      expect(stderr).toContain('语句为空。');
      expect(code).toBe(2);
    }
  });

  it('ends a statement by its limit', async () => {
    const { stdout, stderr, code } = await query(['-c', 'SELECT pg_sleep(60)', '--timeout', '2000']);
    expect(stdout).toBe('');
    expect(stderr).toContain('KB_TIMEOUT');
    expect(code).toBe(1);
  });

  it.each([
    [['query', '--json'], '--json', '--format json'],
    [['query', '--formt', 'csv'], '--formt', '--format'],
    [['ping', '--cuont=3'], '--cuont', '--count'],
    [['doctor', '--jsno'], '--jsno', '--json'],
  ])('says of %j what was meant, in either language', async (args, given, meant) => {
    const english = await run(args);
    expect(english.stderr).toContain(`There is no option ${given} here; did you mean ${meant}?`);
    expect(english.code).toBe(2);
    const chinese = await run([...args, '--lang', 'zh']);
    expect(chinese.stderr).toContain(`没有选项 ${given}，是否指 ${meant}？`);
  });

  it.each([
    [['query', '-c'], '选项 --command 需要一个值'],
    [['ping', '--json=yes'], '选项 --json 不带值'],
  ])('says in Chinese what is wrong with %j', async (args, words) => {
    const { stderr, code } = await run(args, { environment: { LANG: 'zh_CN.UTF-8' } });
    expect(stderr).toContain(words);
    expect(stderr).not.toMatch(/Option|argument/);
    expect(code).toBe(2);
  });

  it('runs a statement with parameters and prints a table', async () => {
    const sql = `SELECT $1::int4 + 1 AS "数", $2::text AS words, NULL AS nothing`;
    const { stdout, stderr, code } = await query(['-c', sql, '-p', '41', '-p', '你好']);
    expect(stdout).toBe('数 | words | nothing\n---+-------+--------\n42 | 你好  |\n(1)\n');
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  const VALUES = `SELECT 9007199254740993::int8 AS big, 1.50::numeric AS n, '2024-02-29 01:02:03.123456'::timestamp AS t,
    '{"a": [1]}'::jsonb AS j, '\\x00ff'::bytea AS b, true AS yes, '' AS empty, NULL::text AS nothing,
    E'a"b,\\tc\\nd\\\\e' AS odd, ARRAY[1, NULL] AS list`;

  it('prints CSV', async () => {
    const { stdout } = await query(['-f', 'csv'], { input: VALUES });
    expect(stdout).toBe(
      'big,n,t,j,b,yes,empty,nothing,odd,list\n' +
        '9007199254740993,1.50,2024-02-29 01:02:03.123456,"{""a"": [1]}",\\x00ff,true,"",,"a""b,\tc\nd\\e","[1,null]"\n',
    );
  });

  it('prints TSV as COPY has it', async () => {
    const { stdout } = await query(['-f', 'tsv'], { input: VALUES });
    expect(stdout).toBe(
      'big\tn\tt\tj\tb\tyes\tempty\tnothing\todd\tlist\n' +
        '9007199254740993\t1.50\t2024-02-29 01:02:03.123456\t{"a": [1]}\t\\\\x00ff\ttrue\t\t\\N\ta"b,\\tc\\nd\\\\e\t[1,null]\n',
    );
  });

  it('prints JSON', async () => {
    const { stdout } = await query(['--format', 'json'], { input: VALUES });
    expect(JSON.parse(stdout)).toEqual([
      {
        // More than a number holds.
        big: '9007199254740993',
        n: '1.50',
        t: '2024-02-29 01:02:03.123456',
        j: { a: [1] },
        b: '\\x00ff',
        yes: true,
        empty: '',
        nothing: null,
        odd: 'a"b,\tc\nd\\e',
        list: [1, null],
      },
    ]);
  });

  it('prints what a statement without rows did', async () => {
    const sql = 'CREATE TEMPORARY TABLE cli_test AS SELECT * FROM generate_series(1, 3)';
    expect((await query(['-c', sql])).stdout).toBe('SELECT 3\n');
    expect((await query(['-c', sql, '-f', 'csv'])).stdout).toBe('');
    expect(JSON.parse((await query(['-c', sql, '-f', 'json'])).stdout)).toEqual({
      command: 'SELECT',
      rowsAffected: 3,
    });
  });

  it('shows nothing that would steer the terminal', async () => {
    const { stdout } = await query(['-c', `SELECT E'\\x1b[31mred\\nline' AS x`]);
    expect(stdout.split('\n')[2]).toBe('\\u001b[31mred↵line');
  });

  it.each([
    ['en', 'What to do:'],
    ['zh', '处理办法：'],
  ])('explains a refused statement in %s', async (language, words) => {
    const { stdout, stderr, code } = await query(['-c', 'SELECT 1 FROM no_such_table', '--lang', language]);
    expect(stdout).toBe('');
    expect(stderr).toContain('[42P01]');
    expect(stderr).toContain(words);
    expect(code).toBe(1);
  });

  const failures: [string, string, string, number][] = [
    ['to nowhere', `kingbase://${user}:${PASSWORD}@127.0.0.1:1/x`, 'KB_CONNECT_REFUSED', 4],
    ['to another database', `kingbase://${user}:${PASSWORD}@${host}:${port}/missing`, '3D000', 6],
    ['by a wrong option', `${url}?sslmod=require`, 'KB_BAD_OPTION', 2],
  ];
  if (inject('sslMode') === 'disable') {
    failures.push(['without TLS', `${url}?sslmode=require`, 'KB_CONNECT_TLS_UNSUPPORTED', 5]);
  }
  it.each(failures)(
    'says by its exit code what failed: %s',
    async (_what, connection, errorCode, exitCode) => {
      const { stdout, stderr, code } = await run(['query', connection, '-c', 'SELECT 1']);
      expect(stderr).toContain(`[${errorCode}]`);
      expect(stderr + stdout).not.toContain(PASSWORD);
      expect(code).toBe(exitCode);
    },
  );

  it('lists the one library that is named', async () => {
    const { stdout, code } = await run(['libs']);
    expect(stdout).toContain(path);
    expect(stdout).toMatch(/^usable/);
    expect(code).toBe(0);
  });
});

describe('the command line', () => {
  it.each([
    ['ping', 2],
    ['query', 3],
  ])('%s says that there is no library', async (command, exitCode) => {
    const { stderr, code } = await commandLine(
      [command, url, ...(command === 'query' ? ['-c', 'SELECT 1'] : [])],
      {
        environment: { KINGBASE_CLIENT_LIBRARY: '/nonexistent/libkci.so.5' },
      },
    );
    expect(stderr).toContain('KB_LIBRARY_NOT_FOUND');
    expect(code).toBe(exitCode);
  });

  it('takes the library from an option before the environment', async () => {
    const [library] = inject('libraries');
    const { code } = await commandLine(['ping', url, '--library', library?.path ?? ''], {
      environment: { KINGBASE_CLIENT_LIBRARY: '/nonexistent/libkci.so.5' },
    });
    expect(code).toBe(0);
  });

  it('lists a library that cannot be used, with its remedy, for people and for programs', async () => {
    const { path } = await buildBrokenLibrary('missing-dependency');
    const environment = { KINGBASE_CLIENT_DIR: dirname(path) };
    const people = await commandLine(['libs'], { environment });
    expect(people.stdout).toContain('libkingbase_absent.so.7');
    const programs = await commandLine(['libs', '--json'], { environment });
    expect(JSON.parse(programs.stdout)).toMatchObject({
      schema: 1,
      candidates: [
        { path, source: 'KINGBASE_CLIENT_DIR', exists: true, missing: [{ name: 'libkingbase_absent.so.7' }] },
      ],
    });
    expect(programs.code).toBe(people.code);
  });

  it('says that there is no library at all', async () => {
    const { code } = await commandLine(['libs'], { environment: { KINGBASE_CLIENT_DIR: '/nonexistent' } });
    expect(code).toBe(3);
  });

  it.each([
    [['--help'], 'Usage: kingbase-native'],
    [['query', '--help', '--lang', 'zh'], '用法：kingbase-native'],
    [['--version'], /^\d+\.\d+\.\d+/],
  ])('%j', async (args, words) => {
    const { stdout, code } = await commandLine(args);
    expect(stdout).toMatch(words);
    expect(code).toBe(0);
  });

  it.each([
    [['query', url, '-f', 'xml', '-c', 'SELECT 1'], '--format must be one of'],
    [['query', url, '--password'], 'must be given by --command'],
    [['ping', url, '--count', '-1'], '--count'],
    [[], 'The first argument must be a command'],
    [['pnig'], 'Did you mean ping?'],
  ])('refuses %j', async (args, words) => {
    const { stderr, code } = await commandLine(args);
    expect(stderr).toContain(words);
    expect(stderr).toContain('--help');
    expect(code).toBe(2);
  });
});
