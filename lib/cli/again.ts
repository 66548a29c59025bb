import { setTimeout as delay } from 'node:timers/promises';
import { CONNECTION_OPTIONS } from './arguments.js';

/** Options of commands that show something again and again. */
export const AGAIN_OPTIONS = {
  ...CONNECTION_OPTIONS,
  count: { type: 'string', short: 'c' },
  interval: { type: 'string', short: 'i' },
  json: { type: 'boolean' },
} as const;

/**
 * The turns of such a command, from 0: `count` of them, for ever where that is 0, with `interval` ms between. Interrupting the
 * process (SIGINT) ends them after the one that is under way.
 */
export async function* turns(count: number, interval: number): AsyncGenerator<number, void, void> {
  const interrupt = new AbortController();
  const onInterrupt = (): void => interrupt.abort();
  process.once('SIGINT', onInterrupt);
  try {
    for (let turn = 0; (count === 0 || turn < count) && !interrupt.signal.aborted; turn++) {
      if (turn > 0) {
        const waited = delay(interval, undefined, { signal: interrupt.signal });
        if ((await waited.catch(() => 'interrupted')) === 'interrupted') return;
      }
      yield turn;
    }
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}
