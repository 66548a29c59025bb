import { ConnectionError } from '../errors/index.js';
import type { WaitReason } from '../pool/refusals.js';
import type { ClusterNode } from './node.js';

/** For a read that no standby can serve, and the primary may not. */
export function noStandby(nodes: readonly ClusterNode[]): ConnectionError {
  return new ConnectionError(
    'KB_NO_STANDBY',
    `No standby can serve the read: ${nodes.map(({ name, role }) => `${name} (${role})`).join(', ')}.`,
    {
      outcome: 'not-sent',
      cause: nodes.find(({ failure }) => failure !== undefined)?.failure?.error,
      hint: 'They are down, or have not come as far as the read needs. With cluster.primaryFallback the primary serves it then.',
    },
  );
}

/** Why a read waits that no server has been given yet. */
export function reasonOfWaiting(waiting: number): WaitReason {
  return {
    words: 'no standby had what it must show',
    last: '',
    cause: undefined,
    hint: 'It would have gone to the primary after cluster.maxWait. See db.topology() for how far the standbys are.',
    waiting,
  };
}
