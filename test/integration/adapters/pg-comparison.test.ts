import pg, { type PoolConfig } from 'pg';
import * as copy from 'pg-copy-streams';
import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';
import { describe, expect, inject, it } from 'vitest';
import adapter from 'kingbase-native/pg';
import { DIFFERENCES } from './known-differences.js';
import { clients } from './programs/clients.js';
import { errors } from './programs/errors.js';
import { pools } from './programs/pools.js';
import type { Module, Program, Programs, Setting } from './programs/program.js';
import { results } from './programs/results.js';
import { values } from './programs/values.js';

const REAL = { pg, Cursor, QueryStream, copy } as unknown as Module;
// Its types are its own: a program is typed by those of pg.
const OURS = {
  pg: adapter,
  Cursor: adapter.Cursor,
  QueryStream: adapter.QueryStream,
  copy: adapter.copy,
} as unknown as Module;

/** Runs a program, and ends what it has made. */
async function observe(
  program: Program,
  module: Module,
  config: PoolConfig,
): Promise<Record<string, unknown>> {
  const made: { end: () => Promise<void> }[] = [];
  const setting: Setting = {
    ...module,
    config,
    client: async (changed) => {
      const client = new module.pg.Client({ ...config, ...changed });
      await client.connect();
      made.push(client);
      return client;
    },
    pool: (changed) => {
      const pool = new module.pg.Pool({ ...config, ...changed });
      made.push(pool);
      return pool;
    },
  };
  try {
    return await program(setting);
  } finally {
    for (const each of made) await each.end().catch(() => undefined);
  }
}

/** Single things that a program has seen. */
function count(seen: unknown): number {
  if (typeof seen !== 'object' || seen === null || seen instanceof Date || Buffer.isBuffer(seen)) return 1;
  return Object.values(seen).reduce<number>((sum, each) => sum + count(each), 0);
}

const areas: Record<string, Programs> = { values, results, errors, clients, pools };
const { host, port, user, database } = inject('server');
const server = { host, port, user, database };
let observations = 0;

for (const { name: library, path } of inject('libraries')) {
  describe(`the pg module on ${library} does what pg does:`, () => {
    for (const [area, programs] of Object.entries(areas)) {
      for (const [name, program] of Object.entries(programs)) {
        it(`${area}: ${name}`, async () => {
          const theirs = await observe(program, REAL, server);
          const ours = await observe(program, OURS, {
            ...server,
            kingbase: { clientLibrary: path },
          } as PoolConfig);
          const known = DIFFERENCES[name] ?? {};
          for (const [what, { ours: expected }] of Object.entries(known)) {
            expect(ours[what], `the known difference "${what}" is still there`).toEqual(expected);
            expect(theirs[what], `the known difference "${what}" is one`).not.toEqual(expected);
          }
          const compared = (seen: Record<string, unknown>): Record<string, unknown> =>
            Object.fromEntries(Object.entries(seen).filter(([what]) => !Object.hasOwn(known, what)));
          expect(compared(ours)).toEqual(compared(theirs));
          observations += count(compared(theirs));
        });
      }
    }
  });
}

it('has made as many observations as were asked for', () => {
  expect(observations).toBeGreaterThan(300 * inject('libraries').length);
  console.log(`${observations} observations`);
});
