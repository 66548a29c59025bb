import {
  cast,
  col,
  DataTypes,
  fn,
  ForeignKeyConstraintError,
  Op,
  OptimisticLockError,
  Sequelize,
  Transaction,
  UniqueConstraintError,
  where,
  type WhereOptions,
} from 'sequelize';
import pg, { type ClientConfig } from 'kingbase-native/pg';
import { defineModels, type Models } from './sequelize-models.js';
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

/** Sequelize hands only those options on that it knows; the driver's own are added here. */
function moduleWith(kingbase: ClientConfig['kingbase']): object {
  class Client extends pg.Client {
    constructor(config: ClientConfig) {
      super({ ...config, kingbase });
    }
  }
  return { ...pg, Client };
}

class SequelizeShop implements Shop {
  private readonly sequelize: Sequelize;
  private readonly schema: string;
  private readonly models: Models;

  constructor({ host, port, user, database, schema, application, options, clientLibrary }: Place) {
    this.schema = schema;
    this.sequelize = new Sequelize({
      dialect: 'postgres',
      dialectModule: moduleWith({ clientLibrary }),
      dialectOptions: { application_name: application, options },
      host,
      port,
      username: user,
      database,
      pool: { max: MOST },
      define: { timestamps: false, underscored: true },
      logging: false,
    });
    this.models = defineModels(this.sequelize);
  }

  async createSchema(): Promise<void> {
    await this.sequelize.sync();
    await this.sequelize.getQueryInterface().addConstraint('products', {
      type: 'check',
      fields: ['quantity'],
      where: { quantity: { [Op.gte]: 0 } },
    });
    await this.sequelize.getQueryInterface().addConstraint('stock', {
      type: 'check',
      fields: ['pieces'],
      where: { pieces: { [Op.gte]: 0 } },
    });
    await this.sequelize.query(AUDIT(this.schema));
  }

  async addCustomer(customer: Customer, transaction: Transaction | null = null): Promise<number> {
    return (await this.models.customers.create(customer, { transaction })).get('id') as number;
  }

  async customer(id: number): Promise<Customer> {
    const found = await this.models.customers.findByPk(id, {
      attributes: { exclude: ['id'] },
      rejectOnEmpty: true,
    });
    return found.get({ plain: true });
  }

  async addProducts(products: readonly Product[]): Promise<void> {
    await this.models.products.bulkCreate(products);
  }

  async deliver(product: Product): Promise<void> {
    const known = await this.models.products.findByPk(product.sku);
    const quantity = product.quantity + ((known?.get('quantity') as number | undefined) ?? 0);
    await this.models.products.upsert({ ...product, quantity });
  }

  async product(sku: string): Promise<Product> {
    return (await this.models.products.findByPk(sku, { rejectOnEmpty: true })).get({ plain: true });
  }

  placeOrder(customerId: number, lines: readonly Line[]): Promise<number> {
    return this.sequelize.transaction(async (transaction) => {
      const orderId = (await this.models.orders.create({ customerId }, { transaction })).get('id') as number;
      const numbered = lines.map((line, at) => ({ orderId, number: at + 1, ...line }));
      await this.models.lines.bulkCreate(numbered, { transaction });
      for (const { sku, quantity } of lines) {
        await this.models.products.decrement('quantity', { by: quantity, where: { sku }, transaction });
      }
      return orderId;
    });
  }

  async ordersOf(customerId: number): Promise<Order[]> {
    const include = {
      association: 'lines',
      attributes: ['number', 'quantity'],
      include: [{ association: 'product', attributes: ['name'] }],
    };
    const found = await this.models.orders.findAll({
      where: { customerId },
      include: [include],
      order: ['id', [{ model: this.models.lines, as: 'lines' }, 'number', 'ASC']],
    });
    return found.map((order) => {
      const { id, status, lines } = order.get({ plain: true }) as unknown as Omit<Order, 'lines'> & {
        lines: { quantity: number; product: { name: string } }[];
      };
      return {
        id,
        status,
        lines: lines.map(({ quantity, product }) => ({ product: product.name, quantity })),
      };
    });
  }

