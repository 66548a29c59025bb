import type { Decoder } from '../addon/interface.js';
import type { Converter } from './reading.js';

export interface AppenderColumn {
  name: string;
  /** What the core has made of its values, but where a value does not have the expected form. */
  decoder?: Decoder | undefined;
  converter?: Converter | undefined;
  /** The converter gives what the decoder has read as it is: it need not be called for that. */
  textOnly?: boolean | undefined;
}

/** Makes an appender that has these converters, for the columns that have one; the code is one for all that it makes. */
export type AppenderFactory<A> = (converters: readonly (Converter | undefined)[]) => A;

export function convertersOf(columns: readonly AppenderColumn[]): (Converter | undefined)[] {
  return columns.map(({ converter }) => converter);
}

/** Appends `rowsPerCall` rows, whose decoded values follow one another. Called by the core. */
export type RowAppender = (rows: unknown[], ...values: unknown[]) => void;

/**
 * How many rows one call of an appender should carry. Calling it costs the core about 100 ns, which 32 to 64
 * arguments dilute; from 128 on they cost more themselves.
 */
export function rowsPerCallFor(columnCount: number): number {
  return Math.max(1, Math.min(8, Math.floor(64 / columnCount)));
}

/**
 * Values as arguments of a function generated for the list of columns are several times cheaper than properties set
 * one by one through Node-API, and give every row of the list one hidden class. Of columns with the same name the
 * last one wins in an object (at the place of the first), as in an object literal.
 *
 * @throws whatever a converter throws, from the appender; rows of the same call before it are appended already
 */
export function createRowAppender(
  columns: readonly AppenderColumn[],
  mode: 'object' | 'array',
  rowsPerCall: number,
): RowAppender {
  return rowAppenderFactory(columns, mode, rowsPerCall)(convertersOf(columns));
}

/** The same, for converters that may change; whether a column has one may not. */
export function rowAppenderFactory(
  columns: readonly AppenderColumn[],
  mode: 'object' | 'array',
  rowsPerCall: number,
): AppenderFactory<RowAppender> {
  return columns.length * rowsPerCall <= MOST_GENERATED_VALUES && canGenerateCode()
    ? generatedAppender(columns, mode, rowsPerCall)
    : (converters) => closureAppender(columns, mode, rowsPerCall, converters);
}

/** A result has at most 1,664 columns (MaxTupleAttributeNumber); V8 takes 65,535 parameters. */
const MOST_GENERATED_VALUES = 2048;

let codeGeneration: boolean | undefined;

/** False under `--disallow-code-generation-from-strings`. */
export function canGenerateCode(): boolean {
  if (codeGeneration === undefined) {
    try {
      new Function('');
      codeGeneration = true;
    } catch {
      codeGeneration = false;
    }
  }
  return codeGeneration;
}

/** The members of an object literal, one for each property. */
export function objectMembers(columns: readonly AppenderColumn[], values: readonly string[]): string[] {
  return Array.from(properties(columns), ([name, i]) => `${propertyKey(name)}:${values[i]}`);
}

/** Index of the value for each property, in the order of properties. */
function properties(columns: readonly AppenderColumn[]): Map<string, number> {
  return new Map(columns.map(({ name }, i) => [name, i]));
}

function generatedAppender(
  columns: readonly AppenderColumn[],
  mode: 'object' | 'array',
  rowsPerCall: number,
): AppenderFactory<RowAppender> {
  const parameters: string[] = [];
  const statements: string[] = [];
  for (let row = 0; row < rowsPerCall; row++) {
    const values = columns.map(({ converter }, i) => {
      const value = `v${row * columns.length + i}`;
      parameters.push(value);
      return converter === undefined ? value : `${value}===null?null:c${i}(${value})`;
    });
    if (mode === 'array') {
      statements.push(`rows.push([${values.join()}]);`);
    } else {
      statements.push(`rows.push({${objectMembers(columns, values).join()}});`);
    }
  }
  return new Function(
    CONVERTERS,
    `'use strict';${converterNames(columns)}return function(${['rows', ...parameters].join()}){${statements.join('')}}`,
  ) as AppenderFactory<RowAppender>;
}

/** The parameter of a generated factory. */
export const CONVERTERS = 'converters';

/** Names the converters of a generated function, `c` and the column's number. */
export function converterNames(columns: readonly AppenderColumn[]): string {
  const names = columns.flatMap(({ converter }, i) =>
    converter === undefined ? [] : [`c${i}=${CONVERTERS}[${i}]`],
  );
  return names.length === 0 ? '' : `const ${names.join()};`;
}

/** Names come from the server and, through aliases, from whoever wrote the SQL: they enter the code as string literals only. */
function propertyKey(name: string): string {
  // `"__proto__": v` in a literal would set the prototype; a computed key makes a property.
  return name === '__proto__' ? '["__proto__"]' : JSON.stringify(name);
}

function closureAppender(
  columns: readonly AppenderColumn[],
  mode: 'object' | 'array',
  rowsPerCall: number,
  converters: readonly (Converter | undefined)[],
): RowAppender {
  const width = columns.length;
  const convert = (value: unknown, column: number): unknown => {
    const converter = converters[column];
    return converter === undefined || value === null ? value : converter(value);
  };
  if (mode === 'array') {
    return (rows, ...values) => {
      for (let row = 0; row < rowsPerCall; row++) {
        rows.push(values.slice(row * width, (row + 1) * width).map(convert));
      }
    };
  }
  const names = [...properties(columns)];
  const keys = names.map(([name]) => name);
  const sources = names.map(([, i]) => i);
  // Copying a template keeps the hidden class, and makes `__proto__` an own property that can be assigned.
  const template: Record<string, unknown> = Object.fromEntries(keys.map((key) => [key, null]));
  return (rows, ...values) => {
    for (let row = 0; row < rowsPerCall; row++) {
      const object = { ...template };
      for (let i = 0; i < keys.length; i++) {
        const column = sources[i] as number;
        object[keys[i] as string] = convert(values[row * width + column], column);
      }
      rows.push(object);
    }
  };
}
