import { createClient } from '@redis/client';
import type { Cache } from './cache.mjs';

/**
 * In Redis, for all instances of the service. A value is kept with the number of changes that its key, and the whole, had
 * seen before it was read from the database: one that was changed meanwhile so is not found again, whoever wrote it last.
 * While Redis is away values come from the database.
 */
export class RedisCache<T> implements Cache<T> {
  private readonly redis: ReturnType<typeof createClient>;
  /** What is being loaded here: who asks meanwhile gets the same promise. */
  private readonly loading = new Map<string, Promise<T>>();

  /** @param lifetime ms */
  constructor(
    url: string,
    private readonly name: string,
    private readonly lifetime: number,
  ) {
    this.redis = createClient({
      url,
      // A request that waits for a cache has lost more than the cache can give.
      disableOfflineQueue: true,
      commandOptions: { timeout: 200 },
      socket: { connectTimeout: 1_000, reconnectStrategy: (attempt) => Math.min(100 * attempt, 2_000) },
    });
    // Without a listener the process would end. What it means is that Redis is away, which is provided for.
    this.redis.on('error', () => undefined);
    // Changes could not be told while the connection was away.
    this.redis.on('ready', () => void this.clear());
  }

  /** Resolves also where Redis is away: it is used once it is there. */
  async connect(): Promise<void> {
    const connected = this.redis.connect().then(
      () => undefined,
      () => undefined,
    );
    await Promise.race([connected, new Promise((resolve) => setTimeout(resolve, 1_000).unref())]);
  }

  get(key: string, load: () => Promise<T>): Promise<T> {
    const under = this.loading.get(key);
    if (under !== undefined) return under;
    const value = this.lookUp(key, load).finally(() => {
      if (this.loading.get(key) === value) this.loading.delete(key);
    });
    this.loading.set(key, value);
    return value;
  }

  async delete(key: string): Promise<void> {
    this.loading.delete(key);
    const changes = this.changesOf(key);
    // Counted for longer than any value lives that was kept under an earlier number.
    await this.tried(
      this.redis
        .multi()
        .incr(changes)
        .pExpire(changes, 10 * this.lifetime)
        .exec(),
    );
  }

  async clear(): Promise<void> {
    this.loading.clear();
    await this.tried(this.redis.incr(`${this.name}:changes`));
  }

  async close(): Promise<void> {
    if (this.redis.isReady) await this.tried(this.redis.close());
    else if (this.redis.isOpen) this.redis.destroy();
  }

  private async lookUp(key: string, load: () => Promise<T>): Promise<T> {
    const found = await this.tried(
      this.redis.mGet([`${this.name}:changes`, this.changesOf(key), this.valueOf(key)]),
    );
    if (found === undefined) return load();
    const [all, own, kept] = found;
    const prefix = `${all ?? 0}:${own ?? 0}\n`;
    if (kept?.startsWith(prefix)) return (JSON.parse(kept.slice(prefix.length)) as { value: T }).value;
    const value = await load();
    await this.tried(
      this.redis.set(this.valueOf(key), prefix + JSON.stringify({ value }), {
        expiration: { type: 'PX', value: this.lifetime },
      }),
    );
    return value;
  }

  private changesOf(key: string): string {
    return `${this.name}:changes:${key}`;
  }

  private valueOf(key: string): string {
    return `${this.name}:value:${key}`;
  }

  /** Undefined where Redis is away. */
  private async tried<R>(command: Promise<R>): Promise<R | undefined> {
    try {
      return await command;
    } catch {
      return undefined;
    }
  }
}
