import { Execution, modeOf, type ExecutionRequest, type ResultView } from './execution.js';
import type { Session } from '../session.js';
import type { CachedStatement } from '../statement-cache.js';

/** A statement's parameters in the server's binary form, and what they are to be. */
export interface Fields {
  /** Of each an int32 with its length, -1 for NULL, then its bytes. They stay as they are until the statement has ended. */
  readonly bytes: Uint8Array;
  readonly count: number;
  /** For each type, by turns, those that the server may say the parameter has. */
  readonly types: readonly (readonly number[])[];
}

/** Runs one prepared statement with parameters in binary where it takes the types that they are in. */
export class FieldExecution<R> extends Execution<R> {
  /** @param request with the same parameters, for a statement that takes other types */
  constructor(
    request: ExecutionRequest,
    private readonly fields: Fields,
    view: ResultView<R>,
    resolve: (result: R) => void,
    reject: (error: unknown) => void,
  ) {
    super(request, view, resolve, reject);
  }

  protected override needsDescription(): boolean {
    return true;
  }

  protected override executeDescribed(session: Session, statement: CachedStatement): void {
    const { bytes, count, types: expected } = this.fields;
    const { parameterTypes } = statement;
    const fits = parameterTypes?.length === count && areAsExpected(parameterTypes, expected);
    if (!fits || this.apart) {
      super.executeDescribed(session, statement);
      return;
    }
    const { core, native, slot } = session;
    const typeMap = core.typeMapId(this.types);
    const { rowMode } = this.request;
    const mode = modeOf(session, statement, rowMode, typeMap);
    native.lend([bytes]);
    native.executePrepared(slot, statement.id, count, 0, mode, typeMap);
  }
}

/** What the types of a statement, which can be tens of thousands, have been found to be as expected for. */
const asExpected = new WeakMap<Uint32Array, Fields['types']>();

function areAsExpected(types: Uint32Array, expected: Fields['types']): boolean {
  if (asExpected.get(types) === expected) return true;
  const all = types.every((type, i) => expected[i % expected.length]?.includes(type) === true);
  if (all) asExpected.set(types, expected);
  return all;
}
