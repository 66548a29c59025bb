import { createRequire } from 'node:module';
import { drizzle } from 'drizzle-orm/node-postgres';
import { sql } from 'drizzle-orm';
import { knex, type Knex } from 'knex';
import { Kysely, PostgresDialect } from 'kysely';
import { DataTypes, Sequelize } from 'sequelize';
import { DataSource, EntitySchema } from 'typeorm';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import pg, { type ClientConfig } from 'kingbase-native/pg';
import { PrismaKingbase } from 'kingbase-native/prisma';
import { prismaClientOf, type Model } from './prisma-client.js';
import { startEmulator, type Emulator } from '../../support/kingbase-emulator.js';

// What libraries read of a server's version and catalogue, where these are KingbaseES': each makes a table, and uses it.

const [library] = inject('libraries');
const kingbase = library === undefined ? {} : { clientLibrary: library.path };

interface Town {
  id: number;
  name: string;
}

describe.each([
  { release: 'V8R6', databaseMode: 'pg' },
  { release: 'V9R1', databaseMode: 'pg' },
] as const)('ORMs on the emulated $release in $databaseMode mode', ({ release, databaseMode }) => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await startEmulator(inject('server'), { release, databaseMode, messages: 'zh' });
  });
  afterAll(() => emulator.stop());

  const config = (): ClientConfig => {
    const { host, port, user, database } = emulator;
    return { host, port, user, database, kingbase };
  };

  it('Knex', async () => {
    const Postgres = createRequire(__filename)('knex/lib/dialects/postgres') as typeof Knex.Client;
    class Kingbase extends Postgres {
      _driver(): typeof pg {
        return pg;
      }
    }
    // Knex reads no version but PostgreSQL's: without this it ends the process.
    const version = '12.1';
    const db = knex({
      client: Kingbase,
      version,
      connection: config(),
      pool: { min: 0, max: 2 },
    } as Knex.Config);
    await db.schema.createTable('knex_towns', (table) => {
      table.increments('id');
      table.text('name').unique();
    });
    expect(await db('knex_towns').insert({ name: '杭州' }).returning('*')).toEqual([{ id: 1, name: '杭州' }]);
    expect(await db.schema.hasTable('knex_towns')).toBe(true);
    await db.destroy();
  });

  it('TypeORM', async () => {
    const Towns = new EntitySchema<Town>({
      name: 'town',
      tableName: 'typeorm_towns',
      columns: {
        id: { type: 'int', primary: true, generated: 'increment' },
        name: { type: 'text', unique: true },
      },
    });
    const { host, port, user, database } = emulator;
    const source = new DataSource({
      type: 'postgres',
      driver: pg,
      host,
      port,
      username: user,
      database,
      extra: { kingbase },
      entities: [Towns],
    });
    await source.initialize();
    await source.synchronize();
    expect(await source.manager.save(Towns, { name: '杭州' })).toEqual({ id: 1, name: '杭州' });
    await source.destroy();
  });

  it('Sequelize', async () => {
    class Client extends pg.Client {
      constructor(given: ClientConfig) {
        super({ ...given, kingbase });
      }
    }
    const { host, port, user, database } = emulator;
    const dialectModule = { ...pg, Client };
    const options = { dialectModule, host, port, username: user, database, logging: false } as const;
    const sequelize = new Sequelize({ dialect: 'postgres', ...options });
    const Towns = sequelize.define('sequelize_town', { name: DataTypes.TEXT }, { timestamps: false });
    await sequelize.sync();
    expect((await Towns.create({ name: '杭州' })).get()).toEqual({ id: 1, name: '杭州' });
    await sequelize.close();
  });

  it('Drizzle', async () => {
    const pool = new pg.Pool(config());
    const { rows } = await drizzle({ client: pool as never }).execute(sql`select ${'杭州'}::text as name`);
    expect(rows).toEqual([{ name: '杭州' }]);
    await pool.end();
  });

  it('Kysely', async () => {
    const pool = new pg.Pool(config());
    const db = new Kysely<{ kysely_towns: { name: string } }>({
      dialect: new PostgresDialect({ pool, cursor: pg.Cursor }),
    });
    await db.schema.createTable('kysely_towns').addColumn('name', 'text').execute();
    await db.insertInto('kysely_towns').values({ name: '杭州' }).execute();
    expect(await db.selectFrom('kysely_towns').selectAll().execute()).toEqual([{ name: '杭州' }]);
    expect((await db.introspection.getTables()).map(({ name }) => name)).toContain('kysely_towns');
    await db.destroy();
  });

  it('Prisma', async () => {
    const { host, port, user, database } = emulator;
    const factory = new PrismaKingbase({ host, port, user, database, ...kingbase });
    const adapter = await factory.connect();
    await adapter.executeScript('CREATE TABLE warehouses (code text PRIMARY KEY, name text, opened date)');
    const client = prismaClientOf<{ warehouse: Model<object> }>('prisma-shop.json', factory);
    const data = { code: 'N', name: '杭州', opened: new Date('2026-02-17') };
    expect(await client.warehouse.create({ data })).toEqual(data);
    // The server's message is Chinese.
    await expect(client.warehouse.create({ data })).rejects.toMatchObject({ code: 'P2002' });
    expect(await client.warehouse.findMany({})).toEqual([data]);
    await client.$disconnect();
    await adapter.dispose();
  });
});
