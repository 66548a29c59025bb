import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import adapter, { type PoolConfig } from 'kingbase-native/pg';
import type * as mikro from '@mikro-orm/postgresql';
import type * as worker from 'graphile-worker';
import type { Knex } from 'knex';
import type * as migrateModule from 'node-pg-migrate';
import type * as objection from 'objection';
import type PgBossType from 'pg-boss';
import type * as listen from 'pg-listen';
import type * as umzugModule from 'umzug';

type Done = (error: Error | null | undefined, value?: unknown) => void;

/** What express-session asks of a store; connect-pg-simple has no types of its own. */
interface SessionStore {
  set(id: string, session: object, done: Done): void;
  get(id: string, done: Done): void;
  touch(id: string, session: object, done: Done): void;
  destroy(id: string, done: Done): void;
  close(): void;
}

/**
 * Packages that were written for `pg`, each doing what it is for. Whoever asks for `pg` in this process gets the module
 * of ours, as in a program that has it installed by that name.
 */
const load = createRequire(__filename);
const standIn = (from: NodeJS.Require): void => {
  const place = from.resolve('pg');
  from.cache[place] = {
    id: place,
    filename: place,
    loaded: true,
    exports: adapter,
  } as unknown as NodeJS.Module;
};
const ASKING = [
  'connect-pg-simple',
  'pg-boss',
  'graphile-worker',
  'node-pg-migrate',
  'pg-listen',
  'knex',
  '@mikro-orm/postgresql',
];
// Some have a copy of their own.
for (const name of ASKING) standIn(createRequire(load.resolve(name)));

const [library] = inject('libraries');
const { host, port, user, database } = inject('server');
const config: PoolConfig = {
  host,
  port,
  user,
  database,
  ...(library && { kingbase: { clientLibrary: library.path } }),
};

