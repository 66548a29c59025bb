import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import type { DataPoint, Histogram } from '@opentelemetry/sdk-metrics';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { open, type Database, type MetricsMeter } from 'kingbase-native';
import { PASSWORD, rejectionOf } from '../support/rejections.js';
import { targets } from '../support/targets.js';

const target = targets().find(({ transport }) => transport === 'TCP')!;
const { host, port, database } = target.config;
const POOL = { 'db.client.connection.pool.name': `${host}:${port}/${database}` };
const CALL = {
  'db.system.name': 'kingbase',
  'db.namespace': database,
  'server.address': host,
  'server.port': port,
};

let db: Database;
let exporter: InMemoryMetricExporter;
let reader: PeriodicExportingMetricReader;
let provider: MeterProvider;
beforeEach(() => {
  exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  // Collected on demand only.
  reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 31 - 1 });
  provider = new MeterProvider({ readers: [reader] });
  db = open({
    ...target.config,
    password: PASSWORD,
    pool: { max: 2, min: 0, maxIdle: 1 },
  });
});
afterEach(async () => {
  await db.close({ timeout: 1_000 });
  await provider.shutdown();
});

const meter = (): MetricsMeter => provider.getMeter('test');

interface Metric {
  unit: string;
  points: DataPoint<unknown>[];
}

/** What has been recorded so far, by name. */
async function collected(): Promise<Record<string, Metric>> {
  exporter.reset();
  await reader.forceFlush();
  const metrics = exporter
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  return Object.fromEntries(
    metrics.map(({ descriptor, dataPoints }) => [
      descriptor.name,
      { unit: descriptor.unit, points: dataPoints },
    ]),
  );
}

const valueOf = (metric: Metric | undefined, attributes: object = POOL): unknown =>
  metric?.points.find((point) => JSON.stringify(point.attributes) === JSON.stringify(attributes))?.value;
const countOf = (metric: Metric | undefined, attributes: object = POOL): number =>
  (valueOf(metric, attributes) as Histogram | undefined)?.count ?? 0;

