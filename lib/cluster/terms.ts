import type { Consistency, MaxLag, ResolvedClusterOptions } from '../config/index.js';
import { readPosition, type Position } from './position.js';
import type { ReadSession } from './read-session.js';

/** What a program may say of a read; what it does not say the view it is made on says. */
export interface ReadTerms {
  /** What the read may show. */
  consistency?: Consistency | undefined;
  /** A position of `db.position()`, of another process perhaps: what was written up to there is shown, too. */
  after?: string | undefined;
  /** ms that the read waits for a standby before it goes to the primary, or is refused without `primaryFallback`. */
  maxWait?: number | undefined;
  /** How far behind a `bounded` read may be: ms, or `{ bytes }` of the primary's log. */
  maxLag?: MaxLag | undefined;
}

/** The same, complete. */
export interface ResolvedTerms {
  readonly consistency: Consistency;
  readonly after: Position | undefined;
  readonly maxWait: number;
  readonly maxLag: MaxLag;
  readonly session: ReadSession | undefined;
}

export function termsOf(options: ResolvedClusterOptions): ResolvedTerms {
  const { consistency, maxWait, maxLag } = options;
  return { consistency, maxWait, maxLag, after: undefined, session: undefined };
}

/** Puts what a view or a call says over what it is made on. Throws a UsageError (`KB_BAD_OPTION`). */
export function refine(terms: ResolvedTerms, said: ReadTerms | undefined): ResolvedTerms {
  if (said === undefined) return terms;
  const { consistency, after, maxWait, maxLag } = said;
  if ((consistency ?? after ?? maxWait ?? maxLag) === undefined) return terms;
  return {
    consistency: consistency ?? terms.consistency,
    after: after === undefined ? terms.after : readPosition(after),
    maxWait: maxWait ?? terms.maxWait,
    maxLag: maxLag ?? terms.maxLag,
    session: terms.session,
  };
}
