import type { Operation } from '../driver/session.js';
import type { ClusterNode } from './node.js';
import type { ResolvedTerms } from './terms.js';

/** How often a read is run again where it has failed, if nobody else may serve it: as often as a pool runs a call again. */
const MOST_TURNS = 2;

/** A read, from when it was asked for until it has ended. */
export class Read {
  /** Its deadline as a read that waits has passed. */
  late = false;
  /** It has been counted as if it were a write, so that the primary is asked after it. */
  counted = false;
  /** When what its session had been shown was taken into account; undefined: not yet. */
  moment: number | undefined = undefined;
  /** Where it has failed. */
  tried: Set<ClusterNode> | undefined = undefined;
  /** How often it has forgotten that. */
  private turns = 0;
  /** Why it was last not served; undefined where that is not known, or the primary may serve it. */
  failure: { readonly error: unknown } | undefined = undefined;
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

  /** It has failed everywhere as often as any call is run. */
  get isSpent(): boolean {
    return this.turns >= MOST_TURNS;
  }

  /** It may be run again where it has failed; false where it has nowhere, or it is spent. */
  tryAgain(nodes: readonly ClusterNode[]): boolean {
    const { tried } = this;
    if (this.isSpent || tried === undefined || !nodes.some((node) => node.serves && tried.has(node)))
      return false;
    this.turns++;
    tried.clear();
    return true;
  }
}

export function readOf({ ticket }: Operation): Read | undefined {
  return ticket instanceof Read ? ticket : undefined;
}
