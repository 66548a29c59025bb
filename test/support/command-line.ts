import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { JsonReport } from '../../lib/cli/doctor/report.js';

/** Shorter than a test's, so that no process is left behind by a test that is given up. In ms. */
const TIME_LIMIT = 25_000;

export interface CommandEnd {
  stdout: string;
  stderr: string;
  code: number | null;
}

export interface CommandOptions {
  /** Variables besides PATH: nothing of this process's environment is passed on. */
  environment?: Record<string, string>;
  /** For the standard input. */
  input?: string;
}

/** Runs the built program `kingbase-native` as a user would. */
export async function commandLine(
  args: readonly string[],
  { environment = {}, input = '' }: CommandOptions = {},
): Promise<CommandEnd> {
  const child = spawn(process.execPath, [join(__dirname, '../../dist/cli/main.js'), ...args], {
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LANG: 'C', ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: TIME_LIMIT,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  // A program that does not read its input has closed it.
  child.stdin.on('error', () => undefined).end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { stdout, stderr, code };
}

export type ReportedStep = JsonReport['steps'][number];

/** What the doctor finds, by the ids of its steps; of several hosts the first one's. */
export interface Diagnosis {
  report: JsonReport;
  step: (id: string) => ReportedStep;
  /** Everything that was printed, for what must not be in it. */
  printed: string;
  code: number | null;
}

export async function diagnose(
  connection: string,
  clientLibrary: string,
  { environment = {}, args = [] }: { environment?: Record<string, string>; args?: readonly string[] } = {},
): Promise<Diagnosis> {
  const { stdout, stderr, code } = await commandLine(['doctor', connection, '--json', ...args], {
    environment: { KINGBASE_CLIENT_LIBRARY: clientLibrary, ...environment },
  });
  let report: JsonReport;
  try {
    report = JSON.parse(stdout) as JsonReport;
  } catch {
    throw new Error(`The doctor printed no report (exit code ${code ?? 'none'}):\n${stdout}\n${stderr}`);
  }
  const step = (id: string): ReportedStep => {
    const found = report.steps.find((each) => each.id === id);
    if (found === undefined) throw new Error(`The report has no step "${id}".`);
    return found;
  };
  return { report, step, printed: stdout + stderr, code };
}
