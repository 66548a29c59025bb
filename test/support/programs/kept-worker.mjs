// A worker thread with an idle session, and a connection attempt that its client library does not come back from.
import { parentPort, workerData } from 'node:worker_threads';
import { open } from 'kingbase-native';

const db = open(workerData.config);
await db.query('SELECT 1');
open(workerData.kept)
  .ping()
  .catch(() => undefined);
parentPort.postMessage('ready');
setInterval(() => undefined, 1000);
