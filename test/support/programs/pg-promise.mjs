// What programs do by pg-promise, and what they see of it. Runs on pg, or on what --import has put in its place.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { config } = JSON.parse(process.argv[2]);
const pgPromise = require('pg-promise');
const QueryStream = require('pg-query-stream');
const Cursor = require('pg-cursor');

const seen = {};
const events = [];
const note = (name) => (what) => events.push([name, ...what]);
const of = (error) => ({
  name: error.constructor.name,
  message: error.message,
  code: error.code,
  constraint: error.constraint,
  table: error.table,
  position: error.position,
  query: error.query,
  received: error.received,
});
const failure = (promise) => promise.then((value) => ({ resolved: value }), of);

const pgp = pgPromise({
  capSQL: true,
  schema: ['shop_by_promise', 'public'],
  connect: ({ client, useCount, dc }) => note('connect')([typeof client.processID, useCount, dc]),
  disconnect: ({ client, dc }) => note('disconnect')([typeof client.processID, dc]),
  query: ({ query, params }) => note('query')([query, params ?? null]),
  receive: ({ data, result }) => note('receive')([data.length, result?.command, result?.rowCount]),
  task: ({ ctx }) => note('task')([ctx.tag, ctx.isTX, ctx.success]),
  transact: ({ ctx }) => note('transact')([ctx.tag, ctx.level, ctx.success]),
  error: (error, { query }) => note('error')([error.message, typeof query === 'string' ? query : null]),
  extend: (db) => {
    db.twice = (n) => db.one('select $1::int * 2 as v', [n], ({ v }) => v);
  },
});
const db = pgp({ ...config, max: 3 }, 'shop');
const log = (name) => {
  seen[name] = events.splice(0);
};

await db.none('drop schema if exists shop_by_promise cascade; create schema shop_by_promise');
await db.none(`create table town (id serial primary key, name text not null unique, people int8, area numeric(8, 2),
  tags text[], info jsonb, founded date, seen timestamptz, body bytea, check (area > 0))`);
log('schema');

// Queries by what they are to give.
seen.one = await db.one('select 1 as a, $1 as b', ['x']);
seen.oneOrNone = await db.oneOrNone('select 1 as v where false');
seen.many = await db.many('select g from generate_series(1, 3) g');
seen.any = await db.any('select ${a} as a, ${b:name} from (select 1 as b) t', { a: "it's", b: 'b' });
seen.result = await db.result(
  'insert into town (name) values ($1), ($2)',
  ['杭州', '苏州'],
  ({ rowCount, command }) => [rowCount, command],
);
seen.multi = await db.multi('select 1 as a; select 2 as b; select 3 as c where false');
seen.multiResult = (await db.multiResult('select 1 as a; select 2 as b')).map(
  ({ rows, command, rowCount, fields }) => ({
    rows,
    command,
    rowCount,
    fields: fields.map(({ name, dataTypeID }) => [name, dataTypeID]),
  }),
);
seen.map = await db.map('select name from town order by id', [], ({ name }, i) => `${i}${name}`);
seen.each = await db.each('select name from town order by id', [], (row, i) => (row.i = i));
seen.func = await db.func('substr', ['abcdef', 3]);
seen.prepared = [];
const byName = new pgp.PreparedStatement({
  name: 'by name',
  text: 'select id, name from town where name = $1',
});
for (const name of ['杭州', '苏州']) seen.prepared.push(await db.one(byName, [name]));
seen.rowMode = await db.any(
  new pgp.PreparedStatement({
    name: 'rows',
    text: 'select id, name from town order by id',
    rowMode: 'array',
  }),
);
seen.parameterized = await db.any(
  new pgp.ParameterizedQuery({ text: 'select $1::int + $2 as v', values: [1, 2] }),
);
seen.extended = await db.twice(21);
seen.iterable = (await db.result('select g from generate_series(1, 2) g')).rows.length;
log('queries');

