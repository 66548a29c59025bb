import { canGenerateCode } from '../types/row-appender.js';
import { KINGBASE_VALUE } from '../types/parameter-text.js';
import type { BinaryMethod, BinaryWriter } from './binary-writer.js';
import { EPOCH } from './clock.js';
import { SHORT_STRING } from './byte-sink.js';
import { compiled, type RowKind } from './row-loops.js';

/** Where a column's values go. */
export interface BinaryLoopColumn {
  /** Its property, in rows that are objects. */
  name: string;
  /** Its place, in rows that are arrays. */
  index: number;
  method: BinaryMethod;
  /** Which of the writers has it. */
  writer: number;
  /** Which of the writer's columns it is. */
  column: number;
}

/**
 * Writes rows from `from` on, until `to`, until a writer holds at least `limit` bytes, or before a row that has stopped one.
 * Returns the index of the first row that is not written; of that row some of the writers may have something.
 */
export type BinaryLoop = (
  writers: readonly BinaryWriter[],
  rows: readonly unknown[],
  from: number,
  to: number,
  limit: number,
) => number;

/** How the common values of a kind are written in place. */
interface InPlace {
  /** An expression on `value`. */
  test: string;
  /** Statements that write the field to `view` at `at`. */
  write: string;
  /** Most bytes of the field. */
  size: number;
}

const WORD = 2 ** -32;
/** ms from 2000 on within which microseconds are exact in a double. */
const EXACT = 9_000_000_000_000;

const IN_PLACE: Partial<Record<BinaryMethod, InPlace>> = {
  int2: {
    test: `typeof value==='number'&&(value<<16)>>16===value`,
    write: 'view.setInt32(at,2);view.setInt16(at+4,value);at+=6;',
    size: 6,
  },
  int4: {
    test: `typeof value==='number'&&(value|0)===value`,
    write: 'view.setInt32(at,4);view.setInt32(at+4,value);at+=8;',
    size: 8,
  },
  oid: {
    test: `typeof value==='number'&&value>>>0===value`,
    write: 'view.setInt32(at,4);view.setUint32(at+4,value);at+=8;',
    size: 8,
  },
  int8: {
    test: `typeof value==='number'&&Math.abs(value)<=${Number.MAX_SAFE_INTEGER}&&Math.floor(value)===value`,
    // The setter takes the low half by itself.
    write: `view.setInt32(at,8);view.setInt32(at+4,Math.floor(value*${WORD}));view.setInt32(at+8,value);at+=12;`,
    size: 12,
  },
  float8: {
    test: `typeof value==='number'`,
    write: 'view.setInt32(at,8);view.setFloat64(at+4,value);at+=12;',
    size: 12,
  },
  bool: {
    test: `typeof value==='boolean'`,
    write: 'view.setInt32(at,1);view.setInt8(at+4,value?1:0);at+=5;',
    size: 5,
  },
  text: {
    test: `typeof value==='string'&&value.length<=${SHORT_STRING}&&writer.shortAscii(value,at+4)`,
    write: 'view.setInt32(at,value.length);at+=4+value.length;',
    size: 4 + SHORT_STRING,
  },
  timestamptz: {
    test:
      `value instanceof Date&&typeof value[own]!=='function'` +
      `&&Math.abs(number=value.getTime()-${EPOCH})<${EXACT}`,
    write: `number*=1000;view.setInt32(at,8);view.setInt32(at+4,Math.floor(number*${WORD}));view.setInt32(at+8,number);at+=12;`,
    size: 12,
  },
};
/** Of a NULL. */
const LEAST = 4;
const FIELD_COUNT = 2;
/** Generated functions for more columns are not worth their compilation. */
const MOST_COLUMNS = 128;

/**
 * A function generated for the list of columns that writes the common values of each kind in place, and leaves the others
 * to the writers' methods. Each row is read once, whether it goes to one writer or to one for each column. Undefined where
 * no code may be generated, and where it would be too long.
 *
 * @param width how many values a row has that is an array
 * @param fieldCounts whether a row begins with the number of its fields
 */
export function createBinaryLoop(
  columns: readonly BinaryLoopColumn[],
  width: number,
  kind: RowKind,
  fieldCounts: boolean,
): BinaryLoop | undefined {
  if (columns.length > MOST_COLUMNS || !canGenerateCode()) return undefined;
  const writers = [...new Set(columns.map(({ writer }) => writer))];
  const body = loopText(columns, writers, width, kind, fieldCounts);
  const loop = compiled(['own', 'writers', 'rows', 'from', 'to', 'limit'], body);
  return (...rest) => loop(KINGBASE_VALUE, ...rest) as number;
}

function loopText(
  columns: readonly BinaryLoopColumn[],
  writers: readonly number[],
  width: number,
  kind: RowKind,
  fieldCounts: boolean,
): string {
  const check =
    kind === 'array'
      ? `!Array.isArray(row)||row.length!==${width}`
      : `typeof row!=='object'||row===null||Array.isArray(row)`;
  const each = (make: (writer: number) => string): string => writers.map(make).join('');
  const sync = each((w) => `w${w}.length=at${w};`);
  const room = (writer: number): number =>
    columns
      .filter((column) => column.writer === writer)
      .reduce((size, { method }) => size + (IN_PLACE[method]?.size ?? LEAST), FIELD_COUNT);
  // Room for everything that is written in place in a row.
  const makeRoom = (w: number): string =>
    `w${w}.length=at${w};w${w}.reserve(${room(w)});view${w}=w${w}.view;end${w}=view${w}.byteLength-${room(w)};`;
  const parts = [
    `'use strict';let i=from,value,number=0;`,
    each(
      (w) =>
        `const w${w}=writers[${w}];let view${w},end${w},at${w}=w${w}.length,start${w}=at${w};${makeRoom(w)}`,
    ),
    `for(;i<to${each((w) => `&&at${w}<limit`)};i++){const row=rows[i];`,
    each((w) => `start${w}=at${w};if(at${w}>end${w}){${makeRoom(w)}}`),
    `if(${check}){w0.resume(i,start0,at0);w0.refuseRow(row);}`,
    fieldCounts ? each((w) => `view${w}.setInt16(at${w},${width});at${w}+=${FIELD_COUNT};`) : '',
    columns.map((column) => columnText(column, kind, makeRoom(column.writer), sync)).join(''),
    `}${sync}return i;`,
  ];
  return parts.join('');
}

function columnText(
  { name, index, method, writer: w, column }: BinaryLoopColumn,
  kind: RowKind,
  makeRoom: string,
  sync: string,
): string {
  const inPlace = IN_PLACE[method];
  // The names enter the code as string literals, the methods are this package's own.
  const property = kind === 'array' ? String(index) : JSON.stringify(name);
  const present = kind === 'array' ? '' : `if(value===undefined)w${w}.checkPresent(row,${column});`;
  const named = (text: string): string =>
    text.replace(/\b(view|at)\b/g, `$1${w}`).replace(/\bwriter\b/g, `w${w}`);
  return (
    `value=row[${property}];` +
    (inPlace === undefined ? '' : `if(${named(inPlace.test)}){${named(inPlace.write)}}else `) +
    `if(value===null){view${w}.setInt32(at${w},-1);at${w}+=4;w${w}.nulls++;}else{` +
    `w${w}.resume(i,start${w},at${w});${present}w${w}.${method}(value,${column});at${w}=w${w}.length;` +
    `if(w${w}.stopped){${sync}w${w}.dropRow();return i;}${makeRoom}}`
  );
}
