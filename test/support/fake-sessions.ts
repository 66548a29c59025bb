import { GivingUp } from '../../lib/base/given-up.js';
import type { LoadedLibrary } from '../../lib/client-library/index.js';
import { resolvePoolOptions, type PoolOptions, type ResolvedPoolOptions } from '../../lib/config/index.js';
import type { CommandHandler, ConnectionListener, Core } from '../../lib/driver/core.js';
import {
  TransactionStatus,
  type ConnectionFacts,
  type NativeConnection,
  type NativeFailure,
} from '../../lib/addon/interface.js';
import { chores } from '../../lib/driver/chores.js';
import { Script, type ScriptResult } from '../../lib/driver/operations/script.js';
import { Session, type SessionEvents } from '../../lib/driver/session.js';
import { ConnectionError, DatabaseError } from '../../lib/errors/index.js';
import { SessionPool } from '../../lib/pool/session-pool.js';

/**
 * Sessions as the driver has them, on connections that lead nowhere: every command is answered at once, but for those
 * that a test holds back or lets fail.
 */
export class FakeServer {
  /** All connections ever made, in the order of their making. */
  readonly connections: FakeConnection[] = [];
  /** What the attempts to connect fail with, one after the other; then they succeed. */
  readonly refusals: Error[] = [];
  /** Every attempt fails with this. */
  away: Error | undefined;
  /** Commands that are not answered before the test says so. */
  holds: (sql: string) => boolean = (sql) => sql.startsWith('hold');
  /** How many statements its sessions keep. */
  statementCacheSize = 0;
  /** Whether its sessions send several commands together. */
  pipelines = false;
  /** Attempts to connect do not end before the test says so. */
  holdsConnects = false;
  /** What commands give, by their texts. */
  rows: (sql: string) => unknown[] | undefined = () => undefined;
  /** Flags of `AlteredSetting` that the server reports with the end of a command. */
  alters: (sql: string) => number = () => 0;
  attempts = 0;
  /** Attempts held back that the pool has given up. */
  givenUp = 0;
  /** What commands fail with on every connection, by their texts. */
  readonly failures = new Map<string, Partial<NativeFailure>>();
  private readonly pendingConnects: (() => void)[] = [];
  private readonly handlers: (CommandHandler | undefined)[] = [];
  private readonly listeners = new Map<number, ConnectionListener>();
  private readonly library = { library: { handle: undefined, keywords: [] } } as unknown as LoadedLibrary;
  private readonly core: Core;

  constructor(
    private readonly events: Partial<SessionEvents> = {},
    private readonly name = 'server',
  ) {
    const { connections, handlers, listeners } = this;
    const answers: Answers = {
      holds: (sql) => this.holds(sql),
      failure: (sql) => this.failures.get(sql),
      rows: (sql) => this.rows(sql),
      alters: (sql) => this.alters(sql),
    };
    class Connection extends FakeConnection {
      constructor(id: number) {
        super(id, handlers, listeners, answers);
        connections.push(this);
      }
    }
    let nextId = 1;
    this.core = {
      connection: (id: number) => new Connection(id),
      occupy: (handler: CommandHandler) => handlers.push(handler) - 1,
      handle: (slot: number, handler: CommandHandler) => {
        handlers[slot] = handler;
      },
      vacate: (slot: number) => {
        handlers[slot] = undefined;
      },
      addListener: (listener: ConnectionListener) => {
        listeners.set(nextId, listener);
        return nextId++;
      },
      removeListener: (id: number) => listeners.delete(id),
      writeParameters: () => ({ count: 0, length: 0, lent: [], trim: () => undefined }),
      typeMapId: () => 0,
    } as unknown as Core;
  }

  readonly open = async (
    signal: GivingUp = new GivingUp(),
    own: Partial<SessionEvents> = {},
  ): Promise<Session> => {
    this.attempts++;
    if (this.holdsConnects) {
      await new Promise<void>((resolve, reject) => {
        this.pendingConnects.push(resolve);
        signal.watch(() => {
          this.givenUp++;
          reject(signal.reason);
        });
      });
    }
    const refusal = this.refusals.shift() ?? this.away;
    if (refusal !== undefined) throw refusal;
    const events: SessionEvents = {
      serverError: () => undefined,
      notice: () => undefined,
      notification: () => undefined,
      ...this.events,
      ...own,
    };
    const session = new Session(
      this.core,
      this.library,
      `${this.name}:${this.connections.length}`,
      this.statementCacheSize,
      0,
      events,
      chores,
    );
    session.pipelines = this.pipelines;
    await new Promise<void>((resolve) => {
      session.connect('', undefined, { connected: () => resolve(), failed: () => undefined });
    });
    return session;
  };

  /** Lets the attempts to connect end that are held back. */
  answerConnects(): void {
    for (const answer of this.pendingConnects.splice(0)) answer();
  }

