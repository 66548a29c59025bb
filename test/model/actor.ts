import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, Transaction } from 'kingbase-native';
import { Abort, millisecondsOf, PATIENCE, processOf, type OpenTransaction, type Scope } from './calls.js';
import type { Fate } from './ledger.js';
import type { Step, TransactionStep } from './program.js';
import { Change, Statements, type Of, type Stage, type Where } from './statements.js';

/** A build that knows no options passes them by. */
interface Releasable {
  release(options?: { discard: boolean }): Promise<void>;
}

/** Undoes what is in a scope, as far as the model goes. */
function undone(scope: Scope): void {
  for (const row of scope.rows) row.fate = 'not done';
}

/** A step that did not go well ends the function that it is in, as an error would. */
class StepFailed extends Error {
  override readonly name = 'StepFailed';
}

/** Takes the steps of a program, one after the other. */
export class Actor {
  private readonly statements: Statements;

  constructor(
    private readonly stage: Stage,
    private readonly name: string,
  ) {
    this.statements = new Statements(stage, name);
  }

  async run(steps: readonly Step[]): Promise<void> {
    const database: Where = {
      on: this.stage.db,
      name: this.name,
      handle: undefined,
      connection: undefined,
      occupied: false,
      processId: undefined,
      scope: undefined,
      transaction: undefined,
    };
    await this.takeAll(steps, database, false);
  }

  /** @param untilFailure whether the first step that does not go well is the last */
  private async takeAll(steps: readonly Step[], where: Where, untilFailure: boolean): Promise<boolean> {
    for (const step of steps) {
      const well = await this.take(step, where);
      if (!well && untilFailure) return false;
    }
    return true;
  }

  /** Whether the step went as it was meant to. */
  private async take(step: Step, where: Where): Promise<boolean> {
    const { statements } = this;
    switch (step.do) {
      case 'insert':
        return statements.insert(step, where);
      case 'mistake':
        return statements.mistake(step, where);
      case 'read':
        return statements.read(step, where);
      case 'copy in':
        return statements.copyIn(step, where);
      case 'copy out':
        return statements.copyOut(step, where);
      case 'batch':
        return statements.batch(step, where);
      case 'notify':
        return statements.notify(step, where);
      case 'pause':
        await sleep(step.ms);
        return true;
      case 'new type':
        statements.fresh = await this.stage.newType();
        return true;
      case 'together': {
        const taken = await Promise.all(step.steps.map((each) => this.take(each, where)));
        return taken.every(Boolean);
      }
      case 'savepoint':
        return this.savepoint(step, where);
      case 'transaction':
        return step.by === 'function' ? this.inFunction(step, where) : this.byHand(step, where);
      case 'connect':
        return this.connect(step, where);
      case 'listen':
        return this.listen(step, where);
      case 'unlisten':
        return this.unlisten(where);
    }
  }

  // ---- transactions

  private async savepoint({ steps, throws }: Of<'savepoint'>, where: Where): Promise<boolean> {
    const scope: Scope = { outer: where.scope, failed: false, rows: [] };
    const change = new Change();
    const { handle: tx } = where;
    if (tx === undefined) throw new Error('A savepoint needs a transaction.');
    const outcome = await this.stage.calls.own('savepoint', where, undefined, () =>
      tx
        .savepoint(async (inner) => {
          const well = await this.takeAll(steps, { ...where, on: inner, handle: inner, scope }, true);
          if (!well) throw new StepFailed();
          if (throws) throw change;
          return true;
        })
        .catch((error: unknown) => {
          if (error === change || error instanceof StepFailed) return false;
          throw error;
        }),
    );
    const kept = 'value' in outcome && outcome.value;
    if (!kept) undone(scope);
    if ('error' in outcome && where.scope !== undefined) where.scope.failed = true;
    return 'value' in outcome;
  }

  /** The transaction's place, whose rows belong to a unit of their own. */
  private opened(
    step: Pick<TransactionStep, 'limit'>,
    what: string,
    where: Where,
  ): Where & { transaction: OpenTransaction; scope: Scope } {
    const unit = this.stage.ledger.unit(`${what} on ${where.name}`);
    return {
      ...where,
      name: `${what} on ${where.name}`,
      scope: { outer: undefined, failed: false, rows: [] },
      transaction: { unit, limit: step.limit, released: false },
    };
  }

