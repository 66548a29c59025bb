import { MessageReader } from '../../support/protocol.js';

/** Bytes of a message before its body: the letter and the length. */
const HEADER = 5;

/** What a stream of messages, taken strictly, says that the answer to a statement is. */
export interface Reading {
  /** The server said, before the end of the answer, that the statement has failed. */
  readonly failed: boolean;
  /** How many rows each result has, where what a client library shows of the answer is complete and in order. */
  readonly results: readonly number[] | undefined;
}

/** What is behind the end of an answer, and belongs to the next for who reads it then. */
export function behindTheEnd(bytes: Buffer): Buffer {
  let at = 0;
  try {
    for (const { type, body } of new MessageReader(false).push(bytes)) {
      at += HEADER + body.length;
      if (type === 'Z') return bytes.subarray(at);
    }
  } catch {
    return Buffer.alloc(0);
  }
  return Buffer.alloc(0);
}

/**
 * Whether the bytes show that they are not an answer. What says nothing of the result (ParseComplete, notices, data of a
 * COPY that is none …) is not missed here, since the true answer may be had without it. Nor is what client libraries drop
 * without a word, since the driver never sees it: a result that ReadyForQuery cuts off behind others that are complete,
 * where only the server knows how many there should be; and the rows before a ParameterDescription, behind which the
 * result is one without rows, as that of SELECT INTO with its tag `SELECT 2`. Where the result that is cut off would be
 * the only one, the driver sees that there is none.
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
  const told = answer
    .replace(/[123nsNASdc]/g, '')
    .replace(/TD*(?=t)/g, '')
    .replaceAll('t', '');
  if (!/^(?:(?:TD*)?[CI])+(?:TD*)?Z$/.test(told)) return { failed, results: undefined };
  return {
    failed,
    results: (told.match(/T?D*[CI]/g) ?? []).map((result) => result.match(/D/g)?.length ?? 0),
  };
}
