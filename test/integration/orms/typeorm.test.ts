import {
  ArrayContains,
  DataSource,
  JsonContains,
  MoreThan,
  OptimisticLockVersionMismatchError,
  QueryFailedError,
  type EntityManager,
  type FindOptionsWhere,
} from 'typeorm';
import pg, { type DatabaseError } from 'kingbase-native/pg';
import {
  AUDIT,
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
import {
  CategorySchema,
  CustomerSchema,
  LineSchema,
  OrderSchema,
  PaymentSchema,
  ProductSchema,
  ReviewSchema,
  StockSchema,
  TrailSchema,
  WarehouseSchema,
} from './typeorm-entities.js';

class TypeOrmShop implements Shop {
  /** It takes the connections from those who use them. */
  readonly cutsOff = true;
  private readonly source: DataSource;
  private readonly schema: string;

  constructor({ host, port, user, database, schema, application, clientLibrary, options }: Place) {
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
      extra: { kingbase: { clientLibrary }, options },
      entities: [
        CustomerSchema,
        ProductSchema,
        OrderSchema,
        LineSchema,
        TrailSchema,
        CategorySchema,
        WarehouseSchema,
        StockSchema,
        PaymentSchema,
        ReviewSchema,
      ],
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

  async addCategory(name: string, parent?: number): Promise<number> {
    const below = parent === undefined ? {} : { parent: { id: parent } };
    // `save` would look for the parent.
    const { identifiers } = await this.source.manager.insert(CategorySchema, { name, ...below });
    return identifiers[0]!['id'] as number;
  }

  async file(sku: string, categories: readonly number[]): Promise<void> {
    await this.source.manager.save(ProductSchema, { sku, categories: categories.map((id) => ({ id })) });
  }

  async category(id: number): Promise<Category> {
    const { name, parent, children, products } = await this.source.manager.findOneOrFail(CategorySchema, {
      where: { id },
      relations: { parent: true, children: true, products: true },
      order: { children: { id: 'ASC' }, products: { sku: 'ASC' } },
    });
    const names = (of: readonly { name: string }[]): string[] => of.map((one) => one.name);
    return { name, parent: parent?.name ?? null, children: names(children), products: names(products) };
  }

  async openWarehouse(warehouse: Warehouse): Promise<void> {
    await this.source.manager.insert(WarehouseSchema, warehouse);
  }

  warehouse(code: string): Promise<Warehouse> {
    return this.source.manager.findOneByOrFail(WarehouseSchema, { code });
  }

  async store(warehouseCode: string, sku: string, pieces: number): Promise<void> {
    const key = { warehouseCode, sku };
    const known = await this.source.manager.findOneBy(StockSchema, key);
    const row = { ...key, pieces: pieces + (known?.pieces ?? 0) };
    await this.source.manager.upsert(StockSchema, row, ['warehouseCode', 'sku']);
  }

  move(sku: string, from: string, to: string, pieces: number): Promise<void> {
    return this.source.transaction(async (manager) => {
      await manager.increment(StockSchema, { sku, warehouseCode: to }, 'pieces', pieces);
      await manager.decrement(StockSchema, { sku, warehouseCode: from }, 'pieces', pieces);
    });
  }

  async stockOf(sku: string): Promise<{ warehouse: string; pieces: number }[]> {
    const found = await this.source.manager.find(StockSchema, {
      where: { sku },
      relations: { warehouse: true },
      order: { warehouseCode: 'ASC' },
    });
    return found.map(({ warehouse, pieces }) => ({ warehouse: warehouse.name, pieces }));
  }

  async pay(order: number, payment: Payment): Promise<void> {
    await this.source.manager.insert(PaymentSchema, { ...payment, order: { id: order } });
  }

  paymentsOf(id: number): Promise<Payment[]> {
    return this.source.manager.find(PaymentSchema, { where: { order: { id } }, order: { paidAt: 'ASC' } });
  }

  async paidFor(order: number): Promise<string> {
    // `manager.sum` gives a number.
    const row = await this.source.manager
      .createQueryBuilder(PaymentSchema, 'payment')
      .select('sum(payment.amount)', 'paid')
      .where('payment.order = :order', { order })
      .getRawOne<{ paid: string }>();
    return row!.paid;
  }

  async review(sku: string, customer: number, review: Review): Promise<void> {
    const photo = review.photo && Buffer.from(review.photo);
    const row = { ...review, photo, product: { sku }, customer: { id: customer } };
    await this.source.manager.insert(ReviewSchema, row);
  }

  async reviewsOf(sku: string): Promise<(Review & { by: string })[]> {
    const found = await this.source.manager.find(ReviewSchema, {
      where: { product: { sku } },
      relations: { customer: true },
      order: { id: 'ASC' },
    });
    return found.map(({ stars, marks, words, photo, customer }) => {
      return { stars, marks, words, photo, by: customer.name };
    });
  }

  reviewedAtLeast(least: number): Promise<{ sku: string; reviews: number }[]> {
    return this.source.manager
      .createQueryBuilder(ReviewSchema, 'review')
      .select('review.sku', 'sku')
      .addSelect('count(*)::int4', 'reviews')
      .groupBy('review.sku')
      .having('count(*) >= :least', { least })
      .getRawMany();
  }

  async after(sku: string, take: number): Promise<string[]> {
    const where = { sku: MoreThan(sku) };
    const found = await this.source.manager.find(ProductSchema, { where, order: { sku: 'ASC' }, take });
    return found.map((product) => product.sku);
  }

  labelled(label: string): Promise<string[]> {
    return this.names({ labels: ArrayContains([label]) });
  }

  livingIn(city: string): Promise<string[]> {
    return this.names({ address: JsonContains({ city }) });
  }

  private async names(where: FindOptionsWhere<Customer>): Promise<string[]> {
    const found = await this.source.manager.find(CustomerSchema, { where, order: { name: 'ASC' } });
    return found.map(({ name }) => name);
  }

  async discontinue(sku: string): Promise<void> {
    await this.source.manager.delete(ProductSchema, { sku });
  }

  isUniqueViolation(error: unknown): boolean {
    return error instanceof QueryFailedError && (error.driverError as DatabaseError).code === '23505';
  }

  isForeignKeyViolation(error: unknown): boolean {
    return error instanceof QueryFailedError && (error.driverError as DatabaseError).code === '23503';
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
