import { Pool } from 'pg';
import { openByDrizzle } from './over-drizzle.js';

export const open = openByDrizzle(Pool);