// Errors, its own and the server's.
seen.none = await failure(db.none('select 1'));
seen.noData = await failure(db.one('select 1 where false'));
seen.multiple = await failure(db.oneOrNone('select g from generate_series(1, 2) g'));
seen.isQueryResultError = await db
  .one('select 1 where false')
  .catch((error) => [
    error instanceof pgp.errors.QueryResultError,
    error.code === pgp.errors.queryResultErrorCode.noData,
    error.result.rowCount,
  ]);
seen.unique = await failure(db.none('insert into town (name) values ($1)', ['杭州']));
seen.missing = await failure(db.none('insert into town (id) values ($1)', [9]));
seen.check = await failure(db.none('insert into town (name, area) values ($1, $2)', ['x', -1]));
seen.syntax = await failure(db.any('select wrong from'));
seen.syntaxPrepared = await failure(db.any(new pgp.ParameterizedQuery({ text: 'select $1 +', values: [1] })));
seen.formatting = await failure(db.any('select $1, $2', [1]));
seen.toObject = /QueryResultError/.test(String(await db.one('select 1 where false').catch((error) => error)));
log('errors');

// Values, with parsers of the program's.
const values = [
  '9007199254740993',
  '12.50',
  ['a', 'b"c'],
  { 键: [1, null] },
  new Date(0),
  Buffer.from([0, 255]),
];
await db.none(
  'insert into town (name, people, area, tags, info, seen, body) values ($1, $2, $3, $4, $5, $6, $7)',
  ['南京', ...values],
);
const row = () =>
  db.one(
    "select people, area, tags, info, seen, body, '{1,2}'::int8[] as ids from town where name = $1",
    '南京',
  );
seen.values = await row();
const { types } = pgp.pg;
const plain = [types.getTypeParser(20), types.getTypeParser(1700)];
types.setTypeParser(20, (text) => `int8 ${text}`);
types.setTypeParser(types.builtins.NUMERIC, Number);
seen.parsed = await row();
types.setTypeParser(20, plain[0]);
types.setTypeParser(1700, plain[1]);
seen.plain = await row();
log('values');

// What its helpers write.
const columns = new pgp.helpers.ColumnSet(
  ['name', { name: 'people', def: 0 }, { name: 'tags', cast: 'text[]' }],
  {
    table: 'town',
  },
);
const towns = Array.from({ length: 500 }, (_, i) => ({ name: `town ${i}`, people: i, tags: [`t${i}`] }));
await db.none(pgp.helpers.insert(towns, columns));
await db.none(
  pgp.helpers.update(
    [
      { id: 1, people: 10 },
      { id: 2, people: 20 },
    ],
    ['?id', 'people'],
    'town',
  ) + ' where v.id = t.id',
);
seen.inserted = await db.one('select count(*), sum(people) from town');
seen.concat = await db.multi(pgp.helpers.concat([{ query: 'select $1 as a', values: 1 }, 'select 2 as b']));
events.length = 0;

// Tasks and transactions, nested, with savepoints, and how they end.
seen.task = await db.task('a task', async (t) => {
  const id = await t.one('select pg_backend_pid() as pid');
  return t.batch([
    t.one(`select pg_backend_pid() = $1 as same`, id.pid).then(({ same }) => same),
    t.task('inner', (inner) => inner.one('select 2 as v')),
    typeof t.ctx.serverVersion,
    t.ctx.level,
  ]);
});
events.splice(0, events.length, ...events.filter(([name]) => name !== 'query'));
log('tasks');
const { TransactionMode, isolationLevel } = pgp.txMode;
const mode = new TransactionMode({ tiLevel: isolationLevel.serializable, readOnly: false });
seen.transaction = await db.tx({ tag: 'outer', mode }, async (t) => {
  await t.none('insert into town (name) values ($1)', ['outer']);
  const level = await t.one('show transaction_isolation');
  const failed = await failure(
    t.tx('inner', async (inner) => {
      await inner.none('insert into town (name) values ($1)', ['inner']);
      await inner.tx('innermost', (most) => most.none('insert into town (name) values ($1)', ['innermost']));
      await inner.none('insert into town (name) values ($1)', ['outer']);
    }),
  );
  await t.tx('kept', (kept) => kept.none('insert into town (name) values ($1)', ['kept']));
  return [level, failed];
});
seen.left = await db.map(
  "select name from town where name in ('outer', 'inner', 'innermost', 'kept') order by name",
  [],
  ({ name }) => name,
);
seen.rolledBack = await failure(
  db.tx(async (t) => {
    await t.none('delete from town');
    throw new Error('the program gives up');
  }),
);
seen.batch = await db
  .tx((t) => t.batch([t.none('select 1 where false'), t.one('select 1 where false')]))
  .catch((error) => [error.constructor.name, error.message]);
