import { sql, type ColumnType, type Dialect, type Generated, Kysely } from 'kysely';
import { jsonArrayFrom } from 'kysely/helpers/postgres';
import { isDatabaseError } from 'kingbase-native';
import { DatabaseError } from 'kingbase-native/pg';
import {
  AUDIT,
  type Change,
  type Customer,
  type Line,
  type Order,
  type Product,
  type Shop,
} from './shop-model.js';

interface Tables {
  customers: Omit<Customer, 'address'> & {
    id: Generated<number>;
    address: ColumnType<Customer['address'], string>;
  };
  products: Product;
  orders: {
    id: Generated<number>;
    customer_id: number;
    status: Generated<string>;
    version: Generated<number>;
  };
  product_trail: Change & { at: Generated<number>; sku: string };
  order_lines: Line & { order_id: number; number: number };
}

/** The shop by Kysely, whatever dialect it is made with. */
export class KyselyShop implements Shop {
  readonly db: Kysely<Tables>;

  constructor(
    dialect: Dialect,
    private readonly schema: string,
  ) {
    this.db = new Kysely({ dialect });
  }

  async createSchema(): Promise<void> {
    const { schema } = this.db;
    await schema.createType('order_status').asEnum(['new', 'paid', 'sent']).execute();
    await schema
      .createTable('customers')
      .addColumn('id', 'serial', (column) => column.primaryKey())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('email', 'text', (column) => column.notNull().unique())
      .addColumn('labels', sql`text[]`, (column) => column.notNull())
      .addColumn('address', 'jsonb', (column) => column.notNull())
      .addColumn('credit', 'numeric(20, 4)', (column) => column.notNull())
      .addColumn('since', 'timestamptz', (column) => column.notNull())
      .execute();
    await schema
      .createTable('products')
      .addColumn('sku', 'text', (column) => column.primaryKey())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('price', 'numeric(12, 2)', (column) => column.notNull())
      .addColumn('quantity', 'integer', (column) => column.notNull().check(sql`quantity >= 0`))
      .execute();
    await schema
      .createTable('orders')
      .addColumn('id', 'serial', (column) => column.primaryKey())
      .addColumn('customer_id', 'integer', (column) => column.notNull().references('customers.id'))
      .addColumn('status', sql`order_status`, (column) => column.notNull().defaultTo('new'))
      .addColumn('version', 'integer', (column) => column.notNull().defaultTo(1))
      .execute();
    await schema
      .createTable('order_lines')
      .addColumn('order_id', 'integer', (column) => column.notNull().references('orders.id'))
      .addColumn('number', 'integer', (column) => column.notNull())
      .addColumn('sku', 'text', (column) => column.notNull().references('products.sku'))
      .addColumn('quantity', 'integer', (column) => column.notNull())
      .addPrimaryKeyConstraint('order_lines_key', ['order_id', 'number'])
      .execute();
    await schema
      .createTable('product_trail')
      .addColumn('at', 'serial', (column) => column.primaryKey())
      .addColumn('sku', 'text', (column) => column.notNull())
      .addColumn('was', 'integer')
      .addColumn('became', 'integer', (column) => column.notNull())
      .execute();
    for (const statement of AUDIT(this.schema).split(/;(?=\n {2}CREATE TRIGGER)/)) {
      await sql.raw(statement).execute(this.db);
    }
  }

  async addCustomer(customer: Customer, db: Kysely<Tables> = this.db): Promise<number> {
    const row = { ...customer, address: JSON.stringify(customer.address) };
    return (await db.insertInto('customers').values(row).returning('id').executeTakeFirstOrThrow()).id;
  }

  customer(id: number): Promise<Customer> {
    const columns = ['name', 'email', 'labels', 'address', 'credit', 'since'] as const;
    return this.db.selectFrom('customers').select(columns).where('id', '=', id).executeTakeFirstOrThrow();
  }

  async addProducts(products: readonly Product[]): Promise<void> {
    await this.db.insertInto('products').values(products).execute();
  }

  async deliver(product: Product): Promise<void> {
    await this.db
      .insertInto('products')
      .values(product)
      .onConflict((conflict) =>
        conflict.column('sku').doUpdateSet((row) => ({
          quantity: row.eb(row.ref('products.quantity'), '+', row.ref('excluded.quantity')),
        })),
      )
      .execute();
  }

  product(sku: string): Promise<Product> {
    return this.db.selectFrom('products').selectAll().where('sku', '=', sku).executeTakeFirstOrThrow();
  }

