import type { Pool as PoolOfPg, PoolConfig } from 'pg';
import { Pool } from 'kingbase-native/pg';
import { libraryOf } from './like-pg.js';
import { openByDrizzle } from './over-drizzle.js';

// Drizzle is typed by pg's pool, which is known only where the peers are installed.
const likePg: unknown = Pool;

export const open = openByDrizzle(likePg as new (config: PoolConfig) => PoolOfPg, libraryOf);
