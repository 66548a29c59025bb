/**
 * Gives up what is under way, with a reason. As an AbortSignal with its controller, for where nobody but the driver has it:
 * those cost more than all else that JavaScript does to make a connection.
 */
export class GivingUp {
  private watchers: Set<() => void> | undefined;
  private given: { readonly reason: unknown } | undefined;

  get aborted(): boolean {
    return this.given !== undefined;
  }

  /** What it is given up for; an Error as a rule. */
  get reason(): Error {
    return this.given?.reason as Error;
  }

  /** Once; later calls have no effect. */
  abort(reason: unknown): void {
    if (this.given !== undefined) return;
    this.given = { reason };
    const { watchers } = this;
    this.watchers = undefined;
    if (watchers !== undefined) for (const over of watchers) over();
  }

  throwIfAborted(): void {
    if (this.given !== undefined) throw this.given.reason;
  }

  /** Calls `over` when it is given up; not where it has been already. Returns what stops that. */
  watch(over: () => void): () => void {
    const watchers = (this.watchers ??= new Set());
    watchers.add(over);
    return () => watchers.delete(over);
  }
}

/**
 * Settles as `promise` does, or rejects with the reason as soon as it is given up, whatever keeps the promise. What comes of
 * it afterwards goes to `late`.
 */
export function unlessGivenUp<T>(
  promise: Promise<T>,
  givingUp: GivingUp,
  late: (value: T) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(givingUp.reason);
      promise.then(late, () => undefined);
    };
    if (givingUp.aborted) {
      onAbort();
      return;
    }
    const stop = givingUp.watch(onAbort);
    promise.then(stop, stop);
    promise.then(resolve, reject);
  });
}
