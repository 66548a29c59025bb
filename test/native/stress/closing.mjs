// Connections that are closed at any moment: while they connect, in the middle of a command, of a large result or of a
// cancel request, and together with the end of any of these.
import assert from 'node:assert/strict';
import {
  enter,
  randomNumbers,
  repeat,
  socketDirectory,
  untilGone,
  withDatabase,
} from './support/harness.mjs';
import { openAddon, someTurns } from './support/native.mjs';

const NAME = 'stress-closing';
const random = randomNumbers(7);
const native = openAddon();

const COMMANDS = [
  (connection) => native.execute(connection, 'SELECT 1'),
  (connection) => native.execute(connection, 'SELECT pg_sleep(0.002)'),
  (connection) => native.execute(connection, 'SELECT i, md5(i::text) FROM generate_series(1, 30000) i'),
  (connection) => native.execute(connection, `SELECT length('${'x'.repeat(1 << 20)}')`),
  (connection) => native.script(connection, 'SELECT 1; SELECT 2; SELEC'),
];

const isLost = (outcome) => outcome.failure?.lost === true;

async function oneLife(settings) {
  const connection = native.create();
  const connecting = native.connect(connection, { application_name: NAME, ...settings });
  let connected = false;
  void connecting.then(({ facts }) => {
    connected = facts !== undefined;
  });
  let closed = false;
  let closedBefore = false;
  const close = () => {
    closed = true;
    closedBefore = !connected;
    connection.close();
    connection.close();
    // Refused, not ignored: nobody may wait for an end that never comes.
    assert.throws(() => native.execute(connection, 'SELECT 1'));
    assert.throws(() => native.cancel(connection));
  };
  if (random() < 0.3) {
    // The attempt takes about this long.
    if (random() < 0.5) await someTurns(random, 40);
    else await new Promise((resolve) => setTimeout(resolve, 8 * random()));
    close();
  }
  const outcome = await connecting;
  if (closedBefore) assert(isLost(outcome), 'A closed connection was reported as made.');
  if (closed) return;
  assert(outcome.facts, outcome.failure?.message);

  for (let i = Math.floor(random() * 4); i > 0; i--) {
    await COMMANDS[Math.floor(random() * COMMANDS.length)](connection);
  }
  const last = random() < 0.8 ? COMMANDS[Math.floor(random() * COMMANDS.length)](connection) : undefined;
  if (random() < 0.5) await someTurns(random, 60);
  const cancelled = last !== undefined && random() < 0.4 ? native.cancel(connection) : undefined;
  if (random() < 0.3) await someTurns(random, 60);
  if (random() < 0.3) await last;
  close();
  // Whatever ended first, both end, and once.
  await last;
  await cancelled;
}

// A cancel request by itself does not keep the process alive, and some of them are all that is left to wait for.
const alive = setInterval(() => undefined, 1000);
await withDatabase(
  async (admin) => {
    const host = await socketDirectory(admin);
    for (const settings of [{}, { host }]) {
      for (const parallel of [1, 12]) {
        enter(`closing ${parallel} at a time over ${settings.host ?? 'TCP'}`);
        await repeat(40 * parallel, parallel, () => oneLife(settings));
        await untilGone(admin, NAME);
      }
    }
    assert.deepEqual(native.lost, []);
  },
  { pool: { max: 1 } },
);
clearInterval(alive);
