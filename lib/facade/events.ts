import type { NativeFailure } from '../addon/interface.js';
import type { KingbaseError } from '../errors/index.js';

/** A message that is not an error: a notice, a warning. */
export interface Notice {
  severity: string;
  code: string;
  message: string;
  detail?: string;
  hint?: string;
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
  /** A connection has been checked out for longer than `pool.leakTimeout`; `stack` says where it was taken. */
  leak: [event: { processId: number; heldFor: number; stack: string }];
}

/** @param fields by protocol letter */
export function noticeOf(fields: NonNullable<NativeFailure['fields']>): Notice {
  const { D: detail, H: hint } = fields;
  return {
    severity: fields['V'] ?? fields['S'] ?? 'NOTICE',
    code: fields['C'] ?? '00000',
    message: fields['M'] ?? '',
    ...(detail === undefined ? {} : { detail }),
    ...(hint === undefined ? {} : { hint }),
  };
}
