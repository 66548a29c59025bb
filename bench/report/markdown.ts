import { formatRatio, formatSpread, formatValue, mark, table } from './format.js';
import { judge, type Judgement, type Verdict } from './judgement.js';
import type { PoolOverhead } from './pool.js';
import { againOf, labelsOf, ratioOf, spreadOf, type Section } from './samples.js';
import type { Scaling } from '../scaling-step.js';
import type { ScalingPoint } from './curves.js';
import { scalingMarkdown } from './scaling.js';

export interface Report {
  title: string;
  /** What was measured, where and how: shown as a list. */
  facts: [name: string, value: string][];
  sections: Section[];
  pool: PoolOverhead | undefined;
  scaling: ScalingPoint[];
  /** The path of a section's picture, as seen from the report. */
  picture: (section: Section) => string;
  /** The same of a curve of cost. */
  scalingPicture: (of: Scaling['of']) => string;
}

export function markdown({ title, facts, sections, pool, scaling, picture, scalingPicture }: Report): string {
  return [
    `# ${title}`,
    facts.map(([name, value]) => `- ${name}: ${value}`).join('\n'),
    'A ratio says how many times better the first is than the second (rates: first/second; all others: second/first). ' +
      'It is taken round by round and given as median [lowest–highest]; absolute values are medians of all rounds. ' +
      '"JS CPU" is the processor time of the JavaScript thread, "CPU" that of the whole process, user and system. ' +
      'The best peer is chosen for each figure, so that no single peer need be that good in all of them.',
    ...sections.map((section) => sectionMarkdown(section, picture(section))),
    ...(pool === undefined ? [] : [poolMarkdown(pool)]),
    ...(scaling.length > 0 ? [scalingMarkdown(scaling, scalingPicture)] : []),
    '',
  ].join('\n\n');
}

function sectionMarkdown(section: Section, picture: string): string {
  const { name, workload, transport, placement, leftOut } = section;
  const { metrics } = workload;
  const absolute = labelsOf(section).map((label) => [
    label,
    ...metrics.map((metric) => formatValue(spreadOf(section, label, metric)?.median)),
  ]);
  return [
    `## ${name}, ${transport}`,
    `${workload.title}. ${placement}.`,
    ...(leftOut.length > 0
      ? [`Missing: ${leftOut.map(({ label, reason }) => `${label} (${reason})`).join('; ')}.`]
      : []),
    table(['median', ...metrics.map((metric) => metric.title)], absolute),
    `![${name}, ${transport}](${picture})`,
    ...judge(section).map((judgement) => judgementMarkdown(section, judgement)),
    ...(labelsOf(section).includes(againOf(workload.repeated)) ? [noiseCheck(section)] : []),
  ].join('\n\n');
}

function judgementMarkdown(section: Section, { comparison, peers, verdicts }: Judgement): string {
  const { ours } = comparison;
  const { metrics } = section.workload;
  const others = labelsOf(section).includes('C') ? [...peers, 'C'] : peers;
  const rows = others.map((other) => [
    other === 'C' ? 'C, the ceiling' : other,
    ...metrics.map((metric) => formatSpread(ratioOf(section, ours, other, metric))),
  ]);
  const summary = (title: string, cell: (verdict: Verdict) => string) => [title, ...verdicts.map(cell)];
  rows.push(
    summary('**best peer**', ({ best }) =>
      best ? `**${formatRatio(best.ratio.median)}** ${best.peer}` : '–',
    ),
  );
  if (verdicts.some(({ target }) => target)) rows.push(summary('target', targetText));
  return table([`${ours} against`, ...metrics.map((metric) => metric.title)], rows);
}

function targetText({ target, own, reached }: Verdict): string {
  if (target === undefined) return '';
  if ('ratio' in target) return `${formatRatio(target.ratio)} ${mark(reached)}`;
  return `${formatValue(own?.median)}, at most ${target.limit} ${mark(reached)}`;
}

/** Two runs of the same client should agree: where they differ by more than 0.15, so may any other pair. */
function noiseCheck(section: Section): string {
  const { metrics, repeated } = section.workload;
  const checks = metrics.map((metric) => ({
    metric,
    ratio: ratioOf(section, repeated, againOf(repeated), metric),
  }));
  const noisy = checks.filter(({ ratio }) => ratio && Math.abs(ratio.median - 1) > 0.15);
  const verdict =
    noisy.length === 0
      ? 'All medians are within 1.00 ± 0.15.'
      : `**Too noisy to be used: ${noisy.map(({ metric }) => metric.title).join(', ')}.** Repeat with more rounds.`;
  const list = checks.map(({ metric, ratio }) => `${metric.title} ${formatSpread(ratio)}`).join('; ');
  return `Noise, ${repeated} against itself: ${list}. ${verdict}`;
}

function poolMarkdown({ limit, measured, compared }: PoolOverhead): string {
  const rows = [
    ...measured.map(({ what, us, limited }) => [
      what,
      us.toFixed(3),
      limited ? `${limit} ${mark(us <= limit)}` : '',
    ]),
    ...compared.map(({ what, us }) => [what, us.toFixed(3), '']),
  ];
  return [
    '## Pool',
    'An acquire and a release of an idle session, on sessions that lead nowhere; median of 10 rounds in one process.',
    table(['pool', 'JS CPU µs', 'at most'], rows),
  ].join('\n\n');
}
