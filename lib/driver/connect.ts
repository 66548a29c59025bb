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
import type { Core } from './core.js';
import type { ConnectionFacts, NativeFailure } from './native.js';
import { Script } from './script.js';
import { Session, type SessionEvents } from './session.js';
import { isOfKind, wrongKind, type TargetSession } from './target-session.js';

/** Cannot log in yet (starting up, in recovery), so another host may serve. */
const TRY_NEXT_HOST: ReadonlySet<string> = new Set(['57P03', '53300']);

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
  const attempt: Attempt = { core, library, config, events, password: await resolvePassword(config) };
  const wanted = (config.libraryKeywords['target_session_attrs'] ?? 'any') as
    TargetSession | 'prefer-standby';
  if (wanted !== 'prefer-standby') return openOnAnyHost(attempt, wanted);
  try {
    return await openOnAnyHost(attempt, 'standby');
  } catch (error) {
    if (error instanceof ConnectionError) return openOnAnyHost(attempt, 'any');
    throw error;
  }
}

interface Attempt {
  core: Core;
  library: LoadedLibrary;
  config: ResolvedConfig;
  events: SessionEvents;
  password: string | undefined;
}

async function openOnAnyHost(attempt: Attempt, wanted: TargetSession): Promise<Session> {
  let failure: unknown;
  for (const host of attempt.config.hosts) {
    let addresses: (string | undefined)[];
    try {
      addresses = await resolveHost(host);
    } catch (error) {
      failure = error;
      continue;
    }
    for (const address of addresses) {
      try {
        return await connectTo(attempt, host, address, wanted);
      } catch (error) {
        if (error instanceof DatabaseError && !TRY_NEXT_HOST.has(error.code)) throw error;
        if (error instanceof UsageError) throw error;
        failure = error;
      }
    }
  }
  throw failure;
}

async function resolvePassword(config: ResolvedConfig): Promise<string | undefined> {
  const { password } = config;
  if (typeof password !== 'function') return password;
  const given: unknown = await password();
  if (typeof given !== 'string') {
    throw new UsageError(
      'KB_BAD_OPTION',
      `The password function must give a string, but gave ${typeof given}.`,
    );
  }
  return given;
}

function addressText(host: HostAddress, address?: string): string {
  // The socket's file name differs between libraries (.s.KINGBASE.54321, .s.PGSQL.54321).
  if (host.host.startsWith('/')) return `${host.host}, port ${host.port}`;
  const name = host.host.includes(':') ? `[${host.host}]` : host.host;
  const suffix = address !== undefined && address !== host.host ? ` (${address})` : '';
  return `${name}:${host.port}${suffix}`;
}

/**
 * The addresses of a host name, asked of the system here since the library's own look-up would block a thread.
 * `undefined` leaves it to the library: Unix sockets, addresses, service files.
 */
async function resolveHost(host: HostAddress): Promise<(string | undefined)[]> {
  const name = host.host;
  if (name === '' || name.startsWith('/') || name.startsWith('@') || host.hostaddr !== undefined)
    return [undefined];
  if (isIP(name) !== 0) return [undefined];
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

/** The time limit is for everything that is needed before the session is of use: a server can fall silent at any point. */
async function connectTo(
  attempt: Attempt,
  host: HostAddress,
  address: string | undefined,
  wanted: TargetSession,
): Promise<Session> {
  const { core, library, config, events, password } = attempt;
  const [keywords, values] = connectionKeywords(config, host, address, password, library.library.keywords);
  const where = addressText(host, address);
  const { statementCacheSize, pool, connectTimeout: limit } = config;
  const session = new Session(core, library, where, statementCacheSize, pool.heartbeatTimeout, events);
  let timedOut = false;
  const onTimeout = (): void => {
    timedOut = true;
    session.close();
  };
  const timer = limit === 0 ? undefined : setTimeout(onTimeout, limit);
  try {
    const facts = await new Promise<ConnectionFacts>((resolve, reject) => {
      session.connect(keywords, values, {
        connected: resolve,
        failed: (failure) => {
          reject(timedOut ? connectTimeout(stageOf(failure), where, limit) : connectError(failure, where));
        },
      });
    });
    // Servers before PostgreSQL 10, and Kingbase's like them, can be built with times as floats.
    session.binaryResults = config.binaryResults && facts.parameters['integer_datetimes'] === 'on';
    await adjustSession(session, facts);
    if (!(await isOfKind(session, wanted))) throw wrongKind(where, wanted);
    return session;
  } catch (error) {
    session.close();
    const lostAfterLogin = error instanceof ConnectionError && error.code === 'KB_CONNECTION_LOST';
    if (!lostAfterLogin) throw error;
    if (timedOut) throw connectTimeout('auth', where, limit);
    // What was lost are questions of ours; of what the program asks for nothing has been sent.
    throw new ConnectionError(
      'KB_CONNECT_LOST',
      `Cannot connect to ${where}: the connection was lost again right after the login.`,
      {
        stage: 'auth',
        outcome: 'not-sent',
        address: where,
        cause: error,
        hint: 'See the server log, which often says more than the client is told.',
      },
    );
  } finally {
    clearTimeout(timer);
  }
}

function stageOf(failure: NativeFailure): ConnectStage | undefined {
  const { stage } = failure;
  return stage === 'tcp' || stage === 'tls' || stage === 'startup' || stage === 'auth' ? stage : undefined;
}

function connectError(failure: NativeFailure, address: string): KingbaseError {
  if (failure.fields !== undefined) return DatabaseError.fromFields(failure.fields);
  return connectFailure(failure.message, { address, stageHint: stageOf(failure) });
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
 * before 12 (KingbaseES V8R3) shorten floats unless told otherwise.
 */
async function adjustSession(session: Session, facts: ConnectionFacts): Promise<void> {
  const settings: string[] = [];
  const dateStyle = facts.parameters['DateStyle'];
  if (dateStyle !== undefined && !dateStyle.startsWith('ISO')) settings.push('SET datestyle TO ISO');
  if (facts.serverVersion > 0 && facts.serverVersion < 120000) settings.push('SET extra_float_digits TO 3');
  if (settings.length === 0) return;
  await new Promise((resolve, reject) => {
    session.run(new Script(settings.join(';'), resolve, reject));
  });
}