  placeOrder(customer_id: number, lines: readonly Line[]): Promise<number> {
    return this.db.transaction().execute(async (tx) => {
      const { id } = await tx
        .insertInto('orders')
        .values({ customer_id })
        .returning('id')
        .executeTakeFirstOrThrow();
      const numbered = lines.map((line, at) => ({ order_id: id, number: at + 1, ...line }));
      await tx.insertInto('order_lines').values(numbered).execute();
      for (const { sku, quantity } of lines) {
        await tx
          .updateTable('products')
          .set(({ eb }) => ({ quantity: eb('quantity', '-', quantity) }))
          .where('sku', '=', sku)
          .execute();
      }
      return id;
    });
  }

  ordersOf(customer: number): Promise<Order[]> {
    return this.db
      .selectFrom('orders')
      .select((order) => [
        'id',
        'status',
        jsonArrayFrom(
          order
            .selectFrom('order_lines')
            .innerJoin('products', 'products.sku', 'order_lines.sku')
            .select(['products.name as product', 'order_lines.quantity'])
            .whereRef('order_lines.order_id', '=', 'orders.id')
            .orderBy('number'),
        ).as('lines'),
      ])
      .where('customer_id', '=', customer)
      .orderBy('id')
      .execute();
  }

  sales(): Promise<{ name: string; pieces: number }[]> {
    return this.db
      .selectFrom('customers')
      .innerJoin('orders', 'orders.customer_id', 'customers.id')
      .innerJoin('order_lines', 'order_lines.order_id', 'orders.id')
      .select(['customers.name', sql<number>`sum(order_lines.quantity)::int4`.as('pieces')])
      .groupBy('customers.name')
      .execute();
  }

  async page(offset: number, limit: number): Promise<{ total: number; skus: string[] }> {
    const { total } = await this.db
      .selectFrom('products')
      .select(({ fn }) => fn.countAll().as('total'))
      .executeTakeFirstOrThrow();
    const rows = await this.db
      .selectFrom('products')
      .select('sku')
      .orderBy('sku')
      .offset(offset)
      .limit(limit)
      .execute();
    return { total: Number(total), skus: rows.map(({ sku }) => sku) };
  }

  async addTwice(customer: Customer): Promise<unknown> {
    const tx = await this.db.startTransaction().execute();
    await this.addCustomer(customer, tx);
    const inSavepoint = await tx.savepoint('again').execute();
    const error = await this.addCustomer(customer, inSavepoint).catch((failed: unknown) => failed);
    const outside = await inSavepoint.rollbackToSavepoint('again').execute();
    await outside.commit().execute();
    return error;
  }

  take(sku: string): Promise<number> {
    return this.db.transaction().execute(async (tx) => {
      const locked = await tx
        .selectFrom('products')
        .select('quantity')
        .where('sku', '=', sku)
        .forUpdate()
        .executeTakeFirstOrThrow();
      const quantity = locked.quantity - 1;
      const { numUpdatedRows } = await tx
        .updateTable('products')
        .set({ quantity })
        .where('sku', '=', sku)
        .executeTakeFirstOrThrow();
      if (numUpdatedRows !== 1n) throw new Error(`${numUpdatedRows} rows were updated.`);
      return quantity;
    });
  }

  trailOf(sku: string): Promise<Change[]> {
    return this.db
      .selectFrom('product_trail')
      .select(['was', 'became'])
      .where('sku', '=', sku)
      .orderBy('at')
      .execute();
  }

  async setStatus(id: number, status: string, meanwhile: () => Promise<void>): Promise<boolean> {
    const { version } = await this.db
      .selectFrom('orders')
      .select('version')
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    await meanwhile();
    const { numUpdatedRows } = await this.db
      .updateTable('orders')
      .set({ status, version: version + 1 })
      .where('id', '=', id)
      .where('version', '=', version)
      .executeTakeFirstOrThrow();
    return numUpdatedRows === 1n;
  }

  /** Kysely leaves errors as the driver gives them. */
  isUniqueViolation(error: unknown): boolean {
    return (
      (error instanceof DatabaseError && error.code === '23505') || isDatabaseError(error, 'unique_violation')
    );
  }

  async *streamSkus(): AsyncIterable<string> {
    for await (const { sku } of this.db.selectFrom('products').select('sku').orderBy('sku').stream(5))
      yield sku;
  }

  close(): Promise<void> {
    return this.db.destroy();
  }
}
