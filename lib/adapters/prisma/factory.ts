import { randomUUID } from 'node:crypto';
import {
  DriverAdapterError,
  type ConnectionInfo,
  type IsolationLevel,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
  type Transaction as PrismaTransaction,
} from '@prisma/driver-adapter-utils';
import {
  Database,
  open,
  quoteIdentifier,
  UsageError,
  type ConnectionConfig,
  type Transaction,
} from '../../index.js';
import { ADAPTER_NAME, KingbaseQueryable } from './queryable.js';

export interface PrismaKingbaseOptions {
  /** The schema that Prisma's queries name. Default: that of the connection. */
  schema?: string | undefined;
}

/** Throws a UsageError (`KB_BAD_OPTION`) for what would be passed over without a word. */
function checkOptions(options: unknown): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    const kind = options === null ? 'null' : Array.isArray(options) ? 'an array' : `a ${typeof options}`;
    throw badOption(`The options of PrismaKingbase must be an object, not ${kind}.`);
  }
  for (const [name, value] of Object.entries(options)) {
    if (name !== 'schema') throw badOption(`Unknown option "${name.slice(0, 40)}" of PrismaKingbase.`);
    if (value !== undefined && (typeof value !== 'string' || value === ''))
      throw badOption('The option "schema" of PrismaKingbase must be a string.');
  }
}

function badOption(message: string): UsageError {
  return new UsageError('KB_BAD_OPTION', message, { hint: 'It takes schema.' });
}

/** Prisma Client's driver adapter for KingbaseES: `new PrismaClient({ adapter: new PrismaKingbase('kingbase://…') })`. */
export class PrismaKingbase implements SqlMigrationAwareDriverAdapterFactory {
  readonly provider = 'postgres';
  readonly adapterName = ADAPTER_NAME;

  /**
   * @param source what `open` takes, and the database is closed by `$disconnect`; or a Database, which stays open then, since
   *   others may use it
   * @throws UsageError `KB_BAD_OPTION`
   */
  constructor(
    private readonly source: Database | string | ConnectionConfig,
    private readonly options: PrismaKingbaseOptions = {},
  ) {
    checkOptions(options);
  }

  connect(): Promise<SqlDriverAdapter> {
    const { source, options } = this;
    if (source instanceof Database) {
      return Promise.resolve(new KingbaseAdapter(source, options, () => Promise.resolve()));
    }
    const db = open(source);
    return Promise.resolve(new KingbaseAdapter(db, options, () => db.close()));
  }

  /** A database of its own, which is dropped at the end. Needs a connection, not a Database, to begin with. */
  async connectToShadowDb(): Promise<SqlDriverAdapter> {
    const { source, options } = this;
    if (source instanceof Database) {
      throw new TypeError(
        'A shadow database needs the connection string or object, not a Database that is open.',
      );
    }
    const database = `prisma_migrate_shadow_db_${randomUUID()}`;
    const main = await this.connect();
    await main.executeScript(`CREATE DATABASE ${quoteIdentifier(database)}`);
    const shadow = open(source, { database });
    return new KingbaseAdapter(shadow, options, async () => {
      await shadow.close();
      await main.executeScript(`DROP DATABASE ${quoteIdentifier(database)}`);
      await main.dispose();
    });
  }
}

class KingbaseAdapter extends KingbaseQueryable<Database> implements SqlDriverAdapter {
  constructor(
    db: Database,
    private readonly options: PrismaKingbaseOptions,
    private readonly end: () => Promise<void>,
  ) {
    super(db);
  }

  async executeScript(script: string): Promise<void> {
    await this.translating(this.on.script(script));
  }

  async startTransaction(level?: IsolationLevel): Promise<PrismaTransaction> {
    const isolation = isolationOf(level);
    return new KingbaseTransaction(await this.translating(this.on.begin({ isolation })));
  }

  getConnectionInfo(): ConnectionInfo {
    const { schema } = this.options;
    return { ...(schema === undefined ? {} : { schemaName: schema }), supportsRelationJoins: true };
  }

  dispose(): Promise<void> {
    return this.end();
  }
}

class KingbaseTransaction extends KingbaseQueryable<Transaction> implements PrismaTransaction {
  /** COMMIT and ROLLBACK are the driver's: Prisma sends none of its own. */
  readonly options = { usePhantomQuery: true };

  async commit(): Promise<void> {
    await this.translating(this.on.commit());
  }

  async rollback(): Promise<void> {
    await this.translating(this.on.rollback());
  }

  async createSavepoint(name: string): Promise<void> {
    await this.translating(this.on.exec(`SAVEPOINT ${quoteIdentifier(name)}`));
  }

  async rollbackToSavepoint(name: string): Promise<void> {
    await this.translating(this.on.exec(`ROLLBACK TO SAVEPOINT ${quoteIdentifier(name)}`));
  }

  async releaseSavepoint(name: string): Promise<void> {
    await this.translating(this.on.exec(`RELEASE SAVEPOINT ${quoteIdentifier(name)}`));
  }
}

function isolationOf(level: IsolationLevel | undefined) {
  switch (level) {
    case undefined:
      return undefined;
    case 'READ UNCOMMITTED':
      return 'read uncommitted';
    case 'READ COMMITTED':
      return 'read committed';
    case 'REPEATABLE READ':
      return 'repeatable read';
    case 'SERIALIZABLE':
      return 'serializable';
    default:
      throw new DriverAdapterError({ kind: 'InvalidIsolationLevel', level });
  }
}
