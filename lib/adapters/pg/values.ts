/** How `pg` writes parameters and quotes SQL. */
import { types as kinds } from 'node:util';
import { defaults } from './defaults.js';

/** What is sent for a value: its text, its bytes, or NULL. */
export type PreparedValue = string | Buffer | null;

/** An object that says itself what it is for the server. */
interface ToPostgres {
  toPostgres(prepare: (value: unknown) => PreparedValue): unknown;
}

export function prepareValue(value: unknown): PreparedValue {
  return prepare(value, []);
}

function prepare(value: unknown, seen: unknown[]): PreparedValue {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'object') return textOf(value);
  if (Buffer.isBuffer(value)) return value;
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (kinds.isDate(value)) return dateText(value, defaults.parseInputDatesAsUTC);
  if (Array.isArray(value)) return arrayText(value);
  if (saysItself(value)) {
    if (seen.includes(value)) {
      throw new Error(`circular reference detected while preparing "${textOf(value)}" for query`);
    }
    return prepare(value.toPostgres(prepareValue), [...seen, value]);
  }
  // A toJSON may give nothing, for which `pg` sends NULL.
  return JSON.stringify(value) ?? null;
}

function textOf(value: unknown): string {
  return String(value);
}

function saysItself(value: object): value is ToPostgres {
  return typeof (value as Partial<ToPostgres>).toPostgres === 'function';
}

function arrayText(values: readonly unknown[]): string {
  let text = '{';
  for (let i = 0; i < values.length; i++) {
    if (i > 0) text += ',';
    text += elementText(values[i]);
  }
  return `${text}}`;
}

function elementText(value: unknown): string {
  switch (typeof value) {
    case 'number':
    case 'bigint':
    case 'boolean':
      return `"${value}"`;
    case 'string':
      return quoted(value);
    default:
      break;
  }
  if (value === null || value === undefined) return 'NULL';
  if (Array.isArray(value)) return arrayText(value);
  if (ArrayBuffer.isView(value)) {
    return `\\\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`;
  }
  return quoted(String(prepareValue(value)));
}

function quoted(text: string): string {
  // Most have nothing to be escaped, which is found sooner than it is replaced.
  const plain = !text.includes('"') && !text.includes('\\');
  return plain ? `"${text}"` : `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

const PAIRS = Array.from({ length: 100 }, (_, i) => String(i).padStart(2, '0'));

/** Also of a date that is none. */
function two(part: number): string {
  return PAIRS[part] ?? String(part).padStart(2, '0');
}

/** A moment with the zone's offset, so that it means the same in every session; years before 1 as the server writes them. */
function dateText(date: Date, utc: boolean): string {
  const offset = utc ? 0 : -date.getTimezoneOffset();
  const read = offset === 0 ? date : new Date(date.getTime() + offset * 60_000);
  const year = read.getUTCFullYear();
  const years = String(year < 1 ? 1 - year : year).padStart(4, '0');
  const fraction = String(read.getUTCMilliseconds()).padStart(3, '0');
  const day = `${years}-${two(read.getUTCMonth() + 1)}-${two(read.getUTCDate())}`;
  const time = `${two(read.getUTCHours())}:${two(read.getUTCMinutes())}:${two(read.getUTCSeconds())}.${fraction}`;
  return `${day}T${time}${zoneText(offset)}${year < 1 ? ' BC' : ''}`;
}

let zone = { offset: 0, text: '+00:00' };

/** Mostly that of the date before. */
function zoneText(offset: number): string {
  if (zone.offset !== offset) {
    const minutes = Math.abs(offset);
    zone = {
      offset,
      text: `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`,
    };
  }
  return zone.text;
}

export function escapeIdentifier(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

export function escapeLiteral(text: string): string {
  // Whoever calls it from JavaScript gets what `pg` gives for what is no string.
  if (typeof (text as unknown) !== 'string') return "''";
  const quoted = `'${text.replace(/['\\]/g, '$&$&')}'`;
  return text.includes('\\') ? ` E${quoted}` : quoted;
}