  /** Which of the connections are open, counted from 0. */
  get live(): number[] {
    return [...this.connections.keys()].filter((i) => this.connections[i]?.closed === false);
  }

  /** The statements that came in on any connection, in the order of the connections. */
  get commands(): string[] {
    return this.connections.flatMap(({ commands }) => commands);
  }
}

interface Answers {
  holds(sql: string): boolean;
  failure(sql: string): Partial<NativeFailure> | undefined;
  rows(sql: string): unknown[] | undefined;
  alters(sql: string): number;
}

/** The far end of one session. */
export class FakeConnection implements NativeConnection {
  /** Texts of the commands that came in. */
  readonly commands: string[] = [];
  closed = false;
  cancels = 0;
  /** What commands fail with, by their texts. */
  readonly failures = new Map<string, Partial<NativeFailure>>();
  private transactionStatus = TransactionStatus.Idle;
  private pending: number | undefined;
  private pendingCancels: number[] = [];
  holdsCancels = false;
  private offered: { slot: number; sql: string } | undefined;
  /** Commands that are sent together, the one under way not counted. */
  private joined: { slot: number; sql: string }[] = [];
  /** What the core throws when it is given a command. */
  throws: Error | undefined;
  /** What is offered always comes just too late. */
  missesOffers = false;
  /** The server carries BEGIN out though its answer is a failure. */
  beginsAllTheSame = false;

  constructor(
    private readonly id: number,
    private readonly handlers: (CommandHandler | undefined)[],
    private readonly listeners: Map<number, ConnectionListener>,
    private readonly answers: Answers,
  ) {}

  wantNotices(): void {
    // It has none.
  }

  keepAnswers(): void {
    // No answer of it is followed by anything.
  }

  connect(slot: number): void {
    this.handlers[slot]?.connected({ parameters: {}, backendPid: this.id } as unknown as ConnectionFacts);
  }

  script(slot: number, sql: string): void {
    if (this.throws !== undefined) throw this.throws;
    this.commands.push(sql);
    this.pending = slot;
    const failure = this.failures.get(sql) ?? this.answers.failure(sql);
    if (failure !== undefined) {
      if (this.beginsAllTheSame && sql === 'BEGIN') this.transactionStatus = TransactionStatus.InTransaction;
      queueMicrotask(() => this.fail(failure));
    } else if (!this.answers.holds(sql)) {
      queueMicrotask(() => this.answer());
    }
  }

  prepare(slot: number, id: number): void {
    this.script(slot, `prepare ${id}`);
  }

  executePrepared(slot: number, id: number): void {
    this.script(slot, `execute ${id}`);
  }

  offerPrepared(slot: number, id: number): void {
    this.offered = { slot, sql: `offered ${id}` };
  }

  joinPrepared(slot: number, id: number): boolean {
    this.joined.push({ slot, sql: `joined ${id}` });
    return true;
  }

  runJoined(): void {
    const first = this.joined.shift();
    if (first === undefined) throw new Error('Nothing has joined.');
    this.script(first.slot, first.sql);
  }

  takeNextBack(): boolean {
    const taken = this.offered !== undefined;
    this.offered = undefined;
    return taken;
  }

  runNext(): void {
    const { offered } = this;
    if (!this.takeNextBack() || offered === undefined) throw new Error('Nothing was offered.');
    this.script(offered.slot, offered.sql);
  }

  /** The core goes on with what was offered or sent together, where there is something; the end of the command is told by `tell`. */
  private goOn(slot: number, tell: () => void): void {
    const { offered } = this;
    const next = this.joined.shift();
    if (next !== undefined) {
      this.script(next.slot, next.sql);
      this.handlers[slot]?.goesOn();
      tell();
      return;
    }
    if (offered !== undefined && !this.missesOffers) {
      this.offered = undefined;
      this.script(offered.slot, offered.sql);
      this.handlers[slot]?.goesOn();
    }
    tell();
  }

  /**
   * The connection is closed by the program after the core has gone on with what was offered, and before that is told:
   * both commands end as lost.
   */
  closeInBetween(): void {
    const slot = this.take();
    const whole = { fields: undefined, message: 'closed', lost: true, sent: true, stage: '' };
    if (slot === undefined || !this.takeNextBack()) throw new Error('Nothing is under way.');
    this.handlers[slot]?.goesOn();
    this.handlers[slot]?.failed(whole, TransactionStatus.Unknown);
    this.handlers[slot]?.failed(whole, TransactionStatus.Unknown);
  }

