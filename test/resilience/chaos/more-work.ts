import { once } from 'node:events';
import type { Database, Subscription } from 'kingbase-native';
import { between, pick, type Random } from '../support/random.js';
import type { Entry } from './ledger.js';
import type { Watch } from './watch.js';

/** ms. */
const LIMIT = 5_000;

/** What runs a write and keeps account of it; see `Load.enter`. */
type Enter = (kind: string, parts: number, make: (entry: Entry) => Promise<unknown>) => Promise<void>;

/** The parts of the load that are more than a statement: types that the driver has to look up, batches, COPY, LISTEN. */
export class MoreWork {
  private heard = 0;

  constructor(
    private readonly db: Database,
    private readonly watch: Watch,
  ) {}

  /** An INSERT whose RETURNING has a type that nobody has seen before. */
  async unknownType(random: Random, enter: Enter): Promise<void> {
    const type = `mood_${between(random, 0, 999)}`;
    await this.watch.call('unknown type', () =>
      // Two at a time may find that it is not there.
      this.db.script(
        `DO $$ BEGIN CREATE TYPE ${type} AS ENUM ('ok'); EXCEPTION WHEN duplicate_object OR unique_violation THEN END $$`,
        { timeout: LIMIT },
      ),
    );
    await enter('INSERT with an unknown type', 1, async (entry) => {
      const row = await this.watch.call('unknown type', () =>
        this.db.queryRow<{ mood: string }>(
          `INSERT INTO ledger (entry, part) VALUES ($1, $2) RETURNING 'ok'::${type} AS mood`,
          [entry.id, 1],
        ),
      );
      if (row?.mood !== 'ok') this.watch.violation(`an unknown type gave ${String(row?.mood)}`);
    });
  }

  async batch(random: Random, enter: Enter): Promise<void> {
    const strategy = pick(random, ['auto', 'copy', 'unnest', 'values'] as const);
    await enter(`batch by ${strategy}`, between(random, 1, 20), async (entry) => {
      const rows = Array.from({ length: entry.parts }, (_, index) => [entry.id, index + 1]);
      const { rowsInserted } = await this.watch.call('batchInsert', () =>
        this.db.batchInsert('ledger', ['entry', 'part'], rows, { strategy, chunkRows: 7 }),
      );
      if (rowsInserted !== entry.parts)
        this.watch.violation(`a batch of ${entry.parts} rows has ${rowsInserted}`);
    });
  }

  async copyIn(random: Random, enter: Enter): Promise<void> {
    await enter('COPY', between(random, 1, 20), (entry) =>
      this.watch.call('copyFrom', async () => {
        const stream = this.db.copyFrom('COPY ledger (entry, part) FROM STDIN');
        const closed = once(stream, 'close');
        for (let part = 1; part <= entry.parts; part++) stream.write(`${entry.id}\t${part}\n`);
        stream.end();
        await closed;
      }),
    );
  }

  async copyOut(random: Random): Promise<void> {
    const rows = between(random, 1, 3_000);
    const text = await this.watch.call('copyTo', async () => {
      let all = '';
      const sql = `COPY (SELECT generate_series(1, ${rows})) TO STDOUT`;
      for await (const piece of this.db.copyTo(sql, { timeout: LIMIT })) all += String(piece);
      return all;
    });
    const lines = text.split('\n').length - 1;
    if (lines !== rows) this.watch.violation(`COPY of ${rows} rows gave ${lines}`);
  }

  /** Listens, sends itself something, and stops; what is heard is its own, and no more than was sent. */
  async listen(random: Random): Promise<void> {
    const channel = `chaos_${between(random, 0, 4)}`;
    let subscription: Subscription | undefined;
    let closed = false;
    try {
      subscription = await this.watch.call('listen', () =>
        this.db.listen(channel, (notification) => {
          this.heard++;
          if (closed) this.watch.violation('a closed subscription heard something');
          if (notification.channel !== channel)
            this.watch.violation(`${channel} heard ${notification.channel}`);
        }),
      );
      await this.watch.call('notify', () =>
        this.db.query('SELECT pg_notify($1, $2)', [channel, 'x'], { timeout: LIMIT }),
      );
    } finally {
      closed = true;
      const open = subscription;
      if (open !== undefined) await this.watch.call('end of listening', () => open.close());
    }
  }

  get notifications(): number {
    return this.heard;
  }
}
