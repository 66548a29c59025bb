import { formatRatio, formatValue, mark, table } from './format.js';
import { judge, type Verdict } from './judgement.js';
import type { PoolOverhead } from './pool.js';
import type { Section } from './samples.js';

const columns = [
  ['throughput', 'rate'],
  ['JS CPU', 'jsCpu'],
  ['CPU', 'cpu'],
] as const;

/** The short form for a README: how many times better than the best peer in each figure, with what was aimed at. */
export function summary(sections: Section[], pool: PoolOverhead | undefined, facts: string): string {
  const rows = sections.flatMap((section) =>
    judge(section)
      .filter(({ comparison }) => Object.keys(comparison.ratios).length > 0)
      .map(({ comparison, verdicts }) => {
        const shown = columns.map(([, key]) => cell(verdicts.find(({ metric }) => metric.key === key)));
        const others = verdicts
          .filter(({ metric, target }) => target && !columns.some(([, key]) => key === metric.key))
          .map((verdict) => `${verdict.metric.title} ${cell(verdict)}`);
        const what =
          section.workload.comparisons.length > 1 ? `${section.name} ${comparison.ours}` : section.name;
        return [what, section.transport, ...shown, others.join('; ')];
      }),
  );
  return [
    `How many times better than the best peer in each figure, median over the rounds; in brackets what was aimed at. ${facts}`,
    table(['workload', 'transport', ...columns.map(([title]) => title), 'further'], rows),
    ...(pool === undefined ? [] : [poolLine(pool)]),
    '',
  ].join('\n\n');
}

function cell(verdict: Verdict | undefined): string {
  if (!verdict) return '';
  const { best, own, target, reached } = verdict;
  if (target !== undefined && 'limit' in target) {
    return `${formatValue(own?.median)} (at most ${target.limit}) ${mark(reached)}`;
  }
  const ratio = best ? `${formatRatio(best.ratio.median)}×` : '–';
  return target === undefined ? ratio : `${ratio} (${Number(target.ratio.toFixed(2))}) ${mark(reached)}`;
}

function poolLine({ limit, measured }: PoolOverhead): string {
  const limited = measured.filter((one) => one.limited);
  const list = limited.map(({ what, us }) => `${what} ${us.toFixed(3)} µs ${mark(us <= limit)}`).join(', ');
  return `Pool, acquire and release: ${list}; at most ${limit} µs.`;
}
