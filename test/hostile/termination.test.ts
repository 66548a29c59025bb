import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';

/**
 * A worker thread may be ended between any two calls of Node-API by the addon; what is called after that fails without
 * an exception and leaves its result unset. Whatever the addon was about to do, the process lives on.
 */
const { host, port, user, database } = inject('server');
const program = join(__dirname, 'programs', 'terminated.mjs');

let directory: string;
let shim: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'kingbase-native-termination-'));
  shim = join(directory, 'termination.so');
  execFileSync('c++', [
    ...['-std=c++17', '-O1', '-shared', '-fPIC', '-o', shim],
    ...[join(__dirname, 'support', 'termination.cc'), '-ldl'],
  ]);
});
afterAll(() => rmSync(directory, { recursive: true }));

async function run(input: object): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [program, JSON.stringify(input)], {
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LD_PRELOAD: shim },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 590_000,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** The calls of Node-API are the same with each. */
const [library] = inject('libraries');

it.each([false, true])(
  'a worker that is ended at each call of Node-API in turn, what ended it pending: %s',
  async (pending) => {
    const config = { host, port, user, database, clientLibrary: library?.path, sslmode: 'disable' };
    const file = join(directory, `calls-${pending}`);
    const { code, stdout, stderr } = await run({ config, file, pending });
    expect(code, stderr.slice(-4_000)).toBe(0);
    const { whole, calls, missed, after } = JSON.parse(stdout) as {
      whole: boolean;
      calls: number;
      missed: string[];
      after: boolean;
    };
    expect({ whole, after }).toEqual({ whole: true, after: true });
    expect(calls).toBeGreaterThan(pending ? 3 : 200);
    // Some calls are made by chance, as where an answer comes in two pieces.
    expect(missed.length).toBeLessThan(calls / 10);
  },
  300_000,
);
