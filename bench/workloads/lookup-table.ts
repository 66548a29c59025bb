import { deepStrictEqual } from 'node:assert';
import type { Client } from '../client.js';

const rowCount = 10_000;

export const lookupSetup = [
  'drop table if exists bench_lookup',
  `create unlogged table bench_lookup as
     select i::int4 as id, 'account ' || i as name, (i * 1.37)::numeric(12,2) as balance,
            timestamptz '2020-01-01 00:00:00Z' + i * interval '1.123 s' as created_at
       from generate_series(1, ${rowCount}) as i`,
  'alter table bench_lookup add primary key (id)',
  'vacuum analyze bench_lookup',
];

/** The id of the n-th lookup: all rows in turn, no two neighbours one after the other. */
export const lookupId = (n: number): number => ((n * 7919) % rowCount) + 1;

export async function verifyLookup(client: Client, pg: Client): Promise<void> {
  for (let n = 0; n < 100; n++) {
    const id = lookupId(n);
    deepStrictEqual({ ...(await client.lookup(id)) }, { ...(await pg.lookup(id)) });
  }
}
