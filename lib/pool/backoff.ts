/** How long to wait between attempts. Times in ms. */
export interface BackoffRule {
  /** Before the second attempt, on average half of it. */
  readonly first: number;
  /** No wait is longer. */
  readonly longest: number;
}

export const CONNECT_BACKOFF: BackoffRule = { first: 100, longest: 5_000 };

/**
 * The wait before attempt `attempt` (0 is the first repetition): exponential, with full jitter, so that clients that
 * failed together do not come back together (Brooker, "Exponential Backoff And Jitter").
 *
 * @param random in [0, 1)
 */
export function backoffDelay(rule: BackoffRule, attempt: number, random: number): number {
  const ceiling = Math.min(rule.longest, rule.first * 2 ** Math.min(attempt, 30));
  // A wait of nearly nothing would make the attempts of one client a tight loop.
  return ceiling * (0.1 + 0.9 * random);
}
