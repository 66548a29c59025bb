import { UsageError } from '../errors/index.js';
import { nearest } from '../errors/nearest.js';

/**
 * Connection keywords that are handed to the client library as they are, with their camelCase spelling: those of
 * libpq 12 to 18 that make sense for a driver, and Kingbase's own (`socket_timeout`, in seconds, V8R3;
 * `zip-level`, 0 to 9, V8R6). Left out on purpose: `load_balance_hosts`, which has no effect when a connection is
 * made to one host at a time, as here; `replication` and `oauth_…`, which this driver cannot serve.
 */
export const LIBRARY_KEYWORDS = {
  passfile: 'passFile',
  service: 'service',
  servicefile: 'serviceFile',
  options: 'options',
  target_session_attrs: 'targetSessionAttrs',
  keepalives: 'keepalives',
  keepalives_idle: 'keepalivesIdle',
  keepalives_interval: 'keepalivesInterval',
  keepalives_count: 'keepalivesCount',
  tcp_user_timeout: 'tcpUserTimeout',
  sslmode: 'sslMode',
  sslnegotiation: 'sslNegotiation',
  sslcompression: 'sslCompression',
  sslcert: 'sslCert',
  sslkey: 'sslKey',
  sslpassword: 'sslPassword',
  sslcertmode: 'sslCertMode',
  sslrootcert: 'sslRootCert',
  sslcrl: 'sslCrl',
  sslcrldir: 'sslCrlDir',
  sslsni: 'sslSni',
  sslkeylogfile: 'sslKeyLogFile',
  ssl_min_protocol_version: 'sslMinProtocolVersion',
  ssl_max_protocol_version: 'sslMaxProtocolVersion',
  min_protocol_version: 'minProtocolVersion',
  max_protocol_version: 'maxProtocolVersion',
  requirepeer: 'requirePeer',
  require_auth: 'requireAuth',
  channel_binding: 'channelBinding',
  scram_client_key: 'scramClientKey',
  scram_server_key: 'scramServerKey',
  gssencmode: 'gssEncMode',
  krbsrvname: 'krbSrvName',
  gsslib: 'gssLib',
  gssdelegation: 'gssDelegation',
  socket_timeout: 'socketTimeout',
  'zip-level': 'zipLevel',
} as const;

export type LibraryKeyword = keyof typeof LIBRARY_KEYWORDS;

/** Never to be shown. */
export const SECRET_KEYWORDS: ReadonlySet<string> = new Set<LibraryKeyword>([
  'sslpassword',
  'scram_client_key',
  'scram_server_key',
]);

/** Options that the driver itself understands, with their other spellings. */
const DRIVER_OPTIONS = {
  host: [],
  hosts: [],
  hostaddr: ['hostAddr'],
  port: [],
  database: ['dbname'],
  user: [],
  password: [],
  connectTimeout: [],
  connect_timeout: [],
  applicationName: ['application_name'],
  clientEncoding: ['client_encoding'],
  statementCacheSize: [],
  clientLibrary: [],
  pool: [],
  types: [],
  log: [],
  traceParameters: [],
  binaryResults: [],
} as const satisfies Record<string, readonly string[]>;

export type OptionName = keyof typeof DRIVER_OPTIONS | LibraryKeyword;

/** Every accepted spelling, with the one used from here on. */
const SPELLINGS: ReadonlyMap<string, OptionName> = new Map<string, OptionName>([
  ...(Object.keys(DRIVER_OPTIONS) as (keyof typeof DRIVER_OPTIONS)[]).flatMap((name) =>
    [name, ...DRIVER_OPTIONS[name]].map((spelling) => [spelling, name] as const),
  ),
  ...(Object.keys(LIBRARY_KEYWORDS) as LibraryKeyword[]).flatMap((name) =>
    [name, LIBRARY_KEYWORDS[name]].map((spelling) => [spelling, name] as const),
  ),
]);

/** What other drivers call it: too far from our names for the edit distance to find. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ['username', 'user'],
  ['uid', 'user'],
  ['pwd', 'password'],
  ['db', 'database'],
  ['server', 'host'],
  ['ssl', 'sslMode'],
  ['connectionString', 'a connection string as the first argument'],
  ['connectionTimeoutMillis', 'connectTimeout'],
  ['fallback_application_name', 'applicationName'],
  ['max', 'pool.max'],
  ['min', 'pool.min'],
  ['idleTimeoutMillis', 'pool.idleTimeout'],
  ['maxLifetimeSeconds', 'pool.maxLifetime'],
]);

export function isOptionName(spelling: string): boolean {
  return SPELLINGS.has(spelling);
}

/**
 * The option that a spelling stands for; throws a UsageError (`KB_BAD_OPTION`) that names the nearest one, but not
 * what was given where that `mayBeSecret`.
 */
export function optionName(spelling: string, mayBeSecret = false): OptionName {
  const name = SPELLINGS.get(spelling);
  if (name !== undefined) return name;
  const meant = ELSEWHERE.get(spelling) ?? nearest(spelling, SPELLINGS.keys());
  if (mayBeSecret) {
    throw badOption(`The connection string has an unknown option${didYouMean(meant)}`, NOT_SHOWN);
  }
  throw unknownOption(spelling, meant, [...SPELLINGS.keys()]);
}

/** As `optionName` for the keys of an option that is itself an object. */
export function checkKeys(option: string, value: object, known: readonly string[]): void {
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    const meant = nearest(key, known);
    throw unknownOption(`${option}.${key}`, meant === undefined ? undefined : `${option}.${meant}`, known);
  }
}

function unknownOption(name: string, meant: string | undefined, known: readonly string[]): UsageError {
  return badOption(`Unknown option "${name}"${didYouMean(meant)}`, `The options are ${known.join(', ')}.`);
}

/** The end of a sentence about something unknown. */
export function didYouMean(meant: string | undefined): string {
  if (meant === undefined) return '.';
  return `; did you mean ${meant.startsWith('a ') ? meant : `"${meant}"`}?`;
}

export const NOT_SHOWN =
  'It is not shown, since it may be a piece of a password that should have been quoted.';

export function badOption(message: string, hint?: string): UsageError {
  return new UsageError('KB_BAD_OPTION', message, hint === undefined ? {} : { hint });
}
