/**
 * Midway: a component that opens the database when the application is ready, gives it to services by its name, and closes it
 * when the application stops.
 *
 *     npx tsx --tsconfig examples/tsconfig.json examples/midway.mts kingbase://system@127.0.0.1:54321/test
 */
import 'reflect-metadata';
import {
  Configuration,
  destroyGlobalApplicationContext,
  Inject,
  initializeGlobalApplicationContext,
  Provide,
  type ILifeCycle,
  type IMidwayContainer,
} from '@midwayjs/core';
import { open, type Database } from 'kingbase-native';

const KINGBASE = 'kingbase';

@Configuration({ namespace: KINGBASE })
class KingbaseConfiguration implements ILifeCycle {
  private db: Database | undefined;

  /** Before services are made. An application has its options in src/config; here they are the program's arguments. */
  async onReady(container: IMidwayContainer): Promise<void> {
    this.db = open(process.argv[2], { pool: { max: 5 } });
    // An application that cannot reach its database fails at its start, and not at its first request.
    await this.db.ping({ timeout: 5_000 });
    container.registerObject(KINGBASE, this.db);
  }

  async onStop(): Promise<void> {
    console.log('closing the database');
    await this.db?.close({ timeout: 5_000 });
  }
}

@Provide()
class Cities {
  @Inject(KINGBASE)
  db!: Database;

  async lengthOf(name: string): Promise<number | undefined> {
    return (await this.db.queryRow<{ length: number }>('SELECT length($1::text)', [name]))?.length;
  }
}

@Configuration({ imports: [{ Configuration: KingbaseConfiguration }] })
class AppConfiguration implements ILifeCycle {
  async onReady(): Promise<void> {
    // Components are ready before the application is.
  }
}

const container = await initializeGlobalApplicationContext({
  baseDir: import.meta.dirname,
  imports: [{ Configuration: AppConfiguration }],
});
container.bindClass(Cities);
console.log(await (await container.getAsync(Cities)).lengthOf('呼和浩特'));
await destroyGlobalApplicationContext(container);
