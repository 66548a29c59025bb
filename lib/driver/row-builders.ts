import { RowMode } from '../addon/interface.js';
import { packedAppenderFactory, type PackedAppender, type PackedCells } from '../types/packed-rows.js';
import { withParser, type TypeRule } from '../types/reading.js';
import {
  convertersOf,
  rowAppenderFactory,
  type AppenderColumn,
  type AppenderFactory,
  type RowAppender,
} from '../types/row-appender.js';
import type { TextParsers } from '../types/type-options.js';

/** The code that builds the rows of one list of columns, made when it is first needed. */
class RowCode {
  private readonly packed: (AppenderFactory<PackedAppender> | undefined)[] = [];
  private readonly single = new Map<number, AppenderFactory<RowAppender>>();

  constructor(private readonly columns: readonly AppenderColumn[]) {}

  packedFactory(mode: RowMode, cells: PackedCells): AppenderFactory<PackedAppender> {
    return (this.packed[mode] ??= packedAppenderFactory(this.columns, modeName(mode), cells));
  }

  factory(mode: RowMode, rowsPerCall: number): AppenderFactory<RowAppender> {
    const key = keyOf(mode, rowsPerCall);
    let factory = this.single.get(key);
    if (factory === undefined) {
      factory = rowAppenderFactory(this.columns, modeName(mode), rowsPerCall);
      this.single.set(key, factory);
    }
    return factory;
  }
}

/** The functions that build the rows of one list of columns, each made when it is first needed. */
export class RowBuilders {
  private readonly packed: (PackedAppender | undefined)[] = [];
  private readonly single = new Map<number, RowAppender>();
  private readonly code: RowCode;

  /** @param before builders of the same columns, whose code serves for these too if as many of them have a converter */
  constructor(
    private readonly columns: readonly AppenderColumn[],
    before?: RowBuilders,
  ) {
    this.code =
      before !== undefined && sameForm(columns, before.columns) ? before.code : new RowCode(columns);
  }

  appender(mode: RowMode, rowsPerCall: number): RowAppender {
    const key = keyOf(mode, rowsPerCall);
    let appender = this.single.get(key);
    if (appender === undefined) {
      appender = this.code.factory(mode, rowsPerCall)(convertersOf(this.columns));
      this.single.set(key, appender);
    }
    return appender;
  }

  packedAppender(mode: RowMode, cells: PackedCells): PackedAppender {
    return (this.packed[mode] ??= this.code.packedFactory(mode, cells)(convertersOf(this.columns)));
  }
}

/** A column that functions of the program may read. */
export interface ParsedColumn {
  readonly name: string;
  readonly typeOid: number;
  readonly rule: TypeRule;
  /** Whether they are asked; else the rule is all. */
  readonly asks: boolean;
}

type Parser = ((text: string) => unknown) | undefined;

/** The same for columns that the program's functions read: which these are is asked whenever the rows of a result begin. */
export class ParsedRowBuilders {
  private parsers: Parser[] = [];
  private builders: RowBuilders | undefined;
  /** Of results whose rows come in more than one piece: what they have begun with. */
  private readonly begun = new WeakMap<unknown[], RowBuilders>();

  constructor(
    private readonly columns: readonly ParsedColumn[],
    private readonly source: TextParsers,
  ) {}

  /** For the rows of a result that begins now. */
  current(): RowBuilders {
    const { columns, parsers, source } = this;
    let asked: Parser[] | undefined;
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i] as ParsedColumn;
      const parser = column.asks ? source.parserOf(column.typeOid) : undefined;
      if (parser === parsers[i]) continue;
      asked ??= parsers.slice();
      asked[i] = parser;
    }
    if (asked === undefined && this.builders !== undefined) return this.builders;
    return this.renew(asked ?? parsers);
  }

  private renew(parsers: Parser[]): RowBuilders {
    const columns = this.columns.map(({ name, rule }, i): AppenderColumn => {
      const parse = parsers[i];
      return { name, ...rule, ...(parse && withParser(rule, parse)) };
    });
    this.parsers = parsers;
    this.builders = new RowBuilders(columns, this.builders);
    return this.builders;
  }

  /** For the next rows of the result whose rows so far these are. */
  of(rows: unknown[]): RowBuilders {
    let builders = rows.length === 0 ? undefined : this.begun.get(rows);
    if (builders === undefined) {
      builders = this.current();
      this.begun.set(rows, builders);
    }
    return builders;
  }
}

function sameForm(columns: readonly AppenderColumn[], others: readonly AppenderColumn[]): boolean {
  return columns.every(({ converter, textOnly }, i) => {
    const other = others[i];
    return (converter === undefined) === (other?.converter === undefined) && textOnly === other?.textOnly;
  });
}

function keyOf(mode: RowMode, rowsPerCall: number): number {
  return rowsPerCall * 2 + (mode === RowMode.Array ? 1 : 0);
}

function modeName(mode: RowMode): 'array' | 'object' {
  return mode === RowMode.Array ? 'array' : 'object';
}
