import { setMaxListeners } from 'node:events';
import type { Connection, Database } from '../../index.js';
import type { PoolClient } from './pool-client.js';
import type { PoolOptions } from './pool-options.js';

/** Has the driver give a pool its sessions, and ends the waiting for them. */
export class Connecting {
  /** Ends the waiting of all; made anew each time. */
  private outage = untold();
  private readonly making = new Map<PoolClient, AbortController>();

  constructor(
    private readonly db: Database,
    private readonly options: PoolOptions,
  ) {}

  /** @param coming the client that is made for it, which can be given up */
  checkOut(coming: PoolClient | undefined): Promise<Connection> {
    let { signal } = this.outage;
    if (coming !== undefined) {
      const controller = new AbortController();
      this.making.set(coming, controller);
      ({ signal } = controller);
    }
    const limit = this.options.connectionTimeoutMillis ?? 0;
    return this.db.connect(limit > 0 ? { signal, timeout: limit } : { signal });
  }

  giveUp(client: PoolClient, error: Error): void {
    this.making.get(client)?.abort(error);
  }

  /** It has its session, or gets none. */
  forget(client: PoolClient): void {
    this.making.delete(client);
  }

  failAll(error: unknown): void {
    const { outage } = this;
    this.outage = untold();
    outage.abort(error);
    for (const controller of this.making.values()) controller.abort(error);
  }
}

/** Listened to by any number of those that wait. */
function untold(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
