import type { Pool as PoolOfPg, PoolConfig } from 'pg';
import { Pool } from 'kingbase-native/pg';
import { libraryOf } from './like-pg.js';
import { openByDrizzle } from './over-drizzle.js';

// Drizzle is typed by pg's pool.
export const open = openByDrizzle(Pool as unknown as new (config: PoolConfig) => PoolOfPg, libraryOf);
