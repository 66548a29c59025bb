import type { Operation } from '../driver/session.js';
import type { ClusterNode } from './node.js';
import type { ResolvedTerms } from './terms.js';

/** A read, from when it was asked for until it has ended. */
export class Read {
  /** Its deadline as a read that waits has passed. */
  late = false;
  /** It has been counted as if it were a write, so that the primary is asked after it. */
  counted = false;
  /** When what its session had been shown was taken into account; undefined: not yet. */
  moment: number | undefined = undefined;
  tried: Set<ClusterNode> | undefined = undefined;
  /** No standby can serve it. */
  onPrimary: boolean;
  at: ClusterNode | undefined = undefined;
  /** The primary serves it, and it is no write as far as is known. */
  primaryReads = false;
  timer: NodeJS.Timeout | undefined = undefined;
  /** ms that it has waited for a standby up to `since`, which is when it began to wait anew. */
  waited = 0;
  since = 0;

  /** @param write what was written before it */
  constructor(
    readonly operation: Operation,
    readonly terms: ResolvedTerms,
    public write: number,
  ) {
    this.onPrimary = terms.consistency === 'primary';
  }
}

export function readOf({ ticket }: Operation): Read | undefined {
  return ticket instanceof Read ? ticket : undefined;
}
