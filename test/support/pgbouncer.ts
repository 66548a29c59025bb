import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../scripts/embedded-server.js';
import { serverAccount, spawnOptions, type Account } from '../../scripts/server-process.js';

const PROGRAM = '/usr/sbin/pgbouncer';

/** Whether the system has it (Debian: pgbouncer). */
export const hasPgBouncer = existsSync(PROGRAM);

export interface PgBouncer {
  readonly host: string;
  readonly port: number;
  /** Drops all connections, as a crash would, and serves on the same port again. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a pooler before a server. Its databases are called `session`, `transaction` and `statement`, by the mode in which it serves
 * them; all have several sessions of the server, of which each client is given the next by turns.
 */
export async function startPgBouncer(server: {
  host: string;
  port: number;
  user: string;
  database: string;
}): Promise<PgBouncer> {
  const account = serverAccount();
  const directory = mkdtempSync(join(tmpdir(), 'kingbase-bouncer-'));
  const port = await freePort();
  const target = `host=${server.host} port=${server.port} dbname=${server.database} user=${server.user}`;
  const file = join(directory, 'pgbouncer.ini');
  writeFileSync(
    file,
    `[databases]
session = ${target} pool_mode=session
transaction = ${target} pool_mode=transaction
statement = ${target} pool_mode=statement
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
default_pool_size = 4
min_pool_size = 4
server_round_robin = 1
max_client_conn = 200
server_reset_query = DISCARD ALL
`,
  );
  if (account) for (const each of [directory, file]) chownSync(each, account.uid, account.gid);
  let stop = await run(file, port, account, directory);
  return {
    host: '127.0.0.1',
    port,
    restart: async () => {
      await stop();
      stop = await run(file, port, account, directory);
    },
    stop: async () => {
      await stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Runs the program until what is returned is called. */
async function run(
  file: string,
  port: number,
  account: Account | undefined,
  directory: string,
): Promise<() => Promise<void>> {
  const child = spawn(PROGRAM, [file], {
    ...spawnOptions(account, directory),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const exited = once(child, 'exit');
  let ended = false;
  void exited.then(() => (ended = true));
  while (!(await answers(port))) {
    if (ended) throw new Error(`PgBouncer did not start:\n${log}`);
    await delay(20);
  }
  return async () => {
    child.kill('SIGKILL');
    await exited;
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
