import { PrismaKingbase } from 'kingbase-native/prisma';
import { prismaClientOf, type ClientOf, type Model } from './prisma-client.js';
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

/** As `prisma migrate diff --from-empty` writes it for these models; checks and the trigger by hand. */
const migration = (schema: string): string => `
CREATE TYPE "order_status" AS ENUM ('new', 'paid', 'sent');
CREATE TYPE "payment_method" AS ENUM ('cash', 'card', 'transfer');
CREATE TABLE "customers" ("id" SERIAL NOT NULL, "name" TEXT NOT NULL, "email" TEXT NOT NULL, "labels" TEXT[],
  "address" JSONB NOT NULL, "credit" DECIMAL(20,4) NOT NULL, "since" TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT "customers_pkey" PRIMARY KEY ("id"));
CREATE TABLE "products" ("sku" TEXT NOT NULL, "name" TEXT NOT NULL, "price" DECIMAL(12,2) NOT NULL,
  "quantity" INTEGER NOT NULL DEFAULT 0 CHECK ("quantity" >= 0), CONSTRAINT "products_pkey" PRIMARY KEY ("sku"));
CREATE TABLE "orders" ("id" SERIAL NOT NULL, "customer_id" INTEGER NOT NULL REFERENCES "customers",
  "status" "order_status" NOT NULL DEFAULT 'new', "version" INTEGER NOT NULL DEFAULT 1,
  CONSTRAINT "orders_pkey" PRIMARY KEY ("id"));
CREATE TABLE "order_lines" ("order_id" INTEGER NOT NULL REFERENCES "orders", "number" INTEGER NOT NULL,
  "sku" TEXT NOT NULL REFERENCES "products", "quantity" INTEGER NOT NULL,
  CONSTRAINT "order_lines_pkey" PRIMARY KEY ("order_id", "number"));
CREATE TABLE "product_trail" ("at" SERIAL NOT NULL, "sku" TEXT NOT NULL, "was" INTEGER, "became" INTEGER NOT NULL,
  CONSTRAINT "product_trail_pkey" PRIMARY KEY ("at"));
CREATE TABLE "categories" ("id" SERIAL NOT NULL, "name" TEXT NOT NULL, "parent_id" INTEGER,
  CONSTRAINT "categories_pkey" PRIMARY KEY ("id"), FOREIGN KEY ("parent_id") REFERENCES "categories");
CREATE TABLE "_product_categories" ("A" INTEGER NOT NULL REFERENCES "categories" ON DELETE CASCADE,
  "B" TEXT NOT NULL REFERENCES "products" ON DELETE CASCADE,
  CONSTRAINT "_product_categories_AB_pkey" PRIMARY KEY ("A", "B"));
CREATE TABLE "warehouses" ("code" TEXT NOT NULL, "name" TEXT NOT NULL, "opened" DATE NOT NULL,
  CONSTRAINT "warehouses_pkey" PRIMARY KEY ("code"));
CREATE TABLE "stock" ("warehouse" TEXT NOT NULL REFERENCES "warehouses", "sku" TEXT NOT NULL REFERENCES "products",
  "pieces" INTEGER NOT NULL CHECK ("pieces" >= 0), CONSTRAINT "stock_pkey" PRIMARY KEY ("warehouse", "sku"));
CREATE TABLE "payments" ("id" UUID NOT NULL, "order_id" INTEGER NOT NULL REFERENCES "orders",
  "method" "payment_method" NOT NULL, "amount" DECIMAL(14,2) NOT NULL, "paid_at" TIMESTAMPTZ(3) NOT NULL, "receipt" JSONB,
  CONSTRAINT "payments_pkey" PRIMARY KEY ("id"));
CREATE TABLE "reviews" ("id" SERIAL NOT NULL, "sku" TEXT NOT NULL REFERENCES "products" ON DELETE CASCADE,
  "customer_id" INTEGER NOT NULL REFERENCES "customers", "stars" SMALLINT NOT NULL CHECK ("stars" BETWEEN 1 AND 5),
  "marks" INTEGER[], "words" TEXT, "photo" BYTEA, CONSTRAINT "reviews_pkey" PRIMARY KEY ("id"));
CREATE UNIQUE INDEX "reviews_sku_customer_id_key" ON "reviews" ("sku", "customer_id");
CREATE UNIQUE INDEX "customers_email_key" ON "customers" ("email");
${AUDIT(schema)}`;

/** Prisma's Decimal, of which toFixed gives all digits. */
interface Decimal {
  toFixed(places: number): string;
}
interface CategoryRow {
  id: number;
  name: string;
  parent: CategoryRow | null;
  children: CategoryRow[];
  products: Product[];
}
interface OrderRow {
  id: number;
  status: string;
  version: number;
  customer: Customer;
  lines: { quantity: number; product: Product }[];
}
interface Calls {
  customer: Model<Omit<Customer, 'credit'> & { id: number; credit: Decimal }>;
  product: Model<Omit<Product, 'price'> & { price: Decimal }>;
  order: Model<OrderRow>;
  line: Model<Line & { order: OrderRow }>;
  trail: Model<Change>;
  category: Model<CategoryRow>;
  warehouse: Model<Omit<Warehouse, 'opened'> & { opened: Date }>;
  stock: Model<{ warehouse: Warehouse; pieces: number }>;
  payment: Model<Omit<Payment, 'amount'> & { amount: Decimal }>;
  review: Model<Review & { sku: string; customer: Customer }>;
  $queryRaw(texts: TemplateStringsArray, ...values: unknown[]): Promise<unknown[]>;
}

