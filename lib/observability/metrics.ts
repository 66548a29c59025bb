/**
 * What this package uses of a `Meter` of `@opentelemetry/api` 1.x, which the program hands over: so the package does not
 * depend on OpenTelemetry.
 */
export interface MetricsMeter {
  createHistogram(name: string, options?: MetricsInstrumentOptions): MetricsHistogram;
  createCounter(name: string, options?: MetricsInstrumentOptions): MetricsCounter;
  createObservableUpDownCounter(name: string, options?: MetricsInstrumentOptions): MetricsObservable;
}

export interface MetricsInstrumentOptions {
  description?: string;
  unit?: string;
  advice?: { explicitBucketBoundaries?: number[] };
}

export type MetricsAttributes = Record<string, string | number>;

export interface MetricsHistogram {
  record(value: number, attributes?: MetricsAttributes): void;
}

export interface MetricsCounter {
  add(value: number, attributes?: MetricsAttributes): void;
}

export interface MetricsObservable {
  addCallback(callback: (result: MetricsObservation) => void): void;
  removeCallback(callback: (result: MetricsObservation) => void): void;
}

export interface MetricsObservation {
  observe(value: number, attributes?: MetricsAttributes): void;
}

export interface MetricsOptions {
  /**
   * The value of `db.client.connection.pool.name`, by which the pools of one process are told apart. Default: the first
   * host, its port and the database, as `host:port/database`.
   */
  poolName?: string | undefined;
}

/** How a pool stands. */
export interface PoolState {
  readonly idle: number;
  readonly used: number;
  readonly pending: number;
  readonly max: number;
  readonly idleMax: number;
  readonly idleMin: number;
}

/** What was done, by the conventions' names: a name that is read out of a statement's text is a summary of it. */
export interface CallName {
  'db.query.summary'?: string;
  'db.operation.name'?: string;
  /** The table, quoted. */
  'db.collection.name'?: string;
}

/** How a call ended: what the metrics tell of it. */
export interface CallEnd extends CallName {
  rows: number | undefined;
  /** SQLSTATE, where the server refused. */
  status: string | undefined;
  /** SQLSTATE, the error's code, or the name of another error. */
  error: string | undefined;
}

/** Boundaries of the buckets, in seconds and in rows, as the conventions advise. */
const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];
const ROWS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

/** Words that begin statements. A metric has one series for each, so that a text with a mistake is not to make its own. */
const OPERATIONS = new Set(
  (
    'SELECT INSERT UPDATE DELETE MERGE WITH VALUES CALL COPY BEGIN COMMIT ROLLBACK SAVEPOINT SET SHOW CREATE ALTER DROP ' +
    'TRUNCATE GRANT REVOKE ANALYZE VACUUM EXPLAIN LOCK LISTEN NOTIFY DO REFRESH'
  ).split(' '),
);

/** A statement in one word; undefined where it begins with something else, such as a comment. */
export function summaryOf(sql: string): string | undefined {
  const word = /^\s*([a-z]{2,9})\b/i.exec(sql)?.[1]?.toUpperCase();
  return word !== undefined && OPERATIONS.has(word) ? word : undefined;
}

/**
 * The metrics of one database by OpenTelemetry's semantic conventions for database clients. The pool's state is asked for
 * when the metrics are collected; the rest is recorded as it happens.
 */
export class Metrics {
  private readonly duration: MetricsHistogram;
  private readonly returnedRows: MetricsHistogram;
  private readonly createTime: MetricsHistogram;
  private readonly waitTime: MetricsHistogram;
  private readonly useTime: MetricsHistogram;
  private readonly timeouts: MetricsCounter;
  private readonly pool: MetricsAttributes;
  private readonly undo: (() => void)[] = [];

  /** @param common attributes of all operations */
  constructor(
    private readonly meter: MetricsMeter,
    poolName: string,
    private readonly common: MetricsAttributes,
    state: () => PoolState,
  ) {
    this.pool = { 'db.client.connection.pool.name': poolName };
    this.duration = this.histogram('operation.duration', 'How long database calls take.', 's', SECONDS);
    this.returnedRows = this.histogram('response.returned_rows', 'Rows of a result.', '{row}', ROWS);
    this.createTime = this.histogram(
      'connection.create_time',
      'How long making a connection takes.',
      's',
      SECONDS,
    );
    this.waitTime = this.histogram(
      'connection.wait_time',
      'How long calls wait for a connection.',
      's',
      SECONDS,
    );
    this.useTime = this.histogram('connection.use_time', 'How long calls keep a connection.', 's', SECONDS);
    this.timeouts = meter.createCounter('db.client.connection.timeouts', {
      description: 'Calls that waited in vain for a connection.',
      unit: '{timeout}',
    });
    this.observeState(state);
  }

  /** @param duration ms */
  operation(duration: number, { rows, status, error, ...name }: CallEnd): void {
    const attributes: MetricsAttributes = { ...this.common, ...name };
    if (status !== undefined) attributes['db.response.status_code'] = status;
    if (error !== undefined) attributes['error.type'] = error;
    this.duration.record(duration / 1_000, attributes);
    if (rows !== undefined) this.returnedRows.record(rows, attributes);
  }

  /** @param duration ms */
  connectionMade(duration: number): void {
    this.createTime.record(duration / 1_000, this.pool);
  }

  /** @param duration ms */
  waited(duration: number): void {
    this.waitTime.record(duration / 1_000, this.pool);
  }

  /** @param duration ms */
  used(duration: number): void {
    this.useTime.record(duration / 1_000, this.pool);
  }

  timedOut(calls: number): void {
    this.timeouts.add(calls, this.pool);
  }

  stop(): void {
    for (const each of this.undo.splice(0)) each();
  }

  private histogram(name: string, description: string, unit: string, boundaries: number[]): MetricsHistogram {
    const advice = { explicitBucketBoundaries: [...boundaries] };
    return this.meter.createHistogram(`db.client.${name}`, { description, unit, advice });
  }

  private observeState(state: () => PoolState): void {
    const idle = { ...this.pool, 'db.client.connection.state': 'idle' };
    const used = { ...this.pool, 'db.client.connection.state': 'used' };
    this.observe('count', 'Connections, by state.', '{connection}', (result) => {
      const { idle: idleNow, used: usedNow } = state();
      result.observe(idleNow, idle);
      result.observe(usedNow, used);
    });
    const single = (
      name: string,
      description: string,
      unit: string,
      of: (now: PoolState) => number,
    ): void => {
      this.observe(name, description, unit, (result) => result.observe(of(state()), this.pool));
    };
    single('max', 'Most connections allowed.', '{connection}', ({ max }) => max);
    single('idle.max', 'Most idle connections allowed.', '{connection}', ({ idleMax }) => idleMax);
    single('idle.min', 'Connections kept open when idle.', '{connection}', ({ idleMin }) => idleMin);
    single('pending_requests', 'Calls that wait for a connection.', '{request}', ({ pending }) => pending);
  }

  private observe(
    name: string,
    description: string,
    unit: string,
    callback: (result: MetricsObservation) => void,
  ): void {
    const full = `db.client.connection.${name}`;
    const observable = this.meter.createObservableUpDownCounter(full, { description, unit });
    observable.addCallback(callback);
    this.undo.push(() => observable.removeCallback(callback));
  }
}
