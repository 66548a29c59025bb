import { JDBC_CLUSTER, setJdbcCluster } from './foreign-cluster.js';
import {
  choice,
  each,
  ForeignForm,
  keep,
  keepOnce,
  noEffect,
  noEffectIf,
  option,
  parameter,
  readOnly,
  refused,
  sslMode,
  switched,
  timeout,
  seconds,
  truth,
  wholeNumber,
  type ForeignSettings,
  type Rule,
} from './foreign-form.js';
import { badOption, FORESHADOWS_SECRET } from './options.js';
import type { Pair } from './semicolon-string.js';
import type { StringSettings } from './string-settings.js';
import { decode, parseLocations } from './url.js';

const JAVA_CLASS = 'a Java class cannot be loaded here';

const initParameters: Rule = (value, settings, key) => {
  // A comma is also part of lists such as search_path=a,b; it separates only before the next "name=".
  for (const assignment of value.split(/[;,](?=\s*[A-Za-z_][\w.]*\s*=|\s*$)/)) {
    if (assignment.trim() === '') continue;
    const [, name, setting] = /^\s*([A-Za-z_][\w.]*)\s*=([^]*)$/.exec(assignment) ?? [];
    if (name === undefined || setting === undefined) {
      throw settings.invalid(key, 'must be of the form name=value;name=value');
    }
    settings.parameters.set(name, setting.trim());
  }
};

/** Notes every factory, so that a second one shows; only one that checks nothing makes a difference. */
const sslFactory: Rule = (value, settings, key) => {
  if (!/(?:^|\.)(?:LibPQFactory|NonValidatingFactory)$/.test(value)) {
    throw settings.invalid(
      key,
      `is not supported: ${JAVA_CLASS}`,
      'Give sslmode, sslrootcert, sslcert, sslkey.',
    );
  }
  keepOnce(value, settings, key);
};

/** The properties of pgjdbc (`PGProperty`), which Kingbase's driver is made from, and those that Kingbase added. */
export const JDBC = new ForeignForm(
  'JDBC URL',
  {
    user: option('user'),
    password: option('password'),
    passwordEncryption: refused('write the password itself'),
    ...each('PGHOST, HOST', option('host')),
    ...each('PGPORT, PORT', option('port')),
    ...each('PGDBNAME, DBNAME', option('database')),
    service: option('service'),
    ApplicationName: option('applicationName'),
    clientEncoding: option('clientEncoding'),
    allowEncodingChanges: noEffect('the driver always uses UTF8'),
    currentSchema: parameter('search_path'),
    options: option('options'),
    initParams: Object.assign(initParameters, { isText: true as const }),
    readOnly,
    readOnlyMode: noEffectIf(['transaction', 'always'], 'leave out readOnly'),

    ssl: keepOnce,
    sslmode: sslMode,
    sslcert: option('sslcert'),
    sslkey: option('sslkey'),
    sslrootcert: option('sslrootcert'),
    sslpassword: option('sslpassword'),
    sslNegotiation: option('sslnegotiation'),
    sslfactory: sslFactory,
    ...each('sslfactoryarg, sslhostnameverifier, sslpasswordcallback', refused(JAVA_CLASS)),
    ...each('authenticationPluginClassName, socketFactory, socketFactoryArg', refused(JAVA_CLASS)),
    gssEncMode: option('gssencmode'),
    channelBinding: option('channel_binding'),
    requireAuth: option('require_auth'),
    kerberosServerName: option('krbsrvname'),
    ...each(
      'gsslib, jaasApplicationName, jaasLogin, sspiServiceClass, useSpnego',
      noEffect('is about Kerberos in Java'),
    ),

    connectTimeout: timeout('connectTimeout'),
    loginTimeout: keep,
    socketTimeout: timeout('timeout'),
    ...each(
      'cancelSignalTimeout, gssResponseTimeout, sslResponseTimeout',
      noEffect('the driver limits its own work by itself'),
    ),
    tcpKeepAlive: switched('keepalives'),
    tcpNoDelay: noEffectIf(['true'], 'the client library always sets it'),
    localSocketAddress: refused('the system chooses the local address'),

    targetServerType: choice('target_session_attrs', {
      any: 'any',
      // pgjdbc tells the two apart by whether the server takes writes, and so do these.
      primary: 'read-write',
      master: 'read-write',
      secondary: 'read-only',
      slave: 'read-only',
      preferSecondary: 'prefer-standby',
      preferSlave: 'prefer-standby',
    }),
    ...JDBC_CLUSTER,
    ConfigurePath: refused('no file is read; write out what it says'),

    prepareThreshold: keep,
    preparedStatementCacheQueries: option('statementCacheSize'),
    preferQueryMode: noEffectIf(
      ['extended', 'extendedforprepared', 'extendedcacheeverything'],
      'parameters are never made part of the text of a statement',
    ),
    stringtype: noEffectIf(
      ['unspecified', 'varchar'],
      'the server finds out the type of a string, and a cast in the statement changes it',
    ),
    autosave: noEffectIf(['never'], 'use savepoint() for statements that may fail'),
    cleanupSavepoints: noEffect('is about autosave only'),
    replication: noEffectIf(['false'], 'this driver does not replicate'),
    protocolVersion: noEffectIf(['3'], 'there is no other'),
    assumeMinServerVersion: noEffect('the version is taken from the server'),
    storeCase: refused('its meaning is not documented'),
    logServerErrorDetail: noEffectIf(
      ['true'],
      'errors have the detail as a property, apart from the message',
    ),

    ...each(
      'loggerFile, loggerLevel, logUnclosedConnections',
      noEffect('is about the log of the JDBC driver'),
    ),
    ...each(
      'databaseMetadataCacheFields, databaseMetadataCacheFieldsMiB, disableColumnSanitiser, escapeSyntaxCallMode, ' +
        'hideUnprivilegedObjects, quoteReturningIdentifiers, unknownLength, xmlFactoryFactory',
      noEffect('is about functions of JDBC that have no counterpart'),
    ),
    ...each(
      'adaptiveFetch, adaptiveFetchMaximum, adaptiveFetchMinimum, binaryTransfer, binaryTransferDisable, ' +
        'binaryTransferEnable, defaultRowFetchSize, groupStartupParameters, maxResultBuffer, optimizeBatchedDML, ' +
        'preparedStatementCacheSizeMiB, receiveBufferSize, reWriteBatchedInserts, sendBufferSize',
      noEffect('is about speed and memory only'),
    ),
  },
  { caseSensitive: true },
);