describe('recordMetrics', () => {
  it('has the names and units of the conventions', async () => {
    db.recordMetrics(meter());
    await db.query('SELECT 1');
    await rejectionOf(timeoutOfPool());
    const metrics = await collected();
    expect(Object.fromEntries(Object.entries(metrics).map(([name, { unit }]) => [name, unit]))).toEqual({
      'db.client.operation.duration': 's',
      'db.client.response.returned_rows': '{row}',
      'db.client.connection.count': '{connection}',
      'db.client.connection.idle.max': '{connection}',
      'db.client.connection.idle.min': '{connection}',
      'db.client.connection.max': '{connection}',
      'db.client.connection.pending_requests': '{request}',
      'db.client.connection.timeouts': '{timeout}',
      'db.client.connection.create_time': 's',
      'db.client.connection.wait_time': 's',
      'db.client.connection.use_time': 's',
    });
  });

  it('tells how the pool stands when it is asked', async () => {
    db.recordMetrics(meter());
    const [one, two] = [await db.connect(), await db.connect()];
    db.configurePool({ acquireTimeout: 200 });
    const waiting = rejectionOf(db.query('SELECT 1'));
    const state = (of: 'idle' | 'used') => ({ ...POOL, 'db.client.connection.state': of });
    let metrics = await collected();
    expect(valueOf(metrics['db.client.connection.pending_requests'])).toBe(1);
    expect(valueOf(metrics['db.client.connection.count'], state('used'))).toBe(2);
    expect(valueOf(metrics['db.client.connection.count'], state('idle'))).toBe(0);
    expect(valueOf(metrics['db.client.connection.max'])).toBe(2);
    expect(valueOf(metrics['db.client.connection.idle.max'])).toBe(1);
    expect(valueOf(metrics['db.client.connection.idle.min'])).toBe(0);
    expect(await waiting).toMatchObject({ code: 'KB_POOL_ACQUIRE_TIMEOUT' });
    await one.release();
    metrics = await collected();
    expect(valueOf(metrics['db.client.connection.timeouts'])).toBe(1);
    expect(valueOf(metrics['db.client.connection.count'], state('used'))).toBe(1);
    expect(valueOf(metrics['db.client.connection.count'], state('idle'))).toBe(1);
    expect(valueOf(metrics['db.client.connection.pending_requests'])).toBe(0);
    await two.release();
  });

  it('counts each wait and each use of a connection once', async () => {
    db.recordMetrics(meter());
    await Promise.all(Array.from({ length: 200 }, (_, n) => db.query('SELECT $1::int4', [n])));
    await using connection = await db.connect();
    await connection.query('SELECT 1');
    await connection.query('SELECT 2');
    await connection.release();
    await db.ping();
    const metrics = await collected();
    expect(countOf(metrics['db.client.connection.wait_time'])).toBe(202);
    expect(countOf(metrics['db.client.connection.use_time'])).toBe(202);
    // The pool makes a second one only where the first did not do it all.
    expect([1, 2]).toContain(countOf(metrics['db.client.connection.create_time']));
  });

  it('has a call by its first word, its SQLSTATE and its error', async () => {
    db.recordMetrics(meter());
    await db.query('SELECT generate_series(1, 3)');
    await db.query('  select 1');
    await db.query('/* hint */ SELECT 1');
    await rejectionOf(db.query('SELECT 1 / 0'));
    await rejectionOf(db.query('SELECT pg_sleep(600)', [], { timeout: 20 }));
    await db.script('CREATE TABLE IF NOT EXISTS measured_batch (id int4)');
    await db.batchInsert('measured_batch', ['id'], [[1], [2]]);
    await db.script('DROP TABLE measured_batch');
    const { 'db.client.operation.duration': duration, 'db.client.response.returned_rows': rows } =
      await collected();
    const select = { ...CALL, 'db.query.summary': 'SELECT' };
    expect(countOf(duration, select)).toBe(2);
    expect(countOf(duration, CALL)).toBe(1);
    expect(countOf(duration, { ...select, 'db.response.status_code': '22012', 'error.type': '22012' })).toBe(
      1,
    );
    expect(countOf(duration, { ...select, 'error.type': 'KB_TIMEOUT' })).toBe(1);
    const batch = { 'db.operation.name': 'BATCH INSERT', 'db.collection.name': '"measured_batch"' };
    expect(countOf(duration, { ...CALL, ...batch })).toBe(1);
    expect(valueOf(rows, select)).toMatchObject({ count: 2, sum: 4 });
  });

  it('records nothing before it is asked to, after it is stopped, and after the database is closed', async () => {
    await db.query('SELECT 1');
    const first = db.recordMetrics(meter(), { poolName: 'first' });
    expect(() => db.recordMetrics(meter())).toThrow(expect.objectContaining({ code: 'KB_BAD_OPTION' }));
    await db.query('SELECT 1');
    first.stop();
    first.stop();
    await db.query('SELECT 1');
    const second = { 'db.client.connection.pool.name': 'second' };
    db.recordMetrics(meter(), { poolName: 'second' });
    first.stop();
    await db.query('SELECT 1');
    const metrics = await collected();
    const used = metrics['db.client.connection.use_time'];
    expect(countOf(used, { 'db.client.connection.pool.name': 'first' })).toBe(1);
    expect(countOf(used, second)).toBe(1);
    expect(valueOf(metrics['db.client.connection.max'], second)).toBe(2);
    expect(metrics['db.client.connection.max']!.points).toHaveLength(1);
  });

  it('leaves no callback behind when the database is closed', async () => {
    const callbacks = new Set<unknown>();
    db.recordMetrics({
      createHistogram: () => ({ record: () => undefined }),
      createCounter: () => ({ add: () => undefined }),
      createObservableUpDownCounter: () => ({
        addCallback: (callback) => void callbacks.add(callback),
        removeCallback: (callback) => void callbacks.delete(callback),
      }),
    });
    expect(callbacks.size).toBe(5);
    await db.close();
    expect(callbacks.size).toBe(0);
  });

  it('loses no call to a meter that throws', async () => {
    const thrown: unknown[] = [];
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => thrown.push(error));
    const broken = (): never => {
      throw new Error('of the meter');
    };
    db.recordMetrics({
      createHistogram: () => ({ record: broken }),
      createCounter: () => ({ add: broken }),
      createObservableUpDownCounter: () => ({
        addCallback: () => undefined,
        removeCallback: () => undefined,
      }),
    });
    expect(await db.queryRow('SELECT 1 AS v')).toEqual({ v: 1 });
    expect(((await rejectionOf(timeoutOfPool())) as { code?: unknown }).code).toBe('KB_POOL_ACQUIRE_TIMEOUT');
    expect(await db.queryRow('SELECT 2 AS v')).toEqual({ v: 2 });
    await setImmediate();
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
    expect(thrown.length).toBeGreaterThan(4);
  });

  it('refuses what is no meter and options that it does not have', () => {
    const of = (call: () => unknown) =>
      expect(call).toThrow(expect.objectContaining({ code: 'KB_BAD_OPTION' }));
    of(() => db.recordMetrics({} as MetricsMeter));
    of(() => db.recordMetrics(undefined as never));
    of(() => db.recordMetrics(meter(), { pool: 'x' } as never));
  });
});

/** A call that waits in vain for a connection. */
async function timeoutOfPool(): Promise<unknown> {
  const connections = [await db.connect(), await db.connect()];
  db.configurePool({ acquireTimeout: 20 });
  return db.query('SELECT 1').finally(() => Promise.all(connections.map((each) => each.release())));
}
