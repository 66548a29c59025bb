import { setTimeout as sleep } from 'node:timers/promises';
import {
  KingbaseError,
  type Database,
  type Queryable,
  type Statement,
  type Transaction,
} from 'kingbase-native';
import { between, seededRandom, type Random } from '../support/random.js';
import { saysUnknown, type Entry, type Fate, type Ledger } from './ledger.js';
import { MoreWork } from './more-work.js';
import type { Watch } from './watch.js';

const INSERT = 'INSERT INTO ledger (entry, part) VALUES ($1, $2)';
/** ms. No call is without a limit of some kind; a half-open connection would otherwise hold it for minutes. */
const LIMIT = 5_000;
const LARGE_ROWS = 3_000;
/** How often a write is made again that is said not to have been made. */
const ATTEMPTS = 3;
/** ms between two calls of a task, at most. */
const PAUSE = 40;
/** The load ebbs in every third of these spans (ms), so that connections lie idle, too. */
const TIDE = 1_500;

class Change extends Error {
  override name = 'Change of mind';
}

interface Task {
  readonly random: Random;
  /** The last of this task's writes that was acknowledged. */
  written: Entry | undefined;
}

/** How a write is cancelled while it is made. */
interface Cancel {
  /** Whether its cancel has been asked for. */
  readonly late?: () => boolean;
  /** What it was aborted with, or has thrown itself. */
  readonly reason?: () => unknown;
}

type Work = (task: Task) => Promise<void>;

/** Does a bit of everything that a program does with a database, from many tasks at once, until it is stopped. */
export class Load {
  private stopping = false;
  private tasks: Promise<unknown> = Promise.resolve();
  private insert: Statement | undefined;
  private echo: Statement | undefined;
  private readonly more: MoreWork;

  constructor(
    private readonly db: Database,
    private readonly ledger: Ledger,
    private readonly watch: Watch,
  ) {
    this.more = new MoreWork(db, watch);
  }

  async start(tasks: number, seed: number): Promise<void> {
    this.insert = await this.db.prepare(INSERT);
    this.echo = await this.db.prepare('SELECT $1::int8 AS value');
    this.tasks = Promise.all(
      Array.from({ length: tasks }, (_, number) =>
        this.run({ random: seededRandom(seed + number + 1), written: undefined }),
      ),
    );
  }

  /** Resolves when every task has ended what it was doing. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.tasks;
  }

  /** How often each is done, among all. */
  private readonly work: readonly (readonly [kind: string, weight: number, work: Work])[] = [
    ['read', 6, (task) => this.read(task)],
    ['write', 5, (task) => this.write(task)],
    ['write with a cancel', 2, (task) => this.writeAndCancel(task)],
    ['read of an own write', 2, (task) => this.readBack(task)],
    ['prepared statement', 4, (task) => this.prepared(task)],
    ['transaction', 3, (task) => this.transaction(task)],
    ['transaction that is undone', 1, (task) => this.undone(task)],
    ['transaction by hand', 1, (task) => this.transactionByHand(task)],
    ['transaction with a time limit', 1, (task) => this.limitedTransaction(task)],
    ['statement with a time limit', 1, (task) => this.limitedStatement(task)],
    ['large result', 0.5, () => this.large()],
    ['script', 1, (task) => this.script(task)],
    ['session', 1, (task) => this.session(task)],
    ['checkout with a cancel', 0.5, (task) => this.checkOutAndCancel(task)],
    ['error in a statement', 0.5, () => this.mistake()],
    ['unknown type', 2, (task) => this.more.unknownType(task.random, this.entering(task))],
    ['batch', 2, (task) => this.more.batch(task.random, this.entering(task))],
    ['COPY in', 1, (task) => this.more.copyIn(task.random, this.entering(task))],
    ['COPY out', 0.5, (task) => this.more.copyOut(task.random)],
    ['notifications', 1, (task) => this.more.listen(task.random)],
  ];

  private async run(task: Task): Promise<void> {
    const total = this.work.reduce((sum, [, weight]) => sum + weight, 0);
    while (!this.stopping) {
      let at = task.random() * total;
      const chosen = this.work.find(([, weight]) => (at -= weight) < 0);
      if (chosen === undefined) continue;
      const [kind, , work] = chosen;
      try {
        await work(task);
        this.watch.completed(kind);
      } catch (error) {
        this.watch.failed(kind, error);
      }
      const ebb = Math.floor(performance.now() / TIDE) % 3 === 0;
      await sleep(between(task.random, 0, ebb ? 20 * PAUSE : PAUSE));
    }
  }

