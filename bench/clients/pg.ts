import { Client, Pool } from 'pg';
import { openLikePg } from './like-pg.js';

export const open = openLikePg({
  Client,
  Pool,
  cursor: async () => (await import('pg-cursor')).default,
  queryStream: async () => (await import('pg-query-stream')).default,
  copy: () => import('pg-copy-streams'),
});
