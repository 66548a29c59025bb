import { UsageError } from '../../errors/index.js';

/** One listener for a signal, however many calls wait for it: Node.js warns of more than ten on one signal. */
class Hub {
  /** Most signals are of one call alone. */
  private first: (() => void) | undefined;
  private others: Set<() => void> | undefined;
  /** Those that the abort calls one after the other; one that is removed meanwhile is not called. */
  private called: Set<() => void> | undefined;
  /** Which of them is being called: it removes itself, as a rule, and need not be taken out of thousands for that. */
  private calling: (() => void) | undefined;

  constructor(private readonly signal: AbortSignal) {}

  add(run: () => void): void {
    if (this.empty) this.signal.addEventListener('abort', this.listener, ONCE);
    if (this.first === undefined) this.first = run;
    else (this.others ??= new Set()).add(run);
  }

  remove(run: () => void): void {
    if (this.first === run) this.first = undefined;
    else if (this.others?.delete(run) !== true) {
      if (this.calling !== run) this.called?.delete(run);
      return;
    }
    if (this.empty) this.signal.removeEventListener('abort', this.listener);
  }

  private get empty(): boolean {
    return this.first === undefined && (this.others === undefined || this.others.size === 0);
  }

  private readonly listener = (): void => {
    this.signal.removeEventListener('abort', this.listener);
    const { first, others } = this;
    this.first = undefined;
    this.others = undefined;
    this.called = others;
    first?.();
    if (others !== undefined) {
      for (const run of others) {
        this.calling = run;
        run();
      }
    }
    this.called = this.calling = undefined;
  };
}

const ONCE = { once: true } as const;
const hubs = new WeakMap<AbortSignal, Hub>();

/** Calls `run` once, when the signal aborts; not at all where it has. Gives what ends that. */
export function onAbort(signal: AbortSignal, run: () => void): () => void {
  let hub = hubs.get(signal);
  if (hub === undefined) {
    hub = new Hub(signal);
    hubs.set(signal, hub);
  }
  hub.add(run);
  return () => hub.remove(run);
}

/**
 * Whether it is an AbortSignal, by what it can do: one of another realm (Jest, `vm`) or of a polyfill is no instance of this
 * realm's class.
 */
export function isSignal(signal: unknown): signal is AbortSignal {
  if (signal instanceof AbortSignal) return true;
  if (typeof signal !== 'object' || signal === null) return false;
  const { aborted, addEventListener, removeEventListener } = signal as Partial<AbortSignal>;
  const able = typeof addEventListener === 'function' && typeof removeEventListener === 'function';
  return able && typeof aborted === 'boolean';
}

/** Throws a UsageError (`KB_BAD_OPTION`) for what is no AbortSignal. */
export function checkSignal(signal: unknown): asserts signal is AbortSignal | undefined {
  if (signal === undefined || isSignal(signal)) return;
  throw new UsageError('KB_BAD_OPTION', 'The option "signal" must be an AbortSignal.', {
    hint: 'Give the property "signal" of an AbortController, or AbortSignal.timeout(ms).',
  });
}

/** Why it has aborted. A polyfill may give no reason, and a call is not to reject with nothing. */
export function reasonOf(signal: AbortSignal): unknown {
  const reason: unknown = signal.reason;
  return reason === undefined ? new DOMException('This operation was aborted', 'AbortError') : reason;
}
