// Worker threads that are ended just before they make an object of the addon: nobody takes it then, and it must be freed.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { enter } from './support/harness.mjs';

const directory = mkdtempSync(path.join(os.tmpdir(), 'kingbase-native-constructing-'));
const fifo = path.join(directory, 'libkci.so');

/** Opens the pipe when somebody waits in it. */
async function letGo(meanwhile) {
  for (;;) {
    try {
      const descriptor = openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
      meanwhile();
      closeSync(descriptor);
      return;
    } catch (error) {
      if (error.code !== 'ENXIO') throw error;
      await new Promise(setImmediate);
    }
  }
}

execFileSync('mkfifo', [fifo]);
try {
  for (const what of ['core', 'connection', 'core', 'connection']) {
    enter(`terminating a worker that makes a ${what}`);
    const worker = new Worker(new URL('./support/constructing-worker.mjs', import.meta.url), {
      workerData: { fifo, what },
    });
    const exit = once(worker, 'exit');
    await once(worker, 'message');
    // Its thread reads the pipe to the end after that, and comes back from the call.
    await letGo(() => void worker.terminate());
    await exit;
  }
} finally {
  rmSync(directory, { recursive: true });
}
