import { types as pgTypes } from 'pg';

const arrayParser = pgTypes.arrayParser as unknown as {
  create(source: string, element: (text: string) => unknown): { parse(): unknown[] };
};
const textParser = pgTypes.getTypeParser as (oid: number, format: 'text') => (text: string) => unknown;

/** Arrays by the types of their elements. */
const ELEMENTS: Readonly<Record<number, number>> = {
  ...{ 1000: 16, 1005: 21, 1007: 23, 1016: 20, 1021: 700, 1022: 701, 1009: 25, 1015: 1043, 1231: 1700 },
  ...{ 1182: 1082, 1115: 1114, 1185: 1184, 1183: 1083, 1187: 1186, 3807: 3802, 2951: 2950 },
};
/** Of which `pg` makes objects of its own: date and interval. */
const TEXT = new Set([1082, 1186]);
const FIRST_OF_USERS = 16_384;

/** What the other driver's parser makes of a text. */
export function read(oid: number, text: string): unknown {
  const element = ELEMENTS[oid] ?? (oid >= FIRST_OF_USERS && text.startsWith('{') ? 25 : undefined);
  if (element !== undefined) return arrayParser.create(text, (each) => read(element, each)).parse();
  return TEXT.has(oid) ? text : textParser(oid, 'text')(text);
}

/** The same text for the same value, whichever driver has read it. */
export function told(value: unknown): string {
  if (value instanceof Date) return `Date(${value.getTime()})`;
  if (Buffer.isBuffer(value)) return `Bytes(${value.toString('hex')})`;
  if (typeof value === 'bigint') return JSON.stringify(String(value));
  if (Array.isArray(value)) return `[${value.map(told).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([name, each]) => `${name}: ${told(each)}`);
    return `{${entries.join(', ')}}`;
  }
  return Object.is(value, -0) ? '-0' : (JSON.stringify(value) ?? String(value));
}
