import { sql, type ColumnType, type Generated, type Kysely } from 'kysely';
import {
  AUDIT,
  type Change,
  type Customer,
  type Line,
  type Payment,
  type Product,
  type Review,
  type Warehouse,
} from './shop-model.js';

export interface Tables {
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
  categories: { id: Generated<number>; name: string; parent_id: number | null };
  product_categories: { sku: string; category_id: number };
  warehouses: Omit<Warehouse, 'opened'> & { opened: ColumnType<Date | string, string, string> };
  stock: { warehouse: string; sku: string; pieces: number };
  payments: Omit<Payment, 'paidAt' | 'receipt'> & {
    order_id: number;
    paid_at: Date;
    receipt: ColumnType<Payment['receipt'], string | null, string | null>;
  };
  reviews: Review & { id: Generated<number>; sku: string; customer_id: number };
}

/** By Kysely's schema builder, in this schema. */
export async function createTables(db: Kysely<Tables>, place: string): Promise<void> {
  const { schema } = db;
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
  await schema
    .createTable('categories')
    .addColumn('id', 'serial', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('parent_id', 'integer', (column) => column.references('categories.id'))
    .execute();
  await schema
    .createTable('product_categories')
    .addColumn('sku', 'text', (column) => column.references('products.sku').onDelete('cascade'))
    .addColumn('category_id', 'integer', (column) => column.references('categories.id'))
    .addPrimaryKeyConstraint('product_categories_key', ['sku', 'category_id'])
    .execute();
  await schema
    .createTable('warehouses')
    .addColumn('code', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('opened', 'date', (column) => column.notNull())
    .execute();
  await schema
    .createTable('stock')
    .addColumn('warehouse', 'text', (column) => column.references('warehouses.code'))
    .addColumn('sku', 'text', (column) => column.references('products.sku'))
    .addColumn('pieces', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('stock_key', ['warehouse', 'sku'])
    .addCheckConstraint('stock_pieces', sql`pieces >= 0`)
    .execute();
  await schema.createType('payment_method').asEnum(['cash', 'card', 'transfer']).execute();
  await schema
    .createTable('payments')
    .addColumn('id', 'uuid', (column) => column.primaryKey())
    .addColumn('order_id', 'integer', (column) => column.notNull().references('orders.id'))
    .addColumn('method', sql`payment_method`, (column) => column.notNull())
    .addColumn('amount', 'numeric(14, 2)', (column) => column.notNull())
    .addColumn('paid_at', 'timestamptz', (column) => column.notNull())
    .addColumn('receipt', 'jsonb')
    .execute();
  await schema
    .createTable('reviews')
    .addColumn('id', 'serial', (column) => column.primaryKey())
    .addColumn('sku', 'text', (column) => column.notNull().references('products.sku').onDelete('cascade'))
    .addColumn('customer_id', 'integer', (column) => column.notNull().references('customers.id'))
    .addColumn('stars', 'smallint', (column) => column.notNull().check(sql`stars between 1 and 5`))
    .addColumn('marks', sql`int4[]`, (column) => column.notNull())
    .addColumn('words', 'text')
    .addColumn('photo', 'bytea')
    .addUniqueConstraint('reviews_once', ['sku', 'customer_id'])
    .execute();
  for (const statement of AUDIT(place).split(/;(?=\n {2}CREATE TRIGGER)/)) {
    await sql.raw(statement).execute(db);
  }
}
