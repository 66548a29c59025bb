import types from 'pg-types';

export type TypeFormat = 'text' | 'binary';
export type TypeParser = (text: string) => unknown;

/** Where parsers are looked up: pg-types, a TypeOverrides, or the `types` of a query. */
export interface TypeParsers {
  getTypeParser(oid: number, format?: TypeFormat): TypeParser;
}

/** Parsers of one client over those of the process. */
export class TypeOverrides implements TypeParsers {
  readonly text: Record<number, TypeParser> = {};
  readonly binary: Record<number, TypeParser> = {};

  constructor(readonly _types: TypeParsers = types) {}

  setTypeParser(oid: number, format: TypeFormat | TypeParser, parser?: TypeParser): void {
    if (typeof format === 'function') this.text[oid] = format;
    else if (parser !== undefined) this.getOverrides(format)[oid] = parser;
  }

  getTypeParser(oid: number, format: TypeFormat = 'text'): TypeParser {
    return this.getOverrides(format)[oid] ?? this._types.getTypeParser(oid, format);
  }

  /** @internal Whether texts are read by none of its own. */
  isEmpty(): boolean {
    for (const _oid in this.text) return false;
    return true;
  }

  getOverrides(format: TypeFormat): Record<number, TypeParser> {
    return format === 'text' ? this.text : format === 'binary' ? this.binary : {};
  }
}