class PrismaShop implements Shop {
  /** Transactions of several calls are rolled back by `$disconnect`. */
  readonly cutsOff = true;
  private readonly client: ClientOf<Calls>;
  private readonly factory: PrismaKingbase;

  constructor(private readonly place: Place) {
    const { host, port, user, database, schema, application, clientLibrary, options } = place;
    const config = { host, port, user, database, clientLibrary, options, applicationName: application };
    this.factory = new PrismaKingbase({ ...config, pool: { max: MOST } }, { schema });
    this.client = prismaClientOf<Calls>('prisma-shop.json', this.factory);
  }

  /** As Prisma's own migrations run: by the adapter's `executeScript`. */
  async createSchema(): Promise<void> {
    const adapter = await this.factory.connect();
    await adapter.executeScript(migration(this.place.schema));
    await adapter.dispose();
  }

  async addCustomer(customer: Customer): Promise<number> {
    return (await this.client.customer.create({ data: customer })).id;
  }

  async customer(id: number): Promise<Customer> {
    const found = await this.client.customer.findUniqueOrThrow({ where: { id }, omit: { id: true } });
    return { ...found, credit: found.credit.toFixed(4) };
  }

  async addProducts(data: readonly Product[]): Promise<void> {
    await this.client.product.createMany({ data });
  }

  async deliver(product: Product): Promise<void> {
    const update = { quantity: { increment: product.quantity } };
    await this.client.product.upsert({ where: { sku: product.sku }, create: product, update });
  }

  async product(sku: string): Promise<Product> {
    const found = await this.client.product.findUniqueOrThrow({ where: { sku } });
    return { ...found, price: found.price.toFixed(2) };
  }

  placeOrder(customerId: number, lines: readonly Line[]): Promise<number> {
    return this.client.$transaction(async (tx) => {
      const numbered = lines.map((line, at) => ({ number: at + 1, ...line }));
      const data = { customerId, lines: { createMany: { data: numbered } } };
      const { id } = await tx.order.create({ data });
      for (const { sku, quantity } of lines) {
        await tx.product.update({ where: { sku }, data: { quantity: { decrement: quantity } } });
      }
      return id;
    });
  }

  async ordersOf(customerId: number): Promise<Order[]> {
    const product = { select: { name: true } };
    const found = await this.client.order.findMany({
      where: { customerId },
      orderBy: { id: 'asc' },
      include: { lines: { orderBy: { number: 'asc' }, include: { product } } },
    });
    return found.map(({ id, status, lines }) => ({
      id,
      status,
      lines: lines.map(({ quantity, product: { name } }) => ({ product: name, quantity })),
    }));
  }

  async sales(): Promise<{ name: string; pieces: number }[]> {
    const rows = await this.client.$queryRaw`
      SELECT c.name, sum(l.quantity)::int4 AS pieces FROM customers c JOIN orders o ON o.customer_id = c.id
      JOIN order_lines l ON l.order_id = o.id WHERE c.name = ${'王小明'} GROUP BY c.name`;
    return rows as { name: string; pieces: number }[];
  }

  async page(skip: number, take: number): Promise<{ total: number; skus: string[] }> {
    const [total, rows] = await Promise.all([
      this.client.product.count(),
      this.client.product.findMany({ orderBy: { sku: 'asc' }, skip, take }),
    ]);
    return { total, skus: rows.map(({ sku }) => sku) };
  }

  addTwice(customer: Customer): Promise<unknown> {
    return this.client.$transaction(async (tx) => {
      const data = customer;
      await tx.customer.create({ data });
      // Prisma nests transactions, each a savepoint.
      const nested = tx as ClientOf<Calls>;
      return nested
        .$transaction((savepoint) => savepoint.customer.create({ data }))
        .catch((error: unknown) => error);
    });
  }

  /** Prisma has no call that locks a row: it leaves that to SQL. */
  take(sku: string): Promise<number> {
    return this.client.$transaction(
      async (tx) => {
        const [locked] = await tx.$queryRaw`SELECT quantity FROM products WHERE sku = ${sku} FOR UPDATE`;
        const quantity = (locked as Product).quantity - 1;
        await tx.product.update({ where: { sku }, data: { quantity } });
        return quantity;
      },
      { maxWait: 30_000, timeout: 30_000 },
    );
  }

  trailOf(sku: string): Promise<Change[]> {
    const select = { was: true, became: true };
    return this.client.trail.findMany({ where: { sku }, orderBy: { at: 'asc' }, select });
  }

  async setStatus(id: number, status: string, meanwhile: () => Promise<void>): Promise<boolean> {
    const { version } = await this.client.order.findUniqueOrThrow({ where: { id } });
    await meanwhile();
    const data = { status, version: { increment: 1 } };
    return (await this.client.order.updateMany({ where: { id, version }, data })).count === 1;
  }

