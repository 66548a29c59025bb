/** A client's configuration: what `pg` takes, made into what the driver takes. */
import type { ConnectionOptions } from 'node:tls';
import { parse } from 'pg-connection-string';
import type { ConnectionConfig } from '../../index.js';
import { defaults } from './defaults.js';
import { sslOptions, type SslConfig } from './ssl.js';
import type { TypeParsers } from './type-overrides.js';

export type PasswordFunction = (parameters: ConnectionParameters) => string | Promise<string>;

export interface ClientConfig {
  user?: string | undefined;
  database?: string | undefined;
  password?: string | PasswordFunction | undefined;
  port?: number | string | undefined;
  host?: string | undefined;
  connectionString?: string | undefined;
  keepAlive?: boolean | undefined;
  keepAliveInitialDelayMillis?: number | undefined;
  statement_timeout?: false | number | undefined;
  lock_timeout?: false | number | undefined;
  idle_in_transaction_session_timeout?: false | number | undefined;
  query_timeout?: false | number | undefined;
  ssl?: boolean | string | SslConfig | ConnectionOptions | undefined;
  sslnegotiation?: 'postgres' | 'direct' | undefined;
  application_name?: string | undefined;
  fallback_application_name?: string | undefined;
  connectionTimeoutMillis?: number | undefined;
  types?: TypeParsers | undefined;
  options?: string | undefined;
  client_encoding?: string | undefined;
  /** Taken and of no effect: values come as text. */
  binary?: boolean | undefined;
  pipeline?: boolean | undefined;
  replication?: string | undefined;
  Promise?: PromiseConstructorLike | undefined;
  /** What `pg` has no word for: the driver's own options, over all others. */
  kingbase?: ConnectionConfig | undefined;
}

/** Server settings that `pg` has options for. */
const SETTINGS = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'] as const;

/** The first that is given: an option, `PG…`, `KINGBASE_…`, `defaults`. What is falsy counts as absent, as in `pg`. */
function pick(option: unknown, name: string, standard: unknown): string | undefined {
  const { env } = process;
  for (const value of [option, env[`PG${name}`], env[`KINGBASE_${name}`], standard]) {
    if (value && (typeof value === 'number' || typeof value === 'string')) return String(value);
  }
  return undefined;
}

/** What a client is to connect to, as `client.connectionParameters` shows it. */
export class ConnectionParameters {
  readonly user: string | undefined;
  readonly database: string | undefined;
  readonly port: number;
  readonly host: string;
  readonly ssl: boolean | string | SslConfig | undefined;
  readonly application_name: string | undefined;
  readonly options: string | undefined;
  readonly query_timeout: number | false;
  readonly statement_timeout: number | false | undefined;
  readonly lock_timeout: number | false | undefined;
  readonly idle_in_transaction_session_timeout: number | false | undefined;
  readonly connectionTimeoutMillis: number;
  /** Seconds, as `pg` shows it. */
  readonly connect_timeout: number | string;
  readonly fallback_application_name: string | undefined;
  readonly client_encoding: string | undefined;
  readonly replication: string | undefined;
  readonly binary: boolean;
  readonly isDomainSocket: boolean;
  readonly sslnegotiation: string | undefined;
  declare readonly keepalives?: 0 | 1;
  declare readonly keepalives_idle?: number;
  /** Not enumerable, so that no log shows it. */
  declare readonly password: string | PasswordFunction | undefined;

  private readonly config: ClientConfig;

  constructor(given: string | ClientConfig = {}) {
    let config: ClientConfig = typeof given === 'string' ? fromString(given) : given;
    const text = config.connectionString ?? defaults.connectionString;
    if (typeof text === 'string' && text !== '') config = { ...config, ...fromString(text) };
    Object.defineProperty(this, 'config', { value: config, enumerable: false });
    this.config = config;
    this.user = pick(config.user, 'USER', defaults.user);
    this.database = pick(config.database, 'DATABASE', defaults.database) ?? this.user;
    this.port = Number.parseInt(pick(config.port, 'PORT', defaults.port) ?? '', 10);
    this.host = pick(config.host, 'HOST', defaults.host) ?? 'localhost';
    const password =
      typeof config.password === 'function'
        ? config.password
        : pick(config.password, 'PASSWORD', defaults.password);
    Object.defineProperty(this, 'password', { value: password, enumerable: false });
    this.ssl = withHiddenKey(config.ssl ?? sslOfEnvironment());
    const name = config.application_name ?? process.env['PGAPPNAME'] ?? process.env['KINGBASE_APPNAME'];
    this.application_name = name ?? defaults.application_name;
    this.options = pick(config.options, 'OPTIONS', defaults.options);
    this.query_timeout = config.query_timeout || defaults.query_timeout;
    for (const setting of SETTINGS) this[setting] = config[setting] || defaults[setting];
    this.fallback_application_name = config.fallback_application_name ?? defaults.fallback_application_name;
    this.client_encoding = pick(config.client_encoding, 'CLIENT_ENCODING', defaults.client_encoding) ?? '';
    this.replication = pick(config.replication, 'REPLICATION', undefined);
    this.binary = config.binary === true || defaults.binary;
    this.isDomainSocket = this.host.startsWith('/');
    this.sslnegotiation = sslNegotiation(config.sslnegotiation ?? process.env['PGSSLNEGOTIATION'], this.ssl);
    this.connect_timeout =
      config.connectionTimeoutMillis === undefined
        ? (process.env['PGCONNECT_TIMEOUT'] ?? 0)
        : Math.floor(config.connectionTimeoutMillis / 1000);
    if (typeof config.keepAlive === 'boolean') this.keepalives = config.keepAlive ? 1 : 0;
    if (typeof config.keepAliveInitialDelayMillis === 'number') {
      this.keepalives_idle = Math.floor(config.keepAliveInitialDelayMillis / 1000);
    }
    this.connectionTimeoutMillis =
      config.connectionTimeoutMillis ?? Number(process.env['PGCONNECT_TIMEOUT'] ?? 0) * 1000;
  }

