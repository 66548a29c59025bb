import { DataTypes, type Model, type ModelStatic, type Sequelize } from 'sequelize';
import type { Change, Customer, Line, Payment, Product, Review, Warehouse } from './shop-model.js';

type Row<T extends object> = Model<T & { id?: number }, T>;

export interface Models {
  customers: ModelStatic<Row<Customer>>;
  products: ModelStatic<Model<Product, Product>>;
  orders: ModelStatic<Row<{ customerId: number; status?: string }>>;
  trail: ModelStatic<Model<Change & { sku: string }>>;
  lines: ModelStatic<Model<Line, Line & { orderId: number; number: number }>>;
  categories: ModelStatic<Row<{ name: string; parentId: number | null }>>;
  warehouses: ModelStatic<Model<Warehouse, Warehouse>>;
  stock: ModelStatic<Model<StockRow, StockRow>>;
  payments: ModelStatic<Model<Paid, Paid>>;
  reviews: ModelStatic<Row<Review & { sku: string; customerId: number }>>;
}

/** The shop's models, with their relations. */
export function defineModels(sequelize: Sequelize): Models {
  const name = { type: DataTypes.TEXT, allowNull: false };
  const sku = { type: DataTypes.TEXT, primaryKey: true };
  const quantity = { type: DataTypes.INTEGER, allowNull: false };
  const customers: Models['customers'] = sequelize.define('customers', {
    name,
    email: { ...name, unique: true },
    labels: { type: DataTypes.ARRAY(DataTypes.TEXT), allowNull: false },
    address: { type: DataTypes.JSONB, allowNull: false },
    credit: { type: DataTypes.DECIMAL(20, 4), allowNull: false },
    since: { type: DataTypes.DATE, allowNull: false },
  });
  const products: Models['products'] = sequelize.define('products', {
    sku,
    name,
    price: DataTypes.DECIMAL(12, 2),
    quantity,
  });
  const orders: Models['orders'] = sequelize.define(
    'orders',
    {
      status: { type: DataTypes.ENUM('new', 'paid', 'sent'), defaultValue: 'new' },
      customerId: { type: DataTypes.INTEGER, allowNull: false },
    },
    { version: true },
  );
  const trail: Models['trail'] = sequelize.define(
    'product_trail',
    {
      at: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      sku: { type: DataTypes.TEXT, allowNull: false },
      was: DataTypes.INTEGER,
      became: { type: DataTypes.INTEGER, allowNull: false },
    },
    { freezeTableName: true },
  );
  const lines: Models['lines'] = sequelize.define('order_lines', {
    orderId: { type: DataTypes.INTEGER, primaryKey: true },
    number: { type: DataTypes.INTEGER, primaryKey: true },
    sku: { type: DataTypes.TEXT, allowNull: false },
    quantity,
  });
  orders.belongsTo(customers, { foreignKey: 'customerId' });
  customers.hasMany(orders, { foreignKey: 'customerId' });
  orders.hasMany(lines, { foreignKey: 'orderId', as: 'lines' });
  lines.belongsTo(products, { foreignKey: 'sku', as: 'product' });

  const categories: Models['categories'] = sequelize.define('categories', {
    name,
    parentId: DataTypes.INTEGER,
  });
  const filed = sequelize.define('product_categories', {}, { freezeTableName: true });
  const warehouses: Models['warehouses'] = sequelize.define('warehouses', {
    code: { type: DataTypes.TEXT, primaryKey: true },
    name,
    opened: { type: DataTypes.DATEONLY, allowNull: false },
  });
  const stock: Models['stock'] = sequelize.define(
    'stock',
    {
      warehouse: { type: DataTypes.TEXT, primaryKey: true },
      sku,
      pieces: { type: DataTypes.INTEGER, allowNull: false },
    },
    { freezeTableName: true },
  );
  const payments: Models['payments'] = sequelize.define('payments', {
    id: { type: DataTypes.UUID, primaryKey: true },
    orderId: { type: DataTypes.INTEGER, allowNull: false },
    method: { type: DataTypes.ENUM('cash', 'card', 'transfer'), allowNull: false },
    amount: { type: DataTypes.DECIMAL(14, 2), allowNull: false },
    paidAt: { type: DataTypes.DATE, allowNull: false },
    receipt: DataTypes.JSONB,
  });
  const reviews: Models['reviews'] = sequelize.define(
    'reviews',
    {
      sku: { type: DataTypes.TEXT, allowNull: false },
      customerId: { type: DataTypes.INTEGER, allowNull: false },
      stars: { type: DataTypes.SMALLINT, allowNull: false },
      marks: { type: DataTypes.ARRAY(DataTypes.INTEGER), allowNull: false },
      words: DataTypes.TEXT,
      photo: DataTypes.BLOB,
    },
    { indexes: [{ unique: true, fields: ['sku', 'customer_id'] }] },
  );
  categories.belongsTo(categories, { foreignKey: 'parentId', as: 'parent' });
  categories.hasMany(categories, { foreignKey: 'parentId', as: 'children' });
  categories.belongsToMany(products, {
    through: filed,
    foreignKey: 'categoryId',
    otherKey: 'sku',
    as: 'products',
  });
  products.belongsToMany(categories, {
    through: filed,
    foreignKey: 'sku',
    otherKey: 'categoryId',
    as: 'categories',
  });
  stock.belongsTo(warehouses, { foreignKey: 'warehouse', as: 'place' });
  stock.belongsTo(products, { foreignKey: 'sku' });
  payments.belongsTo(orders, { foreignKey: 'orderId' });
  reviews.belongsTo(products, { foreignKey: 'sku', onDelete: 'CASCADE' });
  reviews.belongsTo(customers, { foreignKey: 'customerId', as: 'author' });
  return { customers, products, orders, trail, lines, categories, warehouses, stock, payments, reviews };
}

type Paid = Payment & { orderId: number };
interface StockRow {
  warehouse: string;
  sku: string;
  pieces: number;
}
