/**
 * What the session and those around it know of each other: what is run on it, whom it belongs to, who hears of it. The session
 * itself is a parameter, because it imports this file; `session.ts` gives each its name.
 */
import type { TransactionStatus, DiagnosticFields, NativeFailure } from '../addon/interface.js';
import type { KingbaseError } from '../errors/index.js';
import type { SharedChanges } from './changes.js';
import type { NoticeInterest } from './notice-interest.js';
import type { StatementResult } from './result-shape.js';

/**
 * Something to be done on a session: one command or several in a row. The session tells it what each command brings and
 * how it ends: by `ended`, `described` or `failed`, of which there is one for each command. Only then the operation
 * begins its next command, or ends by `session.finish`.
 */
export interface OperationOn<Session> {
  /** Begins on an idle session, which is the operation's until it calls `session.finish`. */
  begin(session: Session): void;
  /** Gives the core its command ahead of time instead of `begin`, where it has only one; see `Session.offer`. */
  offer?(session: Session): boolean;
  /** The session has begun with what it was offered. */
  offerBegun?(session: Session): void;
  /**
   * Gives the core its command instead of `begin`, to be sent together with those of other operations; false, and
   * nothing has happened, where it may take more than that one. See `Session.join`.
   */
  join?(session: Session): boolean;
  /** Whether the command under way, if it succeeds, ends the operation. */
  readonly atLast?: boolean;
  /**
   * Forgets the command that has failed on the session, so that it can begin anew on another; false where it has given
   * something of its result away, or is not to go on. An operation without this is never run again after it was sent.
   */
  restart?(session: Session): boolean;
  /** What whoever had it run keeps with it; it is nothing to a session. */
  ticket?: unknown;
  /** ms that it has waited for sessions up to now, in all lines: they keep it here, so that its time to wait begins once. */
  waited?: number;
  /** Bound to this session, such as a heartbeat or a ROLLBACK: it is never run again on another. */
  readonly ofSession?: boolean;
  /** A short command of the driver's own that has a limit of its own: closing lets it end. */
  readonly isBrief?: boolean;
  /** What its commands change is only what the session's user has changed before. */
  readonly restores?: boolean;
  /** Whether the operation goes on though no command of it is under way: between the pieces of a COPY. */
  readonly resting?: boolean;
  /**
   * Its caller gives it up: it begins no further command. Where its last one has not failed by itself, it fails with
   * {@link GIVEN_UP}.
   */
  giveUp?(): void;
  /** There where it has ended on the session, but its result is still being completed: resolves when the caller has it. */
  readonly completing?: Promise<void> | undefined;
  /** Has the server stop the operation, where that takes more than `session.cancel`. */
  interrupt?(session: Session): void;
  /** No session could be had, or the operation was withdrawn before it began. */
  refuse(error: unknown): void;

  /**
   * A statement of the command has given a result; of a stream, a batch of rows, which is the last where `complete`. The
   * command goes on.
   */
  result(session: Session, result: StatementResult, complete: boolean): void;
  /** A statement's result could not be built. The command goes on, unless it is `over`: then its end follows at once. */
  threw(session: Session, thrown: unknown, over: boolean): void;
  /** The command has ended well; all its results have been told. */
  ended(session: Session, transactionStatus: TransactionStatus): void;
  /** The command that asked for a description has ended with it. */
  described?(session: Session, parameterTypes: Uint32Array, columnTypes: Uint32Array): void;
  /** The command has failed, or the connection was lost: then the session is closed. */
  failed(session: Session, failure: NativeFailure, transactionStatus: TransactionStatus): void;

  /** The server has begun a COPY. */
  copying?(session: Session, binary: boolean): void;
  /** Bytes of a COPY … TO STDOUT. */
  copyData?(session: Session, bytes: Buffer): void;
  /** The bytes that were given to a COPY … FROM STDIN have been sent; it takes more. */
  drained?(session: Session): void;
}

/** What an operation fails with that was given up between two of its commands. Never shown to a program. */
export const GIVEN_UP: unknown = Symbol('given up');

/** What a NOTIFY brings to a session that listens. */
export interface SessionNotification {
  readonly channel: string;
  readonly payload: string;
  /** The server process that sent it. */
  readonly processId: number;
}

/** Who a session belongs to: the pool, or whoever has checked it out. */
export interface OwnerOf<Session> {
  /** The session's operation has ended and it can take another. */
  sessionIdle(session: Session): void;
  /** The session's operation has ended, and it runs the one that was offered to it. */
  sessionGoesOn?(session: Session): void;
  /** What was run straight under this owner has left a transaction open. */
  leftOpen?(): void;
  /** What was offered to the session is not run there and has not begun. */
  offerReturned?(session: Session, operation: OperationOn<Session>): void;
  /** The session is gone and takes no more operations; called once. */
  sessionClosed(session: Session, error: KingbaseError | undefined): void;
  /**
   * The operation's connection was lost before anything of it was sent. True when the owner runs it on another, false
   * when it is to fail.
   */
  rerun(operation: OperationOn<Session>): boolean;
  /**
   * Runs an operation again that has failed, as one that has just come: what was sent behind it has no order with it. False
   * where it is to fail; an owner whose calls have an order has no such function.
   */
  runLater?(operation: OperationOn<Session>): boolean;
  /** Whether what failed so can be run again by `runElsewhere`, though it was sent. */
  mayRunElsewhere?(failure: NativeFailure): boolean;
  /** Runs an operation again that has failed on the session; that is free, or closed. */
  runElsewhere?(session: Session, operation: OperationOn<Session>, failure: NativeFailure): void;
  /**
   * What a checkout that was begun under this owner is refused with, since the owner has nothing to lend any more; undefined
   * where it may take the session. An owner without this lends as long as it owns.
   */
  checkoutRefusal?(session: Session): (() => unknown) | undefined;
  notification?(notification: SessionNotification): void;
}

/** What a session says unasked. `fields` are by protocol letter. */
export interface EventsOf<Session> {
  /** The server refused a command. */
  serverError(session: Session, sqlState: string): void;
  notice(session: Session, fields: DiagnosticFields): void;
  /**
   * An operation has ended on the session, well or not or with its connection, so that what it did may stand; and nobody has
   * been told of it yet who is not in this turn. Not told of one of which nothing was sent.
   *
   * @param wrote the server has said of one of its commands that it is no read, or has not said what became of it
   */
  finished?(session: Session, operation: OperationOn<Session>, wrote: boolean): void;
  /** What the sessions of one database have changed for each other; without it a session knows of its own changes. */
  readonly changes?: SharedChanges;
  /** Whether notices are wanted at all; without it they are. */
  readonly noticeInterest?: NoticeInterest;
  notification(session: Session, channel: string, payload: string, processId: number): void;
}
