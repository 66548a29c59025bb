import { isRecord, kindOf } from '../base/kind-of.js';
import { shown } from '../base/shown.js';
import { nearest } from '../errors/nearest.js';
import { UsageError } from '../errors/index.js';
import type { Reading } from './families/family.js';

/** Parameter value in the server's text form, in its binary form, or NULL. */
export type SerializedValue = string | Uint8Array | null;

/** A type read and written by the caller's own functions. At least one of them. */
export interface CustomType {
  /** Gets the server's text, never null. What it throws rejects the query. */
  parse?(text: string): unknown;
  /** Gets a parameter's value, never null or undefined. */
  serialize?(value: unknown): SerializedValue;
}

/** Functions of a program that read values of any type, for {@link TypeOptions.all}. */
export interface TextParsers {
  /**
   * The function that reads values of a type: it gets the server's text, never null. Undefined: the text itself. Asked for
   * each column whenever the rows of a result begin, of a stream those of a batch, so that what it says may change. What
   * either of them throws rejects the query.
   */
  parserOf(typeOid: number): ((text: string) => unknown) | undefined;
  /**
   * OIDs of types whose function makes of the usual text what the driver makes of it by itself, which is quicker: a number
   * of int2, int4, oid, float4 and float8, a boolean of bool, a Date of date (local midnight), timestamp (local time) and
   * timestamptz. Their functions get other texts only, such as `infinity`, and are asked for all the same. Default none.
   */
  readonly usual?: readonly number[] | undefined;
}

/** How values are turned into JavaScript and back: per database, or per call. */
export interface TypeOptions {
  /** Default `'bigint'`. `'number'` refuses, with a {@link UsageError}, a value beyond 2^53 - 1 either way. */
  int8?: 'bigint' | 'number' | 'string' | CustomType;
  /** Default `'string'`. `'number'` is the nearest double, as for float8. */
  numeric?: 'string' | 'number' | CustomType;
  /** Default `'string'`. `'date'` is local midnight. */
  date?: 'string' | 'date' | CustomType;
  /** timestamp, timestamptz and the Oracle-mode date. Default `'date'`; `'string'` keeps microseconds. */
  timestamp?: 'date' | 'string' | CustomType;
  /** json and jsonb. Default `'parse'`. */
  json?: 'parse' | 'string' | CustomType;
  /**
   * `'text'`: every value is the server's text, arrays too, whatever the choices above say; only a type that has a `parse` of
   * its own is read by that. {@link TextParsers}: the same, read by functions of the program. Default `'value'`.
   */
  all?: 'value' | 'text' | TextParsers | undefined;
  /**
   * Any type, by its OID or by its name in the server's catalogue; holds for arrays of it too. Given for one of the
   * names above it is for the type of that name alone.
   */
  [oidOrName: string]: string | CustomType | TextParsers | undefined;
}

/** {@link TypeOptions} with every choice made. */
export interface ResolvedTypeOptions {
  int8: 'bigint' | 'number' | 'string';
  numeric: 'string' | 'number';
  date: 'string' | 'date';
  timestamp: 'date' | 'string';
  json: 'parse' | 'string';
  all: 'value' | 'text';
  /** Read what is text by `all`. */
  parsers: TextParsers | undefined;
  customByOid: Map<number, CustomType>;
  /** Keys in lower case. */
  customByName: Map<string, CustomType>;
}

// The default comes first.
const CHOICES = {
  int8: ['bigint', 'number', 'string'],
  numeric: ['string', 'number'],
  date: ['string', 'date'],
  timestamp: ['date', 'string'],
  json: ['parse', 'string'],
  all: ['value', 'text'],
} as const;

type Choice = keyof typeof CHOICES;

/** What SQL calls these types as well. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  bigint: 'int8',
  decimal: 'numeric',
  timestamptz: 'timestamp',
  jsonb: 'json',
};

/** How the types are read that {@link TextParsers.usual} may have. */
export const USUAL_READINGS: ReadonlyMap<number, Reading> = new Map([
  [16, 'boolean'],
  [21, 'integer'],
  [23, 'integer'],
  [26, 'integer'],
  [700, 'float'],
  [701, 'float'],
  [1082, 'day'],
  [1114, 'wallClock'],
  [1184, 'instant'],
]);

