import { createRequire } from 'node:module';
import { knex, type Knex } from 'knex';
import pg, { DatabaseError } from 'kingbase-native/pg';
import {
  AUDIT,
  MOST,
  localDay,
  type Category,
  type Change,
  type Customer,
  type Order,
  type Place,
  type Payment,
  type Product,
  type Review,
  type Shop,
  type Warehouse,
} from './shop-model.js';
import { testShop } from './shop.js';

const Postgres = createRequire(__filename)('knex/lib/dialects/postgres') as typeof Knex.Client;

/** Knex' own client for PostgreSQL, with another driver. */
class Kingbase extends Postgres {
  _driver(): typeof pg {
    return pg;
  }
}

interface CustomerRow extends Customer {
  id: number;
}
interface CategoryRow {
  id: number;
  name: string;
  parent_id: number | null;
}
interface OrderRow {
  id: number;
  customer_id: number;
  status: string;
  version: number;
}

class KnexShop implements Shop {
  private readonly db: Knex;
  private readonly schema: string;

  constructor({ host, port, user, database, schema, application, clientLibrary }: Place) {
    this.schema = schema;
    this.db = knex({
      client: Kingbase,
      connection: { host, port, user, database, application_name: application, kingbase: { clientLibrary } },
      searchPath: [schema],
      pool: { min: 0, max: MOST },
    } as Knex.Config);
  }

  async createSchema(): Promise<void> {
    await this.db.schema
      .createTable('customers', (table) => {
        table.increments('id');
        table.text('name').notNullable();
        table.text('email').notNullable().unique();
        table.specificType('labels', 'text[]').notNullable();
        table.jsonb('address').notNullable();
        table.decimal('credit', 20, 4).notNullable();
        table.timestamp('since', { useTz: true }).notNullable();
      })
      .createTable('products', (table) => {
        table.text('sku').primary();
        table.text('name').notNullable();
        table.decimal('price', 12, 2).notNullable();
        table.integer('quantity').notNullable().checkPositive('products_quantity').defaultTo(0);
      })
      .raw('ALTER TABLE products DROP CONSTRAINT products_quantity, ADD CHECK (quantity >= 0)')
      .createTable('orders', (table) => {
        table.increments('id');
        table.integer('customer_id').notNullable().references('customers.id');
        table
          .enu('status', ['new', 'paid', 'sent'], { useNative: true, enumName: 'order_status' })
          .defaultTo('new');
        table.integer('version').notNullable().defaultTo(1);
      })
      .createTable('order_lines', (table) => {
        table.integer('order_id').notNullable().references('orders.id');
        table.integer('number').notNullable();
        table.text('sku').notNullable().references('products.sku');
        table.integer('quantity').notNullable();
        table.primary(['order_id', 'number']);
      })
      .createTable('product_trail', (table) => {
        table.increments('at');
        table.text('sku').notNullable();
        table.integer('was');
        table.integer('became').notNullable();
      })
      .createTable('categories', (table) => {
        table.increments('id');
        table.text('name').notNullable();
        table.integer('parent_id').references('categories.id');
      })
      .createTable('product_categories', (table) => {
        table.text('sku').notNullable().references('products.sku').onDelete('CASCADE');
        table.integer('category_id').notNullable().references('categories.id').onDelete('CASCADE');
        table.primary(['sku', 'category_id']);
      })
      .createTable('warehouses', (table) => {
        table.text('code').primary();
        table.text('name').notNullable();
        table.date('opened').notNullable();
      })
      .createTable('stock', (table) => {
        table.text('warehouse').notNullable().references('warehouses.code');
        table.text('sku').notNullable().references('products.sku');
        table.integer('pieces').notNullable();
        table.primary(['warehouse', 'sku']);
        table.check('pieces >= 0');
      })
      .createTable('payments', (table) => {
        table.uuid('id').primary();
        table.integer('order_id').notNullable().references('orders.id');
        table
          .enu('method', ['cash', 'card', 'transfer'], { useNative: true, enumName: 'payment_method' })
          .notNullable();
        table.decimal('amount', 14, 2).notNullable();
        table.timestamp('paid_at', { useTz: true }).notNullable();
        table.jsonb('receipt');
      })
      .createTable('reviews', (table) => {
        table.increments('id');
        table.text('sku').notNullable().references('products.sku').onDelete('CASCADE');
        table.integer('customer_id').notNullable().references('customers.id');
        table.smallint('stars').notNullable().checkBetween([1, 5]);
        table.specificType('marks', 'int4[]').notNullable();
        table.text('words');
        table.binary('photo');
        table.unique(['sku', 'customer_id']);
      })
      .raw(AUDIT(this.schema).replaceAll('?', '\\?'));
  }

