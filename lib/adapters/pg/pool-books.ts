import type { PoolClient } from './pool-client.js';
import { TypeOverrides } from './type-overrides.js';

/** Whoever waits for a client. */
export interface Waiter {
  /** The client that is made for it; undefined where it waits for one that there is. */
  readonly coming: PoolClient | undefined;
}

interface Entry extends Waiter {
  coming: PoolClient | undefined;
}

/** Which clients a pool has and what each is doing, and who waits for one. */
export class Books {
  /** Those that are coming, lent and idle. */
  readonly clients: PoolClient[] = [];
  /** Clients that have a session, by its server process. */
  readonly byProcess = new Map<number, PoolClient>();
  /** With the timers that end them. */
  readonly idle = new Map<PoolClient, NodeJS.Timeout | undefined>();
  readonly expired = new WeakSet<PoolClient>();
  /** Those that somebody has. */
  readonly lent = new Set<PoolClient>();
  /** Those to which a program has added something of its own: listeners, parsers, functions. */
  readonly strangers = new Set<PoolClient>();
  /** A text for each name that a statement has on any of them; null: there are several. */
  readonly names = new Map<string, string | null>();
  /** Parsers of clients that have none of their own. */
  readonly types = new TypeOverrides();
  private readonly waiting = new Set<Entry>();
  /** Of those who wait, how many have no client coming. */
  waitingCount = 0;
  /** Made for somebody whom another has served: they become idle when their sessions come. */
  readonly spares: PoolClient[] = [];
  /** Those of them that have come and that nobody has had yet. */
  readonly unmet = new WeakSet<PoolClient>();

  get expiredCount(): number {
    return this.clients.filter((client) => this.expired.has(client)).length;
  }

  /** @param coming a client that is made for it */
  enter(coming: PoolClient | undefined): Waiter {
    const waiter: Entry = { coming };
    this.waiting.add(waiter);
    if (coming === undefined) this.waitingCount++;
    return waiter;
  }

  /** Gives the client that was made for it, and only once: two who have it would end each other's uses of it. */
  leave(waiter: Waiter): PoolClient | undefined {
    if (!this.waiting.delete(waiter)) return undefined;
    const { coming } = waiter;
    if (coming === undefined) this.waitingCount--;
    return coming;
  }

  private give(waiter: Entry, client: PoolClient): void {
    waiter.coming = client;
    this.waitingCount--;
  }

  noteName(name: string, text: string): void {
    const known = this.names.get(name);
    if (known === undefined) this.names.set(name, text);
    else if (known !== text) this.names.set(name, null);
  }

  /** What a program adds to one that is no client of the pool any more is nobody's concern. */
  noteStranger(client: PoolClient): void {
    if (this.clients.includes(client)) this.strangers.add(client);
  }

  uncount(client: PoolClient): void {
    const at = this.clients.indexOf(client);
    if (at >= 0) this.clients.splice(at, 1);
    this.lent.delete(client);
    this.strangers.delete(client);
  }

  /** It is idle no more. */
  wake(client: PoolClient): void {
    clearTimeout(this.idle.get(client));
    this.idle.delete(client);
  }

  /** Where there is room again, those that wait have clients made. */
  provide(max: number, make: () => PoolClient): void {
    let waiting = this.waitingCount - this.idle.size;
    if (waiting <= 0) return;
    for (const waiter of this.waiting) {
      if (waiting <= 0 || this.clients.length >= max) return;
      if (waiter.coming !== undefined) continue;
      this.give(waiter, make());
      waiting--;
    }
  }

  /** Its session is still to come, but whom it was made for has another one. */
  spare(client: PoolClient): void {
    if (this.waitingCount > 0) {
      for (const waiter of this.waiting) {
        if (waiter.coming !== undefined) continue;
        this.give(waiter, client);
        return;
      }
    }
    this.spares.push(client);
  }

  /** The spare client whose session this is; undefined where somebody has it. */
  takeSpare(processId: number): PoolClient | undefined {
    if (this.byProcess.has(processId)) return undefined;
    const client = this.spares.shift();
    if (client === undefined) return undefined;
    client.processID = processId;
    this.byProcess.set(processId, client);
    this.unmet.add(client);
    return client;
  }

  /** Which session comes first is the driver's to say: the client that was made for another may be the one that comes. */
  anyComing(): PoolClient | undefined {
    const spare = this.spares.shift();
    if (spare !== undefined) return spare;
    for (const waiter of this.waiting) {
      const { coming } = waiter;
      if (coming === undefined) continue;
      waiter.coming = undefined;
      this.waitingCount++;
      return coming;
    }
    return undefined;
  }
}
