/** What `pg.defaults` holds: read when a client is made, so that a program may set it. */
import types from 'pg-types';

export interface Defaults {
  host: string;
  user: string | undefined;
  database: string | undefined;
  password: string | null;
  connectionString: string | undefined;
  /** KingbaseES' own port, where `pg` has 5432. */
  port: number;
  rows: number;
  binary: boolean;
  max: number;
  idleTimeoutMillis: number;
  client_encoding: string;
  ssl: boolean;
  application_name: string | undefined;
  fallback_application_name: string | undefined;
  options: string | undefined;
  sslnegotiation: string | undefined;
  parseInputDatesAsUTC: boolean;
  statement_timeout: number | false;
  lock_timeout: number | false;
  idle_in_transaction_session_timeout: number | false;
  query_timeout: number | false;
  connect_timeout: number;
  keepalives: number;
  keepalives_idle: number;
  /** Set to true, int8 is read as a number, exact or not, for the whole process. */
  parseInt8?: boolean;
}

export const defaults: Defaults = {
  host: 'localhost',
  // Where it is not known by the environment, the driver asks the system.
  user: process.env[process.platform === 'win32' ? 'USERNAME' : 'USER'],
  database: undefined,
  password: null,
  connectionString: undefined,
  port: 54321,
  rows: 0,
  binary: false,
  max: 10,
  idleTimeoutMillis: 30_000,
  client_encoding: '',
  ssl: false,
  application_name: undefined,
  fallback_application_name: undefined,
  options: undefined,
  sslnegotiation: undefined,
  parseInputDatesAsUTC: false,
  statement_timeout: false,
  lock_timeout: false,
  idle_in_transaction_session_timeout: false,
  query_timeout: false,
  connect_timeout: 0,
  keepalives: 1,
  keepalives_idle: 0,
};

const INT4 = 23;
const INT4_ARRAY = 1007;
const INT8 = 20;
const INT8_ARRAY = 1016;

type Parser = (text: string) => unknown;
const parserOf = types.getTypeParser as (oid: number, format: 'text') => Parser;
const setParser = types.setTypeParser as (oid: number, format: 'text', parser: Parser) => void;
const int8Text = parserOf(INT8, 'text');
const int8ArrayText = parserOf(INT8_ARRAY, 'text');

Object.defineProperty(defaults, 'parseInt8', {
  configurable: true,
  enumerable: true,
  set(asNumber: boolean) {
    setParser(INT8, 'text', asNumber ? parserOf(INT4, 'text') : int8Text);
    setParser(INT8_ARRAY, 'text', asNumber ? parserOf(INT4_ARRAY, 'text') : int8ArrayText);
  },
});

/** As with `pg`, what is falsy, which a program in JavaScript may give for anything, counts as absent. */
export function unlessFalsy<T>(given: T): NonNullable<T> | undefined {
  return given ? given : undefined;
}

/** A program in JavaScript may give anything for a callback. */
export function checkCallback(given: unknown): void {
  if (given && typeof given !== 'function') throw new TypeError('callback is not a function');
}