describe('packages on the pg module', () => {
  let pool: InstanceType<typeof adapter.Pool>;
  const schemas = [
    'sessions_on_pg',
    'boss_on_pg',
    'worker_on_pg',
    'migrate_on_pg',
    'umzug_on_pg',
    'objection_on_pg',
    'mikro_on_pg',
  ];
  const dropAll = async (): Promise<void> => {
    for (const schema of schemas) await pool.query(`drop schema if exists ${schema} cascade`);
  };
  const one = async (text: string): Promise<unknown> => (await pool.query(text)).rows;

  beforeAll(async () => {
    pool = new adapter.Pool({ ...config, max: 4 });
    await dropAll();
  });
  afterAll(async () => {
    await dropAll();
    await pool.end();
  });

  it.each(ASKING)('%s gets the module where it asks for pg', (name) => {
    expect(createRequire(load.resolve(name))('pg')).toBe(adapter);
  });

  it('connect-pg-simple stores sessions', async () => {
    /** As much of express-session as a store is built on. */
    const Store = EventEmitter;
    const connectPgSimple = load('connect-pg-simple') as (
      session: object,
    ) => new (options: object) => SessionStore;
    const PgStore = connectPgSimple({ Store });
    await pool.query('create schema sessions_on_pg');
    const store = new PgStore({
      pool,
      schemaName: 'sessions_on_pg',
      createTableIfMissing: true,
      pruneSessionInterval: false,
    });
    const asked = (ask: (done: Done) => void): Promise<unknown> =>
      new Promise((resolve, reject) => {
        ask((error, value) => {
          if (error) reject(error);
          else resolve(value);
        });
      });
    const session = { cookie: { maxAge: 60_000 }, name: '王小明' };
    await asked((done) => {
      store.set('a session', session, done);
    });
    expect(
      await asked((done) => {
        store.get('a session', done);
      }),
    ).toMatchObject({ name: '王小明' });
    await asked((done) => {
      store.touch('a session', session, done);
    });
    await asked((done) => {
      store.destroy('a session', done);
    });
    expect(
      await asked((done) => {
        store.get('a session', done);
      }),
    ).toBeUndefined();
    store.close();
  });

  it('pg-boss hands out jobs', async () => {
    const PgBoss = load('pg-boss') as typeof PgBossType;
    // PostgreSQL has it from version 13 on.
    await pool.query(`create schema boss_on_pg; create function boss_on_pg.gen_random_uuid() returns uuid
      language sql as 'select md5(random()::text || clock_timestamp())::uuid'`);
    const boss = new PgBoss({
      ...config,
      options: '-c search_path=boss_on_pg',
      schema: 'boss_on_pg',
      noScheduling: true,
      noSupervisor: true,
    } as never);
    boss.on('error', (error) => expect.fail(error.message));
    await boss.start();
    const id = await boss.send('mail', { to: '杭州' });
    const job = await boss.fetch<{ to: string }>('mail');
    expect(job).toMatchObject({ id, data: { to: '杭州' } });
    await boss.complete(id!);
    expect(await boss.getJobById(id!)).toMatchObject({ state: 'completed' });
    await boss.stop({ graceful: false, timeout: 1000 });
  });

  it('graphile-worker runs tasks, of which it hears by LISTEN', async () => {
    const { run, makeWorkerUtils, Logger } = load('graphile-worker') as typeof worker;
    const options = {
      pgPool: pool as never,
      schema: 'worker_on_pg',
      logger: new Logger(() => () => undefined),
      noHandleSignals: true,
    };
    const utils = await makeWorkerUtils(options);
    await utils.migrate();
    const done = new Promise<unknown>((resolve, reject) => {
      // Far longer than a test may take: what is heard of is heard of by LISTEN.
      run({ ...options, concurrency: 1, pollInterval: 600_000, taskList: { greet: resolve } }).then(
        async (runner) => {
          await utils.addJob('greet', { name: '李娜' });
          await done;
          await runner.stop();
        },
        reject,
      );
    });
    expect(await done).toEqual({ name: '李娜' });
    await utils.release();
  });

  it('node-pg-migrate goes up and down', async () => {
    const { runner } = load('node-pg-migrate') as typeof migrateModule;
    const dir = mkdtempSync(path.join(os.tmpdir(), 'kingbase-native-migrations-'));
    writeFileSync(
      path.join(dir, '1_towns.js'),
      `exports.up = (pgm) => { pgm.createTable('towns', { id: 'id', name: { type: 'text', notNull: true } });
         pgm.sql("insert into towns (name) values ('杭州')"); };
       exports.down = (pgm) => { pgm.dropTable('towns'); };`,
    );
    const client = new adapter.Client({ ...config, options: '-c search_path=migrate_on_pg' });
    await client.connect();
    const migrate = async (direction: 'up' | 'down'): Promise<string[]> =>
      (
        await runner({
          dbClient: client,
          dir,
          direction,
          migrationsTable: 'migrations',
          schema: 'migrate_on_pg',
          createSchema: true,
          log: () => undefined,
        })
      ).map(({ name }) => name);
    expect(await migrate('up')).toEqual(['1_towns']);
    expect((await client.query('select * from towns')).rows).toEqual([{ id: 1, name: '杭州' }]);
    expect(await migrate('up')).toEqual([]);
    expect(await migrate('down')).toEqual(['1_towns']);
    await client.end();
    rmSync(dir, { recursive: true });
  });

  it('pg-listen hears and tells', async () => {
    const { default: createSubscriber } = load('pg-listen') as typeof listen;
    const subscriber = createSubscriber(config as never, { paranoidChecking: false });
    await subscriber.connect();
    const heard = new Promise((resolve) => subscriber.notifications.on('packages', resolve));
    await subscriber.listenTo('packages');
    await subscriber.notify('packages', { greeting: '你好' });
    expect(await heard).toEqual({ greeting: '你好' });
    await subscriber.close();
  });

  it('umzug keeps its journal in a table', async () => {
    const { Umzug } = load('umzug') as typeof umzugModule;
    await pool.query('create schema umzug_on_pg; create table umzug_on_pg.journal (name text primary key)');
    const umzug = new Umzug({
      context: pool,
      logger: undefined,
      migrations: [
        {
          name: 'towns',
          up: ({ context }) => context.query('create table umzug_on_pg.towns (name text)'),
          down: ({ context }) => context.query('drop table umzug_on_pg.towns'),
        },
      ],
      storage: {
        logMigration: async ({ name }) => {
          await pool.query('insert into umzug_on_pg.journal values ($1)', [name]);
        },
        unlogMigration: async ({ name }) => {
          await pool.query('delete from umzug_on_pg.journal where name = $1', [name]);
        },
        executed: async () =>
          (await pool.query<{ name: string }>('select name from umzug_on_pg.journal')).rows.map(
            ({ name }) => name,
          ),
      },
    });
    expect((await umzug.up()).map(({ name }) => name)).toEqual(['towns']);
    expect(await umzug.pending()).toEqual([]);
    expect(await one('select * from umzug_on_pg.towns')).toEqual([]);
    await umzug.down();
    expect(await one('select * from umzug_on_pg.journal')).toEqual([]);
  });

  it('objection maps rows to models, over Knex', async () => {
    const { knex } = await import('knex');
    const { Model, UniqueViolationError } = load('objection') as typeof objection;
    const Postgres = load('knex/lib/dialects/postgres') as typeof Knex.Client;
    class Kingbase extends Postgres {
      _driver(): typeof adapter {
        return adapter;
      }
    }
    await pool.query('create schema objection_on_pg');
    const db = knex({
      client: Kingbase,
      connection: config,
      searchPath: ['objection_on_pg'],
      pool: { min: 0, max: 2 },
    } as Knex.Config);
    class Town extends Model {
      static override tableName = 'towns';
      id!: number;
      name!: string;
      streets?: Street[];
      static override relationMappings = () => ({
        streets: {
          relation: Model.HasManyRelation,
          modelClass: Street,
          join: { from: 'towns.id', to: 'streets.town' },
        },
      });
    }
    class Street extends Model {
      static override tableName = 'streets';
      id!: number;
      name!: string;
    }
    await db.schema
      .createTable('towns', (table) => {
        table.increments('id');
        table.text('name').unique();
      })
      .createTable('streets', (table) => {
        table.increments('id');
        table.text('name');
        table.integer('town').references('towns.id');
      });
    Model.knex(db);
    await Town.transaction(async (tx) => {
      const streets = [{ name: '文三路' }, { name: '延安路' }];
      await Town.query(tx).insertGraph({ name: '杭州', streets } as never);
    });
    const [town] = await Town.query().withGraphFetched('streets');
    expect(town).toMatchObject({ name: '杭州', streets: [{ name: '文三路' }, { name: '延安路' }] });
    await expect(Town.query().insert({ name: '杭州' })).rejects.toBeInstanceOf(UniqueViolationError);
    await db.destroy();
  });

  it('mikro-orm makes tables and keeps entities', async () => {
    const { MikroORM, EntitySchema, UniqueConstraintViolationException } = load(
      '@mikro-orm/postgresql',
    ) as typeof mikro;
    interface Town {
      id: number;
      name: string;
      tags: string[];
    }
    const Towns = new EntitySchema<Town>({
      name: 'Town',
      tableName: 'towns',
      properties: {
        id: { type: 'integer', primary: true, autoincrement: true },
        name: { type: 'text', unique: true },
        tags: { type: 'json' },
      },
    });
    const { kingbase, ...server } = config;
    const orm = await MikroORM.init({
      host: server.host!,
      port: Number(server.port),
      user: server.user!,
      dbName: server.database!,
      schema: 'mikro_on_pg',
      entities: [Towns],
      driverOptions: { connection: { kingbase: { ...kingbase, applicationName: 'of this module alone' } } },
      discovery: { warnWhenNoEntities: false },
    });
    const name = "select current_setting('application_name') as name";
    expect(await orm.em.getConnection().execute(name)).toEqual([{ name: 'of this module alone' }]);
    await orm.schema.createSchema();
    const em = orm.em.fork();
    em.create(Towns, { name: '杭州', tags: ['西湖', '龙井'] } as never);
    await em.flush();
    const again = orm.em.fork();
    const town = await again.findOneOrFail(Towns, { name: '杭州' });
    expect(town).toMatchObject({ id: 1, tags: ['西湖', '龙井'] });
    town.tags = [];
    await again.flush();
    expect(await one('select name, tags from mikro_on_pg.towns')).toEqual([{ name: '杭州', tags: [] }]);
    again.create(Towns, { name: '杭州', tags: [] } as never);
    await expect(again.flush()).rejects.toBeInstanceOf(UniqueConstraintViolationException);
    await orm.close();
  });
});
