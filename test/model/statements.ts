import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, Database, Queryable, Transaction } from 'kingbase-native';
import { Abort, type Calls, type Expected, type Outcome, type Place } from './calls.js';
import type { Ledger, LedgerRow } from './ledger.js';
import type { Limit, Returning, Step, Way } from './program.js';
import type { Subscriptions } from './subscriptions.js';

/** What the actors of a program share. */
export interface Stage {
  readonly db: Database;
  readonly calls: Calls;
  readonly ledger: Ledger;
  readonly subscriptions: Subscriptions;
  /** The name of a channel that no other program uses. */
  readonly channel: (number: number) => string;
  /** Makes a type that nobody has seen, and gives its name. */
  readonly newType: () => Promise<string>;
}

export interface Where extends Place {
  readonly on: Queryable;
  /** Where it is a transaction. */
  readonly handle: Transaction | undefined;
  /** Where it is a connection, or a transaction on one. */
  readonly connection: Connection | undefined;
  /** Whether a transaction is open on that connection, so that another is refused. */
  readonly occupied: boolean;
}

export type Of<K extends Step['do']> = Extract<Step, { readonly do: K }>;

/** What a program throws to undo what it did. */
export class Change extends Error {
  override readonly name = 'Change';
}

/** The steps that are one statement, or one stream. Each tells whether it went well. */
export class Statements {
  /** The type that RETURNING `fresh` gives. */
  fresh = 'mood';

  constructor(
    private readonly stage: Stage,
    private readonly name: string,
  ) {}

  // ---- writing

  /** Rows of the transaction that is open, or of a unit of their own. */
  private async write<T>(
    what: string,
    where: Where,
    count: number,
    make: (rows: readonly LedgerRow[]) => Promise<Outcome<T>>,
    whole = true,
  ): Promise<Outcome<T>> {
    const { ledger, calls } = this.stage;
    const unit = where.transaction?.unit ?? ledger.unit(`${what} on ${where.name}`, whole);
    const rows = ledger.rows(unit, count);
    for (let scope = where.scope; scope !== undefined; scope = scope.outer) scope.rows.push(...rows);
    const outcome = await make(rows);
    const told = 'value' in outcome ? 'done' : calls.fateOf(outcome.error);
    // Of chunks those before the error stay. Rows that were complete when they were aborted are not given any more,
    // though the statement stands.
    const open = !whole || ('error' in outcome && outcome.error instanceof Abort && what.startsWith('rows '));
    const fate = told === 'not done' && open ? 'unknown' : told;
    for (const row of rows) row.fate = row.fate === 'not done' ? row.fate : fate;
    if (where.transaction === undefined) unit.fate = whole ? fate : 'done';
    return outcome;
  }

  async insert(step: Of<'insert'>, where: Where): Promise<boolean> {
    const { rows: count, by, returning, takes, text, limit } = step;
    const column = {
      nothing: undefined,
      id: 'id AS value',
      mood: 'mood AS value',
      moods: 'ARRAY[mood] AS value',
      level: 'ARRAY[5::level] AS value',
      fresh: `'ok'::${this.fresh} AS value`,
    }[returning];
    const sql =
      `INSERT INTO ledger (id, mood) SELECT $1::int8 + i, 'ok' FROM generate_series(0, $2::int4 - 1) AS i` +
      (takes > 0 ? `, (SELECT pg_sleep(${takes / 1000})) AS pause` : '') +
      (column === undefined ? '' : ` RETURNING id, ${column}`) +
      ` -- ${text}`;
    const outcome = await this.write(`${by} INSERT`, where, count, ([first]) =>
      this.statement<{ id: bigint; value: unknown }>(by, sql, [first?.id ?? 0, count], where, limit),
    );
    if ('error' in outcome) return false;
    const { rows, count: given } = outcome.value;
    const expected = column === undefined ? (by === 'exec' ? count : 0) : by === 'queryRow' ? 1 : count;
    const wrong =
      (by === 'exec' ? given !== count : column !== undefined && rows.length !== expected) ||
      rows.some(({ value }) => !isValue(returning, value));
    if (wrong) this.wrong(`${by} INSERT of ${count} rows`, outcome.value);
    return true;
  }

  /** Runs one statement in one of the ways there are. */
  private statement<T>(
    by: Way,
    sql: string,
    parameters: readonly unknown[],
    where: Where,
    limit: Limit,
    expected: Expected = [],
  ): Promise<Outcome<{ rows: T[]; count: number }>> {
    const { on } = where;
    return this.stage.calls.call(
      by,
      where,
      limit,
      async (options) => {
        switch (by) {
          case 'query': {
            const { rows, rowCount } = await on.query<T>(sql, parameters, options);
            return { rows, count: rowCount };
          }
          case 'queryRow': {
            const row = await on.queryRow<T>(sql, parameters, options);
            return { rows: row === undefined ? [] : [row], count: 1 };
          }
          case 'exec':
            return { rows: [], count: (await on.exec(sql, parameters, options)).rowsAffected };
          case 'rows': {
            const rows: T[] = [];
            for await (const row of on.rows<T>(sql, parameters, options)) rows.push(row);
            return { rows, count: rows.length };
          }
          case 'prepare': {
            const statement = await (on as Queryable & Pick<Connection, 'prepare'>).prepare(sql, options);
            try {
              const { rows, rowCount } = await statement.query(parameters, options);
              return { rows: rows as T[], count: rowCount };
            } finally {
              await statement.close();
            }
          }
        }
      },
      expected,
    );
  }

