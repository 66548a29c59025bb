import { inOneLine } from '../base/in-one-line.js';
import type { ConnectionErrorCode } from './codes.js';
import { ConnectionError, type ConnectStage } from './driver-errors.js';
import { DatabaseError } from './database-error.js';
import { CONNECT_RULES, SERVER_RULES, SQLSTATE_HINTS } from './connect-messages.js';
import { serverReports } from './server-report.js';

export interface ConnectFailureContext {
  /** What was being connected to: `host:port` or the path of a Unix socket. */
  address: string;
  /** How far the attempt had come, as far as the caller knows; what the text says goes before. */
  stageHint?: ConnectStage | undefined;
}

/** libpq 14 and later say first what they were connecting to; the error's own message says it already. */
const PREFIX =
  /^(connection to server (at|on socket) "[^"\n]*"(, port \d+| \([^)\n]*\), port \d+)? failed|连接到(服务器|套接字) ?"[^"\n]*"[^:：\n]*失败|could not connect to server|无法[联连]接到服务器)[:：]\s*/;

/** Lines that tell the reader to look whether the server runs; the hint says it better. */
const IS_THE_SERVER_RUNNING =
  /^\s*(Is the server running|TCP\/IP connections on port|connections on Unix domain socket|服务器是否).*\n?/gm;

/**
 * The error for a connection attempt that failed, from the client library's message: a DatabaseError where the
 * server refused and said why, else a ConnectionError.
 */
export function connectFailure(
  message: string,
  context: ConnectFailureContext,
): ConnectionError | DatabaseError {
  const reports = serverReports(message).map((fields) =>
    fields['C'] === undefined ? { ...fields, C: sqlStateOf(fields['M'] ?? '') } : fields,
  );
  const known = reports.filter((fields) => fields['C'] !== undefined);
  // With sslmode=prefer the library tries twice. 28000 may only mean that sys_hba.conf has no entry for the one
  // way, with TLS or without; what the other attempt got tells more.
  const telling = known.find((fields) => fields['C'] !== '28000') ?? known[0];
  if (telling === undefined) return connectionErrorFromMessage(message, context);
  return DatabaseError.fromFields({ ...telling, H: telling['H'] ?? SQLSTATE_HINTS[telling['C'] ?? ''] });
}

/** The error for a connection attempt that failed without a word from the server. `cause` holds the library's text. */
export function connectionErrorFromMessage(
  message: string,
  { address, stageHint }: ConnectFailureContext,
): ConnectionError {
  const text = withoutConnectionString(message.trim());
  const rule = CONNECT_RULES.find(({ pattern }) => pattern.test(text));
  const code: ConnectionErrorCode = rule?.code ?? 'KB_CONNECT_FAILED';
  const words = inOneLine(text.replace(IS_THE_SERVER_RUNNING, '').replace(PREFIX, ''));
  return new ConnectionError(code, `Cannot connect to ${address}: ${words || 'no reason was given.'}`, {
    // Where the peer just went away, only the caller knows at what point.
    stage: code === 'KB_CONNECT_LOST' ? (stageHint ?? rule?.stage) : (rule?.stage ?? stageHint),
    outcome: 'not-sent',
    address,
    hint: rule?.hint ?? 'See the server log, which often says more than the client is told.',
    cause: text === '' ? undefined : new Error(text),
  });
}

function sqlStateOf(message: string): string | undefined {
  return SERVER_RULES.find(({ pattern }) => pattern.test(message))?.code;
}

/** The library quotes pieces of a connection string that it cannot parse, and a piece may be the password. */
function withoutConnectionString(text: string): string {
  return /connection info string|\bURI\b|[联连]接信息字[串符]/.test(text)
    ? text.replace(/"[^"\n]*"/g, '"…"')
    : text;
}
