import { inject } from 'vitest';
import { Client, types as pgTypes, type CustomTypesConfig } from 'pg';

/** What pg-types exports under this name, which its declarations have otherwise. */
const arrayParser = pgTypes.arrayParser as unknown as {
  create(source: string, element: (text: string) => unknown): { parse(): unknown[] };
};

/** The same function, for types that the declarations have no name for. */
const textParser = pgTypes.getTypeParser as (oid: number, format: 'text') => (text: string) => unknown;

/**
 * Types of which the `pg` driver makes objects of its own, and where ours gives the server's text: date, interval,
 * point, circle.
 */
const TEXT_IN_OURS = new Set([1082, 1186, 600, 718]);

/**
 * The `pg` driver, which talks to the server without any client library: what it reads is what our values are compared
 * to. Where the two differ on purpose, the difference is taken out here.
 */
export class ReferenceClient {
  private readonly elementTypes = new Map<number, number>();

  private constructor(private readonly client: Client) {}

  static async connect(): Promise<ReferenceClient> {
    const { host, port, user, database } = inject('server');
    const client = new Client({ host, port, user, database });
    await client.connect();
    const reference = new ReferenceClient(client);
    const arrays = await client.query<{ oid: number; typelem: number }>(
      "SELECT oid, typelem FROM pg_type WHERE typcategory = 'A' AND typdelim = ','",
    );
    for (const { oid, typelem } of arrays.rows) reference.elementTypes.set(oid, typelem);
    return reference;
  }

  /** Rows as arrays. */
  async rows(sql: string, parameters: readonly unknown[] = []): Promise<unknown[][]> {
    const types: CustomTypesConfig = {
      getTypeParser: (oid: number) => (text: unknown) => this.read(oid, text as string),
    };
    const { rows } = await this.client.query<unknown[]>({
      text: sql,
      values: [...parameters],
      rowMode: 'array',
      types,
    });
    return rows;
  }

  async value(sql: string, parameters: readonly unknown[] = []): Promise<unknown> {
    return (await this.rows(sql, parameters))[0]?.[0];
  }

  end(): Promise<void> {
    return this.client.end();
  }

  private read(oid: number, text: string): unknown {
    const elementType = this.elementTypes.get(oid);
    if (elementType !== undefined) {
      return arrayParser.create(text, (element) => this.read(elementType, element)).parse();
    }
    if (TEXT_IN_OURS.has(oid)) return text;
    const value = textParser(oid, 'text')(text);
    // pg: int8 is a string, for want of a bigint when it was written.
    if (oid === 20) return BigInt(value as string);
    // pg: infinity is a number and a time beyond what a Date holds is an invalid one.
    if (oid === 1114 || oid === 1184) {
      return value instanceof Date && !Number.isNaN(value.getTime()) ? value : text;
    }
    return value;
  }
}
