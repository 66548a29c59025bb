// What programs do by slonik, and what they see of it. Runs on pg, or on what --import has put in its place.
import * as slonik from 'slonik';

const { createPool, createTypeParserPreset, sql, ...errors } = slonik;

const { config } = JSON.parse(process.argv[2]);
const { host, port, user, database } = config;
const uri = `postgresql://${user}@${host}:${port}/${database}`;
const seen = {};
const of = (error) => ({
  name: error.constructor.name,
  message: error.message,
  table: error.table,
  column: error.column,
  columns: error.columns,
  constraint: error.constraint,
  sql: error.sql,
  // Of its own errors only: those of pg have none.
  cause: error instanceof errors.SlonikError &&
    error.cause && [error.cause.message, error.cause.code, error.cause.severity],
});
const failure = (promise) => promise.then((value) => ({ resolved: value }), of);
const any = sql.unsafe;

const options = {
  maxPoolSize: 2,
  captureStackTrace: false,
  connectionRetryLimit: 0,
  queryRetryLimit: 0,
  idleTimeout: 1000,
};
const pool = await createPool(uri, options);
await pool.query(any`drop schema if exists shop_by_slonik cascade`);
await pool.query(any`create schema shop_by_slonik`);
await pool.query(any`create table shop_by_slonik.town (id serial primary key, name text not null unique,
  people int8, area numeric(8, 2) check (area > 0), tags text[], info jsonb, founded date, seen timestamptz, took interval,
  body bytea, twin int references shop_by_slonik.town)`);
const town = sql.identifier(['shop_by_slonik', 'town']);

// Queries by what they are to give.
seen.insert = await pool.query(
  any`insert into ${town} (name) values (${'杭州'}), (${'苏州'}) returning id, name`,
);
seen.one = await pool.one(any`select 1 as a, ${'x'}::text as b`);
seen.oneFirst = await pool.oneFirst(any`select count(*) from ${town}`).then(String);
seen.maybeOne = await pool.maybeOne(any`select 1 as v where false`);
seen.any = await pool.any(any`select name from ${town} order by id`);
seen.anyFirst = await pool.anyFirst(
  any`select name from ${town} where id = any(${sql.array([1, 2], 'int4')}) order by id`,
);
seen.many = await pool.many(any`select g from generate_series(1, 3) g`);
seen.exists = await pool.exists(any`select 1 from ${town}`);
seen.notFound = await failure(pool.one(any`select 1 where false`));
seen.dataIntegrity = await failure(pool.one(any`select g from generate_series(1, 2) g`));
seen.unnest = await pool.query(any`insert into ${town} (name, people)
  select * from ${sql.unnest(
    [
      ['南京', 1],
      ['宁波', 2],
    ],
    ['text', 'int8'],
  )} returning id`);
seen.update = await pool.query(any`update ${town} set people = 5 where name = '宁波'`);
seen.fragments = await pool.one(
  any`select ${sql.join(
    [1, 2, 3].map((n) => sql.fragment`${n}::int4`),
    sql.fragment` + `,
  )} as v,
    ${sql.jsonb({ 键: [1, null] })} as j, ${sql.binary(Buffer.from([0, 255]))}::bytea as b, ${sql.date(new Date(0))} as d,
    ${sql.timestamp(new Date(0))} as t, ${sql.interval({ days: 3 })}::text as i, ${sql.literalValue("it's")} as l`,
);
const schema = { '~standard': { version: 1, vendor: 'a test', validate: (value) => ({ value }) } };
seen.typed = await pool.oneFirst(sql.type(schema)`select 1 as v`);

// Values as its parsers read them, and as the program's do.
await pool.query(any`update ${town} set area = 12.5, tags = '{a,b c}', info = '{"a": [1]}', founded = '2020-02-29',
  seen = '2020-01-01 00:00:00+00', took = '1 day 2:03:04', body = '\\x00ff' where id = 1`);
const row = any`select people, area, tags, info, founded, seen, took, body, array[founded] as days, '{1,2}'::int8[] as ids
  from ${town} where id = 1`;
