import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { open, quoteIdentifier, type Database } from 'kingbase-native';
import { testRestOfShop } from './shop-rest.js';
import { failure } from './failure.js';
import { MOST, type Customer, type Place, type Product, type Shop } from './shop-model.js';

/** Prisma begins the names of those with an underscore that it makes for relations of many to many. */
const TABLES = [
  'categories',
  'customers',
  'order_lines',
  'orders',
  'payments',
  'product_categories',
  'product_trail',
  'products',
  'reviews',
  'stock',
  'warehouses',
];

const WANG: Customer = {
  name: '王小明',
  email: 'wang@example.cn',
  labels: ['老客户', 'a "b", \\c'],
  address: { city: '杭州', lines: ['西湖区', '文三路 90 号'] },
  credit: '1234567890123456.7891',
  since: new Date('2026-02-17T00:30:00.123Z'),
};
const LI: Customer = { ...WANG, name: '李娜', email: 'li@example.cn', labels: [], credit: '0.0000' };

const PRODUCTS: Product[] = Array.from({ length: 25 }, (_, at) => ({
  sku: `茶-${String(at).padStart(2, '0')}`,
  name: `龙井 ${at}`,
  price: `${at + 1}.50`,
  quantity: 10,
}));

/** The same programs for every library, on each client library. */
export function testShop(library: string, openShop: (place: Place) => Shop | Promise<Shop>): void {
  describe.each(inject('libraries'))(`${library} on $name`, ({ flavour, path }) => {
    const { host, port, user, database } = inject('server');
    const name = `shop_${library}_${flavour}`.toLowerCase().replaceAll(/\W/g, '_');
    const place: Place = {
      host,
      port,
      user,
      database,
      schema: name,
      application: name,
      clientLibrary: path,
      // Away from UTC, so that a time that is taken for the session's is found out.
      options: `-c search_path=${name} -c TimeZone=Asia/Shanghai`,
    };
    let observer: Database;
    let shop: Shop;
    let wang: number;
    let li: number;

    beforeAll(async () => {
      observer = open({ host, port, user, database, clientLibrary: path, pool: { max: 2 } });
      await observer.script(
        `DROP SCHEMA IF EXISTS ${quoteIdentifier(name)} CASCADE; CREATE SCHEMA ${quoteIdentifier(name)}`,
      );
      shop = await openShop(place);
      await shop.createSchema();
    });
    afterAll(async () => {
      await observer.exec(`DROP SCHEMA IF EXISTS ${quoteIdentifier(name)} CASCADE`);
      await observer.close();
    });

    it('has made its tables where it was told to', async () => {
      const { rows } = await observer.query<{ table: string }>(
        `SELECT ltrim(tablename, '_') AS "table" FROM pg_tables WHERE schemaname = $1 ORDER BY 1`,
        [name],
      );
      expect(rows.map(({ table }) => table)).toEqual(expect.arrayContaining(TABLES));
    });

    it('inserts a row and reads it: Chinese, an array, JSON, numeric, a time', async () => {
      wang = await shop.addCustomer(WANG);
      expect(wang).toBeTypeOf('number');
      expect(await shop.customer(wang)).toEqual(WANG);
      li = await shop.addCustomer(LI);
      expect(li).toBe(wang + 1);
      expect(await shop.customer(li)).toEqual(LI);
      const { rows } = await observer.query(
        `SELECT since = '2026-02-17 08:30:00.123+08' AS same, address ->> 'city' AS city, labels[2] AS label
         FROM ${quoteIdentifier(name, 'customers')} WHERE id = $1`,
        [wang],
      );
      expect(rows).toEqual([{ same: true, city: '杭州', label: WANG.labels[1] }]);
    });

    it('knows a unique violation for one, and nothing else', async () => {
      expect(shop.isUniqueViolation(await failure(shop.addCustomer(WANG)))).toBe(true);
      const [product] = PRODUCTS as [Product];
      const refused = await failure(shop.addProducts([{ ...product, sku: 'less', quantity: -1 }]));
      expect(shop.isUniqueViolation(refused)).toBe(false);
    });

    it('inserts many rows by one statement', async () => {
      await shop.addProducts(PRODUCTS);
      expect(await shop.product('茶-24')).toEqual(PRODUCTS[24]);
    });

    it('inserts or updates', async () => {
      const delivered = { sku: '茶-25', name: '碧螺春', price: '9.90', quantity: 7 };
      await shop.deliver(delivered);
      expect(await shop.product('茶-25')).toEqual(delivered);
      await shop.deliver(delivered);
      expect(await shop.product('茶-25')).toEqual({ ...delivered, quantity: 14 });
    });

    it('inserts related rows in a transaction and loads them together', async () => {
      const first = await shop.placeOrder(wang, [
        { sku: '茶-01', quantity: 2 },
        { sku: '茶-02', quantity: 3 },
      ]);
      const second = await shop.placeOrder(wang, [{ sku: '茶-01', quantity: 1 }]);
      expect(await shop.ordersOf(wang)).toEqual([
        {
          id: first,
          status: 'new',
          lines: [
            { product: '龙井 1', quantity: 2 },
            { product: '龙井 2', quantity: 3 },
          ],
        },
        { id: second, status: 'new', lines: [{ product: '龙井 1', quantity: 1 }] },
      ]);
      expect((await shop.product('茶-01')).quantity).toBe(7);
    });

    it('finds in the trail of a trigger what was changed', async () => {
      expect(await shop.trailOf('茶-01')).toEqual([
        { was: null, became: 10 },
        { was: 10, became: 8 },
        { was: 8, became: 7 },
      ]);
    });

    it('notices that somebody else was faster', async () => {
      const order = await shop.placeOrder(li, [{ sku: '茶-05', quantity: 1 }]);
      let faster: boolean | undefined;
      const slower = await shop.setStatus(order, 'sent', async () => {
        faster = await shop.setStatus(order, 'paid', () => Promise.resolve());
      });
      expect([faster, slower]).toEqual([true, false]);
      expect(await shop.ordersOf(li)).toMatchObject([{ id: order, status: 'paid' }]);
      expect(await shop.setStatus(order, 'sent', () => Promise.resolve())).toBe(true);
    });

    it('rolls a transaction back whose statement a check refuses', async () => {
      const lines = [
        { sku: '茶-03', quantity: 1 },
        { sku: '茶-04', quantity: 1000 },
      ];
      expect(shop.isUniqueViolation(await failure(shop.placeOrder(wang, lines)))).toBe(false);
      expect(await shop.ordersOf(wang)).toHaveLength(2);
      expect((await shop.product('茶-03')).quantity).toBe(10);
    });

    it('joins and sums', async () => {
      expect(await shop.sales()).toContainEqual({ name: '王小明', pieces: 6 });
    });

    it('gives rows page by page', async () => {
      expect(await shop.page(0, 3)).toEqual({ total: 26, skus: ['茶-00', '茶-01', '茶-02'] });
      expect(await shop.page(24, 3)).toEqual({ total: 26, skus: ['茶-24', '茶-25'] });
    });

    it('goes on in a transaction after a savepoint that was rolled back', async () => {
      const error = await shop.addTwice({ ...WANG, name: '张伟', email: 'zhang@example.cn' });
      expect(shop.isUniqueViolation(error)).toBe(true);
      const { rows } = await observer.query<{ name: string }>(
        `SELECT name FROM ${quoteIdentifier(name, 'customers')} WHERE email = 'zhang@example.cn'`,
      );
      expect(rows).toEqual([{ name: '张伟' }]);
    });

    it('locks rows, with more tasks than the pool has connections', async () => {
      await shop.addProducts([{ sku: '抢', name: '抢购', price: '1.00', quantity: 210 }]);
      const left = await Promise.all(Array.from({ length: 200 }, () => shop.take('抢')));
      expect(left.sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, at) => at + 10));
      const { rows } = await observer.query<{ sessions: number }>(
        `SELECT count(*)::int4 AS sessions FROM pg_stat_activity WHERE application_name = $1`,
        [name],
      );
      const [{ sessions } = { sessions: 0 }] = rows;
      // How many are made depends on how soon the first is free again.
      expect(sessions).toBeGreaterThan(0);
      expect(sessions).toBeLessThanOrEqual(MOST);
    });

    it('streams, to the end and not, where it can', async ({ skip }) => {
      const streamSkus = shop.streamSkus?.bind(shop);
      if (streamSkus === undefined) return skip('the library has no streams of rows');
      const skus: string[] = [];
      for await (const sku of streamSkus()) skus.push(sku);
      expect(skus).toHaveLength(27);
      expect(skus.slice(0, 3)).toEqual(['抢', '茶-00', '茶-01']);
      for await (const sku of streamSkus()) {
        expect(sku).toBe('抢');
        break;
      }
      // Every connection is to be had again.
      const pages = await Promise.all(Array.from({ length: 2 * MOST }, () => shop.page(0, 1)));
      expect(pages).toHaveLength(2 * MOST);
    });

    testRestOfShop(() => ({ shop, observer, schema: name, wang, li }));

    it('ends what is under way when it is closed, and leaves no session behind', async () => {
      const holder = await observer.begin();
      await holder.exec(`SELECT 1 FROM ${quoteIdentifier(name, 'products')} WHERE sku = '抢' FOR UPDATE`);
      const taken = shop.take('抢').catch((error: unknown) => error);
      await vi.waitFor(
        async () => {
          const { rowCount } = await observer.query(
            `SELECT 1 FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'`,
            [name],
          );
          expect(rowCount).toBe(1);
        },
        { timeout: 10_000 },
      );
      const closed = shop.close();
      await holder.commit();
      if (shop.cutsOff) expect(await taken).toBeInstanceOf(Error);
      else expect(await taken).toBe(9);
      await closed;
      await vi.waitFor(
        async () => {
          const { rows } = await observer.query(
            `SELECT pid FROM pg_stat_activity WHERE application_name = $1`,
            [name],
          );
          expect(rows).toEqual([]);
        },
        { timeout: 10_000 },
      );
    });
  });
}
