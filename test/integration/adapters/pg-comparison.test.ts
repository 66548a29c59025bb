import pg, { type PoolConfig } from 'pg';
import * as copy from 'pg-copy-streams';
import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';
import { describe, expect, inject, it } from 'vitest';
import adapter from 'kingbase-native/pg';
import { DIFFERENCES } from './known-differences.js';
import { clients } from './programs/clients.js';
import { connections } from './programs/connections.js';
import { configurations } from './programs/configurations.js';
import { copies } from './programs/copying.js';
import { errors } from './programs/errors.js';
import { forms } from './programs/forms.js';
import { losses } from './programs/losses.js';
import { misuse } from './programs/misuse.js';
import { parsers } from './programs/parsers.js';
import { poolLife } from './programs/pool-life.js';
import { poolQueries } from './programs/pool-queries.js';
import { pools } from './programs/pools.js';
import type { Module, Program, Programs, Setting } from './programs/program.js';
import { cursors } from './programs/reading.js';
import { results } from './programs/results.js';
import { roundTrips } from './programs/round-trips.js';
import { sequences } from './programs/sequences.js';
import { statements } from './programs/statements.js';
import { streams } from './programs/streaming.js';
import { values } from './programs/values.js';

const REAL = { pg, Cursor, QueryStream, copy } as unknown as Module;
// Its types are its own: a program is typed by those of pg.
const OURS = {
  pg: adapter,
  Cursor: adapter.Cursor,
  QueryStream: adapter.QueryStream,
  copy: adapter.copy,
} as unknown as Module;

/** The other packages as they are, on a client of ours. */
const MIXED = { pg: adapter, Cursor, QueryStream, copy } as unknown as Module;

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

const areas: Record<string, Programs> = {
  values,
  parsers,
  misuse,
  'round trips': roundTrips,
  results,
  statements,
  errors,
  losses,
  clients,
  forms,
  sequences,
  configurations,
  connections,
  cursors,
  streams,
  copies,
  pools,
  'life of pools': poolLife,
  'queries of pools': poolQueries,
};
const { host, port, user, database } = inject('server');
const server = { host, port, user, database };
let observations = 0;

/** What pg does is seen once, for all libraries. */
const seenOfPg = new Map<Program, Promise<Record<string, unknown>>>();
function theirsOf(program: Program): Promise<Record<string, unknown>> {
  const seen = seenOfPg.get(program) ?? observe(program, REAL, server);
  seenOfPg.set(program, seen);
  return seen;
}

/** Runs a program on both, and compares what is seen. */
async function compare(name: string, program: Program, module: Module, path: string): Promise<number> {
  const theirs = await theirsOf(program);
  const ours = await observe(program, module, { ...server, kingbase: { clientLibrary: path } } as PoolConfig);
  const known = DIFFERENCES[name] ?? {};
  for (const [what, { ours: expected }] of Object.entries(known)) {
    expect(ours[what], `the known difference "${what}" is still there`).toEqual(expected);
    expect(theirs[what], `the known difference "${what}" is one`).not.toEqual(expected);
  }
  const compared = (seen: Record<string, unknown>): Record<string, unknown> =>
    Object.fromEntries(Object.entries(seen).filter(([what]) => !Object.hasOwn(known, what)));
  expect(compared(ours)).toEqual(compared(theirs));
  return Object.keys(compared(theirs)).length;
}

for (const { name: library, path } of inject('libraries')) {
  describe(`the pg module on ${library} does what pg does:`, () => {
    for (const [area, programs] of Object.entries(areas)) {
      for (const [name, program] of Object.entries(programs)) {
        it(`${area}: ${name}`, async () => {
          observations += await compare(name, program, OURS, path);
        });
      }
    }
  });
}

const [first] = inject('libraries');
if (first !== undefined) {
  describe('a client of ours runs what other packages make:', () => {
    for (const [area, programs] of Object.entries({ cursors, streams, copies })) {
      for (const [name, program] of Object.entries(programs)) {
        it(`${area}: ${name}`, async () => {
          await compare(name, program, MIXED, first.path);
        });
      }
    }
  });
}

it('has made as many observations as were asked for', () => {
  expect(observations).toBeGreaterThan(300 * inject('libraries').length);
  console.log(`${observations} observations`);
});
