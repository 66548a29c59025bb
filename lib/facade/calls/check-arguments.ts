import { kindOf } from '../../base/kind-of.js';
import { UsageError } from '../../errors/index.js';
import { nearest } from '../../errors/nearest.js';

/**
 * Makes sure that what is to be called later is a function: it would be found missing only when something has been done.
 *
 * @param call what takes it, such as `transaction()`
 * @throws UsageError `KB_BAD_PARAMETER`
 */
export function checkFunction(call: string, given: unknown, hint?: string): void {
  if (typeof given === 'function') return;
  throw badArgument(`${call} takes a function, and was given ${kindOf(given)}.`, hint);
}

/**
 * Refuses a listener that would never be called.
 *
 * @param events all that there are
 * @throws UsageError `KB_BAD_PARAMETER`
 */
export function checkListener(events: readonly string[], event: unknown, listener: unknown): void {
  if (typeof event !== 'string' || !events.includes(event)) {
    const meant = typeof event === 'string' ? nearest(event, events) : undefined;
    throw badArgument(
      `There is no such event${meant === undefined ? '.' : `; did you mean "${meant}"?`}`,
      `The events are ${events.join(', ')}. Errors reject the calls that they belong to.`,
    );
  }
  checkFunction(`The event "${event}"`, listener);
}

export function badArgument(message: string, hint?: string): UsageError {
  return new UsageError('KB_BAD_PARAMETER', message, hint === undefined ? {} : { hint });
}
