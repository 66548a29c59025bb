import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { EmbeddedServer } from '../../scripts/embedded-server.js';

/** ms between two questions. */
const PAUSE = 50;

/** Asks the server the simplest question over and over, past proxy and driver, to know when it stands still. */
export class Pulse {
  private asked = performance.now();
  private waits = false;
  private lastStall = -Infinity;
  private over = false;
  private beating = Promise.resolve();

  private constructor(
    private readonly client: Client,
    private readonly limit: number,
  ) {}

  /** @param limit ms after which an answer comes too late */
  static async of({ host, port, user, database }: EmbeddedServer, limit: number): Promise<Pulse> {
    const client = new Client({ host, port, user, database });
    await client.connect();
    const pulse = new Pulse(client, limit);
    pulse.beating = pulse.beat();
    return pulse;
  }

  private async beat(): Promise<void> {
    while (!this.over) {
      this.asked = performance.now();
      this.waits = true;
      await this.client.query('SELECT 1');
      if (this.isLate()) this.lastStall = performance.now();
      this.waits = false;
      await sleep(PAUSE);
    }
    await this.client.end();
  }

  private isLate(): boolean {
    return this.waits && performance.now() - this.asked > this.limit;
  }

  /** @param time of `performance.now()` */
  stalledSince(time: number): boolean {
    return this.lastStall >= time || this.isLate();
  }

  async end(): Promise<void> {
    this.over = true;
    await this.beating;
  }
}
