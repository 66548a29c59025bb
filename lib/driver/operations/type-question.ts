import { RowMode, TransactionStatus, type NativeFailure } from '../../addon/interface.js';
import { LOOK_UP, type TypeCatalogue } from '../../types/type-catalogue.js';
import { TypeMap } from '../../types/type-map.js';
import type { StatementResult } from '../result-shape.js';
import type { Session } from '../session.js';
import { OwnCommands } from './own-commands.js';

/** How the answer is read. */
const ANSWER_TYPES = new TypeMap();
const SAVEPOINT = 'kingbase_native_types';

enum Step {
  Open,
  Ask,
  Close,
}

/**
 * Asks the server's catalogue about types. It is no part of the statement that has brought them up: whatever becomes of
 * the question, the statement's outcome stands. In a transaction it is asked inside a savepoint, since a refusal would
 * abort the transaction; so types that the same transaction has made are found as well.
 */
export class TypeQuestion extends OwnCommands {
  private step = Step.Ask;
  private answer: unknown[][] = [];
  /** What has aborted the transaction, where the savepoint could not be set or undone: by a cancel, for one. */
  failure: NativeFailure | undefined;

  /**
   * @param done told once, when the catalogue has what there was to be had
   */
  constructor(
    private readonly catalogue: TypeCatalogue,
    private readonly typeOids: readonly number[],
    limit: number,
    private readonly done: () => void,
  ) {
    super(limit);
  }

  protected first(session: Session): void {
    if (session.transactionStatus === TransactionStatus.Idle) {
      this.ask(session);
    } else {
      this.step = Step.Open;
      session.native.script(session.slot, `SAVEPOINT ${SAVEPOINT}`);
    }
  }

  private ask(session: Session): void {
    this.step = Step.Ask;
    const { core, native, slot } = session;
    const writer = core.writeParameters([`{${this.typeOids.join()}}`], undefined, ANSWER_TYPES);
    native.execute(slot, LOOK_UP, writer.count, writer.length, RowMode.Array, core.typeMapId(ANSWER_TYPES));
    writer.trim();
  }

  override result(_session: Session, { rows }: StatementResult): void {
    if (this.step === Step.Ask && rows !== undefined) this.answer = rows as unknown[][];
  }

  protected override next(session: Session, failure?: NativeFailure): boolean {
    switch (this.step) {
      case Step.Open:
        this.failure = failure;
        if (failure !== undefined) return false;
        this.ask(session);
        return true;
      case Step.Ask: {
        if (failure === undefined) this.catalogue.learn(this.typeOids, this.answer);
        else if (isFinal(failure)) this.catalogue.learn(this.typeOids, undefined);
        if (session.transactionStatus === TransactionStatus.Idle) return false;
        this.step = Step.Close;
        const undo = failure === undefined ? '' : `ROLLBACK TO SAVEPOINT ${SAVEPOINT}; `;
        session.native.script(session.slot, `${undo}RELEASE SAVEPOINT ${SAVEPOINT}`);
        return true;
      }
      case Step.Close:
        this.failure = failure;
        return false;
    }
  }

  protected override over(): void {
    this.done();
  }
}

/**
 * Whether the server would refuse the question at any other time as well: it has no such catalogue (V8R3) or allows
 * nobody to read it. A cancel request, a time limit or a lack of memory say nothing of the types.
 */
function isFinal({ fields }: NativeFailure): boolean {
  return /^(0A|3F|42)/.test(fields?.['C'] ?? '');
}
