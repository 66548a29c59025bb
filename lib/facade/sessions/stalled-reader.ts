import { startTimer } from '../../base/timers.js';
import { UsageError } from '../../errors/index.js';

/** ms that a call waits, unless said otherwise, for rows or a COPY that the program does not go on with. */
export const PATIENCE_WITH_READER = 2_000;

/** How far a program has come with what holds a connection: rows, the bytes of a COPY, a savepoint. */
export interface ReadingProgress {
  /** The program waits for the connection, and not the connection for the program. */
  readonly waiting: boolean;
  /** Grows with every row or byte. */
  readonly progress: number;
  /** The server process of the connection; 0 where none is held (any more): then nobody waits for it. */
  readonly processId: number;
  /** ms without progress after which it keeps others waiting no longer; Infinity: it may. Absent: as the watch has it. */
  readonly patience?: number | undefined;
  /** The error for a call that has waited for it in vain. */
  refusal(): UsageError;
  /** Closes the rows; `reason` is told to whoever reads on. Absent where that cannot be done. */
  abandon?(reason: unknown): void;
}

/**
 * Notices when a program does not go on with what it reads or writes, for as long as that matters to somebody. That it
 * never will cannot be known, only that it has not for a while.
 *
 * One holds the connection at a time, and that one is watched: who is watched next takes the watch over with its time, and
 * who holds nothing any more is never found stalled, whenever its program takes what it has got.
 */
export class StallWatch {
  private reader: ReadingProgress | undefined;
  private timer: NodeJS.Timeout | undefined;

  /**
   * @param limitOf ms without progress that are too long; Infinity: none are
   * @param keepsAlive whether the process is to go on for it: what it ends may be all that the program waits for
   * @param matters whether there is a reason to look
   * @param stalled called when there was no progress for that long, while there was a reason to look all that time
   */
  constructor(
    private readonly limitOf: (reader: ReadingProgress) => number,
    private readonly keepsAlive: boolean,
    private readonly matters: () => boolean,
    private readonly stalled: (reader: ReadingProgress) => void,
  ) {}

  /** Watches until the function that it returns is called, or until another is watched. */
  watch(reader: ReadingProgress): () => void {
    this.stop();
    this.reader = reader;
    this.look();
    return () => {
      if (this.reader === reader) this.stop();
    };
  }

  private stop(): void {
    this.reader = undefined;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** There may be a reason to look now. */
  look(): void {
    const { reader } = this;
    if (reader === undefined || this.timer !== undefined || !this.matters()) return;
    const limit = this.limitOf(reader);
    if (limit === Infinity) return;
    const { progress } = reader;
    this.timer = startTimer(() => {
      this.timer = undefined;
      if (reader.processId === 0) this.stop();
      else if (reader.waiting || reader.progress !== progress) this.look();
      else if (this.matters()) this.stalled(reader);
    }, limit);
    if (!this.keepsAlive) this.timer.unref();
  }
}

/** Probably a deadlock: the call waits for rows() on the same connection, whose loop seems to wait for the call. */
export function behindRows(limit: number): UsageError {
  return new UsageError(
    'KB_ROWS_OPEN',
    `The call has waited for rows() on the same connection, which the program has not read on for ${limit} ms.`,
    {
      hint:
        'Do not await a call on the connection inside the loop over its rows: make it on the database, which takes ' +
        'another connection, or after the loop, or read all rows at once with query().',
    },
  );
}

/** As {@link behindRows}, for the stream of a COPY. */
export function behindCopy(limit: number): UsageError {
  return new UsageError(
    'KB_ROWS_OPEN',
    `The call has waited for a COPY on the same connection, which the program has not gone on with for ${limit} ms.`,
    {
      hint: 'End or destroy the stream before the next call on its connection, or make the call on the database.',
    },
  );
}

/** For rows, or a COPY, that the program goes on with after their connection was released or their transaction ended. */
export function releasedUnderRows(): UsageError {
  return new UsageError(
    'KB_CONNECTION_RELEASED',
    'The connection was released, or the transaction was ended, before all of its rows had been read.',
    {
      hint: 'Read the rows to the end or close() them before the connection is released or the transaction ends.',
    },
  );
}