  async addCustomer(customer: Customer, db: Knex = this.db): Promise<number> {
    const [added] = await db<CustomerRow>('customers').insert(customer).returning('id');
    return added!.id;
  }

  async customer(id: number): Promise<Customer> {
    const columns = ['name', 'email', 'labels', 'address', 'credit', 'since'];
    return this.db<CustomerRow>('customers').where({ id }).first(columns) as unknown as Promise<Customer>;
  }

  async addProducts(products: readonly Product[]): Promise<void> {
    await this.db('products').insert(products);
  }

  async deliver(product: Product): Promise<void> {
    const more = this.db.raw('products.quantity + excluded.quantity');
    await this.db('products').insert(product).onConflict('sku').merge({ quantity: more });
  }

  async product(sku: string): Promise<Product> {
    return (await this.db<Product>('products').where({ sku }).first())!;
  }

  placeOrder(customer: number, lines: readonly { sku: string; quantity: number }[]): Promise<number> {
    return this.db.transaction(async (tx) => {
      const [order] = await tx<OrderRow>('orders').insert({ customer_id: customer }).returning('id');
      const numbered = lines.map((line, at) => ({ order_id: order!.id, number: at + 1, ...line }));
      await tx('order_lines').insert(numbered);
      for (const { sku, quantity } of lines) await tx('products').where({ sku }).decrement({ quantity });
      return order!.id;
    });
  }

  async ordersOf(customer: number): Promise<Order[]> {
    const orders = await this.db<OrderRow>('orders')
      .where({ customer_id: customer })
      .orderBy('id')
      .select('id', 'status');
    const lines = await this.db('order_lines')
      .join('products', 'products.sku', 'order_lines.sku')
      .whereIn(
        'order_id',
        orders.map(({ id }) => id),
      )
      .orderBy(['order_id', 'number'])
      .select<{ order: number; product: string; quantity: number }[]>(
        'order_id as order',
        'products.name as product',
        'order_lines.quantity',
      );
    return orders.map(({ id, status }) => ({
      id,
      status,
      lines: lines
        .filter(({ order }) => order === id)
        .map(({ product, quantity }) => ({ product, quantity })),
    }));
  }

  async sales(): Promise<{ name: string; pieces: number }[]> {
    const sums = await this.db('customers')
      .join('orders', 'orders.customer_id', 'customers.id')
      .join('order_lines', 'order_lines.order_id', 'orders.id')
      .groupBy('customers.name')
      .select('customers.name')
      .sum<{ name: string; pieces: string }[]>('order_lines.quantity as pieces');
    return sums.map(({ name, pieces }) => ({ name, pieces: Number(pieces) }));
  }

