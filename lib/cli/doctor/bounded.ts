import type { Step } from './step.js';

/** Characters of one text. What a report says itself is much shorter. */
const LONGEST = 1_000;

/** Entries of one list. */
const MOST = 100;

/** A step as a report has it: what a server, a library or a certificate says can be as long as it likes. */
export function bounded(step: Step): Step {
  return cut(step) as Step;
}

function cut(value: unknown): unknown {
  if (typeof value === 'string')
    return value.length > LONGEST ? `${value.slice(0, LONGEST).replace(/[\ud800-\udbff]$/, '')}…` : value;
  if (Array.isArray(value)) return [...value.slice(0, MOST).map(cut), ...(value.length > MOST ? ['…'] : [])];
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, cut(each)]));
}
