import { createRequire } from 'node:module';
import type { Knex } from 'knex';
import pg from 'kingbase-native/pg';
import { configOf, libraryOf } from './like-pg.js';
import { openByKnex } from './over-knex.js';

const Postgres = createRequire(__filename)('knex/lib/dialects/postgres') as typeof Knex.Client;

/** As docs/orms.md has it. */
class Kingbase extends Postgres {
  _driver(): typeof pg {
    return pg;
  }
}

export const open = openByKnex((target) => ({
  client: Kingbase,
  connection: { ...configOf(target), ...libraryOf(target) } as object,
}));
