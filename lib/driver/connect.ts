import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { LoadedLibrary } from '../client-library/index.js';
import { connectionKeywords, type HostAddress, type ResolvedConfig } from '../config/index.js';
import {
  ConnectionError,
  connectFailure,
  DatabaseError,
  UsageError,
  type ConnectStage,
  type KingbaseError,
} from '../errors/index.js';
import { AttemptLimit, type LimitedAttempt } from './attempt-limit.js';
import { refuseLockedKey } from './client-key.js';
import type { Core } from './core.js';
import { foundError } from './failure.js';
import type { ConnectionFacts, NativeFailure } from '../addon/interface.js';
import { worthAnotherHost } from '../errors/server-going-away.js';
import { chores } from './chores.js';
import { Script } from './operations/script.js';
import { Session, type ConnectOutcome, type SessionEvents } from './session.js';
import { isOfKind, wrongKind, type TargetSession } from './target-session.js';

/**
 * Connects to the first host, and of that the first address, that takes the connection and is of the kind that
 * `target_session_attrs` asks for. A refused login ends the search (libpq manual, "Specifying Multiple Hosts": an
 * authentication failure is not tried elsewhere).
 *
 * Throws the last host's ConnectionError or DatabaseError.
 */
export async function openSession(
  core: Core,
  library: LoadedLibrary,
  config: ResolvedConfig,
  events: SessionEvents,
): Promise<Session> {
  const { password: given } = config;
  const password = typeof given === 'function' ? textOf(await given()) : given;
  if (password?.includes('\0') === true) {
    throw new UsageError('KB_BAD_OPTION', 'The password must not contain a NUL character.');
  }
  const attempt: Attempt = { core, library, config, events, password };
  let failure: unknown;
  for (const wanted of kindsInTurn(config)) {
    if (failure !== undefined && !(failure instanceof ConnectionError)) break;
    for (const host of config.hosts) {
      await refuseLockedKey(config, addressText(host));
      let addresses: readonly (string | undefined)[];
      try {
        addresses = isLeftToLibrary(host) ? AS_IT_IS : await lookUp(host);
      } catch (error) {
        failure = error;
        continue;
      }
      for (const address of addresses) {
        try {
          return await connectTo(attempt, host, address, wanted);
        } catch (error) {
          if (error instanceof DatabaseError && !worthAnotherHost(error.code)) throw error;
          if (error instanceof UsageError) throw error;
          failure = error;
        }
      }
    }
  }
  throw failure;
}

interface Attempt {
  core: Core;
  library: LoadedLibrary;
  config: ResolvedConfig;
  events: SessionEvents;
  password: string | undefined;
}

const ANY: readonly TargetSession[] = ['any'];

/** All hosts are tried for the first kind, and if none is of it, for the next. */
function kindsInTurn({ libraryKeywords }: ResolvedConfig): readonly TargetSession[] {
  const wanted = libraryKeywords['target_session_attrs'] as TargetSession | 'prefer-standby' | undefined;
  if (wanted === undefined) return ANY;
  return wanted === 'prefer-standby' ? ['standby', 'any'] : [wanted];
}

function textOf(password: unknown): string {
  if (typeof password === 'string') return password;
  throw new UsageError(
    'KB_BAD_OPTION',
    `The password function must give a string, but gave ${typeof password}.`,
  );
}

function addressText(host: HostAddress, address?: string): string {
  // The socket's file name differs between libraries (.s.KINGBASE.54321, .s.PGSQL.54321).
  if (host.host.startsWith('/')) return `${host.host}, port ${host.port}`;
  const name = host.host.includes(':') ? `[${host.host}]` : host.host;
  const suffix = address !== undefined && address !== host.host ? ` (${address})` : '';
  return `${name}:${host.port}${suffix}`;
}

/** Unix sockets, addresses and service files need no look-up. */
function isLeftToLibrary({ host, hostaddr }: HostAddress): boolean {
  return (
    host === '' || host.startsWith('/') || host.startsWith('@') || hostaddr !== undefined || isIP(host) !== 0
  );
}

const AS_IT_IS: readonly (string | undefined)[] = [undefined];

/** The addresses of a host name, asked of the system here since the library's own look-up would block a thread. */
async function lookUp(host: HostAddress): Promise<string[]> {
  const name = host.host;
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address);
  } catch (error) {
    throw new ConnectionError(
      'KB_CONNECT_HOST_NOT_FOUND',
      `Cannot connect to ${addressText(host)}: the host name "${name}" was not found.`,
      {
        stage: 'dns',
        outcome: 'not-sent',
        address: addressText(host),
        cause: error,
        hint: 'Check the spelling of the host name, the DNS servers and /etc/hosts.',
      },
    );
  }
}

function connectTo(
  attempt: Attempt,
  host: HostAddress,
  address: string | undefined,
  wanted: TargetSession,
): Promise<Session> {
  return new Promise((resolve, reject) => {
    new AddressAttempt(attempt, addressText(host, address), wanted, resolve, reject).begin(host, address);
  });
}

const limits = new WeakMap<ResolvedConfig, AttemptLimit>();

function limitOf(config: ResolvedConfig): AttemptLimit | undefined {
  if (config.connectTimeout === 0) return undefined;
  let limit = limits.get(config);
  if (limit === undefined) {
    limit = new AttemptLimit(config.connectTimeout);
    limits.set(config, limit);
  }
  return limit;
}

