import type { DiagnosticFields } from '../addon/interface.js';
import type { SqlState } from './codes.js';
import { KingbaseError } from './kingbase-error.js';
import { sqlStateCondition, type SqlStateCondition } from './sqlstate.js';

/**
 * SQLSTATEs after which the same transaction, run again from its start, can succeed (PostgreSQL manual,
 * "Serialization Failure Handling").
 */
const RETRYABLE: ReadonlySet<string> = new Set(['40001', '40P01']);

/** Optional properties by the letter of the protocol's field (PostgreSQL manual, "Error and Notice Message Fields"). */
const TEXT_FIELDS = {
  D: 'detail',
  q: 'internalQuery',
  W: 'where',
  s: 'schema',
  t: 'table',
  c: 'column',
  d: 'dataType',
  n: 'constraint',
  F: 'file',
  R: 'routine',
} as const;

const NUMBER_FIELDS = { P: 'position', p: 'internalPosition', L: 'line' } as const;

type OptionalFields = {
  -readonly [
    K in (typeof TEXT_FIELDS)[keyof typeof TEXT_FIELDS] | (typeof NUMBER_FIELDS)[keyof typeof NUMBER_FIELDS]
  ]?: DatabaseError[K];
};

/** What every copy of this package marks its DatabaseErrors with, so that they know each other's. */
export const DATABASE_ERROR = Symbol.for('kingbase.DatabaseError');

/** What the server reported. `code` is its SQLSTATE. */
export class DatabaseError extends KingbaseError {
  static {
    this.prototype.name = 'DatabaseError';
    Object.defineProperty(this.prototype, DATABASE_ERROR, { value: true });
  }

  declare readonly code: SqlState;
  /** Name of the SQLSTATE's condition; undefined for codes that only KingbaseES or an extension knows. */
  readonly condition: SqlStateCondition | undefined;
  /** `ERROR`, `FATAL` or `PANIC`: never translated where the server says it untranslated (9.6 and later). */
  readonly severity: string;
  /** The transaction may succeed when it is run again from its start: SQLSTATE 40001 and 40P01. */
  readonly retryable: boolean;

  declare readonly detail?: string;
  /** Where in the statement, counted in characters (not UTF-16 units) from 1. */
  declare readonly position?: number;
  declare readonly internalPosition?: number;
  /** The statement that the server itself was running, for instance in a function. */
  declare readonly internalQuery?: string;
  /** The call stack of server-side code. */
  declare readonly where?: string;
  declare readonly schema?: string;
  declare readonly table?: string;
  declare readonly column?: string;
  declare readonly dataType?: string;
  declare readonly constraint?: string;
  /** File, line and routine of the server's source. */
  declare readonly file?: string;
  declare readonly line?: number;
  declare readonly routine?: string;

  private constructor(fields: DiagnosticFields) {
    // The protocol promises C and M; XX000 (internal_error) is what a server uses that knows no better code.
    const code = (fields['C'] ?? 'XX000') as SqlState;
    super(code, fields['M'] ?? 'The server reported an error without a message.', { hint: fields['H'] });
    this.condition = sqlStateCondition(code);
    this.severity = fields['V'] ?? fields['S'] ?? 'ERROR';
    this.retryable = RETRYABLE.has(code);
    Object.assign(this, optionalFields(fields));
  }

  /** Makes the error from the fields as the protocol sends them, by their letters. */
  static fromFields(fields: DiagnosticFields): DatabaseError {
    return new DatabaseError(fields);
  }
}

/** Only what the server sent, and of numbers only what is one. */
function optionalFields(fields: DiagnosticFields): OptionalFields {
  const optional: OptionalFields = {};
  for (const letter of ['D', 'q', 'W', 's', 't', 'c', 'd', 'n', 'F', 'R'] as const) {
    const value = fields[letter];
    if (value !== undefined) optional[TEXT_FIELDS[letter]] = value;
  }
  for (const letter of ['P', 'p', 'L'] as const) {
    const value = fields[letter];
    if (value !== undefined && /^\d{1,15}$/.test(value)) optional[NUMBER_FIELDS[letter]] = Number(value);
  }
  return optional;
}
