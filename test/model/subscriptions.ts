import type { Database, Subscription } from 'kingbase-native';
import type { Fate } from './ledger.js';

interface Heard {
  readonly subscription: Subscription;
  readonly channel: string;
  /** How many notifications had begun when it was there; what began before may or may not be heard. */
  from: number;
  readonly payloads: string[];
  gaps: number;
  closed: boolean;
}

interface Sent {
  readonly channel: string;
  readonly payload: string;
  fate: Fate;
}

/** Keeps account of what was notified and what was heard. */
export class Subscriptions {
  private readonly sent: Sent[] = [];
  private readonly all: Heard[] = [];
  readonly violations: string[] = [];

  async listen(db: Database, channel: string): Promise<Heard> {
    const payloads: string[] = [];
    const heard: { entry?: Heard } = {};
    const subscription = await db.listen(channel, (notification) => {
      if (notification.channel !== channel)
        this.violations.push(`A handler of ${channel} heard ${notification.channel}.`);
      if (heard.entry?.closed === true)
        this.violations.push(`A closed subscription heard ${notification.payload}.`);
      payloads.push(notification.payload);
    });
    const entry: Heard = { subscription, channel, from: this.sent.length, payloads, gaps: 0, closed: false };
    heard.entry = entry;
    subscription.on('gap', () => {
      entry.gaps++;
      entry.from = this.sent.length;
    });
    this.all.push(entry);
    return entry;
  }

  get open(): readonly Heard[] {
    return this.all.filter(({ closed }) => !closed);
  }

  notify(channel: string): Sent {
    const entry: Sent = { channel, payload: `n${this.sent.length + 1}`, fate: 'unknown' };
    this.sent.push(entry);
    return entry;
  }

  /** What is still to be heard, in words: empty when all has come. */
  missing(): string[] {
    return this.open.flatMap(({ channel, payloads, from }) =>
      this.sent
        .slice(from)
        .filter(
          (each) => each.channel === channel && each.fate === 'done' && !payloads.includes(each.payload),
        )
        .map(({ payload }) => `Notification ${payload} on ${channel} was not heard, and no gap was told.`),
    );
  }

  /** What should not have been heard. */
  wrong(): string[] {
    const violations = [...this.violations];
    for (const { channel, payloads } of this.all) {
      for (const [at, payload] of payloads.entries()) {
        const sent = this.sent.find((each) => each.payload === payload && each.channel === channel);
        if (sent === undefined)
          violations.push(`${payload} was heard on ${channel}, and nobody sent it there.`);
        else if (sent.fate === 'not done')
          violations.push(`${payload} was heard, and was said not to be sent.`);
        if (payloads.indexOf(payload) !== at) violations.push(`${payload} was heard twice on ${channel}.`);
      }
    }
    return violations;
  }
}
