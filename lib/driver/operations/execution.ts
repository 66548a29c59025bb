// Longer than other files: the way of one statement from its text to its rows, in the order in which its commands follow
// each other; what it asks others stands beside it.
import { tellSafely } from '../../base/tell-safely.js';
import { DatabaseError, rejectedForCaller } from '../../errors/index.js';
import { needsParameterTypes } from '../../types/parameter-writer.js';
import type { TypeCatalogue } from '../../types/type-catalogue.js';
import type { TypeMap } from '../../types/type-map.js';
import type { TypeOptions } from '../../types/type-options.js';
import { deferred } from '../../base/deferred.js';
import { nothing } from '../../base/nothing.js';
import { callsUnknown, settingsTouched } from '../changes.js';
import { commandError } from '../failure.js';
import {
  BINARY_ALLOWED,
  TransactionStatus,
  type NativeFailure,
  type RowMode,
} from '../../addon/interface.js';
import type { Column } from '../../types/column.js';
import type { StatementResult } from '../result-shape.js';
import { GIVEN_UP } from '../around-session.js';
import { saysNotIdle, type Operation, type Session } from '../session.js';
import type { CachedStatement } from '../statement-cache.js';
import { cannotBeDescribed, Description } from './description.js';
import { canBeDescribed, ParameterQuestion } from './parameter-question.js';
import { dropsStale } from './stale-statement.js';
import { TypeQuestion } from './type-question.js';
import { convertUnknown, hasUnknown, unknownOf } from './unknown-types.js';

/**
 * Makes of what a statement gave what its caller is to have. `rows` is undefined where the statement returns none;
 * `count` is the number in the command tag, -1 where it has none. `further` are the results after the first, where one
 * execution gives several.
 */
export type ResultView<R> = (
  rows: unknown[] | undefined,
  fields: readonly Column[],
  command: string,
  count: number,
  further?: readonly StatementResult[],
) => R;

/** What a statement is run with. */
export interface ExecutionRequest {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  readonly rowMode: RowMode;
  readonly types: TypeMap;
  /** Where types are looked up that `types` does not know; without it they stay text. */
  readonly lookUp?: TypeLookUp | undefined;
  /** What `types` was made from. */
  readonly typeOptions?: TypeOptions | undefined;
  /** Where an explicitly prepared statement keeps its server-side form for a session; undefined from it: nowhere. */
  readonly statementOn?: ((session: Session) => CachedStatement | undefined) | undefined;
  /** Told which server process the statement is run by, each time a session begins with it. */
  readonly onSession?: ((processId: number, address: string) => void) | undefined;
  /** A session on which it has failed is closed. */
  readonly discardOnError?: boolean | undefined;
}

/** Learns of types from the server's catalogue. */
export interface TypeLookUp {
  readonly catalogue: TypeCatalogue;
  /** The type map under a call's options, with all that the catalogue says by now. */
  readonly typeMapOf: (options: TypeOptions | undefined) => TypeMap;
}

export enum ExecutionStep {
  Prepare,
  Describe,
  Execute,
}

const NO_FIELDS: readonly Column[] = Object.freeze([]);

/**
 * Runs one statement with parameters.
 *
 * The first time a text is seen on a session it is sent as it is, in one round trip; the second time it is prepared,
 * and from then on only executed. A statement whose parameters' encoding depends on the server's types is prepared and
 * described at once.
 */
export class Execution<R> implements Operation {
  ticket: unknown;
  waited = 0;
  protected statement: CachedStatement | undefined;
  protected step = ExecutionStep.Execute;
  protected needsTypes = false;
  protected again = false;
  /** The statement was prepared before: what it was prepared for may have changed. */
  private reused = false;
  /** Not to be sent together with others any more: it can be run again only where nothing is behind it. */
  private alone = false;
  /** Nothing of the statement stays on the server, where the next command may find another session. */
  protected apart = false;
  /** Nothing is cached: the statement is prepared for this one execution, to learn its types. */
  private temporary = false;
  /** `request.types`, or one that knows more. */
  protected types: TypeMap;
  private givenUp = false;
  /** Resolves what waits only for types to be known. */
  private completion: { promise: Promise<void>; complete: () => void } | undefined;
  private answer: StatementResult | undefined;
  private further: StatementResult[] | undefined;
  protected thrown: { error: unknown } | undefined;

