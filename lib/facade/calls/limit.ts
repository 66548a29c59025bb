import { deferred } from '../../base/deferred.js';
import { nothing } from '../../base/nothing.js';
import { startTimer } from '../../base/timers.js';
import { rejecting, UsageError, type KingbaseError } from '../../errors/index.js';
import { checkSignal, onAbort, reasonOf } from './abort-signals.js';

/** What ends a call from outside. */
export interface LimitOptions {
  readonly signal?: AbortSignal | undefined;
  /** ms. */
  readonly timeout?: number | undefined;
}

/** Why a call that was out of time had not begun. */
export interface Waiting {
  /** A clause without an end, such as "all 10 are in use". */
  readonly words: string;
  /** A sentence on the last attempt to connect, where that is what kept the call waiting; '' otherwise. */
  readonly last: string;
  /** What that attempt failed with. */
  readonly cause: unknown;
  readonly hint: string;
  /** Calls that waited, this one among them; absent for one that had a connection and waited for its turn on it. */
  readonly waiting?: number;
}

/**
 * The error for a call that has taken longer than `timeout` ms.
 *
 * @param cause the server's answer to the cancel request, or the loss of the connection
 * @param waiting undefined for a call that had begun
 */
export type TimedOut = (timeout: number, cause?: unknown, waiting?: Waiting) => KingbaseError;

/**
 * How long a call may go on: until its signal aborts, its time is up, the limit that it lies within has been reached, or
 * the program has ended it itself (`stop`). The time counts from when the limit is made. There is a timer, and a listener
 * on the signal, only while somebody watches: a limit that nobody watches needs no end.
 */
export class Limit {
  private readonly start = performance.now();
  private readonly signal: AbortSignal | undefined;
  private timeout: number | undefined;
  /** The first who watches, whom most limits have alone, and further ones. */
  private watcher: (() => void) | undefined;
  private others: Set<() => void> | undefined;
  private disarm = nothing;
  /** Set once, when the limit has been reached. */
  private reached: ((cause?: unknown, waiting?: Waiting) => unknown) | undefined;

  /** @throws UsageError `KB_BAD_OPTION` */
  constructor(
    options: LimitOptions,
    private readonly timedOut: TimedOut,
    private readonly within?: Limit,
  ) {
    checkSignal(options.signal);
    checkTimeout(options.timeout);
    this.signal = options.signal;
    this.timeout = options.timeout === Infinity ? undefined : options.timeout;
  }

  /** Undefined where a call has no limit at all. Throws a UsageError (`KB_BAD_OPTION`). */
  static of(options: LimitOptions | undefined, timedOut: TimedOut, within?: Limit): Limit | undefined {
    if (options?.signal === undefined && options?.timeout === undefined) return within;
    return new Limit(options, timedOut, within);
  }

  /** Whether the limit has been reached. */
  get over(): boolean {
    this.look();
    return this.reached !== undefined;
  }

  /** Whether the caller has aborted it, here or around it, rather than a time having passed. */
  get aborted(): boolean {
    return this.signal?.aborted === true || this.within?.aborted === true;
  }

  /** Whether a time is set, here or around it. */
  get hasTime(): boolean {
    return this.timeout !== undefined || this.within?.hasTime === true;
  }

  /** What calls reject with whose limit has been reached; see {@link TimedOut}. */
  reason(cause?: unknown, waiting?: Waiting): unknown {
    return this.reached?.(cause, waiting);
  }

  /** Throws the reason once the limit has been reached. */
  check(): void {
    if (this.over) throw this.reason();
  }

  /** Reaches the limit now. */
  stop(reason?: unknown): void {
    this.look();
    if (this.reached === undefined) this.reach(() => reason);
  }

  /** Calls `run` once when the limit is reached, at once where it has been. Gives what ends that. */
  watch(run: () => void): () => void {
    if (this.over) {
      run();
      return nothing;
    }
    const watched = this.isWatched;
    if (watched) (this.others ??= new Set()).add(run);
    else this.watcher = run;
    if (!watched) this.arm();
    return () => {
      if (this.watcher === run) this.watcher = undefined;
      else if (this.others?.delete(run) !== true) return;
      if (!this.isWatched) this.disarm();
    };
  }

  /** Its time has been kept: from now on only the signal ends it, and what it lies within. */
  liftTime(): void {
    this.look();
    if (this.reached !== undefined || this.timeout === undefined) return;
    this.timeout = undefined;
    if (!this.isWatched) return;
    this.disarm();
    this.arm();
  }

  /** Settles as the work does, unless the limit is reached first. */
  race<R>(work: Promise<R>): Promise<R> {
    const { promise, resolve, reject } = deferred<R>();
    const outOfTime = rejecting(resolve as (result: Promise<R>) => void, reject);
    const unwatch = this.watch(() => outOfTime(this.reason()));
    work.then(
      (result) => {
        unwatch();
        resolve(result);
      },
      (error: unknown) => {
        unwatch();
        reject(error);
      },
    );
    return promise;
  }

  private get isWatched(): boolean {
    return this.watcher !== undefined || (this.others !== undefined && this.others.size > 0);
  }

  private look(): void {
    const { signal, within } = this;
    if (this.reached !== undefined) return;
    if (signal?.aborted === true) this.reach(() => reasonOf(signal));
    else if (within?.over === true) this.reach((cause, waiting) => within.reason(cause, waiting));
    else if (this.left <= 0) this.timeIsUp();
  }

  private get left(): number {
    return this.timeout === undefined ? Infinity : this.timeout - (performance.now() - this.start);
  }

  private timeIsUp(): void {
    const { timeout = 0, timedOut } = this;
    let plain: KingbaseError | undefined;
    this.reach((cause, waiting) => {
      if (cause !== undefined || waiting !== undefined) return timedOut(timeout, cause, waiting);
      plain ??= timedOut(timeout);
      return plain;
    });
  }

  private reach(reason: NonNullable<Limit['reached']>): void {
    this.reached = reason;
    this.disarm();
    const { watcher, others } = this;
    this.watcher = undefined;
    this.others = undefined;
    watcher?.();
    if (others !== undefined) for (const run of [...others]) run();
  }

  private arm(): void {
    const { signal, within } = this;
    const look = (): void => this.look();
    const ends: (() => void)[] = [];
    if (signal !== undefined) ends.push(onAbort(signal, look));
    if (within !== undefined) ends.push(within.watch(look));
    if (this.timeout !== undefined) {
      let timer: NodeJS.Timeout;
      const wait = (): void => {
        timer = startTimer(() => {
          this.look();
          // A time beyond the longest timer.
          if (this.reached === undefined) wait();
        }, this.left);
      };
      wait();
      ends.push(() => clearTimeout(timer));
    }
    const [only] = ends;
    // Each can be called again, when it does nothing.
    this.disarm =
      ends.length === 1 && only !== undefined
        ? only
        : (): void => {
            for (const end of ends) end();
          };
  }
}

/** Throws a UsageError (`KB_BAD_OPTION`) for what is no time limit. */
function checkTimeout(timeout: unknown): void {
  if (timeout === undefined || (typeof timeout === 'number' && timeout > 0)) return;
  throw new UsageError(
    'KB_BAD_OPTION',
    'The option "timeout" must be a number of milliseconds greater than 0.',
    { hint: "Give Infinity for no limit, or leave it out for the database's own." },
  );
}
