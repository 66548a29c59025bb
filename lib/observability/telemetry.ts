import { isError } from '../base/is-error.js';
import { channel, type Channel } from 'node:diagnostics_channel';
import { tellSafely } from '../base/tell-safely.js';
import { DatabaseError, KingbaseError } from '../errors/index.js';
import { withoutSecrets } from '../sql/without-secrets.js';
import { channels, type TraceContext } from './channels.js';
import { summaryOf, type CallName, type Metrics } from './metrics.js';

/**
 * One line of the log. No password and no parameter is in it. The text of a slow statement is, with `'…'` for its literals
 * where it speaks of a password; what else its literals hold is in it.
 */
export type LogEntry =
  | { event: 'slow'; sql: string; duration: number; rows: number | undefined; error: string | undefined }
  | ConnectEntry
  | RefusedEntry
  | ClusterEntry
  | { event: 'disconnect'; processId: number; address: string; reason: string }
  | { event: 'unreachable'; message: string; attempt: number; retryIn: number }
  | { event: 'leak'; processId: number; heldFor: number; stack: string };

/** A session was made: who is logged in where, and how safely. */
export interface ConnectEntry {
  event: 'connect';
  processId: number;
  address: string;
  user: string;
  database: string;
  /** Absent where the connection is not encrypted, or the library cannot tell. */
  tls?: { protocol: string; cipher: string };
}

/**
 * A session was refused: by the server, which does not let this user in (`login`), or by this side, because an option
 * for the connection's safety could not be kept (`policy`).
 */
export interface RefusedEntry {
  event: 'refused';
  reason: 'login' | 'policy';
  /** SQLSTATE, or the error's stable code. */
  code: string;
  user: string;
  database: string;
  /** The first of the configuration. */
  host: string;
}

/** What has become of a server of a cluster. */
export type ClusterEntry =
  /** It takes the writes from now on. */
  | { event: 'primary'; database: string; host: string; port: number; timeline: number }
  /** It serves reads from now on, or does not any more; `code` (SQLSTATE or `KB_…`) where it does not answer. */
  | {
      event: 'standby';
      database: string;
      host: string;
      port: number;
      serves: boolean;
      code: string | undefined;
    }
  /** It is behind by more than `maxLag`, or is so no longer. */
  | {
      event: 'lag';
      database: string;
      host: string;
      port: number;
      behind: boolean;
      lag: { bytes: number; ms: number } | undefined;
    };

export interface LogOptions {
  /** Gets every entry. */
  write: (entry: LogEntry) => void;
  /** ms; statements that take at least as long are logged as `slow`. Default: none are. */
  slowStatement?: number | undefined;
}

export interface TelemetryOptions {
  database: string;
  user: string;
  address: string;
  port: number;
  log: LogOptions | undefined;
  /** Put parameters into the trace context. */
  traceParameters: boolean;
}

const BATCH_INSERT = 'BATCH INSERT';

/** Not tracing channels: these events have no duration. */
const REFUSED = channel('kingbase:refused');
const TOPOLOGY = channel('kingbase:topology');

function whoRefused(error: unknown): RefusedEntry['reason'] | undefined {
  if (!(error instanceof KingbaseError)) return undefined;
  const { code } = error;
  // Class 28 is "invalid authorization", 42501 a role that may not connect to the database.
  if (/^(28|42501)/.test(code) || code === 'KB_CONNECT_AUTH' || code === 'KB_CONNECT_AUTH_METHOD')
    return 'login';
  const ours =
    code === 'KB_OPTION_UNSUPPORTED' || code === 'KB_BAD_OPTION' || code.startsWith('KB_CONNECT_TLS');
  return ours ? 'policy' : undefined;
}

/** Tells whoever listens what is going on. Nothing is built while nobody does. */
export class Telemetry {
  /** There only while the program records metrics. */
  metrics: Metrics | undefined;
  private readonly slow: number;

  constructor(private readonly options: TelemetryOptions) {
    this.slow = options.log?.slowStatement ?? Infinity;
  }

  /** Whether a statement is worth telling of. */
  get watchesQueries(): boolean {
    return this.slow !== Infinity || channels.query.active || this.metrics !== undefined;
  }

  query<R>(
    sql: string,
    parameters: readonly unknown[],
    traceContext: unknown,
    rowsOf: (result: R) => number | undefined,
    run: () => Promise<R>,
  ): Promise<R> {
    const traced = (): Promise<R> => {
      if (!channels.query.active) return run();
      const context = this.context(traceContext);
      context['db.query.text'] = withoutSecrets(sql);
      Object.assign(context, nameOf(sql));
      if (this.options.traceParameters) context['db.query.parameters'] = parameters;
      return channels.query.trace(context, () => noting(context, run(), rowsOf));
    };
    const measured = (): Promise<R> => this.measured(() => nameOf(sql), rowsOf, traced);
    return this.slow === Infinity ? measured() : this.timed(sql, rowsOf, measured);
  }

  connect<R>(run: () => Promise<R>): Promise<R> {
    const { metrics } = this;
    const traced = (): Promise<R> => this.traced('connect', undefined, run);
    return metrics === undefined ? traced() : timedConnect(metrics, traced);
  }

  /** For audits: tells of an attempt to connect that failed because somebody said no. */
  refused(error: unknown): void {
    const reason = whoRefused(error);
    if (reason === undefined) return;
    const { database, user, address: host } = this.options;
    const { code } = error as KingbaseError;
    const entry: RefusedEntry = { event: 'refused', reason, code, user, database, host };
    this.logAndPublish(REFUSED, entry);
  }

