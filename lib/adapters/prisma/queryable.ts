import type { SqlQuery, SqlQueryable, SqlResultSet } from '@prisma/driver-adapter-utils';
import type { Database, Transaction } from '../../index.js';
import { prismaError } from './errors.js';
import { formOf, parameterOf } from './values.js';

export const ADAPTER_NAME = 'kingbase-native';

/** Every value as the server's text: which of them becomes what is Prisma's matter. */
const OPTIONS = { rowMode: 'array', types: { all: 'text' } } as const;

/** Runs Prisma's queries on a database or in a transaction. */
export class KingbaseQueryable<T extends Database | Transaction> implements SqlQueryable {
  readonly provider = 'postgres';
  readonly adapterName = ADAPTER_NAME;

  constructor(protected readonly on: T) {}

  async queryRaw(query: SqlQuery): Promise<SqlResultSet> {
    const { fields, rows } = await this.translating(
      this.on.query<(string | null)[]>(query.sql, parametersOf(query), OPTIONS),
    );
    const forms = fields.map(({ typeOid }) => formOf(typeOid));
    for (const row of rows as unknown[][]) {
      for (const [at, form] of forms.entries()) {
        const text = row[at];
        if (typeof text === 'string') row[at] = form.read(text);
      }
    }
    return { columnNames: fields.map(({ name }) => name), columnTypes: forms.map(({ type }) => type), rows };
  }

  async executeRaw(query: SqlQuery): Promise<number> {
    const { rowsAffected } = await this.translating(this.on.exec(query.sql, parametersOf(query)));
    return rowsAffected;
  }

  protected async translating<R>(call: Promise<R>): Promise<R> {
    try {
      return await call;
    } catch (error) {
      throw prismaError(error);
    }
  }
}

function parametersOf({ args, argTypes }: SqlQuery): unknown[] {
  return args.map((value, at) => parameterOf(value, argTypes[at]));
}
