// A worker thread that ends itself from inside a call from the native core.
import { parentPort, workerData } from 'node:worker_threads';
import { database } from './harness.mjs';

const { applicationName, seed } = workerData;
const db = database({ applicationName, pool: { max: 4 } });
let rows = 0;
const types = {
  text: {
    parse(text) {
      if (seed % 2 === 0 && ++rows === 700 * (seed + 1)) process.exit(0);
      return text;
    },
  },
};
if (seed % 2 === 1) db.on('notice', () => process.exit(0));
parentPort.postMessage('started');

async function forever(call) {
  for (;;) await call().catch(() => undefined);
}
await Promise.all([
  forever(() => db.query('SELECT i::text AS t FROM generate_series(1, 20000) i', [], { types })),
  forever(() => db.query('SELECT 1 / 0')),
  forever(() => db.script(`DO $$BEGIN PERFORM pg_sleep(0.01); RAISE NOTICE 'exit'; END$$`)),
]);
