import { parentPort, workerData } from 'node:worker_threads';
import { open } from 'kingbase-native';

const db = open(workerData);
parentPort?.postMessage(await db.queryRow('SELECT sum(n)::int8 AS sum FROM generate_series(1, 100) AS n'));
await db.close();
