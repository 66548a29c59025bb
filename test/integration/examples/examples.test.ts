import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, test } from 'vitest';

const execute = promisify(execFile);
const root = path.resolve(__dirname, '../../..');

/** What each program prints, exactly, with the time zone Asia/Shanghai; patterns for what differs between runs. */
const OUTPUT: Readonly<Record<string, string | RegExp>> = {
  'first-query.mts': new RegExp(
    `^3 rows: \\[ { n: 1, name: '城市1' }, { n: 2, name: '城市2' }, { n: 3, name: '城市3' } \\]\n` +
      `today: \\d{4}-\\d\\d-\\d\\d\nno row: undefined\nINSERT: 2 rows\n$`,
  ),
  'prepared-statement.mts': 'sum of squares: 328350\n',
  'session.mts': `[ { name: '李四', balance: 30 }, { name: '张三', balance: 70 } ]\n`,
  'errors.mts': `SQLSTATE 23505 (unique_violation): duplicate key value violates unique constraint "book_pkey"
  constraint book_pkey: Key (isbn)=(978-7-111) already exists.
SQLSTATE 42601 (syntax_error): syntax error at or near "FORM"
  at character 10
KB_BAD_PARAMETER: Parameter $1 is a Promise: did you forget await?
KB_CONNECT_REFUSED at stage tcp, outcome not-sent: Cannot connect to 127.0.0.1:1: Connection refused
KB_BAD_OPTION: Unknown option "sslmod"; did you mean "sslmode"?
`,
  'types.mts': `defaults: {
  id: 9007199254740993n,
  price: '19.90',
  opened: 2026-02-17T00:00:00.123Z,
  data: { tags: [ '新', '热' ] },
  numbers: [ 1, null, 3 ],
  bytes: <Buffer 4b 42>,
  day: '2026-02-17'
}
choices: {
  id: '9007199254740993',
  price: 19.9,
  opened: '2026-02-17 00:00:00.123456+00',
  data: '{"tags": ["新", "热"]}',
  numbers: [ 1, null, 3 ],
  bytes: <Buffer 4b 42>,
  day: 2026-02-16T16:00:00.000Z
}
parameters: {
  price: '19.90',
  data: { size: [ 1, 2 ] },
  names: [ '张三', null, '李 "四"' ]
}
own type: 1990n
`,
  'cancellation.mts': `KB_TIMEOUT: The statement took longer than its limit of 200 ms.
rejected with the reason of the signal: true
and the connection goes on: 1 (1 open)
`,
  'transaction.mts': `nothing was paid: check_violation
paid instead: 5
attempts: 2
[ { name: '李四', balance: 25 }, { name: '张三', balance: 76 } ]
`,
  'batch-insert.mts': `100000 rows by copy
[
  { id: 5, sensor: '传感器 5', degrees: '21.5' },
  { id: 6, sensor: '传感器 6', degrees: '21.6' },
  { id: 100000, sensor: null, degrees: '22.0' }
]
row 1: invalid input syntax for type numeric: "warm"
row 2: new row for relation "example_reading" violates check constraint "example_reading_degrees_check"
{ rows: 100003n }
`,
  'listen.mts': `example_orders: 订单 1
a gap: reading the table again
example_orders: 订单 2
`,
  'pool-events.mts': new RegExp(
    `^connected to 127\\.0\\.0\\.1:\\d+
held for 100 ms, taken here: pool-events\\.mts
connected to 127\\.0\\.0\\.1:\\d+
disconnected: it was lost, KB_CONNECTION_LOST
connected to 127\\.0\\.0\\.1:\\d+
{ openConnections: 2, inUse: 0, idle: 2, reconnects: 1 }
disconnected: the database was closed\ndisconnected: the database was closed\n$`,
  ),
  'stream-rows.mts': `sum: 5000050000
count: 100000
the first multiple of 777: 777
{ one: 1 }
`,
  'copy-csv.mts': `2 rows
nothing was copied: invalid input syntax for type bigint: "many"
  COPY city, line 3, column people: "many"
北京,21893095
"上海, 市",24870895
`,
  'job-queue.mts': `[
  { city: '杭州', attempts: 1, error: null },
  { city: '苏州', attempts: 2, error: 'not today' },
  { city: '上海', attempts: 1, error: null }
]
`,
  'load-csv.mts': `20000 rows, progress told: true, set aside:
line 12: invalid input syntax for type bigint: "many"
line 13: null value in column "city" violates not-null constraint
`,
  'from-odbc.mts': `SQLRowCount: 1
SQLFetch: 1 齿轮 2.50
SQLDescribeCol: id (type 23), weight (type 1700)
SQLGetDiagRec: 23505
`,
  'from-pg.mts': `2 [ { id: 1 }, { id: 2 } ]
{ count: '2' }
[ [ '杭州' ], [ '苏州' ] ]
42P01 relation "nowhere" does not exist
`,
  'common-js.cjs': `[ { n: 1, square: 1 }, { n: 2, square: 4 }, { n: 3, square: 9 } ]
22012 division_by_zero
`,
  'unit-test-with-a-fake.mts': `a new name is registered
a name that is there already is taken
other errors reach the caller
`,
  'worker-thread.mjs': 'sums: [ 55n, 500500n, 5000050000n ]\n',
  'worker-pipeline.mjs': '20000 digests\n777 true\n',
  'export-csv.mts': `20000 rows
编号,名称,价格,日期
1,"茶, 1",0.12500000000000000000,2026-02-18
2,'=1+1,0.25000000000000000000,2026-02-19
`,
  'from-kb.cjs': `1\n[ { id: 1, name: '张三' } ]\n`,
  'nestjs.mts': '临安\nclosing the database \n',
  'midway.mts': '4\nclosing the database\n',
};

