import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Runs a program to its end. Throws an Error with everything it printed. */
export async function run(
  program: string,
  args: readonly string[],
  directory: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  try {
    const { stdout } = await execute(program, args, {
      cwd: directory,
      env: environment,
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`"${[program, ...args].join(' ')}" failed in ${directory}:\n${stdout}${stderr}`, {
      cause: error,
    });
  }
}

/** npm, as if it had been called by hand: what an outer `npm run` says about its own package is left out. */
export function npm(args: readonly string[], directory: string): Promise<string> {
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_package_|npm_lifecycle_|INIT_CWD$)/.test(name)),
  );
  return run('npm', args, directory, environment);
}
