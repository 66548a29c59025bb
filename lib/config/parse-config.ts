import { userInfo } from 'node:os';
import { isOpen, isRecord, itWas, kindOf } from '../base/kind-of.js';
import { checkFixedPath, type ClientLibraryOptions } from '../client-library/search.js';
import type { LogOptions } from '../observability/telemetry.js';
import type { TypeOptions } from '../types/type-options.js';
import type { PlainConfig as ConnectionConfig, PasswordProvider } from './connection-config.js';
import { parseConnectionString } from './connection-string.js';
import { resolveHosts } from './hosts.js';
import { optionsOfEnvironment, sslModeAbove, tlsFloor } from './environment.js';
import {
  badOption,
  checkKeys,
  holdsPassword,
  isLibraryKeyword,
  optionName,
  optionRule,
  swallowed,
  type LibraryKeyword,
  type OptionName,
} from './options.js';
import { keywordValue } from './keyword-values.js';
import { checkWeightNames, resolveClusterOptions, type ResolvedClusterOptions } from './cluster-options.js';
import { resolvePoolOptions } from './pool-options.js';
import {
  applicationName,
  flag,
  milliseconds,
  noNul,
  text,
  wholeNumber,
  type Settings,
} from './setting-values.js';
import { ResolvedConfig, type HostAddress, type OnConnectFunction } from './resolved-config.js';
import { UsageError } from '../errors/index.js';

/** Defaults of the driver's own options; the pool's are in POOL_DEFAULTS. */
export const DEFAULTS = {
  /** As for `host`, libpq would take a Unix socket, in a directory that differs between builds of the library. */
  host: 'localhost',
  port: 54321,
  connectTimeout: 10_000,
  timeout: 0,
  statementCacheSize: 256,
} as const;

/** Where the setting comes from decides what may be completed; see `open`. */
export type Trust = 'trusted' | 'untrusted';

/**
 * Turns what the user gave into a complete configuration. `overrides` go before `config`, and both before the
 * environment. Where neither says a host or a service, `KINGBASE_URL` or `KINGBASE_SERVICE` does, if it is set: a service
 * file can say an address, which would go before a host that was named. Does no I/O but asking the operating system who
 * the user is. Throws UsageError (`KB_BAD_OPTION`).
 *
 * With `service`, whatever is not given is left to the service file, which the client library reads, and the
 * environment is not asked: libpq too prefers the service to the environment.
 */
