import { UsageError } from '../../errors/index.js';

interface Hub {
  waiting: Set<() => void>;
  readonly listener: () => void;
}

/** One listener for each signal, however many calls wait for it: Node.js warns of more than ten on one signal. */
const hubs = new WeakMap<AbortSignal, Hub>();

/** Calls `run` once, when the signal aborts; not at all where it has. Gives what ends that. */
export function onAbort(signal: AbortSignal, run: () => void): () => void {
  let hub = hubs.get(signal);
  if (hub === undefined) {
    hub = newHub(signal);
    hubs.set(signal, hub);
  }
  const { waiting, listener } = hub;
  if (waiting.size === 0) signal.addEventListener('abort', listener, { once: true });
  waiting.add(run);
  return () => {
    if (waiting.delete(run) && waiting.size === 0) signal.removeEventListener('abort', listener);
  };
}

function newHub(signal: AbortSignal): Hub {
  const listener = (): void => {
    signal.removeEventListener('abort', listener);
    const { waiting } = hub;
    hub.waiting = new Set();
    for (const run of waiting) run();
  };
  const hub: Hub = { waiting: new Set(), listener };
  return hub;
}

/**
 * Throws a UsageError (`KB_BAD_OPTION`) for what is no AbortSignal. It is known by what it can do: one of another realm
 * (Jest, `vm`) or of a polyfill is no instance of this realm's class.
 */
export function checkSignal(signal: unknown): asserts signal is AbortSignal | undefined {
  if (signal === undefined) return;
  if (typeof signal === 'object' && signal !== null) {
    const { aborted, addEventListener, removeEventListener } = signal as Partial<AbortSignal>;
    const able = typeof addEventListener === 'function' && typeof removeEventListener === 'function';
    if (able && typeof aborted === 'boolean') return;
  }
  throw new UsageError('KB_BAD_OPTION', 'The option "signal" must be an AbortSignal.', {
    hint: 'Give the property "signal" of an AbortController, or AbortSignal.timeout(ms).',
  });
}
