import type { LibraryConnectionOption } from '../addon/interface.js';
import { badOption, isLibraryKeyword, keywordRule, type LibraryKeyword } from './options.js';
import { UsageError } from '../errors/index.js';
import type { HostAddress, ResolvedConfig } from './resolved-config.js';

/**
 * No such file can be: below a file that is no directory. A library that is told to look there for a certificate or a
 * password finds none, and does without.
 */
const NO_FILE = process.platform === 'win32' ? 'NUL\\none' : '/dev/null/none';

/** Old options that libraries still list, with a variable, and do not use (libpq's manual). */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set(['authtype', 'tty', 'requiressl']);

interface Prepared {
  readonly config: ResolvedConfig;
  readonly address: string | undefined;
  readonly options: readonly LibraryConnectionOption[];
  readonly text: string;
}

/** A pool connects to the same address again and again. */
const prepared = new WeakMap<HostAddress, Prepared>();

/**
 * What is passed to the library for a connection to one host, the password excepted: keyword and value in turn, each
 * ended by a NUL. Only those keywords that the loaded library knows: any other would make its connect call fail.
 * `resolvedAddress` is the IP address of `host`, found beforehand because the library's own look-up blocks.
 *
 * Every option that the library could take from a variable of its own is passed, so that no variable decides where the
 * connection goes, who logs in, or how safe it is. Empty values stand in a connection string, which comes first under an
 * empty keyword: the library does not take them otherwise.
 *
 * Throws a UsageError: `KB_OPTION_UNSUPPORTED` where leaving out an unknown keyword would be unsafe, `KB_BAD_OPTION` for a
 * variable that would decide and cannot be overridden.
 */
export function connectionKeywords(
  config: ResolvedConfig,
  host: HostAddress,
  resolvedAddress: string | undefined,
  options: readonly LibraryConnectionOption[],
  environment: NodeJS.ProcessEnv = process.env,
): string {
  const last = prepared.get(host);
  if (last?.config === config && last.address === resolvedAddress && last.options === options)
    return last.text;
  const text = keywordText(config, wantedKeywords(config, host, resolvedAddress), options, environment);
  prepared.set(host, { config, address: resolvedAddress, options, text });
  return text;
}

function isByService(config: ResolvedConfig): boolean {
  return 'service' in config.libraryKeywords;
}

function wantedKeywords(
  config: ResolvedConfig,
  { host, hostaddr, port }: HostAddress,
  resolvedAddress: string | undefined,
): Map<string, string> {
  const byService = isByService(config);
  const isSocket = host.startsWith('/') || host.startsWith('@');
  const asked = { ...config.libraryKeywords, ...config.secretKeywords };
  const wanted: Record<string, string | undefined> = {
    ...(config.trust === 'untrusted' ? { passfile: NO_FILE, sslcert: NO_FILE } : {}),
    ...asked,
    // The driver looks itself: no library before libpq 14 knows all values, V8R3's none, and each sees one host only.
    target_session_attrs: byService && asked['target_session_attrs'] === undefined ? undefined : 'any',
    host,
    hostaddr: isSocket ? undefined : (resolvedAddress ?? hostaddr),
    port: port === 0 ? undefined : String(port),
    user: config.user,
    dbname: config.database,
    // Whole seconds, never fewer than asked for; the driver keeps the exact limit itself.
    connect_timeout: String(Math.ceil(config.connectTimeout / 1000)),
    // What the service file says goes before a default of ours.
    [byService ? 'fallback_application_name' : 'application_name']: 'kingbase-native',
    ...(config.applicationName === undefined ? {} : { application_name: config.applicationName }),
    client_encoding: 'UTF8',
  };
  return new Map(
    Object.entries(wanted).filter((entry): entry is [string, string] => {
      return entry[1] !== undefined && entry[1] !== '';
    }),
  );
}

function keywordText(
  config: ResolvedConfig,
  wanted: ReadonlyMap<string, string>,
  options: readonly LibraryConnectionOption[],
  environment: NodeJS.ProcessEnv,
): string {
  const known = new Set(options.map(({ keyword }) => keyword));
  refuseMissing(config, wanted, known);
  const passed = new Map([...wanted].filter(([keyword]) => known.has(keyword)));
  const empty: string[] = [];
  for (const option of options) {
    const { keyword } = option;
    if (passed.has(keyword)) continue;
    const byService = isByService(config);
    // Its file can say an address, which would go before the host that is passed.
    const diverts = byService && keyword === 'hostaddr' && passed.has('host');
    const value = diverts ? '' : pinned(option, byService, environment);
    if (value === '') empty.push(`${keyword}=''`);
    else if (value !== undefined) passed.set(keyword, value);
  }
  const string = empty.length > 0 ? `\0${empty.join(' ')}\0` : '';
  return string + [...passed].map(([keyword, value]) => `${keyword}\0${value}\0`).join('');
}

/** What is passed for an option of which the configuration says nothing: undefined for nothing. */
function pinned(
  { keyword, variable, compiledDefault }: LibraryConnectionOption,
  byService: boolean,
  environment: NodeJS.ProcessEnv,
): string | undefined {
  const rule = isLibraryKeyword(keyword) ? keywordRule(keyword) : undefined;
  const isSet = variable !== '' && Boolean(environment[variable]);
  // Beside a service nothing can be pinned: its file fills only what is not passed.
  if (byService || rule?.unpinnable === true) {
    if (isSet) throw decides(variable, keyword);
    return undefined;
  }
  if (rule?.pin !== undefined) return rule.pin;
  if (variable === '') return undefined;
  if (compiledDefault !== '') return compiledDefault;
  // Known to take an empty value for none.
  if (rule !== undefined || PLAIN.has(keyword)) return '';
  if (isSet && !WITHOUT_EFFECT.has(keyword)) throw decides(variable, keyword);
  return undefined;
}

/** Options of the driver's own that the library has under the same name. */
const PLAIN: ReadonlySet<string> = new Set(['password', 'hostaddr', 'host', 'port']);

function decides(variable: string, keyword: string): UsageError {
  return badOption(
    `The variable ${variable} of the environment is set, and the client library would take "${keyword}" from it.`,
    'The connection would not be what was asked for. Unset the variable, or give the option ' +
      `"${keyword}" in the configuration.`,
  );
}

function refuseMissing(
  config: ResolvedConfig,
  wanted: ReadonlyMap<string, string>,
  known: ReadonlySet<string>,
): void {
  for (const [keyword, value] of wanted) {
    const asked = keyword in config.libraryKeywords || keyword in config.secretKeywords;
    if (known.has(keyword) || !asked || keywordRule(keyword as LibraryKeyword).needed?.(value) !== true)
      continue;
    throw new UsageError(
      'KB_OPTION_UNSUPPORTED',
      `The loaded client library does not know the option "${keyword}", and connecting without it would not be ` +
        'what was asked for.',
      {
        hint: 'Use a newer client library (KINGBASE_CLIENT_LIBRARY, clientLibrary), or leave the option out.',
      },
    );
  }
}