  /** Tells of a change in a cluster. */
  cluster(entry: ClusterEntry): void {
    this.logAndPublish(TOPOLOGY, entry);
  }

  private logAndPublish(to: Channel, entry: LogEntry): void {
    this.log(entry);
    if (to.hasSubscribers) tellSafely(() => to.publish(entry));
  }

  acquire<R>(run: () => Promise<R>): Promise<R> {
    return this.traced('acquire', undefined, run);
  }

  transaction<R>(traceContext: unknown, run: () => Promise<R>): Promise<R> {
    return this.traced('transaction', traceContext, run);
  }

  /**
   * A batch of rows, known by its size only when it has ended.
   *
   * @param table quoted
   */
  batch<R>(
    { traceContext, table }: { traceContext: unknown; table: string },
    sizes: () => { size: number; returned: number | undefined },
    run: () => Promise<R>,
  ): Promise<R> {
    const traced = (): Promise<R> => this.tracedBatch(traceContext, table, sizes, run);
    return this.measured(
      () => ({ 'db.operation.name': BATCH_INSERT, 'db.collection.name': table }),
      () => sizes().returned,
      traced,
    );
  }

  private tracedBatch<R>(
    traceContext: unknown,
    table: string,
    sizes: () => { size: number; returned: number | undefined },
    run: () => Promise<R>,
  ): Promise<R> {
    if (!channels.batch.active) return run();
    const context = this.context(traceContext);
    context['db.operation.name'] = BATCH_INSERT;
    context['db.collection.name'] = table;
    const running = async (): Promise<R> => {
      try {
        return await run();
      } finally {
        // OpenTelemetry's conventions know no batch of one.
        const { size } = sizes();
        if (size !== 1) context['db.operation.batch.size'] = size;
      }
    };
    return channels.batch.trace(context, () => noting(context, running(), () => sizes().returned));
  }

  /** Writes into the program's log, for which nothing fails. */
  log(entry: LogEntry): void {
    tellSafely(() => this.options.log?.write(entry));
  }

  private traced<R>(
    which: 'connect' | 'acquire' | 'transaction',
    traceContext: unknown,
    run: () => Promise<R>,
  ): Promise<R> {
    const channel = channels[which];
    if (!channel.active) return run();
    const context = this.context(traceContext);
    return channel.trace(context, () => noting(context, run(), () => undefined));
  }

  private context(traceContext: unknown): TraceContext {
    const { database, address, port } = this.options;
    const context: TraceContext = {
      'db.system.name': 'kingbase',
      'db.namespace': database,
      'server.address': address,
      'server.port': port,
    };
    if (traceContext !== undefined) context.traceContext = traceContext;
    return context;
  }

  private measured<R>(
    name: () => CallName,
    rowsOf: (result: R) => number | undefined,
    run: () => Promise<R>,
  ): Promise<R> {
    const { metrics } = this;
    if (metrics === undefined) return run();
    const start = performance.now();
    const end = (rows: number | undefined, failure: Failure): void => {
      const duration = performance.now() - start;
      tellSafely(() => metrics.operation(duration, { ...name(), rows, ...failure }));
    };
    const running = run();
    running.then(
      (result) => end(rowsOf(result), { status: undefined, error: undefined }),
      (error: unknown) => end(undefined, failureOf(error)),
    );
    return running;
  }

  private async timed<R>(
    sql: string,
    rowsOf: (result: R) => number | undefined,
    run: () => Promise<R>,
  ): Promise<R> {
    const start = performance.now();
    let rows: number | undefined;
    let failure: string | undefined;
    try {
      const result = await run();
      rows = rowsOf(result);
      return result;
    } catch (error) {
      failure = failureOf(error).error;
      throw error;
    } finally {
      const duration = performance.now() - start;
      if (duration >= this.slow)
        this.log({ event: 'slow', sql: withoutSecrets(sql), duration, rows, error: failure });
    }
  }
}

function nameOf(sql: string): CallName {
  const summary = summaryOf(sql);
  return summary === undefined ? {} : { 'db.query.summary': summary };
}

/** Puts the outcome into the context before the channel tells of it. */
async function noting<R>(
  context: TraceContext,
  running: Promise<R>,
  rowsOf: (result: R) => number | undefined,
): Promise<R> {
  try {
    const result = await running;
    const rows = rowsOf(result);
    if (rows !== undefined) context['db.response.returned_rows'] = rows;
    return result;
  } catch (error) {
    const { status, error: type } = failureOf(error);
    if (status !== undefined) context['db.response.status_code'] = status;
    context['error.type'] = type;
    throw error;
  }
}

async function timedConnect<R>(metrics: Metrics, run: () => Promise<R>): Promise<R> {
  const start = performance.now();
  const made = await run();
  tellSafely(() => metrics.connectionMade(performance.now() - start));
  return made;
}

interface Failure {
  status: string | undefined;
  error: string | undefined;
}

/** A failure by the conventions' names. */
function failureOf(error: unknown): { status: string | undefined; error: string } {
  if (error instanceof DatabaseError) return { status: error.code, error: error.code };
  if (error instanceof KingbaseError) return { status: undefined, error: error.code };
  return { status: undefined, error: isError(error) ? error.name : '_OTHER' };
}
