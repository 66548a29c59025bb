import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

/** When descriptors, threads or memory run out a call may fail; it never hangs, and the process neither dies nor stays. */
const { host, port, user, database } = inject('server');
const program = join(__dirname, 'programs', 'scarce.mjs');

let directory: string;
let shim: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'kingbase-native-scarcity-'));
  shim = join(directory, 'scarcity.so');
  execFileSync('c++', [
    ...['-std=c++17', '-O1', '-shared', '-fPIC', '-o', shim],
    ...[join(__dirname, 'support', 'scarcity.cc'), '-ldl', '-lpthread'],
  ]);
});
afterAll(() => rmSync(directory, { recursive: true }));

interface End {
  code: number | null;
  signal: NodeJS.Signals | null;
  results: Record<string, unknown>;
  stderr: string;
}

async function run(
  command: readonly string[],
  input: object,
  environment: Record<string, string> = {},
): Promise<End> {
  const [file, ...args] = [...command, process.execPath, program, JSON.stringify(input)];
  const child = spawn(file, args, {
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 150_000,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, results: JSON.parse(stdout || '{}') as Record<string, unknown>, stderr };
}

const LIMIT = 180_000;

describe.each(inject('libraries'))('with $name', ({ path }) => {
  const config = { host, port, user, database, clientLibrary: path, sslmode: 'disable' };
  const codeOrOk = expect.stringMatching(/^(?:ok|KB_[A-Z_]+)$/) as unknown;

  describe.each(['descriptors at load', 'descriptors at connect'])('%s', (what) => {
    it.each([0, 1, 2, 3, 4, 5, 6, 7, 8])(
      'the last %i',
      async (left) => {
        const end = await run(['prlimit', '--nofile=48', '--'], { config, what, left });
        expect(end).toMatchObject({
          code: 0,
          results: { during: codeOrOk, after: 'ok', another: 'ok', close: 'ok' },
        });
      },
      LIMIT,
    );
  });

  it(
    'no threads',
    async () => {
      const end = await run([], { config, what: 'threads' }, { LD_PRELOAD: shim });
      expect(end).toMatchObject({
        code: 0,
        results: { during: codeOrOk, after: 'ok', cancel: codeOrOk, close: 'ok' },
      });
    },
    LIMIT,
  );

  it(
    'one allocation that fails, each in turn',
    async () => {
      // Bound to the C library's own allocation otherwise, by the isolation from Node's libraries.
      const environment = { LD_PRELOAD: shim, KINGBASE_NATIVE_NO_DEEPBIND: '1' };
      const end = await run([], { config, what: 'memory' }, environment);
      expect(end).toMatchObject({ code: 0, results: { close: 'ok' } });
      // No call is said to have left a transaction open: none does.
      expect(end.stderr).toBe('');
      const { close, ...operations } = end.results as Record<
        string,
        { codes: string[]; allocations: number }
      >;
      expect(close).toBe('ok');
      expect(Object.keys(operations).length).toBeGreaterThan(19);
      const refused = Object.values(operations).filter(({ codes }) => codes.includes('KB_OUT_OF_MEMORY'));
      expect(refused.length).toBeGreaterThan(17);
      for (const { codes, allocations } of Object.values(operations)) {
        expect(allocations).toBeGreaterThan(5);
        for (const code of codes) expect(code).toMatch(/^(?:ok|KB_[A-Z_]+)$/);
      }
    },
    LIMIT,
  );
});
