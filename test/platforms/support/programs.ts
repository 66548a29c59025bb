import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { cache } from './cache.js';

/** A Node.js for another system, and how it is started on this one. */
export interface Runtime {
  /** The program and its arguments before those of Node. */
  readonly command: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string>>;
  /** What the runtime calls a file of this machine. */
  readonly nameOf: (file: string) => string;
}

export interface ProgramEnd {
  /** What the program's tests came to, in their order. */
  readonly outcomes: readonly { name: string; passed: boolean; error?: string }[];
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What the program and Node wrote. */
  readonly output: string;
}

const programs = path.resolve(__dirname, '..', 'programs');

/** Far above what a program takes, for one that hangs. In ms. */
const TIME_LIMIT = 180_000;

/**
 * Runs a program of test/platforms/programs with the addon of prebuilds/. Its output goes to a file, since Node under
 * Wine cannot write to a pipe of this system.
 */
export async function runProgram(runtime: Runtime, name: string, input: unknown): Promise<ProgramEnd> {
  const { command, environment, nameOf } = runtime;
  const [executable, ...before] = command;
  const folder = mkdtempSync(path.join(cache, 'run-'));
  const [inputFile, outcomeFile, outputFile] = ['input.json', 'outcomes.jsonl', 'output.txt'].map((file) =>
    path.join(folder, file),
  ) as [string, string, string];
  writeFileSync(inputFile, JSON.stringify(input));
  const output = openSync(outputFile, 'w');
  const args = [
    ...before,
    `--test-reporter=./reporter.mjs`,
    `--test-reporter-destination=${nameOf(outcomeFile)}`,
    nameOf(path.join(programs, `${name}.mjs`)),
    nameOf(inputFile),
  ];
  try {
    const child = spawn(executable, args, {
      cwd: programs,
      env: { PATH: process.env['PATH'] ?? '', PREBUILDS_ONLY: '1', ...environment },
      stdio: ['ignore', output, output],
      timeout: TIME_LIMIT,
      killSignal: 'SIGKILL',
    });
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    const lines = existsSync(outcomeFile) ? readFileSync(outcomeFile, 'utf8').trimEnd().split('\n') : [];
    return {
      outcomes: lines.flatMap((line) =>
        line === '' ? [] : [JSON.parse(line) as ProgramEnd['outcomes'][number]],
      ),
      code,
      signal,
      output: readFileSync(outputFile, 'utf8'),
    };
  } finally {
    closeSync(output);
    rmSync(folder, { recursive: true });
  }
}

/** Runs a program, and makes a test of each of its tests and one of its end. */
export async function testProgram(runtime: Runtime, name: string, input: unknown): Promise<void> {
  const { outcomes, code, signal, output } = await runProgram(runtime, name, input);
  it.each(outcomes.map((outcome) => [outcome.name, outcome] as const))('%s', (_name, { passed, error }) => {
    expect(passed, error).toBe(true);
  });
  it(`${name}.mjs ends by itself`, () => {
    const expected = outcomes.every(({ passed }) => passed) ? 0 : 1;
    expect({ code, signal }, output).toEqual({ code: expected, signal: null });
    expect(outcomes, output).not.toEqual([]);
  });
}
