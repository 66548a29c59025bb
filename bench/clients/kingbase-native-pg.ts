import { Client, copy, Cursor, Pool, QueryStream } from 'kingbase-native/pg';
import { libraryOf, openLikePg, type PgModule } from './like-pg.js';

// Its cursors and streams have types of their own.
const adapter = {
  Client,
  Pool,
  cursor: () => Promise.resolve(Cursor),
  queryStream: () => Promise.resolve(QueryStream),
  copy: () => Promise.resolve(copy),
} as unknown as PgModule;

export const open = openLikePg(adapter, libraryOf);