seen.condition = await db.txIf({ cnd: false }, (t) => t.one('select 1 as v'));
seen.loose = await failure(db.task((t) => Promise.resolve(t)).then((t) => t.one('select 1')));
seen.count = await db.one('select count(*) from town');
seen.sequence = await db.tx((t) =>
  t.sequence((i) => (i < 3 ? t.one('select $1 as i', i) : undefined), { track: true }),
);
log('transactions');

// Streams and cursors.
const numbers = [];
seen.stream = await db
  .stream(new QueryStream('select g from generate_series(1, $1::int) g', [250]), (stream) => {
    stream.on('data', ({ g }) => numbers.push(g));
  })
  .then(({ processed }) => [processed, numbers.length, numbers.at(-1)]);
seen.streamError = await failure(db.stream(new QueryStream('select 1/0 as v'), (stream) => stream.resume()));
seen.streamThrows = await failure(
  db.stream(new QueryStream('select 1'), () => {
    throw new Error('not begun');
  }),
);
const shared = await db.connect({ direct: true });
const cursor = shared.client.query(new Cursor('select g from generate_series(1, 5) g'));
seen.cursor = [await cursor.read(2), await cursor.read(9), await cursor.read(1)];
await cursor.close();
const heard = new Promise((resolve) =>
  shared.client.once('notification', ({ channel, payload }) => resolve([channel, payload])),
);
await shared.none('listen $1:name', 'pg-promise');
await db.none('notify $1:name, $2', ['pg-promise', '你好']);
seen.notification = await heard;
await shared.done();
events.length = 0;

// The pool under load, a session that is lost, and the end.
const pids = await Promise.all(
  Array.from({ length: 40 }, () => db.one('select pg_backend_pid() as pid from pg_sleep(0.002)')),
);
seen.load = [pids.length, new Set(pids.map(({ pid }) => pid)).size <= 3, db.$pool.totalCount <= 3];
events.length = 0;
seen.lost = await failure(db.one('select pg_terminate_backend(pg_backend_pid())'));
events.splice(0, events.length, ...events.filter(([name]) => name !== 'connect'));
log('lost');
seen.again = await db.one('select 1 as v');
const toBeLost = await db.connect({
  direct: true,
  onLost: (error, { client }) => (seen.onLost = [error.message, typeof client.processID]),
});
const { pid: itsPid } = await toBeLost.one('select pg_backend_pid() as pid');
const itsEnd = new Promise((resolve) => toBeLost.client.once('end', resolve));
// Either can be told first.
await Promise.all([itsEnd, db.one('select pg_terminate_backend($1)', [itsPid])]);
seen.onLostEvents = events.splice(0).filter(([name]) => name === 'error');
const nowhere = pgp({ ...config, port: 1 }, 'nowhere');
seen.refused = await nowhere.one('select 1').catch(({ code, syscall, port }) => [code, syscall, port]);
const noSuch = pgp({ ...config, database: 'no_such_database' }, 'no such');
seen.noDatabase = await noSuch.connect().catch(({ code, severity, message }) => [code, severity, message]);
log('refused');
await db.none('drop schema shop_by_promise cascade');
await db.$pool.end();
seen.ended = await failure(db.one('select 1'));
pgp.end();
seen.endedAll = await failure(nowhere.one('select 1'));
console.log(JSON.stringify(seen));