const IN_VALUES =
  'User and password stand after the "?", as user=…&password=…; in values "&", "%", "+" and "#" must be written ' +
  '%26, %25, %2B and %23 (encodeURIComponent does it).';

/**
 * Reads a JDBC URL as pgjdbc does (`Driver.parseURL`): `jdbc:kingbase8:[//host[:port][,…]/][database][?key=value&…]`.
 * Keys are case-sensitive; in values `+` is a space. `jdbc:kingbase86:` is how Kingbase's driver for V8R6 is named
 * where it is used beside the one for V8R3.
 */
export function parseJdbcUrl(url: string): StringSettings {
  const [, server, query = ''] =
    /^jdbc:(?:kingbase(?:8|86)?|postgresql):([^?]*)(?:\?([^]*))?$/i.exec(url) ?? [];
  if (server === undefined) {
    throw badOption(
      'The JDBC URL must begin with "jdbc:kingbase8:", "jdbc:kingbase:" or "jdbc:postgresql:".',
    );
  }
  const [, authority = '', path = ''] = /^(?:\/\/([^/]*))?\/?([^]*)$/.exec(server) ?? [];
  if (server.includes('@')) {
    throw badOption('A JDBC URL has no user and password before the host.', IN_VALUES);
  }
  const location = { ...parseLocations(authority, IN_VALUES), database: decodeForm(path, 'database') };
  const pairs: Pair[] = [];
  for (const token of query.split('&')) {
    if (token === '') continue;
    const equals = token.indexOf('=');
    const key = equals < 0 ? token : token.slice(0, equals);
    const value = equals < 0 ? '' : decodeForm(token.slice(equals + 1), 'value');
    // Alone it means true; other keys without a value mean nothing.
    pairs.push({ key, value: key === 'ssl' && value === '' ? 'true' : value, quoted: false });
  }
  // With an "@" only there, the password can begin before the "?"; with a key before it, the "?" is the password's; and a
  // word without a value that is no key is a piece of whatever holds a "&" or "?".
  const stray = query.split('&').some((token) => token !== '' && !token.includes('=') && !JDBC.has(token));
  const settings = JDBC.read(pairs, stray || query.includes('@') || FORESHADOWS_SECRET.test(server));
  for (const [name, value] of Object.entries(location) as [keyof typeof location, string][]) {
    if (value !== '' && !settings.options.has(name)) settings.options.set(name, value);
  }
  setSslMode(settings);
  setJdbcCluster(settings);
  setTimeouts(settings);
  setStatementCache(settings);
  return settings.finish();
}

function decodeForm(text: string, part: string): string {
  return decode(text.replaceAll('+', ' '), part, IN_VALUES);
}

/** Without `sslmode`, `ssl=true` means verify-full, unless the factory is one that checks nothing (pgjdbc, `SslMode`). */
function setSslMode(settings: ForeignSettings): void {
  const { options, kept } = settings;
  const trust = kept.get('sslfactory')?.endsWith('NonValidatingFactory') === true;
  const ssl = kept.get('ssl');
  const mode = options.get('sslmode');
  if (mode === undefined) {
    if (ssl !== undefined && truth(ssl, settings, 'ssl'))
      options.set('sslmode', trust ? 'require' : 'verify-full');
  } else if (trust && (mode === 'verify-ca' || mode === 'verify-full')) {
    throw settings.invalid(
      'sslfactory',
      'contradicts the key "sslmode", which asks to check the certificate',
    );
  }
}

/** `connectTimeout` is for the TCP connection and `loginTimeout` for all of it, as is ours. */
function setTimeouts(settings: ForeignSettings): void {
  const login = settings.kept.get('loginTimeout');
  if (login === undefined) return;
  const limit = seconds(login, settings, 'loginTimeout');
  if (limit > 0) settings.options.set('connectTimeout', limit);
}

/** With `prepareThreshold=0` no statement is prepared to be used again; any other number only says when it is. */
function setStatementCache(settings: ForeignSettings): void {
  const threshold = settings.kept.get('prepareThreshold');
  if (threshold === undefined) return;
  if (wholeNumber(threshold, settings, 'prepareThreshold') === 0)
    settings.options.set('statementCacheSize', '0');
}
