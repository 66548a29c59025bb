import { kindOf } from '../../base/kind-of.js';
import { shown } from '../../base/shown.js';
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
 * @param ways of events that other drivers have: how one is told of it here
 * @throws UsageError `KB_BAD_PARAMETER`
 */
export function checkListener(
  events: readonly string[],
  event: unknown,
  listener: unknown,
  ways: Readonly<Record<string, string>> = {},
): void {
  if (typeof event === 'string' && events.includes(event)) {
    checkFunction(`The event "${event}"`, listener);
    return;
  }
  const all = `The events are ${events.join(', ')}.`;
  if (typeof event !== 'string')
    throw badArgument(`The name of an event must be a string, not ${kindOf(event)}.`, all);
  const way = Object.hasOwn(ways, event) ? ways[event] : undefined;
  const meant = way === undefined ? nearest(event, events) : undefined;
  throw badArgument(
    `There is no event "${shown(event)}"${meant === undefined ? '.' : `; did you mean "${meant}"?`}`,
    way === undefined ? all : `${way} ${all}`,
  );
}

export function badArgument(message: string, hint?: string): UsageError {
  return new UsageError('KB_BAD_PARAMETER', message, hint === undefined ? {} : { hint });
}
