// Connections that nobody closes: collected, they must end their sessions on the server, in whatever they are.
import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker, isMainThread } from 'node:worker_threads';
import {
  backends,
  database,
  enter,
  randomNumbers,
  repeat,
  socketDirectory,
  withDatabase,
} from './support/harness.mjs';
import { openAddon, someTurns } from './support/native.mjs';

const NAME = 'stress-dropping';
const random = randomNumbers(8);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

async function drop(native, settings) {
  const connection = native.create();
  const connecting = native.connect(connection, { application_name: NAME, ...settings });
  const choice = random();
  if (choice < 0.2) return;
  assert((await connecting).facts);
  if (choice < 0.6) return;
  const command = native.execute(connection, 'SELECT i, md5(i::text) FROM generate_series(1, 20000) i');
  if (choice < 0.7) return;
  if (choice < 0.8) void native.cancel(connection);
  else await command;
  if (choice < 0.9) await someTurns(random, 30);
}

async function collected(admin) {
  const end = Date.now() + 60_000;
  for (;;) {
    collectGarbage();
    // Finalizers run in a later turn.
    await new Promise((resolve) => setTimeout(resolve, 10));
    if ((await backends(admin, NAME)) === 0) return;
    assert(Date.now() < end, 'Connections that were collected are still there.');
  }
}

async function main() {
  const native = openAddon();
  await withDatabase(
    async (admin) => {
      const host = await socketDirectory(admin);
      for (const settings of [{}, { host }]) {
        for (let round = 0; round < 4; round++) {
          enter(`dropping connections over ${settings.host ?? 'TCP'}`);
          await repeat(24, 12, () => drop(native, settings));
          await collected(admin);
        }
      }
    },
    { pool: { max: 1 } },
  );
}

if (isMainThread) {
  await main();
  // Connections that are still there when their environment ends are finalised by that.
  enter('dropping in worker threads');
  await Promise.all(
    [1, 2, 3].map(
      () =>
        new Promise((resolve, reject) => {
          new Worker(new URL(import.meta.url)).on('error', reject).on('exit', resolve);
        }),
    ),
  );
  enter('databases that are never closed');
  for (let i = 0; i < 3; i++) {
    // Kept alive by what is in flight at most.
    await Promise.all(Array.from({ length: 5 }, () => database({ pool: { max: 2 } }).query('SELECT 1')));
    collectGarbage();
  }
} else {
  const native = openAddon();
  for (let i = 0; i < 5; i++) {
    const connection = native.create();
    await native.connect(connection);
    await native.execute(connection, 'SELECT 1');
  }
  await Promise.all([database().query('SELECT 1'), database().query('SELECT 1')]);
}