  async addCategory(name: string, parentId: number | null = null): Promise<number> {
    return (await this.client.category.create({ data: { name, parentId } })).id;
  }

  async file(sku: string, categories: readonly number[]): Promise<void> {
    const set = categories.map((id) => ({ id }));
    await this.client.product.update({ where: { sku }, data: { categories: { set } } });
  }

  async category(id: number): Promise<Category> {
    const { name, parent, children, products } = await this.client.category.findUniqueOrThrow({
      where: { id },
      include: {
        parent: true,
        children: { orderBy: { id: 'asc' } },
        products: { orderBy: { sku: 'asc' } },
      },
    });
    const names = (of: readonly { name: string }[]): string[] => of.map((one) => one.name);
    return { name, parent: parent?.name ?? null, children: names(children), products: names(products) };
  }

  async openWarehouse({ opened, ...warehouse }: Warehouse): Promise<void> {
    await this.client.warehouse.create({ data: { ...warehouse, opened: new Date(opened) } });
  }

  async warehouse(code: string): Promise<Warehouse> {
    const found = await this.client.warehouse.findUniqueOrThrow({ where: { code } });
    return { ...found, opened: found.opened.toISOString().slice(0, 10) };
  }

  async store(warehouseCode: string, sku: string, pieces: number): Promise<void> {
    await this.client.stock.upsert({
      where: { warehouseCode_sku: { warehouseCode, sku } },
      create: { warehouseCode, sku, pieces },
      update: { pieces: { increment: pieces } },
    });
  }

  async move(sku: string, from: string, to: string, pieces: number): Promise<void> {
    const add = (warehouseCode: string, increment: number): Promise<unknown> =>
      this.client.stock.update({
        where: { warehouseCode_sku: { warehouseCode, sku } },
        data: { pieces: { increment } },
      });
    await this.client.$transaction([add(to, pieces), add(from, -pieces)]);
  }

  async stockOf(sku: string): Promise<{ warehouse: string; pieces: number }[]> {
    const found = await this.client.stock.findMany({
      where: { sku },
      orderBy: { warehouseCode: 'asc' },
      include: { warehouse: true },
    });
    return found.map(({ warehouse, pieces }) => ({ warehouse: warehouse.name, pieces }));
  }

  async pay(orderId: number, { receipt, ...payment }: Payment): Promise<void> {
    // JSON's null and SQL's are two things: what is left out is the latter.
    await this.client.payment.create({ data: { ...payment, orderId, ...(receipt && { receipt }) } });
  }

  async paymentsOf(orderId: number): Promise<Payment[]> {
    const omit = { orderId: true };
    const found = await this.client.payment.findMany({
      where: { orderId },
      orderBy: { paidAt: 'asc' },
      omit,
    });
    return found.map((payment) => ({ ...payment, amount: payment.amount.toFixed(2) }));
  }

  async paidFor(orderId: number): Promise<string> {
    const { _sum } = await this.client.payment.aggregate({ _sum: { amount: true }, where: { orderId } });
    return (_sum['amount'] as Decimal).toFixed(2);
  }

  async review(sku: string, customerId: number, review: Review): Promise<void> {
    await this.client.review.create({ data: { ...review, sku, customerId } });
  }

  async reviewsOf(sku: string): Promise<(Review & { by: string })[]> {
    const found = await this.client.review.findMany({
      where: { sku },
      orderBy: { id: 'asc' },
      select: { stars: true, marks: true, words: true, photo: true, customer: true },
    });
    return found.map(({ stars, marks, words, photo, customer }) => {
      return { stars, marks, words, photo, by: customer.name };
    });
  }

  async reviewedAtLeast(gte: number): Promise<{ sku: string; reviews: number }[]> {
    const having = { id: { _count: { gte } } };
    const groups = await this.client.review.groupBy({ by: ['sku'], _count: true, having });
    return groups.map(({ sku, _count }) => ({ sku, reviews: _count }));
  }

  async after(sku: string, take: number): Promise<string[]> {
    const cursor = { sku };
    const rows = await this.client.product.findMany({ cursor, skip: 1, take, orderBy: { sku: 'asc' } });
    return rows.map((row) => row.sku);
  }

  labelled(label: string): Promise<string[]> {
    return this.names({ labels: { has: label } });
  }

  livingIn(city: string): Promise<string[]> {
    return this.names({ address: { path: ['city'], equals: city } });
  }

  private async names(where: object): Promise<string[]> {
    const found = await this.client.customer.findMany({ where, orderBy: { name: 'asc' } });
    return found.map(({ name }) => name);
  }

  async discontinue(sku: string): Promise<void> {
    await this.client.product.delete({ where: { sku } });
  }

  isUniqueViolation(error: unknown): boolean {
    return codeOf(error) === 'P2002';
  }

  isForeignKeyViolation(error: unknown): boolean {
    return codeOf(error) === 'P2003';
  }

  close(): Promise<void> {
    return this.client.$disconnect();
  }
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;

testShop('Prisma', (place) => new PrismaShop(place));
