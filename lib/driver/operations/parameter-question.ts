import { RowMode, type NativeFailure } from '../../addon/interface.js';
import { TypeMap } from '../../types/type-map.js';
import type { StatementResult } from '../result-shape.js';
import type { Session } from '../session.js';
import type { CachedStatement } from '../statement-cache.js';
import { OwnCommands } from './own-commands.js';

/**
 * A description tells of so many parameters at most: libpq takes one of more than 30,000 bytes for a lost connection
 * (fe-protocol3.c, pqParseInput3: only some messages may be longer), and each parameter takes 4.
 */
const MOST_DESCRIBED = 7_490;

export function canBeDescribed(parameters: readonly unknown[]): boolean {
  return parameters.length <= MOST_DESCRIBED;
}

/** How the answer is read. */
const ANSWER_TYPES = new TypeMap();
const ASK = `SELECT parameter_types::pg_catalog.oid[]::pg_catalog.text
  FROM pg_catalog.pg_prepared_statements WHERE name = $1`;

/** Has the server tell, in a row, of which types the parameters of a prepared statement are. */
export function askForParameterTypes(
  { core, native, slot, statements }: Session,
  { id }: CachedStatement,
): void {
  const writer = core.writeParameters([`${statements.prefix}${id}`], undefined, ANSWER_TYPES);
  native.execute(slot, ASK, writer.count, writer.length, RowMode.Array, core.typeMapId(ANSWER_TYPES));
  writer.trim();
}

/** Keeps what the server has answered with the statement; its columns stay unknown. */
export function learnParameterTypes(statement: CachedStatement, { rows }: StatementResult): void {
  const [row] = (rows ?? []) as string[][];
  const [types = '{}'] = row ?? [];
  statement.parameterTypes = Uint32Array.from(types.match(/\d+/g) ?? [], Number);
}

/** Asks that of a statement which cannot be described, since it has too many parameters. */
export class ParameterQuestion extends OwnCommands {
  /** What the server has refused it with. */
  failure: NativeFailure | undefined;

  constructor(
    private readonly statement: CachedStatement,
    limit: number,
  ) {
    super(limit);
  }

  protected first(session: Session): void {
    askForParameterTypes(session, this.statement);
  }

  override result(_session: Session, result: StatementResult): void {
    learnParameterTypes(this.statement, result);
  }

  protected override next(_session: Session, failure?: NativeFailure): boolean {
    this.failure = failure;
    return false;
  }
}
