import {
  AbortedTransactionError,
  type AbortableOperationOptions,
  type Driver,
  type TransactionSettings,
} from 'kysely';
import { quoteIdentifier, type Database } from '../../index.js';
import { KingbaseConnection } from './connection.mjs';

/** Kysely's driver over a database: its connections are sessions of the pool. */
export class KingbaseDriver implements Driver {
  /**
   * @param db where the sessions come from
   * @param owned whether the database is closed with the driver
   */
  constructor(
    private readonly db: Database,
    private readonly owned: boolean,
  ) {}

  /** Connections are made when they are needed. */
  init(): Promise<void> {
    return Promise.resolve();
  }

  async acquireConnection(options?: AbortableOperationOptions): Promise<KingbaseConnection> {
    return new KingbaseConnection(await this.db.connect({ signal: options?.signal }));
  }

  async beginTransaction(connection: KingbaseConnection, settings: TransactionSettings): Promise<void> {
    const { isolationLevel, accessMode } = settings;
    const isolation = isolationLevel === undefined ? '' : ` ISOLATION LEVEL ${isolationLevel}`;
    const access = accessMode === undefined ? '' : ` ${accessMode}`;
    // SQL Server mode of KingbaseES refuses a bare BEGIN.
    const begin = `${isolation}${access}` === '' ? 'BEGIN TRANSACTION' : 'START TRANSACTION';
    await connection.run(`${begin}${isolation}${access}`);
  }

  async commitTransaction(connection: KingbaseConnection): Promise<void> {
    // After a statement that failed the server takes COMMIT for ROLLBACK, and says so by the command alone.
    if ((await connection.run('COMMIT')) === 'ROLLBACK') throw new AbortedTransactionError();
  }

  async rollbackTransaction(connection: KingbaseConnection): Promise<void> {
    try {
      await connection.run('ROLLBACK');
    } catch (error) {
      connection.spoil();
      throw error;
    }
  }

  async savepoint(connection: KingbaseConnection, name: string): Promise<void> {
    await connection.run(`SAVEPOINT ${quoteIdentifier(name)}`);
  }

  async rollbackToSavepoint(connection: KingbaseConnection, name: string): Promise<void> {
    await connection.run(`ROLLBACK TO SAVEPOINT ${quoteIdentifier(name)}`);
  }

  async releaseSavepoint(connection: KingbaseConnection, name: string): Promise<void> {
    await connection.run(`RELEASE SAVEPOINT ${quoteIdentifier(name)}`);
  }

  releaseConnection(connection: KingbaseConnection): Promise<void> {
    return connection.release();
  }

  async destroy(): Promise<void> {
    if (this.owned) await this.db.close();
  }
}
