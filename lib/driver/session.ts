// Longer than other files: one state machine, all of whose transitions look at the same few fields. What it does beside them,
// such as cancelling, stands elsewhere.
import { isError } from '../base/is-error.js';
import { nothing } from '../base/nothing.js';
import type { ClientLibraryCapabilities } from '../addon/client-library.js';
import type { LoadedLibrary } from '../client-library/index.js';
import type { KingbaseError } from '../errors/index.js';
import type { CommandHandler, ConnectionListener, Core } from './core.js';
import { commandError } from './failure.js';
import {
  NOT_IDLE,
  TransactionStatus,
  type ConnectionFacts,
  type DiagnosticFields,
  type NativeConnection,
  type NativeFailure,
} from '../addon/interface.js';
import type { StatementResult } from './result-shape.js';
import { Cancelling, type CancellingHost } from './cancelling.js';
import type { EventsOf, OperationOn, OwnerOf } from './around-session.js';
import { mayChange, onlyReads, type SettingsTouched } from './changes.js';
import { StatementCache, type CachedStatement } from './statement-cache.js';

export enum SessionState {
  Connecting,
  Idle,
  Busy,
  /** The operation has ended, but a cancel request for it is still on its way: the next must not be hit by it. */
  Cancelling,
  Closed,
}

export type Operation = OperationOn<Session>;
export type SessionOwner = OwnerOf<Session>;
export type SessionEvents = EventsOf<Session>;

/** What the driver itself has to do on an idle session before its owner has it again; undefined where there is nothing. */
export type Chores = (session: Session) => Operation | undefined;

/** How an attempt to connect ended. */
export interface ConnectOutcome {
  connected(facts: ConnectionFacts): void;
  failed(failure: NativeFailure): void;
}

/**
 * One connection to the server, as a state machine: connecting, then one operation at a time, then closed. Every
 * operation that begins is ended, whatever ends it; `finish` and `failed` are the only places.
 */
export class Session implements CommandHandler, ConnectionListener, CancellingHost {
  state = SessionState.Connecting;
  transactionStatus = TransactionStatus.Idle;
  facts: ConnectionFacts | undefined;
  /** Large results may come in binary form. */
  binaryResults = false;
  /** Flags of `AlteredSetting`: what is to be set back before the session's owner has it again. */
  alteredSettings = 0;
  /** Floats are to be written with every digit that they hold. */
  exactFloats = true;
  /** Whether that is to be set again: the server does not report it. */
  digitsAltered = false;
  owner: SessionOwner | undefined;
  /**
   * The server's session may be another one for each transaction, or for each statement: nothing is left in it that a later
   * command would need.
   */
  pooler: 'transaction' | 'statement' | undefined;
  /** Operations that wait for the session may join each other. */
  pipelines = false;
  /** Where a cancel request would go in clear text although the connection is encrypted, the session is closed instead. */
  encryptedCancelOnly = false;
  readonly statements: StatementCache;
  readonly native: NativeConnection;
  readonly capabilities: ClientLibraryCapabilities;
  readonly slot: number;