  async page(offset: number, limit: number): Promise<{ total: number; skus: string[] }> {
    const count = await this.db('products').count<{ total: string }[]>('* as total');
    const skus = await this.db('products').orderBy('sku').offset(offset).limit(limit).pluck<string[]>('sku');
    return { total: Number(count[0]!.total), skus };
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
      const locked = await tx<Product>('products').where({ sku }).forUpdate().first('quantity');
      const quantity = locked!.quantity - 1;
      await tx('products').where({ sku }).update({ quantity });
      return quantity;
    });
  }

  trailOf(sku: string): Promise<Change[]> {
    return this.db('product_trail').where({ sku }).orderBy('at').select<Change[]>('was', 'became');
  }

  async setStatus(id: number, status: string, meanwhile: () => Promise<void>): Promise<boolean> {
    const { version } = (await this.db<OrderRow>('orders').where({ id }).first('version'))!;
    await meanwhile();
    const changed = { status, version: version + 1 };
    return (await this.db<OrderRow>('orders').where({ id, version }).update(changed)) === 1;
  }

  async addCategory(name: string, parent?: number): Promise<number> {
    const category = { name, parent_id: parent ?? null };
    const [added] = await this.db<CategoryRow>('categories').insert(category).returning('id');
    return added!.id;
  }

  file(sku: string, categories: readonly number[]): Promise<void> {
    return this.db.transaction(async (tx) => {
      await tx('product_categories').where({ sku }).delete();
      await tx('product_categories').insert(categories.map((category_id) => ({ sku, category_id })));
    });
  }

  async category(id: number): Promise<Category> {
    const found = await this.db('categories as c')
      .leftJoin('categories as p', 'p.id', 'c.parent_id')
      .where('c.id', id)
      .first<{ name: string; parent: string | null }>('c.name', 'p.name as parent');
    const children = this.db('categories').where({ parent_id: id }).orderBy('id').pluck<string[]>('name');
    const products = this.db('product_categories')
      .join('products', 'products.sku', 'product_categories.sku')
      .where({ category_id: id })
      .orderBy('products.sku')
      .pluck<string[]>('products.name');
    return { ...found, children: await children, products: await products };
  }

  async openWarehouse(warehouse: Warehouse): Promise<void> {
    await this.db('warehouses').insert(warehouse);
  }

  async warehouse(code: string): Promise<Warehouse> {
    // As `pg`, Knex gives a date as the beginning of its day.
    type Found = Omit<Warehouse, 'opened'> & { opened: Date };
    const found = await this.db('warehouses').where({ code }).first<Found>();
    return { ...found, opened: localDay(found.opened) };
  }

  async store(warehouse: string, sku: string, pieces: number): Promise<void> {
    await this.db('stock')
      .insert({ warehouse, sku, pieces })
      .onConflict(['warehouse', 'sku'])
      .merge({ pieces: this.db.raw('stock.pieces + excluded.pieces') });
  }

  move(sku: string, from: string, to: string, pieces: number): Promise<void> {
    return this.db.transaction(async (tx) => {
      await tx('stock').where({ sku, warehouse: to }).increment({ pieces });
      await tx('stock').where({ sku, warehouse: from }).decrement({ pieces });
    });
  }

  stockOf(sku: string): Promise<{ warehouse: string; pieces: number }[]> {
    return this.db('stock')
      .join('warehouses', 'code', 'warehouse')
      .where({ sku })
      .orderBy('code')
      .select('warehouses.name as warehouse', 'pieces');
  }

  async pay(order_id: number, { paidAt, ...payment }: Payment): Promise<void> {
    await this.db('payments').insert({ ...payment, order_id, paid_at: paidAt });
  }

  paymentsOf(order_id: number): Promise<Payment[]> {
    const columns = ['id', 'method', 'amount', 'paid_at as paidAt', 'receipt'];
    return this.db('payments').where({ order_id }).orderBy('paid_at').select<Payment[]>(columns);
  }

  async paidFor(order_id: number): Promise<string> {
    const [row] = await this.db('payments').where({ order_id }).sum<{ paid: string }[]>('amount as paid');
    return row!.paid;
  }

  async review(sku: string, customer_id: number, review: Review): Promise<void> {
    await this.db('reviews').insert({ ...review, sku, customer_id });
  }

  reviewsOf(sku: string): Promise<(Review & { by: string })[]> {
    return this.db('reviews')
      .join('customers', 'customers.id', 'customer_id')
      .where({ sku })
      .orderBy('reviews.id')
      .select('stars', 'marks', 'words', 'photo', 'customers.name as by');
  }

  async reviewedAtLeast(least: number): Promise<{ sku: string; reviews: number }[]> {
    const counts = await this.db('reviews')
      .groupBy('sku')
      .havingRaw('count(*) >= ?', [least])
      .select('sku')
      .count<{ sku: string; reviews: string }[]>('* as reviews');
    return counts.map(({ sku, reviews }) => ({ sku, reviews: Number(reviews) }));
  }

  after(sku: string, limit: number): Promise<string[]> {
    return this.db('products').where('sku', '>', sku).orderBy('sku').limit(limit).pluck('sku');
  }

  labelled(label: string): Promise<string[]> {
    return this.db('customers').whereRaw('? = any (labels)', [label]).orderBy('name').pluck('name');
  }

  livingIn(city: string): Promise<string[]> {
    return this.db('customers').whereJsonPath('address', '$.city', '=', city).orderBy('name').pluck('name');
  }

  async discontinue(sku: string): Promise<void> {
    await this.db('products').where({ sku }).delete();
  }

  /** Knex leaves errors as the driver gives them. */
  isUniqueViolation(error: unknown): boolean {
    return error instanceof DatabaseError && error.code === '23505';
  }

  isForeignKeyViolation(error: unknown): boolean {
    return error instanceof DatabaseError && error.code === '23503';
  }

  async *streamSkus(): AsyncIterable<string> {
    const rows: AsyncIterable<Product> = this.db<Product>('products').orderBy('sku').select('sku').stream();
    for await (const { sku } of rows) yield sku;
  }

  close(): Promise<void> {
    return this.db.destroy();
  }
}

testShop('Knex', (place) => new KnexShop(place));
