import { isError } from '../base/is-error.js';
import { ConnectionError } from '../errors/index.js';
import type { WaitReason } from '../pool/refusals.js';
import type { ClusterNode } from './node.js';

type Failure = { readonly error: unknown } | undefined;

/**
 * For a read that no standby can serve, and the primary may not.
 *
 * @param last why it was last not served
 */
export function noStandby(nodes: readonly ClusterNode[], last: Failure): ConnectionError {
  const { said, cause } = lastOf(nodes, last);
  return new ConnectionError(
    'KB_NO_STANDBY',
    `No standby can serve the read: ${nodes.map(({ name, role }) => `${name} (${role})`).join(', ')}.${said}`,
    {
      outcome: 'not-sent',
      cause,
      hint: 'They are down, or have not come as far as the read needs. With cluster.primaryFallback the primary serves it then.',
    },
  );
}

/**
 * Why a read waits that no server has been given yet.
 *
 * @param last as for `noStandby`
 * @param fallback the primary serves it after `maxWait`
 */
export function reasonOfWaiting(
  nodes: readonly ClusterNode[],
  last: Failure,
  fallback: boolean,
  waiting: number,
): WaitReason {
  const away = !nodes.some(({ serves }) => serves);
  const { said, cause } = away || !fallback ? lastOf(nodes, last) : NOTHING;
  return {
    words: away ? 'no standby answers' : 'no standby had what it must show',
    last: said,
    cause,
    hint: fallback
      ? 'It would have gone to the primary after cluster.maxWait. See db.topology() for how far the standbys are.'
      : 'It would have been refused after cluster.maxWait. See db.topology() for how the standbys are.',
    waiting,
  };
}

const NOTHING = { said: '', cause: undefined };

/** The sentence on what the last attempt to serve it, or to reach a server, failed with. */
function lastOf(nodes: readonly ClusterNode[], last: Failure): { said: string; cause: unknown } {
  const { error } = last ?? nodes.find(({ failure }) => failure !== undefined)?.failure ?? {};
  return { said: isError(error) ? ` The last attempt said: ${error.message}` : '', cause: error };
}
