import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, type Database } from 'kingbase-native';
import { PrismaKingbase } from 'kingbase-native/prisma';
import { targets } from '../../support/targets.js';
import { prismaClient, type Client } from './prisma-client.js';

const TABLES = `
  CREATE TYPE "Status" AS ENUM ('open', 'paid', 'cancelled');
  CREATE TABLE prisma_customer (
    id serial PRIMARY KEY, name text NOT NULL UNIQUE, info jsonb, tags text[], since timestamptz(3) NOT NULL DEFAULT now(),
    born date, opens time(0), photo bytea, points bigint NOT NULL DEFAULT 0, score float8, numbers int4[]);
  CREATE TABLE prisma_order (
    id serial PRIMARY KEY, "customerId" int4 NOT NULL REFERENCES prisma_customer (id), status "Status" NOT NULL DEFAULT 'open',
    placed timestamp(3) NOT NULL DEFAULT now());
  CREATE TABLE prisma_order_line (
    "orderId" int4 NOT NULL REFERENCES prisma_order (id), product text NOT NULL, amount numeric(20, 6) NOT NULL,
    PRIMARY KEY ("orderId", product));
`;

describe.each(targets().filter(({ transport }) => transport === 'TCP'))(
  'Prisma Client on $name',
  (target) => {
    const schema = `prisma_${target.flavour}`;
    // Away from UTC, so that a time that is taken for the session's is found out.
    const config = { ...target.config, options: `-c search_path=${schema} -c TimeZone=Asia/Shanghai` };
    let db: Database;
    let client: Client;

    beforeAll(async () => {
      db = open(config);
      await db.script(`CREATE SCHEMA ${schema}; ${TABLES}`);
      client = prismaClient(new PrismaKingbase({ ...config, pool: { max: 4 } }, { schema }));
    });
    afterAll(async () => {
      await client.$disconnect();
      await db.script(`DROP SCHEMA ${schema} CASCADE`);
      await db.close();
    });

    it('writes and reads every type', async () => {
      const data = {
        name: '王小明 "\\ \'',
        info: { deep: [1, null, { 文: '字' }], yes: true },
        tags: ['a,b', '"quoted"', 'back\\slash', '', '中文', 'NULL'],
        since: new Date('2026-02-28T16:30:15.123Z'),
        born: new Date('1999-12-31T00:00:00.000Z'),
        opens: new Date('1970-01-01T08:15:00.000Z'),
        photo: new Uint8Array([0, 1, 254, 255]),
        points: 9_007_199_254_740_993n,
        score: 0.1 + 0.2,
        numbers: [1, -2, 2_147_483_647],
      };
      const { id } = await client.customer.create({ data });
      const found = await client.customer.findUnique({ where: { id } });
      expect(found).toEqual({ ...data, id });
      const { rows } = await db.query(
        `SELECT since = '2026-03-01 00:30:15.123+08' AS same FROM prisma_customer WHERE id = $1`,
        [id],
      );
      expect(rows).toEqual([{ same: true }]);
      expect(
        await client.customer.findMany({ where: { since: data.since, tags: { has: '中文' } } }),
      ).toHaveLength(1);
      expect(await client.customer.count({ where: { info: { path: ['yes'], equals: true } } })).toBe(1);
    });

    it('writes nested rows, loads relations, filters, sorts and pages', async () => {
      const created = await client.customer.create({
        data: {
          name: 'nested',
          orders: {
            create: [
              {
                status: 'paid',
                lines: {
                  create: [
                    { product: 'tea', amount: '12.500001' },
                    { product: 'rice', amount: 3 },
                  ],
                },
              },
              { lines: { create: [{ product: 'salt', amount: '0.000001' }] } },
            ],
          },
        },
        include: { orders: { include: { lines: { orderBy: { product: 'asc' } } }, orderBy: { id: 'asc' } } },
      });
      expect(created.orders.map(({ status }) => status)).toEqual(['paid', 'open']);
      expect(created.orders[0]?.lines.map(({ amount }) => String(amount))).toEqual(['3', '12.500001']);
      const sum = await client.orderLine.aggregate({
        _sum: { amount: true },
        where: { order: { customerId: created.id } },
      });
      expect(String(sum._sum['amount'])).toBe('15.500002');

      await client.customer.createMany({
        data: Array.from({ length: 25 }, (_, at) => ({ name: `page ${String(at).padStart(2, '0')}` })),
      });
      const page = await client.customer.findMany({
        where: { name: { startsWith: 'page ' } },
        orderBy: { name: 'desc' },
        skip: 5,
        take: 3,
      });
      expect(page.map(({ name }) => name)).toEqual(['page 19', 'page 18', 'page 17']);
      await client.customer.upsert({
        where: { name: 'page 00' },
        create: { name: 'page 00' },
        update: { points: { increment: 5n } },
      });
      expect((await client.customer.findUnique({ where: { name: 'page 00' } }))?.['points']).toBe(5n);
      expect(await client.customer.deleteMany({ where: { name: { startsWith: 'page ' } } })).toEqual({
        count: 25,
      });
    });

    it('commits a transaction, rolls back one that fails, and takes a level of isolation', async () => {
      await client.$transaction(
        async (tx) => {
          await tx.customer.create({ data: { name: 'committed' } });
          expect(await tx.$queryRaw`SELECT current_setting('transaction_isolation') AS level`).toEqual([
            { level: 'serializable' },
          ]);
        },
        { isolationLevel: 'Serializable' },
      );
      await expect(
        client.$transaction(async (tx) => {
          await tx.customer.create({ data: { name: 'rolled back' } });
          throw new Error('not this one');
        }),
      ).rejects.toThrow('not this one');
      await expect(
        client.$transaction([
          client.customer.create({ data: { name: 'of two' } }),
          client.customer.create({ data: { name: 'committed' } }),
        ]),
      ).rejects.toMatchObject({ code: 'P2002' });
      const names = ['committed', 'rolled back', 'of two'];
      expect(
        (await client.customer.findMany({ where: { name: { in: names } } })).map(({ name }) => name),
      ).toEqual(['committed']);
      expect(db.stats().inUse).toBe(0);
    });

    it('tells of violations by Prisma’s codes', async () => {
      await client.customer.create({ data: { name: 'taken' } });
      await expect(client.customer.create({ data: { name: 'taken' } })).rejects.toMatchObject({
        code: 'P2002',
      });
      await expect(client.order.create({ data: { customerId: -1 } })).rejects.toMatchObject({
        code: 'P2003',
      });
      await expect(
        client.customer.update({ where: { id: -1 }, data: { name: 'nobody' } }),
      ).rejects.toMatchObject({ code: 'P2025' });
      await expect(client.$queryRaw`SELECT * FROM "no such table"`).rejects.toMatchObject({ code: 'P2010' });
    });

    it('runs SQL of the program’s own', async () => {
      const rows =
        await client.$queryRaw`SELECT ${7}::int4 AS "int", 8::int8 AS big, 1.50::numeric AS num, interval '1 day' AS span, NULL::text AS nothing`;
      expect(rows).toMatchObject([{ int: 7, big: 8n, span: '1 day', nothing: null }]);
      expect(await client.$executeRaw`UPDATE prisma_customer SET score = 1 WHERE name = ${'taken'}`).toBe(1);
    });

    it('serves many at once from a small pool', async () => {
      const names = Array.from({ length: 60 }, (_, at) => `many ${at}`);
      await Promise.all(names.map((name) => client.customer.create({ data: { name } })));
      expect(await client.customer.count({ where: { name: { startsWith: 'many ' } } })).toBe(60);
    });

    it('says that a server cannot be reached', async () => {
      const nobody = prismaClient(new PrismaKingbase({ ...target.config, port: 1 }));
      await expect(nobody.customer.count()).rejects.toMatchObject({ code: 'P1001' });
      await nobody.$disconnect();
    });

    describe('at the interface', () => {
      const query = (sql: string) => ({ sql, args: [], argTypes: [] });
      const using = async (use: (adapter: SqlDriverAdapter) => Promise<void>): Promise<void> => {
        const adapter = await new PrismaKingbase(db).connect();
        try {
          await use(adapter);
        } finally {
          await adapter.dispose();
        }
      };

      it('leaves a Database open that it was given', async () => {
        await using(async (adapter) => {
          expect(await adapter.executeRaw(query('SELECT 1'))).toBe(1);
        });
        await expect(db.ping()).resolves.not.toThrow();
      });

      it('goes on from a savepoint', async () => {
        await using(async (adapter) => {
          const tx = await adapter.startTransaction('READ COMMITTED');
          await tx.executeRaw(query(`INSERT INTO prisma_customer (name) VALUES ('kept')`));
          await tx.createSavepoint?.('here');
          await expect(tx.executeRaw(query('SELECT 1 / 0'))).rejects.toMatchObject({
            cause: { kind: 'postgres', code: '22012' },
          });
          await tx.rollbackToSavepoint?.('here');
          await tx.commit();
          expect(
            (await adapter.queryRaw(query(`SELECT count(*) FROM prisma_customer WHERE name = 'kept'`))).rows,
          ).toEqual([['1']]);
        });
      });

      it('does not take a COMMIT for one that the server has made a ROLLBACK', async () => {
        await using(async (adapter) => {
          const tx = await adapter.startTransaction();
          await expect(tx.executeRaw(query('SELECT 1 / 0'))).rejects.toMatchObject({
            name: 'DriverAdapterError',
          });
          await expect(tx.commit()).rejects.toMatchObject({ code: 'KB_TRANSACTION_ROLLED_BACK' });
        });
      });

      it('refuses a level of isolation that the server does not have', async () => {
        await using(async (adapter) => {
          await expect(adapter.startTransaction('SNAPSHOT')).rejects.toMatchObject({
            cause: { kind: 'InvalidIsolationLevel' },
          });
        });
      });

      it('makes and drops a shadow database', async () => {
        const shadow = await new PrismaKingbase(target.config).connectToShadowDb();
        const { rows } = await shadow.queryRaw(query('SELECT current_database()::text'));
        expect(rows[0]?.[0]).toMatch(/^prisma_migrate_shadow_db_/);
        await shadow.executeScript(`CREATE TABLE t (a text); INSERT INTO t VALUES ('one; two'); -- ; three`);
        expect((await shadow.queryRaw(query('SELECT a FROM t'))).rows).toEqual([['one; two']]);
        await shadow.dispose();
        expect(
          (await db.query('SELECT 1 FROM pg_database WHERE datname = $1', [rows[0]?.[0]])).rowCount,
        ).toBe(0);
      });

      it('leaves times that have no date in JavaScript as they are', async () => {
        await using(async (adapter) => {
          const times = `'infinity'::timestamp, '-infinity'::timestamptz, '0044-03-15 BC'::timestamp, '2026-01-01 08:00+08'::timestamptz`;
          const { rows } = await adapter.queryRaw(query(`SELECT ${times}`));
          expect(rows).toEqual([
            ['infinity', '-infinity', '0044-03-15 00:00:00 BC', '2026-01-01T00:00:00.000+00:00'],
          ]);
        });
      });

      it('finds names in messages of any language', async () => {
        await using(async (adapter) => {
          await expect(adapter.queryRaw(query('SELECT * FROM "no ""such"""'))).rejects.toMatchObject({
            cause: { kind: 'TableDoesNotExist', originalCode: '42P01' },
          });
          await expect(
            adapter.queryRaw(query('SELECT c.nothing FROM prisma_customer c')),
          ).rejects.toMatchObject({
            cause: { kind: 'ColumnNotFound', column: 'c.nothing' },
          });
        });
      });
    });
  },
);
