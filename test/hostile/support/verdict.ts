import { MessageReader } from '../../support/protocol.js';

/** What a stream of messages, taken strictly, says that the answer to a statement is. */
export interface Reading {
  /** The server said, before the end of the answer, that the statement has failed. */
  readonly failed: boolean;
  /** How many rows each result has, where the answer is complete and in order. */
  readonly results: readonly number[] | undefined;
}

/**
 * Whether the bytes show that they are not an answer. What says nothing of the result (ParseComplete, notices …) is not
 * missed here, since the true answer may be had without it.
 */
export function strictly(bytes: Buffer): Reading {
  let types = '';
  try {
    for (const { type } of new MessageReader(false).push(bytes)) {
      if (type === 'Z' && types.endsWith('Z')) break;
      types += type;
    }
  } catch {
    return { failed: false, results: undefined };
  }
  const answer = types.slice(0, types.indexOf('Z') + 1) || types;
  const failed = answer.includes('E');
  const told = answer.replace(/[123nstNAS]/g, '');
  if (!/^(?:(?:TD*)?[CI])+Z$/.test(told)) return { failed, results: undefined };
  return {
    failed,
    results: (told.match(/T?D*[CI]/g) ?? []).map((result) => result.match(/D/g)?.length ?? 0),
  };
}