  async sales(): Promise<{ name: string; pieces: number }[]> {
    const [rows] = await this.sequelize.query(
      `SELECT c.name, sum(l.quantity)::int4 AS pieces FROM customers c JOIN orders o ON o.customer_id = c.id
       JOIN order_lines l ON l.order_id = o.id WHERE c.name = $name GROUP BY c.name`,
      { bind: { name: '王小明' } },
    );
    return rows as { name: string; pieces: number }[];
  }

  async page(offset: number, limit: number): Promise<{ total: number; skus: string[] }> {
    const { count, rows } = await this.models.products.findAndCountAll({ order: ['sku'], offset, limit });
    return { total: count, skus: rows.map((row) => row.get('sku') as string) };
  }

  addTwice(customer: Customer): Promise<unknown> {
    return this.sequelize.transaction(async (transaction) => {
      await this.addCustomer(customer, transaction);
      return this.sequelize
        .transaction({ transaction }, (savepoint) => this.addCustomer(customer, savepoint))
        .catch((error: unknown) => error);
    });
  }

  take(sku: string): Promise<number> {
    return this.sequelize.transaction(async (transaction) => {
      const lock = Transaction.LOCK.UPDATE;
      const product = await this.models.products.findByPk(sku, { lock, transaction, rejectOnEmpty: true });
      const quantity = (product.get('quantity') as number) - 1;
      await product.update({ quantity }, { transaction });
      return quantity;
    });
  }

  async trailOf(sku: string): Promise<Change[]> {
    const found = await this.models.trail.findAll({
      where: { sku },
      order: ['at'],
      attributes: ['was', 'became'],
    });
    return found.map((change) => change.get({ plain: true }));
  }

  async setStatus(id: number, status: string, meanwhile: () => Promise<void>): Promise<boolean> {
    const order = await this.models.orders.findByPk(id, { rejectOnEmpty: true });
    await meanwhile();
    try {
      await order.update({ status });
      return true;
    } catch (error) {
      if (error instanceof OptimisticLockError) return false;
      throw error;
    }
  }

  async addCategory(name: string, parentId: number | null = null): Promise<number> {
    return (await this.models.categories.create({ name, parentId })).get('id') as number;
  }

  async file(sku: string, categories: readonly number[]): Promise<void> {
    // What a relation adds to a model is known at run time.
    const product = (await this.models.products.findByPk(sku, { rejectOnEmpty: true })) as unknown as {
      setCategories(ids: readonly number[]): Promise<void>;
    };
    await product.setCategories(categories);
  }

  async category(id: number): Promise<Category> {
    const { categories, products } = this.models;
    const found = await categories.findByPk(id, {
      attributes: ['name'],
      include: [
        { association: 'parent', attributes: ['name'] },
        { association: 'children', attributes: ['name'] },
        { association: 'products', attributes: ['name'], through: { attributes: [] } },
      ],
      order: [
        [{ model: categories, as: 'children' }, 'id', 'ASC'],
        [{ model: products, as: 'products' }, 'sku', 'ASC'],
      ],
      rejectOnEmpty: true,
    });
    interface Named {
      name: string;
    }
    type Loaded = Named & { parent: Named | null; children: Named[]; products: Named[] };
    const loaded = found.get({ plain: true }) as unknown as Loaded;
    const names = (of: readonly Named[]): string[] => of.map(({ name }) => name);
    return {
      name: loaded.name,
      parent: loaded.parent?.name ?? null,
      children: names(loaded.children),
      products: names(loaded.products),
    };
  }

  async openWarehouse(warehouse: Warehouse): Promise<void> {
    await this.models.warehouses.create(warehouse);
  }

  async warehouse(code: string): Promise<Warehouse> {
    return (await this.models.warehouses.findByPk(code, { rejectOnEmpty: true })).get({ plain: true });
  }

