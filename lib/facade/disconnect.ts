import { itWas } from '../base/kind-of.js';
import type { SessionPool } from '../pool/session-pool.js';
import { badArgument } from './calls/check-arguments.js';

/**
 * Closes the connection to a server process. Several servers can have a process of the same number: then nothing is closed that
 * was not meant.
 *
 * @throws UsageError `KB_BAD_PARAMETER` for what is no number or address, and where it cannot be told which server is meant
 */
export function disconnect(
  pools: readonly SessionPool[],
  processId: number,
  address: string | undefined,
): void {
  if (!Number.isSafeInteger(processId))
    throw badArgument(
      'disconnect() takes the number of a server process, which is a whole number.',
      itWas(processId),
    );
  if (address !== undefined && typeof address !== 'string')
    throw badArgument('The address that disconnect() takes must be a string.', itWas(address));
  const named = pools
    .flatMap((pool) => pool.sessions)
    .filter((session) => session.facts?.backendPid === processId)
    .filter((session) => address === undefined || session.address === address);
  const addresses = [...new Set(named.map((session) => session.address))];
  if (addresses.length > 1)
    throw badArgument(
      `More than one server has a process ${processId}: ${addresses.join(', ')}.`,
      'Give disconnect() the address as well, which the events and Connection.address name.',
    );
  for (const session of named) session.close('the program closed it');
}
