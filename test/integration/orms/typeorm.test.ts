import {
  DataSource,
  EntitySchema,
  OptimisticLockVersionMismatchError,
  QueryFailedError,
  type EntityManager,
} from 'typeorm';
import pg, { type DatabaseError } from 'kingbase-native/pg';
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

interface CustomerEntity extends Customer {
  id: number;
  orders: OrderEntity[];
}
interface OrderEntity {
  id: number;
  status: string;
  version: number;
  customer: CustomerEntity;
  lines: LineEntity[];
}
interface LineEntity {
  id: number;
  number: number;
  quantity: number;
  order: OrderEntity;
  product: Product;
}

const CustomerSchema = new EntitySchema<CustomerEntity>({
  name: 'customer',
  tableName: 'customers',
  columns: {
    id: { type: 'int', primary: true, generated: 'increment' },
    name: { type: 'text' },
    email: { type: 'text', unique: true },
    labels: { type: 'text', array: true },
    address: { type: 'jsonb' },
    credit: { type: 'numeric', precision: 20, scale: 4 },
    since: { type: 'timestamptz' },
  },
  relations: { orders: { type: 'one-to-many', target: 'order', inverseSide: 'customer' } },
});
const ProductSchema = new EntitySchema<Product>({
  name: 'product',
  tableName: 'products',
  columns: {
    sku: { type: 'text', primary: true },
    name: { type: 'text' },
    price: { type: 'numeric', precision: 12, scale: 2 },
    quantity: { type: 'int' },
  },
  checks: [{ expression: 'quantity >= 0' }],
});
const OrderSchema = new EntitySchema<OrderEntity>({
  name: 'order',
  tableName: 'orders',
  columns: {
    id: { type: 'int', primary: true, generated: 'increment' },
    status: { type: 'enum', enum: ['new', 'paid', 'sent'], default: 'new' },
    version: { type: 'int', version: true },
  },
  relations: {
    customer: { type: 'many-to-one', target: 'customer', nullable: false, inverseSide: 'orders' },
    lines: { type: 'one-to-many', target: 'line', inverseSide: 'order' },
  },
});
const LineSchema = new EntitySchema<LineEntity>({
  name: 'line',
  tableName: 'order_lines',
  columns: {
    id: { type: 'int', primary: true, generated: 'increment' },
    number: { type: 'int' },
    quantity: { type: 'int' },
  },
  relations: {
    order: { type: 'many-to-one', target: 'order', nullable: false, inverseSide: 'lines' },
    product: { type: 'many-to-one', target: 'product', nullable: false, joinColumn: { name: 'sku' } },
  },
});

const TrailSchema = new EntitySchema<Change & { at: number; sku: string }>({
  name: 'trail',
  tableName: 'product_trail',
  columns: {
    at: { type: 'int', primary: true, generated: 'increment' },
    sku: { type: 'text' },
    was: { type: 'int', nullable: true },
    became: { type: 'int' },
  },
});

class TypeOrmShop implements Shop {
  private readonly source: DataSource;
  private readonly schema: string;

  constructor({ host, port, user, database, schema, application, clientLibrary }: Place) {
    this.schema = schema;
    this.source = new DataSource({
      type: 'postgres',
      driver: pg,
      host,
      port,
      username: user,
      database,
      schema,
      applicationName: application,
      poolSize: MOST,
      extra: { kingbase: { clientLibrary } },
      entities: [CustomerSchema, ProductSchema, OrderSchema, LineSchema, TrailSchema],
    });
  }

  async createSchema(): Promise<void> {
    await this.source.initialize();
    await this.source.synchronize();
    // What is there is what was asked for: nothing is left to do.
    const { upQueries } = await this.source.driver.createSchemaBuilder().log();
    if (upQueries.length > 0) throw new Error(upQueries.map(({ query }) => query).join('\n'));
    await this.source.query(AUDIT(this.schema));
  }

  async addCustomer(customer: Customer, manager: EntityManager = this.source.manager): Promise<number> {
    const { id } = await manager.save(CustomerSchema, { ...customer });
    return id;
  }

  async customer(id: number): Promise<Customer> {
    const { name, email, labels, address, credit, since } = await this.source.manager.findOneByOrFail(
      CustomerSchema,
      { id },
    );
    return { name, email, labels, address, credit, since };
  }

  async addProducts(products: readonly Product[]): Promise<void> {
    await this.source.manager.insert(ProductSchema, [...products]);
  }

