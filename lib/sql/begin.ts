/**
 * The text that begins a transaction. `BEGIN TRANSACTION` was seen to be accepted in each of KingbaseES's modes; SQL
 * Server mode refuses a bare `BEGIN`. With characteristics it is the standard's word, since there is a name behind BEGIN
 * TRANSACTION in T-SQL.
 *
 * @param characteristics such as `READ ONLY`
 */
export function beginText(characteristics: readonly string[] = []): string {
  return characteristics.length === 0
    ? 'BEGIN TRANSACTION'
    : `START TRANSACTION ${characteristics.join(', ')}`;
}
