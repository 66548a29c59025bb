import { UsageError } from '../errors/index.js';
import { nearest } from '../errors/nearest.js';

/**
 * What the value of an option is, which decides who may say it:
 *
 * - `value`: anybody, in every form;
 * - `secret`: anybody, and it is never shown;
 * - `file`: a file that the library reads. A connection string may name it, an untrusted one may not;
 * - `output`: a file that the library writes. Only an object;
 * - `code`: code that is loaded. Only an object;
 * - `object`: no text can say it.
 */
export type OptionKind = 'value' | 'secret' | 'file' | 'output' | 'code' | 'object';

interface OptionRule {
  readonly kind: OptionKind;
  /** Other accepted spellings. */
  readonly spellings?: readonly string[];
  /** The variable of the environment that fills it. Always the same, whatever the library reads. */
  readonly variable?: string;
  /** Decides how safe the connection is: a string may say it once, and not as an empty value. */
  readonly safety?: true;
  /** The values there are. The library would refuse another only when it connects, or take it for something else. */
  readonly choices?: readonly string[];
}

/** An option that is handed to the client library under its own name. */
interface KeywordRule extends OptionRule {
  readonly camel: string;
  /**
   * With which values it must not be left out where the loaded library does not know it: the connection would be made
   * elsewhere, or less safely, than was asked. All others are refinements that an older library may do without.
   */
  readonly needed?: (value: string) => boolean;
  /**
   * What is passed where nobody says anything, so that no variable that only this or that library reads decides. Where
   * it is absent the library's own compiled-in default is passed, or an empty value, which counts as none.
   */
  readonly pin?: string;
  /** No value says "as if it were not given": where the library has a variable for it that is set, that is refused. */
  readonly unpinnable?: true;
}

const always = (): boolean => true;

/**
 * The connection keywords of libpq 12 to 18 that make sense for a driver, and Kingbase's own (`socket_timeout`, in
 * seconds, V8R3; `zip-level`, 0 to 9, V8R6). Left out on purpose: `load_balance_hosts`, which has no effect when a
 * connection is made to one host at a time, as here; `replication` and `oauth_…`, which this driver cannot serve.
 *
 * A new option is added here, and what JDBC, ODBC and ADO.NET call it in jdbc.ts, odbc.ts and adonet.ts.
 */
