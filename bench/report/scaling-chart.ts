import type { Scaling } from '../scaling-step.js';
import { common, svg } from './svg.js';
import { curvesOf, titles, type ScalingPoint } from './curves.js';

const size = { width: 240, height: 200 };

/** For each figure a line for each client, both axes logarithmic: level where cost grows with the work and no faster. */
export function scalingChart(points: readonly ScalingPoint[], of: Scaling['of']): Promise<string> {
  const values = curvesOf(points)
    .filter((curve) => curve.of === of)
    .flatMap((curve) =>
      curve.points
        .filter(({ value }) => value > 0)
        .map((point) => ({ ...point, name: curve.name, title: curve.title })),
    );
  const logarithmic = (name: string, field: string, range: unknown) => ({
    name,
    type: 'log',
    range,
    domain: { data: 'points', field },
  });
  const position = { x: { scale: 'x', field: 'size' }, y: { scale: 'y', field: 'value' } };
  const colour = { scale: 'colour', field: 'name' };
  return svg({
    ...common,
    title: { text: titles[of], anchor: 'start', fontSize: 13 },
    data: [{ name: 'points', values }],
    scales: [
      {
        name: 'colour',
        type: 'ordinal',
        domain: { data: 'points', field: 'name' },
        range: ['#2563eb', '#64748b', '#d97706', '#059669', '#db2777', '#7c3aed'],
      },
    ],
    layout: { columns: 3, padding: 40 },
    legends: [{ stroke: 'colour', orient: 'bottom', direction: 'horizontal', columns: 4, labelLimit: 240 }],
    marks: [
      {
        type: 'group',
        from: { facet: { name: 'facet', data: 'points', groupby: 'title' } },
        title: { text: { signal: 'parent.title' }, anchor: 'start', fontSize: 11, frame: 'group' },
        encode: { update: { width: { value: size.width }, height: { value: size.height } } },
        scales: [
          logarithmic('x', 'size', [0, size.width]),
          {
            ...logarithmic('y', 'value', [size.height, 0]),
            domain: { data: 'facet', field: 'value' },
            nice: true,
          },
        ],
        axes: [
          { orient: 'bottom', scale: 'x', format: '~s', tickCount: 5, grid: true, gridOpacity: 0.4 },
          { orient: 'left', scale: 'y', format: '~g', tickCount: 4, grid: true, gridOpacity: 0.4 },
        ],
        marks: [
          {
            type: 'group',
            from: { facet: { name: 'line', data: 'facet', groupby: 'name' } },
            marks: [
              {
                type: 'line',
                from: { data: 'line' },
                encode: { enter: { ...position, stroke: colour, strokeWidth: { value: 2 } } },
              },
              {
                type: 'symbol',
                from: { data: 'line' },
                encode: { enter: { ...position, fill: colour, size: { value: 24 } } },
              },
            ],
          },
        ],
      },
    ],
  });
}