  /** What the driver is opened with. */
  driverConfig(): ConnectionConfig {
    const { config, password } = this;
    const ssl = sslOptions(this.ssl, this.host);
    return {
      host: this.host,
      port: this.port,
      user: this.user,
      database: this.database,
      password: typeof password === 'function' ? (): Promise<string> => this.ask(password) : password,
      options: this.sessionOptions(),
      applicationName: this.application_name || this.fallback_application_name || false,
      // `pg` sends nothing of its own behind the login.
      exactFloats: false,
      // Its clients hear of what belongs to no answer behind the answer before it.
      strictAnswers: false,
      connectTimeout: this.connectionTimeoutMillis,
      ...(this.sslnegotiation === 'direct' ? { sslNegotiation: 'direct' } : {}),
      ...(config.keepAlive === true ? { keepalives: 1 } : {}),
      ...(config.keepAliveInitialDelayMillis === undefined
        ? {}
        : { keepalivesIdle: Math.max(1, Math.floor(config.keepAliveInitialDelayMillis / 1000)) }),
      ...ssl,
      ...config.kingbase,
    };
  }

  /** As with `pg`, undefined is no password. */
  private async ask(password: PasswordFunction): Promise<string> {
    const given: unknown = await password(this);
    if (given === undefined) return '';
    if (typeof given !== 'string') throw new TypeError('Password must be a string');
    return given;
  }

  private sessionOptions(): string | undefined {
    const settings = SETTINGS.flatMap((name) => {
      const value: unknown = this[name];
      return !value ? [] : [`-c ${name}=${Math.trunc(Number(value))}`];
    });
    const all = [...(this.options === undefined ? [] : [this.options]), ...settings];
    return all.length === 0 ? undefined : all.join(' ');
  }
}

function fromString(text: string): ClientConfig {
  const given: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(parse(text))) {
    if (value !== null && value !== undefined) given[name] = value;
  }
  const { connectionTimeoutMillis: limit } = given;
  if (typeof limit === 'string') given['connectionTimeoutMillis'] = Number(limit);
  return given;
}

function sslNegotiation(given: string | undefined, ssl: unknown): string | undefined {
  if (given !== undefined && given !== 'postgres' && given !== 'direct') {
    throw new Error(`Invalid sslnegotiation value: "${given}". Valid values are "postgres" and "direct".`);
  }
  if (given === 'direct' && !ssl) throw new Error('sslnegotiation=direct requires SSL to be enabled');
  return given;
}

/** The secrets in it can be asked for, but no log shows them; the program's object stays as it is. */
function withHiddenKey(given: ConnectionParameters['ssl']): ConnectionParameters['ssl'] {
  if (given === 'true') return true;
  if (given === 'no-verify') return { rejectUnauthorized: false };
  if (typeof given !== 'object' || given === null) return given;
  const copy = Object.create(
    Object.getPrototypeOf(given) as object | null,
    Object.getOwnPropertyDescriptors(given),
  ) as SslConfig;
  for (const secret of ['key', 'passphrase'] as const) {
    if (!Object.hasOwn(given, secret)) continue;
    Object.defineProperty(copy, secret, { value: given[secret], enumerable: false, configurable: true });
  }
  return copy;
}

function sslOfEnvironment(): boolean | SslConfig | undefined {
  switch (process.env['PGSSLMODE']) {
    case 'disable':
      return false;
    case 'require':
    case 'verify-ca':
    case 'verify-full':
      return true;
    case 'no-verify':
      return { rejectUnauthorized: false };
    default:
      return defaults.ssl || undefined;
  }
}
