/** The driver's errors in `pg`'s words: what programs compare with stays as it is, and the driver's error is the `cause`. */
import { getSystemErrorMap } from 'node:util';
import {
  ConnectionError,
  type DatabaseError as DriverDatabaseError,
  PoolError,
  TimeoutError,
  isDatabaseError,
  type KingbaseErrorCode,
} from '../../index.js';

/** What the server reported, with the fields that `pg` gives. */
export class DatabaseError extends Error {
  override name: 'error';
  /** Bytes of the server's message, which the client library does not tell: undefined, whatever the types of `pg` say. */
  length: number;
  severity: string | undefined;
  code: string | undefined;
  detail: string | undefined;
  hint: string | undefined;
  position: string | undefined;
  internalPosition: string | undefined;
  internalQuery: string | undefined;
  where: string | undefined;
  schema: string | undefined;
  table: string | undefined;
  column: string | undefined;
  dataType: string | undefined;
  constraint: string | undefined;
  file: string | undefined;
  line: string | undefined;
  routine: string | undefined;

  constructor(message: string, length?: number, name = 'error', options?: { cause: unknown }) {
    super(message, options);
    this.length = length as number;
    this.name = name as 'error';
  }

  static of(error: DriverDatabaseError): DatabaseError {
    const made = new DatabaseError(error.message, undefined, 'error', { cause: error });
    made.severity = error.severity;
    made.code = error.code;
    made.detail = error.detail;
    made.hint = error.hint;
    made.position = textOf(error.position);
    made.internalPosition = textOf(error.internalPosition);
    made.internalQuery = error.internalQuery;
    made.where = error.where;
    made.schema = error.schema;
    made.table = error.table;
    made.column = error.column;
    made.dataType = error.dataType;
    made.constraint = error.constraint;
    made.file = error.file;
    made.line = textOf(error.line);
    made.routine = error.routine;
    return made;
  }
}

function textOf(number: number | undefined): string | undefined {
  return number === undefined ? undefined : String(number);
}

export const TERMINATED = 'Connection terminated';
export const TERMINATED_UNEXPECTEDLY = 'Connection terminated unexpectedly';
export const CONNECT_TIMEOUT = 'timeout exceeded when trying to connect';
export const READ_TIMEOUT = 'Query read timeout';

/** Node's words for why a connection could not be made, which programs and ORMs look for. */
const SYSTEM_CODES: Partial<Record<KingbaseErrorCode, { code: string; call: string }>> = {
  KB_CONNECT_REFUSED: { code: 'ECONNREFUSED', call: 'connect' },
  KB_CONNECT_NO_SOCKET: { code: 'ENOENT', call: 'connect' },
  KB_CONNECT_UNREACHABLE: { code: 'EHOSTUNREACH', call: 'connect' },
  KB_CONNECT_HOST_NOT_FOUND: { code: 'ENOTFOUND', call: 'getaddrinfo' },
};

/** What a statement failed with. */
export function statementError(error: unknown): Error {
  if (isDatabaseError(error)) return DatabaseError.of(error);
  if (error instanceof TimeoutError) return new Error(READ_TIMEOUT, { cause: error });
  if (!(error instanceof ConnectionError)) return asError(error);
  // The server told it to what was under way; what came after that finds no connection.
  return (error.outcome === 'unknown' ? serverWords(error) : undefined) ?? terminated(error);
}

/** What making a connection failed with. */
export function connectError(error: unknown, timeoutWords: string): Error {
  if (isDatabaseError(error)) return DatabaseError.of(error);
  if (error instanceof TimeoutError) return new Error(timeoutWords, { cause: error });
  if (error instanceof PoolError && error.code === 'KB_POOL_ACQUIRE_TIMEOUT') {
    return new Error(timeoutWords, { cause: error });
  }
  if (!(error instanceof ConnectionError)) return asError(error);
  if (error.code === 'KB_CONNECT_TIMEOUT') return new Error(timeoutWords, { cause: error });
  if (error.code === 'KB_CONNECT_LOST') return terminated(error);
  const fromServer = serverWords(error);
  if (fromServer !== undefined) return fromServer;
  const system = SYSTEM_CODES[error.code];
  return system === undefined ? error : systemError(error, system);
}

/** An error like that of Node's sockets. */
function systemError(error: ConnectionError, { code, call }: { code: string; call: string }): Error {
  const where = whereOf(error.address ?? '', call);
  const place = 'port' in where ? error.address : Object.values(where)[0];
  const made = new Error(`${call} ${code} ${place ?? ''}`.trimEnd(), { cause: error });
  return Object.assign(made, { errno: numberOf(code), code, syscall: call, ...where });
}

/** A directory of sockets stands with its port, which is in the name of the socket. */
function whereOf(place: string, call: string): { address: string; port?: number } | { hostname: string } {
  const [, directory, number = ''] = /^(\/.*), port (\d+)$/.exec(place) ?? [];
  if (directory !== undefined) return { address: `${directory}/.s.PGSQL.${number}` };
  const [, address = '', port] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(place) ?? [];
  return call === 'connect' ? { address, port: Number(port) } : { hostname: address };
}

/** As Node gives it: that of a name which is not found is Node's own. */
function numberOf(code: string): number | undefined {
  if (code === 'ENOTFOUND') return -3008;
  for (const [number, [name]] of getSystemErrorMap()) if (name === code) return number;
  return undefined;
}

/** The loss of a connection of which the server said why. */
export function serverWords(error: unknown): DatabaseError | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  return isDatabaseError(cause) ? DatabaseError.of(cause) : undefined;
}

/** Messages that `pg` knows what to do with in an answer only, by their letters. */
const STRAYS: Readonly<Record<string, string>> = {
  T: 'rowDescription',
  D: 'dataRow',
  s: 'portalSuspended',
  I: 'emptyQuery',
  C: 'commandComplete',
  1: 'parseComplete',
  G: 'copyInResponse',
  d: 'copyData',
};

/** What `pg` says where the connection was given up for a message that answers nothing, which the library names by its number. */
export function strayMessage(error: unknown): Error | undefined {
  if (!(error instanceof ConnectionError) || error.code !== 'KB_PROTOCOL') return undefined;
  const [, number = ''] = /\b0x([0-9a-f]{2})\b/i.exec(error.message) ?? [];
  const name = STRAYS[String.fromCharCode(Number.parseInt(number, 16))];
  if (name === undefined) return undefined;
  return new Error(`Received unexpected ${name} message from backend.`, { cause: error });
}

export function terminated(cause: unknown): Error {
  return new Error(TERMINATED_UNEXPECTEDLY, { cause });
}

/**
 * What the promise of a call is resolved with where it fails: a promise that is rejected, so that the error's stack names
 * the lines that wait for the call, as with `pg`. V8 finds them from the reaction that it runs; by the time of the second,
 * the call's promise has been tied to this one.
 */
export function rejectedForCaller(error: Error): Promise<never> {
  return Promise.resolve()
    .then(() => undefined)
    .then(function atCaller(): never {
      if (error instanceof Error) Error.captureStackTrace(error, atCaller);
      throw error;
    });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
