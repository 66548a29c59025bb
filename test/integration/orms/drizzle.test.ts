import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { and, arrayContains, asc, count, DrizzleQueryError, eq, gt, gte, sql, sum } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import { DatabaseError, Pool } from 'kingbase-native/pg';
import {
  categories,
  customers,
  lines,
  migration,
  orders,
  payments,
  productCategories,
  products,
  reviews,
  schema,
  stock,
  trail,
  warehouses,
} from './drizzle-tables.js';
import {
  MOST,
  type Category,
  type Change,
  type Customer,
  type Line,
  type Order,
  type Payment,
  type Place,
  type Product,
  type Review,
  type Shop,
  type Warehouse,
} from './shop-model.js';
import { testShop } from './shop.js';

type Db = Pick<NodePgDatabase<typeof schema>, 'insert' | 'update' | 'select' | 'execute'>;

class DrizzleShop implements Shop {
  private readonly db: NodePgDatabase<typeof schema>;
  private readonly pool: Pool;
  private readonly place: Place;

  constructor(place: Place) {
    this.place = place;
    const { application, clientLibrary, ...server } = place;
    this.pool = new Pool({
      ...server,
      application_name: application,
      kingbase: { clientLibrary },
      max: MOST,
    });
    // Drizzle's types are those of `pg`.
    this.db = drizzle({ client: this.pool as never, schema });
  }

