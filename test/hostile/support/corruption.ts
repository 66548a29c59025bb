import { between, pick, type Random } from '../../resilience/support/random.js';
import { encodeMessage, int16, int32, MessageReader } from '../../support/protocol.js';
import { failure, notice, notification, parameter } from '../../support/scripted-server.js';

/** What became of an answer. */
export interface Corruption {
  readonly kind: string;
  readonly bytes: Buffer;
}

type Corrupt = (messages: Buffer[], random: Random) => Buffer;

function messageAt(messages: readonly Buffer[], at: number): Buffer {
  const message = messages[at];
  if (message === undefined) throw new RangeError(`There is no message ${at}.`);
  return message;
}

/** Bytes of a message before its body: the letter and the length. */
const HEADER = 5;

const indexOf = (messages: readonly Buffer[], random: Random): number =>
  between(random, 0, messages.length - 1);

function withLength(messages: Buffer[], random: Random, length: (actual: number) => number): Buffer {
  const message = messageAt(messages, indexOf(messages, random));
  message.writeInt32BE(length(message.readInt32BE(1)), 1);
  return Buffer.concat(messages);
}

function wrongBytes(messages: readonly Buffer[], random: Random): Buffer {
  const bytes = Buffer.concat(messages);
  for (let left = between(random, 1, 4); left > 0; left--) {
    bytes[between(random, 0, bytes.length - 1)] = between(random, 0, 255);
  }
  return bytes;
}

/** Messages are copies, so that they can be written to. */
const KINDS: Readonly<Record<string, Corrupt>> = {
  lost: (messages, random) => {
    messages.splice(indexOf(messages, random), 1);
    return Buffer.concat(messages);
  },
  doubled: (messages, random) => {
    const at = indexOf(messages, random);
    messages.splice(at, 0, messageAt(messages, at));
    return Buffer.concat(messages);
  },
  exchanged: (messages, random) => {
    const [one, other] = [indexOf(messages, random), indexOf(messages, random)];
    [messages[one], messages[other]] = [messageAt(messages, other), messageAt(messages, one)];
    return Buffer.concat(messages);
  },
  // Its length still holds for the bytes that are left.
  shortened: (messages, random) => {
    const at = indexOf(messages, random);
    const message = messageAt(messages, at);
    const rest = message.subarray(HEADER, between(random, HEADER, message.length));
    messages[at] = encodeMessage(message.toString('latin1', 0, 1), rest);
    return Buffer.concat(messages);
  },
  truncated: (messages, random) => {
    const at = indexOf(messages, random);
    messages[at] = messageAt(messages, at).subarray(
      0,
      between(random, 0, messageAt(messages, at).length - 1),
    );
    return Buffer.concat(messages);
  },
  'cut off': (messages, random) => {
    const bytes = Buffer.concat(messages);
    return bytes.subarray(0, between(random, 0, bytes.length - 1));
  },
  'a negative length': (messages, random) => withLength(messages, random, () => -between(random, 1, 2 ** 31)),
  'a huge length': (messages, random) =>
    withLength(messages, random, () => pick(random, [0x7fff_ffff, 0x4000_0000, 0x0fff_ffff, 30_001])),
  'a short length': (messages, random) =>
    withLength(messages, random, (actual) => between(random, 0, actual - 1)),
  'a long length': (messages, random) =>
    withLength(messages, random, (actual) => actual + between(random, 1, 64)),
  'wrong bytes': wrongBytes,
  'a wrong number of fields': (messages, random) => {
    const counted = messages.filter((message) => 'TDt'.includes(message.toString('latin1', 0, 1)));
    if (counted.length === 0) return wrongBytes(messages, random);
    pick(random, counted).writeInt16BE(pick(random, [-1, 0, 1, 2, 4, 1600, 32_767]), HEADER);
    return Buffer.concat(messages);
  },
  'a wrong length of a field': (messages, random) => {
    const rows = messages.filter((message) => message.toString('latin1', 0, 1) === 'D');
    if (rows.length === 0) return wrongBytes(messages, random);
    const lengths = [-2, 0, 3, 1_000, 0x3fff_ffff, 0x7fff_ffff, -(2 ** 31)];
    pick(random, rows).writeInt32BE(pick(random, lengths), HEADER + 2);
    return Buffer.concat(messages);
  },
  'something inserted': (messages, random) => {
    messages.splice(between(random, 0, messages.length), 0, pick(random, STRANGERS)());
    return Buffer.concat(messages);
  },
};

/** Messages that a server sends at other times. */
const STRANGERS: readonly (() => Buffer)[] = [
  () => notice('by the way'),
  () => notification('channel', 'payload'),
  () => parameter('application_name', 'another'),
  () => failure('XX000', 'out of the blue'),
  () => encodeMessage('1'),
  () => encodeMessage('2'),
  () => encodeMessage('3'),
  () => encodeMessage('n'),
  () => encodeMessage('s'),
  () => encodeMessage('I'),
  () => encodeMessage('t', int16(0)),
  () => encodeMessage('T', int16(0)),
  () => encodeMessage('D', int16(0)),
  () => encodeMessage('C', Buffer.from('SELECT 1\0')),
  () => encodeMessage('Z', Buffer.from('I')),
  () => encodeMessage('R', int32(0)),
  () => encodeMessage('K', int32(1), int32(1)),
  () => encodeMessage('G', Buffer.from([0]), int16(0)),
  () => encodeMessage('H', Buffer.from([0]), int16(0)),
  () => encodeMessage('W', Buffer.from([0]), int16(0)),
  () => encodeMessage('d', Buffer.from('data')),
  () => encodeMessage('c'),
  () => encodeMessage('V', int32(-1)),
  () => encodeMessage('?', Buffer.from('no such message')),
  () => Buffer.from([0]),
];

/** The letters of the messages, as far as bytes are some. */
function letters(bytes: Buffer): string {
  const reader = new MessageReader(false);
  let types = '';
  try {
    for (const { type } of reader.push(bytes)) types += type;
  } catch {
    return `${types}…`;
  }
  return reader.buffered > 0 ? `${types}…` : types;
}

export function corrupted(answer: readonly Buffer[], random: Random): Corruption {
  const [kind, corrupt] = pick(random, Object.entries(KINDS));
  const bytes = corrupt(
    answer.map((message) => Buffer.from(message)),
    random,
  );
  return { kind: `${kind}: ${letters(bytes).replace(/D{4,}/g, 'D…D')}`, bytes };
}