  /** @param fails undefined: `resolve` is that of the caller's promise, and takes a promise that is rejected as well */
  constructor(
    protected readonly request: ExecutionRequest,
    protected readonly view: ResultView<R>,
    protected readonly resolve: (result: R) => void,
    private readonly fails: ((error: unknown) => void) | undefined,
  ) {
    this.types = request.types;
  }

  protected reject(error: unknown): void {
    if (this.fails !== undefined) this.fails(error);
    else (this.resolve as (result: Promise<R>) => void)(rejectedForCaller(error, this.request.sql));
  }

  begin(session: Session): void {
    const { request } = this;
    try {
      this.tellSession(session);
    } catch (error) {
      this.reject(error);
      session.finish(session.transactionStatus);
      return;
    }
    // What another session, lost before it was sent the statement, no longer knew says nothing of this one.
    this.again = false;
    this.needsTypes = this.needsDescription();
    this.apart = this.leavesNothing(session);
    if (this.apart) {
      this.reused = false;
      this.statement = this.needsTypes ? session.statements.passing(request.sql) : undefined;
      this.next(session);
      return;
    }
    this.statement =
      request.statementOn === undefined ? session.statements.use(request.sql) : request.statementOn(session);
    this.reused = this.statement?.prepared === true;
    if (this.statement === undefined && this.needsTypes) {
      this.statement = session.statements.create(request.sql);
      this.temporary = true;
    }
    this.next(session);
  }

  /**
   * Gives the session's core the command ahead of time, while another operation's is under way; `begin` is not called
   * then. False where more than one command would be needed, or may be.
   */
  offer(session: Session): boolean {
    const { sql, parameters, types, rowMode, statementOn } = this.request;
    if (statementOn !== undefined || this.needsDescription()) return false;
    const statement = session.statements.usePrepared(sql);
    if (statement === undefined) return false;
    const { core, native, slot } = session;
    try {
      const writer = core.writeParameters(parameters, statement.parameterTypes, types);
      if (writer.lent.length > 0) return false; // what is lent belongs to the command under way
      const typeMap = core.typeMapId(types);
      const mode = modeOf(session, statement, rowMode, typeMap);
      native.offerPrepared(slot, statement.id, writer.count, writer.length, mode, typeMap);
      writer.trim();
    } catch {
      return false; // what cannot be written rejects when its turn comes
    }
    this.beginsPrepared(statement);
    return true;
  }

  /**
   * The same for what is sent together with others: nothing can be done between their commands. So the statement gives
   * rows of known types or a count, and can begin or end no transaction and alter no setting.
   */
  join(session: Session): boolean {
    const { sql, parameters, types, rowMode, statementOn, onSession, discardOnError } = this.request;
    if (this.alone || onSession !== undefined || discardOnError === true) return false;
    if (this.needsDescription()) return false;
    const statement = statementOn === undefined ? session.statements.usePrepared(sql) : statementOn(session);
    const alone = statement?.prepared === true && statement.settledFor === types;
    if (!alone || !statement.fixesColumns || statement.callsUnknown) return false;
    const { core, native, slot } = session;
    try {
      const writer = core.writeParameters(parameters, statement.parameterTypes, types);
      if (writer.lent.length > 0) return false;
      const typeMap = core.typeMapId(types);
      const mode = modeOf(session, statement, rowMode, typeMap);
      const joins = native.joinPrepared(slot, statement.id, writer.count, writer.length, mode, typeMap);
      writer.trim();
      if (!joins) return false;
    } catch {
      return false; // what cannot be written rejects when its turn comes
    }
    this.beginsPrepared(statement);
    return true;
  }

  /** The session begins with it. */
  private tellSession(session: Session): void {
    this.request.onSession?.(session.facts?.backendPid ?? 0, session.address);
  }

  /** What is thrown at this changes nothing: the server has the command, and its outcome stands. */
  offerBegun(session: Session): void {
    tellSafely(() => {
      this.tellSession(session);
    });
  }

