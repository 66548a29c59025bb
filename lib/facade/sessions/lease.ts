import { deferred, type Deferred } from '../../base/deferred.js';
import { Line } from '../../base/line.js';
import { TransactionStatus, type ConnectionFacts } from '../../addon/interface.js';
import { Reset } from '../../driver/operations/reset.js';
import type { SessionNotification } from '../../driver/around-session.js';
import type { Operation, Session, SessionOwner } from '../../driver/session.js';
import { ConnectionError, UsageError, type KingbaseError } from '../../errors/index.js';
import type { OperationRunner } from '../calls/call.js';
import type { Waiting } from '../calls/limit.js';
import {
  PATIENCE_WITH_READER,
  releasedUnderRows,
  StallWatch,
  type ReadingProgress,
} from './stalled-reader.js';

/** Makes the error that further calls are refused with. */
export type Refusal = () => unknown;

/**
 * A session on loan: runs operations on it one after the other, until it is given back. Everything that a program holds
 * of a session (connection, transaction, savepoint, rows, cursor, statement) reaches it through a lease. A lease that
 * was given back has no session any more, so whatever its holder does then touches nobody.
 *
 * A lease may be lent on, for several operations that nothing may come between: a transaction, a savepoint, rows. Until
 * that loan ends, what else is asked of the lender waits.
 */
export class Lease implements SessionOwner, OperationRunner {
  /** Undefined once the session was given back, was taken back, or is gone. */
  private session: Session | undefined;
  /** What holds the session now in place of this lease. */
  private loan: Lease | undefined;
  private readonly waiting = new Line<Operation>((operation) => operation);
  /** Set when it has ended, or is to. */
  private refusal: Refusal | undefined;
  private barrier: Refusal | undefined;
  /** Set once it was interrupted: it lends to nobody any more. */
  private interruption: Refusal | undefined;
  private handing = false;
  private returning: Deferred<void> | undefined;
  private discarding = false;
  private readonly ends = new Set<(error: KingbaseError | undefined) => void>();
  private readonly facts: ConnectionFacts | undefined;

  /** ms that the driver's own commands may take; 0: no limit. */
  readonly patience: number;
  /** How many loans lie between the pool and this one; 0: none. */
  readonly depth: number;
  /** Operations that have been begun. */
  begun = 0;
  /** Told when the lender is to be given back and waits for this loan, which is to come to an end by itself. */
  onReturnWanted: (() => void) | undefined;
  /** Told what channel this session's LISTEN has brought. */
  onNotification: ((notification: SessionNotification) => void) | undefined;
  /** The session was taken back before it was given back. */
  takenBack = false;
  /**
   * What calls are refused with where no transaction is open (any more); undefined for none. Who holds a transaction says it, and
   * it holds for whom the session is lent on to as well.
   */
  outside: (() => unknown) | undefined;
  /** Calls wait for nobody who does not read on: the holder is coming to its end. */
  ending = false;

  /** Of the session's server, also after it was given back. */
  readonly address: string;
  private readonly stall = new StallWatch(
    (reader) => reader.patience ?? PATIENCE_WITH_READER,
    true,
    () => this.waiting.length > 0 || (this.returning !== undefined && !this.free),
    (reader) => {
      const toEnd = this.returning !== undefined || this.ending;
      if (toEnd && reader.abandon !== undefined) reader.abandon(releasedUnderRows());
      else for (const operation of this.waiting.takeAll()) operation.refuse(reader.refusal());
    },
  );

  /**
   * @param lender the pool, or the lease whose session is lent on
   * @param reset SQL that frees the session of what its user has left in it, '' for none
   * @param answer what the first command on it has given, if it gives something
   */
  constructor(
    session: Session,
    private readonly lender: SessionOwner,
    private readonly reset: string,
    readonly answer?: unknown,
  ) {
    this.session = session;
    this.facts = session.facts;
    this.address = session.address;
    this.patience = session.patience;
    session.owner = this;
    if (lender instanceof Lease) {
      lender.loan = this;
      this.outside = lender.outside;
    }
    this.depth = lender instanceof Lease ? lender.depth + 1 : 0;
  }

