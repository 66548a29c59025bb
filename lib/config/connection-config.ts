import type { ClientLibraryOptions } from '../client-library/search.js';
import type { LogOptions } from '../observability/telemetry.js';
import type { TypeOptions } from '../types/type-options.js';
import type { ClusterOptions } from './cluster-options.js';
import type { LIBRARY_OPTIONS, LibraryKeyword } from './options.js';
import type { PoolOptions } from './pool-options.js';

export type SslMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

/** Called for each new connection, so that a password can change or come from a vault. */
export type PasswordProvider = () => string | Promise<string>;

type LibraryValue = string | number | boolean | undefined;

/** The client library's own keywords, as libpq's manual describes them, in its spelling or in camelCase. */
type LibraryOptions = { [K in LibraryKeyword]?: LibraryValue } & {
  [K in LibraryKeyword as (typeof LIBRARY_OPTIONS)[K]['camel']]?: LibraryValue;
};

/**
 * Options of a database, as an object. What is absent (or undefined, or an empty string) is taken from the
 * environment (`KINGBASE_HOST`, `KINGBASE_PORT`, …), then from the defaults named here.
 */
export interface PlainConfig extends LibraryOptions {
  /** Host name, IP address or directory of a Unix socket; several separated by commas. Default `localhost`. */
  host?: string | undefined;
  /** One port, or one for each host separated by commas. Default 54321. */
  port?: number | string | undefined;
  /** The same as a list, tried in this order; instead of `host`. */
  hosts?: readonly { host: string; port?: number | undefined }[] | undefined;
  /** IP addresses of `host`, which save looking it up; the certificate is still checked against `host`. */
  hostaddr?: string | undefined;
  hostAddr?: string | undefined;
  /** Default: the name of the user, as in libpq. */
  database?: string | undefined;
  dbname?: string | undefined;
  /** Default: the operating system's name of the user, as in libpq. */
  user?: string | undefined;
  password?: string | PasswordProvider | undefined;
  /**
   * How long making a connection may take in all, in ms: the password function, looking up names, each address of each host
   * that is tried, the login. Hosts and addresses that are still to be tried share what is left. 0 = no limit. Default 10000.
   */
  connectTimeout?: number | undefined;
  /** The same in seconds, as connection strings have it. */
  connect_timeout?: number | string | undefined;
  /**
   * ms: the `timeout` of each call that is given none of its own; a call without any limit says `timeout: Infinity`. A
   * transaction is not limited as a whole by it, and a stream only until the server has begun to answer. 0 = no limit.
   * Default 0.
   */
  timeout?: number | undefined;
  /** What the server shows in `pg_stat_activity` (`sys_stat_activity`); false for nothing. Default `kingbase-native`. */
  applicationName?: string | false | undefined;
  application_name?: string | undefined;
  /** Only UTF8: the server converts to and from what is stored. */
  clientEncoding?: string | undefined;
  client_encoding?: string | undefined;
  /** Whether to encrypt, and how far to check who is there. Default `prefer`. */
  sslMode?: SslMode | undefined;
  /** Prepared statements kept per connection; 0 = none. Default 256. */
  statementCacheSize?: number | undefined;
  /** Path of the client library, or where to look for it. Default: see `clientLibraryCandidates`. */
  clientLibrary?: string | ClientLibraryOptions | undefined;
  /**
   * `minimum`: a floor for `sslMode`; a lower mode, wherever it is asked for, is refused. `KINGBASE_MIN_SSLMODE` sets one
   * for every database of the process. Default: no floor.
   *
   * `cancel`: `encrypted` closes an encrypted connection whose statement is to be stopped where the library would send
   * the cancel request in clear text, which is every library but libpq 17 and later; the call then ends as one whose
   * outcome is unknown. Default `any`.
   */
  tls?: { minimum?: SslMode | undefined; cancel?: 'any' | 'encrypted' | undefined } | undefined;
  /**
   * `untrusted` says that somebody else wrote the connection string: only what it says counts, and what `overrides` say.
   * No variable of the environment, no password file, no client certificate of the user and no name of the user
   * completes it, and it can name neither files nor Unix sockets. Default `trusted`.
   */
  trust?: 'trusted' | 'untrusted' | undefined;
  /**
   * A pooler such as PgBouncer stands before the server and gives each transaction, or each statement, any of its server
   * sessions: nothing is used that needs one session, and what cannot work is refused (`KB_POOLER`). Default: none.
   */
  pooler?: 'transaction' | 'statement' | undefined;
  /**
   * `hosts` are a primary and its standbys by streaming replication: calls on the database go to the primary, wherever it
   * is, and those of `db.readOnly` to the standbys. `true` stands for the defaults. Default: none.
   */
  cluster?: ClusterOptions | boolean | undefined;
  pool?: PoolOptions | undefined;
  types?: TypeOptions | undefined;
  /** Slow statements, and what happens to the pool's connections. A function gets the latter only. Default: no log. */
  log?: LogOptions | LogOptions['write'] | undefined;
  /** Whether statements' parameters are put into trace contexts: they may be secret. Default false. */
  traceParameters?: boolean | undefined;
  /**
   * Whether large results come in the server's binary form where every column's type has one that the driver reads,
   * which costs the server and the driver less. What a program gets is the same. Default true.
   */
  binaryResults?: boolean | undefined;
  /**
   * Whether sessions have floats written with every digit that they hold, for which `extra_float_digits` is set at each
   * connect. Otherwise it is as the server, the database or the role has it: servers from PostgreSQL 12 on write all digits
   * unless told otherwise, those before it 15 or 6 of them; and results come as text, as with `binaryResults: false`. No
   * command follows the login then where the server says that all else is as it must be, or says nothing of it. Default true.
   */
  exactFloats?: boolean | undefined;
  /**
   * Whether an answer fails (`KB_PROTOCOL`) with which the server has sent more than belongs to it: it may be cut short there.
   * With `false` an answer that has its end is given, and the connection is closed behind it, as when the rest comes later.
   * Default true.
   */
  strictAnswers?: boolean | undefined;
  /**
   * Whether calls that wait for the same checked-out connection or transaction are sent to the server together, without
   * waiting for the answer to the one before; each still fails or succeeds by itself. Only calls of prepared statements
   * without `timeout` and `signal`, and only with a client library that can (`capabilities.pipeline`: libpq 14 and later);
   * all else goes one after the other, as without the option. Default false.
   */
  pipeline?: boolean | undefined;
}
