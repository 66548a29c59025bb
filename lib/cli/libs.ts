import { parseConfig } from '../config/index.js';
import { connectionOf, flagOf, overridesOf, parse } from './arguments.js';
import type { Console } from './console.js';
import { ExitCode } from './exit-codes.js';
import { candidateLine, candidates, mayServe, remedyOf, verdictWord } from './libraries.js';
import { jsonOf } from './table.js';
import { padEnd, printable } from './terminal.js';

const OPTIONS = { json: { type: 'boolean' }, library: { type: 'string' } } as const;

/** Lists where the client library is looked for, in order, and what is there. Loads nothing. */
export function libs(args: readonly string[], { stdout, environment, language }: Console): ExitCode {
  const parsed = parse(args, OPTIONS);
  const { clientLibrary } = parseConfig(
    connectionOf(parsed) ?? {},
    overridesOf(parsed, undefined),
    environment,
  );
  const all = candidates(clientLibrary, environment);
  const usable = all.some(mayServe);
  if (flagOf(parsed, 'json')) {
    stdout.write(`${jsonOf({ schema: 1, usable, candidates: all }, 2)}\n`);
  } else {
    for (const candidate of all) {
      const verdict = padEnd(verdictWord(candidate)[language], 10);
      stdout.write(`${verdict}${printable(candidateLine(candidate)[language])}\n`);
      const remedy = candidate.exists ? remedyOf(candidate) : undefined;
      if (remedy !== undefined) stdout.write(`${' '.repeat(10)}→ ${printable(remedy[language])}\n`);
    }
  }
  return usable ? ExitCode.ok : ExitCode.local;
}
