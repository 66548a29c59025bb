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
  return `{${values.map(elementText).join(',')}}`;
}

function elementText(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  if (Array.isArray(value)) return arrayText(value);
  if (ArrayBuffer.isView(value)) {
    return `\\\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`;
  }
  const text = prepareValue(value);
  return `"${String(text).replace(/[\\"]/g, '\\$&')}"`;
}

/** A moment with the zone's offset, so that it means the same in every session; years before 1 as the server writes them. */
function dateText(date: Date, utc: boolean): string {
  const read = utc ? new Date(date) : new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  const offset = utc ? 0 : -date.getTimezoneOffset();
  const year = read.getUTCFullYear();
  const two = (part: number): string => String(part).padStart(2, '0');
  const day = `${String(year < 1 ? 1 - year : year).padStart(4, '0')}-${two(read.getUTCMonth() + 1)}-${two(read.getUTCDate())}`;
  const time = `${two(read.getUTCHours())}:${two(read.getUTCMinutes())}:${two(read.getUTCSeconds())}`;
  const fraction = String(read.getUTCMilliseconds()).padStart(3, '0');
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  return `${day}T${time}.${fraction}${zone}${year < 1 ? ' BC' : ''}`;
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
