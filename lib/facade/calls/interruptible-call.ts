import { GIVEN_UP } from '../../driver/around-session.js';
import type { Operation, Session } from '../../driver/session.js';
import type { NativeFailure, TransactionStatus } from '../../addon/interface.js';
import { nothing } from '../../base/nothing.js';
import { DatabaseError } from '../../errors/index.js';
import type { StatementResult } from '../../driver/result-shape.js';
import type { Limit, Waiting } from './limit.js';
import type { OperationRunner } from './runner.js';

/**
 * What the call does not pass on of its operation. `offer`, `offerBegun`, `join` and `atLast`: a command that was offered or sent with
 * others is begun at a moment that nobody here knows, so that a cancel request could hit the statement before it. `giveUp` and
 * `completing` are between the call and its operation.
 */
type Withheld = 'offer' | 'offerBegun' | 'join' | 'atLast' | 'giveUp' | 'completing';

/**
 * An operation that its caller can abort or that has a time limit. It stands before the operation and passes on what the
 * session tells, so that whatever ends a command ends the operation. It finishes with a session by itself only where it was
 * interrupted before its operation began on that one. It declares all members of an operation, so that none that is new can
 * be forgotten here.
 */
export class InterruptibleCall implements Required<Omit<Operation, Withheld>> {
  ticket: unknown;
  waited = 0;
  private readonly operation: Operation;
  private session: Session | undefined;
  private interrupted = false;
  private unwatch = nothing;

  constructor(
    private readonly runner: OperationRunner,
    create: (fail: (error: unknown) => void) => Operation,
    private readonly limit: Limit,
    private readonly reject: (error: unknown) => void,
  ) {
    this.operation = create(this.fail);
    if (limit.over) {
      reject(limit.reason());
      return;
    }
    this.unwatch = limit.watch(this.stop);
    runner.run(this);
  }

  private readonly fail = (error: unknown): void => {
    const { interrupted, limit } = this;
    const closed = this.session?.gaveUp === true;
    this.disarm();
    // 57014 is what the server says to a cancel. Whatever else went wrong is the more important news.
    const cancelled = error instanceof DatabaseError && error.code === '57014';
    if (!interrupted || !(cancelled || closed || error === GIVEN_UP)) this.reject(error);
    else this.reject(limit.reason(error === GIVEN_UP ? undefined : error));
  };

  private readonly stop = (): void => {
    this.interrupted = true;
    this.operation.giveUp?.();
    // After a loss before anything was sent it waits for another session than the one it began on.
    if (this.session?.runs(this) === true) {
      this.session.interrupt();
      return;
    }
    const waiting = this.whyWaiting();
    if (this.runner.withdraw(this)) {
      this.disarm();
      this.reject(this.limit.reason(undefined, waiting));
    }
  };

  /** Not asked for one whose caller has aborted it, and thousands can be at once: their reason is the caller's. */
  private whyWaiting(): Waiting | undefined {
    return this.limit.aborted ? undefined : this.runner.whyWaiting?.(this);
  }

  private disarm(): void {
    this.session = undefined;
    this.unwatch();
  }

  begin(session: Session): void {
    if (this.interrupted) {
      // Interrupted between two connections: the first was lost before anything was sent.
      session.finish(session.transactionStatus);
      this.disarm();
      this.reject(this.limit.reason(undefined, this.whyWaiting()));
      return;
    }
    this.session = session;
    this.operation.begin(session);
    // Ended at once: a mistake in a parameter, or a checkout, which begins no command.
    if (!session.runs(this)) this.disarm();
  }

  restart(session: Session): boolean {
    if (this.interrupted || this.operation.restart?.(session) !== true) return false;
    this.session = undefined;
    return true;
  }

  refuse(error: unknown): void {
    this.operation.refuse(error);
  }

  result(session: Session, result: StatementResult, complete: boolean): void {
    this.operation.result(session, result, complete);
  }

  threw(session: Session, thrown: unknown, over: boolean): void {
    this.operation.threw(session, thrown, over);
  }

  ended(session: Session, transactionStatus: TransactionStatus): void {
    this.operation.ended(session, transactionStatus);
    // Ended, unless the operation has begun its next command.
    if (session.runs(this)) return;
    const { completing } = this.operation;
    if (completing === undefined) this.disarm();
    else void completing.then(() => this.disarm());
  }

  described(session: Session, parameterTypes: Uint32Array, columnTypes: Uint32Array): void {
    this.operation.described?.(session, parameterTypes, columnTypes);
    if (!session.runs(this)) this.disarm();
  }

  failed(session: Session, failure: NativeFailure, transactionStatus: TransactionStatus): void {
    this.operation.failed(session, failure, transactionStatus);
    if (!session.runs(this)) this.disarm();
  }

  drained(session: Session): void {
    this.operation.drained?.(session);
  }

  copying(session: Session, binary: boolean): void {
    this.operation.copying?.(session, binary);
  }

  copyData(session: Session, bytes: Buffer): void {
    this.operation.copyData?.(session, bytes);
  }

  get ofSession(): boolean {
    return this.operation.ofSession === true;
  }

  get isBrief(): boolean {
    return this.operation.isBrief === true;
  }

  get restores(): boolean {
    return this.operation.restores === true;
  }

  get resting(): boolean {
    return this.operation.resting === true;
  }

  interrupt(session: Session): void {
    if (this.operation.interrupt === undefined) session.cancel();
    else this.operation.interrupt(session);
  }
}
