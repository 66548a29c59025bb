// What is counted: one kind of work on the compiled driver, so often, after so many to warm it up.
//   node program.cjs SETTINGS WORK WARM-UP TIMES
// Prints a line and waits for one, before and after the work that counts.
'use strict';

const { open } = require('../../dist/index.js');

const [, , settings, work, warmUp, times] = process.argv;
const { config, rows } = JSON.parse(settings);
const LOOK_UP = 'SELECT id, name, amount, ratio FROM instructions_town WHERE id = $1';
const RANGE = 'SELECT id, name, amount, ratio FROM instructions_town WHERE id <= $1';
const INSERT = 'INSERT INTO instructions_copy VALUES ($1, $2, $3, $4)';
const COLUMNS = ['id', 'name', 'amount', 'ratio'];

const told = () => new Promise((resolve) => process.stdin.once('data', resolve));
const say = (word) => {
  process.stdout.write(`${word}\n`);
  return told();
};

async function main() {
  const db = open({ ...config, pool: { max: 1 } });
  const session = await db.connect();
  await session.script(`
    DROP TABLE IF EXISTS instructions_town, instructions_copy;
    CREATE TABLE instructions_town (id int4 PRIMARY KEY, name text, amount int8, ratio float8);
    INSERT INTO instructions_town SELECT i, 'name ' || i, i, i * 0.5 FROM generate_series(1, 1000) i;
    CREATE TABLE instructions_copy (id int4, name text, amount int8, ratio float8)`);
  const batch = Array.from({ length: rows }, (_, i) => [i, `name ${i}`, BigInt(i), i / 2]);
  const works = {
    'look-up': (i) => session.query(LOOK_UP, [(i % 1000) + 1]),
    'result of 100 rows': () => session.query(RANGE, [100]),
    insert: (i) => session.exec(INSERT, [i, 'a name', i, 0.5]),
    transaction: (i) =>
      session.transaction(async (tx) => {
        await tx.query(LOOK_UP, [(i % 1000) + 1]);
        await tx.exec(INSERT, [i, 'a name', i, 0.5]);
      }),
    'look-up within limits': (i) =>
      session.query(LOOK_UP, [(i % 1000) + 1], { timeout: 5000, signal: new AbortController().signal }),
    batch: () => session.batchInsert('instructions_copy', COLUMNS, batch),
    connection: async () => {
      const other = open({ ...config, pool: { max: 1 } });
      await (await other.connect()).release();
      await other.close();
    },
  };
  const once = works[work];
  const run = async (count) => {
    for (let i = 0; i < count; i++) await once(i);
  };
  await run(Number(warmUp));
  await say('ready');
  await run(Number(times));
  await say('done');
  await session.release();
  await db.close();
}

void main().then(() => process.exit());
