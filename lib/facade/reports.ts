import { isError } from '../base/is-error.js';
import { EventEmitter } from 'node:events';
import { tellSafely } from '../base/tell-safely.js';
import type { ClusterNode } from '../cluster/node.js';
import type { ResolvedConfig } from '../config/index.js';
import { KingbaseError } from '../errors/index.js';
import { NoticeInterest } from '../driver/notice-interest.js';
import type { Session } from '../driver/session.js';
import type { DiagnosticFields } from '../addon/interface.js';
import type { ConnectEntry, LogEntry, Telemetry } from '../observability/telemetry.js';
import type { PoolEvents } from '../pool/session-pool.js';
import { noticeOf, type DatabaseEvents } from './events.js';
import type { Leak } from './sessions/leak.js';

/** Tells the program, by a database's events and in its log, what happens to connections and servers. */
export class Reports {
  readonly noticeInterest = new NoticeInterest();
  private readonly emitter = new EventEmitter<DatabaseEvents>();
  private warnedOfOpen = false;

  constructor(
    private readonly config: ResolvedConfig,
    private readonly telemetry: Telemetry,
  ) {}

  on<E extends keyof DatabaseEvents>(event: E, listener: (...args: DatabaseEvents[E]) => void): void {
    (this.emitter as EventEmitter).on(event, listener as (...args: unknown[]) => void);
    this.noticeInterest.set(this.emitter.listenerCount('notice') > 0);
  }

  off<E extends keyof DatabaseEvents>(event: E, listener: (...args: DatabaseEvents[E]) => void): void {
    (this.emitter as EventEmitter).off(event, listener as (...args: unknown[]) => void);
    this.noticeInterest.set(this.emitter.listenerCount('notice') > 0);
  }

  readonly ofPools: PoolEvents = {
    opened: (session) => {
      if (!this.isWatched('connect')) return;
      const event = identityOf(session);
      this.tell('connect', event, { event: 'connect', ...event, ...loginOf(session, this.config) });
    },
    closed: (session, reason, error) => {
      if (!this.isWatched('disconnect')) return;
      const event = { ...identityOf(session), reason };
      this.tell('disconnect', { ...event, error }, { event: 'disconnect', ...event });
    },
    unreachable: (error, attempt, retryIn) => {
      const message = isError(error) ? error.message : String(error);
      const entry = { event: 'unreachable', message, attempt, retryIn } as const;
      this.tell('unreachable', { error, attempt, retryIn }, entry);
    },
    leftOpen: () => {
      if (!this.warnedOfOpen) process.emitWarning(...LEFT_OPEN);
      this.warnedOfOpen = true;
    },
  };

  readonly ofCluster = {
    primaryChanged: ({ address: { host, port }, position }: ClusterNode): void => {
      const event = { host, port, timeline: position?.timeline ?? 0 };
      this.telemetry.cluster({ event: 'primary', ...event, database: this.config.database });
      this.tell('primary', event);
    },
    standbyChanged: ({ address: { host, port }, serves, failure }: ClusterNode): void => {
      const error = failure?.error;
      const code = error instanceof KingbaseError ? error.code : undefined;
      const { database } = this.config;
      this.telemetry.cluster({ event: 'standby', database, host, port, serves, code });
      this.tell('standby', { host, port, serves, error });
    },
    lagChanged: ({ address: { host, port }, behind, lag }: ClusterNode): void => {
      const event = { host, port, behind, lag };
      this.telemetry.cluster({ event: 'lag', ...event, database: this.config.database });
      this.tell('lag', event);
    },
  };

  readonly leak = (event: Leak): void => {
    this.tell('leak', event, { event: 'leak', ...event });
    if (this.emitter.listenerCount('leak') > 0) return;
    process.emitWarning(`A database connection has been held for ${event.heldFor} ms.\n${event.stack}`);
  };

  notice(session: Session, fields: DiagnosticFields): void {
    // A statement can raise thousands of them.
    if (this.emitter.listenerCount('notice') === 0) return;
    this.tell('notice', noticeOf(fields, identityOf(session).processId));
  }

  private isWatched(event: 'connect' | 'disconnect'): boolean {
    return this.config.log !== undefined || this.emitter.listenerCount(event) > 0;
  }

  private tell<E extends keyof DatabaseEvents>(event: E, data: DatabaseEvents[E][0], entry?: LogEntry): void {
    if (entry !== undefined) this.telemetry.log(entry);
    tellSafely(() => (this.emitter as EventEmitter).emit(event, data));
  }
}

const LEFT_OPEN = [
  'A call on the database has begun a transaction and not ended it, so it was rolled back: the next call may run on another ' +
    'connection. Use db.transaction() or db.begin(), or a connection of db.connect().',
  { code: 'KINGBASE_TRANSACTION_LEFT_OPEN' },
] as const;

/** What an audit asks of a login. */
function loginOf(
  { facts }: Session,
  { user, database }: ResolvedConfig,
): Pick<ConnectEntry, 'user' | 'database' | 'tls'> {
  const tls = facts?.tls === true ? { protocol: facts.tlsProtocol, cipher: facts.tlsCipher } : undefined;
  return { user, database, ...(tls === undefined ? {} : { tls }) };
}

function identityOf(session: Session): { processId: number; address: string } {
  return { processId: session.facts?.backendPid ?? 0, address: session.address };
}
