import { UsageError } from '../../errors/index.js';
import { Execution, type ExecutionRequest } from './execution.js';
import type { Session } from '../session.js';
import type { CachedStatement } from '../statement-cache.js';

/**
 * Runs one prepared statement with the parameters of many rows, by Kingbase's multi-row Bind: a message that PostgreSQL
 * refuses (08P01), and that only Kingbase's own client libraries can send.
 */
export class BindRows extends Execution<number> {
  /**
   * @param request with the parameters of all rows, one row after the other
   * @param rows how many rows they are
   * @param resolve told the server's count, -1 where it has none
   */
  constructor(
    request: ExecutionRequest,
    private readonly rows: number,
    resolve: (count: number) => void,
    reject: (error: unknown) => void,
  ) {
    super(request, (_rows, _fields, _command, count) => count, resolve, reject);
  }

  protected override needsDescription(): boolean {
    return true;
  }

  /** It is executed as prepared, in a session of its own. */
  protected override leavesNothing(): boolean {
    return false;
  }

  override begin(session: Session): void {
    if (session.capabilities.multiRowBind && session.pooler === undefined) {
      super.begin(session);
      return;
    }
    this.reject(
      session.pooler !== undefined
        ? new UsageError('KB_POOLER', 'The multi-row Bind needs a statement prepared by name.', {
            hint: "Use strategy: 'auto'.",
          })
        : new UsageError('KB_BAD_OPTION', 'The loaded client library has no multi-row Bind.', {
            hint: "Kingbase's libraries have it from V8R6 on. Use strategy: 'auto'.",
          }),
    );
    session.finish(session.transactionStatus);
  }

  protected override executeDescribed(session: Session, statement: CachedStatement): void {
    const { types } = this;
    const { parameters, rowMode } = this.request;
    const { core, native, slot } = session;
    const one = statement.parameterTypes ?? new Uint32Array();
    const all = Uint32Array.from(parameters, (_, i) => one[i % one.length] ?? 0);
    const writer = core.writeParameters(parameters, all, types);
    const typeMap = core.typeMapId(types);
    native.executePreparedRows(slot, statement.id, writer.count, writer.length, rowMode, typeMap, this.rows);
    writer.trim();
  }
}
