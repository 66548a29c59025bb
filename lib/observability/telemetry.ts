import { tellSafely } from '../base/tell-safely.js';
import { DatabaseError, KingbaseError } from '../errors/index.js';
import { channels, type TraceContext } from './channels.js';

/** One line of the log. Nothing in it is secret, and no parameter is in it. */
export type LogEntry =
  | { event: 'slow'; sql: string; duration: number; rows: number | undefined; error: string | undefined }
  | { event: 'connect'; processId: number; address: string }
  | { event: 'disconnect'; processId: number; address: string; reason: string }
  | { event: 'unreachable'; message: string; attempt: number; retryIn: number }
  | { event: 'leak'; processId: number; heldFor: number; stack: string };

export interface LogOptions {
  /** Gets every entry. */
  write: (entry: LogEntry) => void;
  /** ms; statements that take at least as long are logged as `slow`. Default: none are. */
  slowStatement?: number | undefined;
}

export interface TelemetryOptions {
  database: string;
  address: string;
  port: number;
  log: LogOptions | undefined;
  /** Put parameters into the trace context. */
  traceParameters: boolean;
}

/** Tells whoever listens what is going on. Nothing is built while nobody does. */
export class Telemetry {
  private readonly slow: number;

  constructor(private readonly options: TelemetryOptions) {
    this.slow = options.log?.slowStatement ?? Infinity;
  }

  /** Whether a statement is worth telling of. */
  get watchesQueries(): boolean {
    return this.slow !== Infinity || channels.query.active;
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
      context['db.query.text'] = sql;
      if (this.options.traceParameters) context['db.query.parameters'] = parameters;
      return channels.query.trace(context, () => noting(context, run(), rowsOf));
    };
    return this.slow === Infinity ? traced() : this.timed(sql, rowsOf, traced);
  }

  connect<R>(run: () => Promise<R>): Promise<R> {
    return this.traced('connect', undefined, run);
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
    if (!channels.batch.active) return run();
    const context = this.context(traceContext);
    context['db.operation.name'] = 'BATCH INSERT';
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
      failure = error instanceof KingbaseError ? error.code : String(error);
      throw error;
    } finally {
      const duration = performance.now() - start;
      if (duration >= this.slow) this.log({ event: 'slow', sql, duration, rows, error: failure });
    }
  }
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
    if (error instanceof DatabaseError) context['db.response.status_code'] = error.code;
    context['error.type'] =
      error instanceof KingbaseError ? error.code : error instanceof Error ? error.name : '_OTHER';
    throw error;
  }
}
