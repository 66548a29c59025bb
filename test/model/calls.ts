import type { MessageProxy } from '../support/message-proxy.js';
import type { Fate, LedgerRow, Unit } from './ledger.js';
import type { Limit } from './program.js';
import { Watch } from './watch.js';

/** ms that the driver gives a command of its own, a cancel or a heartbeat; as given to `open`. */
export const PATIENCE = 1_000;

/** The server's process of a session. It had another name in builds that can be tested, too. */
export function processOf(session: { readonly backendPid: number }): number {
  return session.backendPid ?? (session as unknown as { readonly processId: number }).processId;
}

/** Statements that fail or fall together: a transaction, or a savepoint in one. */
export interface Scope {
  readonly outer: Scope | undefined;
  /** Whether a statement has failed, so that the server refuses the next ones. */
  failed: boolean;
  readonly rows: LedgerRow[];
}

export interface OpenTransaction {
  readonly unit: Unit;
  readonly limit: Limit;
  /** Its connection has been given back: no call on it may succeed. */
  released: boolean;
}

/** Where a call is made. */
export interface Place {
  readonly name: string;
  /** Of the server, where a session is held. */
  readonly processId: number | undefined;
  readonly scope: Scope | undefined;
  readonly transaction: OpenTransaction | undefined;
}

/** Errors that the program itself has brought about, by code. */
export type Expected = readonly string[];

export type Outcome<T> = { readonly value: T } | { readonly error: unknown };

interface CallOptions {
  signal?: AbortSignal;
  timeout?: number;
}

interface Armed {
  readonly options: CallOptions;
  /** ms after which the call must have ended; undefined where nothing ends it. */
  readonly limit: number | undefined;
  /** Does not abort any more. */
  readonly disarm: () => void;
}

interface SomeError {
  readonly name?: string;
  readonly code?: string;
  readonly outcome?: string;
  readonly severity?: string;
  readonly message?: string;
}

/** What a signal of the program aborts with. */
export class Abort extends Error {
  override readonly name = 'Abort';
}

/** Makes the calls of a program, and judges how they end. */
export class Calls {
  readonly violations: string[] = [];
  readonly watch = new Watch();
  /** The program has closed the database. */
  closing = false;
  /** The machine stood still for so long that the driver's own limits may have passed without a fault. */
  stalled = false;
  /** Calls on the database itself that were lost with a connection: at most one for each that a fault hit. */
  private lost = 0;
  /** Errors that have been judged; they come back through the calls around them. */
  private readonly judged = new WeakSet<object>();

  constructor(private readonly proxy: MessageProxy) {}

  /** @param expected codes of errors that the program brings about itself */
  async call<T>(
    what: string,
    place: Place,
    limit: Limit,
    make: (options: CallOptions) => Promise<T>,
    expected: Expected = [],
    given?: Armed,
  ): Promise<Outcome<T>> {
    const name = `${what} on ${place.name}`;
    const armed = given ?? this.arm(limit);
    try {
      const value = await this.watch.see(
        name,
        armed.limit ?? limitOf(place),
        Promise.resolve(make(armed.options)),
      );
      if (place.transaction?.released === true) this.violations.push(`${name} succeeded after the release.`);
      return { value };
    } catch (error) {
      if (place.scope !== undefined) place.scope.failed = true;
      const aborted = armed.options.signal?.aborted === true && error === armed.options.signal.reason;
      const explained = aborted || this.isExplained(error as SomeError, place, limit, expected);
      if (!explained) this.violations.push(`${name} failed: ${describe(error)}`);
      if (typeof error === 'object' && error !== null) this.judged.add(error);
      return { error };
    } finally {
      if (given === undefined) armed.disarm();
    }
  }

  /** A call of the driver that has a limit of its own, and cannot be given another. */
  async own<T>(
    what: string,
    place: Place,
    limit: number | undefined,
    make: () => Promise<T>,
    expected: Expected = [],
  ): Promise<Outcome<T>> {
    const name = `${what} on ${place.name}`;
    try {
      return { value: await this.watch.see(name, limit, make()) };
    } catch (error) {
      if (!this.isExplained(error as SomeError, place, { by: 'nothing' }, expected)) {
        this.violations.push(`${name} failed: ${describe(error)}`);
      }
      if (typeof error === 'object' && error !== null) this.judged.add(error);
      return { error };
    }
  }

