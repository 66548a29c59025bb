// A worker thread that makes an object of the addon right after a call of the addon in which it has been ended.
import { parentPort, workerData } from 'node:worker_threads';
import { loadAddon, openAddon } from './native.mjs';

const { fifo, what } = workerData;
const addon = loadAddon();
const core = what === 'connection' ? openAddon() : undefined;
const numbers = new Float64Array(4096);
const kinds = new Uint8Array(4096);
const isolation = { companions: [], isolate: false };
parentPort.postMessage('started');
// Opening a named pipe waits until somebody else opens it, too. No JavaScript runs between the two calls.
if (what === 'core') new addon.NativeCore({}, numbers, kinds, addon.openLibrary(fifo, isolation));
else new addon.NativeConnection(core.core, 1, core.library.handle, addon.openLibrary(fifo, isolation));
