import { startTimer } from '../../base/timers.js';
import { UsageError } from '../../errors/index.js';

/** How far a program has come with what holds a connection: rows, or the bytes of a COPY. */
export interface ReadingProgress {
  /** The program waits for the connection, and not the connection for the program. */
  readonly waiting: boolean;
  /** Grows with every row or byte. */
  readonly progress: number;
  /** The server process of the connection; 0 where none is held (any more). */
  readonly processId: number;
  /** Closes the rows; `reason` is told to whoever reads on. */
  abandon(reason: unknown): void;
  /** What a call is told that has waited `limit` ms for this in vain. Default: that it waits for rows(). */
  readonly refusal?: (limit: number) => UsageError;
}

/**
 * Notices when a program does not read on, for as long as that matters to somebody. That it never will cannot be known,
 * only that it has not for a while.
 */
export class StallWatch {
  private reader: ReadingProgress | undefined;
  private timer: NodeJS.Timeout | undefined;

  /**
   * @param limit ms
   * @param keepsAlive whether the process is to go on for it: what it ends may be all that the program waits for
   * @param matters whether there is a reason to look
   * @param stalled nothing has been read for `limit` ms, all of which somebody has waited
   */
  constructor(
    private readonly limit: number,
    private readonly keepsAlive: boolean,
    private readonly matters: () => boolean,
    private readonly stalled: (reader: ReadingProgress) => void,
  ) {}

  /** Looks after rows until the function that it gives is called. */
  watch(reader: ReadingProgress): () => void {
    this.reader = reader;
    this.look();
    return () => {
      if (this.reader !== reader) return;
      this.reader = undefined;
      clearTimeout(this.timer);
      this.timer = undefined;
    };
  }

  /** There may be a reason to look now. */
  look(): void {
    const { reader } = this;
    if (reader === undefined || this.timer !== undefined || !this.matters()) return;
    const { progress } = reader;
    this.timer = startTimer(() => {
      this.timer = undefined;
      if (reader.waiting || reader.progress !== progress) this.look();
      else if (this.matters()) this.stalled(reader);
    }, this.limit);
    if (!this.keepsAlive) this.timer.unref();
  }
}

/** For a call that waits for rows which, as it seems, wait for the call. */
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

/** For rows that somebody reads on whose connection has been released in the meantime. */
export function releasedUnderRows(): UsageError {
  return new UsageError(
    'KB_CONNECTION_RELEASED',
    'The connection was released before all of its rows had been read.',
    { hint: 'Read the rows to the end or close() them before the connection is released.' },
  );
}
