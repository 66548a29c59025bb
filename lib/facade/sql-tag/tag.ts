import { UsageError } from '../../errors/index.js';
import {
  EMPTY,
  id,
  join,
  list,
  pieceOf,
  rowsOfValues,
  SqlPiece,
  statementOf,
  unsafe,
} from '../../sql/piece.js';
import type { ExecResult, QueryOptions, QueryResult, RowObject, StallOptions } from '../calls/options.js';
import type { Rows } from '../rows/rows.js';

/** Options of a call whose statement stands in a template. */
export type SqlOptions = Omit<QueryOptions, 'rowMode'>;

/** Where a template's statement runs. */
export interface RunsSql {
  query<T>(sql: string, parameters: readonly unknown[], options?: SqlOptions): Promise<QueryResult<T>>;
  exec(sql: string, parameters: readonly unknown[], options?: SqlOptions): Promise<ExecResult>;
  rows<T>(sql: string, parameters: readonly unknown[], options?: SqlOptions & StallOptions): Rows<T>;
}

/**
 * A statement that a template has made. Nothing is sent before it is awaited, or one of its calls is made; inside of another
 * template it is a piece of that, and is not run. Awaited again it gives the same result, without being run again.
 */
export class SqlCall<T = RowObject> extends SqlPiece implements PromiseLike<QueryResult<T>> {
  private readonly runner: RunsSql;
  private result: Promise<QueryResult<T>> | undefined;

  /** @internal */
  constructor(runner: RunsSql, strings: readonly string[], values: readonly unknown[]) {
    super(strings, values);
    this.runner = runner;
  }

  /** Runs the statement and gives all its rows. */
  async query(options?: SqlOptions): Promise<QueryResult<T>> {
    const { text, values } = statementOf(this);
    return this.runner.query<T>(text, values, options);
  }

  /** Runs the statement for its effect. */
  async exec(options?: SqlOptions): Promise<ExecResult> {
    const { text, values } = statementOf(this);
    return this.runner.exec(text, values, options);
  }

  /** Runs the statement and gives its row. Rejects with a UsageError (`KB_ROW_COUNT`) where there is none, or more than one. */
  async one(options?: SqlOptions): Promise<T> {
    const { rows } = await this.query(options);
    if (rows.length !== 1) throw rowCount('one', rows.length);
    return rows[0] as T;
  }

  /**
   * Runs the statement and gives its row, undefined where there is none. Rejects with a UsageError (`KB_ROW_COUNT`) where
   * there are more.
   */
  async maybeOne(options?: SqlOptions): Promise<T | undefined> {
    const { rows } = await this.query(options);
    if (rows.length > 1) throw rowCount('maybeOne', rows.length);
    return rows[0];
  }

  /** The rows as they come, in bounded memory. Nothing is sent before they are iterated. */
  rows(options?: SqlOptions & StallOptions): Rows<T> {
    const { text, values } = statementOf(this);
    return this.runner.rows<T>(text, values, options);
  }

  then<R = QueryResult<T>, E = never>(
    fulfilled?: ((result: QueryResult<T>) => R | PromiseLike<R>) | null,
    rejected?: ((reason: unknown) => E | PromiseLike<E>) | null,
  ): Promise<R | E> {
    this.result ??= this.query();
    return this.result.then(fulfilled, rejected);
  }

  catch<E = never>(rejected: (reason: unknown) => E | PromiseLike<E>): Promise<QueryResult<T> | E> {
    return this.then(null, rejected);
  }
}

/** Makes a statement of a template. Each value in it becomes a parameter, and never part of the text. */
export interface SqlTag {
  <T = RowObject>(strings: TemplateStringsArray, ...values: readonly unknown[]): SqlCall<T>;
  /** A name, quoted; several parts are a qualified one. */
  id(...parts: readonly string[]): SqlPiece;
  /** Values, at least one, with commas between them: `IN (${sql.list(ids)})`. */
  list(values: readonly unknown[]): SqlPiece;
  /** Rows of values: `VALUES ${sql.values([[1, 'a'], [2, 'b']])}`. */
  values(rows: readonly (readonly unknown[])[]): SqlPiece;
  /** Pieces, or values, with a piece between them, by default a comma. */
  join(pieces: readonly unknown[], separator?: SqlPiece): SqlPiece;
  /** Text as it stands. Never make it of what came from outside of the program. */
  unsafe(text: string): SqlPiece;
  /** Nothing. */
  readonly empty: SqlPiece;
}

export function sqlTag(runner: RunsSql): SqlTag {
  const tag = <T>(strings: TemplateStringsArray, ...values: readonly unknown[]): SqlCall<T> => {
    if (!Array.isArray(strings) || !Array.isArray((strings as Partial<TemplateStringsArray>).raw)) {
      throw new UsageError('KB_BAD_STATEMENT', 'sql is a tag of templates, and no function to be called.', {
        hint: 'Write sql`SELECT …` without parentheses. For a text that is made otherwise there is query().',
      });
    }
    // The strings of the template itself, by which its text is kept, where nothing is to be put into them.
    return values.some((value) => value instanceof SqlPiece)
      ? new SqlCall<T>(runner, ...pieceOf(strings, values))
      : new SqlCall<T>(runner, strings, values);
  };
  return Object.assign(tag, { id, list, values: rowsOfValues, join, unsafe, empty: EMPTY });
}

function rowCount(call: string, count: number): UsageError {
  const wanted = call === 'one' ? 'one row' : 'one row at most';
  return new UsageError('KB_ROW_COUNT', `The statement gave ${count} rows, and ${call}() takes ${wanted}.`, {
    hint: 'Make the condition name one row, or take all of them by awaiting the statement.',
  });
}
