import type { Client, ClientName, OpenOptions } from '../client.js';

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
  /** How often a table is fetched, after two times that do not count. */
  fetches: number;
  /** How often rows are copied in or out, of which the first does not count. */
  copies: number;
  /** How often rows are inserted, of which the first does not count. */
  inserts: number;
  /** Rows of the stream, which runs once. */
  streamedRows: number;
}

/** Who takes part in a workload. */
export interface Contender {
  /** Its name in the report. */
  label: string;
  client: ClientName;
  /** Which of the client's ways of doing the same, where it has several. */
  way?: string;
}

/** What is compared with what, and what is to come out. */
export interface Comparison {
  /** Labels of one contender of ours, and of those that it is compared with. */
  ours: string;
  /** For each peer its contenders, of which the one with the highest rate counts. */
  peers: string[][];
  /** By metric: how many times better than the best peer ours has to be. */
  ratios: Record<string, number>;
  /** By metric: the most that ours may have. */
  limits?: Record<string, number>;
}

export interface Workload {
  title: string;
  contenders: Contender[];
  /** Label of the contender that is measured a second time, to show how far the machine can be believed. */
  repeated: string;
  comparisons: Comparison[];
  /** Server and client share one core, so that a round trip pays no wake-up of an idle core. */
  pinned?: boolean;
  /** Signs in with a password, by SCRAM-SHA-256. */
  password?: boolean;
  /** Over TLS 1.3, and so over TCP alone. */
  tls?: boolean;
  /** Connections that it is verified with. Default: 1. */
  connections?: number;
  /** Peers that have nothing for it, with the reason. */
  without?: { label: string; reason: string }[];
  metrics: Metric[];
  /** What the measured process does before it opens a client. */
  prepare?(): Promise<void>;
  /** Statements that create the data, each sent on its own. */
  setup: string[];
  /** What the C program is told: see ceiling/main.c. */
  ceiling?: (effort: Effort) => string[];
  /** Whether the client can do this at all. */
  supports?(client: Client, way: string): boolean;
  /** Throws unless the client does the same as pg, which is given too. */
  verify(client: Client, pg: Client, way: string): Promise<void>;
  /** Warms up, measures, and leaves its clients open: the process ends after it. */
  measure(open: (options: OpenOptions) => Promise<Client>, effort: Effort, way: string): Promise<Measurement>;
}

export const ours: Contender = { label: 'kingbase-native', client: 'kingbase-native' };
/** The driver by its module for programs written against pg. */
export const oursLikePg: Contender = { label: 'kingbase-native/pg', client: 'kingbase-native-pg' };
/** The driver with its option `pipeline`. */
export const oursPipeline: Contender = {
  label: 'kingbase-native pipeline',
  client: 'kingbase-native-pipeline',
};
export const pg: Contender = { label: 'pg', client: 'pg' };
export const pgPipeline: Contender = { label: 'pg pipeline', client: 'pg-pipeline' };
export const pgNative: Contender = { label: 'pg-native', client: 'pg-native' };
export const postgres: Contender = { label: 'postgres', client: 'postgres' };
export const c: Contender = { label: 'C', client: 'c' };

export const bunSql: Contender = { label: 'Bun.SQL', client: 'bun-sql' };

/** The contenders of a workload that every client does in one way, and the comparison with each of the peers. */
export function inOneWay(
  peers: Contender[],
  ratios: Record<string, number>,
): Pick<Workload, 'contenders' | 'repeated' | 'comparisons'> {
  return {
    contenders: [ours, oursLikePg, ...peers, c],
    repeated: pg.label,
    comparisons: [{ ours: ours.label, peers: peers.map(({ label }) => [label]), ratios }, likePg],
  };
}

/** What the module is for costs no more than pg: at least its rate, by at most 0.6 of its JavaScript's time. */
export const likePgRatios = { rate: 1, jsCpu: 1 / 0.6 };
const likePg = { ours: oursLikePg.label, peers: [[pg.label]], ratios: likePgRatios };

/** The target where none other is set. */
export const ahead = { rate: 1, jsCpu: 1, cpu: 1, p50: 1, p99: 1 };

/** What parity may be called where figures of the same program differ by some per cent. */
export const parity = 0.95;

export const rateMetric = (of: string): Metric => ({ key: 'rate', title: `${of}/s`, better: 'higher' });

export const cpuMetrics = (unit: string): Metric[] => [
  { key: 'jsCpu', title: `JS CPU ${unit}`, better: 'lower' },
  { key: 'cpu', title: `CPU ${unit}`, better: 'lower' },
];

/** Of single operations, from the call to its answer. */
export const latencyMetrics: Metric[] = [
  { key: 'p50', title: 'p50 µs', better: 'lower' },
  { key: 'p99', title: 'p99 µs', better: 'lower' },
];

export const blockMetric: Metric = { key: 'block', title: 'longest block ms', better: 'lower' };

export const rssMetric: Metric = { key: 'rss', title: 'peak RSS MB', better: 'lower' };
