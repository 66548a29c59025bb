/**
 * NestJS: a module that opens the database for the whole application, gives it to services by a token, and closes it with
 * the application.
 *
 *     npx tsx --tsconfig examples/tsconfig.json examples/nestjs.mts kingbase://system@127.0.0.1:54321/test
 */
import 'reflect-metadata';
import {
  Inject,
  Injectable,
  Logger,
  Module,
  type DynamicModule,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { open, type ConnectionConfig, type Database } from 'kingbase-native';

const KINGBASE = Symbol('kingbase-native');

@Module({})
class KingbaseModule implements OnApplicationShutdown {
  constructor(@Inject(KINGBASE) private readonly db: Database) {}

  static forRoot(config: string | undefined, overrides?: ConnectionConfig): DynamicModule {
    const provider = { provide: KINGBASE, useFactory: () => open(config, overrides) };
    return { module: KingbaseModule, global: true, providers: [provider], exports: [KINGBASE] };
  }

  async onApplicationShutdown(signal?: string): Promise<void> {
    console.log('closing the database', signal === undefined ? '' : `for ${signal}`);
    await this.db.close({ timeout: 5_000 });
  }
}

@Injectable()
class Cities {
  constructor(@Inject(KINGBASE) private readonly db: Database) {}

  async rename(from: string, to: string): Promise<string | undefined> {
    return this.db.transaction(async (tx) => {
      await tx.script(
        `CREATE TEMPORARY TABLE city (name text PRIMARY KEY) ON COMMIT DROP; INSERT INTO city VALUES ('杭州')`,
      );
      await tx.exec('UPDATE city SET name = $2 WHERE name = $1', [from, to]);
      return (await tx.queryRow<{ name: string }>('SELECT name FROM city'))?.name;
    });
  }
}

@Module({ imports: [KingbaseModule.forRoot(process.argv[2], { pool: { max: 5 } })], providers: [Cities] })
class AppModule {}

Logger.overrideLogger(['error', 'warn']);
const app = await NestFactory.createApplicationContext(AppModule);
// Without this, NestJS does not hear SIGTERM, and the connections are cut off.
app.enableShutdownHooks();
console.log(await app.get(Cities).rename('杭州', '临安'));
await app.close();
