import type { NativeFailure } from '../addon/interface.js';
import type { Lag } from '../cluster/node.js';
import type { KingbaseError } from '../errors/index.js';

/** A message that is not an error: a notice, a warning. */
export interface Notice {
  /** The server process of the connection on which it came. */
  processId: number;
  severity: string;
  code: string;
  message: string;
  detail?: string;
  hint?: string;
  /** Where in the statement, counted in characters from 1. */
  position?: string;
  /** The call stack of server-side code. */
  where?: string;
  schema?: string;
  table?: string;
  column?: string;
  dataType?: string;
  constraint?: string;
  /** File, line and routine of the server's source. */
  file?: string;
  line?: string;
  routine?: string;
}

export interface DatabaseEvents {
  /** The server sent a notice or a warning. */
  notice: [notice: Notice];
  /** A connection of the pool has been made. */
  connect: [event: { processId: number; address: string }];
  /** A connection of the pool has been closed; `error` where it was lost. */
  disconnect: [
    event: { processId: number; address: string; reason: string; error: KingbaseError | undefined },
  ];
  /** The server cannot be reached; connecting is tried again after `retryIn` ms. */
  unreachable: [event: { error: unknown; attempt: number; retryIn: number }];
  /** Of a cluster: this server takes the writes from now on. */
  primary: [event: { host: string; port: number; timeline: number }];
  /** Of a cluster: a server serves reads from now on, or does not any more; `error` where it does not answer. */
  standby: [event: { host: string; port: number; serves: boolean; error: unknown }];
  /** Of a cluster: a standby is behind by more than `maxLag`, or is so no longer. */
  lag: [event: { host: string; port: number; behind: boolean; lag: Lag | undefined }];
  /** A connection has been checked out for longer than `pool.leakTimeout`; `stack` says where it was taken. */
  leak: [event: { processId: number; heldFor: number; stack: string }];
}

const EVERY_EVENT = {
  notice: true,
  connect: true,
  disconnect: true,
  unreachable: true,
  primary: true,
  standby: true,
  lag: true,
  leak: true,
} as const satisfies Record<keyof DatabaseEvents, true>;

/** The names of all events. */
export const DATABASE_EVENTS: readonly string[] = Object.keys(EVERY_EVENT);

const ERRORS = 'Nobody has to listen for errors: each rejects the call that it belongs to.';
const LOST =
  'An idle connection that is lost is replaced; listen for "disconnect" to be told, which has the error, and for "unreachable" ' +
  'to be told that the server is away.';
const COUNTED =
  'stats() counts the connections in use; the channel kingbase:pool:acquire tells of each that is taken.';

/** What the pools of other drivers tell, and how one is told of it here. */
export const EVENTS_ELSEWHERE: Readonly<Record<string, string>> = {
  error: `${ERRORS} ${LOST}`,
  remove: LOST,
  end: LOST,
  close: LOST,
  acquire: COUNTED,
  release: COUNTED,
  notification: 'db.listen(channel, handler) gives the notifications of a channel.',
};

/** The same of one connection. */
export const CONNECTION_EVENTS_ELSEWHERE: Readonly<Record<string, string>> = {
  error: `${ERRORS} A connection that is lost tells its listeners of "close", with the error.`,
  end: 'A connection that takes no more calls tells its listeners of "close", with the error if it was lost.',
  notice: 'Notices are told by the database: db.on("notice", (notice) => { … }).',
};

const OPTIONAL = {
  D: 'detail',
  H: 'hint',
  P: 'position',
  W: 'where',
  s: 'schema',
  t: 'table',
  c: 'column',
  d: 'dataType',
  n: 'constraint',
  F: 'file',
  L: 'line',
  R: 'routine',
} as const;

/** @param fields by protocol letter */
export function noticeOf(fields: NonNullable<NativeFailure['fields']>, processId: number): Notice {
  const notice: Notice = {
    processId,
    severity: fields['V'] ?? fields['S'] ?? 'NOTICE',
    code: fields['C'] ?? '00000',
    message: fields['M'] ?? '',
  };
  for (const letter of Object.keys(OPTIONAL) as (keyof typeof OPTIONAL)[]) {
    const value = fields[letter];
    if (value !== undefined) notice[OPTIONAL[letter]] = value;
  }
  return notice;
}
