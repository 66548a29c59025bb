import { median } from './statistics.js';
import type { Measurement, Metric, Workload } from './workloads/workload.js';

/** The name under which pg takes part a second time, to show how far the machine can be believed. */
export const pgAgain = 'pg (again)';
export const ours = 'kingbase-native';

/** One measured process. */
export interface Sample {
  workload: string;
  transport: string;
  round: number;
  client: string;
  values: Measurement;
}

export interface Section {
  name: string;
  workload: Workload;
  transport: string;
  /** How server and client were placed on the cores. */
  placement: string;
  samples: Sample[];
}

export interface Report {
  title: string;
  /** What was measured, where and how: shown as a list. */
  facts: [name: string, value: string][];
  sections: Section[];
}

export function markdown({ title, facts, sections }: Report): string {
  return [
    `# ${title}`,
    facts.map(([name, value]) => `- ${name}: ${value}`).join('\n'),
    'A ratio says how many times better the first client is (rates: first/second; all others: second/first). It is ' +
      'taken round by round and given as median [lowest–highest]; absolute values are medians of all rounds.',
    ...sections.map(sectionMarkdown),
    '',
  ].join('\n\n');
}

function sectionMarkdown({ name, workload, transport, placement, samples }: Section): string {
  const clients = [...new Set(samples.map((sample) => sample.client))];
  const { metrics } = workload;
  const titles = metrics.map((metric) => metric.title);
  const absolute = clients.map((client) => [
    client,
    ...metrics.map((metric) => format(median(valuesOf(samples, client, metric)))),
  ]);
  const peers = clients.includes(ours)
    ? clients.filter((client) => client !== ours && client !== pgAgain)
    : [];
  const ratios = peers.map((peer) => [
    peer,
    ...metrics.map((metric) => summary(ratiosOf(samples, ours, peer, metric))),
  ]);
  return [
    `## ${name}, ${transport}`,
    `${workload.title}. ${placement}.`,
    table(['median', ...titles], absolute),
    ...(ratios.length > 0 ? [table([`${ours} against`, ...titles], ratios)] : []),
    ...(clients.includes(pgAgain) ? [noiseCheck(samples, metrics)] : []),
  ].join('\n\n');
}

/** Two runs of the same client should agree: where they differ by more than 0.15, so may any other pair. */
function noiseCheck(samples: Sample[], metrics: Metric[]): string {
  const checks = metrics.map((metric) => ({ metric, ratios: ratiosOf(samples, 'pg', pgAgain, metric) }));
  const noisy = checks.filter(({ ratios }) => Math.abs(median(ratios) - 1) > 0.15);
  const verdict =
    noisy.length === 0
      ? 'All medians are within 1.00 ± 0.15.'
      : `**Too noisy to be used: ${noisy.map(({ metric }) => metric.title).join(', ')}.** Repeat with more rounds.`;
  const list = checks.map(({ metric, ratios }) => `${metric.title} ${summary(ratios)}`).join('; ');
  return `Noise, pg against itself: ${list}. ${verdict}`;
}

function valuesOf(samples: Sample[], client: string, { key }: Metric): number[] {
  return samples.flatMap(({ client: name, values }) => {
    const value = name === client ? values[key] : undefined;
    return value === undefined ? [] : [value];
  });
}

function ratiosOf(samples: Sample[], first: string, second: string, metric: Metric): number[] {
  const rounds = new Set(samples.map((sample) => sample.round));
  return [...rounds].flatMap((round) => {
    const inRound = samples.filter((sample) => sample.round === round);
    const [a] = valuesOf(inRound, first, metric);
    const [b] = valuesOf(inRound, second, metric);
    if (a === undefined || b === undefined) return [];
    return [metric.better === 'higher' ? a / b : b / a];
  });
}

function summary(ratios: number[]): string {
  if (ratios.length === 0) return '–';
  const [middle, lowest, highest] = [median(ratios), Math.min(...ratios), Math.max(...ratios)].map((ratio) =>
    ratio.toFixed(2),
  );
  return `${middle} [${lowest}–${highest}] n=${ratios.length}`;
}

const number = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });
const format = (value: number): string => (Number.isNaN(value) ? '–' : number.format(value));

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line)].join(
    '\n',
  );
}
