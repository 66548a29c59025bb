import type { Operation } from '../driver/session.js';
import type { WaitReason } from '../pool/refusals.js';
import type { ReadTerms, ResolvedTerms } from './terms.js';

/** Where operations run, as far as a cluster is concerned. */
export interface OperationRunner {
  run(operation: Operation): void;
  withdraw(operation: Operation): boolean;
  whyWaiting?(operation?: Operation): WaitReason;
}

/** Where reads run under certain terms. */
export interface ReadRunner extends OperationRunner {
  readonly terms: ResolvedTerms;
  /** The same for a call that says more of them. */
  forCall(sql: string, said: ReadTerms | undefined): OperationRunner;
}
