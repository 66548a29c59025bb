import { isError } from '../base/is-error.js';
import { inOneLine } from '../base/in-one-line.js';
import { ClientLibraryError, ConnectionError, UsageError, type Connection, type Database } from '../index.js';
import { KingbaseError, type ConnectStage, type Language } from '../errors/index.js';
import { ExitCode } from './exit-codes.js';
import { shown } from '../base/shown.js';
import { printable, printableLines } from './terminal.js';

/** A session, or the first failure to get one: the pool would go on trying for as long as the server is away. */
export async function connectOnce(db: Database): Promise<Connection> {
  const attempt = new AbortController();
  const giveUp = ({ error }: { error: unknown }): void => {
    attempt.abort(error);
  };
  db.on('unreachable', giveUp);
  try {
    return await db.connect({ signal: attempt.signal });
  } finally {
    db.off('unreachable', giveUp);
  }
}

/** Of a pool of one that does nothing by itself. */
export const SINGLE = { max: 1, heartbeatInterval: 0, idleTimeout: 0, acquireTimeout: 0 } as const;

const BY_STAGE: Readonly<Record<ConnectStage, ExitCode>> = {
  dns: ExitCode.network,
  tcp: ExitCode.network,
  tls: ExitCode.tls,
  startup: ExitCode.login,
  auth: ExitCode.login,
};

/** What the program ends with when there is no connection. */
export function connectExitCode(error: unknown): ExitCode {
  if (error instanceof UsageError) return ExitCode.usage;
  if (error instanceof ClientLibraryError) return ExitCode.local;
  if (error instanceof ConnectionError) return BY_STAGE[error.stage ?? 'startup'];
  return error instanceof KingbaseError ? ExitCode.login : ExitCode.failed;
}

/** A server's message can be as long as it likes; the beginning says what it is. */
const LONGEST = 300;

/** An error in one line: the first of its explanation in Chinese, since the message itself is English, or the server's. */
export function sentenceOf(error: KingbaseError, language: Language): string {
  const message = printable(shown(inOneLine(error.message), LONGEST));
  return language === 'zh' ? (explanationOf(error, 'zh').split('\n')[0] ?? message) : message;
}

/** An error for a person at a terminal: what happened, why, and what to do. */
export function explanationOf(error: unknown, language: Language): string {
  if (!(error instanceof KingbaseError))
    return printableLines(isError(error) ? error.message : String(error));
  return printableLines(error.explain(language));
}
