import { open as openDatabase } from 'kingbase-native';
import { lookupSql, type OpenClient, type Row } from '../client.js';

export const open: OpenClient = async ({ library, ...server }, { connections }) => {
  const db = openDatabase({
    ...server,
    ...(library !== undefined && { clientLibrary: library }),
    pool: { max: connections },
    // The peers give int8 as a string; ours would give a bigint.
    types: { int8: 'string' },
  });
  const connection = connections === 1 ? await db.connect() : undefined;
  const session = connection ?? db;
  return {
    lookup: async (id) => (await session.query<Row>(lookupSql, [id])).rows[0],
    fetchAll: async (sql) => (await session.query<Row>(sql)).rows,
    close: async () => {
      await connection?.[Symbol.asyncDispose]();
      await db.close();
    },
  };
};