  async createSchema(): Promise<void> {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'kingbase-native-drizzle-'));
    try {
      mkdirSync(path.join(folder, 'meta'));
      const entry = { idx: 0, version: '7', when: 1_771_288_200_000, tag: '0000_shop', breakpoints: true };
      const journal = { version: '7', dialect: 'postgresql', entries: [entry] };
      writeFileSync(path.join(folder, 'meta', '_journal.json'), JSON.stringify(journal));
      writeFileSync(path.join(folder, '0000_shop.sql'), migration(this.place.schema));
      const config = { migrationsFolder: folder, migrationsSchema: this.place.schema };
      await migrate(this.db, config);
      // What has been done is not done again.
      await migrate(this.db, config);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  async addCustomer(customer: Customer, db: Db = this.db): Promise<number> {
    const [added] = await db.insert(customers).values(customer).returning({ id: customers.id });
    return added!.id;
  }

  async customer(id: number): Promise<Customer> {
    const columns = { id: false } as const;
    return (await this.db.query.customers.findFirst({ columns, where: eq(customers.id, id) }))!;
  }

  async addProducts(added: readonly Product[]): Promise<void> {
    await this.db.insert(products).values([...added]);
  }

  async deliver(product: Product): Promise<void> {
    const quantity = sql`${products.quantity} + excluded.quantity`;
    await this.db
      .insert(products)
      .values(product)
      .onConflictDoUpdate({ target: products.sku, set: { quantity } });
  }

  async product(sku: string): Promise<Product> {
    const [product] = await this.db.select().from(products).where(eq(products.sku, sku));
    return product!;
  }

  placeOrder(customer: number, ordered: readonly Line[]): Promise<number> {
    return this.db.transaction(async (tx) => {
      const [order] = await tx.insert(orders).values({ customer }).returning({ id: orders.id });
      await tx
        .insert(lines)
        .values(ordered.map((line, at) => ({ order: order!.id, number: at + 1, ...line })));
      for (const { sku, quantity } of ordered) {
        await tx
          .update(products)
          .set({ quantity: sql`${products.quantity} - ${quantity}` })
          .where(eq(products.sku, sku));
      }
      return order!.id;
    });
  }

  async ordersOf(customer: number): Promise<Order[]> {
    const found = await this.db.query.orders.findMany({
      columns: { id: true, status: true },
      where: eq(orders.customer, customer),
      orderBy: asc(orders.id),
      with: {
        lines: {
          columns: { quantity: true },
          orderBy: asc(lines.number),
          with: { product: { columns: { name: true } } },
        },
      },
    });
    return found.map((order) => ({
      ...order,
      lines: order.lines.map(({ quantity, product }) => ({ product: product.name, quantity })),
    }));
  }

  sales(): Promise<{ name: string; pieces: number }[]> {
    return this.db
      .select({ name: customers.name, pieces: sum(lines.quantity).mapWith(Number) })
      .from(customers)
      .innerJoin(orders, eq(orders.customer, customers.id))
      .innerJoin(lines, eq(lines.order, orders.id))
      .groupBy(customers.name);
  }

  async page(offset: number, limit: number): Promise<{ total: number; skus: string[] }> {
    const [counted] = await this.db.select({ total: count() }).from(products);
    const rows = await this.db
      .select({ sku: products.sku })
      .from(products)
      .orderBy(products.sku)
      .offset(offset)
      .limit(limit);
    return { total: counted!.total, skus: rows.map(({ sku }) => sku) };
  }

  addTwice(customer: Customer): Promise<unknown> {
    return this.db.transaction(async (tx) => {
      await this.addCustomer(customer, tx);
      return tx
        .transaction((savepoint) => this.addCustomer(customer, savepoint))
        .catch((error: unknown) => error);
    });
  }

  take(sku: string): Promise<number> {
    return this.db.transaction(async (tx) => {
      const [locked] = await tx
        .select({ quantity: products.quantity })
        .from(products)
        .where(eq(products.sku, sku))
        .for('update');
      const quantity = locked!.quantity - 1;
      const { rowCount } = await tx.update(products).set({ quantity }).where(eq(products.sku, sku));
      if (rowCount !== 1) throw new Error(`${String(rowCount)} rows were updated.`);
      return quantity;
    });
  }

  trailOf(sku: string): Promise<Change[]> {
    return this.db
      .select({ was: trail.was, became: trail.became })
      .from(trail)
      .where(eq(trail.sku, sku))
      .orderBy(trail.at);
  }

  async setStatus(id: number, to: string, meanwhile: () => Promise<void>): Promise<boolean> {
    const [read] = await this.db.select({ version: orders.version }).from(orders).where(eq(orders.id, id));
    await meanwhile();
    const version = read!.version;
    const { rowCount } = await this.db
      .update(orders)
      .set({ status: to as 'new', version: version + 1 })
      .where(and(eq(orders.id, id), eq(orders.version, version)));
    return rowCount === 1;
  }

  async addCategory(name: string, parent: number | null = null): Promise<number> {
    const [added] = await this.db
      .insert(categories)
      .values({ name, parent })
      .returning({ id: categories.id });
    return added!.id;
  }

  file(sku: string, filed: readonly number[]): Promise<void> {
    return this.db.transaction(async (tx) => {
      await tx.delete(productCategories).where(eq(productCategories.sku, sku));
      await tx.insert(productCategories).values(filed.map((category) => ({ sku, category })));
    });
  }

  async category(id: number): Promise<Category> {
    const found = await this.db.query.categories.findFirst({
      columns: { name: true },
      where: eq(categories.id, id),
      with: {
        above: { columns: { name: true } },
        children: { columns: { name: true }, orderBy: asc(categories.id) },
        products: {
          columns: {},
          orderBy: asc(productCategories.sku),
          with: { product: { columns: { name: true } } },
        },
      },
    });
    const { name, above, children, products: filed } = found!;
    return {
      name,
      parent: above?.name ?? null,
      children: children.map((child) => child.name),
      products: filed.map(({ product }) => product.name),
    };
  }

  async openWarehouse(warehouse: Warehouse): Promise<void> {
    await this.db.insert(warehouses).values(warehouse);
  }

  async warehouse(code: string): Promise<Warehouse> {
    return (await this.db.query.warehouses.findFirst({ where: eq(warehouses.code, code) }))!;
  }

  async store(warehouse: string, sku: string, pieces: number): Promise<void> {
    const target = [stock.warehouse, stock.sku];
    const set = { pieces: sql`${stock.pieces} + excluded.pieces` };
    await this.db.insert(stock).values({ warehouse, sku, pieces }).onConflictDoUpdate({ target, set });
  }

  move(sku: string, from: string, to: string, pieces: number): Promise<void> {
    return this.db.transaction(async (tx) => {
      const add = async (warehouse: string, more: number): Promise<void> => {
        await tx
          .update(stock)
          .set({ pieces: sql`${stock.pieces} + ${more}` })
          .where(and(eq(stock.sku, sku), eq(stock.warehouse, warehouse)));
      };
      await add(to, pieces);
      await add(from, -pieces);
    });
  }

  async stockOf(sku: string): Promise<{ warehouse: string; pieces: number }[]> {
    const found = await this.db.query.stock.findMany({
      columns: { pieces: true },
      where: eq(stock.sku, sku),
      orderBy: asc(stock.warehouse),
      with: { place: { columns: { name: true } } },
    });
    return found.map(({ place, pieces }) => ({ warehouse: place.name, pieces }));
  }

  async pay(order: number, payment: Payment): Promise<void> {
    await this.db.insert(payments).values({ ...payment, method: payment.method as 'cash', order });
  }

  paymentsOf(order: number): Promise<Payment[]> {
    return this.db.query.payments.findMany({
      columns: { order: false },
      where: eq(payments.order, order),
      orderBy: asc(payments.paidAt),
    });
  }

  async paidFor(order: number): Promise<string> {
    const [row] = await this.db
      .select({ paid: sum(payments.amount) })
      .from(payments)
      .where(eq(payments.order, order));
    return row!.paid!;
  }

  async review(sku: string, customer: number, review: Review): Promise<void> {
    await this.db.insert(reviews).values({ ...review, sku, customer });
  }

  async reviewsOf(sku: string): Promise<(Review & { by: string })[]> {
    const found = await this.db.query.reviews.findMany({
      columns: { stars: true, marks: true, words: true, photo: true },
      where: eq(reviews.sku, sku),
      orderBy: asc(reviews.id),
      with: { author: { columns: { name: true } } },
    });
    return found.map(({ author, ...review }) => ({ ...review, by: author.name }));
  }

  reviewedAtLeast(least: number): Promise<{ sku: string; reviews: number }[]> {
    return this.db
      .select({ sku: reviews.sku, reviews: count() })
      .from(reviews)
      .groupBy(reviews.sku)
      .having(gte(count(), least));
  }

  async after(sku: string, limit: number): Promise<string[]> {
    const rows = await this.db
      .select({ sku: products.sku })
      .from(products)
      .where(gt(products.sku, sku))
      .orderBy(products.sku)
      .limit(limit);
    return rows.map((row) => row.sku);
  }

  async labelled(label: string): Promise<string[]> {
    const columns = { name: customers.name };
    const having = this.db
      .select(columns)
      .from(customers)
      .where(arrayContains(customers.labels, [label]));
    return (await having.orderBy(customers.name)).map(({ name }) => name);
  }

  async livingIn(city: string): Promise<string[]> {
    const there = sql`${customers.address} ->> 'city' = ${city}`;
    const rows = await this.db
      .select({ name: customers.name })
      .from(customers)
      .where(there)
      .orderBy(customers.name);
    return rows.map(({ name }) => name);
  }

  async discontinue(sku: string): Promise<void> {
    await this.db.delete(products).where(eq(products.sku, sku));
  }

  isUniqueViolation(error: unknown): boolean {
    return codeOf(error) === '23505';
  }

  isForeignKeyViolation(error: unknown): boolean {
    return codeOf(error) === '23503';
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}

/** Drizzle has an error of its own around the driver's. */
function codeOf(error: unknown): string | undefined {
  const cause = error instanceof DrizzleQueryError ? error.cause : undefined;
  return cause instanceof DatabaseError ? cause.code : undefined;
}

testShop('Drizzle', (place) => new DrizzleShop(place));
