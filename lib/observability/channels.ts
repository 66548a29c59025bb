import * as diagnostics from 'node:diagnostics_channel';

/** Calls that programs can watch by `node:diagnostics_channel`'s tracing channels of these names. */
export const TRACED = {
  query: 'kingbase:query',
  connect: 'kingbase:connect',
  transaction: 'kingbase:transaction',
  batch: 'kingbase:batch',
  acquire: 'kingbase:pool:acquire',
} as const;

/**
 * What a subscriber gets, under the names of OpenTelemetry's semantic conventions for databases where those have one.
 * The same object comes with every event of a call.
 */
export interface TraceContext {
  'db.system.name': 'kingbase';
  'db.namespace': string;
  'server.address': string;
  'server.port': number;
  /** The statement with its placeholders, never with values in it. */
  'db.query.text'?: string;
  /** Its first word, where it is one of SQL's: a name for a span. */
  'db.query.summary'?: string;
  'db.operation.name'?: string;
  'db.collection.name'?: string;
  'db.operation.batch.size'?: number;
  'db.response.returned_rows'?: number;
  /** SQLSTATE. */
  'db.response.status_code'?: string;
  /** SQLSTATE, or the error's stable code. */
  'error.type'?: string;
  /** Only where the database was opened with `traceParameters`. */
  'db.query.parameters'?: readonly unknown[];
  /** What the caller gave as `traceContext`. */
  traceContext?: unknown;
}

interface Channel {
  readonly active: boolean;
  trace<R>(context: TraceContext, run: () => Promise<R>): Promise<R>;
}

/** Node 18 before 18.19 has no tracing channels: then nobody can listen. */
const SILENT: Channel = { active: false, trace: (_context, run) => run() };

function channel(name: string): Channel {
  if (typeof diagnostics.tracingChannel !== 'function') return SILENT;
  const tracing = diagnostics.tracingChannel<string, TraceContext>(name);
  return {
    get active() {
      return (
        tracing.start.hasSubscribers ||
        tracing.asyncEnd.hasSubscribers ||
        tracing.error.hasSubscribers ||
        tracing.end.hasSubscribers ||
        tracing.asyncStart.hasSubscribers
      );
    },
    trace: (context, run) => tracing.tracePromise(run, context),
  };
}

export const channels = {
  query: channel(TRACED.query),
  connect: channel(TRACED.connect),
  transaction: channel(TRACED.transaction),
  batch: channel(TRACED.batch),
  acquire: channel(TRACED.acquire),
};
