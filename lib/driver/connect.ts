import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { GivingUp } from '../base/given-up.js';
import { startTimer } from '../base/timers.js';
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
import { refuseLockedKey } from './client-key.js';
import { ConnectLimit } from './connect-limit.js';
import type { Core } from './core.js';
import { foundError } from './failure.js';
import type { ConnectionFacts, NativeFailure } from '../addon/interface.js';
import { worthAnotherHost } from '../errors/server-going-away.js';
import { chores } from './chores.js';
import { ALL_DIGITS, ISO_DATES } from './operations/own-settings.js';
import { Script } from './operations/script.js';
import { Session, type ConnectOutcome, type SessionEvents } from './session.js';
import { isLoss, lostAfterLogin, setUpWithin, type SetUp } from './set-up.js';
import { isOfKind, wrongKind, type TargetSession } from './target-session.js';

/** How a connection is made, apart from where to. */
export interface OpenOptions {
  /** Gives the attempt up: it rejects at once with that reason, and what there is of the connection is closed. */
  readonly signal?: GivingUp | undefined;
  /** Run on the new session before anybody has it; where it rejects, the attempt fails. */
  readonly setUp?: SetUp | undefined;
}

/**
 * Connects to the first host, and of that the first address, that takes the connection and is of the kind that
 * `target_session_attrs` asks for. A refused login ends the search (libpq manual, "Specifying Multiple Hosts": an
 * authentication failure is not tried elsewhere).
 *
 * `connectTimeout` is for all of it: the password function, looking up names, each address, and setting the session up.
 *
 * Throws the last host's ConnectionError or DatabaseError.
 */
export async function openSession(
  core: Core,
  library: LoadedLibrary,
  config: ResolvedConfig,
  events: SessionEvents,
  { signal, setUp }: OpenOptions = {},
): Promise<Session> {
  signal?.throwIfAborted();
  const limit = new ConnectLimit(config.connectTimeout, signal);
  const password = await passwordOf(config, limit);
  const session = await connectToAny({ core, library, config, events, password, limit });
  if (setUp !== undefined) await setUpWithin(limit, session, setUp);
  return session;
}

async function passwordOf(
  { password: given, hosts }: ResolvedConfig,
  limit: ConnectLimit,
): Promise<string | undefined> {
  if (typeof given !== 'function') return checkedPassword(given);
  const [host] = hosts;
  const where = host === undefined ? 'the database' : addressText(host);
  const late = (): ConnectionError =>
    new ConnectionError(
      'KB_CONNECT_TIMEOUT',
      `Cannot connect to ${where}: the password function gave no password within ${limit.total} ms.`,
      {
        outcome: 'not-sent',
        address: where,
        hint: 'Look what keeps the password function, such as a vault. The limit is the option "connectTimeout".',
      },
    );
  const asked = Promise.resolve(given()).then(textOf);
  return checkedPassword(await limit.within(asked, limit.shareOf(1), late));
}

function checkedPassword(password: string | undefined): string | undefined {
  if (password?.includes('\0') !== true) return password;
  throw new UsageError('KB_BAD_OPTION', 'The password must not contain a NUL character.');
}

