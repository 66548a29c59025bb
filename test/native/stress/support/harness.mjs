// What the stress programs share. They find the server by the KINGBASE_… variables, as any program does.
import assert from 'node:assert/strict';
import { isMainThread, threadId } from 'node:worker_threads';
import { open } from 'kingbase-native';

/** A sanitizer makes the native code about ten times slower; a program that takes longer than this hangs. */
const LIMIT_MS = 8 * 60_000;

let stage = 'start';

/** Says where a program is, for the case that it never gets any further. */
export function enter(name) {
  stage = name;
}

if (isMainThread) {
  setTimeout(() => {
    console.error(`The program hangs at this stage: ${stage}.`);
    process.exit(2);
  }, LIMIT_MS).unref();
}

/** Numbers from 0 to below 1, the same in every run but for what the threads' timing makes of them. */
export function randomNumbers(seed) {
  let state = seed + threadId;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function database(overrides = {}) {
  return open({ pool: { max: 10 }, ...overrides });
}

/** Runs `use` with a database that is closed afterwards. */
export async function withDatabase(use, overrides) {
  const db = database(overrides);
  try {
    return await use(db);
  } finally {
    await db.close();
  }
}

/** Does `work` `times` times, `parallel` of them at once. */
export async function repeat(times, parallel, work) {
  let next = 0;
  await Promise.all(
    Array.from({ length: parallel }, async () => {
      while (next < times) await work(next++);
    }),
  );
}

/** The code of the error that a call must end with. */
export async function codeOf(call) {
  const outcome = await call.then(
    () => undefined,
    (error) => error,
  );
  assert(outcome instanceof Error, 'The call should have failed.');
  return outcome.code ?? outcome.name;
}

/** How many connections with this application name the server has. */
export async function backends(db, applicationName) {
  const { count } = await db.queryRow(
    'SELECT count(*)::int4 AS count FROM pg_stat_activity WHERE application_name = $1',
    [applicationName],
  );
  return count;
}

/** Waits until the server has seen the end of every connection with this application name. */
export async function untilGone(db, applicationName) {
  const end = Date.now() + 60_000;
  for (;;) {
    const left = await backends(db, applicationName);
    if (left === 0) return;
    assert(Date.now() < end, `${left} connections of "${applicationName}" were never closed.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Where the server's Unix socket lies: the end of a connection shows there in another way than over TCP. */
export async function socketDirectory(db) {
  const { directory } = await db.queryRow(`SELECT current_setting('unix_socket_directories') AS directory`);
  return directory;
}
