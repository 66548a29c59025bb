// Runs many kinds of work at once on several databases, and prints how much of it was right.
import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { open } from 'kingbase-native';

const configs = JSON.parse(process.argv[2]);

/** How many epoll instances the process has; the event loop has its own. */
const epolls = () =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === 'anon_inode:[eventpoll]';
    } catch {
      return false; // the descriptor of the listing itself
    }
  }).length;

const check = (condition, what) => {
  if (!condition) throw new Error(`Not as expected: ${what}`);
};

const small = async (db) => {
  for (let n = 0; n < 300; n++) {
    const row = await db.queryRow('SELECT $1::int4 AS n, $2::text AS text', [n, '文'.repeat(n)]);
    check(row.n === n && row.text.length === n, `row ${n}`);
  }
};

const large = async (db) => {
  for (let time = 0; time < 3; time++) {
    const { rows } = await db.query(
      `SELECT n, repeat('金', 20) AS text FROM generate_series(1, 100000) AS n`,
    );
    check(rows.length === 100000 && rows.every(({ n }, i) => n === i + 1), 'large result');
  }
};

const wide = async (db) => {
  const text = '仓库'.repeat(1_000_000);
  for (let time = 0; time < 3; time++) {
    const row = await db.queryRow('SELECT $1::text AS text', [text]);
    check(row.text === text, 'large value');
  }
};

const slow = async (db) => {
  await Promise.all(Array.from({ length: 5 }, () => db.query('SELECT pg_sleep(0.2)')));
};

const failing = async (db) => {
  for (let n = 0; n < 50; n++) {
    const error = await db.query('SELECT 1 / $1::int4', [0]).catch((reason) => reason);
    check(error.code === '22012', 'division by zero');
  }
};

const cancelled = async (db) => {
  for (let n = 0; n < 5; n++) {
    const error = await db.query('SELECT pg_sleep(60)', [], { timeout: 50 }).catch((reason) => reason);
    check(error.code === 'KB_TIMEOUT', 'time limit');
  }
};

const connecting = async (_db, config) => {
  for (let n = 0; n < 20; n++) {
    const other = open({ ...config, pool: { max: 2 } });
    await Promise.all([other.ping(), other.ping(), other.ping()]);
    await other.close();
  }
};

/** An idle connection that is ended is noticed without anything being sent on it. */
const killed = async (db, config) => {
  const victim = open(config);
  for (let n = 0; n < 5; n++) {
    const connection = await victim.connect();
    const { backendPid: processId } = connection;
    await connection.release();
    await db.query('SELECT pg_terminate_backend($1)', [processId]);
    while (victim.stats().openConnections > 0) await delay(1);
    check((await victim.queryRow('SELECT 1 AS one')).one === 1, 'query after the loss');
  }
  await victim.close();
};

const before = epolls();
const databases = configs.map((config) => ({ config, db: open({ ...config, pool: { max: 8 } }) }));
const kinds = { small, large, wide, slow, failing, cancelled, connecting, killed };
const pending = new Set();
const done = Promise.all(
  databases.flatMap(({ db, config }) =>
    Object.entries(kinds).map(async ([name, work]) => {
      const what = `${name} with ${config.clientLibrary}, sslmode=${config.sslmode}`;
      pending.add(what);
      await work(db, config);
      pending.delete(what);
      return name;
    }),
  ),
);
// Work that hangs is named rather than waited for.
const limit = setTimeout(() => {
  console.error(`Still going on after 20 s: ${[...pending].join('; ')}`);
  process.exit(1);
}, 20_000);
const { length } = await done;
clearTimeout(limit);
const ownEpolls = epolls() - before;
await Promise.all(databases.map(({ db }) => db.close()));
console.log(JSON.stringify({ done: length, kinds: Object.keys(kinds).length, ownEpolls }));
