import type { ExecutionRequest } from '../../driver/operations/execution.js';
import { RowMode } from '../../addon/interface.js';
import { bindPlaceholders, type BoundStatement } from '../../sql/placeholders.js';
import type { CallContext } from './call-context.js';
import { checkText } from './call.js';
import { checkOptions } from './check-options.js';
import type { QueryOptions, QueryParameters } from './options.js';

/**
 * What is to be run. Throws a UsageError where the parameters do not fit the statement's placeholders or `types` is not
 * understood.
 */
export function request(
  sql: string,
  parameters: QueryParameters | undefined,
  options: QueryOptions | undefined,
  context: CallContext,
  statementOn?: ExecutionRequest['statementOn'],
  call: 'a query' | 'rows' = 'a query',
): ExecutionRequest {
  if (options !== undefined) checkOptions(call, options);
  const { placeholders } = context;
  let bound: BoundStatement | undefined;
  // The same text again, which needs no rewriting, is the usual case.
  if (!(Array.isArray(parameters) && parameters.length > 0 && placeholders.isPlain(sql))) {
    checkText(sql);
    bound = bindPlaceholders(sql, parameters, placeholders);
  }
  return {
    sql: bound === undefined ? sql : bound.sql,
    // A copy, since the call may have to wait, and the array is the program's to change.
    parameters: (bound === undefined ? (parameters as readonly unknown[]) : bound.values).slice(),
    rowMode: options?.rowMode === 'array' ? RowMode.Array : RowMode.Object,
    types: context.typeMapOf(options?.types),
    lookUp: context,
    typeOptions: options?.types,
    statementOn,
    onSession: options?.onSession,
    discardOnError: options?.discardOnError === true,
  };
}
