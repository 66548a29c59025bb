import { nothing } from '../base/nothing.js';
import type { LoadedLibrary } from '../client-library/index.js';
import type { KingbaseError } from '../errors/index.js';
import type { CommandHandler, ConnectionListener, Core } from './core.js';
import { commandError } from './failure.js';
import {
  TransactionStatus,
  type ConnectionFacts,
  type NativeCapabilities,
  type NativeConnection,
  type NativeFailure,
} from '../addon/interface.js';
import type { ResultShape } from './result-shape.js';
import { StatementCache } from './statement-cache.js';

/** ms between cancel requests for the same operation. */
const FIRST_CANCEL_PAUSE = 50;
const LONGEST_CANCEL_PAUSE = 5_000;

export enum SessionState {
  Connecting,
  Idle,
  Busy,
  /** The operation has ended, but a cancel request for it is still on its way: the next must not be hit by it. */
  Cancelling,
  Closed,
}

/**
 * Something to be done on a session: one command or several in a row. The session tells it how each command ends; the
 * operation begins the next one or ends by `session.finish`.
 */
export interface Operation {
  /** Begins on an idle session, which is the operation's until it calls `session.finish`. */
  begin(session: Session): void;
  /** Gives the core its command ahead of time instead of `begin`, where it has only one; see `Session.offer`. */
  offer?(session: Session): boolean;
  /** Whether the command under way, if it succeeds, ends the operation. */
  readonly atLast?: boolean;
  /** Whether the command under way only prepares for the one that matters. */
  readonly intermediate?: boolean;
  /** Is about this very session, so that it is of no use on another. */
  readonly ofSession?: boolean;
  /** Whether the operation goes on though no command of it is under way: between the pieces of a COPY. */
  readonly resting?: boolean;
  /** Whether the operation would go on after this refusal; the session knows what the server has told by it. */
  recovers?(session: Session, error: unknown): boolean;
  /** Has the server stop the operation, where that takes more than `session.cancel`. */
  interrupt?(session: Session): void;
  /** The operation is not to go on after its command, which has ended without a call of the methods below. */
  leave?(session: Session, succeeded: boolean): void;
  /** No session could be had, or the operation was withdrawn before it began. */
  refuse(error: unknown): void;
  result(
    session: Session,
    rows: unknown[] | undefined,
    shape: ResultShape | undefined,
    command: string,
    count: number,
    endOfResult: boolean,
    endOfCommand: boolean,
    transactionStatus: TransactionStatus,
  ): void;
  described(session: Session, parameterTypes: Uint32Array, columnTypes: Uint32Array): void;
  copying?(session: Session, binary: boolean): void;
  copyData?(session: Session, bytes: Buffer): void;
  threw(session: Session, thrown: unknown, transactionStatus: TransactionStatus, endOfCommand: boolean): void;
  failed(session: Session, failure: NativeFailure, transactionStatus: TransactionStatus): void;
}

/** Who a session belongs to: the pool, or whoever has checked it out. */
export interface SessionOwner {
  /** The session's operation has ended and it can take another. */
  sessionIdle(session: Session): void;
  /** The session's operation has ended, and it runs the one that was offered to it. */
  sessionGoesOn?(session: Session): void;
  /** What was offered to the session is not run there and has not begun. */
  offerReturned?(session: Session, operation: Operation): void;
  /** The session is gone and takes no more operations; called once. */
  sessionClosed(session: Session, error: KingbaseError | undefined): void;
  /**
   * The operation's connection was lost before anything of it was sent. True when the owner runs it on another, false
   * when it is to fail.
   */
  rerun(operation: Operation): boolean;
}

/** What a session says unasked. `fields` are by protocol letter. */
export interface SessionEvents {
  /** The server refused a command. */
  serverError(session: Session, sqlState: string): void;
  notice(fields: NonNullable<NativeFailure['fields']>): void;
  notification(session: Session, channel: string, payload: string, processId: number): void;
}

/** How an attempt to connect ended. */
export interface ConnectOutcome {
  connected(facts: ConnectionFacts): void;
  failed(failure: NativeFailure): void;
}

