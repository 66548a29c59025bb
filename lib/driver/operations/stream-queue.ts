import type { Operation, Session } from '../session.js';

/**
 * What a stream has brought and its reader has not taken yet. The core stops reading from the server while a few batches
 * lie here, so the queue stays short.
 */
export class BatchQueue<T> {
  private readonly batches: T[] = [];
  private session: Session | undefined;
  private discarding = false;
  /** Whether the core goes on reading however much lies here. */
  private readingOn = false;
  /** Whether what comes from now on is of no interest. */
  private readingPast = false;
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
    if (this.discarding || this.readingPast) {
      this.session?.native.consumed();
      return;
    }
    const { reader } = this;
    if (reader === undefined) {
      this.batches.push(batch);
      if (this.readingOn) this.session?.native.consumed();
      return;
    }
    this.reader = undefined;
    this.session?.native.consumed();
    reader(batch);
  }

  /** The next batch, if it is there. */
  take(): T | undefined {
    const batch = this.batches.shift();
    if (batch !== undefined && !this.readingOn) this.session?.native.consumed();
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
    if (!this.readingOn) this.batches.forEach(() => session?.native.consumed());
    reader?.(undefined);
  }

  /**
   * The operation has been interrupted: the server is read to its end without waiting for the reader. What it brings is
   * kept, since the statement may have been complete before the cancel came, and its reader must then get all of it.
   * That is no more than had been sent by then.
   */
  readOn(): void {
    if (this.discarding || this.readingOn) return;
    this.readingOn = true;
    this.batches.forEach(() => this.session?.native.consumed());
  }

  /** What is here is still taken; what comes from now on is of no more interest, and is read to its end. */
  readPast(): void {
    this.readOn();
    this.readingPast = true;
  }

  /** The operation has failed: what was kept after an interruption is of no use. */
  failed(): void {
    if (this.readingOn && !this.readingPast) this.discard();
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
    const batches = this.batches.splice(0);
    if (!this.readingOn) batches.forEach(() => this.session?.native.consumed());
  }
}