  /** What belongs to a transaction before its end. */
  private async work(step: TransactionStep, tx: Transaction, place: Where): Promise<boolean> {
    const here = { ...place, on: tx, handle: tx, processId: processOf(tx) };
    if (!(await this.takeAll(step.steps, here, true))) return false;
    const { connection } = place;
    if (step.inner !== undefined && connection !== undefined) {
      // It is refused, and does nothing.
      const outside: Where = {
        ...here,
        on: connection,
        handle: undefined,
        occupied: true,
        scope: undefined,
        transaction: undefined,
      };
      await this.take(step.inner, outside);
    }
    if (step.end !== 'refused at commit') return true;
    // A key of its own, or its COMMIT would wait for another transaction with the same.
    const sql = `INSERT INTO ledger (id, key) SELECT 0, pg_backend_pid() FROM generate_series(1, 2)`;
    const outcome = await this.stage.calls.call('exec', here, { by: 'nothing' }, () => tx.exec(sql));
    return 'value' in outcome;
  }

  private expectedAtEnd({ end, inner }: TransactionStep, place: Where): string[] {
    return [
      ...(end === 'refused at commit' ? ['23505'] : []),
      ...(place.scope?.failed === true ? ['KB_TRANSACTION_ROLLED_BACK'] : []),
      ...(inner === undefined ? [] : ['25P01']),
    ];
  }

  private async inFunction(step: TransactionStep, where: Where): Promise<boolean> {
    const { calls } = this.stage;
    const place = this.opened(step, 'transaction', where);
    const { unit } = place.transaction;
    const change = new Change();
    let body: Promise<boolean> | undefined;
    let complete = false;
    const on = where.connection ?? this.stage.db;
    const expected: string[] = where.occupied ? ['KB_TRANSACTION_OPEN'] : [];
    const outcome = await calls.call(
      'transaction',
      where,
      step.limit,
      (options) =>
        on
          .transaction(async (tx) => {
            body = this.work(step, tx, place);
            if (!(await body)) throw new StepFailed();
            expected.push(...this.expectedAtEnd(step, place));
            if (step.end === 'rollback') throw change;
            complete = true;
          }, options)
          .catch((error: unknown) => {
            if (error !== change && !(error instanceof StepFailed)) throw error;
          }),
      expected,
    );
    // The function goes on when its transaction has been ended by a limit.
    await body;
    unit.fate =
      'value' in outcome
        ? complete
          ? 'done'
          : 'not done'
        : complete
          ? this.fateOfCommit(outcome.error)
          : 'not done';
    if (unit.fate === 'done' && step.end === 'refused at commit')
      calls.violations.push(`${place.name} committed a duplicate.`);
    return unit.fate === 'done';
  }

  private async byHand(step: TransactionStep, where: Where): Promise<boolean> {
    const { calls } = this.stage;
    const place = this.opened(step, 'begin', where);
    const { unit } = place.transaction;
    const on = where.connection ?? this.stage.db;
    const expected = where.occupied ? ['KB_TRANSACTION_OPEN'] : [];
    const armed = calls.arm(step.limit);
    const begun = await calls.call(
      'begin',
      where,
      step.limit,
      (options) => on.begin(options),
      expected,
      armed,
    );
    unit.fate = 'not done';
    if ('error' in begun) return false;
    const tx = begun.value;
    const here = { ...place, on: tx, handle: tx, processId: processOf(tx) };
    const well = await this.work(step, tx, place);
    const limit = Math.max(PATIENCE, millisecondsOf(step.limit) ?? 0);
    if (well && step.end !== 'rollback') {
      const { resolve } = step;
      // Asking may take until the network gives up on what is half-open.
      const committed = await calls.own(
        'commit',
        here,
        resolve ? undefined : limit,
        () => tx.commit({ resolve }),
        this.expectedAtEnd(step, place),
      );
      unit.fate = 'value' in committed ? 'done' : this.fateOfCommit(committed.error);
      if (unit.fate === 'done' && step.end === 'refused at commit')
        calls.violations.push(`${place.name} committed a duplicate.`);
    } else if (well) {
      await calls.own('rollback', here, limit, () => tx.rollback(), ['KB_TRANSACTION_DONE']);
    }
    await calls.own('dispose', here, limit, () => tx[Symbol.asyncDispose]());
    armed.disarm();
    return unit.fate === 'done';
  }

