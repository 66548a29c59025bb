/** ms; Node.js has no longer timer: one that is asked to be longer fires at once. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * As `setTimeout`, for a time of any length in ms: what is longer than {@link LONGEST_TIMER} (24.8 days) fires after that,
 * and a fraction is rounded up, so that `run` never finds its time not yet over.
 */
export function startTimer(run: () => void, milliseconds: number): NodeJS.Timeout {
  return setTimeout(run, Math.min(Math.max(Math.ceil(milliseconds), 1), LONGEST_TIMER));
}
