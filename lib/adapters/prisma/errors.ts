import { DriverAdapterError, type MappedError } from '@prisma/driver-adapter-utils';
import {
  ConnectionError,
  isDatabaseError,
  KingbaseError,
  TimeoutError,
  type DatabaseError,
} from '../../index.js';

/** The driver's error as one of those that Prisma has codes for; anything else as it is. */
export function prismaError(error: unknown): unknown {
  const mapped = mappedError(error);
  if (mapped === undefined) return error;
  const { code, message } = error as KingbaseError;
  return new DriverAdapterError({ ...mapped, originalCode: code, originalMessage: message });
}

function mappedError(error: unknown): MappedError | undefined {
  if (isDatabaseError(error)) return ofServer(error);
  if (error instanceof TimeoutError) return { kind: 'SocketTimeout' };
  if (error instanceof ConnectionError) return ofConnection(error);
  if (error instanceof KingbaseError && error.code === 'KB_POOL_ACQUIRE_TIMEOUT')
    return { kind: 'SocketTimeout' };
  return undefined;
}

function ofConnection(error: ConnectionError): MappedError | undefined {
  const { code, message, address = '' } = error;
  if (code.startsWith('KB_CONNECT_TLS')) return { kind: 'TlsConnectionError', reason: message };
  switch (code) {
    case 'KB_CONNECT_REFUSED':
    case 'KB_CONNECT_HOST_NOT_FOUND':
    case 'KB_CONNECT_UNREACHABLE':
    case 'KB_CONNECT_NO_SOCKET': {
      const [, host = address, port] =
        /^(.*?)(?: \(.*\))?:(\d+)$/.exec(address.replace(/ \(.*\)$/, '')) ?? [];
      return port === undefined
        ? { kind: 'DatabaseNotReachable', host }
        : { kind: 'DatabaseNotReachable', host, port: Number(port) };
    }
    case 'KB_CONNECT_AUTH':
    case 'KB_CONNECT_AUTH_METHOD':
    case 'KB_CONNECT_PASSWORD_MISSING':
      return { kind: 'AuthenticationFailed' };
    case 'KB_CONNECT_TIMEOUT':
      return { kind: 'SocketTimeout' };
    case 'KB_CONNECT_LOST':
    case 'KB_CONNECTION_LOST':
      return { kind: 'ConnectionClosed' };
    default:
      return undefined;
  }
}

/** The first name in quotes: messages say it in this place whatever language they are in. */
function quoted(message: string): string | undefined {
  return /"((?:[^"]|"")+)"/.exec(message)?.[1]?.replaceAll('""', '"');
}

/** `Key (a, b)=(1, 2) already exists.` */
function keyOf(detail: string | undefined): string[] | undefined {
  return /\(([^)]+)\)=/.exec(detail ?? '')?.[1]?.split(', ');
}

function ofServer(error: DatabaseError): MappedError {
  const { code, message, constraint, column, table } = error;
  const index = constraint === undefined ? undefined : { index: constraint };
  const fields = keyOf(error.detail);
  switch (code as string) {
    case '22001':
      return { kind: 'LengthMismatch', ...(column === undefined ? {} : { column }) };
    case '22003':
      return { kind: 'ValueOutOfRange', cause: message };
    case '22P02':
      return { kind: 'InvalidInputValue', message };
    case '23505': {
      const of = index ?? (fields && { fields });
      return {
        kind: 'UniqueConstraintViolation',
        ...(of === undefined ? {} : { constraint: of }),
        ...(table === undefined ? {} : { table }),
      };
    }
    case '23502':
      return {
        kind: 'NullConstraintViolation',
        ...(column === undefined ? {} : { constraint: { fields: [column] } }),
      };
    case '23503':
      return { kind: 'ForeignKeyConstraintViolation', ...(index === undefined ? {} : { constraint: index }) };
    case '23001':
      return { kind: 'RestrictViolation', ...(index === undefined ? {} : { constraint: index }) };
    case '28000':
      return { kind: 'DatabaseAccessDenied' };
    case '28P01':
      return named('AuthenticationFailed', 'user', message);
    case '3D000':
      return named('DatabaseDoesNotExist', 'db', message);
    case '40001':
    case '40P01':
      return { kind: 'TransactionWriteConflict' };
    case '42P01':
      return named('TableDoesNotExist', 'table', message);
    case '42703':
      return named('ColumnNotFound', 'column', message);
    case '42P04':
      return named('DatabaseAlreadyExists', 'db', message);
    case '53300':
      return { kind: 'TooManyConnections', cause: message };
    default:
      return {
        kind: 'postgres',
        code,
        severity: error.severity,
        message,
        detail: error.detail,
        column,
        hint: error.hint,
      };
  }
}

function named(kind: 'AuthenticationFailed', key: 'user', message: string): MappedError;
function named(
  kind: 'DatabaseDoesNotExist' | 'DatabaseAlreadyExists',
  key: 'db',
  message: string,
): MappedError;
function named(kind: 'TableDoesNotExist', key: 'table', message: string): MappedError;
function named(kind: 'ColumnNotFound', key: 'column', message: string): MappedError;
function named(kind: string, key: string, message: string): MappedError {
  // PostgreSQL writes a column with its table without quotes: `column t.c does not exist`.
  const name = quoted(message) ?? (key === 'column' ? /\S+\.\S+/.exec(message)?.[0] : undefined);
  return { kind, ...(name === undefined ? {} : { [key]: name }) } as MappedError;
}
