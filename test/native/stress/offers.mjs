// Commands that are offered while another runs, taken back, run late, or overtaken by the end of their connection: each
// that has begun ends exactly once, and none that has not.
import assert from 'node:assert/strict';
import { randomNumbers } from './support/harness.mjs';
import { openAddon, someTurns } from './support/native.mjs';

const CONNECTIONS = 6;
const CHAINS = 40;
const QUICK = 1;
const SLOW = 2;
const FAILING = 3;

const random = randomNumbers(3);
const native = openAddon();
const pick = (...choices) => choices[Math.floor(random() * choices.length)];

const PENDING = Symbol('pending');
const isPending = async (end) => (await Promise.race([end, Promise.resolve(PENDING)])) === PENDING;

async function connected() {
  const connection = native.create();
  assert.ok(!(await native.connect(connection)).failure);
  await native.prepare(connection, QUICK, 'select 1');
  await native.prepare(connection, SLOW, 'select pg_sleep(0.002)');
  await native.prepare(connection, FAILING, 'select 1 / (random() * 0)::int');
  return connection;
}

const counts = { goneOn: 0, late: 0, takenBack: 0, closed: 0 };

/** One command after the other, each offered while the one before runs. False where the connection has been closed. */
async function chain(connection) {
  let end = native.executePrepared(connection, pick(QUICK, SLOW));
  for (let length = Math.floor(random() * 20); length > 0; length--) {
    await someTurns(random, 3);
    if (!(await isPending(end))) return true;
    const next = native.offerPrepared(connection, pick(QUICK, QUICK, SLOW, FAILING));
    const plan = random();
    if (plan < 0.1 && connection.takeNextBack()) {
      counts.takenBack++;
      const { goesOn } = await end;
      assert.ok(!goesOn && (await isPending(next)));
      return true;
    }
    if (plan > 0.98) {
      await someTurns(random, 3);
      connection.close();
      counts.closed++;
      const { goesOn } = await end;
      if (goesOn) await next;
      else assert.ok(await isPending(next));
      return false;
    }
    const { goesOn, failure } = await end;
    if (goesOn) {
      counts.goneOn++;
    } else if (failure !== undefined) {
      // What comes after a failure is for the JavaScript side to say.
      assert.ok(connection.takeNextBack() && (await isPending(next)));
      return true;
    } else {
      connection.runNext();
      counts.late++;
    }
    end = next;
  }
  await end;
  return true;
}

await Promise.all(
  Array.from({ length: CONNECTIONS }, async () => {
    let connection = await connected();
    for (let i = 0; i < CHAINS; i++) {
      if (!(await chain(connection))) connection = await connected();
    }
    connection.close();
  }),
);
assert.ok(counts.goneOn > 0 && counts.takenBack > 0 && counts.closed > 0, JSON.stringify(counts));
native.addon.stop();
console.log(JSON.stringify(counts));
