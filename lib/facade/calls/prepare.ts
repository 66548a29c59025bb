import { PrepareProbe } from '../../driver/operations/prepare-probe.js';
import { rejecting } from '../../errors/index.js';
import type { Statement } from '../statement.js';
import { limitOf, startOperation, type OperationRunner } from './call.js';
import type { CallLimits } from './options.js';

/** Prepares the statement on one session, which shows a mistake in it. */
export function prepareOn(
  runner: OperationRunner,
  { statementOn, compiled }: Statement<unknown>,
  options: CallLimits | undefined,
): Promise<void> {
  return new Promise<void>((resolve, plainly) => {
    const reject = rejecting(resolve, plainly, compiled);
    startOperation(runner, (fail) => new PrepareProbe(statementOn, resolve, fail), limitOf(options), reject);
  });
}