  private beginsPrepared(statement: CachedStatement): void {
    this.again = false;
    this.statement = statement;
    this.reused = true;
    this.step = ExecutionStep.Execute;
  }

  /** Whether the command under way is the last, if it succeeds. */
  get atLast(): boolean {
    const { statement } = this;
    return (
      this.step === ExecutionStep.Execute &&
      statement?.prepared === true &&
      statement.settledFor === this.request.types
    );
  }

  /** Whether the next command of it may find another session of the server, so that nothing of it is left there. */
  protected leavesNothing({ pooler, statements }: Session): boolean {
    // What the program prepares itself stays, where it has not said that it goes through a pooler.
    return pooler !== undefined || (statements.keepsNone && this.request.statementOn === undefined);
  }

  /** Whether the statement must have been described before it is executed. */
  protected needsDescription(): boolean {
    const { parameters, types } = this.request;
    return parameters.length > 0 && needsParameterTypes(parameters, types);
  }

  private notePrepared(): void {
    if (this.step === ExecutionStep.Prepare && this.statement !== undefined) this.statement.prepared = true;
  }

  private dropTemporary(session: Session): void {
    if (this.temporary && this.statement !== undefined) session.statements.discard(this.statement);
  }

  refuse(error: unknown): void {
    this.reject(error);
  }

  restart(session: Session): boolean {
    if (this.givenUp || this.thrown !== undefined || this.completion !== undefined) return false;
    this.dropTemporary(session);
    this.temporary = false;
    this.statement = undefined;
    this.answer = undefined;
    this.further = undefined;
    return true;
  }

  giveUp(): void {
    this.givenUp = true;
    this.completion?.complete();
  }

  get completing(): Promise<void> | undefined {
    return this.completion?.promise;
  }

  /** Begins the next command on the way to the result. */
  private next(session: Session): void {
    const { statement, request } = this;
    if (this.givenUp) {
      this.fail(session, GIVEN_UP, session.transactionStatus);
      return;
    }
    try {
      if (statement === undefined) {
        this.execute(session, undefined);
      } else if (this.apart) {
        this.throughPooler(session, statement);
      } else if (statement.prepared) {
        if (this.needsTypes && statement.parameterTypes === undefined) {
          this.describe(session, statement);
        } else if (!this.needsTypes || !this.askFirst(session, statement)) {
          // Whichever command a subclass sends now, it is the one that matters.
          this.step = ExecutionStep.Execute;
          this.executeDescribed(session, statement);
        }
      } else if (statement.uses === 0 && !this.needsTypes && request.statementOn === undefined) {
        statement.uses = 1;
        this.execute(session, undefined);
      } else {
        this.step = ExecutionStep.Prepare;
        session.prepare(statement);
      }
    } catch (error) {
      // The session is not what it seems: it is ended rather than handed on.
      if (saysNotIdle(error)) throw error;
      // Nothing was sent: a parameter could not be written.
      this.fail(session, error, session.transactionStatus);
    }
  }

  private describe(session: Session, statement: CachedStatement): void {
    if (canBeDescribed(this.request.parameters)) {
      this.step = ExecutionStep.Describe;
      session.native.describe(session.slot, statement.id);
      return;
    }
    const question = new ParameterQuestion(statement, session.patience);
    session.interpose(question, () => {
      const { failure } = question;
      if (failure === undefined) this.next(session);
      else this.fail(session, commandError(failure, session.address), session.transactionStatus);
    });
  }

  /** Has the types told that must be known, and executes without anything of it staying on the server. */
  private throughPooler(session: Session, statement: CachedStatement): void {
    if (statement.parameterTypes !== undefined) {
      if (!this.askFirst(session, statement)) this.executeDescribed(session, statement);
      return;
    }
    if (session.pooler === 'statement') {
      this.executeUndescribed(session);
      return;
    }
    const description = new Description(statement, canBeDescribed(this.request.parameters), session.patience);
    session.interpose(description, () => {
      const { failure } = description;
      if (failure === undefined) this.next(session);
      else this.fail(session, commandError(failure, session.address), session.transactionStatus);
    });
  }

