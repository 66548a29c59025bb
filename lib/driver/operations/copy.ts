import { UsageError } from '../../errors/index.js';
import type { BatchQueue } from './stream-queue.js';
import type { NativeFailure, TransactionStatus } from '../../addon/interface.js';
import type { Sent } from '../hints.js';
import type { Session } from '../session.js';
import { OneCommand } from './one-command.js';
import type { ScriptResult } from './script.js';
import type { StatementResult } from '../result-shape.js';

/** ms after which a COPY that is to end without success, but does not, is cancelled as well: the server may wait for a lock. */
const PATIENCE_WITH_FAILURE = 200;

/** How a COPY … FROM STDIN goes on. Each call of `write` is answered by `drained`, or by the operation's failure. */
export interface CopyInEvents {
  opened(binary: boolean): void;
  drained(): void;
  ended(result: ScriptResult): void;
}

abstract class Copy extends OneCommand {
  protected opened = false;
  private tag: ScriptResult | undefined;

  constructor(
    protected readonly sql: string,
    reject: (error: unknown) => void,
  ) {
    super(reject);
  }

  protected override get sent(): Sent {
    return { sql: this.sql, parameters: [] };
  }

  /** What has been sent is on this session. */
  get ofSession(): boolean {
    return this.opened;
  }

  /** The words of the statement that was needed, for the message when it was another. */
  protected abstract readonly form: string;

  /** The statement has ended without having asked for bytes, or brought any. */
  protected notCopy(command: string): void {
    this.reject(
      new UsageError(
        'KB_NOT_COPY',
        `The statement is not ${this.form}: the server ran it as ${command || 'nothing'}.`,
        {
          hint: 'Run other statements by query() or exec().',
        },
      ),
    );
  }

  override result(_session: Session, { command, count }: StatementResult): void {
    if (command !== '') this.tag ??= { command, count };
  }

  protected done(): void {
    if (this.opened && this.tag !== undefined) this.complete(this.tag);
    else this.notCopy(this.tag?.command ?? '');
  }

  protected abstract complete(tag: ScriptResult): void;
}

/** COPY … FROM STDIN: begins it, and sends what it is given until it is told to end. */
export class CopyIn extends Copy {
  protected readonly form = 'COPY … FROM STDIN';
  resting = false;
  private session: Session | undefined;
  /** Kept alive while the core reads it where it lies. */
  protected sending: readonly Uint8Array[] | undefined;
  private failReason: string | undefined;
  private impatience: NodeJS.Timeout | undefined;

  constructor(
    sql: string,
    private readonly events: CopyInEvents,
    reject: (error: unknown) => void,
  ) {
    super(sql, reject);
  }

  begin(session: Session): void {
    this.session = session;
    session.native.copyIn(session.slot, this.sql);
  }

  get processId(): number {
    return this.session?.facts?.backendPid ?? 0;
  }

  copying(session: Session, binary: boolean): void {
    this.opened = true;
    this.resting = true;
    if (this.failReason === undefined) this.events.opened(binary);
    else this.endBy(session, this.failReason);
  }

  /** Only after `opened` or `drained`. The bytes must stay as they are until `drained`. */
  write(pieces: readonly Uint8Array[]): void {
    const { session } = this;
    if (session === undefined || !this.resting) return;
    this.resting = false;
    this.sending = pieces;
    session.goOnBy(() => session.native.copyData(session.slot, pieces));
  }

  /** Only after `opened` or `drained`. */
  end(): void {
    if (this.session !== undefined && this.resting) this.endBy(this.session, undefined);
  }

  /** Has the COPY fail, which ends it by the server's error 57014. At any time after it has begun. */
  abort(reason: string): void {
    const { session } = this;
    if (session === undefined || this.failReason !== undefined) return;
    this.failReason = reason;
    if (this.resting) {
      this.endBy(session, reason);
      this.impatience = setTimeout(() => {
        session.cancel();
      }, PATIENCE_WITH_FAILURE);
      this.impatience.unref();
    } else {
      // The server takes its time with what it has been sent, and would read of the failure only behind that.
      session.cancel();
    }
  }

  interrupt(): void {
    this.abort('the call was interrupted');
  }

  private endBy(session: Session, reason: string | undefined): void {
    this.resting = false;
    session.goOnBy(() => session.native.copyEnd(session.slot, reason));
  }

  drained(session: Session): void {
    this.sending = undefined;
    this.resting = true;
    if (this.failReason === undefined) this.events.drained();
    else this.endBy(session, this.failReason);
  }

  protected complete(tag: ScriptResult): void {
    this.events.ended(tag);
  }

  override ended(session: Session, transactionStatus: TransactionStatus): void {
    this.settle();
    super.ended(session, transactionStatus);
  }

  override failed(session: Session, failure: NativeFailure, transactionStatus: TransactionStatus): void {
    this.settle();
    super.failed(session, failure, transactionStatus);
  }

  private settle(): void {
    this.sending = undefined;
    this.resting = false;
    clearTimeout(this.impatience);
  }
}

/** COPY … TO STDOUT, into a queue. */
export class CopyOut extends Copy {
  protected readonly form = 'COPY … TO STDOUT';
  constructor(
    sql: string,
    private readonly queue: BatchQueue<Buffer>,
    private readonly events: { opened(binary: boolean): void; ended(result: ScriptResult): void },
    reject: (error: unknown) => void,
  ) {
    super(sql, reject);
  }

  begin(session: Session): void {
    this.queue.begin(session);
    session.native.copyOut(session.slot, this.sql);
  }

  restart(): boolean {
    return !this.opened;
  }

  copying(_session: Session, binary: boolean): void {
    this.opened = true;
    this.events.opened(binary);
  }

  copyData(_session: Session, bytes: Buffer): void {
    this.queue.push(bytes);
  }

  interrupt(session: Session): void {
    this.queue.readOn();
    session.cancel();
  }

  protected complete(tag: ScriptResult): void {
    this.events.ended(tag);
  }
}