export const LIBRARY_OPTIONS = {
  passfile: { camel: 'passFile', kind: 'file', variable: 'KINGBASE_PASSFILE', safety: true, needed: always },
  service: {
    camel: 'service',
    kind: 'file',
    variable: 'KINGBASE_SERVICE',
    safety: true,
    needed: always,
    unpinnable: true,
  },
  servicefile: { camel: 'serviceFile', kind: 'file', safety: true, needed: always },
  options: { camel: 'options', kind: 'value', variable: 'KINGBASE_OPTIONS', needed: always },
  target_session_attrs: {
    camel: 'targetSessionAttrs',
    kind: 'value',
    variable: 'KINGBASE_TARGETSESSIONATTRS',
    choices: ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'],
  },
  keepalives: { camel: 'keepalives', kind: 'value' },
  // The system's own limits are two hours for a silent peer and 15 minutes for one that takes no data: a connection whose
  // other end has vanished would keep its statement for so long. These find it within two minutes (s, s, times, ms).
  keepalives_idle: { camel: 'keepalivesIdle', kind: 'value', pin: '60' },
  keepalives_interval: { camel: 'keepalivesInterval', kind: 'value', pin: '10' },
  keepalives_count: { camel: 'keepalivesCount', kind: 'value', pin: '6' },
  tcp_user_timeout: { camel: 'tcpUserTimeout', kind: 'value', pin: '120000' },
  sslmode: {
    camel: 'sslMode',
    kind: 'value',
    variable: 'KINGBASE_SSLMODE',
    safety: true,
    choices: ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'],
    needed: (value) => ['require', 'verify-ca', 'verify-full'].includes(value),
    pin: 'prefer',
  },
  sslnegotiation: {
    camel: 'sslNegotiation',
    kind: 'value',
    safety: true,
    choices: ['postgres', 'direct'],
    needed: (value) => value === 'direct',
  },
  sslcompression: { camel: 'sslCompression', kind: 'value', safety: true },
  sslcert: { camel: 'sslCert', kind: 'file', variable: 'KINGBASE_SSLCERT', safety: true, needed: always },
  sslkey: { camel: 'sslKey', kind: 'file', variable: 'KINGBASE_SSLKEY', safety: true, needed: always },
  sslpassword: { camel: 'sslPassword', kind: 'secret', safety: true, needed: always },
  // libpq 18 takes no empty mode; this one is its default.
  sslcertmode: {
    camel: 'sslCertMode',
    kind: 'value',
    safety: true,
    choices: ['disable', 'allow', 'require'],
    needed: always,
    pin: 'allow',
  },
  sslrootcert: {
    camel: 'sslRootCert',
    kind: 'file',
    variable: 'KINGBASE_SSLROOTCERT',
    safety: true,
    needed: always,
  },
  sslcrl: { camel: 'sslCrl', kind: 'file', variable: 'KINGBASE_SSLCRL', safety: true, needed: always },
  sslcrldir: {
    camel: 'sslCrlDir',
    kind: 'file',
    variable: 'KINGBASE_SSLCRLDIR',
    safety: true,
    needed: always,
  },
  sslsni: { camel: 'sslSni', kind: 'value', safety: true },
  sslkeylogfile: { camel: 'sslKeyLogFile', kind: 'output', safety: true },
  ssl_min_protocol_version: { camel: 'sslMinProtocolVersion', kind: 'value', safety: true, needed: always },
  ssl_max_protocol_version: { camel: 'sslMaxProtocolVersion', kind: 'value', safety: true, needed: always },
  // An empty version is an error in libpq 18. 3.0 is what every KingbaseES speaks, as far as is known.
  min_protocol_version: { camel: 'minProtocolVersion', kind: 'value', pin: '3.0' },
  max_protocol_version: { camel: 'maxProtocolVersion', kind: 'value', pin: '3.0' },
  requirepeer: {
    camel: 'requirePeer',
    kind: 'value',
    variable: 'KINGBASE_REQUIREPEER',
    safety: true,
    needed: always,
  },
  require_auth: { camel: 'requireAuth', kind: 'value', safety: true, needed: always, unpinnable: true },
  channel_binding: {
    camel: 'channelBinding',
    kind: 'value',
    variable: 'KINGBASE_CHANNELBINDING',
    safety: true,
    choices: ['disable', 'prefer', 'require'],
    needed: (value) => value === 'require',
  },
  scram_client_key: { camel: 'scramClientKey', kind: 'secret', safety: true, needed: always },
  scram_server_key: { camel: 'scramServerKey', kind: 'secret', safety: true, needed: always },
  gssencmode: {
    camel: 'gssEncMode',
    kind: 'value',
    variable: 'KINGBASE_GSSENCMODE',
    safety: true,
    choices: ['disable', 'prefer', 'require'],
    needed: (value) => value === 'require',
    // Trying it can block on the network, and KingbaseES is rarely set up for it.
    pin: 'disable',
  },
  krbsrvname: { camel: 'krbSrvName', kind: 'value', variable: 'KINGBASE_KRBSRVNAME' },
  gsslib: { camel: 'gssLib', kind: 'code', choices: ['gssapi', 'sspi'] },
  gssdelegation: { camel: 'gssDelegation', kind: 'value', safety: true },
  socket_timeout: { camel: 'socketTimeout', kind: 'value' },
  'zip-level': { camel: 'zipLevel', kind: 'value' },
} as const satisfies Record<string, KeywordRule>;

export type LibraryKeyword = keyof typeof LIBRARY_OPTIONS;

/** Options that the driver itself understands. */
export const DRIVER_OPTIONS = {
  host: { kind: 'value', variable: 'KINGBASE_HOST' },
  hosts: { kind: 'object' },
  hostaddr: { kind: 'value', spellings: ['hostAddr'], variable: 'KINGBASE_HOSTADDR' },
  port: { kind: 'value', variable: 'KINGBASE_PORT' },
  database: { kind: 'value', spellings: ['dbname'], variable: 'KINGBASE_DATABASE' },
  user: { kind: 'value', variable: 'KINGBASE_USER' },
  password: { kind: 'secret', variable: 'KINGBASE_PASSWORD' },
  connectTimeout: { kind: 'value' },
  connect_timeout: { kind: 'value', variable: 'KINGBASE_CONNECT_TIMEOUT' },
  timeout: { kind: 'value' },
  applicationName: { kind: 'value', spellings: ['application_name'], variable: 'KINGBASE_APPNAME' },
  clientEncoding: { kind: 'value', spellings: ['client_encoding'] },
  statementCacheSize: { kind: 'value' },
  clientLibrary: { kind: 'code' },
  pooler: { kind: 'value', choices: ['transaction', 'statement'] },
  cluster: { kind: 'value' },
  onConnect: { kind: 'object' },
  pool: { kind: 'object' },
  types: { kind: 'object' },
  log: { kind: 'object' },
  tls: { kind: 'object' },
  trust: { kind: 'object' },
  traceParameters: { kind: 'value' },
  binaryResults: { kind: 'value' },
  exactFloats: { kind: 'value' },
  strictAnswers: { kind: 'value' },
  pipeline: { kind: 'value' },
} as const satisfies Record<string, OptionRule>;

