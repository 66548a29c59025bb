import { valuesText } from '../../encoding/index.js';
import { BindRows } from '../../driver/operations/bind-rows.js';
import type { ExecutionRequest } from '../../driver/operations/execution.js';
import { RowMode } from '../../addon/interface.js';
import { UsageError } from '../../errors/index.js';
import type { Chunk } from './source.js';
import { flatten, naming } from './statements.js';
import type { Batch, Inserted, Inserter, Plan } from './work.js';
import { executeUntraced, startOperation, type OperationRunner } from '../calls/call.js';

const BIND_ROWS = 1_000;

/**
 * Inserts each chunk by an INSERT of one row whose Bind message holds many. Only KingbaseES understands it, and it has
 * not been seen against one: what its server answers to it is not known but from its JDBC driver.
 */
export class BindInserter implements Inserter {
  readonly chunkRows: number;

  private readonly batch: Batch;
  private readonly sql: string;
  /** What the text of bytes begins with, by column. */
  private readonly prefixes: readonly string[];
  private checked = false;

  constructor({ batch, columns }: Plan) {
    this.batch = batch;
    this.prefixes = columns.map(({ bytesPrefix = '\\x' }) => bytesPrefix);
    this.sql = valuesText(batch.target, 1);
    this.chunkRows = batch.options.chunkRows ?? BIND_ROWS;
  }

  async insert(runner: OperationRunner, chunk: Chunk): Promise<Inserted> {
    const { batch, sql } = this;
    const { limit, types, target } = batch;
    if (!this.checked) await this.checkServer(runner);
    this.checked = true;
    const { prefixes } = this;
    const values = flatten(chunk, target.columns).map((value, i) =>
      asText(value, prefixes[i % prefixes.length] ?? ''),
    );
    const rows = chunk.to - chunk.from;
    const request: ExecutionRequest = { sql, parameters: values, rowMode: RowMode.Object, types };
    try {
      await new Promise<number>((resolve, reject) => {
        const create = (fail: (error: unknown) => void): BindRows =>
          new BindRows(request, rows, resolve, fail);
        startOperation(runner, create, limit, reject);
      });
    } catch (error) {
      throw naming(error, chunk, target.columns, values);
    }
    // The server's count may be that of one row: unknown. The statement is one, and inserts all of them or none.
    return { count: rows, bytes: 0, rows: [] };
  }

  private async checkServer(runner: OperationRunner): Promise<void> {
    const { context, limit } = this.batch;
    const request = {
      sql: 'SELECT version()',
      parameters: [],
      rowMode: RowMode.Array,
      types: context.typeMapOf(undefined),
    };
    const [[version] = []] = await executeUntraced(runner, request, limit, (rows) => rows as unknown[][]);
    if (!String(version).startsWith('KingbaseES')) {
      throw new UsageError(
        'KB_BAD_OPTION',
        'The strategy "bind" is for KingbaseES only, which this server is not.',
        { hint: `Use strategy: 'auto'.` },
      );
    }
  }
}

/** The format of a column is that of its first row, for all rows: everything goes as text. */
function asText(value: unknown, prefix: string): unknown {
  if (!(value instanceof Uint8Array)) return value;
  return prefix + Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex');
}