  /** An abort while COMMIT was under way says nothing of it. */
  private fateOfCommit(error: unknown): Fate {
    return error instanceof Abort ? 'unknown' : this.stage.calls.fateOf(error);
  }

  // ---- sessions

  private async connect(step: Of<'connect'>, where: Where): Promise<boolean> {
    const { calls, db } = this.stage;
    const outcome = await calls.call('connect', where, step.limit, (options) => db.connect(options));
    if ('error' in outcome) return false;
    const connection = outcome.value;
    const place: Where = {
      ...where,
      name: `connection of ${this.name}`,
      on: connection,
      connection,
      processId: processOf(connection),
    };
    await this.takeAll(step.steps, place, false);
    const { left } = step;
    if (left === undefined) {
      await this.release(step, place, connection);
      return true;
    }
    const open = this.opened(left, 'left transaction', place);
    const armed = calls.arm(left.limit);
    const begin = (options: object): Promise<Transaction> => connection.begin(options);
    const begun = await calls.call('begin', place, left.limit, begin, [], armed);
    open.transaction.unit.fate = 'not done';
    if ('error' in begun) {
      await this.release(step, place, connection);
      return false;
    }
    const tx = begun.value;
    await this.takeAll(left.steps, { ...open, on: tx, handle: tx }, true);
    await this.release(step, place, connection);
    await sleep(left.after);
    await this.useLeft(left.then, tx, { ...open, on: tx, handle: tx });
    armed.disarm();
    return true;
  }

  private async release(step: Of<'connect'>, place: Where, connection: Connection): Promise<void> {
    const discard = step.end === 'discard';
    await this.stage.calls.own('release', place, 2 * PATIENCE, () =>
      (connection as Releasable).release(discard ? { discard } : undefined),
    );
  }

  /** The handle of a transaction whose connection has been given back: it can do nothing, and harms nobody. */
  private async useLeft(
    how: 'nothing' | 'commit' | 'rollback' | 'insert',
    tx: Transaction,
    place: Where & { transaction: OpenTransaction },
  ): Promise<void> {
    const { calls } = this.stage;
    place.transaction.released = true;
    const codes = ['KB_TRANSACTION_DONE', 'KB_CONNECTION_RELEASED', 'KB_CONNECTION_LOST'];
    switch (how) {
      case 'nothing':
        return;
      case 'commit': {
        const outcome = await calls.own('commit', place, 2 * PATIENCE, () => tx.commit(), codes);
        if ('value' in outcome) calls.violations.push(`${place.name} was committed after the release.`);
        return;
      }
      case 'rollback':
        await calls.own('rollback', place, 2 * PATIENCE, () => tx.rollback(), codes);
        return;
      case 'insert': {
        const outcome = await calls.own('exec', place, 2 * PATIENCE, () => tx.exec('SELECT 1'), codes);
        if ('value' in outcome) calls.violations.push(`${place.name} took a statement after the release.`);
      }
    }
  }

  // ---- notifications

  private async listen({ channel }: Of<'listen'>, where: Where): Promise<boolean> {
    const { calls, db, subscriptions } = this.stage;
    const outcome = await calls.own('listen', where, 2_000 + 2 * PATIENCE, () =>
      subscriptions.listen(db, this.stage.channel(channel)),
    );
    return 'value' in outcome;
  }

  private async unlisten(where: Where): Promise<boolean> {
    const entry = this.stage.subscriptions.open.at(-1);
    if (entry === undefined) return true;
    entry.closed = true;
    await this.stage.calls.own('close of a subscription', where, 2_000 + 2 * PATIENCE, () =>
      entry.subscription.close(),
    );
    return true;
  }
}
