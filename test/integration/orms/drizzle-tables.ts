import { relations } from 'drizzle-orm';
import {
  customType,
  date,
  integer,
  jsonb,
  numeric,
  pgEnum,
  pgTable,
  primaryKey,
  serial,
  smallint,
  text,
  timestamp,
  unique,
  uuid,
  type AnyPgColumn,
} from 'drizzle-orm/pg-core';
import { AUDIT, type Customer, type Payment } from './shop-model.js';

const status = pgEnum('order_status', ['new', 'paid', 'sent']);
export const customers = pgTable('customers', {
  id: serial().primaryKey(),
  name: text().notNull(),
  email: text().notNull().unique(),
  labels: text().array().notNull(),
  address: jsonb().$type<Customer['address']>().notNull(),
  credit: numeric({ precision: 20, scale: 4 }).notNull(),
  since: timestamp({ withTimezone: true }).notNull(),
});
export const products = pgTable('products', {
  sku: text().primaryKey(),
  name: text().notNull(),
  price: numeric({ precision: 12, scale: 2 }).notNull(),
  quantity: integer().notNull(),
});
export const orders = pgTable('orders', {
  id: serial().primaryKey(),
  customer: integer('customer_id')
    .notNull()
    .references(() => customers.id),
  status: status().notNull().default('new'),
  version: integer().notNull().default(1),
});
export const trail = pgTable('product_trail', {
  at: serial().primaryKey(),
  sku: text().notNull(),
  was: integer(),
  became: integer().notNull(),
});
export const lines = pgTable(
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
export const categories = pgTable('categories', {
  id: serial().primaryKey(),
  name: text().notNull(),
  parent: integer('parent_id').references((): AnyPgColumn => categories.id),
});
export const productCategories = pgTable(
  'product_categories',
  {
    sku: text()
      .notNull()
      .references(() => products.sku, { onDelete: 'cascade' }),
    category: integer('category_id')
      .notNull()
      .references(() => categories.id),
  },
  (table) => [primaryKey({ columns: [table.sku, table.category] })],
);
export const warehouses = pgTable('warehouses', {
  code: text().primaryKey(),
  name: text().notNull(),
  opened: date().notNull(),
});
export const stock = pgTable(
  'stock',
  {
    warehouse: text()
      .notNull()
      .references(() => warehouses.code),
    sku: text()
      .notNull()
      .references(() => products.sku),
    pieces: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.warehouse, table.sku] })],
);
const method = pgEnum('payment_method', ['cash', 'card', 'transfer']);
export const payments = pgTable('payments', {
  id: uuid().primaryKey(),
  order: integer('order_id')
    .notNull()
    .references(() => orders.id),
  method: method().notNull(),
  amount: numeric({ precision: 14, scale: 2 }).notNull(),
  paidAt: timestamp('paid_at', { withTimezone: true }).notNull(),
  receipt: jsonb().$type<NonNullable<Payment['receipt']>>(),
});
/** Drizzle leaves the type of bytes to the program. */
const bytea = customType<{ data: Uint8Array }>({ dataType: () => 'bytea' });
export const reviews = pgTable(
  'reviews',
  {
    id: serial().primaryKey(),
    sku: text()
      .notNull()
      .references(() => products.sku, { onDelete: 'cascade' }),
    customer: integer('customer_id')
      .notNull()
      .references(() => customers.id),
    stars: smallint().notNull(),
    marks: integer().array().notNull(),
    words: text(),
    photo: bytea(),
  },
  (table) => [unique().on(table.sku, table.customer)],
);
export const schema = {
  customers,
  products,
  orders,
  lines,
  categories,
  productCategories,
  warehouses,
  stock,
  payments,
  reviews,
  categoryRelations: relations(categories, ({ one, many }) => ({
    above: one(categories, {
      fields: [categories.parent],
      references: [categories.id],
      relationName: 'tree',
    }),
    children: many(categories, { relationName: 'tree' }),
    products: many(productCategories),
  })),
  productCategoryRelations: relations(productCategories, ({ one }) => ({
    category: one(categories, { fields: [productCategories.category], references: [categories.id] }),
    product: one(products, { fields: [productCategories.sku], references: [products.sku] }),
  })),
  stockRelations: relations(stock, ({ one }) => ({
    place: one(warehouses, { fields: [stock.warehouse], references: [warehouses.code] }),
  })),
  reviewRelations: relations(reviews, ({ one }) => ({
    author: one(customers, { fields: [reviews.customer], references: [customers.id] }),
  })),
  orderRelations: relations(orders, ({ many }) => ({ lines: many(lines) })),
  lineRelations: relations(lines, ({ one }) => ({
    order: one(orders, { fields: [lines.order], references: [orders.id] }),
    product: one(products, { fields: [lines.sku], references: [products.sku] }),
  })),
};

/** As drizzle-kit writes it for these tables; the trigger by hand. */
export const migration = (schema: string): string => `
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
CREATE TABLE "categories" ("id" serial PRIMARY KEY NOT NULL, "name" text NOT NULL, "parent_id" integer REFERENCES "categories");
--> statement-breakpoint
CREATE TABLE "product_categories" ("sku" text NOT NULL REFERENCES "products" ON DELETE cascade,
  "category_id" integer NOT NULL REFERENCES "categories", PRIMARY KEY ("sku", "category_id"));
--> statement-breakpoint
CREATE TABLE "warehouses" ("code" text PRIMARY KEY NOT NULL, "name" text NOT NULL, "opened" date NOT NULL);
--> statement-breakpoint
CREATE TABLE "stock" ("warehouse" text NOT NULL REFERENCES "warehouses", "sku" text NOT NULL REFERENCES "products",
  "pieces" integer NOT NULL CHECK ("pieces" >= 0), PRIMARY KEY ("warehouse", "sku"));
--> statement-breakpoint
CREATE TYPE "payment_method" AS ENUM('cash', 'card', 'transfer');
--> statement-breakpoint
CREATE TABLE "payments" ("id" uuid PRIMARY KEY NOT NULL, "order_id" integer NOT NULL REFERENCES "orders",
  "method" "payment_method" NOT NULL, "amount" numeric(14, 2) NOT NULL, "paid_at" timestamp with time zone NOT NULL,
  "receipt" jsonb);
--> statement-breakpoint
CREATE TABLE "reviews" ("id" serial PRIMARY KEY NOT NULL, "sku" text NOT NULL REFERENCES "products" ON DELETE cascade,
  "customer_id" integer NOT NULL REFERENCES "customers", "stars" smallint NOT NULL CHECK ("stars" BETWEEN 1 AND 5),
  "marks" integer[] NOT NULL, "words" text, "photo" bytea, UNIQUE ("sku", "customer_id"));
--> statement-breakpoint
${AUDIT(schema)};
`;
