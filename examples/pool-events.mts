/**
 * What the pool tells: connections made and lost, one that is held for too long, and the counters.
 *
 *     npx tsx examples/pool-events.mts kingbase://system@127.0.0.1:54321/test
 */
import { EventEmitter, once } from 'node:events';
import { open } from 'kingbase-native';

const db = open(process.argv[2] ?? process.env['KINGBASE_URL'] ?? {}, { pool: { max: 2, leakTimeout: 100 } });
const seen = new EventEmitter();

db.on('connect', ({ address }) => {
  console.log('connected to', address);
});
db.on('disconnect', ({ reason, error }) => {
  console.log('disconnected:', error === undefined ? reason : `${reason}, ${error.code}`);
  seen.emit('disconnect');
});
db.on('unreachable', ({ error, attempt, retryIn }) => {
  console.log(`attempt ${attempt} failed, next in ${retryIn} ms:`, error);
});
db.on('leak', ({ heldFor, stack }) => {
  const [place] = stack.split('\n').filter((line) => line.includes('pool-events'));
  console.log(`held for ${heldFor} ms, taken here:`, /pool-events\.mts/.exec(place ?? '')?.[0]);
  seen.emit('leak');
});

// Idle connections do not keep a program alive; this stands for a server that runs on.
const running = setInterval(() => undefined, 1_000);
try {
  const leak = once(seen, 'leak');
  const held = await db.connect();
  await leak;

  // An idle connection whose server process is ended is noticed at once, not by the next statement.
  const gone = once(seen, 'disconnect');
  const other = await db.connect();
  const { backendPid: processId } = other;
  await other.release();
  await held.query('SELECT pg_terminate_backend($1::int4)', [processId]);
  await gone;

  await held.release();
  await Promise.all([db.query('SELECT pg_sleep(0.1)'), db.query('SELECT pg_sleep(0.1)')]);
  const { openConnections, inUse, idle, reconnects } = db.stats();
  console.log({ openConnections, inUse, idle, reconnects });
} finally {
  clearInterval(running);
  await db.close();
}
