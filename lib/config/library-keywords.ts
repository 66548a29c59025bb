import { UsageError } from '../errors/index.js';
import type { HostAddress, ResolvedConfig } from './resolved-config.js';

/**
 * Keywords without which the connection would be made elsewhere, or less safely, than was asked: a library that
 * does not know them must not be used. All others are refinements that an older library may do without.
 */
const REQUIRED: Readonly<Record<string, (value: string) => boolean>> = {
  sslmode: (value) => ['require', 'verify-ca', 'verify-full'].includes(value),
  channel_binding: (value) => value === 'require',
  gssencmode: (value) => value === 'require',
  sslnegotiation: (value) => value === 'direct',
  passfile: always,
  service: always,
  servicefile: always,
  options: always,
  requirepeer: always,
  require_auth: always,
  sslrootcert: always,
  sslcert: always,
  sslkey: always,
  sslpassword: always,
  sslcertmode: always,
  sslcrl: always,
  sslcrldir: always,
  ssl_min_protocol_version: always,
  ssl_max_protocol_version: always,
  scram_client_key: always,
  scram_server_key: always,
};

function always(): boolean {
  return true;
}

/**
 * What is passed even where the user said nothing, so that no environment variable that only this or that version of
 * the library reads (`PGSSLMODE`, `KCISSLMODE`, …) changes the connection. GSSAPI encryption is off unless asked for:
 * trying it can block on the network, and KingbaseES is rarely set up for it.
 *
 * Not covered, since an empty value counts as none and any other would mean something: `options` and the
 * certificate files, for which the library still reads its own variables.
 */
const PINNED: Readonly<Record<string, string>> = {
  sslmode: 'prefer',
  gssencmode: 'disable',
};

interface Prepared {
  readonly config: ResolvedConfig;
  readonly address: string | undefined;
  readonly libraryKeywords: readonly string[];
  readonly text: string;
}

/** A pool connects to the same address again and again. */
const prepared = new WeakMap<HostAddress, Prepared>();

/**
 * What is passed to the library for a connection to one host, the password excepted: keyword and value in turn, each
 * ended by a NUL. Only those keywords that the loaded library knows: any other would make its connect call fail.
 * `resolvedAddress` is the IP address of `host`, found beforehand because the library's own look-up blocks.
 *
 * Throws a UsageError (`KB_OPTION_UNSUPPORTED`) where leaving out an unknown keyword would be unsafe.
 */
export function connectionKeywords(
  config: ResolvedConfig,
  host: HostAddress,
  resolvedAddress: string | undefined,
  libraryKeywords: readonly string[],
): string {
  const last = prepared.get(host);
  if (
    last?.config === config &&
    last.address === resolvedAddress &&
    last.libraryKeywords === libraryKeywords
  ) {
    return last.text;
  }
  const text = keywordText(wantedKeywords(config, host, resolvedAddress), config, libraryKeywords);
  prepared.set(host, { config, address: resolvedAddress, libraryKeywords, text });
  return text;
}

function wantedKeywords(
  config: ResolvedConfig,
  host: HostAddress,
  resolvedAddress: string | undefined,
): Record<string, string | undefined> {
  const asked = { ...config.libraryKeywords, ...config.secretKeywords };
  const byService = 'service' in asked;
  const isSocket = host.host.startsWith('/') || host.host.startsWith('@');
  return {
    // What the service file says must not be overridden by a default of ours.
    ...(byService ? {} : PINNED),
    ...asked,
    // The driver looks itself: no library before libpq 14 knows all values, V8R3's none, and each sees one host only.
    target_session_attrs: byService && asked['target_session_attrs'] === undefined ? undefined : 'any',
    host: host.host,
    hostaddr: isSocket ? undefined : (resolvedAddress ?? host.hostaddr),
    port: host.port === 0 ? undefined : String(host.port),
    user: config.user,
    dbname: config.database,
    // Whole seconds, never fewer than asked for; the driver keeps the exact limit itself.
    connect_timeout: String(Math.ceil(config.connectTimeout / 1000)),
    application_name: config.applicationName,
    fallback_application_name: 'kingbase-native',
    client_encoding: 'UTF8',
  };
}

function keywordText(
  wanted: Readonly<Record<string, string | undefined>>,
  config: ResolvedConfig,
  libraryKeywords: readonly string[],
): string {
  const known = new Set(libraryKeywords);
  const isAsked = (keyword: string): boolean =>
    keyword in config.libraryKeywords || keyword in config.secretKeywords;
  let text = '';
  for (const [keyword, value] of Object.entries(wanted)) {
    if (value === undefined || value === '') continue;
    if (known.has(keyword)) {
      text += `${keyword}\0${value}\0`;
    } else if (isAsked(keyword) && REQUIRED[keyword]?.(value)) {
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
  return text;
}
