const LONGEST_NAME = 128;
const MOST_NAMES = 500;

/**
 * The name of the list that was most likely meant, or undefined. Letter case, spaces, `_` and `-` do not count, so that
 * `SSLMODE` leads to `sslmode`; at most two slips, and fewer in short names; a name cut short
 * is as good as two slips, and so is one with something added (`timeoutMs`). The work is bounded whatever is given: names
 * can come from a request that somebody sends.
 */
export function nearest(name: string, names: Iterable<string>): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replace(/[\s_-]/g, '');
  if (name.length > LONGEST_NAME) return undefined;
  const wanted = plain(name);
  let best: string | undefined;
  let bestDistance = Math.min(3, Math.ceil(wanted.length / 2));
  let looked = 0;
  for (const candidate of names) {
    if (++looked > MOST_NAMES) break;
    if (candidate.length > LONGEST_NAME) continue;
    const full = plain(candidate);
    const cutShort = wanted.length >= 4 && full.startsWith(wanted);
    const extended = full.length >= 4 && wanted.startsWith(full);
    // Names that differ more in length than slips may be are not compared letter by letter.
    const slips =
      Math.abs(wanted.length - full.length) < bestDistance ? editDistance(wanted, full) : Infinity;
    const distance = Math.min(slips, cutShort || extended ? 2 : Infinity);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Insertions, deletions, replacements and exchanges of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let distance = Math.min(replaced, at(last, j) + 1, at(row, j - 1) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        distance = Math.min(distance, at(beforeLast, j - 2) + 1);
      }
      row.push(distance);
    }
    [beforeLast, last] = [last, row];
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
