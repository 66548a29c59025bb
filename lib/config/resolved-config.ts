import { inspect } from 'node:util';
import type { ClientLibraryOptions } from '../client-library/search.js';
import type { LogOptions } from '../observability/telemetry.js';
import type { TypeOptions } from '../types/type-options.js';
import type { ResolvedClusterOptions } from './cluster-options.js';
import type { PasswordProvider } from './connection-config.js';
import type { ResolvedPoolOptions } from './pool-options.js';

export interface HostAddress {
  /** Name, IP address, or directory of a Unix socket (begins with `/` or `@`); '' leaves it to the service file. */
  readonly host: string;
  /** 0 leaves it to the service file. */
  readonly port: number;
  /** The IP address where the user gave one. */
  readonly hostaddr?: string;
}

/** Given a session as the facade has them. */
export type OnConnectFunction = (session: never) => unknown;

export interface ResolvedSettings {
  readonly hosts: readonly HostAddress[];
  /** '' leaves it to the service file; `user` too. */
  readonly database: string;
  readonly user: string;
  readonly applicationName: string | undefined;
  /** ms, 0 = no limit. */
  readonly connectTimeout: number;
  /** ms for each call that has none of its own, 0 = no limit. */
  readonly timeout: number;
  readonly statementCacheSize: number;
  readonly clientLibrary: ClientLibraryOptions;
  readonly pooler: 'transaction' | 'statement' | undefined;
  readonly onConnect: OnConnectFunction | undefined;
  readonly cluster: ResolvedClusterOptions | undefined;
  readonly pool: ResolvedPoolOptions;
  readonly types: TypeOptions | undefined;
  readonly log: LogOptions | undefined;
  readonly traceParameters: boolean;
  readonly binaryResults: boolean;
  readonly exactFloats: boolean;
  readonly strictAnswers: boolean;
  /** Calls that wait for one session are sent to it together. */
  readonly pipeline: boolean;
  /** `untrusted`: nothing of this process's own is taken to complete it, and no key or password of its user. */
  readonly trust: 'trusted' | 'untrusted';
  /** An encrypted connection is closed rather than cancelled in clear text. */
  readonly encryptedCancelOnly: boolean;
  /** Keywords for the client library, secrets excepted. */
  readonly libraryKeywords: Readonly<Record<string, string>>;
}

/**
 * A checked configuration in which nothing is left open. Secrets are in private fields: neither `util.inspect` (with
 * any options) nor `JSON.stringify`, a spread or `Object.entries` shows them.
 */
export class ResolvedConfig implements ResolvedSettings {
  readonly hosts: readonly HostAddress[];
  readonly database: string;
  readonly user: string;
  readonly applicationName: string | undefined;
  readonly connectTimeout: number;
  readonly timeout: number;
  readonly statementCacheSize: number;
  readonly clientLibrary: ClientLibraryOptions;
  readonly pooler: 'transaction' | 'statement' | undefined;
  readonly onConnect: OnConnectFunction | undefined;
  readonly cluster: ResolvedClusterOptions | undefined;
  readonly pool: ResolvedPoolOptions;
  readonly types: TypeOptions | undefined;
  readonly log: LogOptions | undefined;
  readonly traceParameters: boolean;
  readonly binaryResults: boolean;
  readonly exactFloats: boolean;
  readonly strictAnswers: boolean;
  readonly pipeline: boolean;
  readonly trust: 'trusted' | 'untrusted';
  readonly encryptedCancelOnly: boolean;
  readonly libraryKeywords: Readonly<Record<string, string>>;
  readonly #settings: ResolvedSettings;
  readonly #password: string | PasswordProvider | undefined;
  readonly #secretKeywords: Readonly<Record<string, string>>;

  constructor(
    settings: ResolvedSettings,
    password: string | PasswordProvider | undefined,
    secretKeywords: Readonly<Record<string, string>>,
  ) {
    this.#settings = settings;
    this.hosts = settings.hosts;
    this.database = settings.database;
    this.user = settings.user;
    this.applicationName = settings.applicationName;
    this.connectTimeout = settings.connectTimeout;
    this.timeout = settings.timeout;
    this.statementCacheSize = settings.statementCacheSize;
    this.clientLibrary = settings.clientLibrary;
    this.pooler = settings.pooler;
    this.onConnect = settings.onConnect;
    this.cluster = settings.cluster;
    this.pool = settings.pool;
    this.types = settings.types;
    this.log = settings.log;
    this.traceParameters = settings.traceParameters;
    this.binaryResults = settings.binaryResults;
    this.exactFloats = settings.exactFloats;
    this.strictAnswers = settings.strictAnswers;
    this.pipeline = settings.pipeline;
    this.trust = settings.trust;
    this.encryptedCancelOnly = settings.encryptedCancelOnly;
    this.libraryKeywords = settings.libraryKeywords;
    this.#password = password;
    this.#secretKeywords = secretKeywords;
  }

  /** The same for one of the hosts, whatever kind of server it is. */
  at(host: HostAddress): ResolvedConfig {
    const keywords = Object.entries(this.libraryKeywords).filter(([name]) => name !== 'target_session_attrs');
    const settings = { ...this.#settings, hosts: [host], libraryKeywords: Object.fromEntries(keywords) };
    return new ResolvedConfig(settings, this.#password, this.#secretKeywords);
  }

  /** Undefined where none was given: the client library then looks into the password file. */
  get password(): string | PasswordProvider | undefined {
    return this.#password;
  }

  /** Keywords for the client library that are secret, such as `sslpassword`. */
  get secretKeywords(): Readonly<Record<string, string>> {
    return this.#secretKeywords;
  }

  /** With `showHidden` and `getters`, inspect would read the accessors above. */
  [inspect.custom](): object {
    return Object.fromEntries(Object.entries(this));
  }
}