  private readonly id: number;
  private current: Operation | undefined;
  /** Goes on, by `then`, when `current` has ended. */
  private parked: { operation: Operation | undefined; then: () => void } | undefined;
  /** Runs after `current`; the core has its command already. */
  private next: Operation | undefined;
  /** The core is at work on the command of `next`. */
  private wentOn = false;
  /** Have their commands sent together; the first of those that have not ended is `current`. */
  private group: Operation[] | undefined;
  /** Results that the command under way has given. */
  private results = 0;
  /** What is wrong with the answer of the command under way. */
  private violation: string | undefined;
  /** A command of the operation was no read; only where somebody asks. */
  private wrote = false;
  private connecting: ConnectOutcome | undefined;
  /** What the command under way is to prepare. */
  private preparing: CachedStatement | undefined;
  private closing = false;
  /** Why it was closed, where that is news to whoever waits for an answer. */
  private closedBecause: string | undefined;
  /** Why the driver has closed it, though whoever had it may have wanted it still. */
  droppedBecause: string | undefined;
  private readonly cancelling: Cancelling;
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
    private readonly chores: Chores,
  ) {
    this.statements = new StatementCache(statementCacheSize, events.changes);
    this.id = core.addListener(this);
    this.slot = core.occupy(this);
    this.capabilities = library.library.capabilities;
    this.native = core.connection(this.id, library.library, this.statements.prefix);
    this.cancelling = new Cancelling(this, IGNORE_ALL);
    events.noticeInterest?.add(this.native);
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
    return this.running === operation;
  }

  /** What goes on, whatever has been interposed in it. */
  private get running(): Operation | undefined {
    return this.parked?.operation ?? this.current;
  }

  /** What is stopped together: all that have joined, since a request hits whichever the server is at. */
  private get stoppable(): object | undefined {
    return this.group ?? this.running;
  }

  /**
   * Begins an operation. Only when idle, or closed: since its owner looked at it the connection can have been lost, and of the
   * operation nothing is sent then.
   */
  run(operation: Operation): void {
    if (this.state === SessionState.Closed) {
      const elsewhere = operation.ofSession !== true && this.owner?.rerun(operation) === true;
      if (!elsewhere) this.tell(operation, GONE_BEFORE);
      return;
    }
    this.state = SessionState.Busy;
    this.current = operation;
    try {
      operation.begin(this);
    } catch (error) {
      this.break(error);
    }
  }

  /**
   * The running operation goes on by what its caller does, not in answer to what the session tells it. Where that throws, the
   * operation fails with the session.
   */
  goOnBy(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.break(error);
    }
  }

  /**
   * Gives the busy session an operation to run after the present one, whose command the core begins by itself: the
   * server need not wait for this thread. False where the session, or either operation, may have other needs in between.
   */
  offer(operation: Operation): boolean {
    const plain =
      this.state === SessionState.Busy &&
      this.next === undefined &&
      this.group === undefined &&
      !this.cancelling.underWay &&
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

  /**
   * Takes an operation that is to be sent together with others, on the idle session; false where it is to be run by
   * itself. `runJoined` must follow. Nothing that comes later joins them once they are sent, and no cancel request is
   * ever sent for one of them: they are what has no limit of its own.
   */
  join(operation: Operation): boolean {
    if (!this.pipelines || operation.join?.(this) !== true) return false;
    (this.group ??= []).push(operation);
    return true;
  }

  /** Runs what has joined. */
  runJoined(): void {
    this.state = SessionState.Busy;
    this.current = this.group?.shift();
    try {
      this.native.runJoined();
    } catch (error) {
      this.break(error);
    }
  }

  /** Whether other commands have been sent behind the one that has just ended, and are not to be waited for. */
  get hasGoneOn(): boolean {
    return this.wentOn;
  }

  /** Ends the operation, which has failed, by having it run again; false, and nothing has happened, where it is to fail. */
  runLater(operation: Operation, transactionStatus: TransactionStatus): boolean {
    const { owner } = this;
    if (owner?.runLater?.(operation) !== true) return false;
    this.finish(transactionStatus);
    return true;
  }

  /** Has the owner run elsewhere what was offered. */
  private returnOffer(): void {
    const operation = this.takeBack();
    if (operation !== undefined) this.owner?.offerReturned?.(this, operation);
  }

  /** Begins a command: the server is to prepare the statement under its number. */
  prepare(statement: CachedStatement): void {
    this.preparing = statement;
    this.native.prepare(this.slot, statement.id, statement.sql);
  }

  /** Runs an operation in the midst of the present one, which goes on by `then` when it has ended. */
  interpose(operation: Operation, then: () => void): void {
    this.parked = { operation: this.current, then };
    this.run(operation);
  }

  /**
   * Called by the operation instead of `finish`: another is to run before the session's owner has it again. False, and
   * nothing has happened, where the session has gone on already, or a cancel request could hit the wrong operation.
   */
  finishBy(operation: Operation, transactionStatus: TransactionStatus): boolean {
    if (this.wentOn || this.cancelling.underWay || this.closing) return false;
    this.returnOffer();
    this.transactionStatus = transactionStatus;
    this.run(operation);
    return true;
  }

  private tellFinished(): void {
    if (this.events.finished === undefined || this.current === undefined) return;
    this.events.finished(this, this.current, this.wrote);
    this.wrote = false;
  }

  /** Called by the operation instead of `finish`: nobody is to have the session after it. */
  finishForGood(transactionStatus: TransactionStatus): void {
    this.transactionStatus = transactionStatus;
    this.tellFinished();
    this.discard();
  }

  /** Called by the operation when it has ended and the session is to go on. */
  finish(transactionStatus: TransactionStatus): void {
    this.transactionStatus = transactionStatus;
    this.tellFinished();
    const { parked } = this;
    if (parked !== undefined) {
      this.parked = undefined;
      this.current = parked.operation;
      parked.then();
      return;
    }
    this.current = undefined;
    const plain =
      !this.cancelling.onItsWay && transactionStatus === TransactionStatus.Idle && this.alteredSettings === 0;
    if (!this.wentOn && !plain) this.returnOffer();
    if (this.next !== undefined) {
      this.turnToNext();
      return;
    }
    this.group = undefined;
    if (this.closing) {
      // Closed when the core had ended the command already: it tells of no loss.
      this.end(undefined, false);
      return;
    }
    if (this.cancelling.onItsWay) {
      // The cancel request itself may get no answer: the time limit stays.
      this.state = SessionState.Cancelling;
      return;
    }
    this.becomeIdle();
  }

  private turnToNext(): void {
    const begun = this.wentOn;
    this.takeNext();
    if (!begun) {
      try {
        this.native.runNext();
      } catch (error) {
        this.break(error);
        return;
      }
    }
    this.owner?.sessionGoesOn?.(this);
  }

  private takeNext(): void {
    this.current = this.next;
    this.next = undefined;
    this.wentOn = false;
    this.current?.offerBegun?.(this);
  }

  /** Stops the operation that is going on, by its own way or by a cancel request; its outcome comes the usual way. */
  interrupt(): void {
    const operation = this.running;
    if (operation?.interrupt === undefined) this.cancel();
    else operation.interrupt(this);
  }

  /** Asks the server to stop what the program has going on. */
  hurry(): void {
    if (this.running?.isBrief !== true) this.cancel();
  }

  /** Asks the server to stop the operation that is going on; its outcome comes the usual way. */
  cancel(): void {
    if (this.state !== SessionState.Busy || this.cancelling.underWay || this.closing) return;
    this.returnOffer();
    // What is to be stopped has ended and its end is on the way; the core is at work on what was offered.
    if (this.next !== undefined) return;
    if (this.encryptedCancelOnly && this.facts?.tls === true && !this.capabilities.encryptedCancel) {
      this.gaveUp = true;
      this.drop('a cancel request would have gone in clear text (tls.cancel)');
      return;
    }
    this.cancelling.begin(this.stoppable);
  }

  cancelRequestEnded(operation: object | undefined): boolean {
    if (this.state === SessionState.Cancelling) {
      this.becomeIdle();
      return false;
    }
    return this.state === SessionState.Busy && this.stoppable === operation && !this.closing;
  }

  cancelledInVain(): void {
    this.gaveUp = true;
    this.drop(`what was cancelled had not ended within ${this.patience} ms (pool.heartbeatTimeout)`);
  }

  /**
   * Ends the connection; an operation that is going on fails as lost.
   *
   * @param because a clause that tells why, where it is not the program that closes it
   */
  close(because?: string): void {
    if (this.state === SessionState.Closed) return;
    this.closedBecause ??= because;
    const resting = this.current?.resting === true ? this.current : undefined;
    const underWay = this.connecting !== undefined || (this.current !== undefined && resting === undefined);
    // From here on the core takes no cancel requests for it.
    this.closing = true;
    this.cancelling.stopRepeating();
    this.returnOffer();
    this.native.close();
    // What is under way still ends by a call of `failed` or `connected`.
    if (underWay) return;
    this.current = undefined;
    this.end(undefined);
    if (resting !== undefined) this.tell(resting, CLOSED_BY_PROGRAM);
  }

  /**
   * Ends the connection though whoever has it may want it still: they have lost it.
   *
   * @param because a clause
   */
  drop(because: string): void {
    if (this.state === SessionState.Closed) return;
    this.droppedBecause ??= because;
    this.close(because);
  }

  /**
   * Called by the operation when it has ended and the session is of no more use.
   *
   * @param because as for `drop`, where the driver has ended it by itself
   */
  discard(because?: string): void {
    this.current = undefined;
    if (because === undefined) this.close();
    else this.drop(because);
  }

  // ---- from the core

  result(result: StatementResult, complete: boolean): void {
    const { command, rows } = result;
    if (mayChange(command)) this.noteChange(command);
    else if (command === 'ROLLBACK') this.statements.noteRollback();
    if (this.events.finished !== undefined && !onlyReads(command)) this.wrote = true;
    if (complete) {
      this.results++;
      if (rows !== undefined && command === '')
        this.violation = 'rows came without the end of their statement';
    }
    try {
      this.current?.result(this, result, complete);
    } catch (error) {
      this.break(error);
    }
  }

  /** A text has been carried out that has touched settings. */
  noteSettings({ byCall, digits }: SettingsTouched, transactionStatus: TransactionStatus): void {
    if (byCall) this.statements.noteCall(transactionStatus);
    if (digits && this.exactFloats) this.digitsAltered = true;
  }

  private noteChange(command: string): void {
    const { statements, current } = this;
    if (command === 'DISCARD ALL' || command === 'DEALLOCATE ALL') statements.forgetAll();
    statements.noteChange(command, current?.restores === true);
  }

  threw(thrown: unknown, over: boolean): void {
    this.results++;
    try {
      this.current?.threw(this, thrown, over);
    } catch (error) {
      this.break(error);
    }
  }

  ended(transactionStatus: TransactionStatus, altered = 0): void {
    this.alteredSettings = altered;
    const { results, violation } = this;
    this.preparing = undefined;
    this.results = 0;
    this.violation = undefined;
    if (transactionStatus === TransactionStatus.Idle) this.statements.settle();
    if (violation !== undefined || results === 0) {
      this.violated(violation ?? 'it ended without a result');
      return;
    }
    try {
      this.current?.ended(this, transactionStatus);
    } catch (error) {
      this.break(error);
    }
  }

  drained(): void {
    try {
      this.current?.drained?.(this);
    } catch (error) {
      this.break(error);
    }
  }

  described(parameterTypes: Uint32Array, columnTypes: Uint32Array): void {
    try {
      this.current?.described?.(this, parameterTypes, columnTypes);
    } catch (error) {
      this.break(error);
    }
  }

  copying(binary: boolean): void {
    try {
      this.current?.copying?.(this, binary);
    } catch (error) {
      this.break(error);
    }
  }

  copyData(bytes: Buffer): void {
    try {
      this.current?.copyData?.(this, bytes);
    } catch (error) {
      this.break(error);
    }
  }

  /** The command's answer cannot be right: nobody knows what the server has done, nor what it will answer next. */
  private violated(what: string): void {
    this.abandon({
      fields: undefined,
      message: `the answer cannot be right: ${what}`,
      lost: true,
      sent: true,
      stage: '',
      reason: 'protocol',
    });
  }

  /** An operation, or the core under it, has thrown where nobody waits for it: what the session is in nobody knows. */
  private break(error: unknown): void {
    const message = isError(error) ? error.message : String(error);
    const reason = codeOf(error) === 'KB_OUT_OF_MEMORY' ? 'memory' : 'protocol';
    this.abandon({ fields: undefined, message, lost: true, sent: true, stage: '', reason });
  }

  /** Ends the session, and all that runs on it, with the failure. */
  private abandon(failure: NativeFailure): void {
    if (this.state === SessionState.Closed) return;
    const { parked, current, next, group } = this;
    const running = [current, parked?.operation].filter((operation) => operation !== undefined);
    this.parked = undefined;
    this.current = undefined;
    this.next = undefined;
    this.group = undefined;
    this.closing = true;
    const offered = next !== undefined && !this.wentOn && this.native.takeNextBack();
    // What the core still tells of its commands concerns nobody.
    this.core.handle(this.slot, IGNORE_ALL);
    this.native.close();
    this.end(commandError(failure, this.address), false);
    for (const operation of running) this.tell(operation, failure);
    for (const operation of group ?? []) this.tell(operation, failure);
    if (next === undefined) return;
    if (offered) this.owner?.offerReturned?.(this, next);
    else this.tell(next, failure);
  }

  goesOn(): void {
    this.wentOn = true;
    this.next ??= this.group?.shift();
  }

  connected(facts: ConnectionFacts): void {
    const outcome = this.connecting;
    this.connecting = undefined;
    if (this.state === SessionState.Closed) return;
    this.facts = facts;
    this.state = SessionState.Idle;
    outcome?.connected(facts);
  }

  failed(told: NativeFailure, transactionStatus: TransactionStatus, altered = 0): void {
    const because = told.lost && told.fields === undefined ? this.closedBecause : undefined;
    const failure = because === undefined ? told : { ...told, message: because };
    // The library had no memory for the answer, for one: what the server has done it does not say.
    if (failure.fields === undefined && this.preparing !== undefined)
      this.statements.renumber(this.preparing);
    this.preparing = undefined;
    this.alteredSettings = altered;
    this.results = 0;
    this.violation = undefined;
    if (transactionStatus === TransactionStatus.Idle) this.statements.settle();
    const outcome = this.connecting;
    if (outcome !== undefined) {
      this.connecting = undefined;
      this.native.close();
      this.end(undefined);
      outcome.failed(failure);
      return;
    }
    if (this.parked !== undefined && failure.lost) {
      this.endInterposed(failure);
      this.failed({ ...failure, sent: false }, transactionStatus);
      return;
    }
    const operation = this.current;
    if (this.wentOn && failure.lost) {
      // Closed by the program in between, or lost. What the connection has gone on with ends by a call of its own.
      const { owner } = this;
      this.takeNext();
      if (operation !== undefined && !this.runAgain(operation, owner, failure, transactionStatus))
        this.tell(operation, failure, transactionStatus);
      return;
    }
    this.returnOffer();
    if (failure.lost) {
      const { owner } = this;
      this.native.close();
      this.current = undefined;
      this.end(commandError(failure, this.address));
      if (operation !== undefined && this.runAgain(operation, owner, failure, transactionStatus)) return;
    } else {
      const sqlState = failure.fields?.['C'];
      if (sqlState !== undefined) this.events.serverError(this, sqlState);
      if (operation !== undefined && this.runElsewhere(operation, this.owner, failure, transactionStatus)) {
        return;
      }
    }
    try {
      if (operation !== undefined) this.tell(operation, failure, transactionStatus);
    } catch (error) {
      this.break(error);
    }
  }

  /** Has the owner run an operation again that was lost with the connection; false where it is to fail. */
  private runAgain(
    operation: Operation,
    owner: SessionOwner | undefined,
    failure: NativeFailure,
    transactionStatus: TransactionStatus,
  ): boolean {
    const unsent = !failure.sent && operation.ofSession !== true;
    if (unsent && owner?.rerun(operation) === true) return true;
    return this.runElsewhere(operation, owner, failure, transactionStatus);
  }

  /** Hands an operation that has failed over to the owner, who runs it again; false where it is to fail. */
  private runElsewhere(
    operation: Operation,
    owner: SessionOwner | undefined,
    failure: NativeFailure,
    transactionStatus: TransactionStatus,
  ): boolean {
    if (owner?.mayRunElsewhere?.(failure) !== true || operation.ofSession === true) return false;
    if (this.parked !== undefined || operation.restart?.(this) !== true) return false;
    if (!failure.lost) this.finish(transactionStatus);
    owner.runElsewhere?.(this, operation, failure);
    return true;
  }

  /** The connection is lost: what was interposed fails first. Of the operation itself no command was under way. */
  private endInterposed(failure: NativeFailure): void {
    const { parked, current } = this;
    if (parked === undefined) return;
    this.parked = undefined;
    this.current = parked.operation;
    current?.failed(this, failure, TransactionStatus.Unknown);
  }

  cancelled(): void {
    // Cancel requests have slots of their own.
  }

  lost(failure: NativeFailure): void {
    if (this.state === SessionState.Closed) return;
    this.endInterposed(failure);
    // Between two commands of it.
    const operation = this.current;
    const sent = operation !== undefined;
    this.native.close();
    this.current = undefined;
    this.end(commandError({ ...failure, sent }, this.address));
    if (operation !== undefined) this.tell(operation, { ...failure, sent });
  }

  /** Tells an operation that it has failed. One that is lost ends here: it does not come back by `finish`. */
  private tell(
    operation: Operation,
    failure: NativeFailure,
    transactionStatus = TransactionStatus.Unknown,
  ): void {
    if (failure.lost && failure.sent) this.events.finished?.(this, operation, true);
    operation.failed(this, failure, transactionStatus);
  }

  notice(fields: DiagnosticFields): void {
    this.events.notice(this, fields);
  }

  notification(channel: string, payload: string, backendPid: number): void {
    this.events.notification(this, channel, payload, backendPid);
  }

  // ----

  private becomeIdle(): void {
    this.cancelling.stop();
    this.state = SessionState.Idle;
    // Nothing can be run in a transaction that has failed.
    if (this.transactionStatus !== TransactionStatus.InError) {
      const chore = this.chores(this);
      if (chore !== undefined) {
        this.run(chore);
        return;
      }
    }
    if (this.transactionStatus !== TransactionStatus.Idle) this.owner?.leftOpen?.();
    this.owner?.sessionIdle(this);
  }

  /** @param quiet the core tells nothing more of the slot, so that it can be another's */
  private end(error: KingbaseError | undefined, quiet = true): void {
    this.cancelling.stop();
    this.state = SessionState.Closed;
    if (quiet) this.core.vacate(this.slot);
    this.core.removeListener(this.id);
    this.events.noticeInterest?.delete(this.native);
    this.owner?.sessionClosed(this, error);
  }
}

/** The code of what was thrown, by the core among others; undefined where it has none. */
function codeOf(error: unknown): unknown {
  return isError(error) ? (error as { code?: unknown }).code : undefined;
}

/** Whether the core has thrown it because it is not idle, as whoever gave it a command took it to be. */
export function saysNotIdle(error: unknown): boolean {
  return codeOf(error) === NOT_IDLE;
}

const CLOSED_BY_PROGRAM: NativeFailure = {
  fields: undefined,
  message: 'the connection was closed by the program',
  lost: true,
  sent: true,
  stage: '',
};

const GONE_BEFORE: NativeFailure = {
  fields: undefined,
  message: 'it had gone before the command was sent',
  lost: true,
  sent: false,
  stage: '',
};

const IGNORE_ALL: CommandHandler = {
  result: nothing,
  threw: nothing,
  ended: nothing,
  drained: nothing,
  failed: nothing,
  connected: nothing,
  described: nothing,
  copying: nothing,
  copyData: nothing,
  goesOn: nothing,
  cancelled: nothing,
};
