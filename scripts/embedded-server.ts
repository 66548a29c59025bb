import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  watch,
  writeFileSync,
  type FSWatcher,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificates, type Certificates } from './certificates.js';
import { nativeDirectoryForServer, type PostgresVersion } from './postgres-package.js';
import {
  describeExit,
  run,
  serverAccount,
  spawnOptions,
  startGuard,
  tail,
  type Account,
  type Guard,
} from './server-process.js';

export type { Certificates } from './certificates.js';

export interface ServerOptions {
  /** PostgreSQL release. Default: 12, the kernel of KingbaseES V8R6 and V9. */
  version?: PostgresVersion;
  /** Lines of postgresql.conf, added to the defaults for tests and overriding them. */
  settings?: Record<string, string>;
  /** The lines of pg_hba.conf. Default: trust for the Unix socket, 127.0.0.1 and ::1. */
  hba?: readonly string[];
  /** Whether the server accepts TLS, with certificates of its own. Default: false. */
  tls?: boolean;
  /** TCP port. Default: a free one. */
  port?: number;
  /** Fills the data directory, which does not exist yet, as a base backup does. Default: by initdb, with a database. */
  fill?: (dataDirectory: string) => Promise<void>;
}

/**
 * How a server ends: `fast` disconnects clients with an error message (SQLSTATE 57P01) and shuts down in order;
 * `immediate` drops all at once, as a crash would, and the next start goes through recovery.
 */
export type ShutdownMode = 'fast' | 'immediate';

export interface EmbeddedServer {
  readonly version: PostgresVersion;
  readonly host: '127.0.0.1';
  readonly port: number;
  /** Directory of the Unix socket; as host of a connection it reaches the server without TCP. */
  readonly socketDirectory: string;
  /** The superuser, `system` as in KingbaseES. It has no password. */
  readonly user: string;
  /** `test`, as in KingbaseES; UTF-8 with locale C. */
  readonly database: string;
  /** Process id of the main server process; 0 while the server is down. */
  readonly postmasterPid: number;
  readonly logFile: string;
  /** Owned by the account that the server runs under. */
  readonly dataDirectory: string;
  /** Present with the option `tls`. */
  readonly certificates?: Certificates;
  /**
   * Adds lines to postgresql.conf and has the server read it again. What is connected afterwards has the new values;
   * sessions that are there take them over before their next statement, or the one after.
   */
  configure(settings: Readonly<Record<string, string>>): void;
  /** Makes a standby a primary, and waits until it is one. */
  promote(): Promise<void>;
  /** Ends the server and removes everything it made. May be called in any state and more than once. */
  stop(mode?: ShutdownMode): Promise<void>;
  /** Ends the server and starts it again on the same port with the same data. */
  restart(mode?: ShutdownMode): Promise<void>;
  /** Ends the server and keeps its data; does nothing while it is down. */
  down(mode?: ShutdownMode): Promise<void>;
  /** Starts the server again after `down`; does nothing while it is up. */
  up(): Promise<void>;
}

const startTimeout = 60_000;
const fastShutdownTimeout = 15_000;

const user = 'system';
const database = 'test';

// Data need not survive a power cut here, and nothing should depend on the machine's time zone. Commits stay
// synchronous: without fsync that costs little, and what was committed survives a shutdown in mode `immediate`.
const testSettings: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  max_connections: '100',
  shared_buffers: '32MB',
  fsync: 'off',
  full_page_writes: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_line_prefix: '%m [%p] ',
};

const trustLocalClients: readonly string[] = [
  'local all all trust',
  'host all all 127.0.0.1/32 trust',
  'host all all ::1/128 trust',
];

/**
 * A port that nobody listens on. It is taken from below the range that Linux (32768) and macOS (49152) use for
 * outgoing connections: from inside that range a client could be given the server's port while it is down, which
 * would block its restart or, on the same host, connect the client to itself.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const probe = createServer();
    try {
      const port = randomInt(20_000, 32_768);
      probe.listen(port, '127.0.0.1');
      await once(probe, 'listening');
      return port;
    } catch {
      continue;
    } finally {
      probe.close();
    }
  }
  throw new Error(
    'No free TCP port was found between 20000 and 32767 on 127.0.0.1: end some of the servers there.',
  );
}

const settingLines = (settings: Readonly<Record<string, string>>): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`)
    .join('');

/** A new directory for one server, whose socket path stays within the 104 bytes that systems allow. */
function serverDirectory(account: Account | undefined): string {
  const prefix = 'kingbase-pg-';
  const socketPath = join(tmpdir(), `${prefix}XXXXXX`, '.s.PGSQL.65535');
  const directory = mkdtempSync(join(Buffer.byteLength(socketPath) < 104 ? tmpdir() : '/tmp', prefix));
  chmodSync(directory, 0o700);
  if (account) chownSync(directory, account.uid, account.gid);
  return directory;
}