export type OptionName = keyof typeof DRIVER_OPTIONS | LibraryKeyword;

const RULES: Readonly<Record<OptionName, OptionRule>> = { ...DRIVER_OPTIONS, ...LIBRARY_OPTIONS };

export function optionRule(name: OptionName): OptionRule {
  return RULES[name];
}

export function keywordRule(name: LibraryKeyword): KeywordRule {
  return LIBRARY_OPTIONS[name];
}

export function isLibraryKeyword(name: string): name is LibraryKeyword {
  return Object.hasOwn(LIBRARY_OPTIONS, name);
}

/**
 * Variables that fill what is absent. The libraries read variables of their own, under names that differ from
 * version to version (`KCIUSER`, `PGPASSWORD`, `KINGBASE_USER` …); these mean the same with every library.
 * `KINGBASE_CLIENTENCODING` is not among them: it is meant for terminals, the driver always speaks UTF-8.
 */
export const ENVIRONMENT: ReadonlyMap<string, OptionName> = new Map(
  optionNames().flatMap((name) => {
    const { variable } = RULES[name];
    return variable === undefined ? [] : [[variable, name] as const];
  }),
);

function optionNames(): OptionName[] {
  return Object.keys(RULES) as OptionName[];
}

/** Every accepted spelling, with the one used from here on. */
const SPELLINGS: ReadonlyMap<string, OptionName> = new Map(
  optionNames().flatMap((name) => {
    const camel = isLibraryKeyword(name) ? [LIBRARY_OPTIONS[name].camel] : [];
    return [name, ...camel, ...(RULES[name].spellings ?? [])].map((spelling) => [spelling, name] as const);
  }),
);

/** What other drivers call it: too far from our names for the edit distance to find. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ['username', 'user'],
  ['uid', 'user'],
  ['hostname', 'host'],
  ['pwd', 'password'],
  ['db', 'database'],
  ['server', 'host'],
  ['ssl', 'sslMode'],
  ['connectionString', 'a connection string as the first argument'],
  ['dsn', 'a connection string as the first argument'],
  ['uri', 'a connection string as the first argument'],
  ['url', 'a connection string as the first argument'],
  ['connectionTimeoutMillis', 'connectTimeout'],
  ['query_timeout', 'timeout'],
  ['queryTimeout', 'timeout'],
  ['commandTimeout', 'timeout'],
  ['fallback_application_name', 'applicationName'],
  ['schema', 'options: "-c search_path=…"'],
  ['currentSchema', 'options: "-c search_path=…"'],
  ['search_path', 'options: "-c search_path=…"'],
  ['statement_timeout', 'options: "-c statement_timeout=…"'],
  ['lock_timeout', 'options: "-c lock_timeout=…"'],
  ['max', 'pool.max'],
  ['connectionLimit', 'pool.max'],
  ['maxPoolSize', 'pool.max'],
  ['poolSize', 'pool.max'],
  ['pool_size', 'pool.max'],
  ['pool_max', 'pool.max'],
  ['maximumPoolSize', 'pool.max'],
  ['pool.maximum', 'pool.max'],
  ['pool.size', 'pool.max'],
  ['pool.minimum', 'pool.min'],
  ['acquireTimeout', 'pool.acquireTimeout'],
  ['idleTimeout', 'pool.idleTimeout'],
  ['maxLifetime', 'pool.maxLifetime'],
  ['useSSL', 'sslMode'],
  ['min', 'pool.min'],
  ['idleTimeoutMillis', 'pool.idleTimeout'],
  ['maxLifetimeSeconds', 'pool.maxLifetime'],
  ['pool.idleTimeoutMillis', 'pool.idleTimeout'],
  ['pool.connectionTimeoutMillis', 'pool.acquireTimeout'],
  ['pool.maxLifetimeSeconds', 'pool.maxLifetime'],
  ['pool.acquireTimeoutMillis', 'pool.acquireTimeout'],
]);

const LISTS = 'README.md and docs/connection-strings.md list the options.';

/** What is more than another name. */
const HINTS: Readonly<Record<string, string>> = {
  ssl:
    'Of pg, ssl: true is sslMode: "require", which checks no certificate; ssl: { ca } is sslMode: "verify-full" with the path ' +
    'of the file as sslRootCert; cert and key are sslCert and sslKey, paths as well. kingbase-native/pg takes ssl as pg does.',
};

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
  if (mayBeSecret || !isPresentable(spelling)) {
    throw badOption(`The connection string has an unknown option${didYouMean(meant)}`, NOT_SHOWN);
  }
  throw unknownOption(spelling, meant, Object.hasOwn(HINTS, spelling) ? HINTS[spelling] : LISTS);
}

