import { expect, it } from 'vitest';
import { quoteIdentifier, type Database } from 'kingbase-native';
import { failure } from './failure.js';
import type { Order, Payment, Product, Review, Shop } from './shop-model.js';

const PAYMENTS: Payment[] = [
  {
    id: '0193f1f4-27a8-7c2f-8f83-6f1d0f6a0001',
    method: 'card',
    amount: '999999999999.99',
    paidAt: new Date('2026-02-28T16:00:00.001Z'),
    receipt: { number: '发票 "7"', rates: [0.1, 13] },
  },
  {
    id: '0193f1f4-27a8-7c2f-8f83-6f1d0f6a0002',
    method: 'transfer',
    amount: '-999999999999.69',
    paidAt: new Date('2026-03-01T00:00:00.000Z'),
    receipt: null,
  },
];

const PRAISE: Review = {
  stars: 5,
  marks: [1, -2, 2_147_483_647],
  words: '好茶。\n"Very" good: \\ and \'',
  photo: new Uint8Array([0, 1, 39, 92, 254, 255]),
};
const SILENCE: Review = { stars: 1, marks: [], words: null, photo: null };

interface Fixture {
  readonly shop: Shop;
  readonly observer: Database;
  readonly schema: string;
  /** Customers who have ordered. */
  readonly wang: number;
  readonly li: number;
}

