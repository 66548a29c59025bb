import { createPool, type Pool } from 'generic-pool';
import type { Session } from '../driver/session.js';

/** What generic-pool holds: a session, or why there is none. */
interface Holder {
  session: Session | undefined;
  error: unknown;
}

/** generic-pool wants a limit on waiting for a resource; ours never wait there, and connecting has its own limit. */
const ACQUIRE_LIMIT = 2 ** 31 - 1;

/**
 * Opens, counts and destroys sessions, by generic-pool. What its manual and its issues warn of is fenced off here: a
 * `create` that rejects makes it try again at once and for ever, so ours never does; its validation, eviction and
 * minimum are not used; an acquire timeout is set. A session stays borrowed from it for as long as it lives, so that
 * handing sessions out costs nothing of generic-pool's time.
 */
export class SessionEngine {
  private readonly pool: Pool<Holder>;
  private readonly holders = new Map<Session, Holder>();

  constructor(open: () => Promise<Session>, max: number) {
    this.pool = createPool<Holder>(
      {
        create: async () => {
          try {
            return { session: await open(), error: undefined };
          } catch (error) {
            return { session: undefined, error };
          }
        },
        destroy: ({ session }) => {
          session?.close();
          return Promise.resolve();
        },
      },
      { max, min: 0, autostart: false, acquireTimeoutMillis: ACQUIRE_LIMIT, evictionRunIntervalMillis: 0 },
    );
  }

  /** A new session; rejects with what its opening rejected with. */
  async open(): Promise<Session> {
    const holder = await this.pool.acquire();
    if (holder.session === undefined) {
      await this.pool.destroy(holder);
      throw holder.error;
    }
    this.holders.set(holder.session, holder);
    return holder.session;
  }

  /** Closes a session of this engine. */
  destroy(session: Session): void {
    const holder = this.holders.get(session);
    if (holder === undefined) return;
    this.holders.delete(session);
    void this.pool.destroy(holder);
  }
}
