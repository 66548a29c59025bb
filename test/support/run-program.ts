import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface ProgramOptions {
  /** Variables besides PATH: nothing of this process's environment, which may name a client library, is passed on. */
  environment?: Record<string, string>;
  /** Options of node itself. */
  nodeOptions?: readonly string[];
  directory?: string;
}

/** Shorter than a test's, so that no process is left behind by a test that is given up. In ms. */
const TIME_LIMIT = 25_000;

export interface ProgramEnd<T> {
  /** undefined where the program printed nothing that is JSON, as when it died. */
  output: T | undefined;
  code: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
}

/** Runs a program of test/support/programs in a process of its own. `input` is its argument, as JSON. */
export async function runProgram<T>(
  name: string,
  input: unknown,
  { environment = {}, nodeOptions = [], directory }: ProgramOptions = {},
): Promise<ProgramEnd<T>> {
  const child = spawn(
    process.execPath,
    [...nodeOptions, join(__dirname, 'programs', `${name}.mjs`), JSON.stringify(input)],
    {
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: TIME_LIMIT,
      killSignal: 'SIGKILL',
      ...(directory === undefined ? {} : { cwd: directory }),
    },
  );
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { output: parse(stdout) as T | undefined, code, signal, stderr };
}

/** The same for a program that is expected to succeed: gives its output, and throws with what it said if it fails. */
export async function outputOf<T>(name: string, input: unknown, options?: ProgramOptions): Promise<T> {
  const { output, code, signal, stderr } = await runProgram<T>(name, input, options);
  if (code !== 0 || output === undefined) {
    throw new Error(`The program "${name}" ended with ${signal ?? `exit code ${code}`}:\n${stderr}`);
  }
  return output;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