/**
 * One connection to the server, as a state machine: connecting, then one operation at a time, then closed. Every
 * operation that begins is ended, whatever ends it; `finish` and `failed` are the only places.
 */
export class Session implements CommandHandler, ConnectionListener {
  state = SessionState.Connecting;
  transactionStatus = TransactionStatus.Idle;
  facts: ConnectionFacts | undefined;
  /** Large results may come in binary form. */
  binaryResults = false;
  owner: SessionOwner | undefined;
  readonly statements: StatementCache;
  readonly native: NativeConnection;
  readonly capabilities: NativeCapabilities;
  readonly slot: number;

  private readonly id: number;
  private current: Operation | undefined;
  /** Runs after `current`; the core has its command already. */
  private next: Operation | undefined;
  /** The core is at work on the command of `next`. */
  private wentOn = false;
  private connecting: ConnectOutcome | undefined;
  private cancelling = 0;
  private closing = false;
  private cancelAgain: NodeJS.Timeout | undefined;
  private cancelDeadline: NodeJS.Timeout | undefined;
  /** Closed because a cancelled operation did not end: neither the server nor a cancel request can be reached. */
  gaveUp = false;

  /**
   * @param address what is connected to, for messages
   * @param patience ms that a cancelled operation may take to end; then the connection is closed, 0 = never
   */
  constructor(
    readonly core: Core,
    library: LoadedLibrary,
    readonly address: string,
    statementCacheSize: number,
    readonly patience: number,
    private readonly events: SessionEvents,
  ) {
    this.statements = new StatementCache(statementCacheSize);
    this.id = core.addListener(this);
    this.slot = core.occupy(this);
    this.capabilities = library.library.capabilities;
    this.native = new core.addon.NativeConnection(this.id, library.library.handle);
  }

  /** @param keywords and the password as {@link NativeConnection.connect} takes them */
  connect(keywords: string, password: string | undefined, outcome: ConnectOutcome): void {
    this.connecting = outcome;
    this.native.connect(this.slot, keywords, password);
  }

  get idle(): boolean {
    return this.state === SessionState.Idle;
  }

  runs(operation: Operation): boolean {
    return this.current === operation;
  }

  /** Begins an operation. Only when idle. */
  run(operation: Operation): void {
    this.state = SessionState.Busy;
    this.current = operation;
    operation.begin(this);
  }

  /**
   * Gives the busy session an operation to run after the present one, whose command the core begins by itself: the
   * server need not wait for this thread. False where the session, or either operation, may have other needs in between.
   */
  offer(operation: Operation): boolean {
    const plain =
      this.state === SessionState.Busy &&
      this.next === undefined &&
      this.cancelling === 0 &&
      this.cancelAgain === undefined &&
      !this.closing &&
      !this.statements.hasEvicted &&
      this.current?.atLast === true;
    if (!plain || operation.offer?.(this) !== true) return false;
    this.next = operation;
    return true;
  }

  /** Takes back what was offered; undefined where nothing was, or the core has begun it. */
  takeBack(): Operation | undefined {
    const { next } = this;
    if (next === undefined || !this.native.takeNextBack()) return undefined;
    this.next = undefined;
    return next;
  }

  /** Has the owner run elsewhere what was offered. */
  private returnOffer(): void {
    const operation = this.takeBack();
    if (operation !== undefined) this.owner?.offerReturned?.(this, operation);
  }

  /** Called by the operation when it has ended and the session is to go on. */
  finish(transactionStatus: TransactionStatus): void {
    this.transactionStatus = transactionStatus;
    this.current = undefined;
    const plain = this.cancelling === 0 && transactionStatus === TransactionStatus.Idle;
    if (!this.wentOn && !plain) this.returnOffer();
    if (this.next !== undefined) {
      this.turnToNext();
      return;
    }
    if (this.cancelling > 0) {
      // The cancel request itself may get no answer: the time limit stays.
      this.state = SessionState.Cancelling;
      return;
    }
    this.becomeIdle();
  }

  private turnToNext(): void {
    const begun = this.wentOn;
    this.current = this.next;
    this.next = undefined;
    this.wentOn = false;
    if (!begun) this.native.runNext();
    this.owner?.sessionGoesOn?.(this);
  }