const plain = (value) =>
  JSON.parse(JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}n` : each)));
seen.values = plain(await pool.one(row));
const parsing = await createPool(uri, {
  ...options,
  typeParsers: [
    ...createTypeParserPreset().filter(({ name }) => name !== 'date'),
    { name: 'date', parse: (text) => `day ${text}` },
  ],
});
seen.parsed = plain(await parsing.one(row));
seen.parsedResult = plain((await parsing.query(row)).fields);
const none = await createPool(uri, { ...options, typeParsers: [{ name: 'int8', parse: (text) => text }] });
seen.unparsed = plain(await none.one(row));
await none.end();
await parsing.end();

// Errors of the server as its classes.
seen.unique = await failure(pool.query(any`insert into ${town} (name) values ('杭州')`));
seen.notNull = await failure(pool.query(any`insert into ${town} (name) values (null)`));
seen.foreignKey = await failure(pool.query(any`insert into ${town} (name, twin) values ('x', 99)`));
seen.check = await failure(pool.query(any`insert into ${town} (name, area) values ('y', -1)`));
seen.syntax = await failure(pool.query(any`select wrong from where ${1}`));
seen.input = await failure(pool.query(any`select ${'no number'}::int4`));
seen.several = await failure(pool.query(any`select 1; select 2`));
seen.severalWithValues = await failure(pool.query(any`select ${1}::int4; select 2`));
seen.unknown = await failure(pool.query(any`select * from shop_by_slonik.nothing`));
seen.isUnique = await pool
  .query(any`insert into ${town} (name) values ('杭州')`)
  .catch((error) => [
    error instanceof errors.UniqueIntegrityConstraintViolationError,
    error instanceof errors.IntegrityConstraintViolationError,
    error instanceof errors.SlonikError,
  ]);

// Transactions, nested ones, and their events.
const events = [];
seen.transaction = await pool.transaction(async (tx) => {
  for (const event of ['commit', 'rollback', 'savepoint', 'rollbackToSavepoint'])
    tx.events?.on(event, () => events.push(event));
  await tx.query(any`insert into ${town} (name) values ('outer')`);
  const failed = await failure(
    tx.transaction(async (inner) => {
      await inner.query(any`insert into ${town} (name) values ('inner')`);
      await inner.query(any`insert into ${town} (name) values ('outer')`);
    }),
  );
  await tx.transaction((inner) => inner.query(any`insert into ${town} (name) values ('kept')`));
  return failed;
});
seen.events = events;
seen.rolledBack = await failure(
  pool.transaction(async (tx) => {
    await tx.query(any`delete from ${town}`);
    throw new Error('the program gives up');
  }),
);
seen.left = await pool.anyFirst(any`select name from ${town} order by id`);

// Streams, with columns and parsers; one that is destroyed, and one that fails.
const streamed = [];
seen.stream = await pool.stream(
  any`select g, g::int8 as big, date '2020-01-01' as day from generate_series(1, ${250}::int4) g`,
  (stream) => stream.on('data', ({ data, fields }) => streamed.push(plain([data, fields]))),
);
seen.streamed = [streamed.length, streamed[0], streamed.at(-1)];
seen.destroyed = await failure(
  pool.stream(any`select g from generate_series(1, 1000) g`, (stream) => stream.destroy(new Error('enough'))),
);
seen.closed = await failure(
  pool.stream(any`select g from generate_series(1, 1000) g`, (stream) => stream.destroy()),
);
seen.streamError = await failure(pool.stream(any`select 1/0 as v`, (stream) => stream.resume()));
seen.streamSyntax = await failure(pool.stream(any`select wrong from where`, (stream) => stream.resume()));
seen.afterStreams = await pool.oneFirst(any`select 1 as v`);

// A connection's own session, notices, and statements by name.
seen.session = await pool.connect(async (connection) => {
  const pids = [];
  for (let i = 0; i < 2; i++) pids.push(await connection.oneFirst(any`select pg_backend_pid()`));
  const { notices } = await connection.query(
    any`do $$ begin raise notice 'hello %', 1; raise warning 'careful'; end $$`,
  );
  return [pids[0] === pids[1], notices.map(({ message }) => message)];
});

// Cancelled, too slow, lost, refused, and the end.
const slow = await createPool(uri, { ...options, statementTimeout: 100 });
seen.statementTimeout = await failure(slow.query(any`select pg_sleep(20)`));
await slow.end();
seen.cancelled = await failure(
  pool.connect(async (connection) => {
    const pid = await connection.oneFirst(any`select pg_backend_pid()`);
    const asked = connection.query(any`select pg_sleep(20)`);
    return Promise.all([asked, pool.query(any`select pg_sleep(0.1), pg_cancel_backend(${pid})`)]);
  }),
);
seen.terminated = await failure(pool.query(any`select pg_terminate_backend(pg_backend_pid())`));
seen.terminatedByOther = await failure(
  pool.connect(async (connection) => {
    const pid = await connection.oneFirst(any`select pg_backend_pid()`);
    const asked = connection.query(any`select pg_sleep(20)`);
    return Promise.all([asked, pool.query(any`select pg_sleep(0.1), pg_terminate_backend(${pid})`)]);
  }),
);
const idle = await createPool(uri, { ...options, idleInTransactionSessionTimeout: 100 });
seen.idleTransaction = await failure(
  idle.transaction(async (tx) => {
    await tx.query(any`select 1`);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await tx.query(any`select 2`);
  }),
);
await idle.end();
seen.load = await Promise.all(Array.from({ length: 20 }, (_, i) => pool.oneFirst(any`select ${i}::int4`)));
seen.refused = await failure(createPool(uri.replace(`:${port}/`, ':1/'), options));
seen.noDatabase = await failure(createPool(`${uri}_not_there`, options));
await pool.query(any`drop schema shop_by_slonik cascade`);
seen.state = pool.state();
await pool.end();
seen.ended = [pool.state().state, await failure(pool.query(any`select 1`))];
console.log(JSON.stringify(plain(seen)));