/** Tables beside orders: a tree, many to many, keys of two columns, UUIDs, dates, bytes. */
export function testRestOfShop(fixture: () => Fixture): void {
  let tea: number;
  let green: number;
  let black: number;

  it('loads a tree and both sides of many to many', async () => {
    const { shop } = fixture();
    tea = await shop.addCategory('茶');
    green = await shop.addCategory('绿茶', tea);
    black = await shop.addCategory('红茶', tea);
    await shop.file('茶-00', [green, black]);
    await shop.file('茶-01', [green]);
    expect(await shop.category(tea)).toEqual({
      name: '茶',
      parent: null,
      children: ['绿茶', '红茶'],
      products: [],
    });
    expect(await shop.category(green)).toEqual({
      name: '绿茶',
      parent: '茶',
      children: [],
      products: ['龙井 0', '龙井 1'],
    });
    await shop.file('茶-00', [tea, black]);
    expect((await shop.category(green)).products).toEqual(['龙井 1']);
    expect((await shop.category(tea)).products).toEqual(['龙井 0']);
    const nowhere = await failure(shop.addCategory('无', -1));
    expect(shop.isForeignKeyViolation(nowhere)).toBe(true);
  });

  it('keeps a date as it is', async () => {
    const { shop, observer, schema } = fixture();
    const north = { code: 'N', name: '北京仓', opened: '2024-02-29' };
    const south = { code: 'S', name: '广州仓', opened: '0999-12-31' };
    await shop.openWarehouse(north);
    await shop.openWarehouse(south);
    expect(await shop.warehouse('N')).toEqual(north);
    expect(await shop.warehouse('S')).toEqual(south);
    const { rows } = await observer.query(
      `SELECT opened::text AS opened FROM ${quoteIdentifier(schema, 'warehouses')} ORDER BY code`,
    );
    expect(rows).toEqual([{ opened: north.opened }, { opened: south.opened }]);
  });

  it('inserts or updates by a key of two columns', async () => {
    const { shop } = fixture();
    await shop.store('N', '茶-00', 5);
    await shop.store('S', '茶-00', 1);
    await shop.store('N', '茶-00', 3);
    expect(await shop.stockOf('茶-00')).toEqual([
      { warehouse: '北京仓', pieces: 8 },
      { warehouse: '广州仓', pieces: 1 },
    ]);
  });

  it('moves stock, unless a check refuses it', async () => {
    const { shop } = fixture();
    await shop.move('茶-00', 'N', 'S', 3);
    const moved = [
      { warehouse: '北京仓', pieces: 5 },
      { warehouse: '广州仓', pieces: 4 },
    ];
    expect(await shop.stockOf('茶-00')).toEqual(moved);
    const refused = await failure(shop.move('茶-00', 'S', 'N', 5));
    expect([shop.isUniqueViolation(refused), shop.isForeignKeyViolation(refused)]).toEqual([false, false]);
    expect(await shop.stockOf('茶-00')).toEqual(moved);
  });

  it('keeps UUIDs, enums, amounts, times with a zone, and JSON that is not there', async () => {
    const { shop, wang } = fixture();
    const [order] = (await shop.ordersOf(wang)) as [Order];
    for (const payment of PAYMENTS) await shop.pay(order.id, payment);
    expect(await shop.paymentsOf(order.id)).toEqual(PAYMENTS);
    expect(await shop.paidFor(order.id)).toBe('0.30');
    const [first] = PAYMENTS as [Payment];
    const again = await failure(shop.pay(order.id, first));
    expect(shop.isUniqueViolation(again)).toBe(true);
    const id = '0193f1f4-27a8-7c2f-8f83-6f1d0f6a0003';
    await failure(shop.pay(order.id, { ...first, id, method: 'gold' }));
    expect(await shop.paymentsOf(order.id)).toHaveLength(2);
  });

  it('keeps bytes, arrays of numbers, and one review of each customer', async () => {
    const { shop, wang, li } = fixture();
    await shop.review('茶-20', wang, PRAISE);
    await shop.review('茶-20', li, SILENCE);
    await shop.review('茶-21', li, SILENCE);
    const reviews = await shop.reviewsOf('茶-20');
    expect(reviews.map((review) => ({ ...review, photo: review.photo && [...review.photo] }))).toEqual([
      { ...PRAISE, photo: [0, 1, 39, 92, 254, 255], by: '王小明' },
      { ...SILENCE, by: '李娜' },
    ]);
    const again = await failure(shop.review('茶-20', li, PRAISE));
    expect([shop.isUniqueViolation(again), shop.isForeignKeyViolation(again)]).toEqual([true, false]);
    expect(await shop.reviewedAtLeast(2)).toEqual([{ sku: '茶-20', reviews: 2 }]);
  });

  it('goes on after a row instead of counting', async () => {
    const { shop } = fixture();
    expect(await shop.after('茶-22', 2)).toEqual(['茶-23', '茶-24']);
    expect(await shop.after('茶-25', 2)).toEqual([]);
  });

  it('finds by an element of an array and by a member of JSON', async () => {
    const { shop } = fixture();
    expect(await shop.labelled('a "b", \\c')).toEqual(['张伟', '王小明']);
    expect(await shop.labelled('新客户')).toEqual([]);
    expect(await shop.livingIn('杭州')).toEqual(['张伟', '李娜', '王小明']);
  });

  it('deletes with what hangs on it, but nothing that is still referred to', async () => {
    const { shop } = fixture();
    const refused = await failure(shop.discontinue('茶-01'));
    expect([shop.isForeignKeyViolation(refused), shop.isUniqueViolation(refused)]).toEqual([true, false]);
    await shop.discontinue('茶-20');
    expect(await shop.reviewsOf('茶-20')).toEqual([]);
    expect(await shop.reviewedAtLeast(1)).toEqual([{ sku: '茶-21', reviews: 1 }]);
  });

  it('inserts thousands of rows by one statement', async () => {
    const { shop } = fixture();
    const { total } = await shop.page(0, 1);
    const many = Array.from({ length: 2000 }, (_, at): Product => {
      return { sku: `散-${String(at).padStart(4, '0')}`, name: `散茶 ${at}`, price: '0.01', quantity: at };
    });
    await shop.addProducts(many);
    expect(await shop.page(total, 1)).toMatchObject({ total: total + 2000 });
    expect(await shop.product('散-1999')).toEqual(many[1999]);
  });
}
