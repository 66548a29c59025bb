import { TransactionStatus, type NativeFailure } from '../../addon/interface.js';
import { UsageError } from '../../errors/index.js';
import { beginText } from '../../sql/begin.js';
import type { Session } from '../session.js';
import type { StatementResult } from '../result-shape.js';
import type { CachedStatement } from '../statement-cache.js';
import { OwnCommands } from './own-commands.js';
import { askForParameterTypes, learnParameterTypes } from './parameter-question.js';

enum Step {
  Open,
  Prepare,
  Describe,
  Close,
}

/**
 * Asks for a statement's types through a pooler, which may give every transaction another server session: the statement
 * is prepared, described and dropped in one transaction, its own where none is open.
 */
export class Description extends OwnCommands {
  private step = Step.Open;
  private ownTransaction = false;
  /** What the server has refused the statement with. */
  failure: NativeFailure | undefined;

  constructor(
    private readonly statement: CachedStatement,
    /** Whether the client library can read a description of it; else the server is asked by a statement. */
    private readonly describable: boolean,
    limit: number,
  ) {
    super(limit);
  }

  override result(_session: Session, result: StatementResult): void {
    if (this.step === Step.Describe) learnParameterTypes(this.statement, result);
  }

  protected first(session: Session): void {
    this.ownTransaction = session.transactionStatus === TransactionStatus.Idle;
    if (this.ownTransaction) session.native.script(session.slot, beginText());
    else this.prepare(session);
  }

  private prepare(session: Session): void {
    this.step = Step.Prepare;
    session.prepare(this.statement);
  }

  protected override next(session: Session, failure?: NativeFailure): boolean {
    const { native, slot } = session;
    this.failure ??= failure;
    if (this.step === Step.Close) return false;
    if (failure !== undefined) {
      const prepared = this.step === Step.Describe;
      this.step = Step.Close;
      if (!this.ownTransaction || session.transactionStatus === TransactionStatus.Idle) return false;
      // In one message, so that the pooler gives both to the same server session.
      native.script(slot, prepared ? `ROLLBACK; ${deallocation(session, this.statement)}` : 'ROLLBACK');
      return true;
    }
    switch (this.step) {
      case Step.Open:
        this.prepare(session);
        return true;
      case Step.Prepare:
        this.step = Step.Describe;
        if (this.describable) native.describe(slot, this.statement.id);
        else askForParameterTypes(session, this.statement);
        return true;
      case Step.Describe:
        this.step = Step.Close;
        native.script(slot, deallocation(session, this.statement) + (this.ownTransaction ? '; COMMIT' : ''));
        return true;
    }
  }

  described(session: Session, parameterTypes: Uint32Array, columnTypes: Uint32Array): void {
    this.statement.parameterTypes = parameterTypes;
    this.statement.columnTypes = columnTypes;
    this.ended(session, session.transactionStatus);
  }
}

/** For a statement whose parameters' types must be known where only one statement at a time can be run. */
export function cannotBeDescribed(): UsageError {
  return new UsageError(
    'KB_POOLER',
    'How a parameter is written depends on its type, which the server cannot be asked for one statement at a time.',
    {
      hint: 'Give arrays, decimals and values of types with serializers as text, such as JSON.stringify(value), String(value) or "{1,2}".',
    },
  );
}

/** Drops the server's form of a statement. */
export function deallocation({ statements }: Session, { id }: CachedStatement): string {
  return `DEALLOCATE ${statements.prefix}${id}`;
}