class Server implements EmbeddedServer {
  readonly host = '127.0.0.1';
  readonly user = user;
  readonly database = database;
  readonly version: PostgresVersion;
  readonly socketDirectory: string;
  readonly logFile: string;
  readonly dataDirectory: string;
  readonly certificates?: Certificates;
  port = 0;

  readonly #programs: string;
  readonly #account: Account | undefined;
  readonly #guard: Guard;
  #postmaster: ChildProcess | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: ServerOptions) {
    this.version = options.version ?? 12;
    this.#account = serverAccount();
    this.#programs = join(nativeDirectoryForServer(this.version), 'bin');
    const directory = serverDirectory(this.#account);
    this.#guard = startGuard(directory, this.#account);
    this.socketDirectory = directory;
    this.logFile = join(directory, 'server.log');
    this.dataDirectory = join(directory, 'data');
    if (options.tls) {
      this.certificates = createCertificates(directory);
      const { serverCertificate, serverKey } = this.certificates;
      if (this.#account) {
        for (const file of [serverCertificate, serverKey])
          chownSync(file, this.#account.uid, this.#account.gid);
      }
    }
  }

  get postmasterPid(): number {
    return this.#postmaster?.pid ?? 0;
  }

  async initialise(options: ServerOptions): Promise<void> {
    await (options.fill?.(this.dataDirectory) ?? this.#initdb());
    const settings: Record<string, string> = {
      ...testSettings,
      unix_socket_directories: this.socketDirectory,
      ...(this.certificates && {
        ssl: 'on',
        ssl_cert_file: this.certificates.serverCertificate,
        ssl_key_file: this.certificates.serverKey,
      }),
      ...options.settings,
    };
    appendFileSync(join(this.dataDirectory, 'postgresql.conf'), `\n${settingLines(settings)}`);
    writeFileSync(
      join(this.dataDirectory, 'pg_hba.conf'),
      `${(options.hba ?? trustLocalClients).join('\n')}\n`,
    );
    if (options.fill === undefined) await this.#createDatabase();
  }

  async #initdb(): Promise<void> {
    await run(
      join(this.#programs, 'initdb'),
      ['-D', this.dataDirectory, '-U', user, '--auth=trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
      spawnOptions(this.#account, this.socketDirectory),
    );
  }

  /** By the single-user mode, which needs no client. Its exit code is 0 even if the statement failed. */
  async #createDatabase(): Promise<void> {
    const output = await run(
      join(this.#programs, 'postgres'),
      ['--single', '-D', this.dataDirectory, 'postgres'],
      {
        ...spawnOptions(this.#account, this.socketDirectory),
        input: `CREATE DATABASE ${database}\n`,
      },
    );
    if (/^.*\b(ERROR|FATAL|PANIC):/m.test(output)) {
      throw new Error(
        `Database "${database}" could not be created. The server's last output:\n${tail(output)}`,
      );
    }
  }

  async open(port: number | undefined): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.port = port ?? (await freePort());
      try {
        await this.up();
        return;
      } catch (error) {
        // Between the probe and the start another program may have taken the port.
        const taken = error instanceof Error && error.message.includes('Address already in use');
        if (!taken || port !== undefined || attempt === 5) throw error;
      }
    }
  }

  async up(): Promise<void> {
    if (this.#stopped) throw new Error('The server was stopped and its data removed: start a new one.');
    if (this.#postmaster) return;
    // The log goes to a file by itself: through a pipe, the server would stand still while JavaScript is busy.
    const log = openSync(this.logFile, 'a');
    const postmaster = spawn(
      join(this.#programs, 'postgres'),
      ['-D', this.dataDirectory, '-p', String(this.port)],
      {
        ...spawnOptions(this.#account, this.socketDirectory),
        stdio: ['ignore', log, log],
      },
    );
    closeSync(log);
    this.#postmaster = postmaster;
    // `error` comes instead of `exit` if the program could not be started at all.
    const forget = (): void => {
      if (this.#postmaster === postmaster) this.#postmaster = undefined;
    };
    postmaster.once('exit', forget).once('error', forget);
    await this.#ready(postmaster);
  }

  /**
   * Waits for the word "ready" in postmaster.pid, as pg_ctl does; unlike the message in the log it does not depend
   * on settings of the log.
   */
  async #ready(postmaster: ChildProcess): Promise<void> {
    const isReady = (): boolean => {
      let lines: string[];
      try {
        lines = readFileSync(join(this.dataDirectory, 'postmaster.pid'), 'utf8').split('\n');
      } catch {
        return false;
      }
      return lines[0] === String(postmaster.pid) && /^(ready|standby)\s*$/.test(lines[7] ?? '');
    };
    let finish: () => void = () => undefined;
    let fail: (reason: Error) => void = () => undefined;
    const outcome = new Promise<void>((resolve, reject) => {
      finish = resolve;
      fail = reject;
    });
    const check = (): void => {
      if (isReady()) finish();
    };
    const failed = (what: string): void => {
      fail(new Error(`PostgreSQL ${this.version} ${what}. The end of its log:\n${tail(this.#log())}`));
    };
    let watcher: FSWatcher | undefined;
    try {
      watcher = watch(this.dataDirectory, check);
    } catch {
      // The system gives out no more file watches; the timer alone will do.
    }
    const interval = setInterval(check, watcher ? 250 : 20);
    const timeout = setTimeout(() => {
      postmaster.kill('SIGQUIT');
      failed(`was not ready after ${startTimeout / 1000} seconds`);
    }, startTimeout);
    postmaster.once('exit', (code, signal) => {
      failed(`ended at its start with ${describeExit(code, signal)}`);
    });
    postmaster.once('error', (error) => {
      failed(`could not be started: ${error.message}`);
    });
    check();
    try {
      await outcome;
    } finally {
      watcher?.close();
      clearInterval(interval);
      clearTimeout(timeout);
    }
  }

  #log(): string {
    try {
      return readFileSync(this.logFile, 'utf8');
    } catch {
      return '(no log was written)';
    }
  }

  configure(settings: Readonly<Record<string, string>>): void {
    appendFileSync(join(this.dataDirectory, 'postgresql.conf'), settingLines(settings));
    this.#postmaster?.kill('SIGHUP');
  }

  async promote(): Promise<void> {
    await run(
      join(this.#programs, 'pg_ctl'),
      ['promote', '-D', this.dataDirectory, '-w'],
      spawnOptions(this.#account, this.socketDirectory),
    );
  }

  async down(mode: ShutdownMode = 'fast'): Promise<void> {
    const postmaster = this.#postmaster;
    if (!postmaster) return;
    const exited = once(postmaster, 'exit');
    postmaster.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
    const timeout = setTimeout(() => postmaster.kill('SIGQUIT'), fastShutdownTimeout);
    await exited;
    clearTimeout(timeout);
  }

  async restart(mode: ShutdownMode = 'fast'): Promise<void> {
    await this.down(mode);
    await this.up();
  }

  stop(mode: ShutdownMode = 'fast'): Promise<void> {
    this.#stopped ??= this.down(mode).finally(() => this.#guard.release());
    return this.#stopped;
  }
}

/**
 * Creates a PostgreSQL server from the npm packages and starts it. It takes about a second and needs nothing
 * installed on the system. As root it runs under the account `postgres` or `nobody`. The server never outlives
 * this process: whatever ends the process, the server is ended and its data removed.
 *
 * Throws an Error that says what is missing, with the end of the server's log if there is one.
 */
export async function startServer(options: ServerOptions = {}): Promise<EmbeddedServer> {
  if (process.platform === 'win32') {
    throw new Error(
      'The embedded server runs on Linux and macOS only: connect to a server of your own on Windows.',
    );
  }
  const server = new Server(options);
  try {
    await server.initialise(options);
    await server.open(options.port);
  } catch (error) {
    await server.stop('immediate');
    throw error;
  }
  return server;
}
