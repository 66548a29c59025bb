import { ConnectionError } from '../../errors/index.js';
import { startTimer } from '../../base/timers.js';
import { nothing } from '../../base/nothing.js';
import { RowMode, TransactionStatus, type NativeFailure } from '../../addon/interface.js';
import { TypeMap } from '../../types/type-map.js';
import type { Session, SessionOwner } from '../session.js';
import type { StatementResult } from '../result-shape.js';
import { commandError } from '../failure.js';
import { Check } from './check.js';
import { OneCommand } from './one-command.js';

/** ms: what a busy machine may need for a short command, however impatient the pool is. */
const SHORTEST_LIMIT = 1_000;
/** How an answer to the first command is read. */
const ANSWER_TYPES = new TypeMap();

/**
 * Takes a session, either at once or with a first command on it: one that could not be sent is then run on another
 * session as any call on the pool is. The command is a short one of the driver's own (BEGIN TRANSACTION, SAVEPOINT,
 * LISTEN), and has a limit: a session that does not answer within its `patience` is closed.
 *
 * It takes the session from the owner under whom it began. One whose session was taken back or interrupted meanwhile has
 * none to lend: whoever did that is bringing what went on to its end, and nothing new may come before it.
 */
export class Checkout<T> extends OneCommand {
  readonly isBrief = true;
  private timer: NodeJS.Timeout | undefined;
  private late = false;
  private lender: SessionOwner | undefined;
  private answer: unknown;
  /** It began outside a transaction. */
  private outside = false;

  /**
   * @param take becomes the session's owner; `answer` is the last value that the first command has given, if any
   * @param opening what is run first on the session, '' for nothing; where the server refuses it, or the function
   *   throws, the session stays where it was
   */
  constructor(
    private readonly take: (session: Session, answer: unknown) => T,
    private readonly opening: string | ((session: Session) => string),
    private readonly resolve: (taken: T) => void,
    reject: (error: unknown) => void,
  ) {
    super(reject);
  }

  begin(session: Session): void {
    const { opening } = this;
    this.lender = session.owner;
    this.outside = session.transactionStatus === TransactionStatus.Idle;
    let sql: string;
    try {
      sql = typeof opening === 'string' ? opening : opening(session);
    } catch (error) {
      this.reject(error);
      session.finish(session.transactionStatus);
      return;
    }
    if (sql === '') {
      this.ended(session, session.transactionStatus);
      return;
    }
    if (session.patience > 0) {
      this.timer = startTimer(
        () => {
          this.late = true;
          session.close();
        },
        Math.max(session.patience, SHORTEST_LIMIT),
      );
    }
    const types = session.core.typeMapId(ANSWER_TYPES);
    session.native.script(session.slot, sql, 0, 0, RowMode.Array, types);
  }

  restart(): boolean {
    clearTimeout(this.timer);
    this.answer = undefined;
    return !this.late;
  }

  override result(_session: Session, { rows }: StatementResult): void {
    const [row] = (rows ?? []) as unknown[][];
    this.answer = row?.[0];
  }

  protected done(session: Session): void {
    clearTimeout(this.timer);
    const refusal = this.lender?.checkoutRefusal?.(session);
    if (refusal === undefined) this.resolve(this.take(session, this.answer));
    else this.reject(refusal());
  }

  override failed(session: Session, failure: NativeFailure, transactionStatus: TransactionStatus): void {
    clearTimeout(this.timer);
    if (this.late) {
      this.reject(unanswered(session));
    } else if (!failure.lost && this.outside && transactionStatus !== TransactionStatus.Idle) {
      // The library had no memory for the answer: it is not a call's transaction that was left open.
      this.reject(commandError(failure, session.address));
      const undoing = new Check('ROLLBACK', session.patience, nothing);
      if (!session.finishBy(undoing, transactionStatus)) session.discard('its BEGIN could not be undone');
    } else {
      super.failed(session, failure, transactionStatus);
    }
  }
}

function unanswered({ address, patience }: Session): ConnectionError {
  return new ConnectionError(
    'KB_CONNECTION_LOST',
    `The connection to ${address} was closed, because the server had not answered a short command for ${Math.max(patience, SHORTEST_LIMIT)} ms.`,
    {
      outcome: 'unknown',
      address,
      hint: 'The server or the network is down, or so slow that pool.heartbeatTimeout is too short for them.',
    },
  );
}
