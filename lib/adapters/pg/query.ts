import { EventEmitter } from 'node:events';
import {
  UsageError,
  type Database,
  type QueryOptions,
  type QueryResult as DriverResult,
} from '../../index.js';
import { unlessFalsy } from './defaults.js';
import { statementError } from './errors.js';
import { readingBy } from './reading.js';
import { Result, type TextRow } from './result.js';
import type { TypeParsers } from './type-overrides.js';
import { prepareValue, type PreparedValue } from './values.js';
import { AS_TEXT, RUN, telling, type Done, type Host, type Work } from './work.js';

export interface QueryConfig {
  text?: string | undefined;
  values?: readonly unknown[] | undefined;
  name?: string | undefined;
  rowMode?: string | undefined;
  types?: TypeParsers | undefined;
  queryMode?: string | undefined;
  /** Taken and of no effect: the rows come together. */
  rows?: number | undefined;
  portal?: string | undefined;
  /** Taken and of no effect: values come as text. */
  binary?: boolean | undefined;
  query_timeout?: number | undefined;
  callback?: QueryCallback | undefined;
}

export type QueryCallback = (error: Error | null | undefined, result?: Result | Result[]) => void;

/** Whoever has its answer read. */
type Reader = Pick<Host, 'types' | 'described'>;

const nobody = (): void => undefined;
const NOTHING: QueryConfig = {};
/** The protocol has four bytes for it. */
const MOST_ROWS = 2 ** 32 - 1;

/** One call of `query`: events `row`, `end` and `error`, or a callback. */
export class Query extends EventEmitter implements Work {
  readonly text: string | undefined;
  readonly values: readonly unknown[] | undefined;
  readonly name: string | undefined;
  readonly types: TypeParsers | undefined;
  readonly queryMode: string | undefined;
  readonly rows: number | undefined;
  readonly binary: boolean | undefined;
  readonly portal: string;
  callback: QueryCallback | undefined;
  private readonly rowMode: string | undefined;
  /** Rows come as the server's texts, and are read here: whoever has the query may hear of each, also of those before an error. */
  private asTexts = true;
  /** @internal Nobody but the client has it. */
  ofClient = false;
  /** What is sent for its values: each is asked once, however often it is begun. */
  private prepared: PreparedValue[] | undefined;
  /** @internal Its answer must come in time: by that, a query of `pg` has a callback, and nobody has to listen to its error. */
  hasLimit = false;

  constructor(
    config: string | QueryConfig,
    values?: readonly unknown[] | QueryCallback,
    callback?: QueryCallback,
  ) {
    super();
    // The caller's object stays as it is.
    const given = typeof config === 'string' ? NOTHING : config;
    const byCallback = typeof values === 'function';
    this.text = typeof config === 'string' ? config : given.text;
    this.values = unlessFalsy(byCallback ? undefined : values) ?? unlessFalsy(given.values);
    this.name = given.name;
    this.types = unlessFalsy(given.types);
    this.queryMode = given.queryMode;
    this.rows = given.rows;
    this.binary = given.binary;
    this.portal = given.portal ?? '';
    this.callback = unlessFalsy(callback) ?? (byCallback ? values : unlessFalsy(given.callback));
    this.rowMode = given.rowMode;
  }

  /** By this `pg` tells a query from a config. */
  submit(): void {
    throw new Error('A query is run by client.query(query).');
  }

  [RUN](host: Host, done: Done): void {
    let running: Promise<DriverResult<unknown>[]>;
    try {
      running = this.start(host);
    } catch (error) {
      process.nextTick(
        done,
        () => {
          this.handleError(error as Error);
        },
        true,
      );
      return;
    }
    running.then(
      (results) => {
        done(() => {
          this.answered(results, host);
        });
      },
      (error: unknown) => {
        if (this.name !== undefined) host.named.delete(this.name);
        done(() => {
          this.handleError(statementError(error));
        }, true);
      },
    );
  }

