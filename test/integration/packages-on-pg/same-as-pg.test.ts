import path from 'node:path';
import { expect, inject, it } from 'vitest';
import { outputOf } from '../../support/run-program.js';

const { host, port, user, database } = inject('server');
const config = { host, port, user, database };
const byName = path.resolve(__dirname, '../../support/pg-by-name.mjs');

type Seen = Record<string, unknown>;

/** What pg does is seen once, for all libraries. */
const seenOfPg = new Map<string, Promise<Seen>>();
function theirsOf(program: string): Promise<Seen> {
  const seen = seenOfPg.get(program) ?? outputOf<Seen>(program, { config });
  seenOfPg.set(program, seen);
  return seen;
}

/** Libraries that have pg inside, where a program does not say which: each program sees the same on pg and on this module. */
it.each(
  inject('libraries').flatMap(({ name, path: library }) =>
    ['pg-promise', 'slonik'].map((program) => ({ program, name, library })),
  ),
)('$program does on $name what it does on pg', async ({ program, library }) => {
  const theirs = await theirsOf(program);
  const ours = await outputOf<Seen>(
    program,
    { config },
    { nodeOptions: ['--import', byName], environment: { KINGBASE_CLIENT_LIBRARY: library } },
  );
  expect(Object.keys(theirs).length).toBeGreaterThan(40);
  expect(ours).toEqual(theirs);
});
