import { BYTES, VENDOR_BYTES } from './families/bytes.js';
import type { FixedType, VendorType } from './families/family.js';
import { NUMBERS, VENDOR_NUMBERS } from './families/numbers.js';
import { DOCUMENTS, OTHERS } from './families/others.js';
import { TEXTS, VENDOR_TEXTS } from './families/texts.js';
import { TIMES, VENDOR_TIMES } from './families/times.js';

const ALL = { ...NUMBERS, ...TEXTS, ...TIMES, ...BYTES, ...DOCUMENTS, ...OTHERS } as const;

type Name = keyof typeof ALL;
type NameWithArray = {
  [K in Name]: (typeof ALL)[K] extends { readonly array: number } ? K : never;
}[Name];

/**
 * The types whose OIDs mean the same everywhere, by their names in the catalogue: those of PostgreSQL 12
 * (src/include/catalog/pg_type.dat), KingbaseES's kernel, and the few of Kingbase's own whose numbers all sources agree
 * on. What PostgreSQL has numbered since is not among them, because KingbaseES uses some of those numbers otherwise
 * (5039 is an array there, and nchar here): it is looked up in the catalogue like the types of extensions.
 */
export const FIXED_TYPES: Readonly<Record<Name, FixedType>> = ALL;

/** OIDs by the names of {@link FIXED_TYPES}. */
export const Oid = mapped('oid') as { readonly [K in Name]: (typeof ALL)[K]['oid'] };

/** OID of the array type whose elements have the type of the same key in {@link Oid}. */
export const ArrayOid = mapped('array') as {
  readonly [K in NameWithArray]: (typeof ALL)[K] extends { readonly array: infer A } ? A : never;
};

function mapped(key: 'oid' | 'array'): Record<string, number> {
  const numbers: Record<string, number> = {};
  for (const [name, type] of Object.entries<FixedType>(ALL)) {
    const number = type[key];
    if (number !== undefined) numbers[name] = number;
  }
  return numbers;
}

/** An array type's elements: their type, and the character between them in the array's text. */
export interface ElementType {
  oid: number;
  delimiter: string;
}

const elementTypes = new Map<number, ElementType>();
const byOid = new Map<number, FixedType>();
for (const type of Object.values<FixedType>(ALL)) {
  byOid.set(type.oid, type);
  if (type.array !== undefined) {
    elementTypes.set(type.array, { oid: type.oid, delimiter: type.delimiter ?? ',' });
  }
}

/** The array types above, by OID. */
export const ELEMENT_TYPES: ReadonlyMap<number, ElementType> = elementTypes;

/** The types above that are no arrays, by OID. */
export const TYPES_BY_OID: ReadonlyMap<number, FixedType> = byOid;

/** Every OID above: types that need no look-up in the server's catalogue. */
export const KNOWN_OIDS: ReadonlySet<number> = new Set<number>([...byOid.keys(), ...elementTypes.keys()]);

/** KingbaseES's own types, as they are recognised in its catalogue. */
export const VENDOR_TYPES: readonly VendorType[] = [
  ...VENDOR_NUMBERS,
  ...VENDOR_TEXTS,
  ...VENDOR_TIMES,
  ...VENDOR_BYTES,
];

/** Schemas in which only the vendor makes types. A user's type of the same name is something else. */
const VENDOR_SCHEMAS: ReadonlySet<string> = new Set(['sys', 'pg_catalog', 'sys_catalog']);

/**
 * KingbaseES's own type of this name, if it is one.
 *
 * @param length pg_type.typlen
 */
export function vendorType(schema: string, name: string, length: number): VendorType | undefined {
  if (!VENDOR_SCHEMAS.has(schema.toLowerCase())) return undefined;
  const wanted = name.toLowerCase();
  return VENDOR_TYPES.find(
    (type) => type.name === wanted && (type.length === undefined || type.length === length),
  );
}