  async deliver(product: Product): Promise<void> {
    const { manager } = this.source;
    const known = await manager.findOneBy(ProductSchema, { sku: product.sku });
    const quantity = product.quantity + (known?.quantity ?? 0);
    await manager.upsert(ProductSchema, { ...product, quantity }, ['sku']);
  }

  async product(sku: string): Promise<Product> {
    return { ...(await this.source.manager.findOneByOrFail(ProductSchema, { sku })) };
  }

  placeOrder(customer: number, lines: readonly Line[]): Promise<number> {
    return this.source.transaction(async (manager) => {
      const { id } = await manager.save(OrderSchema, { customer: { id: customer } });
      const numbered = lines.map(({ sku, quantity }, at) => ({
        order: { id },
        number: at + 1,
        quantity,
        product: { sku },
      }));
      await manager.insert(LineSchema, numbered);
      for (const { sku, quantity } of lines) {
        await manager.decrement(ProductSchema, { sku }, 'quantity', quantity);
      }
      return id;
    });
  }

  async ordersOf(customer: number): Promise<Order[]> {
    const found = await this.source.manager.find(OrderSchema, {
      where: { customer: { id: customer } },
      relations: { lines: { product: true } },
      order: { id: 'ASC', lines: { number: 'ASC' } },
    });
    return found.map(({ id, status, lines }) => ({
      id,
      status,
      lines: lines.map(({ quantity, product }) => ({ product: product.name, quantity })),
    }));
  }

  sales(): Promise<{ name: string; pieces: number }[]> {
    return this.source.manager
      .createQueryBuilder(CustomerSchema, 'customer')
      .innerJoin('customer.orders', 'placed')
      .innerJoin('placed.lines', 'line')
      .select('customer.name', 'name')
      .addSelect('sum(line.quantity)::int4', 'pieces')
      .groupBy('customer.name')
      .getRawMany();
  }

  async page(skip: number, take: number): Promise<{ total: number; skus: string[] }> {
    const [rows, total] = await this.source.manager.findAndCount(ProductSchema, {
      order: { sku: 'ASC' },
      skip,
      take,
    });
    return { total, skus: rows.map(({ sku }) => sku) };
  }

  addTwice(customer: Customer): Promise<unknown> {
    return this.source.transaction(async (manager) => {
      await this.addCustomer(customer, manager);
      return manager
        .transaction((savepoint) => this.addCustomer(customer, savepoint))
        .catch((error: unknown) => error);
    });
  }

  take(sku: string): Promise<number> {
    return this.source.transaction(async (manager) => {
      const lock = { mode: 'pessimistic_write' } as const;
      const product = await manager.findOneOrFail(ProductSchema, { where: { sku }, lock });
      product.quantity--;
      await manager.save(ProductSchema, product);
      return product.quantity;
    });
  }

  async trailOf(sku: string): Promise<Change[]> {
    const found = await this.source.manager.find(TrailSchema, { where: { sku }, order: { at: 'ASC' } });
    return found.map(({ was, became }) => ({ was, became }));
  }

  async setStatus(id: number, status: string, meanwhile: () => Promise<void>): Promise<boolean> {
    const { version } = await this.source.manager.findOneByOrFail(OrderSchema, { id });
    await meanwhile();
    try {
      await this.source.transaction(async (manager) => {
        const lock = { mode: 'optimistic', version } as const;
        const order = await manager.findOneOrFail(OrderSchema, { where: { id }, lock });
        await manager.save(OrderSchema, { ...order, status });
      });
      return true;
    } catch (error) {
      if (error instanceof OptimisticLockVersionMismatchError) return false;
      throw error;
    }
  }

  isUniqueViolation(error: unknown): boolean {
    return error instanceof QueryFailedError && (error.driverError as DatabaseError).code === '23505';
  }

  async *streamSkus(): AsyncIterable<string> {
    const query = this.source.manager
      .createQueryBuilder(ProductSchema, 'product')
      .select('product.sku', 'sku')
      .orderBy('product.sku');
    // The builder gives the connection back at the end of the stream, so a runner of ours is used, which can be released.
    const runner = this.source.createQueryRunner();
    try {
      for await (const { sku } of (await runner.stream(query.getQuery())) as AsyncIterable<{ sku: string }>) {
        yield sku;
      }
    } finally {
      await runner.release();
    }
  }

  close(): Promise<void> {
    return this.source.destroy();
  }
}

testShop('TypeORM', (place) => new TypeOrmShop(place));
