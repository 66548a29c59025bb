import type { Operation } from '../../driver/session.js';
import type { ReadTerms } from '../../cluster/terms.js';
import type { ReadingProgress } from '../sessions/stalled-reader.js';
import type { Waiting } from './limit.js';

/** Where operations run: a database's pool, or one session. */
export interface OperationRunner {
  run(operation: Operation): void;
  /** Takes an operation out that has not begun; false when it has. */
  withdraw(operation: Operation): boolean;
  /** What an operation waits for that has not begun. */
  whyWaiting?(operation?: Operation): Waiting;
  /** Where a call of these options runs; absent where all run here. */
  forCall?(sql: string, options: ReadTerms | undefined): OperationRunner;
  /**
   * Watches what blocks this one session while its program does not go on with it. Returns a function that stops
   * watching. Absent where nothing waits for one session.
   */
  watch?(progress: ReadingProgress): () => void;
  /** Calls `told` once, just before the session is given back, or when it is gone. Absent as `watch` is. */
  onEnd?(told: () => void): () => void;
}
