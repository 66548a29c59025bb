import { createPool, type Pool } from 'generic-pool';
import { unlessGivenUp, type GivingUp } from '../base/given-up.js';
import type { Session } from '../driver/session.js';

/** Makes a connection, unless it is given up. */
export type OpenSession = (signal: GivingUp) => Promise<Session>;

/** Room for one session, which is what generic-pool holds. */
type Room = object;

/**
 * Opens, counts and closes sessions: generic-pool sees to it that there are never more than `max`. What it lends is
 * room for a session and not the session itself, so that it has nothing to open, to validate or to evict, where its manual
 * and its issues warn of traps (a `create` that rejects makes it try again at once and for ever), and so that handing
 * sessions out and making one in the place of another costs next to nothing of its time. Who opens a session here has
 * made sure that there is room, so nobody waits in its line.
 */
export class SessionEngine {
  private readonly pool: Pool<Room>;
  private readonly rooms = new Map<Session, Room>();

  /** @param freed a session has been closed, or could not be made */
  constructor(
    private readonly connect: OpenSession,
    max: number,
    private readonly freed: () => void,
  ) {
    this.pool = createPool<Room>(
      { create: () => Promise.resolve({}), destroy: () => Promise.resolve() },
      { max, min: 0, autostart: false, evictionRunIntervalMillis: 0 },
    );
  }

  /** A new session; rejects with what its opening rejected with, or at once with the reason that it is given up for. */
  async open(signal: GivingUp): Promise<Session> {
    const room = await this.pool.acquire();
    try {
      const session = await unlessGivenUp(this.connect(signal), signal, (late) => late.close());
      this.rooms.set(session, room);
      return session;
    } catch (error) {
      void this.pool.release(room);
      this.freed();
      throw error;
    }
  }

  /** Closes a session of this engine. */
  destroy(session: Session): void {
    const room = this.rooms.get(session);
    if (room === undefined) return;
    this.rooms.delete(session);
    session.close();
    void this.pool.release(room);
    this.freed();
  }
}
