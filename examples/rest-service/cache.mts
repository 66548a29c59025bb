/** A read-through cache. */
export interface Cache<T> {
  /** What is kept for the key, else what `load` gives. */
  get(key: string, load: () => Promise<T>): Promise<T>;
  /** The value has changed. */
  delete(key: string): Promise<void>;
  /** Any value may have changed. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

interface Entry<T> {
  value: Promise<T>;
  expires: number;
}

/** In this process: who asks while a value is being loaded gets the same promise. The oldest entry leaves first. */
export class MemoryCache<T> implements Cache<T> {
  private readonly entries = new Map<string, Entry<T>>();

  /** @param lifetime ms */
  constructor(
    private readonly lifetime: number,
    private readonly most: number,
  ) {}

  get(key: string, load: () => Promise<T>): Promise<T> {
    const entry = this.entries.get(key);
    if (entry !== undefined && entry.expires > Date.now()) return entry.value;
    const value = load();
    // Set before the value is there: a change that is told of meanwhile deletes the entry, and not what comes after it.
    this.entries.delete(key);
    this.entries.set(key, { value, expires: Date.now() + this.lifetime });
    if (this.entries.size > this.most) this.entries.delete(this.entries.keys().next().value ?? key);
    value.catch(() => {
      // An error is told to those who wait for it and to nobody after them.
      if (this.entries.get(key)?.value === value) this.entries.delete(key);
    });
    return value;
  }

  delete(key: string): Promise<void> {
    this.entries.delete(key);
    return Promise.resolve();
  }

  clear(): Promise<void> {
    this.entries.clear();
    return Promise.resolve();
  }

  close(): Promise<void> {
    return this.clear();
  }
}