  /** The server answers what it is doing. */
  answer(): void {
    const slot = this.take();
    if (slot === undefined) return;
    const sql = this.commands.at(-1);
    if (sql === 'BEGIN') this.transactionStatus = TransactionStatus.InTransaction;
    if (sql === 'ROLLBACK') this.transactionStatus = TransactionStatus.Idle;
    const rows = this.answers.rows(sql ?? '');
    const altered = this.answers.alters(sql ?? '');
    this.goOn(slot, () => {
      const handler = this.handlers[slot];
      handler?.result({ rows, shape: undefined, command: 'DONE', count: 0 }, true);
      handler?.ended(this.transactionStatus, altered);
    });
  }

  /** What is going on fails; with `lost` the connection goes with it, and what was sent together with it, `behind` so. */
  fail(failure: Partial<NativeFailure>, behind: Partial<NativeFailure> = {}): void {
    const slot = this.take();
    if (slot === undefined) return;
    const whole = { fields: undefined, message: 'gone', lost: false, sent: true, stage: '', ...failure };
    const joined = whole.lost ? this.joined.splice(0) : [];
    const tell = (): void => this.handlers[slot]?.failed(whole, this.transactionStatus);
    if (joined.length > 0) this.handlers[slot]?.goesOn();
    for (const [at] of joined.entries()) {
      tell();
      Object.assign(whole, behind);
      if (at < joined.length - 1) this.handlers[slot]?.goesOn();
    }
    // What was offered is not gone on with behind a failure.
    if (this.joined.length > 0) this.goOn(slot, tell);
    else tell();
  }

  /** An idle connection goes down. */
  lose(): void {
    this.listeners
      .get(this.id)
      ?.lost({ fields: undefined, message: 'gone', lost: true, sent: false, stage: '' });
  }

  cancel(slot: number): void {
    this.cancels++;
    this.pendingCancels.push(slot);
    if (!this.holdsCancels) queueMicrotask(() => this.answerCancels());
  }

  /** The server has taken the cancel requests: what is going on fails with 57014. */
  answerCancels(): void {
    for (const slot of this.pendingCancels.splice(0)) this.handlers[slot]?.cancelled('');
    if (this.pending !== undefined) this.fail(databaseFailure('57014'));
  }

  close(): void {
    this.closed = true;
    if (this.pending !== undefined) queueMicrotask(() => this.fail({ lost: true }));
  }

  private take(): number | undefined {
    const slot = this.pending;
    this.pending = undefined;
    return slot;
  }

  readonly execute = unused;
  readonly describe = unused;
  readonly executePreparedRows = unused;
  readonly lend = unused;
  readonly copyIn = unused;
  readonly copyData = unused;
  readonly copyEnd = unused;
  readonly copyOut = unused;
  readonly consumed = unused;
}

function unused(): never {
  throw new Error('Not of use here.');
}

/** A pool on a fake server, and what it told of. */
export interface FakePool {
  pool: SessionPool;
  server: FakeServer;
  told: string[];
  /** Runs a script on the next session that is free. */
  run: (sql: string) => Promise<ScriptResult[]>;
}

/** Nothing happens by itself, unless `options` ask for it. */
const QUIET: PoolOptions = { idleTimeout: 0, maxLifetime: 0, heartbeatInterval: 0, validateAfterIdle: 0 };

export function poolOptions(options: PoolOptions = {}): ResolvedPoolOptions {
  return resolvePoolOptions({ ...QUIET, ...options });
}

export function fakePool(options: PoolOptions = {}, writable = false): FakePool {
  const told: string[] = [];
  const server = new FakeServer({
    serverError: (session, sqlState) => pool.serverError(session, sqlState),
  });
  const pool: SessionPool = new SessionPool(poolOptions(options), writable, server.open, {
    opened: (session) => told.push(`opened ${session.facts?.backendPid ?? 0}`),
    closed: (session, reason) => told.push(`closed ${session.facts?.backendPid ?? 0}: ${reason}`),
    unreachable: (_error, attempt) => told.push(`unreachable ${attempt}`),
    leftOpen: () => told.push('left open'),
  });
  const run = (sql: string): Promise<ScriptResult[]> =>
    new Promise((resolve, reject) => {
      pool.run(new Script(sql, resolve, reject));
    });
  return { pool, server, told, run };
}

/** What an attempt to connect fails with while the server is away. */
export function refused(): ConnectionError {
  return new ConnectionError('KB_CONNECT_REFUSED', 'Cannot connect to server: connection refused.');
}

/** What an attempt to connect fails with where the server answers with an SQLSTATE. */
export function loginRefused(sqlState: string): DatabaseError {
  return DatabaseError.fromFields({ C: sqlState, M: `no: ${sqlState}`, V: 'FATAL' });
}

/** What a server that says no says, with an SQLSTATE. */
export function databaseFailure(sqlState: string): Partial<NativeFailure> {
  return { fields: { C: sqlState, M: 'no', V: 'ERROR' } };
}

/** The error that the call ends with; undefined where it succeeds. */
export function failure(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Lets everything that is ready happen. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 200; i++) await Promise.resolve();
}