  /** The server process of the session, also after it was given back. */
  get processId(): number {
    return this.facts?.backendPid ?? 0;
  }

  /** What the server said of the session when it was made. */
  get sessionFacts(): ConnectionFacts | undefined {
    return this.facts;
  }

  /** `Unknown` once there is no session. */
  get transactionStatus(): TransactionStatus {
    return this.session?.transactionStatus ?? TransactionStatus.Unknown;
  }

  /** Whether a transaction is open, as far as is known: of a lost session nothing is. */
  get inTransaction(): boolean {
    const { transactionStatus } = this;
    return (
      transactionStatus === TransactionStatus.InTransaction || transactionStatus === TransactionStatus.InError
    );
  }

  /** Nothing is under way, and the session is not lent on. */
  get free(): boolean {
    return this.session?.idle === true && this.session.owner === this;
  }

  /** What further calls are refused with; undefined where they are not. */
  get refused(): unknown {
    return this.refusal?.();
  }

  /** Whether it has been given back, or is to be when what is going on has ended. */
  get released(): boolean {
    return this.returning !== undefined;
  }

  // ---- operations

  run(operation: Operation): void {
    const refusal = this.refusal ?? this.barrier;
    if (refusal !== undefined) {
      operation.refuse(refusal());
    } else if (this.free) {
      this.begin(operation);
    } else {
      this.waiting.push(operation);
      this.stall.look();
    }
  }

  private begin(operation: Operation): void {
    if (this.refuses(operation)) return;
    this.begun++;
    this.session?.run(operation);
  }

  /** What the driver sends by itself to come to an end is let through. */
  private refuses(operation: Operation): boolean {
    if (this.outside === undefined || operation.isBrief === true) return false;
    const refusal = this.refusalOutside();
    if (refusal !== undefined) operation.refuse(refusal);
    return refusal !== undefined;
  }

  /** Undefined where the session is in a transaction, or need not be. */
  refusalOutside(): unknown {
    return this.session?.transactionStatus === TransactionStatus.Idle ? this.outside?.() : undefined;
  }

  withdraw(operation: Operation): boolean {
    return this.waiting.remove(operation) !== undefined;
  }

  whyWaiting(): Waiting {
    return {
      words: 'other calls on its connection had not ended',
      last: '',
      cause: undefined,
      hint: 'Give it a longer timeout, or make it on the database, which takes another connection.',
    };
  }

  watch(progress: ReadingProgress): () => void {
    return this.stall.watch(progress);
  }

  /** Calls `told` once, when the session was given back or taken back (undefined) or was lost (why). */
  onEnd(told: (error: KingbaseError | undefined) => void): () => void {
    this.ends.add(told);
    return () => void this.ends.delete(told);
  }

  get barred(): boolean {
    return this.barrier !== undefined;
  }

  /** Refuses further calls, until the function that it gives is called. What waits already is run. */
  bar(refusal: Refusal): () => void {
    this.barrier = refusal;
    return () => {
      this.barrier = undefined;
    };
  }

  checkoutRefusal(session: Session): Refusal | undefined {
    return this.session === session ? this.interruption : (this.refusal ?? connectionReleased);
  }

  /**
   * Stops what is going on, refuses what waits, and takes the session back from whom it was lent on to. From now on it is
   * lent to nobody: what takes it next is the caller's to run.
   */
  interrupt(reason: unknown): void {
    const { session } = this;
    if (session === undefined) return;
    this.interruption = () => reason;
    for (const operation of this.waiting.takeAll()) operation.refuse(reason);
    this.takeBack(this.interruption);
    session.interrupt();
  }

  /**
   * Takes the session back from whom it was lent on to: they can do no more on it. What is under way still ends.
   *
   * @param refusal makes what they are refused with, of which there is mostly none
   */
  takeBack(refusal: Refusal): void {
    const { loan, session } = this;
    if (loan === undefined || session === undefined) return;
    this.loan = undefined;
    session.owner = this;
    loan.revoke(refusal);
    if (session.idle) this.sessionIdle(session);
  }