  async batch(step: Of<'batch'>, where: Where): Promise<boolean> {
    const { strategy, rows: count, chunk, slow, limit } = step;
    // In a transaction there is nothing that a chunk could commit.
    const perChunk = step.perChunk && where.transaction === undefined && !where.occupied;
    const bad = step.bad !== undefined && step.bad < count ? step.bad : undefined;
    const returning = step.returning && (strategy === 'unnest' || strategy === 'values');
    const whole = !perChunk;
    let badRow: LedgerRow | undefined;
    const outcome = await this.write(
      `batch by ${strategy}`,
      where,
      count,
      (rows) => {
        const values = rows.map(({ id }, index) => [id, index === bad ? -1 : index]);
        badRow = bad === undefined ? undefined : rows[bad];
        return this.stage.calls.call(
          `batchInsert by ${strategy}`,
          where,
          limit,
          (options) =>
            where.on.batchInsert('ledger', ['id', 'amount'], slow ? slowly(values) : values, {
              ...options,
              strategy,
              chunkRows: chunk,
              transaction: perChunk ? 'perChunk' : 'whole',
              onBadRow: step.collect ? 'collect' : 'abort',
              ...(returning && { returning: ['id'] }),
            }),
          bad === undefined ? [] : ['23514'],
        );
      },
      whole,
    );
    if (badRow !== undefined) badRow.fate = 'not done';
    if ('error' in outcome) return false;
    const { badRows, rowsInserted, rows } = outcome.value;
    const left = bad === undefined ? [] : [bad];
    const right =
      rowsInserted === count - left.length &&
      badRows.map(({ index }) => index).join() === left.join() &&
      (!returning || rows?.length === rowsInserted);
    if (!right) this.wrong(`batch of ${count} rows, bad: ${left.join()}`, outcome.value);
    return true;
  }

  async copyIn({ rows: count, destroy, limit }: Of<'copy in'>, where: Where): Promise<boolean> {
    const change = new Change();
    const outcome = await this.write('copyFrom', where, count, (rows) =>
      this.stage.calls.call('copyFrom', where, limit, async (options) => {
        const stream = where.on.copyFrom('COPY ledger (id) FROM STDIN', options);
        const closed = once(stream, 'close').catch((error: unknown) => {
          if (error !== change) throw error;
        });
        for (const { id } of rows) stream.write(`${id}\n`);
        if (!destroy) {
          stream.end();
          await closed;
          return;
        }
        setTimeout(() => stream.destroy(change), 2);
        await closed;
        for (const row of rows) row.fate = 'not done';
        if (where.scope !== undefined) where.scope.failed = true;
      }),
    );
    return !destroy && 'value' in outcome;
  }

  // ---- reading

  async mistake(step: Of<'mistake'>, where: Where): Promise<boolean> {
    const outcome = await this.statement(step.by, 'SELECT 1 / $1::int4', [0], where, step.limit, ['22012']);
    if ('value' in outcome) this.wrong('division by zero', outcome.value);
    return false;
  }

  async read({ rows: count, take, limit }: Of<'read'>, where: Where): Promise<boolean> {
    const outcome = await this.stage.calls.call('rows', where, limit, async (options) => {
      const numbers: number[] = [];
      if (take === 0) return numbers;
      const sql = 'SELECT i FROM generate_series(1, $1::int4) AS i';
      for await (const { i } of where.on.rows<{ i: number }>(sql, [count], options)) {
        numbers.push(i);
        if (numbers.length === take) break;
      }
      return numbers;
    });
    if ('error' in outcome) return false;
    const { value } = outcome;
    if (value.length !== take || value.some((number, index) => number !== index + 1)) {
      this.wrong(`reading ${take} rows of ${count}`, value);
    }
    return true;
  }

  async copyOut({ rows: count, destroy, limit }: Of<'copy out'>, where: Where): Promise<boolean> {
    const outcome = await this.stage.calls.call('copyTo', where, limit, async (options) => {
      const sql = `COPY (SELECT generate_series(1, ${count})) TO STDOUT`;
      let text = '';
      for await (const piece of where.on.copyTo(sql, options)) {
        text += String(piece);
        if (destroy) break;
      }
      if (destroy && where.scope !== undefined) where.scope.failed = true;
      return text;
    });
    if ('error' in outcome) return false;
    const lines = outcome.value.split('\n').length - 1;
    if (!destroy && lines !== count) this.wrong(`copyTo of ${count} rows`, lines);
    return !destroy;
  }

  async notify({ channel, limit }: Of<'notify'>, where: Where): Promise<boolean> {
    const { calls, subscriptions } = this.stage;
    const sent = subscriptions.notify(this.stage.channel(channel));
    const outcome = await calls.call('pg_notify', where, limit, (options) =>
      where.on.query('SELECT pg_notify($1, $2)', [sent.channel, sent.payload], options),
    );
    sent.fate = 'value' in outcome ? 'done' : calls.fateOf(outcome.error);
    return 'value' in outcome;
  }

  private wrong(what: string, given: unknown): void {
    const text = JSON.stringify(given, (_key, value: unknown) =>
      typeof value === 'bigint' ? Number(value) : value,
    );
    this.stage.calls.violations.push(`${this.name}: ${what} gave ${text}`);
  }
}

/** A type that was not looked up, since the answer to that was lost, stays text. */
function isValue(returning: Returning, value: unknown): boolean {
  const text = Array.isArray(value) ? `{${value.join()}}` : String(value);
  switch (returning) {
    case 'nothing':
    case 'id':
      return true;
    case 'moods':
      return text === '{ok}';
    case 'level':
      return text === '{5}';
    default:
      return value === 'ok';
  }
}

async function* slowly<T>(values: readonly T[]): AsyncGenerator<T> {
  for (const value of values) {
    await sleep(1);
    yield value;
  }
}
