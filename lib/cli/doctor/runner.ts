import { isError } from '../../base/is-error.js';
import { ExitCode } from '../exit-codes.js';
import { lines, same, text } from '../words.js';
import type { Check, Outcome, Step } from './step.js';

/**
 * Runs the checks one after the other and tells of each when it is done. A check whose conditions are not met is skipped
 * and says why.
 */
export async function runChecks(
  checks: readonly Check[],
  report: (step: Step) => void = () => undefined,
): Promise<Step[]> {
  const done = new Map<Check, Step>();
  const severalHosts = new Set(checks.map(({ subject }) => subject)).size > 2;
  /** For checks that were skipped: the one that failed. */
  const causes = new Map<Check, Check>();
  for (const check of checks) {
    const begin = performance.now();
    const obstacle = obstacleOf(check, done);
    const cause = obstacle === undefined ? undefined : (causes.get(obstacle) ?? obstacle);
    if (cause !== undefined) causes.set(check, cause);
    const outcome = cause === undefined ? await outcomeOf(check) : skipped(cause, severalHosts);
    const { id, subject, title, exitCode } = check;
    const step: Step = {
      id,
      ...(subject === undefined ? {} : { subject }),
      title,
      ...outcome,
      exitCode,
      milliseconds: cause === undefined ? Math.round((performance.now() - begin) * 10) / 10 : 0,
    };
    done.set(check, step);
    report(step);
  }
  return [...done.values()];
}

/** What the program ends with: the code of the first step that failed. */
export function exitCodeOf(steps: readonly Step[]): ExitCode {
  return steps.find(({ status }) => status === 'fail')?.exitCode ?? ExitCode.ok;
}

function isDone(step: Step | undefined): boolean {
  return step?.status === 'ok' || step?.status === 'warn';
}

function obstacleOf(check: Check, done: ReadonlyMap<Check, Step>): Check | undefined {
  const { needs = [], needsOneOf = [] } = check;
  const unmet = needs.find((needed) => !isDone(done.get(needed)));
  if (unmet !== undefined) return unmet;
  return needsOneOf.some((needed) => isDone(done.get(needed))) ? undefined : needsOneOf[0];
}

function skipped({ title, subject }: Check, severalHosts: boolean): Outcome {
  const of = subject !== undefined && severalHosts ? subject : undefined;
  return {
    status: 'skip',
    finding: text(
      `Not tried: "${title.en}"${of === undefined ? '' : ` of ${of}`} did not pass.`,
      `未执行：${of === undefined ? '' : `${of} 的`}“${title.zh}”没有通过。`,
    ),
  };
}

async function outcomeOf(check: Check): Promise<Outcome> {
  try {
    return await check.run();
  } catch (error) {
    // A check that is itself at fault must not keep the others from being made.
    const words = isError(error) ? (error.stack ?? error.message) : String(error);
    return {
      status: 'fail',
      finding: text('This check itself failed unexpectedly.', '该检查步骤自身意外出错。'),
      detail: lines(...words.split('\n').map(same)),
      remedy: lines(
        text(
          'Please report this as a bug of kingbase-native, with the lines above.',
          '请将以上内容作为 kingbase-native 的缺陷上报。',
        ),
      ),
    };
  }
}
