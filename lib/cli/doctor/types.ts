import { open, type ConnectionConfig } from '../../index.js';
import type { Language } from '../../errors/index.js';
import { FIXED_TYPES, TYPES_BY_OID, vendorType } from '../../types/oids.js';
import { connectExitCode, connectOnce, explanationOf, SINGLE } from '../connect.js';
import type { Console } from '../console.js';
import { ExitCode } from '../exit-codes.js';
import { asTable, jsonOf } from '../table.js';
import { text, type Text } from '../words.js';

/** A row of the server's pg_type. Of an array there is only its number, beside its elements' type. */
interface ListedType {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly length: number;
  readonly kind: string;
  readonly base: string | null;
  readonly element: string | null;
  readonly array: number;
}

/** What the driver makes of a type: it knows it by its name, under another number, or not at all. */
type Standing = 'by-name' | 'other-number' | 'other-type' | 'unknown';

const STANDINGS: Readonly<Record<Standing, Text>> = {
  'by-name': text('known by its name', '按名称识别'),
  'other-number': text('known under another number', '驱动所知的编号不同'),
  'other-type': text('the number is another type', '驱动认为该编号是另一类型'),
  unknown: text('not known: text', '未知，作为文本'),
};

// Neither rows of tables nor pseudo-types; arrays stand beside their elements.
const LIST = `
  SELECT t.oid::pg_catalog.int8::pg_catalog.text AS oid, n.nspname::pg_catalog.text AS schema,
    t.typname::pg_catalog.text AS name, t.typlen::pg_catalog.text AS length, t.typtype::pg_catalog.text AS kind,
    b.typname::pg_catalog.text AS base, e.typname::pg_catalog.text AS element,
    t.typarray::pg_catalog.int8::pg_catalog.text AS array
  FROM pg_catalog.pg_type t
  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
  LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem
  WHERE t.typtype NOT IN ('c', 'p') AND NOT (t.typelem <> 0 AND t.typlen = -1)
    AND n.nspname <> 'information_schema'
  ORDER BY t.oid`;
const SERVER = `SELECT pg_catalog.version() AS version, pg_catalog.current_setting('database_mode', true) AS mode`;

/** Undefined for what the driver knows by its number, and that rightly. */
function standingOf({ oid, name, schema, length }: ListedType): Standing | undefined {
  const numbered = TYPES_BY_OID.get(oid);
  const named = Object.hasOwn(FIXED_TYPES, name) ? FIXED_TYPES[name as keyof typeof FIXED_TYPES] : undefined;
  if (numbered !== undefined) return numbered === named ? undefined : 'other-type';
  if (vendorType(schema, name, length) !== undefined) return 'by-name';
  return named !== undefined && schema === 'pg_catalog' ? 'other-number' : 'unknown';
}

/**
 * Lists the types of a server's catalogue that the driver does not know by their numbers, for those who want to tell what
 * their server has. Only the catalogue is read.
 */
export async function typesReport(
  connection: string | ConnectionConfig,
  overrides: Partial<ConnectionConfig>,
  json: boolean,
  { stdout, stderr, language }: Console,
): Promise<ExitCode> {
  const db = open(connection, { ...overrides, pool: SINGLE });
  try {
    const session = await connectOnce(db);
    try {
      const [server] = (await session.query<{ version: string; mode: string | null }>(SERVER)).rows;
      const { rows } = await session.query<Record<keyof ListedType, string | null>>(LIST);
      const types = rows.map(listed).flatMap((type) => {
        const standing = standingOf(type);
        return standing === undefined ? [] : [{ ...type, standing }];
      });
      const facts = { version: server?.version ?? '', mode: server?.mode ?? null };
      const report = { schema: 1, server: facts, types };
      stdout.write(json ? `${jsonOf(report, 2)}\n` : asText(facts, types, language));
      return ExitCode.ok;
    } catch (error) {
      stderr.write(`${explanationOf(error, language)}\n`);
      return ExitCode.failed;
    } finally {
      await session.release();
    }
  } catch (error) {
    stderr.write(`${explanationOf(error, language)}\n`);
    return connectExitCode(error);
  } finally {
    await db.close({ timeout: 1_000 });
  }
}

function listed(row: Record<keyof ListedType, string | null>): ListedType {
  const { oid, schema, name, length, kind, base, element, array } = row;
  return {
    oid: Number(oid),
    schema: schema ?? '',
    name: name ?? '',
    length: Number(length),
    kind: kind ?? '',
    base,
    element,
    array: Number(array),
  };
}

function asText(
  { version, mode }: { version: string; mode: string | null },
  types: readonly (ListedType & { standing: Standing })[],
  language: Language,
): string {
  const table = asTable({
    names: ['oid', 'schema', 'name', 'typlen', 'typtype', 'base', 'element', 'array', ''],
    rows: types.map(({ oid, schema, name, length, kind, base, element, array, standing }) => [
      ...[String(oid), schema, name, String(length), kind, base ?? '', element ?? ''],
      ...[array === 0 ? '' : String(array), STANDINGS[standing][language]],
    ]),
  });
  const count = text(
    `${types.length} types that the driver does not know by their numbers.`,
    `共有 ${types.length} 个类型不是由驱动按编号识别的。`,
  );
  const modeLine = mode === null ? '' : `database_mode: ${mode}\n`;
  return `${version}\n${modeLine}\n${table}\n${count[language]}\n`;
}
