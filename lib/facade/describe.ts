import { inspect, type InspectOptions } from 'node:util';
import { withoutSecrets } from '../sql/without-secrets.js';

/** What `console.log` and a structured log show of an object of this package: a line, and neither secrets nor internals. */
export function describe(name: string, facts: object, depth: number, options: InspectOptions): string {
  return depth < 0 ? `[${name}]` : `${name} ${inspect(facts, { ...options, depth: 1 })}`;
}

/** Enough of a statement to know it by. */
const LONGEST_SQL = 200;

export function shortened(sql: string): string {
  const shown = withoutSecrets(sql);
  return shown.length > LONGEST_SQL ? `${shown.slice(0, LONGEST_SQL)}…` : shown;
}