async function connectToAny(attempt: Attempt): Promise<Session> {
  const { config, limit } = attempt;
  const kinds = kindsInTurn(config);
  let hostsLeft = kinds.length * config.hosts.length;
  let failure: unknown;
  for (const wanted of kinds) {
    if (failure !== undefined && !(failure instanceof ConnectionError)) break;
    for (const host of config.hosts) {
      const until = limit.shareOf(hostsLeft--);
      const where = addressText(host);
      const keyChecked = refuseLockedKey(config, where);
      if (keyChecked !== undefined) {
        // The file may lie where it cannot be read, on a network file system that is away.
        await limit.within(keyChecked, until, () =>
          connectTimeout(undefined, where, until - performance.now(), limit.total),
        );
      }
      let addresses: readonly (string | undefined)[];
      try {
        addresses = isLeftToLibrary(host) ? AS_IT_IS : await lookUp(host, limit, until);
      } catch (error) {
        limit.signal?.throwIfAborted();
        failure = error;
        continue;
      }
      let addressesLeft = addresses.length;
      for (const address of addresses) {
        try {
          return await connectTo(attempt, host, address, wanted, limit.shareOf(addressesLeft--, until));
        } catch (error) {
          limit.signal?.throwIfAborted();
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
  limit: ConnectLimit;
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
async function lookUp(host: HostAddress, limit: ConnectLimit, until: number): Promise<string[]> {
  const name = host.host;
  const address = addressText(host);
  const late = (): ConnectionError =>
    new ConnectionError(
      'KB_CONNECT_TIMEOUT',
      `Cannot connect to ${address}: the host name "${name}" was not looked up in time.`,
      {
        stage: 'dns',
        outcome: 'not-sent',
        address,
        hint: `The name server does not answer. The limit is the option "connectTimeout", ${limit.total} ms for all hosts.`,
      },
    );
  const found = lookup(name, { all: true }).catch((error: unknown) => {
    throw new ConnectionError(
      'KB_CONNECT_HOST_NOT_FOUND',
      `Cannot connect to ${address}: the host name "${name}" was not found.`,
      {
        stage: 'dns',
        outcome: 'not-sent',
        address,
        cause: error,
        hint: /^[^:]+:\d+$/.test(name)
          ? 'The host has a port behind it: give that by the option "port".'
          : 'Check the spelling of the host name, the DNS servers and /etc/hosts.',
      },
    );
  });
  return (await limit.within(found, until, late)).map((each) => each.address);
}

function connectTo(
  attempt: Attempt,
  host: HostAddress,
  address: string | undefined,
  wanted: TargetSession,
  until: number,
): Promise<Session> {
  return new Promise((resolve, reject) => {
    new AddressAttempt(attempt, addressText(host, address), wanted, until, resolve, reject).begin(
      host,
      address,
    );
  });
}

/** ms after which an attempt that is not over has the core look whether its library keeps the thread that connects. */
const RELIEF = 300;

/** ms that the core may take to say how far a connection had come that is given up. */
const LAST_WORDS = 250;

/**
 * One attempt at one address. The time limit is for everything that is needed before the session is of use: a server can
 * fall silent at any point.
 */
class AddressAttempt implements ConnectOutcome {
  /** Has the password, which inspecting a session that connects must not show. */
  readonly #attempt: Attempt;
  private readonly session: Session;
  private readonly allowed: number;
  private stopWatching: (() => void) | undefined;
  private relief: NodeJS.Timeout | undefined;
  private timedOut = false;

  constructor(
    attempt: Attempt,
    private readonly where: string,
    private readonly wanted: TargetSession,
    private readonly until: number,
    private readonly resolve: (session: Session) => void,
    private readonly reject: (error: unknown) => void,
  ) {
    this.#attempt = attempt;
    const { core, library, config, events } = attempt;
    const { statementCacheSize, pool, pooler } = config;
    this.session = new Session(
      core,
      library,
      where,
      pooler === undefined ? statementCacheSize : 0,
      pool.heartbeatTimeout,
      events,
      chores,
    );
    this.session.pooler = pooler;
    this.session.exactFloats = config.exactFloats && pooler === undefined;
    if (!config.strictAnswers) this.session.native.keepAnswers(true);
    this.session.pipelines = config.pipeline && pooler === undefined && this.session.capabilities.pipeline;
    this.session.encryptedCancelOnly = config.encryptedCancelOnly;
    this.allowed = until - performance.now();
  }

  begin(host: HostAddress, address: string | undefined): void {
    const { config, core, library, password, limit } = this.#attempt;
    try {
      const keywords = connectionKeywords(config, host, address, library.library.connectionOptions);
      this.session.connect(keywords, password, this);
    } catch (error) {
      this.session.close();
      throw error;
    }
    this.relief = setInterval(() => core.relieveConnectors(), RELIEF);
    this.relief.unref();
    this.stopWatching = limit.watch(this.until, (aborted) => {
      clearInterval(this.relief);
      if (aborted) this.reject(limit.signal?.reason);
      else this.expire();
      this.session.close();
    });
  }

  private expire(): void {
    this.timedOut = true;
    // The core says how far it had come, unless the library itself does not come back.
    const timer = startTimer(() => this.reject(this.timeout(undefined)), LAST_WORDS);
    this.stopWatching = () => clearTimeout(timer);
  }

  connected(facts: ConnectionFacts): void {
    const { binaryResults } = this.#attempt.config;
    clearInterval(this.relief);
    // Servers before PostgreSQL 10, and Kingbase's like them, can be built with times as floats.
    // A float's binary form has all its digits, which the text form that came the time before may not have had.
    const sameInBinary = facts.parameter('integer_datetimes') === 'on' && this.session.exactFloats;
    this.session.binaryResults = binaryResults && sameInBinary;
    const settings = neededSettings(facts, this.session.exactFloats);
    if (settings === '' && this.wanted === 'any') this.end();
    else void this.finish(settings);
  }

  failed(failure: NativeFailure): void {
    clearInterval(this.relief);
    this.stopWatching?.();
    const { timedOut, where } = this;
    this.reject(timedOut ? this.timeout(stageOf(failure)) : connectError(failure, where));
  }

  private end(): void {
    this.stopWatching?.();
    this.resolve(this.session);
  }

  private timeout(stage: ConnectStage | undefined): ConnectionError {
    return connectTimeout(stage, this.where, this.allowed, this.#attempt.limit.total);
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
      this.stopWatching?.();
      this.reject(this.asConnectError(error));
    }
  }

  private asConnectError(error: unknown): unknown {
    if (!isLoss(error)) return error;
    return this.timedOut ? this.timeout('auth') : lostAfterLogin(this.where, error);
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

/** @param allowed ms that this address had of the `total` for all */
function connectTimeout(
  stage: ConnectStage | undefined,
  address: string,
  allowed: number,
  total: number,
): ConnectionError {
  const waitedFor =
    stage === undefined || stage === 'tcp'
      ? 'The host did not answer: it is down, or a firewall drops the packets.'
      : 'The host took the connection, but the server did not answer: it may be overloaded or hang.';
  const share = Math.round(allowed);
  const time = share < total * 0.9 ? `${share} ms, its share of ${total} ms` : `${total} ms`;
  return new ConnectionError(
    'KB_CONNECT_TIMEOUT',
    `Cannot connect to ${address}: no connection within ${time}.`,
    {
      stage,
      outcome: 'not-sent',
      address,
      hint: `${waitedFor} The limit is the option "connectTimeout", which all hosts and addresses share.`,
    },
  );
}

/**
 * The decoders read ISO dates and floats that hold every digit; a database or role may have other defaults, and servers
 * before 12 (KingbaseES V8R3) shorten floats anyway. Servers report the style of dates, but not the digits of floats.
 * Behind a pooler only the first is set: it carries over from one server session to the next what servers report.
 */
function neededSettings(facts: ConnectionFacts, exactFloats: boolean): string {
  const settings: string[] = [];
  const dateStyle = facts.parameter('DateStyle');
  // Not every pooler reports it, and a library without memory for the report drops it; who wants no command behind the
  // login, where all else is in order, has the server's.
  const isIso = dateStyle === undefined ? !exactFloats : dateStyle.startsWith('ISO');
  if (!isIso) settings.push(ISO_DATES);
  if (exactFloats) settings.push(ALL_DIGITS);
  return settings.join(';');
}
