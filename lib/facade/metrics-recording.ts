import { itWas } from '../base/kind-of.js';
import { mostIdle, type ResolvedConfig } from '../config/index.js';
import { UsageError } from '../errors/index.js';
import { Metrics, type MetricsMeter, type MetricsOptions } from '../observability/metrics.js';
import type { Telemetry } from '../observability/telemetry.js';
import type { SessionPool } from '../pool/session-pool.js';
import { checkOptions } from './calls/check-options.js';

/** Metrics that are being recorded, until they are stopped or the database is closed. */
export interface MetricsRecording {
  /** Records no more. */
  stop(): void;
}

/** See `Database.recordMetrics`. */
export function recordMetrics(
  pool: SessionPool,
  telemetry: Telemetry,
  { hosts: [first], database }: ResolvedConfig,
  meter: MetricsMeter,
  options: MetricsOptions | undefined,
): MetricsRecording {
  checkOptions('recordMetrics', options);
  const given = meter as Partial<MetricsMeter> | undefined;
  const makers = [given?.createHistogram, given?.createCounter, given?.createObservableUpDownCounter];
  if (!makers.every((maker) => typeof maker === 'function')) {
    throw new UsageError('KB_BAD_OPTION', 'recordMetrics needs a Meter of OpenTelemetry.', {
      hint: `${itWas(meter)} Write metrics.getMeter('…').`,
    });
  }
  if (telemetry.metrics !== undefined) {
    throw new UsageError(
      'KB_BAD_OPTION',
      "This database's metrics are being recorded already: stop that first.",
    );
  }
  const address = { host: first?.host ?? '', port: first?.port ?? 0 };
  const common = {
    'db.system.name': 'kingbase',
    'db.namespace': database,
    'server.address': address.host,
    'server.port': address.port,
  };
  const name = options?.poolName ?? `${address.host}:${address.port}/${database}`;
  const metrics = new Metrics(meter, name, common, () => {
    const { idle, inUse, maxOpenConnections: max } = pool.stats();
    const { poolOptions } = pool;
    const limits = { max, idleMax: mostIdle(poolOptions), idleMin: poolOptions.min };
    return { idle, used: inUse, pending: pool.waiting, ...limits };
  });
  telemetry.metrics = metrics;
  pool.tellUses(metrics);
  return {
    stop() {
      metrics.stop();
      if (telemetry.metrics !== metrics) return;
      telemetry.metrics = undefined;
      pool.tellUses(undefined);
    },
  };
}
