import path from 'node:path';

export const root = path.resolve(__dirname, '../../..');

/** Rows of an int4, a text, a bool, a float8 and an int2. */
export function rows(count: number): unknown[][] {
  return Array.from({ length: count }, (_, i) => [
    i * 1_000_003 - 7,
    i % 3 === 0 ? `第 ${i} 行，比较长的一段文字` : `text ${i}`,
    i % 2 === 0,
    i / 7,
    i % 5 === 0 ? null : i,
  ]);
}
