import type { AbortableOperationOptions, CompiledQuery, DatabaseConnection, QueryResult } from 'kysely';
import type { Connection } from '../../index.js';

/** Commands whose number of rows is one of changed rows. */
const CHANGING: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);

/** A session of the driver's as Kysely sees it, for one use. */
export class KingbaseConnection implements DatabaseConnection {
  private spoiled = false;

  constructor(private readonly session: Connection) {}

  async executeQuery<R>(
    { sql, parameters }: CompiledQuery,
    options?: AbortableOperationOptions,
  ): Promise<QueryResult<R>> {
    const signal = options?.signal;
    try {
      const { rows, rowCount, command } = await this.session.query<R>(sql, parameters, { signal });
      return CHANGING.has(command) ? { rows, numAffectedRows: BigInt(rowCount) } : { rows };
    } catch (error) {
      // Kysely has told the program of the abort, and waits only for the connection: it would print what it gets now.
      if (signal?.aborted === true) return { rows: [] };
      throw error;
    }
  }

  async *streamQuery<R>(
    { sql, parameters }: CompiledQuery,
    chunkSize: number,
    options?: AbortableOperationOptions,
  ): AsyncIterableIterator<QueryResult<R>> {
    const signal = options?.signal;
    try {
      for await (const batch of this.session.rows<R>(sql, parameters, { signal }).batches()) {
        for (let at = 0; at < batch.length; at += chunkSize) yield { rows: batch.slice(at, at + chunkSize) };
      }
    } catch (error) {
      if (signal?.aborted !== true) throw error;
    }
  }

  /** Runs a statement of a transaction, and gives the command as the server has carried it out. */
  async run(sql: string): Promise<string> {
    return (await this.session.exec(sql)).command;
  }

  /** Kysely asks for it beside the signal, which has had the statement cancelled already. */
  cancelQuery(): Promise<void> {
    return Promise.resolve();
  }

  /** The session is closed, and with it ends whatever it does. */
  killSession(): Promise<void> {
    this.spoil();
    return this.session.release({ discard: true });
  }

  /** It will not be handed out again. */
  spoil(): void {
    this.spoiled = true;
  }

  release(): Promise<void> {
    return this.session.release({ discard: this.spoiled });
  }
}
