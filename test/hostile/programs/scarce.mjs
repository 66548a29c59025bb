// Uses the database while something has run out, then when there is enough again, and ends by process.exit. Prints what
// became of each as JSON. The argument, as JSON: `config` and what runs out.
import { closeSync, openSync } from 'node:fs';
import { open } from 'kingbase-native';

const { config, what, left } = JSON.parse(process.argv[2]);

/** Far above what a call takes, in ms: longer, and it never ends. */
const HANGS = 15_000;

async function outcome(call) {
  let timer;
  const hang = new Promise((resolve) => {
    timer = setTimeout(() => resolve('hangs'), HANGS);
  });
  const end = call.then(
    () => 'ok',
    (error) => error.code ?? `no error of the driver's: ${error}`,
  );
  const result = await Promise.race([end, hang]);
  clearTimeout(timer);
  return result;
}

const settings = { ...config, connectTimeout: 3_000, pool: { max: 2, acquireTimeout: 5_000 } };
const results = {};

/** All descriptors but so many. */
function takeDescriptors() {
  const taken = [];
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'));
  } catch {
    for (let i = 0; i < left; i++) closeSync(taken.pop());
  }
  return taken;
}

async function descriptors() {
  const taken = takeDescriptors();
  const during = open(settings);
  results.during = await outcome(during.query('SELECT 1'));
  for (const descriptor of taken) closeSync(descriptor);
  results.after = await outcome(during.query('SELECT 1'));
  results.another = await outcome(open(settings).query('SELECT 1'));
  results.close = await outcome(during.close());
}

async function threads() {
  process.env.SCARCE_THREADS = '1';
  const during = open(settings);
  results.during = await outcome(during.query('SELECT 1'));
  process.env.SCARCE_THREADS = '0';
  results.after = await outcome(during.query('SELECT 1'));
  // Those that are there suffice for a statement; a cancel request may want one of its own.
  process.env.SCARCE_THREADS = '1';
  results.cancel = await outcome(during.query('SELECT pg_sleep(0.5)', [], { timeout: 100 }));
  process.env.SCARCE_THREADS = '0';
  results.close = await outcome(during.close());
}

const OPERATIONS = {
  connect: async () => {
    const db = open(settings);
    const asked = await outcome(db.query('SELECT 1'));
    const closed = await outcome(db.close());
    return asked === 'hangs' || closed !== 'ok' ? `${asked}, close: ${closed}` : asked;
  },
  query: (db) => outcome(db.query(`SELECT i, repeat('金仓', 50) AS t FROM generate_series(1, 50) i`)),
  stream: (db) =>
    outcome(
      (async () => {
        for await (const row of db.rows('SELECT i FROM generate_series(1, 3000) i')) if (row.i === 0) break;
      })(),
    ),
  batch: (db) =>
    outcome(
      db.batchInsert(
        'scarce',
        ['id', 'name'],
        Array.from({ length: 200 }, (_, i) => [i, `name ${i}`]),
      ),
    ),
};

async function memory() {
  const db = open(settings);
  await db.script('CREATE TABLE IF NOT EXISTS scarce (id int4, name text)');
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    const codes = new Set();
    let n = 1;
    for (; n < 100_000; n += Math.ceil(n / 12)) {
      process.env.SCARCE_MEMORY = String(n);
      const how = await operation(db);
      process.env.SCARCE_MEMORY = '0';
      codes.add(how);
      if (how.includes('hangs') || how.includes('no error')) break;
      // There is enough again.
      const after = await outcome(db.query('SELECT 1'));
      if (after !== 'ok') codes.add(`then ${after}`);
      if (process.env.SCARCE_REFUSED === '0') break;
    }
    results[name] = { codes: [...codes], allocations: n };
  }
  await db.script('DROP TABLE scarce');
  results.close = await outcome(db.close());
}

if (what === 'descriptors at connect') {
  await outcome(open(settings).query('SELECT 1'));
}
await { 'descriptors at load': descriptors, 'descriptors at connect': descriptors, threads, memory }[what]();
process.stdout.write(JSON.stringify(results), () => process.exit(0));