/** @throws UsageError `KB_BAD_OPTION` for a misspelled option, an unknown choice, or a bad custom type */
export function resolveTypeOptions(options: TypeOptions = {}): ResolvedTypeOptions {
  if (!isRecord(options)) {
    throw badOption(
      `The option 'types' must be an object such as { int8: 'number' }, not ${kindOf(options)}.`,
    );
  }
  const resolved: ResolvedTypeOptions = {
    int8: CHOICES.int8[0],
    numeric: CHOICES.numeric[0],
    date: CHOICES.date[0],
    timestamp: CHOICES.timestamp[0],
    json: CHOICES.json[0],
    all: CHOICES.all[0],
    parsers: undefined,
    customByOid: new Map(),
    customByName: new Map(),
  };
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (key === 'all' && isParsers(value)) {
      resolved.all = 'text';
      resolved.parsers = checkedParsers(value);
    } else if (typeof value === 'object' && value !== null) {
      checkCustomType(key, value);
      if (/^\d+$/.test(key)) resolved.customByOid.set(checkOid(key), value);
      else resolved.customByName.set(key.toLowerCase(), value);
    } else if (isChoice(key)) {
      const choices: readonly string[] = CHOICES[key];
      if (!choices.includes(value)) {
        throw badOption(
          `The option types.${shown(key)} is ${quoted(value)}, but must be ${list(choices)}${key === 'all' ? '' : ', or { parse, serialize }'}.${didYouMean(value, choices)}`,
        );
      }
      Object.assign(resolved, { [key]: value });
    } else {
      const names = Object.keys(CHOICES);
      throw badOption(
        `There is no option types.${shown(key)} that takes ${quoted(value)}.` +
          (didYouMean(Object.hasOwn(OTHER_NAMES, key) ? OTHER_NAMES[key] : key, names) ||
            ` The options are ${list(names)}; any other type takes { parse, serialize }.`),
      );
    }
  }
  return resolved;
}

function isChoice(key: string): key is Choice {
  return Object.hasOwn(CHOICES, key);
}

function isParsers(value: string | CustomType | TextParsers): value is TextParsers {
  return typeof value === 'object' && value !== null && 'parserOf' in value;
}

function checkedParsers(given: TextParsers): TextParsers {
  if (typeof (given.parserOf as unknown) !== 'function')
    throw badOption('types.all.parserOf must be a function.');
  const other = given.usual?.find((oid) => !USUAL_READINGS.has(oid));
  if (other !== undefined) {
    throw badOption(
      `types.all.usual has ${quoted(other)}, but takes the OIDs ${list([...USUAL_READINGS.keys()], 'and')} only.`,
    );
  }
  return given;
}

function checkOid(key: string): number {
  const oid = Number(key);
  if (oid < 1 || oid > 0xffff_ffff)
    throw badOption(`types[${shown(key)}] is not a type OID: they go from 1 to 4294967295.`);
  return oid;
}

function checkCustomType(key: string, type: object): asserts type is CustomType {
  const members = ['parse', 'serialize'];
  // An instance of a class may have fields of its own; in a plain object they are slips of the pen.
  const prototype: unknown = Object.getPrototypeOf(type);
  const mayHaveFields = prototype !== Object.prototype && prototype !== null;
  for (const [member, value] of Object.entries(type)) {
    if (!members.includes(member)) {
      if (mayHaveFields) continue;
      throw badOption(
        `types.${shown(key)} has a member ${quoted(member)}, but takes 'parse' and 'serialize' only.${didYouMean(member, members)}`,
      );
    }
    if (value !== undefined && typeof value !== 'function') {
      throw badOption(`types.${shown(key)}.${member} must be a function.`);
    }
  }
  const custom = type as CustomType;
  if (custom.parse === undefined && custom.serialize === undefined) {
    throw badOption(`types.${shown(key)} needs a function 'parse', 'serialize', or both.`);
  }
}

function badOption(message: string): UsageError {
  return new UsageError('KB_BAD_OPTION', message);
}

function quoted(value: unknown): string {
  if (typeof value === 'string') return `'${shown(value)}'`;
  return typeof value === 'function' ? 'a function' : shown(String(value));
}

function list(words: readonly unknown[], last = 'or'): string {
  return words
    .map(quoted)
    .join(', ')
    .replace(/, ([^,]*)$/, ` ${last} $1`);
}

/** ' Did you mean …?', or '' where nothing is near enough to be a slip of the pen. */
function didYouMean(word: unknown, candidates: readonly string[]): string {
  const candidate = typeof word === 'string' ? nearest(word.toLowerCase(), candidates) : undefined;
  return candidate === undefined ? '' : ` Did you mean '${candidate}'?`;
}
