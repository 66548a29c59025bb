import { markdownTable } from 'markdown-table';
import type { Spread } from './samples.js';

const number = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });

export const formatValue = (value: number | undefined): string =>
  value === undefined || Number.isNaN(value) ? '–' : number.format(value);

/** Two decimals, and none where they would say nothing. */
export const formatRatio = (ratio: number): string => ratio.toFixed(ratio >= 100 ? 0 : 2);

export function formatSpread(ratio: Spread | undefined): string {
  if (ratio === undefined) return '–';
  const { median, lowest, highest, count } = ratio;
  return `${formatRatio(median)} [${formatRatio(lowest)}–${formatRatio(highest)}] n=${count}`;
}

export const mark = (reached: boolean | undefined): string =>
  reached === undefined ? '' : reached ? '✓' : '✗';

/** Numbers to the right of their column, names to the left of theirs. */
export function table(head: string[], rows: string[][]): string {
  return markdownTable([head, ...rows], { align: head.map((_, index) => (index === 0 ? 'l' : 'r')) });
}