  private answered(kind: string, given: unknown, expected: unknown): void {
    if (given !== expected) this.watch.violation(`${kind} gave ${String(given)} and not ${String(expected)}`);
  }

  // ---- reading

  private async read({ random }: Task): Promise<void> {
    const number = between(random, 0, 1e6);
    const row = await this.watch.call('read', () =>
      this.db.queryRow<{ a: number; b: string }>(
        'SELECT $1::int4 + 1 AS a, $2::text AS b',
        [number, `n${number}`],
        {
          timeout: LIMIT,
        },
      ),
    );
    this.answered('read', row?.a, number + 1);
    this.answered('read', row?.b, `n${number}`);
  }

  private async readBack({ written }: Task): Promise<void> {
    if (written === undefined) return;
    const row = await this.watch.call('read back', () =>
      this.db.queryRow<{ parts: number }>(
        'SELECT count(*)::int4 AS parts FROM ledger WHERE entry = $1',
        [written.id],
        {
          timeout: LIMIT,
        },
      ),
    );
    this.answered(`reading write ${written.id}`, row?.parts, written.parts);
  }

  private async large(): Promise<void> {
    const { rows } = await this.watch.call('large', () =>
      this.db.query<{ i: number }>(
        `SELECT i, repeat('x', 20) AS text FROM generate_series(1, ${LARGE_ROWS}) AS i`,
        [],
        {
          timeout: LIMIT,
        },
      ),
    );
    this.answered('a large result', rows.length, LARGE_ROWS);
    this.answered('a large result', rows.at(-1)?.i, LARGE_ROWS);
  }

  // ---- writing

