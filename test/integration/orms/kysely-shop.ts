import { sql, type Dialect, Kysely } from 'kysely';
import { jsonArrayFrom } from 'kysely/helpers/postgres';
import { isDatabaseError } from 'kingbase-native';
import { DatabaseError } from 'kingbase-native/pg';
import { createTables, type Tables } from './kysely-tables.js';
import type {
  Category,
  Change,
  Customer,
  Line,
  Order,
  Payment,
  Product,
  Review,
  Shop,
  Warehouse,
} from './shop-model.js';

/** The shop by Kysely, whatever dialect it is made with. */
export class KyselyShop implements Shop {
  readonly db: Kysely<Tables>;

  constructor(
    dialect: Dialect,
    private readonly schema: string,
    /** What the driver below makes of a date. */
    private readonly dayOf: (opened: Date | string) => string,
  ) {
    this.db = new Kysely({ dialect });
  }

  createSchema(): Promise<void> {
    return createTables(this.db, this.schema);
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

  async addCategory(name: string, parent_id: number | null = null): Promise<number> {
    const added = this.db.insertInto('categories').values({ name, parent_id }).returning('id');
    return (await added.executeTakeFirstOrThrow()).id;
  }

  file(sku: string, categories: readonly number[]): Promise<void> {
    return this.db.transaction().execute(async (tx) => {
      await tx.deleteFrom('product_categories').where('sku', '=', sku).execute();
      const rows = categories.map((category_id) => ({ sku, category_id }));
      await tx.insertInto('product_categories').values(rows).execute();
    });
  }

  async category(id: number): Promise<Category> {
    const { children, products, ...found } = await this.db
      .selectFrom('categories as c')
      .leftJoin('categories as p', 'p.id', 'c.parent_id')
      .select(['c.name', 'p.name as parent'])
      .select((category) => [
        jsonArrayFrom(
          category
            .selectFrom('categories as below')
            .select('below.name')
            .whereRef('below.parent_id', '=', 'c.id')
            .orderBy('below.id'),
        ).as('children'),
        jsonArrayFrom(
          category
            .selectFrom('product_categories')
            .innerJoin('products', 'products.sku', 'product_categories.sku')
            .select('products.name')
            .whereRef('category_id', '=', 'c.id')
            .orderBy('products.sku'),
        ).as('products'),
      ])
      .where('c.id', '=', id)
      .executeTakeFirstOrThrow();
    const names = (of: readonly { name: string }[]): string[] => of.map(({ name }) => name);
    return { ...found, children: names(children), products: names(products) };
  }

  async openWarehouse(warehouse: Warehouse): Promise<void> {
    await this.db.insertInto('warehouses').values(warehouse).execute();
  }

  async warehouse(code: string): Promise<Warehouse> {
    const found = await this.db
      .selectFrom('warehouses')
      .selectAll()
      .where('code', '=', code)
      .executeTakeFirstOrThrow();
    return { ...found, opened: this.dayOf(found.opened) };
  }

  async store(warehouse: string, sku: string, pieces: number): Promise<void> {
    await this.db
      .insertInto('stock')
      .values({ warehouse, sku, pieces })
      .onConflict((conflict) =>
        conflict.columns(['warehouse', 'sku']).doUpdateSet((row) => ({
          pieces: row.eb(row.ref('stock.pieces'), '+', row.ref('excluded.pieces')),
        })),
      )
      .execute();
  }

  move(sku: string, from: string, to: string, pieces: number): Promise<void> {
    return this.db.transaction().execute(async (tx) => {
      const add = async (warehouse: string, more: number): Promise<void> => {
        await tx
          .updateTable('stock')
          .set(({ eb }) => ({ pieces: eb('pieces', '+', more) }))
          .where('sku', '=', sku)
          .where('warehouse', '=', warehouse)
          .execute();
      };
      await add(to, pieces);
      await add(from, -pieces);
    });
  }

  stockOf(sku: string): Promise<{ warehouse: string; pieces: number }[]> {
    return this.db
      .selectFrom('stock')
      .innerJoin('warehouses', 'code', 'warehouse')
      .select(['warehouses.name as warehouse', 'pieces'])
      .where('sku', '=', sku)
      .orderBy('code')
      .execute();
  }

  async pay(order_id: number, { paidAt, ...payment }: Payment): Promise<void> {
    const receipt = payment.receipt && JSON.stringify(payment.receipt);
    const row = { ...payment, order_id, paid_at: paidAt, receipt };
    await this.db.insertInto('payments').values(row).execute();
  }

  paymentsOf(order: number): Promise<Payment[]> {
    return this.db
      .selectFrom('payments')
      .select(['id', 'method', 'amount', 'paid_at as paidAt', 'receipt'])
      .where('order_id', '=', order)
      .orderBy('paid_at')
      .execute();
  }

  async paidFor(order: number): Promise<string> {
    const { paid } = await this.db
      .selectFrom('payments')
      .select(({ fn }) => fn.sum<string>('amount').as('paid'))
      .where('order_id', '=', order)
      .executeTakeFirstOrThrow();
    return paid;
  }

  async review(sku: string, customer_id: number, review: Review): Promise<void> {
    const row = { ...review, sku, customer_id };
    await this.db.insertInto('reviews').values(row).execute();
  }

  reviewsOf(sku: string): Promise<(Review & { by: string })[]> {
    return this.db
      .selectFrom('reviews')
      .innerJoin('customers', 'customers.id', 'customer_id')
      .select(['stars', 'marks', 'words', 'photo', 'customers.name as by'])
      .where('sku', '=', sku)
      .orderBy('reviews.id')
      .execute();
  }

  async reviewedAtLeast(least: number): Promise<{ sku: string; reviews: number }[]> {
    const counts = await this.db
      .selectFrom('reviews')
      .select((review) => ['sku', review.fn.countAll().as('reviews')])
      .groupBy('sku')
      .having((review) => review.fn.countAll(), '>=', least)
      .execute();
    return counts.map(({ sku, reviews }) => ({ sku, reviews: Number(reviews) }));
  }

  async after(sku: string, limit: number): Promise<string[]> {
    const page = this.db.selectFrom('products').select('sku').where('sku', '>', sku);
    const rows = await page.orderBy('sku').limit(limit).execute();
    return rows.map((row) => row.sku);
  }

  async labelled(label: string): Promise<string[]> {
    const rows = await this.db
      .selectFrom('customers')
      .select('name')
      .where((customer) => customer(customer.val(label), '=', customer.fn.any('labels')))
      .orderBy('name')
      .execute();
    return rows.map(({ name }) => name);
  }

  async livingIn(city: string): Promise<string[]> {
    const rows = await this.db
      .selectFrom('customers')
      .select('name')
      .where((customer) => customer(customer.ref('address', '->>').key('city'), '=', city))
      .orderBy('name')
      .execute();
    return rows.map(({ name }) => name);
  }

  async discontinue(sku: string): Promise<void> {
    await this.db.deleteFrom('products').where('sku', '=', sku).execute();
  }

  isUniqueViolation(error: unknown): boolean {
    return violates(error, 'unique_violation');
  }

  isForeignKeyViolation(error: unknown): boolean {
    return violates(error, 'foreign_key_violation');
  }

  async *streamSkus(): AsyncIterable<string> {
    for await (const { sku } of this.db.selectFrom('products').select('sku').orderBy('sku').stream(5))
      yield sku;
  }

  close(): Promise<void> {
    return this.db.destroy();
  }
}

/** Kysely leaves errors as the driver gives them. */
function violates(error: unknown, condition: 'unique_violation' | 'foreign_key_violation'): boolean {
  const code = { unique_violation: '23505', foreign_key_violation: '23503' }[condition];
  return (error instanceof DatabaseError && error.code === code) || isDatabaseError(error, condition);
}
