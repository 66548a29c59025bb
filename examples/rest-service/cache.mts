interface Entry<T> {
  value: Promise<T>;
  expires: number;
}

/** A read-through cache: who asks while a value is being loaded gets the same promise. The oldest entry leaves first. */
export class Cache<T> {
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

  delete(key: string): void {
    this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
  }
}