export function parseConfig(
  config: string | ConnectionConfig | undefined,
  overrides: ConnectionConfig = {},
  environment: NodeJS.ProcessEnv = process.env,
  osUserName: () => string = () => userInfo().username,
): ResolvedConfig {
  const given =
    typeof config === 'string' ? parseConnectionString(config) : entries(config === undefined ? {} : config);
  const lower = readSettings(given, typeof config === 'string' ? 'connection string' : 'configuration');
  const upper = readSettings(entries(overrides), 'overrides');
  const untrusted = isUntrusted(lower, upper);
  if (untrusted) refuseLevers(lower);
  let settings = merge(lower, upper);
  const variables = untrusted ? {} : environment;
  const url = variables['KINGBASE_URL'];
  if (url && !settings.has('service') && !namesHost(settings)) {
    settings = merge(readSettings(parseConnectionString(url), 'variable KINGBASE_URL'), settings);
  }
  const service =
    settings.get('service') ?? (namesHost(settings) ? undefined : variables['KINGBASE_SERVICE']);
  const byService = typeof service === 'string' && service !== '';
  settings = merge(readSettings(optionsOfEnvironment(variables, byService), 'environment'), settings);
  // The administrator's floor counts for every string, also for one that nobody trusts.
  const tls = tlsOptions(settings.get('tls'));
  const floor = tlsFloor(environment, tls.minimum);

  const pooler = poolerMode(settings);
  const encoding = settings.get('clientEncoding');
  if (encoding !== undefined && !(typeof encoding === 'string' && /^utf-?8$/i.test(encoding))) {
    throw badOption(
      'The option "clientEncoding" can only be UTF8, which the driver always uses.',
      'Leave it out: the server converts to and from the encoding of the database.',
    );
  }
  const user = text(settings, 'user') ?? (byService ? '' : nameOfUser(untrusted ? nobody : osUserName));
  const asked = libraryKeywords(settings);
  const mode = sslModeAbove(floor, asked.get('sslmode'), byService ? '' : 'prefer');
  if (mode !== undefined) asked.set('sslmode', mode);
  const keywords = [...asked];
  const isSecret = ([name]: [LibraryKeyword, string]): boolean => optionRule(name).kind === 'secret';
  const hosts = resolveHosts(
    {
      host: text(settings, 'host'),
      hosts: settings.get('hosts'),
      hostaddr: text(settings, 'hostaddr'),
      port: settings.get('port'),
    },
    byService ? { host: '', port: 0 } : DEFAULTS,
  );
  return new ResolvedConfig(
    {
      hosts,
      database: text(settings, 'database') ?? user,
      user,
      applicationName: applicationName(settings),
      connectTimeout: milliseconds(settings, 'connectTimeout') ?? DEFAULTS.connectTimeout,
      timeout: milliseconds(settings, 'timeout') ?? DEFAULTS.timeout,
      statementCacheSize: wholeNumber(settings, 'statementCacheSize') ?? DEFAULTS.statementCacheSize,
      clientLibrary: clientLibraryOptions(settings.get('clientLibrary')),
      pooler,
      onConnect: onConnect(settings.get('onConnect')),
      cluster: clusterOptions(settings, hosts, pooler),
      pool: resolvePoolOptions(settings.has('pool') ? settings.get('pool') : {}),
      types: typeOptions(settings.get('types')),
      log: logOptions(settings.get('log')),
      traceParameters: flag(settings, 'traceParameters', false),
      binaryResults: flag(settings, 'binaryResults', true),
      exactFloats: flag(settings, 'exactFloats', true),
      strictAnswers: flag(settings, 'strictAnswers', true),
      pipeline: flag(settings, 'pipeline', false),
      trust: untrusted ? 'untrusted' : 'trusted',
      encryptedCancelOnly: tls.cancel === 'encrypted',
      libraryKeywords: Object.fromEntries(keywords.filter((entry) => !isSecret(entry))),
    },
    password(settings),
    Object.fromEntries(keywords.filter(isSecret)),
  );
}

function entries(config: unknown): [string, unknown][] {
  if (isOpen(config)) {
    throw badOption(
      'The configuration must be a connection string or an object of options, not what is open already.',
      'Use it as it is, or give what it was opened with. A Database serves an adapter only of the same copy of the package.',
    );
  }
  if (isRecord(config)) return Object.entries(config);
  const kind = kindOf(config);
  throw badOption(
    `The configuration must be a connection string or an object, not ${kind}.`,
    new Map([
      ['a Promise', 'Was await forgotten?'],
      ['a URL', 'Give its property "href".'],
      ['a Map', 'Give Object.fromEntries(map).'],
    ]).get(kind),
  );
}

/** Only the program itself may say whom it trusts. */
function isUntrusted(lower: Settings, upper: Settings): boolean {
  // A null is a mistake, and not what leaves the answer to the other.
  const trust = upper.has('trust') ? upper.get('trust') : lower.get('trust');
  if (trust !== undefined && trust !== 'untrusted' && trust !== 'trusted') {
    throw badOption('The option "trust" must be "trusted" or "untrusted".', itWas(trust));
  }
  return trust === 'untrusted';
}

/** What would make this process's own files and rights serve whoever wrote an untrusted configuration. */
function refuseLevers(settings: Settings): void {
  for (const name of settings.keys()) {
    const { kind } = optionRule(name);
    if (kind === 'file' || kind === 'output' || kind === 'code') {
      throw badOption(
        `The option "${name}" names a file, which a configuration that is not trusted cannot.`,
        `Give it in the second argument: open(config, { trust: 'untrusted', ${name}: … }).`,
      );
    }
  }
  const host = settings.get('host');
  const hosts = settings.get('hosts');
  const names = typeof host === 'string' ? host.split(',') : [];
  if (Array.isArray(hosts))
    names.push(...hosts.map((each) => String((each as { host?: unknown } | null)?.host)));
  // On Windows the directory of a socket begins with a drive.
  if (names.some((name) => /^\s*(?:[/@\\]|[a-z]:[/\\])/i.test(name))) {
    throw badOption(
      'The option "host" names a Unix socket, which a configuration that is not trusted cannot.',
      'A server there may let this process in without a password.',
    );
  }
}

