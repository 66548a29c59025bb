/** A program as somebody writes it in TypeScript, with what must be refused marked: then the types are not `any`. */
import 'kingbase-native/addon/linux-x64';
import {
  DatabaseError,
  KingbaseError,
  open,
  type ConnectionConfig,
  type Database,
  type Queryable,
  type QueryResult,
  type SqlStateCondition,
} from 'kingbase-native';

interface City {
  name: string;
  people: bigint;
}

// @ts-expect-error: an option that does not exist
export const misspelled: ConnectionConfig = { hots: '127.0.0.1' };

async function cities(db: Queryable): Promise<QueryResult<City>> {
  return db.query<City>('SELECT $1::text AS name, $2::int8 AS people', ['杭州', 12_000_000n]);
}

function isDuplicate(error: unknown): boolean {
  const duplicate: SqlStateCondition = 'unique_violation';
  // @ts-expect-error: a condition that does not exist
  const nonsense: SqlStateCondition = 'unique_violence';
  return error instanceof DatabaseError && error.condition === duplicate && error.condition !== nonsense;
}

async function main(config: ConnectionConfig): Promise<void> {
  const db: Database = open(config, { pool: { max: 2 } });
  try {
    const { rows } = await cities(db);
    const people: bigint | undefined = rows[0]?.people;
    // @ts-expect-error: rows have the type that was asked for
    const wrong: Date | undefined = rows[0]?.people;
    const sum = await db.transaction(async (tx) => {
      const row = await tx.queryRow<{ sum: number }>('SELECT 1 + 1 AS sum', [], { timeout: 10_000 });
      return row?.sum;
    });
    const failure: unknown = await db.exec('SELECT nothing').catch((error: unknown) => error);
    const explained = failure instanceof KingbaseError ? failure.explain('en').length > 0 : false;
    console.log(
      JSON.stringify({ people: String(people ?? wrong), sum, explained, duplicate: isDuplicate(failure) }),
    );
  } finally {
    await db.close();
  }
}

void main(JSON.parse(process.argv[2] ?? '{}') as ConnectionConfig);