  /** Stops the operation that is going on, by its own way or by a cancel request; its outcome comes the usual way. */
  interrupt(): void {
    const { current } = this;
    if (current?.interrupt === undefined) this.cancel();
    else current.interrupt(this);
  }

  /** Asks the server to stop the operation that is going on; its outcome comes the usual way. */
  cancel(): void {
    const underWay = this.cancelling > 0 || this.cancelAgain !== undefined;
    if (this.state !== SessionState.Busy || underWay || this.closing) return;
    this.returnOffer();
    if (this.patience > 0 && this.cancelDeadline === undefined) {
      this.cancelDeadline = setTimeout(() => {
        this.gaveUp = true;
        this.close();
      }, this.patience);
    }
    this.sendCancel(this.current, FIRST_CANCEL_PAUSE);
  }

  /**
   * A cancel request has a connection of its own and can overtake the command that it is meant for, and then the server
   * ignores it. So it is sent again, after a pause, for as long as the operation goes on.
   */
  private sendCancel(operation: Operation | undefined, pause: number): void {
    this.cancelling++;
    const slot = this.core.occupy({
      ...IGNORE_ALL,
      cancelled: () => {
        this.core.vacate(slot);
        this.cancelling--;
        if (this.state === SessionState.Cancelling) {
          this.becomeIdle();
        } else if (this.state === SessionState.Busy && this.current === operation && !this.closing) {
          this.cancelAgain = setTimeout(() => {
            this.cancelAgain = undefined;
            this.sendCancel(operation, Math.min(pause * 2, LONGEST_CANCEL_PAUSE));
          }, pause);
          this.cancelAgain.unref();
        }
      },
    });
    this.native.cancel(slot);
  }

  /** Ends the connection; an operation that is going on fails as lost. */
  close(): void {
    if (this.state === SessionState.Closed) return;
    const resting = this.current?.resting === true ? this.current : undefined;
    const underWay = this.connecting !== undefined || (this.current !== undefined && resting === undefined);
    // From here on the core takes no cancel requests for it.
    this.closing = true;
    clearTimeout(this.cancelAgain);
    this.cancelAgain = undefined;
    this.returnOffer();
    this.native.close();
    // What is under way still ends by a call of `failed` or `connected`.
    if (underWay) return;
    this.current = undefined;
    this.end(undefined);
    resting?.failed(this, CLOSED_BY_PROGRAM, TransactionStatus.Unknown);
  }

  /** Called by the operation when it has ended and the session is of no more use. */
  discard(): void {
    this.current = undefined;
    this.close();
  }

  // ---- from the core

  result(
    rows: unknown[] | undefined,
    shape: ResultShape | undefined,
    command: string,
    count: number,
    endOfResult: boolean,
    endOfCommand: boolean,
    transactionStatus: TransactionStatus,
  ): void {
    if (command === 'DISCARD ALL' || command === 'DEALLOCATE ALL') this.statements.forgetAll();
    this.current?.result(this, rows, shape, command, count, endOfResult, endOfCommand, transactionStatus);
  }

  threw(thrown: unknown, transactionStatus: TransactionStatus, endOfCommand: boolean): void {
    this.current?.threw(this, thrown, transactionStatus, endOfCommand);
  }

  described(parameterTypes: Uint32Array, columnTypes: Uint32Array): void {
    this.current?.described(this, parameterTypes, columnTypes);
  }

  copying(binary: boolean): void {
    this.current?.copying?.(this, binary);
  }

  copyData(bytes: Buffer): void {
    this.current?.copyData?.(this, bytes);
  }

  goesOn(): void {
    this.wentOn = true;
  }

  connected(facts: ConnectionFacts): void {
    const outcome = this.connecting;
    this.connecting = undefined;
    if (this.state === SessionState.Closed) return;
    this.facts = facts;
    this.state = SessionState.Idle;
    outcome?.connected(facts);
  }