  private revoke(refusal: Refusal): void {
    this.loan?.revoke(refusal);
    this.loan = undefined;
    this.session = undefined;
    this.takenBack = true;
    this.refusal = refusal;
    for (const operation of this.waiting.takeAll()) operation.refuse(refusal());
    this.end(undefined);
  }

  // ---- the end

  /**
   * Gives the session back when what has been asked of it has ended.
   *
   * @param discard it is closed instead, since nobody knows what its user has left in it
   */
  release(discard = false): Promise<void> {
    this.discarding ||= discard;
    if (this.returning === undefined) {
      this.returning = deferred();
      this.refusal =
        this.session === undefined && this.refusal !== undefined ? this.refusal : connectionReleased;
      if (this.session === undefined) {
        this.returning.resolve();
      } else if (this.free) {
        this.giveBack();
      } else {
        this.loan?.onReturnWanted?.();
        this.stall.look();
      }
    }
    return this.returning.promise;
  }

  /** Ends the session instead of giving it back: its state cannot be trusted. */
  destroy(): void {
    this.session?.close();
  }

  sessionIdle(session: Session): void {
    // An operation that ends as it begins, for a parameter that cannot be written, comes back to here at once: the loop
    // goes on with the next, so that a long line of them does not become as deep a stack.
    if (this.handing) return;
    this.handing = true;
    while (this.free) {
      const next = this.waiting.shift();
      if (next === undefined) break;
      if (this.refuses(next)) continue;
      this.begun++;
      if (session.pipelines && this.waiting.length > 0 && session.join(next)) this.runTogether(session);
      else session.run(next);
    }
    this.handing = false;
    if (this.free && this.returning !== undefined) this.giveBack();
  }

  /** Those that wait next in the line go with the one that has joined; the first that cannot waits for their end. */
  private runTogether(session: Session): void {
    for (let next = this.waiting.first; next !== undefined && session.join(next); next = this.waiting.first) {
      this.waiting.shift();
      this.begun++;
    }
    session.runJoined();
  }

  sessionClosed(session: Session, error: KingbaseError | undefined): void {
    const { droppedBecause } = session;
    const cause = error?.cause ?? error ?? (droppedBecause && new Error(droppedBecause));
    const refusal =
      cause === undefined
        ? new UsageError('KB_CONNECTION_RELEASED', 'The connection has been closed.')
        : new ConnectionError(
            'KB_CONNECTION_LOST',
            `The connection to ${session.address} had been lost before.`,
            {
              // Of what waits and of what comes nothing was sent, whatever became of what was under way.
              outcome: 'not-sent',
              address: session.address,
              cause,
              hint: 'Check out another connection, and begin again what was done on this one.',
            },
          );
    this.session = undefined;
    if (this.returning === undefined) this.refusal = () => refusal;
    this.lender.sessionClosed(session, error);
    for (const operation of this.waiting.takeAll()) operation.refuse(refusal);
    this.end(error ?? (refusal instanceof ConnectionError ? refusal : undefined));
  }

  rerun(): boolean {
    // What came before it on this session is gone with it.
    return false;
  }

  notification(notification: SessionNotification): void {
    this.onNotification?.(notification);
    this.lender.notification?.(notification);
  }

  private giveBack(): void {
    const { session, lender } = this;
    if (session === undefined) return;
    this.session = undefined;
    session.owner = lender;
    if (lender instanceof Lease) lender.loan = undefined;
    this.end(undefined);
    if (this.discarding) session.close();
    else if (this.reset === '') lender.sessionIdle(session);
    else session.run(new Reset(this.reset, session.patience));
  }

  private end(error: KingbaseError | undefined): void {
    const told = [...this.ends];
    this.ends.clear();
    for (const tell of told) tell(error);
    this.returning?.resolve();
  }
}

function connectionReleased(): UsageError {
  return new UsageError(
    'KB_CONNECTION_RELEASED',
    'The connection has been released and takes no more calls.',
  );
}
