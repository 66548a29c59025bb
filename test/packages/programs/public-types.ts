/** What the declarations promise, for the compiler alone: nothing here is run. */
import { expectTypeOf } from 'expect-type';
import {
  ConnectionError,
  DatabaseError,
  isDatabaseError,
  KingbaseError,
  quoteIdentifier,
  UsageError,
} from 'kingbase-native';
import type {
  BatchInsertResult,
  Column,
  Connection,
  ConnectionErrorCode,
  ConnectStage,
  Database,
  KingbaseErrorCode,
  LossOutcome,
  Queryable,
  QueryOptions,
  QueryParameters,
  QueryResult,
  RowArray,
  RowObject,
  Rows,
  Statement,
  Transaction,
  UsageErrorCode,
} from 'kingbase-native';

interface City {
  name: string;
  people: bigint;
}
type CityArray = [name: string, people: bigint];

export async function rowModes(on: Queryable, options: QueryOptions): Promise<void> {
  expectTypeOf(await on.query('…')).toEqualTypeOf<QueryResult<RowObject>>();
  expectTypeOf(await on.query('…', [], { rowMode: 'object' })).toEqualTypeOf<QueryResult<RowObject>>();
  expectTypeOf(await on.query('…', [], { timeout: 1 })).toEqualTypeOf<QueryResult<RowObject>>();
  expectTypeOf(await on.query('…', [], { rowMode: 'array' })).toEqualTypeOf<QueryResult<RowArray>>();
  expectTypeOf(await on.query('…', undefined, { rowMode: 'array', timeout: 1 })).toEqualTypeOf<
    QueryResult<RowArray>
  >();
  // What is not known here may be either.
  expectTypeOf(await on.query('…', [], options)).toEqualTypeOf<QueryResult<RowObject | RowArray>>();
  expectTypeOf(await on.query<City>('…')).toEqualTypeOf<QueryResult<City>>();
  expectTypeOf(await on.query<CityArray>('…', [], { rowMode: 'array' })).toEqualTypeOf<
    QueryResult<CityArray>
  >();
  expectTypeOf(await on.queryRow('…')).toEqualTypeOf<RowObject | undefined>();
  expectTypeOf(await on.queryRow('…', [], { rowMode: 'array' })).toEqualTypeOf<RowArray | undefined>();
  expectTypeOf(await on.queryRow<City>('…')).toEqualTypeOf<City | undefined>();
  expectTypeOf(on.rows('…')).toEqualTypeOf<Rows>();
  expectTypeOf(on.rows('…', [], { rowMode: 'array' })).toEqualTypeOf<Rows<RowArray>>();
  expectTypeOf(on.rows<City>('…')).toEqualTypeOf<Rows<City>>();
  expectTypeOf((await on.query('…')).fields).toEqualTypeOf<readonly Column[]>();
  for await (const row of on.rows('…', [], { rowMode: 'array' })) expectTypeOf(row).toEqualTypeOf<RowArray>();
  // @ts-expect-error: no such mode
  await on.query('…', [], { rowMode: 'arrays' });
  // @ts-expect-error: no such option
  await on.query('…', [], { timout: 1 });
  // @ts-expect-error: a callback is not taken
  await on.query('…', [], () => undefined);
}

export async function statements(on: Queryable): Promise<void> {
  expectTypeOf(await on.prepare('…')).toEqualTypeOf<Statement>();
  expectTypeOf<Statement>().toEqualTypeOf<Statement>();
  const cities = await on.prepare<City>('…');
  expectTypeOf(await cities.query()).toEqualTypeOf<QueryResult<City>>();
  expectTypeOf(await cities.queryRow(['杭州'])).toEqualTypeOf<City | undefined>();
  expectTypeOf(cities.rows()).toEqualTypeOf<Rows<City>>();
  expectTypeOf(await cities.query([], { rowMode: 'array' })).toEqualTypeOf<QueryResult<RowArray>>();
  expectTypeOf(cities.rows([], { rowMode: 'array' })).toEqualTypeOf<Rows<RowArray>>();
  // One call may still say otherwise.
  expectTypeOf(await cities.query<{ name: string }>()).toEqualTypeOf<QueryResult<{ name: string }>>();
  const arrays = await on.prepare<CityArray>('…');
  expectTypeOf(await arrays.query([], { rowMode: 'array' })).toEqualTypeOf<QueryResult<CityArray>>();
  expectTypeOf(await arrays.queryRow([], { rowMode: 'array' })).toEqualTypeOf<CityArray | undefined>();
}

