/** Where reads of a session have gone whose state the session must not fall behind. */
interface Visit {
  running: number;
  /** When the last of them ended. */
  ended: number;
}

/**
 * Reads that follow each other: what one has shown the next must show, too. What a read has shown is not known, but at most
 * what its server had when the read ended. The same server can serve on. Another needs what the primary had after that.
 */
export class ReadSession {
  /** By server, or by what holds a connection to one. */
  private readonly visits = new Map<object, Visit>();
  private clock = 0;

  /** The server that can serve the next read without more ado; undefined where any can. */
  get place(): object | undefined {
    const [only, another] = this.visits.keys();
    return another === undefined ? only : NOWHERE;
  }

  begun(at: object): void {
    const visit = this.visits.get(at);
    if (visit === undefined) this.visits.set(at, { running: 1, ended: 0 });
    else visit.running++;
  }

  ended(at: object): void {
    const visit = this.visits.get(at);
    if (visit === undefined) return;
    visit.running--;
    visit.ended = ++this.clock;
  }

  /** What has been shown up to now lies before a position that is asked for after this. */
  moment(): number {
    return this.clock;
  }

  /** The session's next reads are at servers that have what had been shown up to the moment. */
  settled(moment: number): void {
    for (const [at, { running, ended }] of this.visits) {
      if (running === 0 && ended <= moment) this.visits.delete(at);
    }
  }
}

const NOWHERE = {};
