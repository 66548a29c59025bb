import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { and, asc, count, DrizzleQueryError, eq, relations, sql, sum } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import {
  integer,
  jsonb,
  numeric,
  pgEnum,
  pgTable,
  primaryKey,
  serial,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';
import { DatabaseError, Pool } from 'kingbase-native/pg';
import {
  AUDIT,
  MOST,
  type Change,
  type Customer,
  type Line,
  type Order,
  type Place,
  type Product,
  type Shop,
} from './shop-model.js';
import { testShop } from './shop.js';

const status = pgEnum('order_status', ['new', 'paid', 'sent']);
const customers = pgTable('customers', {
  id: serial().primaryKey(),
  name: text().notNull(),
  email: text().notNull().unique(),
  labels: text().array().notNull(),
  address: jsonb().$type<Customer['address']>().notNull(),
  credit: numeric({ precision: 20, scale: 4 }).notNull(),
  since: timestamp({ withTimezone: true }).notNull(),
});
const products = pgTable('products', {
  sku: text().primaryKey(),
  name: text().notNull(),
  price: numeric({ precision: 12, scale: 2 }).notNull(),
  quantity: integer().notNull(),
});
const orders = pgTable('orders', {
  id: serial().primaryKey(),
  customer: integer('customer_id')
    .notNull()
    .references(() => customers.id),
  status: status().notNull().default('new'),
  version: integer().notNull().default(1),
});
const trail = pgTable('product_trail', {
  at: serial().primaryKey(),
  sku: text().notNull(),
  was: integer(),
  became: integer().notNull(),
});
const lines = pgTable(
  'order_lines',
  {
    order: integer('order_id')
      .notNull()
      .references(() => orders.id),
    number: integer().notNull(),
    sku: text()
      .notNull()
      .references(() => products.sku),
    quantity: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.order, table.number] })],
);
const schema = {
  customers,
  products,
  orders,
  lines,
  orderRelations: relations(orders, ({ many }) => ({ lines: many(lines) })),
  lineRelations: relations(lines, ({ one }) => ({
    order: one(orders, { fields: [lines.order], references: [orders.id] }),
    product: one(products, { fields: [lines.sku], references: [products.sku] }),
  })),
};

/** As drizzle-kit writes it for these tables; the trigger by hand. */
const migration = (schema: string): string => `
CREATE TYPE "order_status" AS ENUM('new', 'paid', 'sent');
--> statement-breakpoint
CREATE TABLE "customers" ("id" serial PRIMARY KEY NOT NULL, "name" text NOT NULL, "email" text NOT NULL UNIQUE,
  "labels" text[] NOT NULL, "address" jsonb NOT NULL, "credit" numeric(20, 4) NOT NULL,
  "since" timestamp with time zone NOT NULL);
--> statement-breakpoint
CREATE TABLE "products" ("sku" text PRIMARY KEY NOT NULL, "name" text NOT NULL, "price" numeric(12, 2) NOT NULL,
  "quantity" integer NOT NULL CHECK ("quantity" >= 0));
--> statement-breakpoint
CREATE TABLE "orders" ("id" serial PRIMARY KEY NOT NULL, "customer_id" integer NOT NULL REFERENCES "customers",
  "status" "order_status" DEFAULT 'new' NOT NULL, "version" integer DEFAULT 1 NOT NULL);
--> statement-breakpoint
CREATE TABLE "order_lines" ("order_id" integer NOT NULL REFERENCES "orders", "number" integer NOT NULL,
  "sku" text NOT NULL REFERENCES "products", "quantity" integer NOT NULL, PRIMARY KEY ("order_id", "number"));
--> statement-breakpoint
CREATE TABLE "product_trail" ("at" serial PRIMARY KEY NOT NULL, "sku" text NOT NULL, "was" integer, "became" integer NOT NULL);
--> statement-breakpoint
${AUDIT(schema)};
`;

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

  isUniqueViolation(error: unknown): boolean {
    const cause = error instanceof DrizzleQueryError ? error.cause : undefined;
    return cause instanceof DatabaseError && cause.code === '23505';
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}

testShop('Drizzle', (place) => new DrizzleShop(place));
