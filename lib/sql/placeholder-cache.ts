import {
  compilePlaceholders,
  isVerbatim,
  type CompiledStatement,
  type PlaceholderKind,
} from './placeholder-compiler.js';

/** Statements kept for each kind of placeholder until half of them are dropped. */
const DEFAULT_SIZE = 1000;
/** Characters of their texts. One statement of many rows is as large as a thousand ordinary ones. */
const DEFAULT_CHARACTERS = 2_000_000;

/**
 * Rewritten statements by their text, bounded by number and by total length. What is dropped is roughly what has not
 * been used for longest: there is a young and an old half, use brings a statement into the young one, and when that is
 * full it becomes the old one, whose contents are dropped. So a hit is one lookup and changes nothing.
 */
export class PlaceholderCache {
  private plain: string | undefined;
  private readonly halves: Readonly<Record<PlaceholderKind, Halves>>;

  constructor(size = DEFAULT_SIZE, characters = DEFAULT_CHARACTERS) {
    this.halves = {
      none: new Halves(size / 2, characters / 2),
      positional: new Halves(size / 2, characters / 2),
      named: new Halves(size / 2, characters / 2),
    };
  }

  /**
   * Whether the text can be sent as it is with positional parameters. Remembers the last that could: comparing it to
   * itself costs nothing, reading it does.
   */
  isPlain(sql: string): boolean {
    if (sql === this.plain) return true;
    if (typeof sql !== 'string' || sql.includes('\0') || !isVerbatim(sql, 'positional')) return false;
    this.plain = sql;
    return true;
  }

  /** `compilePlaceholders(sql, kind)`, remembered; a text that needs no rewriting is not even looked up. */
  get(sql: string, kind: PlaceholderKind): CompiledStatement {
    if (isVerbatim(sql, kind)) return { sql };
    const halves = this.halves[kind];
    let compiled = halves.get(sql);
    if (compiled === undefined) {
      compiled = compilePlaceholders(sql, kind);
      halves.add(sql, compiled);
    }
    return compiled;
  }
}

class Halves {
  private young = new Map<string, CompiledStatement>();
  private old: ReadonlyMap<string, CompiledStatement> = new Map();
  private youngCharacters = 0;

  constructor(
    private readonly size: number,
    private readonly characters: number,
  ) {}

  get(sql: string): CompiledStatement | undefined {
    const compiled = this.young.get(sql);
    if (compiled !== undefined) return compiled;
    const aged = this.old.get(sql);
    if (aged !== undefined) this.add(sql, aged);
    return aged;
  }

  add(sql: string, compiled: CompiledStatement): void {
    if (sql.length > this.characters) return;
    if (this.young.size + 1 > this.size || this.youngCharacters + sql.length > this.characters) {
      this.old = this.young;
      this.young = new Map();
      this.youngCharacters = 0;
    }
    this.young.set(sql, compiled);
    this.youngCharacters += sql.length;
  }
}