function tlsOptions(tls: unknown): { minimum?: unknown; cancel?: unknown } {
  if (tls === undefined) return {};
  if (!isRecord(tls))
    throw badOption(
      'The option "tls" must be an object.',
      `${itWas(tls)} Its keys are minimum and cancel; whether to encrypt is said by sslMode.`,
    );
  checkKeys('tls', tls, ['minimum', 'cancel']);
  const { cancel } = tls as { cancel?: unknown };
  if (cancel !== undefined && cancel !== 'any' && cancel !== 'encrypted') {
    throw badOption('The option "tls.cancel" must be "any" or "encrypted".', itWas(cancel));
  }
  return tls;
}

/** The settings of one source under their canonical names, without those that are absent. */
function readSettings(source: Iterable<[string, unknown]>, origin: string): Settings {
  const settings = new Map<OptionName, unknown>();
  for (const [spelling, value] of source) {
    let name = optionName(spelling);
    const { kind } = optionRule(name);
    // No text can say what an object says: there an empty one is a mistake, not what a variable leaves that is not set.
    if (value === undefined || (value === '' && kind !== 'object')) continue;
    if ((kind === 'value' || kind === 'file') && name !== 'options' && holdsPassword(value)) {
      throw swallowed(`the option "${name}"`, value);
    }
    let setting = value;
    if (name === 'connect_timeout') {
      name = 'connectTimeout';
      const seconds = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
      if (typeof seconds !== 'number' || !Number.isFinite(seconds)) {
        throw badOption(
          'The option "connect_timeout" must be a finite number of seconds; 0, or less, is no limit.',
        );
      }
      // libpq: "zero, negative, or not specified means wait indefinitely".
      setting = Math.max(0, seconds) * 1000;
    }
    if (settings.has(name)) {
      throw badOption(`The option "${spelling}" is given twice in the ${origin}, under different names.`);
    }
    settings.set(name, setting);
  }
  return settings;
}

const LOCATION: readonly OptionName[] = ['host', 'hosts', 'hostaddr'];

function namesHost(settings: Settings): boolean {
  return LOCATION.some((name) => settings.has(name));
}

function merge(lower: Settings, upper: Settings): Settings {
  const merged = new Map([...lower, ...upper]);
  // The three say where to connect in different ways; one from here and one from there would contradict each other.
  if (namesHost(upper)) {
    for (const name of LOCATION) if (!upper.has(name)) merged.delete(name);
  }
  const [a, b] = [lower.get('pool'), upper.get('pool')];
  if (isRecord(a) && isRecord(b)) merged.set('pool', { ...a, ...b });
  const [c, d] = [lower.get('cluster'), upper.get('cluster')];
  if (isRecord(c) && isRecord(d)) merged.set('cluster', { ...c, ...d });
  return merged;
}

function logOptions(given: unknown): LogOptions | undefined {
  if (given === undefined) return undefined;
  if (typeof given === 'function') return { write: given as LogOptions['write'] };
  if (!isRecord(given))
    throw badOption(
      'The option "log" must be a function or an object with "write".',
      `${itWas(given)} Write log: (entry) => { … }.`,
    );
  checkKeys('log', given, ['write', 'slowStatement']);
  const { write, slowStatement } = given as Partial<Record<keyof LogOptions, unknown>>;
  if (typeof write !== 'function')
    throw badOption('The option "log.write" must be a function.', itWas(write));
  if (slowStatement !== undefined && !(typeof slowStatement === 'number' && slowStatement >= 0)) {
    throw badOption(
      'The option "log.slowStatement" must be a number of milliseconds that is not negative.',
      itWas(slowStatement),
    );
  }
  return { write: write as LogOptions['write'], slowStatement };
}

function poolerMode(settings: Settings): 'transaction' | 'statement' | undefined {
  const mode = settings.get('pooler');
  if (mode === undefined) return undefined;
  if (mode !== 'transaction' && mode !== 'statement') {
    throw badOption(
      'The option "pooler" must be "transaction" or "statement".',
      'Leave it out where there is no pooler, or one that gives each connection a session of its own.',
    );
  }
  const { resetOnRelease } = (settings.get('pool') ?? {}) as { resetOnRelease?: readonly unknown[] };
  const meant = [
    settings.get('onConnect') !== undefined && 'onConnect',
    settings.get('options') !== undefined && 'options',
    resetOnRelease !== undefined && resetOnRelease.length > 0 && 'pool.resetOnRelease',
  ].find((name) => name !== false);
  if (meant === undefined) return mode;
  throw new UsageError('KB_POOLER', `The option "${meant}" is about a session, and a pooler keeps none.`, {
    hint: 'Set what is needed for the role or the database (ALTER ROLE … SET), or inside a transaction (SET LOCAL).',
  });
}

