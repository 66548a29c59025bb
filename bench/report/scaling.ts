import type { Scaling } from '../scaling-step.js';
import { medianOfKnown } from '../statistics.js';
import type { Measurement } from '../workloads/workload.js';
import { formatRatio, formatValue, table } from './format.js';

export interface ScalingPoint {
  of: Scaling['of'];
  client: string;
  transport: string;
  size: number;
  round: number;
  values: Measurement;
}

const titles: Record<Scaling['of'], string> = {
  fetch: 'Fetch, µs per row, by number of rows',
  insert: 'Insert (batchInsert auto; peers: unnest), µs per row, by number of rows',
  connections: 'Look-up, µs per operation, by number of connections, each with one in flight',
};

const figures = [
  ['wall', 'wall'],
  ['JS CPU', 'jsCpu'],
  ['CPU', 'cpu'],
] as const;

/** Where the cost of one does not grow with the number of them, the last column stays near 1 or below. */
export function scalingMarkdown(points: ScalingPoint[]): string {
  const kinds = [...new Set(points.map(({ of }) => of))];
  return [
    '## How cost grows',
    'Medians over the rounds. The last column is the cost at the largest size over that at the second largest: 1 where ' +
      'cost grows with the work and no faster.',
    ...kinds.map((kind) => {
      const ofKind = points.filter(({ of }) => of === kind);
      const sizes = [...new Set(ofKind.map(({ size }) => size))].sort((a, b) => a - b);
      return [`### ${titles[kind]}`, scalingTable(ofKind, sizes)].join('\n\n');
    }),
  ].join('\n\n');
}

function scalingTable(points: ScalingPoint[], sizes: number[]): string {
  const series = [...new Set(points.map(({ client, transport }) => `${client}, ${transport}`))];
  const rows = series.flatMap((name) =>
    figures.map(([title, key]) => {
      const values = sizes.map((size) =>
        medianOfKnown(
          points
            .filter((point) => point.size === size && `${point.client}, ${point.transport}` === name)
            .map((point) => point.values[key]),
        ),
      );
      const [last, before] = [values.at(-1), values.at(-2)];
      const growth = last === undefined || before === undefined ? '–' : formatRatio(last / before);
      return [`${name}: ${title}`, ...values.map(formatValue), growth];
    }),
  );
  const number = new Intl.NumberFormat('en');
  return table(['', ...sizes.map((size) => number.format(size)), 'growth'], rows);
}
