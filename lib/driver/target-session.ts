import { ConnectionError } from '../errors/index.js';
import { TypeMap } from '../types/type-map.js';
import { Execution } from './operations/execution.js';
import { RowMode } from '../addon/interface.js';
import type { Session } from './session.js';

/** What kind of server is wanted; the values of libpq's target_session_attrs. */
export type TargetSession = 'any' | 'read-write' | 'read-only' | 'primary' | 'standby';

const types = new TypeMap();

/** Whether the session's server is of the kind that is wanted. */
export async function isOfKind(session: Session, wanted: TargetSession): Promise<boolean> {
  switch (wanted) {
    case 'any':
      return true;
    case 'read-write':
      return (await ask(session, 'SHOW transaction_read_only')) === 'off';
    case 'read-only':
      return (await ask(session, 'SHOW transaction_read_only')) === 'on';
    case 'primary':
      return (await ask(session, 'SELECT pg_is_in_recovery()')) === false;
    case 'standby':
      return (await ask(session, 'SELECT pg_is_in_recovery()')) === true;
  }
}

export function wrongKind(address: string, wanted: TargetSession): ConnectionError {
  return new ConnectionError(
    'KB_CONNECT_SESSION_ATTRS',
    `The server at ${address} is not what target_session_attrs=${wanted} asks for.`,
    {
      outcome: 'not-sent',
      address,
      hint: 'Name all servers of the cluster as hosts, and look which of them is the primary.',
    },
  );
}

/** The first value of the first row. */
async function ask(session: Session, sql: string): Promise<unknown> {
  const rows = await new Promise<unknown[] | undefined>((resolve, reject) => {
    const request = { sql, parameters: [], rowMode: RowMode.Array, types };
    session.run(new Execution(request, (answer) => answer, resolve, reject));
  });
  const [first] = (rows ?? []) as unknown[][];
  return first?.[0];
}
