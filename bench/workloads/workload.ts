import type { Client, ClientName } from '../client.js';

export interface Metric {
  key: string;
  title: string;
  better: 'higher' | 'lower';
}

/** Values by metric key; one that the platform cannot measure is undefined. */
export type Measurement = Record<string, number | undefined>;

export interface Effort {
  /** Duration of a measurement that runs against the clock. */
  seconds: number;
  /** How often a measurement that runs to its end is repeated. */
  repeats: number;
}

export interface Workload {
  title: string;
  /** Clients that take part besides the ones that always do. */
  extraClients?: ClientName[];
  /** Server and client share one core, so that a round trip pays no wake-up of an idle core. */
  pinned?: boolean;
  metrics: Metric[];
  /** Statements that create the data, each sent on its own. */
  setup: string[];
  /** Throws unless the client gives the same rows as pg. */
  verify(client: Client, pg: Client): Promise<void>;
  /** Warms up, measures, and leaves its clients open: the process ends after it. */
  measure(open: (connections: number) => Promise<Client>, effort: Effort): Promise<Measurement>;
}

export const cpuMetrics = (unit: string): Metric[] => [
  { key: 'cpu', title: `CPU ${unit}`, better: 'lower' },
  { key: 'jsCpu', title: `CPU of the JavaScript thread ${unit}`, better: 'lower' },
];

export const rssMetric: Metric = { key: 'rss', title: 'peak RSS MB', better: 'lower' };