  /** Each statement may meet another server session, so that none can be described before it is executed. */
  protected executeUndescribed(session: Session): void {
    this.fail(session, cannotBeDescribed(), session.transactionStatus);
  }

  protected executeDescribed(session: Session, statement: CachedStatement): void {
    this.execute(session, statement);
  }

  protected execute(
    session: Session,
    statement: CachedStatement | undefined,
    rowMode: RowMode = this.request.rowMode,
  ): void {
    const { types } = this;
    const { parameters: values, sql } = this.request;
    const { core, native, slot } = session;
    this.step = ExecutionStep.Execute;
    const writer = core.writeParameters(values, statement?.parameterTypes, types);
    const typeMap = core.typeMapId(types);
    if (writer.lent.length > 0) native.lend(writer.lent);
    if (statement === undefined || this.apart) {
      native.execute(slot, sql, writer.count, writer.length, rowMode, typeMap);
    } else {
      const mode = modeOf(session, statement, rowMode, typeMap);
      native.executePrepared(slot, statement.id, writer.count, writer.length, mode, typeMap);
    }
    writer.trim();
  }

  result(_session: Session, result: StatementResult, _complete: boolean): void {
    if (this.answer === undefined) this.answer = result;
    else (this.further ??= []).push(result);
  }

  threw(_session: Session, thrown: unknown, _over: boolean): void {
    this.thrown ??= { error: thrown };
  }

  ended(session: Session, transactionStatus: TransactionStatus): void {
    if (this.step === ExecutionStep.Prepare) {
      this.answer = undefined;
      this.notePrepared();
      this.next(session);
      return;
    }
    if (this.step === ExecutionStep.Describe) {
      throw new Error("the server's answer cannot be right: a description was asked for and did not come");
    }
    this.noteDone(session, transactionStatus);
    if (this.thrown === undefined) this.answered(session, transactionStatus);
    else this.fail(session, this.thrown.error, transactionStatus);
  }

  /** What the statement may have done without its command saying so. */
  private noteDone(session: Session, transactionStatus: TransactionStatus): void {
    const { statement } = this;
    const settings = statement === undefined ? settingsTouched(this.request.sql) : statement.settings;
    if (settings !== undefined) session.noteSettings(settings, transactionStatus);
    if (transactionStatus === TransactionStatus.Idle || session.pooler !== undefined) return;
    if (statement?.callsUnknown ?? callsUnknown(this.request.sql))
      session.statements.noteUnknownCall(statement);
  }

  /** The statement has been carried out, and its answer is there. */
  protected answered(session: Session, transactionStatus: TransactionStatus): void {
    const { shape, count = -1 } = this.answer ?? {};
    if (hasUnknown(this.answer) || this.further?.some(hasUnknown) === true) {
      this.complete(session, transactionStatus);
      return;
    }
    // Only what is prepared gives the same columns again: not a text alone, nor what one that was sent with it found stale.
    if (this.statement?.prepared === true) {
      if (shape !== undefined && this.statement.fixesColumns)
        this.statement.binaryTypeMap = shape.binaryTypeMap;
      // What has neither rows nor a count may be anything: DISCARD ALL, BEGIN.
      const settled = shape === undefined ? count >= 0 : shape.unknown.length === 0;
      if (settled && this.statement.settings === undefined) this.statement.settledFor = this.types;
    }
    this.succeed();
    this.finish(session, transactionStatus);
  }

  /**
   * The rows have columns of types that were not known before. The operation ends here, and with it what the connection
   * can do to the statement: a question about the types follows it, and what comes of that decides only on whether the
   * values are converted.
   */
  private complete(session: Session, transactionStatus: TransactionStatus): void {
    const unread = [this.answer, ...(this.further ?? [])].filter(hasUnknown);
    const complete = (): void => {
      if (this.completion === undefined) return;
      this.completion = undefined;
      try {
        const types = this.newestTypes();
        if (types !== undefined) {
          for (const { rows, shape } of unread) convertUnknown(rows, shape, this.request.rowMode, types);
        }
        this.succeed();
      } catch (error) {
        this.reject(error);
      }
      promise.resolve();
    };
    const promise = deferred();
    this.completion = { promise: promise.promise, complete };
    this.dropTemporary(session);
    const typeOids = unread.flatMap(({ shape }) => shape.unknown.map(({ typeOid }) => typeOid));
    const question = this.questionAbout(typeOids, session, complete);
    if (question !== undefined && session.finishBy(question, transactionStatus)) return;
    complete();
    session.finish(transactionStatus);
  }

