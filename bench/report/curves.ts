import type { Scaling } from '../scaling-step.js';
import { medianOfKnown } from '../statistics.js';
import type { Measurement } from '../workloads/workload.js';

export interface ScalingPoint {
  of: Scaling['of'];
  client: string;
  transport: string;
  size: number;
  round: number;
  values: Measurement;
}

export const titles: Record<Scaling['of'], string> = {
  fetch: 'Fetch, µs per row, by number of rows',
  insert: 'Insert (batchInsert auto; peers: unnest), µs per row, by number of rows',
  connections: 'Look-up, µs per operation, by number of connections, each with one in flight',
  columns: 'Fetch of int4, µs per field, by number of columns',
  values: 'Fetch of texts, ns per byte, by bytes of each',
};

/** What the values are multiplied by to be in the unit of the title. */
const factors: Partial<Record<Scaling['of'], number>> = { values: 1000 };

const figures = [
  ['wall', 'wall'],
  ['JS CPU', 'jsCpu'],
  ['CPU', 'cpu'],
] as const;
export type ScalingFigure = (typeof figures)[number][1];

export interface Curve {
  of: Scaling['of'];
  /** The client, with its transport. */
  name: string;
  figure: ScalingFigure;
  title: string;
  /** By size in rising order; medians over the rounds. */
  points: { size: number; value: number }[];
}

/** The curves that were measured, by kind and client. */
export function curvesOf(points: readonly ScalingPoint[]): Curve[] {
  const kinds = [...new Set(points.map(({ of }) => of))];
  return kinds.flatMap((of) => {
    const ofKind = points.filter((point) => point.of === of);
    const sizes = sizesOf(ofKind);
    const names = [...new Set(ofKind.map(nameOf))];
    return names.flatMap((name) =>
      figures.map(([title, figure]) => ({
        of,
        name,
        figure,
        title,
        points: sizes.flatMap((size) => {
          const ofSize = ofKind.filter((point) => point.size === size && nameOf(point) === name);
          const value = medianOfKnown(ofSize.map(({ values }) => values[figure]));
          return value === undefined ? [] : [{ size, value: value * (factors[of] ?? 1) }];
        }),
      })),
    );
  });
}

const nameOf = ({ client, transport }: ScalingPoint): string => `${client}, ${transport}`;
export const sizesOf = (points: readonly { size: number }[]): number[] =>
  [...new Set(points.map(({ size }) => size))].sort((a, b) => a - b);

/**
 * How many times more one costs at the largest size than at the size where it costs least; undefined with less than two
 * sizes.
 */
export function growthOf({ points }: Curve): number | undefined {
  const last = points.at(-1);
  if (last === undefined || points.length < 2) return undefined;
  return last.value / Math.min(...points.map(({ value }) => value));
}
