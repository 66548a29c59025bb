import { EntitySchema } from 'typeorm';
import type { Change, Customer, Payment, Product, Review, Warehouse } from './shop-model.js';

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

export const CustomerSchema = new EntitySchema<CustomerEntity>({
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
export const ProductSchema = new EntitySchema<ProductEntity>({
  name: 'product',
  tableName: 'products',
  columns: {
    sku: { type: 'text', primary: true },
    name: { type: 'text' },
    price: { type: 'numeric', precision: 12, scale: 2 },
    quantity: { type: 'int' },
  },
  checks: [{ expression: 'quantity >= 0' }],
  relations: {
    categories: {
      type: 'many-to-many',
      target: 'category',
      inverseSide: 'products',
      joinTable: { name: 'product_categories' },
    },
  },
});
export const OrderSchema = new EntitySchema<OrderEntity>({
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
export const LineSchema = new EntitySchema<LineEntity>({
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

export const TrailSchema = new EntitySchema<Change & { at: number; sku: string }>({
  name: 'trail',
  tableName: 'product_trail',
  columns: {
    at: { type: 'int', primary: true, generated: 'increment' },
    sku: { type: 'text' },
    was: { type: 'int', nullable: true },
    became: { type: 'int' },
  },
});

interface ProductEntity extends Product {
  categories: CategoryEntity[];
}
interface CategoryEntity {
  id: number;
  name: string;
  parent: CategoryEntity | null;
  children: CategoryEntity[];
  products: ProductEntity[];
}
interface StockEntity {
  warehouseCode: string;
  sku: string;
  pieces: number;
  warehouse: Warehouse;
  product: ProductEntity;
}
interface PaymentEntity extends Payment {
  order: OrderEntity;
}
interface ReviewEntity extends Review {
  id: number;
  product: ProductEntity;
  customer: CustomerEntity;
}

export const CategorySchema = new EntitySchema<CategoryEntity>({
  name: 'category',
  tableName: 'categories',
  columns: { id: { type: 'int', primary: true, generated: 'increment' }, name: { type: 'text' } },
  relations: {
    parent: { type: 'many-to-one', target: 'category', nullable: true, inverseSide: 'children' },
    children: { type: 'one-to-many', target: 'category', inverseSide: 'parent' },
    products: { type: 'many-to-many', target: 'product', inverseSide: 'categories' },
  },
});
export const WarehouseSchema = new EntitySchema<Warehouse>({
  name: 'warehouse',
  tableName: 'warehouses',
  columns: { code: { type: 'text', primary: true }, name: { type: 'text' }, opened: { type: 'date' } },
});
export const StockSchema = new EntitySchema<StockEntity>({
  name: 'stock',
  tableName: 'stock',
  columns: {
    warehouseCode: { type: 'text', primary: true },
    sku: { type: 'text', primary: true },
    pieces: { type: 'int' },
  },
  checks: [{ expression: 'pieces >= 0' }],
  relations: {
    warehouse: { type: 'many-to-one', target: 'warehouse', joinColumn: { name: 'warehouseCode' } },
    product: { type: 'many-to-one', target: 'product', joinColumn: { name: 'sku' } },
  },
});
export const PaymentSchema = new EntitySchema<PaymentEntity>({
  name: 'payment',
  tableName: 'payments',
  columns: {
    id: { type: 'uuid', primary: true },
    method: { type: 'enum', enum: ['cash', 'card', 'transfer'] },
    amount: { type: 'numeric', precision: 14, scale: 2 },
    paidAt: { type: 'timestamptz' },
    receipt: { type: 'jsonb', nullable: true },
  },
  relations: { order: { type: 'many-to-one', target: 'order', nullable: false } },
});
export const ReviewSchema = new EntitySchema<ReviewEntity>({
  name: 'review',
  tableName: 'reviews',
  columns: {
    id: { type: 'int', primary: true, generated: 'increment' },
    stars: { type: 'smallint' },
    marks: { type: 'int', array: true },
    words: { type: 'text', nullable: true },
    photo: { type: 'bytea', nullable: true },
  },
  checks: [{ expression: 'stars BETWEEN 1 AND 5' }],
  uniques: [{ columns: ['product', 'customer'] }],
  relations: {
    product: {
      type: 'many-to-one',
      target: 'product',
      nullable: false,
      onDelete: 'CASCADE',
      joinColumn: { name: 'sku' },
    },
    customer: { type: 'many-to-one', target: 'customer', nullable: false },
  },
});
