import { Client, copy, Cursor, Pool, QueryStream } from 'kingbase-native/pg';
import type { OpenClient } from '../client.js';
import { openLikePg, type PgModule } from './like-pg.js';

// Its cursors and streams have types of their own.
const openAdapter = openLikePg({
  Client,
  Pool,
  cursor: () => Promise.resolve(Cursor),
  queryStream: () => Promise.resolve(QueryStream),
  copy: () => Promise.resolve(copy),
} as unknown as PgModule);

export const open: OpenClient = ({ library, ...target }, options) => {
  const kingbase = library === undefined ? {} : { clientLibrary: library };
  return openAdapter(Object.assign(target, { kingbase }), options);
};