/** As `optionName` for the keys of an option that is itself an object. */
export function checkKeys(option: string, value: object, known: readonly string[]): void {
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    const near = nearest(key, known);
    const meant = ELSEWHERE.get(`${option}.${key}`) ?? (near === undefined ? undefined : `${option}.${near}`);
    throw unknownOption(`${option}.${key}`, meant, `The keys are ${known.join(', ')}.`);
  }
}

function unknownOption(name: string, meant: string | undefined, hint = LISTS): UsageError {
  const dot = name.lastIndexOf('.');
  const shown = isPresentable(name.slice(dot + 1)) ? ` "${name}"` : ` in "${name.slice(0, dot)}"`;
  return badOption(`Unknown option${shown}${didYouMean(meant)}`, hint);
}

/** Whether it looks like a name. Whatever else stands in its place can be a piece of a password, and is not shown. */
export function isPresentable(name: string): boolean {
  // Where the sign between is missing, a key and the password are one word; the key can have a slip in it as well.
  return (
    /^[A-Za-z_][\w -]{0,40}$/.test(name) &&
    !(name.length > 8 && /pass|assw|sswo|swor|word|pwd|psw/i.test(name))
  );
}

/** What shows in an unquoted value that what follows may be a piece of a password: a key of one, or a second sign. */
export const FORESHADOWS_SECRET = /assw|pwd|psw|pqopt|=/i;

/** A password's key with its sign, also as a Chinese input method writes that. */
const KEY_OF_PASSWORD = /(?:pass(?:w(?:or)?d)?|pwd|psw|密码|口令)\s*[=＝:：]/i;

/**
 * Whether a value has gone on over a separator that is missing, is another form's or is full-width, and holds the
 * password; or is a connection URL, as libpq takes it for the name of a database. It would be shown as the name of a user
 * or a database.
 */
export function holdsPassword(value: unknown): boolean {
  return typeof value === 'string' && (KEY_OF_PASSWORD.test(value) || holdsUrl(value));
}

/** Whatever stands before the "@" may be a password, also with characters that ought to be encoded. */
function holdsUrl(value: string): boolean {
  const start = value.indexOf('://');
  return start >= 0 && value.includes('@', start);
}

/** For such a value. */
export function swallowed(what: string, value: unknown): UsageError {
  if (typeof value === 'string' && holdsUrl(value)) {
    return badOption(
      `The value of ${what} is a connection URL.`,
      'Give the URL by itself: as the first argument of open(), or in KINGBASE_URL.',
    );
  }
  return badOption(
    `The value of ${what} holds the key of a password.`,
    'Check the separators: each form has its own, and full-width ones (；＝，＆？：) are none. A value that holds one must be ' +
      'quoted or percent-encoded.',
  );
}

/** The end of a sentence about something unknown. */
export function didYouMean(meant: string | undefined): string {
  if (meant === undefined) return '.';
  return `; did you mean ${/^a |:/.test(meant) ? meant : `"${meant}"`}?`;
}

export const NOT_SHOWN =
  'It is not shown, since it may be a piece of a password. A URL begins with "kingbase://"; in a list of keys and ' +
  'values, a value that holds a separator must be quoted.';

export function badOption(message: string, hint?: string): UsageError {
  return new UsageError('KB_BAD_OPTION', message, hint === undefined ? {} : { hint });
}
