import { ColumnTypeEnum, type ArgType, type ColumnType } from '@prisma/driver-adapter-utils';
import types from 'pg-types';

/** What Prisma calls a column's type, and what it wants a value's text as. */
interface Form {
  readonly type: ColumnType;
  readonly read: (text: string) => unknown;
}

/** Of pg-types, whose declarations name only the types that it has constants for. */
interface TypeParsers {
  getTypeParser(oid: number): (text: string) => unknown;
}

const asItIs = (text: string): string => text;
const bytes = (types as TypeParsers).getTypeParser(17) as (text: string) => Buffer;
/** Splits an array's text, whatever its elements are: into strings and nulls. */
const elements = (types as TypeParsers).getTypeParser(1009) as (text: string) => (string | null)[];

/** A zone at the end of a time, such as `+08` or `-03:30`. */
const ZONE = /[+-]\d\d(?::\d\d){0,2}$/;

/** ISO 8601 in UTC. A year that JavaScript has no date for, and `infinity`, stay as the server wrote them. */
function instant(text: string): string {
  const iso = text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00');
  if (iso.endsWith('+00:00')) return iso;
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? text : date.toISOString().replace('Z', '+00:00');
}

/** What has no zone is taken for UTC, as Prisma does. */
function local(text: string): string {
  return /^\d.*\d$/.test(text) ? `${text.replace(' ', 'T')}+00:00` : text;
}

/** By the numbers that PostgreSQL and KingbaseES have in common: a type's, and that of arrays of it. */
const FORMS: readonly (readonly [oid: number, arrayOid: number, list: ColumnType, form: Form])[] = [
  [16, 1000, ColumnTypeEnum.BooleanArray, { type: ColumnTypeEnum.Boolean, read: (text) => text === 't' }],
  [17, 1001, ColumnTypeEnum.BytesArray, { type: ColumnTypeEnum.Bytes, read: bytes }],
  [20, 1016, ColumnTypeEnum.Int64Array, { type: ColumnTypeEnum.Int64, read: asItIs }],
  [21, 1005, ColumnTypeEnum.Int32Array, { type: ColumnTypeEnum.Int32, read: Number }],
  [23, 1007, ColumnTypeEnum.Int32Array, { type: ColumnTypeEnum.Int32, read: Number }],
  [26, 1028, ColumnTypeEnum.Int64Array, { type: ColumnTypeEnum.Int64, read: asItIs }],
  [114, 199, ColumnTypeEnum.JsonArray, { type: ColumnTypeEnum.Json, read: asItIs }],
  [3802, 3807, ColumnTypeEnum.JsonArray, { type: ColumnTypeEnum.Json, read: asItIs }],
  [700, 1021, ColumnTypeEnum.FloatArray, { type: ColumnTypeEnum.Float, read: Number }],
  [701, 1022, ColumnTypeEnum.DoubleArray, { type: ColumnTypeEnum.Double, read: Number }],
  [
    790,
    791,
    ColumnTypeEnum.NumericArray,
    { type: ColumnTypeEnum.Numeric, read: (text) => text.replace(/[^\d.-]/g, '') },
  ],
  [1700, 1231, ColumnTypeEnum.NumericArray, { type: ColumnTypeEnum.Numeric, read: asItIs }],
  [1082, 1182, ColumnTypeEnum.DateArray, { type: ColumnTypeEnum.Date, read: asItIs }],
  [1083, 1183, ColumnTypeEnum.TimeArray, { type: ColumnTypeEnum.Time, read: asItIs }],
  [
    1266,
    1270,
    ColumnTypeEnum.TimeArray,
    { type: ColumnTypeEnum.Time, read: (text) => text.replace(ZONE, '') },
  ],
  [1114, 1115, ColumnTypeEnum.DateTimeArray, { type: ColumnTypeEnum.DateTime, read: local }],
  [1184, 1185, ColumnTypeEnum.DateTimeArray, { type: ColumnTypeEnum.DateTime, read: instant }],
  [2950, 2951, ColumnTypeEnum.UuidArray, { type: ColumnTypeEnum.Uuid, read: asItIs }],
  [18, 1002, ColumnTypeEnum.CharacterArray, { type: ColumnTypeEnum.Character, read: asItIs }],
];

/** text, varchar, bpchar, name, bit, varbit, inet, cidr, xml, and arrays of them. */
const TEXTS: readonly (readonly [number, number])[] = [
  [25, 1009],
  [1043, 1015],
  [1042, 1014],
  [19, 1003],
  [1560, 1561],
  [1562, 1563],
  [869, 1041],
  [650, 651],
  [142, 143],
];

/** Enums, and whatever Prisma has no name for, come as the server's text. */
const TEXT: Form = { type: ColumnTypeEnum.Text, read: asItIs };

const BY_OID = new Map<number, Form>();
for (const [oid, arrayOid, list, form] of [
  ...FORMS,
  ...TEXTS.map(([oid, arrayOid]) => [oid, arrayOid, ColumnTypeEnum.TextArray, TEXT] as const),
]) {
  BY_OID.set(oid, form);
  const read = (text: string): unknown[] =>
    elements(text).map((element) => (element === null ? null : form.read(element)));
  BY_OID.set(arrayOid, { type: list, read });
}

export function formOf(oid: number): Form {
  return BY_OID.get(oid) ?? TEXT;
}

type Parameter = string | number | bigint | boolean | Buffer | null;

/** A parameter as the driver takes it: a text whose type the server finds out, or bytes. */
export function parameterOf(value: unknown, type: ArgType | undefined): Parameter {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return type?.arity === 'list' ? arrayText(value, type) : JSON.stringify(value);
  if (type?.scalarType === 'datetime' && typeof value === 'string') return timeText(new Date(value), type);
  if (value instanceof Date) return timeText(value, type);
  if (type?.scalarType === 'bytes' && typeof value === 'string') return Buffer.from(value, 'base64');
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return value as Parameter;
}

/** The zone is written out: a timestamptz would be taken for the session's time otherwise; a timestamp has none. */
function timeText(date: Date, type: ArgType | undefined): string {
  const iso = date.toISOString();
  const split = iso.indexOf('T');
  if (type?.dbType === 'DATE') return iso.slice(0, split);
  const time = iso.slice(split + 1).replace('Z', '');
  if (type?.dbType === 'TIME') return time;
  if (type?.dbType === 'TIMETZ') return `${time}+00`;
  return `${iso.slice(0, split)} ${time}+00`;
}

/** Such as `{"a","b",NULL}`: quoted, an element can be anything. */
function arrayText(values: readonly unknown[], type: ArgType): string {
  const texts = values.map((value) => {
    const element = parameterOf(value, { ...type, arity: 'scalar' });
    if (element === null) return 'NULL';
    const text = Buffer.isBuffer(element) ? `\\x${element.toString('hex')}` : String(element);
    return `"${text.replace(/["\\]/g, String.raw`\$&`)}"`;
  });
  return `{${texts.join(',')}}`;
}
