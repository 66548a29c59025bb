import { parentPort, workerData } from 'node:worker_threads';
import { open } from 'kingbase-native';

const db = open(workerData, { pool: { max: 4 } });
const answers = await Promise.all(
  Array.from({ length: 50 }, (_, n) => db.queryRow('SELECT $1::int4 AS n', [n + 1])),
);
parentPort.postMessage(answers.reduce((sum, { n }) => sum + n, 0));
await db.query('SELECT pg_sleep(60)');