function clusterOptions(
  settings: Settings,
  hosts: readonly HostAddress[],
  pooler: unknown,
): ResolvedClusterOptions | undefined {
  const options = resolveClusterOptions(settings.get('cluster'));
  if (options === undefined) return undefined;
  checkWeightNames(options.weights, hosts);
  if (pooler !== undefined) {
    throw new UsageError('KB_POOLER', 'With "cluster" there can be no pooler before the servers.', {
      hint: 'Name the servers themselves as hosts, or leave the choice of servers to the pooler.',
    });
  }
  const kind = settings.get('target_session_attrs');
  if (kind !== undefined && kind !== 'any' && kind !== 'primary' && kind !== 'read-write') {
    throw badOption(
      `The option "target_session_attrs" cannot be "${kind as string}" together with "cluster".`,
      'Leave it out: calls on the database go to the primary, and those of db.readOnly to the standbys.',
    );
  }
  return options;
}

/** What stands in it is looked at where it is used. */
function typeOptions(given: unknown): TypeOptions | undefined {
  if (given === undefined || isRecord(given)) return given as TypeOptions | undefined;
  throw badOption(`The option "types" must be an object such as { int8: 'number' }, not ${kindOf(given)}.`);
}

function onConnect(given: unknown): OnConnectFunction | undefined {
  if (given === undefined || typeof given === 'function') return given as OnConnectFunction | undefined;
  throw badOption('The option "onConnect" must be a function.', itWas(given));
}

function nobody(): never {
  throw badOption(
    'No user was given, and what a configuration that is not trusted leaves out is not completed.',
    'Give "user" in the configuration, or in the second argument of open().',
  );
}

function nameOfUser(osUserName: () => string): string {
  try {
    return osUserName();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    // userInfo throws where the user has no entry in the system's list, as often in containers.
    throw badOption(
      'No user was given, and the operating system has no name for the user of this process.',
      'Give "user" in the configuration, or set KINGBASE_USER.',
    );
  }
}

function libraryKeywords(settings: Settings): Map<LibraryKeyword, string> {
  const keywords = new Map<LibraryKeyword, string>();
  for (const [name, given] of settings) {
    if (!isLibraryKeyword(name)) continue;
    keywords.set(name, keywordValue(name, given));
  }
  return keywords;
}

function password(settings: Settings): string | PasswordProvider | undefined {
  const value = settings.get('password');
  if (typeof value === 'function') return value as PasswordProvider;
  if (value !== undefined && typeof value !== 'string') {
    throw badOption(
      'The option "password" must be a string or a function that returns one.',
      `It was ${kindOf(value)}.`,
    );
  }
  return value === undefined ? undefined : noNul('password', value);
}

function clientLibraryOptions(value: unknown): ClientLibraryOptions {
  if (value === undefined) return {};
  if (typeof value === 'string') {
    checkFixedPath(noNul('clientLibrary', value));
    return { path: value };
  }
  if (!isRecord(value))
    throw badOption('The option "clientLibrary" must be a path or an object.', itWas(value));
  checkKeys('clientLibrary', value, ['path', 'directory', 'fallback']);
  const { path, directory, fallback } = value as Record<string, unknown>;
  for (const [name, given] of Object.entries({ path, directory })) {
    if (given !== undefined && (typeof given !== 'string' || given.includes('\0'))) {
      throw badOption(`The option "clientLibrary.${name}" must be a path.`, itWas(given));
    }
    if (given !== undefined) checkFixedPath(given, `option clientLibrary.${name}`);
  }
  if (path !== undefined && directory !== undefined) {
    throw badOption(
      'Of the options "clientLibrary.path" and "clientLibrary.directory" only one can be given.',
    );
  }
  if (fallback !== undefined && typeof fallback !== 'boolean') {
    throw badOption('The option "clientLibrary.fallback" must be true or false.', itWas(fallback));
  }
  return value;
}
