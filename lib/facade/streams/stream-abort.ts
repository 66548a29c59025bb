import type { Readable, Writable } from 'node:stream';
import { nothing } from '../../base/nothing.js';
import { UsageError } from '../../errors/index.js';
import { checkSignal, onAbort, reasonOf } from '../calls/abort-signals.js';

/**
 * Destroys the stream with the reason of the signal when that aborts. Node's own `signal` option wraps the reason in an
 * AbortError; here an abort gives the reason itself, as in every call. Throws a UsageError (`KB_BAD_OPTION`) for what is
 * no signal.
 *
 * @returns what ends that
 */
export function destroyOnAbort(stream: Readable | Writable, signal: AbortSignal | undefined): () => void {
  checkSignal(signal);
  if (signal === undefined) return nothing;
  // Nearly always an Error; whatever it is, it is the caller's and goes back as it came.
  const destroy = (): void => void stream.destroy(reasonOf(signal) as Error);
  if (signal.aborted) {
    destroy();
    return nothing;
  }
  const unwatch = onAbort(signal, destroy);
  stream.once('close', unwatch);
  return unwatch;
}

/** @throws UsageError `KB_BAD_OPTION` for what is no number of bytes */
export function checkBytes(
  name: string,
  value: number | undefined,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least && value <= most)) return;
  throw new UsageError(
    'KB_BAD_OPTION',
    `The option "${name}" must be a whole number of bytes from ${least} to ${most}.`,
    { hint: 'Leave it out for the default.' },
  );
}
