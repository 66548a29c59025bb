// Ends worker threads, each at one of the addon's calls of Node-API, and prints what became of them as JSON. The
// argument, as JSON: `config`, the file for the list of calls, and `pending`: whether the JavaScript that is called ends
// the worker, which leaves that pending.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { SHARE_ENV, Worker } from 'node:worker_threads';

const { config, file, pending } = JSON.parse(process.argv[2]);

/** Whether the worker came to its end by itself. */
async function live() {
  const worker = new Worker(new URL('./terminated-worker.mjs', import.meta.url), {
    workerData: config,
    env: SHARE_ENV,
  });
  let finished = false;
  worker.on('message', () => {
    finished = true;
  });
  await once(worker, 'exit');
  return finished;
}

process.env.TERMINATE_SITES = file;
const whole = await live();
if (pending) process.env.TERMINATE_PENDING = '1';
const all = readFileSync(file, 'utf8').trim().split('\n');
// Only what runs JavaScript leaves something pending.
const calls = pending ? all.filter((call) => call.endsWith('napi_call_function')) : all;
const missed = [];
for (const call of calls) {
  // The last line of a process that dies tells at which call.
  process.stderr.write(`${call}\n`);
  process.env.TERMINATE_AT = call.split(' ')[0];
  if (await live()) missed.push(call);
}
delete process.env.TERMINATE_AT;
const after = await live();
process.stdout.write(JSON.stringify({ whole, calls: calls.length, missed, after }));