  async store(warehouse: string, sku: string, pieces: number): Promise<void> {
    const known = await this.models.stock.findOne({ where: { warehouse, sku } });
    const before = (known?.get('pieces') as number | undefined) ?? 0;
    await this.models.stock.upsert({ warehouse, sku, pieces: before + pieces });
  }

  move(sku: string, from: string, to: string, by: number): Promise<void> {
    const { stock } = this.models;
    return this.sequelize.transaction(async (transaction) => {
      await stock.increment('pieces', { by, where: { sku, warehouse: to }, transaction });
      await stock.decrement('pieces', { by, where: { sku, warehouse: from }, transaction });
    });
  }

  async stockOf(sku: string): Promise<{ warehouse: string; pieces: number }[]> {
    const include = { association: 'place', attributes: ['name'] };
    const found = await this.models.stock.findAll({ where: { sku }, include, order: ['warehouse'] });
    return found.map((row) => {
      const { place, pieces } = row.get({ plain: true }) as unknown as { place: Warehouse; pieces: number };
      return { warehouse: place.name, pieces };
    });
  }

  async pay(orderId: number, payment: Payment): Promise<void> {
    await this.models.payments.create({ ...payment, orderId });
  }

  async paymentsOf(orderId: number): Promise<Payment[]> {
    const attributes = { exclude: ['orderId'] };
    const found = await this.models.payments.findAll({ where: { orderId }, attributes, order: ['paidAt'] });
    return found.map((payment) => payment.get({ plain: true }));
  }

  async paidFor(orderId: number): Promise<string> {
    return String(await this.models.payments.sum('amount', { where: { orderId }, dataType: DataTypes.TEXT }));
  }

  async review(sku: string, customerId: number, review: Review): Promise<void> {
    const photo = review.photo && Buffer.from(review.photo);
    await this.models.reviews.create({ ...review, photo, sku, customerId });
  }

  async reviewsOf(sku: string): Promise<(Review & { by: string })[]> {
    const found = await this.models.reviews.findAll({
      attributes: ['stars', 'marks', 'words', 'photo'],
      where: { sku },
      include: { association: 'author', attributes: ['name'] },
      order: ['id'],
    });
    return found.map((row) => {
      const { author, ...review } = row.get({ plain: true }) as unknown as Review & { author: Customer };
      return { ...review, by: author.name };
    });
  }

  async reviewedAtLeast(least: number): Promise<{ sku: string; reviews: number }[]> {
    const count = fn('count', col('*'));
    const found = await this.models.reviews.findAll({
      attributes: ['sku', [cast(count, 'int4'), 'reviews']],
      group: 'sku',
      having: where(count, Op.gte, least),
    });
    return found.map((row) => row.get({ plain: true }) as unknown as { sku: string; reviews: number });
  }

  async after(sku: string, limit: number): Promise<string[]> {
    const order = ['sku'];
    const found = await this.models.products.findAll({ where: { sku: { [Op.gt]: sku } }, order, limit });
    return found.map((row) => row.get('sku') as string);
  }

  labelled(label: string): Promise<string[]> {
    return this.names({ labels: { [Op.contains]: [label] } });
  }

  livingIn(city: string): Promise<string[]> {
    return this.names({ address: { city } });
  }

  private async names(where: WhereOptions<Customer>): Promise<string[]> {
    const found = await this.models.customers.findAll({ where, order: ['name'] });
    return found.map((row) => row.get('name') as string);
  }

  async discontinue(sku: string): Promise<void> {
    await this.models.products.destroy({ where: { sku } });
  }

  isUniqueViolation(error: unknown): boolean {
    // It reads the columns out of the server's words.
    return error instanceof UniqueConstraintError && error.errors.length > 0;
  }

  isForeignKeyViolation(error: unknown): boolean {
    return error instanceof ForeignKeyConstraintError;
  }

  close(): Promise<void> {
    return this.sequelize.close();
  }
}

testShop('Sequelize', (place) => new SequelizeShop(place));
