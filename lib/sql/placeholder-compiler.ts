import { UsageError } from '../errors/index.js';
import { tokens, type Token } from './lexer.js';

/** What a statement's placeholders are, which the parameters of the call decide: none, `?` or `:name`. */
export type PlaceholderKind = 'none' | 'positional' | 'named';

/** A text as the server understands it. */
export interface CompiledStatement {
  readonly sql: string;
  /** For named placeholders, whose value is `$1`, `$2`, … */
  readonly names?: readonly string[];
  /** How many values the text takes. Absent where it has been left to the server to say. */
  readonly count?: number;
}

/**
 * Rewrites the placeholders of a text to `$n`; see `bindPlaceholders` for the rules. The result depends on nothing but
 * the arguments and may be kept.
 *
 * @throws UsageError `KB_BAD_PARAMETER` for a text with `$n` where the placeholders are to be named
 */
export function compilePlaceholders(sql: string, kind: PlaceholderKind): CompiledStatement {
  if (isVerbatim(sql, kind)) return { sql };
  if (kind === 'positional') {
    for (const { kind: tokenKind } of tokens(sql)) {
      if (tokenKind === 'parameter') return new Rewriter(sql, 'none').run();
    }
  }
  return new Rewriter(sql, kind).run();
}

/** Whether a look is enough to see that the text stays as it is. */
export function isVerbatim(sql: string, kind: PlaceholderKind): boolean {
  if (kind === 'named') return false;
  return !sql.includes(kind === 'none' ? '??' : '?');
}

/** What must not touch a `$n`, lest it becomes part of a name, another number, or the end of an oracle-mode `q'1…1'`. */
const BEFORE_PARAMETER = /[A-Za-z0-9_$\u0080-\uffff]/;
const BEHIND_PARAMETER = /[A-Za-z0-9_$\u0080-\uffff']/;

class Rewriter {
  private rewritten = '';
  /** Up to here the text is in `rewritten`. */
  private copied = 0;
  private count = 0;
  private readonly numbers = new Map<string, number>();

  constructor(
    private readonly sql: string,
    private readonly kind: PlaceholderKind,
  ) {}

  run(): CompiledStatement {
    const { sql, kind } = this;
    let brackets = 0;
    /** Whether a colon here would belong to what is before it. */
    let colonIsTaken = false;
    let colon: Token | undefined;
    for (const token of tokens(sql)) {
      const opening = colon;
      colon = undefined;
      switch (token.kind) {
        case 'operator':
          this.operator(token);
          colonIsTaken = false;
          break;
        case 'punctuation': {
          const mark = sql.slice(token.start, token.end);
          if (mark === '[') brackets += 1;
          else if (mark === ']' && brackets > 0) brackets -= 1;
          else if (mark === ':' && !colonIsTaken) colon = token;
          colonIsTaken = mark === ']' || (mark === ')' && brackets > 0);
          break;
        }
        case 'word':
          if (kind === 'named' && opening !== undefined) {
            const name = sql.slice(token.start, token.end);
            this.placeholder(opening.start, token.end, this.numberOf(name));
            colonIsTaken = true;
          } else {
            colonIsTaken = brackets > 0;
          }
          break;
        case 'parameter':
          if (kind === 'named') throw numberedAmongNamed(sql.slice(token.start, token.end));
          colonIsTaken = true;
          break;
        default:
          colonIsTaken = token.kind !== 'space' && token.kind !== 'comment';
      }
    }
    this.copyUpTo(sql.length);
    if (kind === 'named') return { sql: this.rewritten, names: [...this.numbers.keys()], count: this.count };
    return kind === 'positional' ? { sql: this.rewritten, count: this.count } : { sql: this.rewritten };
  }

  private operator({ start, end }: Token): void {
    for (let at = start; at < end; at++) {
      if (this.sql[at] !== '?') continue;
      if (at + 1 < end && this.sql[at + 1] === '?') {
        this.copyUpTo(at + 1);
        this.copied = at + 2;
        at += 1;
      } else if (this.kind === 'positional') {
        this.placeholder(at, at + 1, ++this.count);
      }
    }
  }

  private numberOf(name: string): number {
    let number = this.numbers.get(name);
    if (number === undefined) {
      number = ++this.count;
      this.numbers.set(name, number);
    }
    return number;
  }

  private placeholder(start: number, end: number, number: number): void {
    this.copyUpTo(start);
    if (BEFORE_PARAMETER.test(this.sql.charAt(start - 1))) this.rewritten += ' ';
    this.rewritten += `$${number}`;
    if (BEHIND_PARAMETER.test(this.sql.charAt(end))) this.rewritten += ' ';
    this.copied = end;
  }

  private copyUpTo(end: number): void {
    this.rewritten += this.sql.slice(this.copied, end);
    this.copied = end;
  }
}

function numberedAmongNamed(parameter: string): UsageError {
  return new UsageError(
    'KB_BAD_PARAMETER',
    `The statement has the parameter ${parameter}, but the parameters are an object.`,
    { hint: 'Give the values of $1, $2, … as an array, or write :name for each parameter.' },
  );
}
