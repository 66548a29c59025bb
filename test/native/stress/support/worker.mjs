// A worker thread that asks the database for all sorts of things until it is told to stop or ended.
import { parentPort, workerData } from 'node:worker_threads';
import { anything } from './operations.mjs';
import { database, randomNumbers, repeat } from './harness.mjs';

const { applicationName, seed, operations = Infinity, parallel = 10 } = workerData;
const random = randomNumbers(seed);
const db = database({ applicationName, statementCacheSize: 8 });
let listener = 0;
db.on('notice', () => listener++);
parentPort.postMessage('started');
await repeat(operations, parallel, () => anything(db, random));
await db.close();
parentPort.postMessage('done');
