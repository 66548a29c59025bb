// Connections that go to and fro between the event loop, which watches what is alone in flight, and the I/O thread: by
// another command beside, by a large result, by their end or by that of their server process. Each command ends once.
import assert from 'node:assert/strict';
import { randomNumbers } from './support/harness.mjs';
import { openAddon, someTurns } from './support/native.mjs';

const ROUNDS = 400;
const LARGE = "SELECT i, repeat('x', 100) FROM generate_series(1, 3000) i";

const random = randomNumbers(11);
const native = openAddon();
const counts = { alone: 0, together: 0, closed: 0, killed: 0 };

async function connected() {
  const connection = native.create();
  assert.ok(!(await native.connect(connection)).failure);
  return connection;
}

const well = async (end) => {
  const { failure } = await end;
  assert.equal(failure, undefined);
};

const connections = [];
for (let i = 0; i < 4; i++) connections.push(await connected());
const any = () => Math.floor(random() * connections.length);

for (let round = 0; round < ROUNDS; round++) {
  const at = any();
  const plan = random();
  if (plan < 0.6) {
    counts.alone++;
    await well(native.execute(connections[at], random() < 0.1 ? LARGE : 'SELECT 1'));
  } else if (plan < 0.9) {
    counts.together++;
    const first = native.execute(connections[at], 'SELECT pg_sleep(0.001)');
    await someTurns(random, 2);
    const others = connections.filter((_, index) => index !== at).map((each) => native.execute(each, LARGE));
    await Promise.all([first, ...others].map(well));
  } else if (plan < 0.95) {
    counts.closed++;
    // While it is watched, idle or in the middle of a command.
    const end = random() < 0.5 ? native.execute(connections[at], 'SELECT pg_sleep(0.005)') : undefined;
    if (random() < 0.5) await someTurns(random, 3);
    connections[at].close();
    if (end !== undefined) await end;
    connections[at] = await connected();
  } else {
    counts.killed++;
    const { failure } = await native.execute(
      connections[at],
      'SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(1)',
    );
    assert.equal(failure?.lost, true);
    connections[at].close();
    connections[at] = await connected();
  }
}
for (const connection of connections) connection.close();
assert.ok(Object.values(counts).every((count) => count > 0));
console.log(JSON.stringify(counts));