  failed(failure: NativeFailure, transactionStatus: TransactionStatus): void {
    const outcome = this.connecting;
    if (outcome !== undefined) {
      this.connecting = undefined;
      this.native.close();
      this.end(undefined);
      outcome.failed(failure);
      return;
    }
    const operation = this.current;
    if (this.wentOn) {
      // Closed by the program in between. What the connection has gone on with ends by a call of its own.
      this.current = this.next;
      this.next = undefined;
      this.wentOn = false;
      operation?.failed(this, failure, transactionStatus);
      return;
    }
    this.returnOffer();
    if (failure.lost) {
      const { owner } = this;
      this.native.close();
      this.current = undefined;
      this.end(commandError(failure, this.address));
      const elsewhere = operation !== undefined && operation.ofSession !== true && !failure.sent;
      if (elsewhere && owner?.rerun(operation) === true) return;
    } else {
      const sqlState = failure.fields?.['C'];
      if (sqlState !== undefined) this.events.serverError(this, sqlState);
    }
    operation?.failed(this, failure, transactionStatus);
  }

  cancelled(): void {
    // Cancel requests have slots of their own.
  }

  lost(failure: NativeFailure): void {
    if (this.state === SessionState.Closed) return;
    // Between two commands of it.
    const operation = this.current;
    const sent = operation !== undefined;
    this.native.close();
    this.current = undefined;
    this.end(commandError({ ...failure, sent }, this.address));
    operation?.failed(this, { ...failure, sent }, TransactionStatus.Unknown);
  }

  notice(notice: NativeFailure): void {
    if (notice.fields !== undefined) this.events.notice(notice.fields);
  }

  notification(channel: string, payload: string, backendPid: number): void {
    this.events.notification(this, channel, payload, backendPid);
  }

  // ----

  private becomeIdle(): void {
    this.stopCancelling();
    this.state = SessionState.Idle;
    // Not inside a transaction block, which a statement that the server no longer has would fail.
    if (this.transactionStatus === TransactionStatus.Idle) {
      const evicted = this.statements.takeEvicted();
      if (evicted.length > 0) {
        this.run(new Deallocation(evicted));
        return;
      }
    }
    this.owner?.sessionIdle(this);
  }

  private stopCancelling(): void {
    if (this.cancelDeadline === undefined && this.cancelAgain === undefined) return;
    clearTimeout(this.cancelDeadline);
    clearTimeout(this.cancelAgain);
    this.cancelDeadline = undefined;
    this.cancelAgain = undefined;
  }

  private end(error: KingbaseError | undefined): void {
    this.stopCancelling();
    this.state = SessionState.Closed;
    this.core.vacate(this.slot);
    this.core.removeListener(this.id);
    this.owner?.sessionClosed(this, error);
  }
}

const CLOSED_BY_PROGRAM: NativeFailure = {
  fields: undefined,
  message: 'the connection was closed by the program',
  lost: true,
  sent: true,
  stage: '',
};

const IGNORE_ALL: CommandHandler = {
  result: nothing,
  threw: nothing,
  failed: nothing,
  connected: nothing,
  described: nothing,
  copying: nothing,
  copyData: nothing,
  goesOn: nothing,
  cancelled: nothing,
};

/** Closes prepared statements on the server: no library before libpq 17 has a call for it. */
class Deallocation implements Operation {
  readonly ofSession = true;
  private done = 0;

  constructor(private readonly ids: readonly number[]) {}

  /** One by one: the first that the server no longer has would keep it from closing those after it. */
  begin(session: Session): void {
    session.native.script(session.slot, `DEALLOCATE kbn${this.ids[this.done++]}`);
  }

  private goOn(session: Session, transactionStatus: TransactionStatus): void {
    if (this.done < this.ids.length) this.begin(session);
    else session.finish(transactionStatus);
  }

  result(session: Session, ...rest: Parameters<CommandHandler['result']>): void {
    const [, , , , , endOfCommand, transactionStatus] = rest;
    if (endOfCommand) this.goOn(session, transactionStatus);
  }

  failed(session: Session, failure: NativeFailure, transactionStatus: TransactionStatus): void {
    // The server no longer had it, which is what was wanted.
    if (!failure.lost) this.goOn(session, transactionStatus);
  }

  refuse(): void {
    // Never queued.
  }

  described(): void {
    // Never asked for.
  }

  threw(session: Session, _thrown: unknown, transactionStatus: TransactionStatus): void {
    session.finish(transactionStatus);
  }
}