  /**
   * Runs `make`, which is to write the entry, and keeps account. A write that is said not to have been made is made
   * again: were that wrong, it would be there twice.
   */
  private async enter(
    task: Task,
    entry: Entry,
    make: () => Promise<unknown>,
    cancel: Cancel = {},
  ): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await make();
      } catch (error) {
        const reason = cancel.reason?.();
        const aborted = reason !== undefined && error === reason && cancel.late?.() === true;
        const fate: Fate = saysUnknown(error) ? 'unknown' : aborted ? 'aborted' : 'refused';
        this.ledger.settle(entry, fate, error);
        const again = fate === 'refused' && error instanceof KingbaseError && error.code.startsWith('KB_');
        if (again && attempt < ATTEMPTS && reason === undefined) {
          this.watch.failed('an attempt', error);
          continue;
        }
        this.watch.failed('a write', error, reason);
        return;
      }
      const late = cancel.late?.() === true;
      this.ledger.settle(entry, late ? 'late' : 'acknowledged');
      if (!late) task.written = entry;
      return;
    }
  }

  private entering(task: Task) {
    return async (kind: string, parts: number, make: (entry: Entry) => Promise<unknown>): Promise<void> => {
      const entry = this.ledger.enter(kind, parts);
      await this.enter(task, entry, () => make(entry));
    };
  }

  private async write(task: Task): Promise<void> {
    const entry = this.ledger.enter('write');
    // Without a time limit: its cancel would leave the write's fate open, and every black hole ends.
    await this.enter(task, entry, () => this.watch.call('write', () => this.db.exec(INSERT, [entry.id, 1])));
  }

  private async writeAndCancel(task: Task): Promise<void> {
    const entry = this.ledger.enter('write with a cancel');
    const sql = 'INSERT INTO ledger (entry, part) SELECT $1, $2 FROM pg_sleep($3)';
    const parameters = [entry.id, 1, task.random() / 100];
    const limit = between(task.random, 1, 12);
    if (task.random() < 0.5) {
      const start = performance.now();
      const late = (): boolean => performance.now() - start >= limit - 1;
      await this.enter(
        task,
        entry,
        () =>
          this.watch.call('write to cancel', () => this.db.exec(sql, parameters, { timeout: limit }), limit),
        { late },
      );
      return;
    }
    const controller = new AbortController();
    const { signal } = controller;
    const timer = setTimeout(() => controller.abort(new Change()), limit);
    try {
      await this.enter(
        task,
        entry,
        () => this.watch.call('write to cancel', () => this.db.exec(sql, parameters, { signal })),
        { late: () => signal.aborted, reason: () => signal.reason as unknown },
      );
    } finally {
      clearTimeout(timer);
    }
  }

  private async prepared(task: Task): Promise<void> {
    const { insert, echo } = this;
    if (insert === undefined || echo === undefined) return;
    if (task.random() < 0.5) {
      const entry = this.ledger.enter('prepared statement');
      await this.enter(task, entry, () => this.watch.call('prepared', () => insert.exec([entry.id, 1])));
      return;
    }
    const value = BigInt(between(task.random, 0, 1e6));
    const row = await this.watch.call('prepared', () =>
      echo.queryRow<{ value: bigint }>([value], { timeout: LIMIT }),
    );
    this.answered('a prepared statement', row?.value, value);
  }

  private async script(task: Task): Promise<void> {
    const entry = this.ledger.enter('script', 2);
    const rows = `INSERT INTO ledger VALUES (${entry.id}, 1); INSERT INTO ledger VALUES (${entry.id}, 2)`;
    await this.enter(task, entry, () => this.watch.call('script', () => this.db.script(rows)));
  }

  // ---- transactions

  private async parts(tx: Queryable, entry: Entry): Promise<void> {
    for (let part = 1; part <= entry.parts; part++) await tx.exec(INSERT, [entry.id, part]);
  }

  private async transaction(task: Task): Promise<void> {
    const entry = this.ledger.enter('transaction', between(task.random, 1, 3));
    const work = async (tx: Transaction): Promise<void> => {
      await this.parts(tx, entry);
      const mistake = tx.savepoint(async (inner) => {
        await inner.exec(INSERT, [entry.id, 99]);
        throw new Change();
      });
      await mistake.catch((error: unknown) => {
        if (!(error instanceof Change)) throw error;
      });
    };
    await this.enter(task, entry, () => this.watch.call('transaction', () => this.db.transaction(work)));
  }

  private async undone(task: Task): Promise<void> {
    const entry = this.ledger.enter('transaction that is undone', 2);
    const change = new Change();
    const work = async (tx: Transaction): Promise<void> => {
      await this.parts(tx, entry);
      throw change;
    };
    await this.enter(
      task,
      entry,
      () => this.watch.call('transaction to undo', () => this.db.transaction(work)),
      { reason: () => change },
    );
  }

  private async transactionByHand(task: Task): Promise<void> {
    const entry = this.ledger.enter('transaction by hand', 2);
    await this.enter(task, entry, () =>
      this.watch.call('transaction by hand', async () => {
        const tx = await this.db.begin({ isolation: 'repeatable read' });
        try {
          await this.parts(tx, entry);
          await tx.commit();
        } finally {
          await tx[Symbol.asyncDispose]();
        }
      }),
    );
  }

  private async limitedTransaction(task: Task): Promise<void> {
    const entry = this.ledger.enter('transaction with a time limit', 2);
    const timeout = between(task.random, 1, 60);
    const work = async (tx: Transaction): Promise<void> => {
      await this.parts(tx, entry);
      await tx.query('SELECT pg_sleep($1)', [0.02]);
    };
    await this.enter(task, entry, () =>
      this.watch.call('limited transaction', () => this.db.transaction(work, { timeout }), timeout),
    );
  }

  // ---- limits, sessions, mistakes

  private async limitedStatement({ random }: Task): Promise<void> {
    const timeout = between(random, 1, 60);
    await this.watch.call(
      'limited statement',
      () => this.db.query('SELECT pg_sleep($1)', [random() / 20], { timeout }),
      timeout,
    );
  }

  private async session({ random }: Task): Promise<void> {
    const connection = await this.watch.call('connect', () => this.db.connect({ timeout: LIMIT }), LIMIT);
    try {
      const value = `v${between(random, 0, 1e6)}`;
      await this.watch.call('set', () =>
        connection.query(`SELECT set_config('chaos.value', $1, false)`, [value], { timeout: LIMIT }),
      );
      const row = await this.watch.call('show', () =>
        connection.queryRow<{ value: string }>(`SELECT current_setting('chaos.value') AS value`, [], {
          timeout: LIMIT,
        }),
      );
      this.answered('a setting of the session', row?.value, value);
    } finally {
      await this.watch.call('release', () => connection.release());
    }
  }

  private async checkOutAndCancel({ random }: Task): Promise<void> {
    const controller = new AbortController();
    const change = new Change();
    const timer = setTimeout(() => controller.abort(change), between(random, 0, 5));
    try {
      const { signal } = controller;
      const connection = await this.watch.call('connect to cancel', () => this.db.connect({ signal }));
      await this.watch.call('release', () => connection.release());
    } catch (error) {
      if (error !== change) throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  private async mistake(): Promise<void> {
    await this.watch.call('mistake', () => this.db.query('SELECT 1 / $1::int4', [0], { timeout: LIMIT }));
    this.watch.violation('a division by zero went well');
  }
}
