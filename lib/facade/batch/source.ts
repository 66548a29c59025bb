import { itWas, kindOf } from '../../base/kind-of.js';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { UsageError } from '../../errors/index.js';
import type { Limit } from '../calls/limit.js';
import type { BatchRows } from './options.js';

/** ms that may go by before the event loop gets its turn. */
const TURN = 4;
/** Rows between looks at the clock. */
const LOOK_EVERY = 32;

/** `rows[from]` to before `rows[to]`. */
export interface Chunk {
  readonly rows: readonly unknown[];
  readonly from: number;
  readonly to: number;
  /** Index of `rows[0]` in all the rows. */
  readonly base: number;
}

/** Lets other things happen between pieces of work on the JavaScript thread. */
export class Pace {
  private since = performance.now();

  get due(): boolean {
    return performance.now() - this.since > TURN;
  }

  async rest(): Promise<void> {
    await nextTurn();
    this.since = performance.now();
  }
}

/** Rows, chunk by chunk. */
export interface RowSource {
  /** How many there are, where that is known. */
  readonly size: number | undefined;
  /** Whether the rows have ended; after a full chunk this may show only with the next. */
  readonly ended: boolean;
  /** Undefined at the end, and never empty. */
  next(most: number): Promise<Chunk | undefined>;
  /** Tells whoever makes the rows that no more are wanted. */
  close(): void;
}

/** @throws UsageError `KB_BAD_PARAMETER` for what is neither iterable nor async iterable */
export function rowSource(rows: BatchRows, pace: Pace, limit: Limit): RowSource {
  if (Array.isArray(rows)) return new ArraySource(rows);
  if (typeof rows === 'object' && rows !== null) {
    if (Symbol.asyncIterator in rows) return new AsyncSource(rows[Symbol.asyncIterator](), pace, limit);
    if (Symbol.iterator in rows) return new IteratorSource(rows[Symbol.iterator](), pace);
  }
  throw new UsageError(
    'KB_BAD_PARAMETER',
    'The rows of a batch must be an array, an iterable or an async iterable.',
    {
      hint: kindOf(rows) === 'a Promise' ? 'It was a Promise: await it first.' : itWas(rows),
    },
  );
}

class ArraySource implements RowSource {
  private position = 0;
  readonly size: number;

  constructor(private readonly rows: readonly unknown[]) {
    this.size = rows.length;
  }

  get ended(): boolean {
    return this.position >= this.size;
  }

  next(most: number): Promise<Chunk | undefined> {
    if (this.ended) return Promise.resolve(undefined);
    const from = this.position;
    const to = Math.min(from + most, this.size);
    this.position = to;
    return Promise.resolve({ rows: this.rows, from, to, base: 0 });
  }

  close(): void {
    // Nobody waits.
  }
}

class IteratorSource implements RowSource {
  readonly size = undefined;
  ended = false;
  private count = 0;

  constructor(
    private readonly iterator: Iterator<unknown, unknown>,
    private readonly pace: Pace,
  ) {}

  async next(most: number): Promise<Chunk | undefined> {
    const { iterator, pace } = this;
    const rows: unknown[] = [];
    while (!this.ended && rows.length < most) {
      const { done, value } = iterator.next();
      if (done === true) this.ended = true;
      else rows.push(value);
      if (rows.length % LOOK_EVERY === 0 && pace.due) await pace.rest();
    }
    const base = this.count;
    this.count += rows.length;
    return rows.length === 0 ? undefined : { rows, from: 0, to: rows.length, base };
  }

  close(): void {
    if (this.ended) return;
    try {
      this.iterator.return?.();
    } catch {
      // The batch has its result, or an error that says more.
    }
  }
}

class AsyncSource implements RowSource {
  readonly size = undefined;
  ended = false;
  private count = 0;

  constructor(
    private readonly iterator: AsyncIterator<unknown, unknown>,
    private readonly pace: Pace,
    private readonly limit: Limit,
  ) {}

  async next(most: number): Promise<Chunk | undefined> {
    if (this.ended) return undefined;
    const rows: unknown[] = [];
    await this.limit.race(this.fill(rows, most));
    const base = this.count;
    this.count += rows.length;
    return rows.length === 0 ? undefined : { rows, from: 0, to: rows.length, base };
  }

  private async fill(rows: unknown[], most: number): Promise<void> {
    while (rows.length < most && !this.limit.over) {
      const { done, value } = await this.iterator.next();
      if (done === true) {
        this.ended = true;
        return;
      }
      rows.push(value);
      // An iterator that never waits for anything takes all its steps in one turn of the event loop.
      if (rows.length % LOOK_EVERY === 0 && this.pace.due) await this.pace.rest();
    }
  }

  close(): void {
    // It may be in the middle of something that never ends; nobody waits for it.
    if (!this.ended) void Promise.resolve(this.iterator.return?.()).catch(() => undefined);
  }
}
