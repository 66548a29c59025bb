import { EventEmitter } from 'node:events';
import { loadClientLibrary, type LoadedLibrary } from '../client-library/index.js';
import type { ResolvedConfig } from '../config/index.js';
import { openSession } from '../driver/connect.js';
import { loadCore } from '../driver/core.js';
import type { Flavour, NativeCapabilities, NativeFailure } from '../driver/native.js';
import type { Session, SessionEvents } from '../driver/session.js';
import { DatabaseError, type LibraryAttempt, type PoolStats } from '../errors/index.js';
import { SessionPool } from '../pool/session-pool.js';
import { TypeMap } from '../types/type-map.js';
import type { TypeOptions } from '../types/type-options.js';
import { Checkout } from './checkout.js';
import { Connection } from './connection.js';
import { PrepareProbe } from './prepare.js';
import { Queryable } from './queryable.js';
import { readServerInfo, type ServerInfo } from './server-info.js';
import { Statement } from './statement.js';
import type { QueryOptions } from './types.js';

/** Which client library serves a database. */
export interface ClientLibraryInfo {
  path: string;
  /** `kci`: libkci; `kingbase-pq`: Kingbase's library under libpq's names; `libpq`: PostgreSQL's own. */
  flavour: Flavour;
  /** As the library gives it (120001 = 12.1), 0 where it does not. */
  version: number;
  capabilities: NativeCapabilities;
  /** What led to it, and why it was chosen. */
  source: string;
  reason: string;
  /** What was tried before it. */
  attempts: readonly LibraryAttempt[];
}

/** A message that is not an error: a notice, a warning. */
export interface Notice {
  severity: string;
  code: string;
  message: string;
  detail?: string;
  hint?: string;
}

interface DatabaseEvents {
  notice: [notice: Notice];
}

/** A database, and the pool of connections to it. Safe to use from any number of places at once. */
export class Database extends Queryable {
  protected readonly runner: SessionPool;
  private readonly config: ResolvedConfig;
  private library: LoadedLibrary | undefined;
  private types: TypeMap | undefined;
  private readonly typesOfCalls = new WeakMap<TypeOptions, TypeMap>();
  private readonly emitter = new EventEmitter<DatabaseEvents>();

  constructor(config: ResolvedConfig) {
    super();
    this.config = config;
    // Checked now, so that a misspelled option shows at open() and not at the first query.
    this.types = new TypeMap(config.types);
    this.runner = new SessionPool({
      max: config.pool.max,
      acquireTimeout: config.pool.acquireTimeout,
      open: () => this.openSession(),
    });
  }

  /** `notice`: the server sent a notice or a warning. */
  on(event: 'notice', listener: (notice: Notice) => void): this {
    this.emitter.on(event, listener);
    return this;
  }

  off(event: 'notice', listener: (notice: Notice) => void): this {
    this.emitter.off(event, listener);
    return this;
  }

  /** Makes sure that the server answers. */
  async ping(options?: Pick<QueryOptions, 'signal' | 'timeout'>): Promise<void> {
    await this.script('SELECT 1', options);
  }

  /** Checks out one session; disposing of it, or `release()`, gives it back. */
  connect(): Promise<Connection> {
    return Checkout.from(this.runner, (session) => new Connection(session, this.runner, this.typeMapOf));
  }

  /** A statement that is prepared on each connection when first needed there; on one of them now, to find mistakes. */
  async prepare(sql: string, options?: Pick<QueryOptions, 'signal' | 'timeout'>): Promise<Statement> {
    const statement = new Statement(sql, this.runner, this.typeMapOf);
    await PrepareProbe.run(this.runner, statement, options);
    return statement;
  }

  /** What the server says of itself. */
  serverInfo(): Promise<ServerInfo> {
    return readServerInfo(this);
  }

  /**
   * Which client library is used. Loads it if no connection has been made yet; throws a ClientLibraryError where
   * there is none.
   */
  clientLibrary(): ClientLibraryInfo {
    const { library, source, reason, attempts } = this.loadLibrary();
    const { path, flavour, version, capabilities } = library;
    return { path, flavour, version, capabilities: { ...capabilities }, source, reason, attempts };
  }

  stats(): PoolStats {
    return this.runner.stats();
  }

  /** Refuses new calls, waits for those made before, and closes all connections. */
  close(): Promise<void> {
    return this.runner.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  protected readonly typeMapOf = (types: TypeOptions | undefined): TypeMap => {
    if (types === undefined) return (this.types ??= new TypeMap(this.config.types));
    let map = this.typesOfCalls.get(types);
    if (map === undefined) {
      map = new TypeMap({ ...this.config.types, ...types });
      this.typesOfCalls.set(types, map);
    }
    return map;
  };

  private loadLibrary(): LoadedLibrary {
    const { addon } = loadCore();
    this.library ??= loadClientLibrary(
      (path, options) => addon.openLibrary(path, options),
      this.config.clientLibrary,
    );
    return this.library;
  }

  private async openSession(): Promise<Session> {
    return openSession(loadCore(), this.loadLibrary(), this.config, this.sessionEvents);
  }

  private readonly sessionEvents: SessionEvents = {
    notice: (fields) => {
      this.emitter.emit('notice', noticeOf(fields));
    },
    notification: () => {
      // Nothing listens yet; the core delivers them for `listen`.
    },
  };
}

function noticeOf(fields: NonNullable<NativeFailure['fields']>): Notice {
  const { severity, code, message, detail, hint } = DatabaseError.fromFields(fields);
  return {
    severity,
    code,
    message,
    ...(detail === undefined ? {} : { detail }),
    ...(hint === undefined ? {} : { hint }),
  };
}
