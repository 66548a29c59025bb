import { needsParameterTypes } from '../../types/parameter-writer.js';
import { readsAllBinary } from '../../types/binary-results.js';
import type { BatchQueue } from './stream-queue.js';
import { Execution, ExecutionStep, type ExecutionRequest } from './execution.js';
import { RowMode, type NativeFailure, type TransactionStatus } from '../../addon/interface.js';
import type { Column } from '../../types/column.js';
import type { ResultShape, StatementResult } from '../result-shape.js';
import type { Session } from '../session.js';
import type { CachedStatement } from '../statement-cache.js';

/**
 * Runs one statement whose rows come batch by batch, into a queue. It is prepared and described first, since the types
 * of its columns must be known before the first row.
 */
export class RowStream extends Execution<void> {
  private begun = false;

  /**
   * @param fieldsKnown called before the first batch, and at the latest before the end
   * @param tagged told the command tag, before the end
   */
  constructor(
    request: ExecutionRequest,
    private readonly queue: BatchQueue<unknown[]>,
    private readonly fieldsKnown: (fields: readonly Column[]) => void,
    private readonly tagged: (tag: Pick<StatementResult, 'command' | 'count'>) => void,
    resolve: () => void,
    reject: (error: unknown) => void,
  ) {
    super(request, () => undefined, resolve, reject);
  }

  override begin(session: Session): void {
    this.queue.begin(session);
    super.begin(session);
  }

  protected override needsDescription(): boolean {
    return true;
  }

  protected override typesToKnow(statement: CachedStatement): readonly (Uint32Array | undefined)[] {
    return [...super.typesToKnow(statement), statement.columnTypes];
  }

  protected override executeDescribed(session: Session, statement: CachedStatement): void {
    const { types } = this;
    const { columnTypes, fixesColumns } = statement;
    if (fixesColumns && columnTypes !== undefined && readsAllBinary(types, columnTypes)) {
      statement.binaryTypeMap = session.core.typeMapId(types);
    }
    const arrays = this.request.rowMode === RowMode.Array;
    this.execute(session, statement, arrays ? RowMode.StreamedArrays : RowMode.StreamedObjects);
  }

  /** Types that are not known yet stay text. */
  protected override executeUndescribed(session: Session): void {
    const { parameters, types, rowMode } = this.request;
    if (needsParameterTypes(parameters, types)) super.executeUndescribed(session);
    else
      this.execute(
        session,
        undefined,
        rowMode === RowMode.Array ? RowMode.StreamedArrays : RowMode.StreamedObjects,
      );
  }

  override result(session: Session, result: StatementResult, complete: boolean): void {
    if (this.step !== ExecutionStep.Execute) {
      super.result(session, result, complete);
      return;
    }
    if (result.shape !== undefined) this.noteShape(result.shape);
    if (result.rows !== undefined) this.queue.push(result.rows);
    if (result.command !== '') this.tagged(result);
  }

  protected override answered(session: Session, transactionStatus: TransactionStatus): void {
    this.resolve();
    this.finish(session, transactionStatus);
  }

  private noteShape(shape: ResultShape): void {
    if (this.begun) return;
    this.begun = true;
    // Rows have been handed out: it cannot be run again.
    this.again = true;
    this.fieldsKnown(shape.fields);
  }

  override restart(session: Session): boolean {
    return !this.begun && super.restart(session);
  }

  interrupt(session: Session): void {
    this.queue.readOn();
    session.cancel();
  }

  override threw(session: Session, thrown: unknown, over: boolean): void {
    super.threw(session, thrown, over);
    // The rest of it is of no more interest, but has to be read to its end. What came before is still read.
    this.queue.readPast();
    if (!over) session.cancel();
  }

  override failed(session: Session, failure: NativeFailure, transactionStatus: TransactionStatus): void {
    if (this.thrown === undefined || failure.lost) super.failed(session, failure, transactionStatus);
    else this.fail(session, this.thrown.error, transactionStatus);
  }
}
