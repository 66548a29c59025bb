import { badOption, checkKeys } from './options.js';

/**
 * How far behind the primary a `bounded` read may be: ms, by when something was committed, or bytes of the primary's log that
 * the server does not show yet.
 */
export type MaxLag = number | { readonly bytes: number };

/** Throws a UsageError (`KB_BAD_OPTION`) for what is neither ms nor bytes. */
export function checkMaxLag(option: string, value: unknown): asserts value is MaxLag | undefined {
  if (value === undefined || (typeof value === 'number' && value >= 0 && value < Infinity)) return;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    checkKeys(option, value, ['bytes']);
    const { bytes } = value as { bytes?: unknown };
    if (Number.isSafeInteger(bytes) && Number(bytes) >= 0) return;
  }
  throw badOption(
    `The option "${option}" must be a finite number of milliseconds that is not negative, or { bytes } with a whole number that is not negative.`,
  );
}

/** With the letters that the server's settings have. */
const UNITS: Readonly<Record<string, (count: number) => MaxLag>> = {
  ms: (count) => count,
  s: (count) => count * 1_000,
  B: (bytes) => ({ bytes }),
  kB: (count) => ({ bytes: count * 2 ** 10 }),
  MB: (count) => ({ bytes: count * 2 ** 20 }),
  GB: (count) => ({ bytes: count * 2 ** 30 }),
};

/** Reads `500ms` or `16MB`; undefined for everything else. */
export function maxLagOf(text: string): MaxLag | undefined {
  const [, count = '', unit = ''] = /^(\d{1,9})([a-zA-Z]{1,2})$/.exec(text) ?? [];
  return Object.hasOwn(UNITS, unit) ? UNITS[unit]?.(Number(count)) : undefined;
}