/**
 * One attempt at one address. The time limit is for everything that is needed before the session is of use: a server can
 * fall silent at any point.
 */
class AddressAttempt implements ConnectOutcome, LimitedAttempt {
  /** Has the password, which inspecting a session that connects must not show. */
  readonly #attempt: Attempt;
  private readonly session: Session;
  private readonly limit: AttemptLimit | undefined;
  private timedOut = false;

  constructor(
    attempt: Attempt,
    private readonly where: string,
    private readonly wanted: TargetSession,
    private readonly resolve: (session: Session) => void,
    private readonly reject: (error: unknown) => void,
  ) {
    this.#attempt = attempt;
    const { core, library, config, events } = attempt;
    const { statementCacheSize, pool } = config;
    this.session = new Session(
      core,
      library,
      where,
      statementCacheSize,
      pool.heartbeatTimeout,
      events,
      chores,
    );
    this.limit = limitOf(config);
  }

  begin(host: HostAddress, address: string | undefined): void {
    const { config, library, password } = this.#attempt;
    try {
      const keywords = connectionKeywords(config, host, address, library.library.connectionOptions);
      this.session.connect(keywords, password, this);
    } catch (error) {
      this.session.close();
      throw error;
    }
    this.limit?.begin(this);
  }

  expire(): void {
    this.timedOut = true;
    this.session.close();
  }

  connected(facts: ConnectionFacts): void {
    const { binaryResults } = this.#attempt.config;
    // Servers before PostgreSQL 10, and Kingbase's like them, can be built with times as floats.
    this.session.binaryResults = binaryResults && facts.parameter('integer_datetimes') === 'on';
    const settings = neededSettings(facts);
    if (settings === '' && this.wanted === 'any') this.end();
    else void this.finish(settings);
  }

  failed(failure: NativeFailure): void {
    this.limit?.end(this);
    const { timedOut, where } = this;
    this.reject(timedOut ? this.timeout(stageOf(failure)) : connectError(failure, where));
  }

  private end(): void {
    this.limit?.end(this);
    this.resolve(this.session);
  }

  private timeout(stage: ConnectStage | undefined): ConnectionError {
    return connectTimeout(stage, this.where, this.#attempt.config.connectTimeout);
  }

  /** What takes questions and commands of ours. */
  private async finish(settings: string): Promise<void> {
    const { session, where, wanted } = this;
    try {
      if (settings !== '') {
        await new Promise((resolve, reject) => {
          session.run(new Script(settings, resolve, reject));
        });
      }
      if (!(await isOfKind(session, wanted))) throw wrongKind(where, wanted);
      this.end();
    } catch (error) {
      session.close();
      this.limit?.end(this);
      this.reject(this.asConnectError(error));
    }
  }

  private asConnectError(error: unknown): unknown {
    const lostAfterLogin = error instanceof ConnectionError && error.code === 'KB_CONNECTION_LOST';
    if (!lostAfterLogin) return error;
    if (this.timedOut) return this.timeout('auth');
    // What was lost are questions of ours; of what the program asks for nothing has been sent.
    return new ConnectionError(
      'KB_CONNECT_LOST',
      `Cannot connect to ${this.where}: the connection was lost again right after the login.`,
      {
        stage: 'auth',
        outcome: 'not-sent',
        address: this.where,
        cause: error,
        hint: 'See the server log, which often says more than the client is told.',
      },
    );
  }
}

function stageOf(failure: NativeFailure): ConnectStage | undefined {
  const { stage } = failure;
  return stage === 'tcp' || stage === 'tls' || stage === 'startup' || stage === 'auth' ? stage : undefined;
}

function connectError(failure: NativeFailure, address: string): KingbaseError {
  if (failure.fields !== undefined) return DatabaseError.fromFields(failure.fields);
  return (
    foundError(failure, address) ?? connectFailure(failure.message, { address, stageHint: stageOf(failure) })
  );
}

function connectTimeout(stage: ConnectStage | undefined, address: string, limit: number): ConnectionError {
  const waitedFor =
    stage === undefined || stage === 'tcp'
      ? 'The host did not answer: it is down, or a firewall drops the packets.'
      : 'The host took the connection, but the server did not answer: it may be overloaded or hang.';
  return new ConnectionError(
    'KB_CONNECT_TIMEOUT',
    `Cannot connect to ${address}: no connection within ${limit} ms.`,
    { stage, outcome: 'not-sent', address, hint: `${waitedFor} The limit is the option "connectTimeout".` },
  );
}

/**
 * The decoders read ISO dates and floats that hold every digit; a database or role may have other defaults. Servers
 * before 12 (KingbaseES V8R3) shorten floats unless told otherwise. '' where the session is as it should be.
 */
function neededSettings(facts: ConnectionFacts): string {
  const settings: string[] = [];
  const dateStyle = facts.parameter('DateStyle');
  if (dateStyle !== undefined && !dateStyle.startsWith('ISO')) settings.push('SET datestyle TO ISO');
  if (facts.serverVersion > 0 && facts.serverVersion < 120000) settings.push('SET extra_float_digits TO 3');
  return settings.join(';');
}