const entries = readdirSync(path.join(root, 'examples'), { withFileTypes: true });
const programs = entries.filter((entry) => /\.[mc][jt]s$/.test(entry.name)).map(({ name }) => name);
const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);

test('every example has its output here, or a test of its own', () => {
  expect(programs.sort()).toEqual(Object.keys(OUTPUT).sort());
  const tests = readdirSync(__dirname).map((name) => name.replace(/\.test\.m?ts$/, ''));
  expect(folders.filter((name) => !tests.includes(name))).toEqual([]);
});

test.each(['README.md', 'README.zh-CN.md'])('%s of the examples has a line for each', (readme) => {
  const text = readFileSync(path.join(root, 'examples', readme), 'utf8');
  const named = [...text.matchAll(/^\| \[[^\]]+\]\(([\w.-]+)\/?\)/gm)].map(([, name]) => name);
  expect(named.sort()).toEqual([...programs, ...folders].sort());
});

// A program that did not end by itself would run into the limit of execFile, which is an error.
test.each(Object.entries(OUTPUT))('%s runs, prints what it should and ends', async (name, expected) => {
  const { host, port, user, database } = inject('server');
  const library = inject('libraries').find(({ flavour }) => flavour === 'kci')!;
  const settings = Object.entries(process.env).filter(([variable]) => !/^(KINGBASE|PG)/.test(variable));
  const { stdout, stderr } = await execute(
    process.execPath,
    ['--import', 'tsx', path.join('examples', name), `kingbase://${user}@${host}:${port}/${database}`],
    {
      cwd: root,
      timeout: 25_000,
      env: {
        ...Object.fromEntries(settings),
        KINGBASE_CLIENT_LIBRARY: library.path,
        NO_COLOR: '1',
        TSX_TSCONFIG_PATH: 'examples/tsconfig.json',
        TZ: 'Asia/Shanghai',
      },
    },
  );
  expect(stderr).toBe('');
  if (typeof expected === 'string') expect(stdout).toBe(expected);
  else expect(stdout).toMatch(expected);
});
