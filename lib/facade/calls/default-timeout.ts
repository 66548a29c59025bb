import { Limit, type LimitOptions, type TimedOut } from './limit.js';

/** What has a time limit for calls that are given none. */
export interface HasTimeout {
  /** ms; undefined: none. */
  readonly timeout: number | undefined;
}

/** The options of a call, with the database's time limit where the program has given none. */
export function withDefault<O extends LimitOptions>(
  options: O | undefined,
  { timeout }: HasTimeout,
): O | LimitOptions | undefined {
  return timeout === undefined || options?.timeout !== undefined ? options : { ...options, timeout };
}

/**
 * The limit of what begins something longer, such as a transaction: that of the whole where it has a time, else the
 * database's for the beginning alone.
 */
export function limitOfBeginning(
  whole: Limit | undefined,
  options: LimitOptions | undefined,
  { timeout }: HasTimeout,
  timedOut: TimedOut,
): Limit | undefined {
  if (timeout === undefined || options?.timeout !== undefined) return whole;
  return new Limit({ timeout }, timedOut, whole);
}

/**
 * The limit of a stream, which lasts as long as the program and the data take. The database's time is only for its
 * beginning: call `begun` when the server has begun to answer.
 */
export function limitOfStream(
  options: LimitOptions,
  context: HasTimeout,
  timedOut: TimedOut,
): { limit: Limit; begun: () => void } {
  const limit = new Limit(withDefault(options, context) ?? {}, timedOut);
  return {
    limit,
    begun: () => {
      if (options.timeout === undefined) limit.liftTime();
    },
  };
}
