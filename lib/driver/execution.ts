import { DatabaseError } from '../errors/index.js';
import { needsParameterTypes } from '../types/parameter-writer.js';
import type { TypeMap } from '../types/type-map.js';
import { commandError } from './failure.js';
import { TransactionStatus, type NativeFailure, type RowMode } from './native.js';
import type { Field, ResultShape } from './result-shape.js';
import type { Operation, Session } from './session.js';
import type { CachedStatement } from './statement-cache.js';

/** What a statement gave. */
export interface StatementResult {
  /** Undefined where the statement returns no rows. */
  rows: unknown[] | undefined;
  fields: readonly Field[];
  command: string;
  /** The number in the command tag; -1 where it has none. */
  count: number;
}

/** What a statement is run with. */
export interface ExecutionRequest {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  readonly rowMode: RowMode;
  readonly types: TypeMap;
  /** Where an explicitly prepared statement keeps its server-side form for a session. */
  readonly statementOn?: ((session: Session) => CachedStatement) | undefined;
}

enum Step {
  Prepare,
  Describe,
  Execute,
}

const NO_FIELDS: readonly Field[] = Object.freeze([]);

/**
 * Runs one statement with parameters.
 *
 * The first time a text is seen on a session it is sent as it is, in one round trip; the second time it is prepared,
 * and from then on only executed. A statement whose parameters' encoding depends on the server's types is prepared and
 * described at once.
 */
export class Execution implements Operation {
  private statement: CachedStatement | undefined;
  private step = Step.Execute;
  private needsTypes = false;
  private again = false;

  constructor(
    private readonly request: ExecutionRequest,
    private readonly resolve: (result: StatementResult) => void,
    private readonly reject: (error: unknown) => void,
  ) {}

  begin(session: Session): void {
    const { request } = this;
    this.statement =
      request.statementOn === undefined ? session.statements.use(request.sql) : request.statementOn(session);
    this.needsTypes = request.parameters.length > 0 && needsParameterTypes(request.parameters, request.types);
    this.next(session);
  }

  get intermediate(): boolean {
    return this.step !== Step.Execute;
  }

  refuse(error: unknown): void {
    this.reject(error);
  }

  /** Begins the next command on the way to the result. */
  private next(session: Session): void {
    const { statement, request } = this;
    const { native, slot } = session;
    try {
      if (statement === undefined) {
        this.execute(session, undefined);
      } else if (statement.prepared) {
        if (this.needsTypes && statement.parameterTypes === undefined) {
          this.step = Step.Describe;
          native.describe(slot, statement.id);
        } else {
          this.execute(session, statement);
        }
      } else if (statement.uses === 0 && !this.needsTypes && request.statementOn === undefined) {
        statement.uses = 1;
        this.execute(session, undefined);
      } else {
        this.step = Step.Prepare;
        native.prepare(slot, statement.id, request.sql);
      }
    } catch (error) {
      // Nothing was sent: a parameter could not be written.
      session.finish(session.transactionStatus);
      this.reject(error);
    }
  }

  private execute(session: Session, statement: CachedStatement | undefined): void {
    const { parameters: values, types, rowMode, sql } = this.request;
    const { core, native, slot } = session;
    this.step = Step.Execute;
    const writer = core.writeParameters(values, statement?.parameterTypes, types);
    const typeMap = core.typeMapId(types);
    if (statement === undefined) {
      native.execute(slot, sql, writer.count, writer.length, rowMode, typeMap);
    } else {
      native.executePrepared(slot, statement.id, writer.count, writer.length, rowMode, typeMap);
    }
    writer.trim();
  }

  result(
    session: Session,
    rows: unknown[] | undefined,
    shape: ResultShape | undefined,
    command: string,
    count: number,
    _endOfResult: boolean,
    _endOfCommand: boolean,
    transactionStatus: TransactionStatus,
  ): void {
    if (this.step === Step.Prepare) {
      if (this.statement !== undefined) this.statement.prepared = true;
      this.next(session);
      return;
    }
    session.finish(transactionStatus);
    this.resolve({ rows, fields: shape === undefined ? NO_FIELDS : shape.fields, command, count });
  }

  described(session: Session, parameterTypes: Uint32Array): void {
    if (this.statement !== undefined) this.statement.parameterTypes = parameterTypes;
    this.next(session);
  }

  threw(session: Session, thrown: unknown, transactionStatus: TransactionStatus): void {
    session.finish(transactionStatus);
    this.reject(thrown);
  }

  failed(session: Session, failure: NativeFailure, transactionStatus: TransactionStatus): void {
    const error = commandError(failure, session.address);
    if (failure.lost) {
      this.reject(error);
      return;
    }
    if (this.isStale(error) && this.statement !== undefined) {
      if (error.code === '26000') session.statements.forget(this.statement);
      else session.statements.renew(this.statement);
      // The failed attempt has changed nothing, but inside a transaction block it has aborted that.
      if (!this.again && session.transactionStatus === TransactionStatus.Idle) {
        this.again = true;
        this.next(session);
        return;
      }
    }
    session.finish(transactionStatus);
    this.reject(error);
  }

  /**
   * Whether the server says that its prepared form of the statement is of no use any more: a schema change has altered
   * the columns (0A000 from RevalidateCachedQuery), or the statement is gone (26000: DISCARD, a pooler in between).
   */
  private isStale(error: unknown): boolean {
    if (!(error instanceof DatabaseError) || this.statement?.prepared !== true) return false;
    return error.code === '26000' || (error.code === '0A000' && error.routine === 'RevalidateCachedQuery');
  }
}
