import type { Scaling } from '../scaling-step.js';
import { curvesOf, growthOf, sizesOf, titles, type Curve, type ScalingPoint } from './curves.js';
import { formatRatio, formatValue, table } from './format.js';

/** How much more one may cost at the largest size than at the cheapest to be called linear. */
const LINEAR = 1.25;

/**
 * @param picture the path of a kind's picture, as seen from the report
 */
export function scalingMarkdown(
  points: readonly ScalingPoint[],
  picture: (of: Scaling['of']) => string,
): string {
  const curves = curvesOf(points);
  const kinds = [...new Set(curves.map(({ of }) => of))];
  return [
    '## How cost grows',
    'Medians over the rounds. The last column is the cost of one at the largest size over that at the size where it is ' +
      `cheapest: 1 where cost grows with the work and no faster, ✓ up to ${LINEAR}.`,
    ...kinds.map((kind) => {
      const ofKind = curves.filter(({ of }) => of === kind);
      const parts = [`### ${titles[kind]}`, scalingTable(ofKind), `![${titles[kind]}](${picture(kind)})`];
      return parts.join('\n\n');
    }),
  ].join('\n\n');
}

function scalingTable(curves: readonly Curve[]): string {
  const sizes = sizesOf(curves.flatMap(({ points }) => points));
  const rows = curves.map((curve) => {
    const values = sizes.map((size) => curve.points.find((point) => point.size === size)?.value);
    const growth = growthOf(curve);
    const verdict = growth === undefined ? '–' : `${formatRatio(growth)} ${growth <= LINEAR ? '✓' : '✗'}`;
    return [`${curve.name}: ${curve.title}`, ...values.map(formatValue), verdict];
  });
  const number = new Intl.NumberFormat('en');
  return table(['', ...sizes.map((size) => number.format(size)), 'growth'], rows);
}
