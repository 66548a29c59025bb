import type { Comparison, Metric } from '../workloads/workload.js';
import { labelsOf, ratioOf, spreadOf, type Section, type Spread } from './samples.js';

/** What came out of a comparison for one figure. */
export interface Verdict {
  metric: Metric;
  /** The peer that comes nearest to ours, and how many times better ours is. */
  best: { peer: string; ratio: Spread } | undefined;
  /** Ours in absolute numbers. */
  own: Spread | undefined;
  /** How many times better ours is to be, or what it is to be at most. */
  target: { ratio: number } | { limit: number } | undefined;
  reached: boolean | undefined;
}

export interface Judgement {
  comparison: Comparison;
  /** Of each peer, the contender that counts. */
  peers: string[];
  verdicts: Verdict[];
}

/** What the comparisons of a workload came to; those whose contenders did not take part are left out. */
export function judge(section: Section): Judgement[] {
  const present = labelsOf(section);
  return section.workload.comparisons.flatMap((comparison) => {
    const peers = comparison.peers.flatMap((labels) => {
      const fastest = fastestOf(
        section,
        labels.filter((label) => present.includes(label)),
      );
      return fastest === undefined ? [] : [fastest];
    });
    if (!present.includes(comparison.ours) || peers.length === 0) return [];
    const verdicts = section.workload.metrics.map((metric) => verdictOf(section, comparison, peers, metric));
    return [{ comparison, peers, verdicts }];
  });
}

function fastestOf(section: Section, labels: string[]): string | undefined {
  const rate = section.workload.metrics.find(({ key }) => key === 'rate');
  if (!rate) return labels[0];
  const rateOf = (label: string) => spreadOf(section, label, rate)?.median ?? 0;
  return [...labels].sort((a, b) => rateOf(b) - rateOf(a))[0];
}

function verdictOf(section: Section, comparison: Comparison, peers: string[], metric: Metric): Verdict {
  const { ours, ratios, limits } = comparison;
  const [best] = peers
    .flatMap((peer) => {
      const ratio = ratioOf(section, ours, peer, metric);
      return ratio === undefined ? [] : [{ peer, ratio }];
    })
    .sort((a, b) => a.ratio.median - b.ratio.median);
  const own = spreadOf(section, ours, metric);
  const [ratio, limit] = [ratios[metric.key], limits?.[metric.key]];
  if (limit !== undefined) {
    return { metric, best, own, target: { limit }, reached: own && own.median <= limit };
  }
  if (ratio !== undefined) {
    return { metric, best, own, target: { ratio }, reached: best && best.ratio.median >= ratio };
  }
  return { metric, best, own, target: undefined, reached: undefined };
}
