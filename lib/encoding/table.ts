import type { BinaryKind, FixedType, Reading } from '../types/families/family.js';
import { FIXED_TYPES, TYPES_BY_OID, vendorType } from '../types/oids.js';
import { quoteQualified, type IdentifierQuote } from '../sql/identifiers.js';
import type { WrittenColumn } from './row-writer.js';

/** A column as the server's catalogue has it. */
export interface TableColumn extends WrittenColumn {
  /** How its values are written in binary; undefined where that is not known. */
  readonly kind: BinaryKind | undefined;
  /** Its name in the catalogue; it may differ from the one asked for by letter case. */
  readonly catalogueName: string;
  /** Its type, quoted, for a cast. */
  readonly typeName: string;
  /** The array type over its values, which `unnest` makes rows of; undefined where it would not, or where there is none. */
  readonly array: { readonly oid: number; readonly name: string; readonly delimiter: string } | undefined;
}

/** What the server says of a table. */
export interface Table {
  readonly columns: readonly TableColumn[];
  /** Why COPY would not do the same as INSERT; undefined where it does. */
  readonly noCopy: string | undefined;
  /** Whether it is the same to the table if rows come by several COPYs: no trigger is told of statements, and no row may refer to one that comes after it. */
  readonly takesParts: boolean;
  /** Columns that INSERT refuses and COPY would fill (GENERATED ALWAYS AS IDENTITY). */
  readonly generated: ReadonlySet<string>;
  readonly quote: IdentifierQuote;
  /** Whether dates and times in ISO 8601 are read as such under all of the server's settings. */
  readonly readsTimes: boolean;
  /** Of what may change while the table stays; see {@link CHECK_TABLE}. */
  readonly fingerprint: string;
}

/** Whether a COPY in parts would be something else; see {@link Table.takesParts}. */
const COMES_WHOLE = `(
      EXISTS (SELECT 1 FROM pg_catalog.pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal)
      OR EXISTS (SELECT 1 FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid AND k.confrelid = c.oid))`;

/** The columns of the table whose quoted name is `$1`. Of a domain the type beneath it counts. */
export const READ_TABLE = `
  WITH RECURSIVE beneath AS (
    SELECT t.oid AS type, t.oid AS base, t.typtype, t.typbasetype FROM pg_catalog.pg_type t
    WHERE t.oid IN (SELECT a.atttypid FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1::pg_catalog.regclass)
    UNION ALL
    SELECT d.type, t.oid, t.typtype, t.typbasetype FROM beneath d
    JOIN pg_catalog.pg_type t ON t.oid = d.typbasetype WHERE d.typtype = 'd'
  )
  SELECT pg_catalog.version(), pg_catalog.current_setting('integer_datetimes', true),
    pg_catalog.current_setting('database_mode', true), pg_catalog.current_setting('sql_mode', true),
    c.relkind::text, c.relhasrules, c.relrowsecurity,
    a.attname::text, a.atttypid, a.attidentity::text,
    b.oid, b.typname::text, b.typtype::text, b.typdelim::text,
    coalesce(r.oid, 0), r.typname::text, n.nspname::text, c.oid,
    t.typname::text, s.nspname::text, b.typlen, z.nspname::text, ${COMES_WHOLE}
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  JOIN pg_catalog.pg_namespace s ON s.oid = t.typnamespace
  JOIN beneath d ON d.type = a.atttypid AND d.typtype <> 'd'
  JOIN pg_catalog.pg_type b ON b.oid = d.base
  JOIN pg_catalog.pg_namespace z ON z.oid = b.typnamespace
  LEFT JOIN pg_catalog.pg_type r ON r.oid = b.typarray AND b.typarray <> 0
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = r.typnamespace
  WHERE c.oid = $1::pg_catalog.regclass`;

/**
 * What may have changed of the table whose quoted name is `$1`, for {@link fingerprintOf}. Of types nothing that matters
 * here can, and without them the server plans this in a fraction of the time.
 */
export const CHECK_TABLE = `
  SELECT c.oid, c.relkind::text, c.relhasrules, c.relrowsecurity, pg_catalog.current_setting('sql_mode', true),
    a.attname::text, a.atttypid, a.attidentity::text, ${COMES_WHOLE}
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE c.oid = $1::pg_catalog.regclass`;

/** @param rows the answer to {@link CHECK_TABLE}, as arrays */
export function fingerprintOf(rows: readonly unknown[]): string {
  return rows
    .map((row) => JSON.stringify(row))
    .sort()
    .join('');
}

