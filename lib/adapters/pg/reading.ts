/** How the driver is told to read rows by `pg`'s parsers. */
import types from 'pg-types';
import { init } from 'pg-types/lib/textParsers.js';
import type { TextParsers, TypeOptions } from '../../index.js';
import { TypeOverrides, type TypeParser, type TypeParsers } from './type-overrides.js';

/** Types of whose usual text pg-types' own parsers make what the driver makes of it. */
const USUAL = [16, 21, 23, 26, 700, 701, 1082, 1114, 1184] as const;

/** pg-types' own parsers, whatever a program has set in their place. */
const own = new Map<number, TypeParser>();
init((oid, parser) => own.set(oid, parser));
const usualParsers = USUAL.map((oid) => own.get(oid));

/** Both give the text as it is: the parser of types that have none, and that of int8. */
const noParser = types.getTypeParser(0 as never, 'none' as never) as TypeParser;
const int8Parser = own.get(20);

/** The driver's options for parsers, by which of the usual types are read by pg-types' own. */
const readings = new WeakMap<TypeParsers, Map<number, TypeOptions>>();

/**
 * The driver's `types` for these parsers, which are asked again for each result; only of the usual types it is settled
 * here whether their parsers are pg-types' own. Undefined where the parsers are an object of the program's, which may be
 * another one for each query: those are given the texts.
 */
export function readingBy(parsers: TypeParsers): TypeOptions | undefined {
  const table = tableOf(parsers);
  if (table === undefined) return undefined;
  let known = readings.get(table);
  if (known === undefined) readings.set(table, (known = new Map<number, TypeOptions>()));
  const usual = usualOf(table);
  let reading = known.get(usual);
  if (reading === undefined) known.set(usual, (reading = { all: textParsers(table, usual) }));
  return reading;
}

/** Where the parsers stand: clients without any of their own read as one. */
function tableOf(parsers: TypeParsers): TypeParsers | undefined {
  if (parsers === types) return types;
  if (!(parsers instanceof TypeOverrides) || parsers._types !== types) return undefined;
  if (parsers.getTypeParser !== TypeOverrides.prototype.getTypeParser) return undefined;
  return parsers.isEmpty() ? types : parsers;
}

/** A bit for each of the usual types whose parser is pg-types' own. */
function usualOf(table: TypeParsers): number {
  let bits = 0;
  for (let i = 0; i < USUAL.length; i++) {
    if (table.getTypeParser(USUAL[i] as number, 'text') === usualParsers[i]) bits |= 1 << i;
  }
  return bits;
}

function textParsers(table: TypeParsers, usual: number): TextParsers {
  return {
    parserOf: (oid) => {
      const parser = table.getTypeParser(oid, 'text');
      return parser === noParser || parser === int8Parser ? undefined : parser;
    },
    usual: USUAL.filter((_, i) => (usual & (1 << i)) !== 0),
  };
}
