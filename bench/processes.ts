import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Task, Tasks } from './child.js';
import { compiledFolder } from './peers.js';
import type { Measurement } from './workloads/workload.js';

const execute = promisify(execFile);

/** Longer than any step takes; a client that hangs shall not stop the run for ever. */
const stepTimeout = 90_000;

/** How measured processes run. */
export interface Runtime {
  /** The program, and what goes before the file to run. */
  command: readonly string[];
}

const ownRuntime: Runtime = { command: [process.execPath] };

/** Runs a task of child.ts in a fresh process, on one core if one is given. */
export async function runChild<T extends Task>(
  task: T,
  job: Tasks[T]['job'],
  { command }: Runtime = ownRuntime,
  core?: number,
): Promise<Tasks[T]['result']> {
  const child = path.join(compiledFolder, 'child.js');
  const output = await run([...command, child, task, JSON.stringify(job)], core);
  return JSON.parse(output) as Tasks[T]['result'];
}

/** Runs a program that writes a measurement as JSON, as child.ts does. */
export async function runProgram(command: readonly string[], core?: number): Promise<Measurement> {
  return JSON.parse(await run(command, core)) as Measurement;
}

async function run(command: readonly string[], core: number | undefined): Promise<string> {
  const [program = '', ...parameters] =
    core === undefined ? command : ['taskset', '-c', String(core), ...command];
  try {
    return (await execute(program, parameters, { timeout: stepTimeout })).stdout;
  } catch (error) {
    // A server's message may quote all the rows of a statement.
    const reason = String((error as { stderr?: string }).stderr ?? error).slice(0, 2000);
    throw new Error(`${parameters.join(' ').slice(0, 600)} failed.\n${reason}`, { cause: error });
  }
}

/**
 * Puts a process on one core; processes that it starts from then on (a server's back ends) inherit this.
 *
 * @returns the function that undoes it, or undefined where there is no `taskset`
 */
export async function pin(pid: number, core: number): Promise<(() => Promise<void>) | undefined> {
  try {
    // Its answer is read below and would otherwise come in the user's language.
    const env = { ...process.env, LC_ALL: 'C' };
    const { stdout } = await execute('taskset', ['-c', '-p', String(pid)], { env });
    const before = stdout.split(': ')[1]?.trim() ?? '';
    await execute('taskset', ['-c', '-p', String(core), String(pid)]);
    return async () => {
      await execute('taskset', ['-c', '-p', before, String(pid)]);
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