type CatalogueRow = readonly [
  version: string,
  integerTimes: string | null,
  mode: string | null,
  sqlMode: string | null,
  relationKind: string,
  hasRules: boolean,
  hasRowSecurity: boolean,
  name: string,
  typeOid: number,
  identity: string,
  baseOid: number,
  baseName: string,
  typeKind: string,
  delimiter: string,
  arrayOid: number,
  arrayName: string | null,
  arraySchema: string | null,
  relation: number,
  typeName: string,
  typeSchema: string,
  baseLength: number,
  baseSchema: string,
  comesWhole: boolean,
];

/** What the text of bytes begins with, in types that are Kingbase's own. */
const PREFIXES: Readonly<Partial<Record<Reading, string>>> = { bytes: '\\x', prefixedBytes: '0x' };

const TIMES: ReadonlySet<BinaryKind> = new Set<BinaryKind>(['date', 'time', 'timestamp', 'timestamptz']);

/** @param rows the answer to {@link READ_TABLE}, as arrays */
export function readTable(rows: readonly unknown[]): Table | undefined {
  const catalogue = rows as readonly CatalogueRow[];
  const first = catalogue[0];
  if (first === undefined) return undefined;
  const [version, integerTimes, mode, sqlMode, relationKind, hasRules, hasRowSecurity] = first;
  const quote = mode === 'mysql' && sqlMode?.includes('ANSI_QUOTES') !== true ? '`' : '"';
  return {
    columns: catalogue.map((row) => tableColumn(row, integerTimes === 'on', quote)),
    noCopy: whyNoCopy(relationKind, hasRules, hasRowSecurity),
    takesParts: !first[22],
    generated: new Set(catalogue.filter((row) => row[9] === 'a').map((row) => row[7])),
    quote,
    readsTimes: version.startsWith('PostgreSQL') || mode === 'pg',
    fingerprint: fingerprintOf(
      catalogue.map((row) => [
        row[17],
        relationKind,
        hasRules,
        hasRowSecurity,
        sqlMode,
        row[7],
        row[8],
        row[9],
        row[22],
      ]),
    ),
  };
}

function tableColumn(row: CatalogueRow, integerTimes: boolean, quote: IdentifierQuote): TableColumn {
  const [
    ,
    ,
    ,
    ,
    ,
    ,
    ,
    name,
    typeOid,
    ,
    baseOid,
    baseName,
    typeKind,
    delimiter,
    arrayOid,
    arrayName,
    arraySchema,
    ,
    typeName,
    typeSchema,
    baseLength,
    baseSchema,
  ] = row;
  // An enum's binary form is its label (PostgreSQL source, enum_recv).
  const kind =
    typeKind === 'e' ? 'text' : isPostgres(baseOid, baseName) ? TYPES_BY_OID.get(baseOid)?.writes : undefined;
  return {
    name,
    catalogueName: name,
    typeName: quoteQualified([typeSchema, typeName], quote),
    typeOid,
    baseOid,
    bytesPrefix: PREFIXES[vendorType(baseSchema, baseName, baseLength)?.reads ?? 'text'],
    kind: kind !== undefined && TIMES.has(kind) && !integerTimes ? undefined : kind,
    array:
      arrayName === null || arraySchema === null || !UNNESTED.has(typeKind)
        ? undefined
        : { oid: arrayOid, name: quoteQualified([arraySchema, arrayName], quote), delimiter },
  };
}

/** Kinds of types (pg_type.typtype) that `unnest` makes rows of, one value each. KingbaseES has kinds of its own. */
const UNNESTED: ReadonlySet<string> = new Set(['b', 'e', 'r', 'm']);

/** A vendor's type with an OID or a name of PostgreSQL's may have a binary form of its own. */
function isPostgres(oid: number, name: string): boolean {
  return (FIXED_TYPES as Readonly<Record<string, FixedType | undefined>>)[name]?.oid === oid;
}

function whyNoCopy(relationKind: string, hasRules: boolean, hasRowSecurity: boolean): string | undefined {
  if (relationKind !== 'r' && relationKind !== 'p') return 'it is not an ordinary table';
  if (hasRules) return 'it has rules, which COPY does not apply';
  return hasRowSecurity ? 'it has row-level security, with which COPY is refused' : undefined;
}

/** The columns as they were asked for; undefined where one of them is not known. */
export function chosenColumns(table: Table, names: readonly string[]): readonly TableColumn[] | undefined {
  const chosen: TableColumn[] = [];
  for (const name of names) {
    // Where names compare without regard to case, quoted ones do so too; where they do not, the server says so.
    const column =
      table.columns.find((each) => each.name === name) ??
      table.columns.find((each) => each.name.toLowerCase() === name.toLowerCase());
    if (column === undefined) return undefined;
    chosen.push({ ...column, name });
  }
  return chosen;
}
