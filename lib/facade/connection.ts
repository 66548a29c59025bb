import type { Operation } from '../driver/operation.js';
import type { Session, SessionOwner } from '../driver/session.js';
import { UsageError, type KingbaseError } from '../errors/index.js';
import { PrepareProbe } from './prepare.js';
import { Queryable, type TypeMapOf } from './queryable.js';
import { Statement } from './statement.js';
import type { QueryOptions } from './types.js';

/**
 * One session, checked out of the pool until it is released: for what depends on a session's state (SET, temporary
 * tables, advisory locks). Calls made while one is going on wait for their turn.
 */
export class Connection extends Queryable {
  protected readonly runner: SessionQueue;

  constructor(
    private readonly session: Session,
    pool: SessionOwner,
    protected readonly typeMapOf: TypeMapOf,
  ) {
    super();
    this.runner = new SessionQueue(session, pool);
  }

  /** The server process of this session, as `pg_backend_pid()` gives it. */
  get processId(): number {
    return this.session.facts?.backendPid ?? 0;
  }

  /** Whether the connection to the server is encrypted, and how; undefined where it is not. */
  get tls(): { protocol: string; cipher: string } | undefined {
    const { facts } = this.session;
    return facts?.tls === true ? { protocol: facts.tlsProtocol, cipher: facts.tlsCipher } : undefined;
  }

  /** Prepares the statement on this session. Rejects with a DatabaseError when the server refuses it. */
  async prepare(sql: string, options?: Pick<QueryOptions, 'signal' | 'timeout'>): Promise<Statement> {
    const statement = new Statement(sql, this.runner, this.typeMapOf);
    await PrepareProbe.run(this.runner, statement, options);
    return statement;
  }

  /** Gives the session back to the pool when what is going on has ended. Further calls are refused. */
  release(): Promise<void> {
    return this.runner.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }
}

/** Runs the operations of one session one after the other. */
class SessionQueue implements SessionOwner {
  private readonly waiting: Operation[] = [];
  private lost: KingbaseError | undefined;
  private released: { promise: Promise<void>; resolve: () => void } | undefined;

  constructor(
    private readonly session: Session,
    private readonly pool: SessionOwner,
  ) {
    session.owner = this;
  }

  run(operation: Operation): void {
    if (this.released !== undefined) {
      operation.refuse(new UsageError('KB_CONNECTION_RELEASED', 'The connection has been released.'));
    } else if (this.lost !== undefined) {
      operation.refuse(this.lost);
    } else if (this.session.idle) {
      this.session.run(operation);
    } else {
      this.waiting.push(operation);
    }
  }

  withdraw(operation: Operation): boolean {
    const at = this.waiting.indexOf(operation);
    if (at >= 0) this.waiting.splice(at, 1);
    return at >= 0;
  }

  release(): Promise<void> {
    if (this.released === undefined) {
      let resolve = (): void => undefined;
      const promise = new Promise<void>((done) => {
        resolve = done;
      });
      this.released = { promise, resolve };
      if (this.lost !== undefined || this.session.idle) this.giveBack();
    }
    return this.released.promise;
  }

  sessionIdle(session: Session): void {
    const next = this.waiting.shift();
    if (next !== undefined) session.run(next);
    else if (this.released !== undefined) this.giveBack();
  }

  sessionClosed(session: Session, error: KingbaseError | undefined): void {
    this.lost = error ?? new UsageError('KB_CONNECTION_RELEASED', 'The connection has been closed.');
    this.pool.sessionClosed(session, error);
    for (const operation of this.waiting.splice(0)) operation.refuse(this.lost);
    this.released?.resolve();
  }

  private giveBack(): void {
    if (this.lost === undefined) {
      this.session.owner = this.pool;
      this.pool.sessionIdle(this.session);
    }
    this.released?.resolve();
  }
}
