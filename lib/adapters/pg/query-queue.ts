import type { Connection } from '../../index.js';
import { READ_TIMEOUT } from './errors.js';
import type { TypeParsers } from './type-overrides.js';
import { RUN, telling, type Described, type Work } from './work.js';

interface Waiting {
  readonly work: Work;
  /** When its answer must have come; 0: at any time. */
  readonly deadline: number;
  readonly timer: NodeJS.Timeout | undefined;
}

/** What is to be run on one client, one after the other. */
export class QueryQueue {
  private readonly waiting: Waiting[] = [];
  /** Texts of named statements by their names. */
  named = new Map<string, string>();
  private session: Connection | undefined;
  private active: Work | undefined;
  private whenIdle: (() => void) | undefined;
  private whenDrained: (() => void) | undefined;

  /**
   * @param described told of the columns of each result
   * @param drained told when the last has been run
   * @param expired told when the time of something has run out that counts as sent; what is under way has its limit here
   *   then, and not at the driver
   */
  constructor(
    private readonly types: TypeParsers,
    private readonly described: Described,
    private readonly drained: () => void,
    private readonly expired: (() => void) | undefined,
  ) {}

  isBusy(): boolean {
    return this.active !== undefined;
  }

  /** From now on things are run, on this session. */
  start(session: Connection): void {
    this.session = session;
    if (this.active === undefined && this.waiting.length > 0) this.next();
  }

  /** The session is given back when what has been asked for has ended; `idle` is told then. */
  stop(idle: () => void): void {
    this.whenIdle = idle;
    if (this.active === undefined && this.waiting.length === 0) this.rest();
  }

  /** @param limit ms for its answer, from now on; 0: none */
  add(work: Work, limit: number): void {
    const waiting: Waiting = {
      work,
      deadline: limit > 0 ? performance.now() + limit : 0,
      timer: limit > 0 ? setTimeout(() => this.expire(waiting), limit) : undefined,
    };
    this.waiting.push(waiting);
    if (this.active === undefined && this.session !== undefined) this.next();
  }

  /** Its answer has not come in time. */
  private expire(waiting: Waiting): void {
    const at = this.waiting.indexOf(waiting);
    if (at >= 0) this.waiting.splice(at, 1);
    else if (this.active === waiting.work) this.active = undefined;
    else return;
    const sent = this.session !== undefined;
    waiting.work.handleError(new Error(READ_TIMEOUT));
    if (sent) this.expired?.();
  }

  private next(): void {
    const { session } = this;
    const next = session === undefined ? undefined : this.waiting.shift();
    if (session === undefined || next === undefined) return;
    const { work, deadline, timer } = next;
    const here = this.expired !== undefined;
    if (!here) clearTimeout(timer);
    this.active = work;
    const timeout = deadline === 0 || here ? undefined : Math.max(1, Math.ceil(deadline - performance.now()));
    const { types, named, described } = this;
    work[RUN]({ session, types, named, timeout, described }, (tell, failed) => {
      clearTimeout(timer);
      // Refused meanwhile, since the connection was ended.
      if (this.active !== work) return;
      this.active = undefined;
      if (tell !== undefined) telling(tell);
      // `pg` hears of an error before it hears that the server is ready again: promises are told in between.
      if (failed === true) setImmediate(this.goOn);
      else this.goOn();
    });
  }

  private readonly goOn = (): void => {
    // What the program has asked for when it was told may be under way.
    if (this.isBusy()) return;
    if (this.waiting.length > 0) {
      this.next();
      return;
    }
    telling(this.drained);
    this.whenDrained?.();
    if (!this.isBusy()) this.rest();
  };

  /** Resolves when nothing is under way and nothing waits. */
  drainedOnce(): Promise<void> {
    if (!this.isBusy() && this.waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.whenDrained = resolve;
    });
  }

  private rest(): void {
    const { whenIdle } = this;
    if (whenIdle === undefined) return;
    this.whenIdle = undefined;
    this.session = undefined;
    whenIdle();
  }

  /** Tells what is under way and what waits that nothing comes of it. */
  refuseAll(error: Error): void {
    const works = this.waiting.splice(0).map(({ work, timer }) => {
      clearTimeout(timer);
      return work;
    });
    if (this.active !== undefined) works.unshift(this.active);
    this.active = undefined;
    this.session = undefined;
    this.whenDrained?.();
    for (const work of works) {
      process.nextTick(() => {
        work.handleError(error);
      });
    }
    this.rest();
  }
}
