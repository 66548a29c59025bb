/** Pictures of what was measured. */
import { formatValue } from './format.js';
import { judge } from './judgement.js';
import { labelsOf, spreadOf, type Section } from './samples.js';
import { common, svg } from './svg.js';

const colours = { ours: '#60a5fa', peer: '#94a3b8', ceiling: '#d6b656' };
const rowHeight = 18;
/** For each figure of a workload a bar for each contender: the median, with a line from the lowest to the highest. */
export function sectionChart(section: Section): Promise<string> {
  const { metrics } = section.workload;
  const labels = labelsOf(section);
  const bars = metrics.flatMap(({ title, key, better }) =>
    labels.flatMap((label) => {
      const spread = spreadOf(section, label, { title, key, better });
      if (!spread) return [];
      const { median, lowest, highest } = spread;
      return [
        {
          metric: `${title} ${better === 'higher' ? '↑' : '↓'}`,
          label,
          median,
          lowest,
          highest,
          text: formatValue(median),
          colour: colourOf(label),
        },
      ];
    }),
  );
  return svg({
    ...common,
    title: {
      text: `${section.name}, ${section.transport} (↑ more is better, ↓ less is better)`,
      anchor: 'start',
      fontSize: 13,
    },
    data: [{ name: 'bars', values: bars }],
    layout: { columns: 3, padding: 24 },
    marks: [
      {
        type: 'group',
        from: { facet: { name: 'facet', data: 'bars', groupby: 'metric' } },
        title: { text: { signal: 'parent.metric' }, anchor: 'start', fontSize: 11, frame: 'group' },
        encode: { update: { width: { value: 190 }, height: { value: labels.length * rowHeight } } },
        signals: [{ name: 'height', value: labels.length * rowHeight }],
        scales: [
          {
            name: 'x',
            type: 'linear',
            range: [0, 190],
            domain: { data: 'facet', field: 'highest' },
            zero: true,
            nice: true,
          },
          { name: 'y', type: 'band', range: [0, labels.length * rowHeight], domain: labels, padding: 0.25 },
        ],
        axes: [
          { orient: 'bottom', scale: 'x', tickCount: 4, grid: true, gridOpacity: 0.4 },
          { orient: 'left', scale: 'y', labelLimit: 240 },
        ],
        marks: [
          {
            type: 'rect',
            from: { data: 'facet' },
            encode: {
              enter: {
                x: { scale: 'x', value: 0 },
                x2: { scale: 'x', field: 'median' },
                y: { scale: 'y', field: 'label' },
                height: { scale: 'y', band: 1 },
                fill: { field: 'colour' },
              },
            },
          },
          {
            type: 'rule',
            from: { data: 'facet' },
            encode: {
              enter: {
                x: { scale: 'x', field: 'lowest' },
                x2: { scale: 'x', field: 'highest' },
                y: { scale: 'y', field: 'label', band: 0.5 },
                stroke: { value: '#0f172a' },
              },
            },
          },
          {
            type: 'text',
            from: { data: 'facet' },
            encode: {
              enter: {
                x: { scale: 'x', value: 0, offset: 3 },
                y: { scale: 'y', field: 'label', band: 0.5 },
                baseline: { value: 'middle' },
                text: { field: 'text' },
                fill: { value: '#0f172a' },
              },
            },
          },
        ],
      },
    ],
  });
}

/** All comparisons that have a target: how many times better than the best peer, with the target as a line. */
export function overviewChart(sections: Section[]): Promise<string> {
  const points = sections.flatMap((section) =>
    judge(section).flatMap(({ comparison, verdicts }) =>
      verdicts.flatMap(({ metric, best, target, reached }) => {
        if (!best || target === undefined || !('ratio' in target)) return [];
        const { median, lowest, highest } = best.ratio;
        const several = section.workload.comparisons.length > 1;
        const what = several ? comparison.ours.replace('kingbase-native ', '') : '';
        const figure =
          metric.key === 'rate' ? 'throughput' : metric.title.replace(/ \S*\/\S+$| ms$| µs$| MB$/, '');
        return [
          {
            label: `${section.name} ${what} ${section.transport}: ${figure}`.replace(/ +/g, ' '),
            median,
            lowest,
            highest,
            target: target.ratio,
            colour: reached ? colours.ours : '#dc2626',
          },
        ];
      }),
    ),
  );
  const height = Math.max(1, points.length) * 16;
  return svg({
    ...common,
    width: 420,
    height,
    title: {
      text: 'Times better than the best peer; black line: what was aimed at; red: missed',
      anchor: 'start',
      fontSize: 13,
    },
    data: [{ name: 'points', values: points }],
    scales: [
      {
        name: 'x',
        type: 'log',
        base: 2,
        range: 'width',
        domain: { data: 'points', fields: ['lowest', 'highest', 'target'] },
        nice: true,
      },
      {
        name: 'y',
        type: 'band',
        range: 'height',
        domain: points.map(({ label }) => label),
        padding: 0.3,
      },
    ],
    axes: [
      { orient: 'bottom', scale: 'x', grid: true, gridOpacity: 0.4, format: '~g' },
      { orient: 'left', scale: 'y', labelLimit: 320 },
    ],
    marks: [
      {
        type: 'rule',
        from: { data: 'points' },
        encode: {
          enter: {
            x: { scale: 'x', field: 'lowest' },
            x2: { scale: 'x', field: 'highest' },
            y: { scale: 'y', field: 'label', band: 0.5 },
            stroke: { field: 'colour' },
            strokeWidth: { value: 2 },
          },
        },
      },
      {
        type: 'symbol',
        from: { data: 'points' },
        encode: {
          enter: {
            x: { scale: 'x', field: 'median' },
            y: { scale: 'y', field: 'label', band: 0.5 },
            size: { value: 45 },
            fill: { field: 'colour' },
          },
        },
      },
      {
        type: 'rule',
        from: { data: 'points' },
        encode: {
          enter: {
            x: { scale: 'x', field: 'target' },
            y: { scale: 'y', field: 'label' },
            y2: { scale: 'y', field: 'label', band: 1 },
            stroke: { value: '#0f172a' },
            strokeWidth: { value: 2 },
          },
        },
      },
    ],
  });
}

function colourOf(label: string): string {
  if (label.startsWith('kingbase-native')) return colours.ours;
  return label === 'C' ? colours.ceiling : colours.peer;
}
