import { Decoder } from '../addon/interface.js';
import { UsageError } from '../errors/index.js';
import { dateFromWallClock } from './calendar.js';
import type { Reading } from './families/family.js';
import { textParser } from './text-parsers.js';
import type { ResolvedTypeOptions } from './type-options.js';

/** From what the core gives for a value that is not NULL to what the caller gets. */
export type Converter = (value: unknown) => unknown;

/** How one type is read: what the core does, then what is done here. */
export interface TypeRule {
  decoder: Decoder;
  converter?: Converter | undefined;
}

/** What to do with the text of a value under the caller's choices; undefined: it is given as it is. */
export function readingRule(reading: Reading, options: ResolvedTypeOptions): TypeRule | undefined {
  switch (reading) {
    case 'text':
      return undefined;
    case 'integer':
      return { decoder: Decoder.Integer };
    case 'float':
      return { decoder: Decoder.Float };
    case 'boolean':
      return { decoder: Decoder.Boolean };
    case 'bytes':
      return { decoder: Decoder.Bytes };
    case 'bigint':
      if (options.int8 === 'string') return undefined;
      return options.int8 === 'bigint'
        ? { decoder: Decoder.BigInt }
        : { decoder: Decoder.SafeInteger, converter: exactNumber };
    case 'numeric':
      return options.numeric === 'number' ? { decoder: Decoder.Float } : undefined;
    case 'day':
      return options.date === 'date' ? { decoder: Decoder.WallClock, converter: localDate } : undefined;
    case 'wallClock':
      return options.timestamp === 'date' ? { decoder: Decoder.WallClock, converter: localDate } : undefined;
    case 'instant':
      return options.timestamp === 'date' ? { decoder: Decoder.Instant, converter: instantDate } : undefined;
    case 'json':
      return options.json === 'parse' ? { decoder: Decoder.Text, converter: parseJson } : undefined;
    case 'unsigned64':
      return options.int8 === 'string'
        ? undefined
        : { decoder: Decoder.Text, converter: options.int8 === 'bigint' ? unsigned : exactUnsigned };
    case 'bit':
      return { decoder: Decoder.Text, converter: bit };
    case 'prefixedBytes':
      return { decoder: Decoder.Text, converter: prefixedBytes };
    case 'fineWallClock':
      return options.timestamp === 'date' ? { decoder: Decoder.Text, converter: fineLocalDate } : undefined;
  }
}

/** The same, with a function for the text of what the core has not read. */
export function withParser(
  { decoder, converter }: TypeRule,
  parse: (text: string) => unknown,
): { converter: Converter; textOnly: boolean } {
  if (decoder === Decoder.Text) return { converter: parse as Converter, textOnly: false };
  return converter === undefined
    ? { converter: (value) => (typeof value === 'string' ? parse(value) : value), textOnly: true }
    : {
        converter: (value) => (typeof value === 'string' ? parse(value) : converter(value)),
        textOnly: false,
      };
}

// What does not have the expected form is given as it is, as the core does it.

function exactNumber(value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  throw new UsageError(
    'KB_VALUE_NOT_EXACT',
    `The int8 value ${value} has no exact JavaScript number; read it with types: { int8: 'bigint' } or 'string'.`,
  );
}

function unsigned(value: unknown): unknown {
  return typeof value === 'string' && /^\d{1,20}$/.test(value) ? BigInt(value) : value;
}

function exactUnsigned(value: unknown): unknown {
  const number = unsigned(value);
  if (typeof number !== 'bigint') return number;
  return number <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(number) : exactNumber(number);
}

function bit(value: unknown): unknown {
  return value === '1' ? true : value === '0' ? false : value;
}

function prefixedBytes(value: unknown): unknown {
  if (typeof value !== 'string' || !/^0x(?:[0-9a-f]{2})*$/i.test(value)) return value;
  return Buffer.from(value.slice(2), 'hex');
}

const readWallClock = textParser(Decoder.WallClock);

/** With more decimals than microseconds have. */
function fineLocalDate(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const time = readWallClock?.(value.replace(/(\.\d{6})\d+$/, '$1'));
  return typeof time === 'number' ? dateFromWallClock(time) : value;
}

function instantDate(value: unknown): unknown {
  return typeof value === 'number' ? new Date(value) : value;
}

function localDate(value: unknown): unknown {
  return typeof value === 'number' ? dateFromWallClock(value) : value;
}

function parseJson(value: unknown): unknown {
  return JSON.parse(value as string);
}
