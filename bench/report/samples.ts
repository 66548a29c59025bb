import { median } from '../statistics.js';
import type { Measurement, Metric, Workload } from '../workloads/workload.js';

/** One measured process. */
export interface Sample {
  workload: string;
  transport: string;
  round: number;
  /** The contender's label. */
  client: string;
  values: Measurement;
}

/** A workload over one transport. */
export interface Section {
  name: string;
  workload: Workload;
  transport: string;
  /** How server and client were placed on the cores. */
  placement: string;
  /** Contenders that could not take part, with the reason. */
  leftOut: { label: string; reason: string }[];
  samples: Sample[];
}

/** Under this name a contender takes part a second time. */
export const againOf = (label: string): string => `${label} (again)`;

export interface Spread {
  median: number;
  lowest: number;
  highest: number;
  count: number;
}

export function labelsOf({ samples }: Section): string[] {
  return [...new Set(samples.map((sample) => sample.client))];
}

/** The values of a contender over the rounds; undefined if there are none. */
export function spreadOf({ samples }: Section, label: string, { key }: Metric): Spread | undefined {
  return spread(
    samples.flatMap(({ client, values }) => {
      const value = client === label ? values[key] : undefined;
      return value === undefined ? [] : [value];
    }),
  );
}

/** How many times better the first contender is than the second, round by round. */
export function ratioOf(
  { samples }: Section,
  first: string,
  second: string,
  { key, better }: Metric,
): Spread | undefined {
  const rounds = new Set(samples.map((sample) => sample.round));
  return spread(
    [...rounds].flatMap((round) => {
      const value = (label: string) =>
        samples.find((sample) => sample.round === round && sample.client === label)?.values[key];
      const [a, b] = [value(first), value(second)];
      if (a === undefined || b === undefined) return [];
      return [better === 'higher' ? a / b : b / a];
    }),
  );
}

function spread(values: number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  return {
    median: median(values),
    lowest: Math.min(...values),
    highest: Math.max(...values),
    count: values.length,
  };
}
