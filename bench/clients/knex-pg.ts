import { openByKnex } from './over-knex.js';
import { configOf } from './like-pg.js';

export const open = openByKnex((target) => ({ client: 'pg', connection: configOf(target) as object }));
