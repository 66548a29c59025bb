import {
  DataTypes,
  Op,
  OptimisticLockError,
  Sequelize,
  Transaction,
  UniqueConstraintError,
  type Model,
  type ModelStatic,
} from 'sequelize';
import pg, { type ClientConfig } from 'kingbase-native/pg';
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

/** Sequelize hands only those options on that it knows; the driver's own are added here. */
function moduleWith(kingbase: ClientConfig['kingbase']): object {
  class Client extends pg.Client {
    constructor(config: ClientConfig) {
      super({ ...config, kingbase });
    }
  }
  return { ...pg, Client };
}

type Row<T extends object> = Model<T & { id?: number }, T>;

class SequelizeShop implements Shop {
  private readonly sequelize: Sequelize;
  private readonly customers: ModelStatic<Row<Customer>>;
  private readonly products: ModelStatic<Model<Product, Product>>;
  private readonly orders: ModelStatic<Row<{ customerId: number; status?: string }>>;
  private readonly trail: ModelStatic<Model<Change & { sku: string }>>;
  private readonly schema: string;
  private readonly lines: ModelStatic<Model<Line, Line & { orderId: number; number: number }>>;

  constructor({ host, port, user, database, schema, application, options, clientLibrary }: Place) {
    this.schema = schema;
    const sequelize = new Sequelize({
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
    const name = { type: DataTypes.TEXT, allowNull: false };
    const sku = { type: DataTypes.TEXT, primaryKey: true };
    const quantity = { type: DataTypes.INTEGER, allowNull: false };
    this.sequelize = sequelize;
    this.customers = sequelize.define('customers', {
      name,
      email: { ...name, unique: true },
      labels: { type: DataTypes.ARRAY(DataTypes.TEXT), allowNull: false },
      address: { type: DataTypes.JSONB, allowNull: false },
      credit: { type: DataTypes.DECIMAL(20, 4), allowNull: false },
      since: { type: DataTypes.DATE, allowNull: false },
    });
    this.products = sequelize.define('products', { sku, name, price: DataTypes.DECIMAL(12, 2), quantity });
    this.orders = sequelize.define(
      'orders',
      {
        status: { type: DataTypes.ENUM('new', 'paid', 'sent'), defaultValue: 'new' },
        customerId: { type: DataTypes.INTEGER, allowNull: false },
      },
      { version: true },
    );
    this.trail = sequelize.define(
      'product_trail',
      {
        at: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
        sku: { type: DataTypes.TEXT, allowNull: false },
        was: DataTypes.INTEGER,
        became: { type: DataTypes.INTEGER, allowNull: false },
      },
      { freezeTableName: true },
    );
    this.lines = sequelize.define('order_lines', {
      orderId: { type: DataTypes.INTEGER, primaryKey: true },
      number: { type: DataTypes.INTEGER, primaryKey: true },
      sku: { type: DataTypes.TEXT, allowNull: false },
      quantity,
    });
    this.orders.belongsTo(this.customers, { foreignKey: 'customerId' });
    this.customers.hasMany(this.orders, { foreignKey: 'customerId' });
    this.orders.hasMany(this.lines, { foreignKey: 'orderId', as: 'lines' });
    this.lines.belongsTo(this.products, { foreignKey: 'sku', as: 'product' });
  }

  async createSchema(): Promise<void> {
    await this.sequelize.sync();
    await this.sequelize.getQueryInterface().addConstraint('products', {
      type: 'check',
      fields: ['quantity'],
      where: { quantity: { [Op.gte]: 0 } },
    });
    await this.sequelize.query(AUDIT(this.schema));
  }

  async addCustomer(customer: Customer, transaction: Transaction | null = null): Promise<number> {
    return (await this.customers.create(customer, { transaction })).get('id') as number;
  }

  async customer(id: number): Promise<Customer> {
    const found = await this.customers.findByPk(id, { attributes: { exclude: ['id'] }, rejectOnEmpty: true });
    return found.get({ plain: true });
  }

  async addProducts(products: readonly Product[]): Promise<void> {
    await this.products.bulkCreate(products);
  }

  async deliver(product: Product): Promise<void> {
    const known = await this.products.findByPk(product.sku);
    const quantity = product.quantity + ((known?.get('quantity') as number | undefined) ?? 0);
    await this.products.upsert({ ...product, quantity });
  }

  async product(sku: string): Promise<Product> {
    return (await this.products.findByPk(sku, { rejectOnEmpty: true })).get({ plain: true });
  }

  placeOrder(customerId: number, lines: readonly Line[]): Promise<number> {
    return this.sequelize.transaction(async (transaction) => {
      const orderId = (await this.orders.create({ customerId }, { transaction })).get('id') as number;
      const numbered = lines.map((line, at) => ({ orderId, number: at + 1, ...line }));
      await this.lines.bulkCreate(numbered, { transaction });
      for (const { sku, quantity } of lines) {
        await this.products.decrement('quantity', { by: quantity, where: { sku }, transaction });
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
    const found = await this.orders.findAll({
      where: { customerId },
      include: [include],
      order: ['id', [{ model: this.lines, as: 'lines' }, 'number', 'ASC']],
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
    const { count, rows } = await this.products.findAndCountAll({ order: ['sku'], offset, limit });
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
      const product = await this.products.findByPk(sku, { lock, transaction, rejectOnEmpty: true });
      const quantity = (product.get('quantity') as number) - 1;
      await product.update({ quantity }, { transaction });
      return quantity;
    });
  }

  async trailOf(sku: string): Promise<Change[]> {
    const found = await this.trail.findAll({ where: { sku }, order: ['at'], attributes: ['was', 'became'] });
    return found.map((change) => change.get({ plain: true }));
  }

  async setStatus(id: number, status: string, meanwhile: () => Promise<void>): Promise<boolean> {
    const order = await this.orders.findByPk(id, { rejectOnEmpty: true });
    await meanwhile();
    try {
      await order.update({ status });
      return true;
    } catch (error) {
      if (error instanceof OptimisticLockError) return false;
      throw error;
    }
  }

  isUniqueViolation(error: unknown): boolean {
    return error instanceof UniqueConstraintError && error.errors[0]?.path === 'email';
  }

  close(): Promise<void> {
    return this.sequelize.close();
  }
}

testShop('Sequelize', (place) => new SequelizeShop(place));