  /** By the simple protocol where `pg` uses it: only that takes several statements in one text. */
  private start({ session, types, named, timeout }: Host): Promise<DriverResult<unknown>[]> {
    const { name, values } = this;
    if (typeof this.text !== 'string' && typeof name !== 'string') {
      throw new Error('A query must have either text or a name. Supplying neither is unsupported.');
    }
    const before = typeof name === 'string' ? named.get(name) : undefined;
    const text = this.text ?? before ?? '';
    if (before !== undefined && text !== before) {
      throw new Error(
        `Prepared statements must be unique - '${name ?? ''}' was used for a different statement`,
      );
    }
    if (values && !Array.isArray(values)) throw new Error('Query values must be an array');
    const options = this.options(types);
    if (timeout !== undefined) options.timeout = timeout;
    if (!this.requiresPreparation(text)) return session.scriptRows(text, options);
    this.checkPreparation();
    if (typeof name === 'string') named.set(name, text);
    return session.query(text, this.preparedValues(), options).then((result) => [result]);
  }

  private options(types: TypeParsers): QueryOptions {
    const reading = this.ofClient ? readingBy(this.types ?? types) : undefined;
    this.asTexts = reading === undefined;
    const rowMode = this.asTexts || this.rowMode === 'array' ? 'array' : 'object';
    return { rowMode, types: reading ?? AS_TEXT };
  }

  private preparedValues(): PreparedValue[] {
    return (this.prepared ??= (this.values ?? []).map(prepareValue));
  }

  /**
   * @internal Runs it on the session of the pool that is free next; a session on which it fails is closed. It has a text
   * that is to be prepared.
   *
   * @param begun told each time a session begins with it; nothing is sent where it throws
   * @param failed told what the driver says, and whether that is of the call itself, whichever session had run it; what the
   *   answer's reading throws is told as the query's error
   */
  runOn(
    db: Database,
    types: TypeParsers,
    begun: (processId: number) => void,
    failed: (error: unknown, ofCall: boolean) => void,
  ): void {
    this.ofClient = true;
    let values: PreparedValue[];
    try {
      values = this.preparedValues();
    } catch (error) {
      process.nextTick(failed, error, true);
      return;
    }
    const options = this.options(types);
    options.onSession = begun;
    options.discardOnError = true;
    db.query(this.text ?? '', values, options).then(
      (result) => {
        this.answered([result], { types, described: nobody });
      },
      (error: unknown) => {
        failed(error, error instanceof UsageError);
      },
    );
  }

  /** What `pg` fails to send, in its own way, or where nobody can catch that. */
  private checkPreparation(): void {
    for (const part of ['name', 'portal'] as const) {
      const given: unknown = this[part];
      if (given && typeof given !== 'string') throw new TypeError(`The ${part} of a query must be a string.`);
    }
    const rows = Number(this.rows);
    if (rows < 0 || rows > MOST_ROWS) {
      throw new RangeError(`The rows of a query must be from 0 to ${MOST_ROWS}.`);
    }
  }

  /** @internal */
  requiresPreparation(text: string): boolean {
    if (this.queryMode === 'extended' || this.name || this.rows) return true;
    return text !== '' && this.values !== undefined && this.values.length > 0;
  }

  private answered(answers: readonly DriverResult<unknown>[], host: Reader): void {
    const results: Result[] = [];
    try {
      for (const answer of answers) results.push(this.resultOf(answer, host));
    } catch (error) {
      this.handleError(error as Error);
      return;
    }
    const [first = new Result(this.rowMode, this.types ?? host.types)] = results;
    const given = results.length > 1 ? results : first;
    const { callback } = this;
    if (callback !== undefined) {
      telling(() => {
        callback(null, given);
      });
    }
    this.emit('end', given);
  }

  private resultOf(answer: DriverResult<unknown>, { types, described }: Reader): Result {
    const result = new Result(this.rowMode, this.types ?? types);
    if (answer.fields.length > 0) {
      result.describe(answer.fields);
      described(result.fields);
    }
    if (this.asTexts) this.readRows(answer.rows as TextRow[], result);
    else result.rows = answer.rows;
    result.addCommand(answer);
    return result;
  }

  private readRows(texts: readonly TextRow[], result: Result): void {
    const heard = this.listenerCount('row') > 0;
    const kept = this.callback !== undefined || !heard;
    for (const values of texts) {
      const row: unknown = result.parseRow(values);
      if (heard) telling(() => this.emit('row', row, result));
      if (kept) result.addRow(row);
    }
  }

  handleError(error: Error): void {
    if (this.callback !== undefined) this.callback(error);
    else if (!this.hasLimit || this.listenerCount('error') > 0) this.emit('error', error);
  }
}
