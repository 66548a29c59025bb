import type { Connection, Database } from '../../index.js';
import type { PoolClient } from './pool-client.js';
import type { PoolOptions } from './pool-options.js';

/** Has the driver give a pool its sessions, and ends the waiting for them. */
export class Connecting {
  private readonly making = new Map<PoolClient, AbortController>();

  constructor(
    private readonly db: Database,
    private readonly options: PoolOptions,
  ) {}

  /** @param coming the client that is made for it, which can be given up */
  checkOut(coming: PoolClient | undefined): Promise<Connection> {
    const limits: { signal?: AbortSignal; timeout?: number } = {};
    if (coming !== undefined) {
      const controller = new AbortController();
      this.making.set(coming, controller);
      limits.signal = controller.signal;
    }
    const limit = this.options.connectionTimeoutMillis ?? 0;
    if (limit > 0) limits.timeout = limit;
    return this.db.connect(limits);
  }

  giveUp(client: PoolClient, error: Error): void {
    this.making.get(client)?.abort(error);
  }

  /** It has its session, or gets none. */
  forget(client: PoolClient): void {
    this.making.delete(client);
  }

  failAll(error: unknown): void {
    this.db.refuseWaiting(error instanceof Error ? error : new Error(String(error)));
  }
}
