import type { Operation, Session } from '../session.js';

/**
 * What a stream has brought and its reader has not taken yet. The core stops reading from the server while a few batches
 * lie here, so the queue stays short.
 */
export class BatchQueue<T> {
  private readonly batches: T[] = [];
  private session: Session | undefined;
  private discarding = false;
  private reader: ((batch: T | undefined) => void) | undefined;

  /** The stream has begun on this session (again, if it was lost before anything was sent). */
  begin(session: Session): void {
    this.session = session;
  }

  /** The server process that it comes from; 0 where nothing comes any more. */
  get processId(): number {
    return this.session?.facts?.backendPid ?? 0;
  }

  push(batch: T): void {
    if (this.discarding) {
      this.session?.native.consumed();
      return;
    }
    const { reader } = this;
    if (reader === undefined) {
      this.batches.push(batch);
      return;
    }
    this.reader = undefined;
    this.session?.native.consumed();
    reader(batch);
  }

  /** The next batch, if it is there. */
  take(): T | undefined {
    const batch = this.batches.shift();
    if (batch !== undefined) this.session?.native.consumed();
    return batch;
  }

  /** Who gets the next batch when it comes; only when `take` has none. */
  wait(reader: (batch: T | undefined) => void): void {
    this.reader = reader;
  }

  /** Nothing comes any more: whoever waits is told. What is still here can be taken. */
  end(): void {
    const { reader, session } = this;
    this.reader = undefined;
    this.session = undefined;
    // The session's next stream must not be held up by what is left of this one.
    this.batches.forEach(() => session?.native.consumed());
    reader?.(undefined);
  }

  /** Has the session stop the operation, if it is the one that runs there. */
  interruptIfRunning(operation: Operation | undefined): void {
    this.discard();
    if (operation !== undefined && this.session?.runs(operation) === true) this.session.interrupt();
  }

  /** What is here and what still comes is of no more interest; the server is read to its end. */
  discard(): void {
    if (this.discarding) return;
    this.discarding = true;
    this.batches.splice(0).forEach(() => this.session?.native.consumed());
  }
}