export async function batches(on: Queryable): Promise<void> {
  const plain = await on.batchInsert('t', ['a'], [[1]]);
  expectTypeOf(plain).toEqualTypeOf<BatchInsertResult>();
  expectTypeOf(plain.rows).toEqualTypeOf<RowObject[] | undefined>();
  const returned = await on.batchInsert('t', ['a'], [[1]], { returning: ['id'] });
  expectTypeOf(returned.rows).toEqualTypeOf<RowObject[]>();
  const all = await on.batchInsert<City>('t', ['a'], [[1]], { returning: true, onBadRow: 'collect' });
  expectTypeOf(all.rows).toEqualTypeOf<City[]>();
  const arrays = await on.batchInsert('t', ['a'], [[1]], { returning: ['id'], rowMode: 'array' });
  expectTypeOf(arrays.rows).toEqualTypeOf<RowArray[]>();
}

export async function parameters(on: Queryable): Promise<void> {
  const frozen: readonly number[] = [1];
  await on.query('…', frozen);
  await on.query('…', { name: '杭州', nested: { any: new Map() } });
  // @ts-expect-error: has no properties for :name
  await on.query('…', new Map([['a', 1]]));
  // @ts-expect-error: nor has this
  await on.query('…', new Date());
  // @ts-expect-error: parameters are not called
  await on.query('…', () => [1]);
  // @ts-expect-error: a value alone is no list
  await on.query('…', 'a');
  expectTypeOf<QueryParameters>().toEqualTypeOf<readonly unknown[] | Readonly<Record<string, unknown>>>();
}

export function shared(db: Database, connection: Connection, transaction: Transaction): void {
  expectTypeOf(db).toExtend<Queryable>();
  expectTypeOf(connection).toExtend<Queryable>();
  expectTypeOf(transaction).toExtend<Queryable>();
  expectTypeOf(connection.backendPid).toEqualTypeOf<number>();
  expectTypeOf(transaction.backendPid).toEqualTypeOf<number>();
}

export function errorsNarrow(error: unknown): string {
  if (isDatabaseError(error, 'unique_violation')) {
    expectTypeOf(error.condition).toEqualTypeOf<'unique_violation'>();
    expectTypeOf(error.code).toEqualTypeOf<'23505'>();
    expectTypeOf(error).toExtend<DatabaseError>();
    return error.constraint ?? '';
  }
  // @ts-expect-error: a condition that does not exist
  if (isDatabaseError(error, 'unique_violence')) return '';
  if (isDatabaseError(error)) expectTypeOf(error).toEqualTypeOf<DatabaseError>();
  if (error instanceof UsageError) {
    expectTypeOf(error.code).toEqualTypeOf<UsageErrorCode>();
    // @ts-expect-error: a code that does not exist
    if (error.code === 'KB_TRANSACTION_DONNE') return '';
    if (error.code === 'KB_TRANSACTION_OPEN') return '';
  }
  if (error instanceof ConnectionError) {
    expectTypeOf(error.code).toEqualTypeOf<ConnectionErrorCode>();
    expectTypeOf(error.stage).toEqualTypeOf<ConnectStage | undefined>();
    expectTypeOf(error.outcome).toEqualTypeOf<LossOutcome | undefined>();
  }
  if (error instanceof DatabaseError) {
    // Servers and functions have SQLSTATEs of their own.
    if (error.code === 'MY001' || error.code === '23505' || error.code === 'KX001') return '';
    // @ts-expect-error: a condition that does not exist
    if (error.condition === 'unique_violence') return '';
  }
  if (error instanceof KingbaseError) {
    if (error.code === 'KB_TIMEOUT' || error.code === '40001') return '';
    // @ts-expect-error: a code that does not exist
    if (error.code === 'KB_CONNCTION_LOST') return '';
  }
  expectTypeOf<ConnectionErrorCode | UsageErrorCode>().toExtend<KingbaseErrorCode>();
  // @ts-expect-error: the union is closed
  const open: KingbaseErrorCode = 'KB_SOMETHING_ELSE';
  return quoteIdentifier('public', open);
}
