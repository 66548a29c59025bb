import { UsageError } from '../../errors/index.js';

/** What knows of a pooler between the program and its server. */
export interface BehindPooler {
  readonly pooler: 'transaction' | 'statement' | undefined;
}

/** Refuses what needs a server session for longer than a transaction. @throws UsageError `KB_POOLER` */
export function needsSession({ pooler }: BehindPooler, call: string): void {
  if (pooler !== undefined) throw refusal(call, pooler, 'a session of its own');
}

/** Refuses what needs a server session for longer than a statement. @throws UsageError `KB_POOLER` */
export function needsTransaction({ pooler }: BehindPooler, call: string): void {
  if (pooler === 'statement') throw refusal(call, pooler, 'one session for several statements');
}

function refusal(call: string, pooler: string, what: string): UsageError {
  return new UsageError(
    'KB_POOLER',
    `${call} needs ${what}, which a pooler in ${pooler} mode does not give.`,
    {
      hint: 'Open a second database without the option "pooler", which connects to the server itself.',
    },
  );
}
