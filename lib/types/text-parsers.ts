import { Decoder } from '../addon/interface.js';
import { MAX_WALL_CLOCK, daysFromCivil } from './calendar.js';

/**
 * The core's decoders again, in JavaScript: array elements arrive inside the array's text, which the core hands over
 * as it is. As in the core, text that does not have the expected form is returned unchanged.
 */
export type TextParser = (text: string) => unknown;

/** The parser that gives what the core gives for this decoder; undefined where that is the text itself. */
export function textParser(decoder: Decoder): TextParser | undefined {
  return PARSERS[decoder];
}

const PARSERS: Readonly<Record<Decoder, TextParser | undefined>> = {
  [Decoder.Text]: undefined,
  [Decoder.Integer]: parseInteger,
  [Decoder.BigInt]: parseBigInt,
  [Decoder.SafeInteger]: parseSafeInteger,
  [Decoder.Float]: parseFloatText,
  [Decoder.Boolean]: parseBoolean,
  [Decoder.Instant]: parseInstant,
  [Decoder.WallClock]: parseWallClock,
  [Decoder.Bytes]: parseBytes,
};

function parseInteger(text: string): number | string {
  return /^-?\d{1,10}$/.test(text) ? Number(text) : text;
}

function parseBigInt(text: string): bigint | string {
  return /^-?\d{1,19}$/.test(text) ? BigInt(text) : text;
}

function parseSafeInteger(text: string): number | bigint | string {
  const value = parseBigInt(text);
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function parseFloatText(text: string): number | string {
  if (/^-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return Number(text);
  switch (text) {
    case 'NaN':
      return NaN;
    case 'Infinity':
      return Infinity;
    case '-Infinity':
      return -Infinity;
    default:
      return text;
  }
}

function parseBoolean(text: string): boolean | string {
  return text === 't' ? true : text === 'f' ? false : text;
}

// DateStyle ISO. Groups: 1-3 date, 4-6 time, 7 fraction, 8 sign of the offset, 9-11 offset, 12 BC.
const TIMESTAMP =
  /^(\d{4,6})-(\d\d)-(\d\d)(?: (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?(?:([+-])(\d\d)(?::(\d\d)(?::(\d\d))?)?)?( BC)?$/;

function parseInstant(text: string): number | string {
  const match = TIMESTAMP.exec(text);
  if (match?.[8] === undefined) return text;
  const offset = (Number(match[9]) * 60 + Number(match[10] ?? 0)) * 60 + Number(match[11] ?? 0);
  const instant = wallClock(match) - (match[8] === '-' ? -offset : offset) * 1000;
  return Math.abs(instant) <= 8.64e15 ? instant : text;
}

function parseWallClock(text: string): number | string {
  const match = TIMESTAMP.exec(text);
  if (match === null || match[8] !== undefined) return text;
  const time = wallClock(match);
  return Math.abs(time) <= MAX_WALL_CLOCK ? time : text;
}

function wallClock(match: RegExpExecArray): number {
  const year = match[12] === undefined ? Number(match[1]) : 1 - Number(match[1]);
  const days = daysFromCivil(year, Number(match[2]), Number(match[3]));
  const seconds = (Number(match[4] ?? 0) * 60 + Number(match[5] ?? 0)) * 60 + Number(match[6] ?? 0);
  const milliseconds = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'));
  return days * 86_400_000 + seconds * 1000 + milliseconds;
}

function parseBytes(text: string): Buffer | string {
  if (text.startsWith('\\x')) {
    const bytes = Buffer.from(text.slice(2), 'hex');
    return bytes.length * 2 === text.length - 2 ? bytes : text;
  }
  // bytea_output = 'escape': \\ is a backslash, \ooo a byte in octal, the rest ASCII.
  if (/[^\0-\x7f]|\\(?!\\|[0-3][0-7]{2})/.test(text.replaceAll('\\\\', ''))) return text;
  return Buffer.from(
    text.replace(/\\(\\|[0-7]{3})/g, (_, code: string) =>
      code === '\\' ? code : String.fromCharCode(parseInt(code, 8)),
    ),
    'latin1',
  );
}
