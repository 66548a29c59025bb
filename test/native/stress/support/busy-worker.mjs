// A worker thread whose JavaScript is nearly always inside a call from the native core when it is ended: rows of large
// results, errors, notices and converters.
import { parentPort, workerData } from 'node:worker_threads';
import { database } from './harness.mjs';

const db = database({ applicationName: workerData.applicationName, pool: { max: 4 } });
const spin = (ms) => {
  for (const end = performance.now() + ms; performance.now() < end;);
};
db.on('notice', () => spin(0.2));
const types = {
  text: {
    parse(text) {
      if (text.endsWith('00')) spin(0.05);
      return text.length;
    },
  },
};
parentPort.postMessage('started');

async function forever(call) {
  for (;;) await call().catch(() => undefined);
}
await Promise.all([
  forever(() => db.query('SELECT i::text AS t FROM generate_series(1, 20000) i', [], { types })),
  forever(() => db.query('SELECT 1 / 0')),
  forever(() => db.script(`DO $$BEGIN FOR i IN 1..50 LOOP RAISE NOTICE '%', i; END LOOP; END$$`)),
  forever(() => db.query('SELECT pg_sleep(0.001)', [], { timeout: 1 })),
]);