  /** The options that give a call its limit. */
  arm(limit: Limit): Armed {
    const nothing = (): void => undefined;
    if (limit.by === 'nothing') return { options: {}, limit: undefined, disarm: nothing };
    if (limit.by === 'timeout') {
      return { options: { timeout: limit.ms }, limit: millisecondsOf(limit), disarm: nothing };
    }
    const controller = new AbortController();
    const abort = (): void => controller.abort(new Abort());
    let disarm = nothing;
    if ('at' in limit) {
      disarm = this.proxy.onNext(limit.at, abort);
    } else if (limit.ms === 0) {
      abort();
    } else {
      const timer = setTimeout(abort, limit.ms);
      disarm = () => clearTimeout(timer);
    }
    return { options: { signal: controller.signal }, limit: millisecondsOf(limit), disarm };
  }

  /** What an error says of whether the call was carried out. */
  fateOf(error: unknown): Fate {
    const { name, outcome } = error as SomeError;
    if (outcome === 'unknown') return 'unknown';
    // An aborted call gives nothing but its reason; where the server did not answer the cancel, it may have been done.
    if (name === 'Abort' && (this.disturbed || this.stalled)) return 'unknown';
    return 'not done';
  }

  get disturbed(): boolean {
    return this.closing || this.proxy.links.some(({ fault }) => fault !== undefined);
  }

  /** What can be judged only when all is over. */
  judgeLosses(): void {
    const hit = this.proxy.links.filter(({ fault }) => fault !== undefined).length;
    if (this.lost > hit && !this.closing && !this.stalled) {
      this.violations.push(`${this.lost} calls were lost, and ${hit} connections.`);
    }
  }

  private isExplained(error: SomeError, place: Place, limit: Limit, expected: Expected): boolean {
    const { transaction, scope } = place;
    if (this.judged.has(error)) return true;
    if (error instanceof Abort) return transaction?.limit.by === 'signal';
    const { name, code = '' } = error;
    if (expected.includes(code)) return true;
    switch (name) {
      case 'TimeoutError':
        return (
          limit.by === 'timeout' || transaction?.limit.by === 'timeout' || this.wasHit(place) || this.closing
        );
      case 'DatabaseError':
        if (code === '57P01') return this.loss(place);
        // The statement that was going on when its transaction came to its limit, or the database was closed.
        if (code === '57014') return this.closing || (transaction?.limit.by ?? 'nothing') !== 'nothing';
        return code === '25P02' && hasFailed(scope);
      case 'ConnectionError':
        if (this.closing || this.stalled) return true;
        if (code === 'KB_CONNECTION_LOST') return this.loss(place);
        return this.proxy.links.some(({ fault }) => fault !== undefined);
      case 'PoolError':
        return this.closing && code === 'KB_POOL_CLOSED';
      case 'UsageError':
        if (transaction?.released === true)
          return code === 'KB_TRANSACTION_DONE' || code === 'KB_CONNECTION_RELEASED';
        if (code === 'KB_CONNECTION_RELEASED') return this.wasHit(place) || this.closing || this.stalled;
        return false;
      default:
        return false;
    }
  }

  private loss(place: Place): boolean {
    if (place.processId !== undefined) return this.wasHit(place) || this.closing || this.stalled;
    this.lost++;
    return true;
  }

  /** Whether a fault has hit the session that the call is made on. */
  private wasHit({ processId }: Place): boolean {
    if (processId === undefined) return this.disturbed;
    return this.proxy.links.some((link) => link.processId === processId && link.fault !== undefined);
  }
}

function hasFailed(scope: Scope | undefined): boolean {
  for (let each = scope; each !== undefined; each = each.outer) if (each.failed) return true;
  return false;
}

/** What a call without a limit of its own is bound by. */
function limitOf({ transaction }: Place): number | undefined {
  return transaction === undefined ? undefined : millisecondsOf(transaction.limit);
}

/** ms after which the driver must have given up; undefined where nothing says so. */
export function millisecondsOf(limit: Limit): number | undefined {
  return limit.by === 'nothing' || !('ms' in limit) ? undefined : limit.ms + 2 * PATIENCE;
}

/** In words, with what has caused it: of a call on a connection that had gone before, only that says why. */
export function describe(error: unknown): string {
  const { name, code, outcome, message, cause } = error as SomeError & { readonly cause?: unknown };
  const words = [name, code, outcome, message].filter((part) => part !== undefined).join(' ');
  return cause === undefined || cause === null ? words : `${words}, because of: ${describe(cause)}`;
}