  private newestTypes(): TypeMap | undefined {
    const { lookUp, typeOptions } = this.request;
    return lookUp?.typeMapOf(typeOptions);
  }

  /** Undefined where there is nothing that the server has not been asked before. */
  private questionAbout(
    typeOids: readonly number[],
    session: Session,
    done: () => void,
  ): TypeQuestion | undefined {
    const { lookUp } = this.request;
    if (lookUp === undefined) return undefined;
    const unasked = lookUp.catalogue.unasked([...new Set(typeOids)]);
    return unasked.length === 0
      ? undefined
      : new TypeQuestion(lookUp.catalogue, unasked, session.patience, done);
  }

  /** Types of a described statement that must be known before it is executed. */
  protected typesToKnow({ parameterTypes }: CachedStatement): readonly (Uint32Array | undefined)[] {
    return [parameterTypes];
  }

  /** Has the server asked about types that must be known first, and goes on after it; false where all are. */
  private askFirst(session: Session, statement: CachedStatement): boolean {
    const { types } = this;
    const unknown = this.typesToKnow(statement).flatMap((oids) => unknownOf(oids, types));
    if (unknown.length === 0) return false;
    const question = this.questionAbout(unknown, session, nothing);
    this.types = this.newestTypes() ?? types;
    if (question === undefined) return false;
    session.interpose(question, () => {
      const { failure } = question;
      this.types = this.newestTypes() ?? types;
      if (failure === undefined) this.next(session);
      else this.fail(session, commandError(failure, session.address), session.transactionStatus);
    });
    return true;
  }

  private succeed(): void {
    const { rows, shape, command = '', count = -1 } = this.answer ?? {};
    this.resolve(
      this.view(rows, shape === undefined ? NO_FIELDS : shape.fields, command, count, this.further),
    );
  }

  protected fail(session: Session, error: unknown, transactionStatus: TransactionStatus): void {
    this.reject(error);
    // A session that is at work on the next already is not to be lost to that.
    if (this.request.discardOnError === true && !session.hasGoneOn) session.finishForGood(transactionStatus);
    else this.finish(session, transactionStatus);
  }

  protected finish(session: Session, transactionStatus: TransactionStatus): void {
    this.dropTemporary(session);
    session.finish(transactionStatus);
  }

  described(session: Session, parameterTypes: Uint32Array, columnTypes: Uint32Array): void {
    if (this.statement !== undefined) {
      this.statement.parameterTypes = parameterTypes;
      this.statement.columnTypes = columnTypes;
    }
    this.next(session);
  }

  failed(session: Session, failure: NativeFailure, transactionStatus: TransactionStatus): void {
    const error = commandError(failure, session.address, this.request);
    if (failure.lost) {
      this.reject(error);
      return;
    }
    const { statement, reused } = this;
    const preparing = this.step === ExecutionStep.Prepare;
    const stale =
      statement !== undefined &&
      error instanceof DatabaseError &&
      dropsStale(session, { statement, preparing, reused }, error);
    // The failed attempt has changed nothing. Inside a transaction block it has aborted that.
    if (stale && !this.again && transactionStatus === TransactionStatus.Idle) {
      this.answer = undefined;
      this.further = undefined;
      if (!session.hasGoneOn) {
        this.again = true;
        this.reused = false;
        this.next(session);
        return;
      }
      // What was sent behind it has been carried out before it can be run again.
      this.alone = true;
      if (session.runLater(this, transactionStatus)) return;
    }
    this.fail(session, error, transactionStatus);
  }
}

/** The row mode as the core takes it for a prepared statement. */
export function modeOf(
  session: Session,
  statement: CachedStatement,
  rowMode: RowMode,
  typeMap: number,
): number {
  return statement.binaryTypeMap === typeMap && session.binaryResults ? rowMode + BINARY_ALLOWED : rowMode;
}
