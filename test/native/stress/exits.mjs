// How processes end while they use the database: with the exit code they ask for, by themselves, and never by a signal.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { enter, randomNumbers } from './support/harness.mjs';

const random = randomNumbers(10);
const program = fileURLToPath(new URL('./support/exiting.mjs', import.meta.url));

/** What it ends with, and how often it is to be tried. */
const WAYS = {
  idle: [7, 2],
  idleWorkers: [7, 2],
  oneCommand: [7, 1],
  busy: [7, 6],
  busyWorkers: [7, 4],
  connecting: [7, 6],
  cancelling: [7, 6],
  uncaught: [1, 2],
  unhandled: [1, 2],
  fromConverter: [7, 2],
  fromNotice: [7, 2],
  inExitListener: [7, 2],
};

async function run(way) {
  // Where a process ends early, V8 leaves its heap as it is, and what only that refers to looks leaked.
  const sanitizer = `${process.env.ASAN_OPTIONS ?? ''}:detect_leaks=0`;
  const child = spawn(process.execPath, [program, way, String(Math.floor(250 * random()))], {
    env: { ...process.env, ...(process.env.ASAN_OPTIONS && { ASAN_OPTIONS: sanitizer }) },
    stdio: ['ignore', 'inherit', 'pipe'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (words += text));
  return new Promise((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, words }));
  });
}

for (const [way, [expected, times]] of Object.entries(WAYS)) {
  enter(way);
  for (let i = 0; i < times; i += 2) {
    const ends = await Promise.all(Array.from({ length: Math.min(2, times - i) }, () => run(way)));
    for (const { code, signal, words } of ends) {
      assert.deepEqual({ way, code, signal }, { way, code: expected, signal: null }, words);
      assert(!/Sanitizer|runtime error/.test(words), words);
    }
  }
}
