import { spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/** The operating system account that the server's programs run under. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL refuses to run as root, so root needs another account; undefined means the current user. */
export function serverAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.find(([user]) => user === name) ?? [];
    if (uid !== undefined && gid !== undefined) return { name, uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(
    'PostgreSQL does not run as root, and this system has neither a user "postgres" nor a user "nobody" to run ' +
      'it as. Create one ("useradd --system postgres"), or run as an ordinary user.',
  );
}

/**
 * Options common to all programs of the server. The environment is a small one of its own: variables such
 * as PGDATA, PGOPTIONS or a sanitizer's LD_PRELOAD are meant for the client side.
 */
export function spawnOptions(account: Account | undefined, directory: string): SpawnOptions {
  return {
    cwd: directory,
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    ...(account && { uid: account.uid, gid: account.gid }),
  };
}

/** Runs a program to its end; the error of a failure holds the end of what it printed. */
export async function run(
  program: string,
  args: readonly string[],
  options: SpawnOptions & { readonly input?: string },
): Promise<string> {
  const { input, ...rest } = options;
  const child = spawn(program, args, { ...rest, stdio: 'pipe' });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  // A program that ends early closes its input; its exit code tells the reason.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  let code: number | null;
  let signal: NodeJS.Signals | null;
  try {
    [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  } catch (error) {
    throw new Error(
      `${program} could not be started: ${error instanceof Error ? error.message : String(error)}. The file must ` +
        `exist and be executable, and the user it runs as must be able to reach it and ${String(rest.cwd)}.`,
      { cause: error },
    );
  }
  if (code !== 0) {
    throw new Error(`${program} ended with ${describeExit(code, signal)}. Its last output:\n${tail(output)}`);
  }
  return output;
}

/** How a process ended, for messages. */
export const describeExit = (code: number | null, signal: NodeJS.Signals | null): string =>
  signal ? `signal ${signal}` : `exit code ${code}`;

/** The last lines of a text. */
export const tail = (text: string, lines = 20): string => text.trimEnd().split('\n').slice(-lines).join('\n');

// $1 is the server's directory. `read` returns when the other end of the pipe is closed. The process id of a
// single-user backend is written with a minus sign, which kill would take for a process group. The file is what
// tells the end: the process itself may stay as a zombie where the system's first process does not care for orphans.
const guardScript = `
read -r _
file="$1/data/postmaster.pid"
pid=$(head -n 1 "$file" 2>/dev/null)
pid=\${pid#-}
if [ -n "$pid" ] && kill -QUIT "$pid" 2>/dev/null; then
  tries=0
  while [ -e "$file" ] && kill -0 "$pid" 2>/dev/null; do
    tries=$((tries + 1))
    [ $tries -eq 200 ] && kill -KILL "$pid" && break
    sleep 0.05
  done
fi
rm -rf "$1"
`;

/** Removes a server's directory, and the server if it still runs, in the end. */
export interface Guard {
  /** Lets the guard do its work now and waits for it. */
  release(): Promise<void>;
}

/**
 * Starts a small shell that waits until this process is gone, however it went: exit, signal, crash in native
 * code, SIGKILL. It learns of it by the end of a pipe that only this process holds open. That covers what
 * exit handlers cannot, and leaves the process's own signal handling alone.
 */
export function startGuard(directory: string, account: Account | undefined): Guard {
  const guard = spawn('/bin/sh', ['-c', guardScript, 'server-guard', directory], {
    ...spawnOptions(account, '/'),
    stdio: ['pipe', 'ignore', 'pipe'],
    // A group of its own: Ctrl-C in a terminal goes to all processes of the foreground group.
    detached: true,
  });
  const { stdin, stderr } = guard;
  let complaint = '';
  stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  const closed = once(guard, 'close') as Promise<[number | null, string | null]>;
  closed.catch(() => undefined);
  const streams = [stdin, stderr] as unknown as { ref(): void; unref(): void }[];
  guard.unref();
  for (const stream of streams) stream.unref();
  return {
    async release() {
      guard.ref();
      for (const stream of streams) stream.ref();
      stdin.end();
      const [code] = await closed;
      if (code !== 0)
        throw new Error(`The server's directory ${directory} could not be removed: ${tail(complaint)}`);
    },
  };
}
