import { setTimeout as sleep } from 'node:timers/promises';
import type * as KingbaseNative from 'kingbase-native';
import type { ConnectionConfig, Database } from 'kingbase-native';
import { Client } from 'pg';
import type { EmbeddedServer } from '../../scripts/embedded-server.js';
import { becomes } from '../resilience/support/process-handles.js';
import { Actor } from './actor.js';
import { Calls, PATIENCE, processOf, type Place } from './calls.js';
import { Ledger, type StoredRow } from './ledger.js';
import { startMessageProxy, type MessageProxy } from '../support/message-proxy.js';
import type { Program } from './program.js';
import type { Pulse } from './pulse.js';
import { Subscriptions } from './subscriptions.js';

/** The module whose `open` is tested: this checkout's, or another build's. */
export type Driver = Pick<typeof KingbaseNative, 'open'>;

/** ms. */
const THAW = 400;
/** ms in which everything is to be as it was, once nothing goes on any more. */
const SETTLE = 5_000;
const HEARTBEAT = 200;
/** How often a program is run whose violations came while the machine stood still. */
const ATTEMPTS = 3;
/** ms that this process or the server stands still after which limits of the driver may have passed without a fault. */
export const LONG_STALL = PATIENCE / 2;

/** A schema in which one program at a time is run, with a connection that goes past proxy and driver. */
export class Stage {
  private programs = 0;

  private schema = '';

  private constructor(
    private readonly server: EmbeddedServer,
    private readonly library: Pick<ConnectionConfig, 'clientLibrary' | 'pipeline'>,
    private readonly driver: Driver,
    private client: Client,
    private readonly number: number,
    private readonly pulse: Pulse,
  ) {}

  static async create(
    server: EmbeddedServer,
    library: Pick<ConnectionConfig, 'clientLibrary' | 'pipeline'>,
    driver: Driver,
    number: number,
    pulse: Pulse,
  ): Promise<Stage> {
    const stage = new Stage(server, library, driver, await connectTo(server), number, pulse);
    await stage.prepare();
    return stage;
  }

  /** A schema that nothing touches which may go on of the programs before. */
  private async prepare(): Promise<void> {
    if (this.schema !== '') {
      await this.client.end();
      this.client = await connectTo(this.server);
    }
    this.schema = `stage_${this.number}_${this.programs}`;
    await this.client.query(`
      CREATE SCHEMA ${this.schema};
      SET search_path TO ${this.schema};
      SET client_min_messages TO warning;
      CREATE TYPE mood AS ENUM ('ok', 'sad');
      CREATE DOMAIN level AS int4;
      CREATE TABLE ledger (
        id int8 NOT NULL,
        mood mood,
        amount int4 CHECK (amount >= 0),
        key int4 UNIQUE DEFERRABLE INITIALLY DEFERRED,
        transaction int8 NOT NULL DEFAULT txid_current()
      )`);
  }

  /** Runs a program, and gives what should not have been, in words. */
  async run(program: Program): Promise<string[]> {
    for (let attempt = 1; ; attempt++) {
      const { violations, stalled } = await this.runOnce(program);
      // The driver's own limits pass while the machine stands still, and then nothing is sure.
      if (violations.length === 0 || !stalled || attempt === ATTEMPTS) return violations;
    }
  }

  private async runOnce(program: Program): Promise<{ violations: string[]; stalled: boolean }> {
    const name = `${this.schema}_${++this.programs}`;
    const proxy = await startMessageProxy(this.server, program.faults);
    const db = this.open(program, proxy, name);
    const performance = new Performance(program, proxy, db, name, this.client, this.pulse);
    const violations = await performance.run();
    await this.tidyUp(name);
    if (performance.spoilt) await this.prepare();
    return { violations, stalled: performance.stalled };
  }

  async end(): Promise<void> {
    await this.client.end();
  }

  private open({ pool }: Program, proxy: MessageProxy, name: string): Database {
    const { user, database } = this.server;
    return this.driver.open({
      host: proxy.host,
      port: proxy.port,
      user,
      database,
      ...this.library,
      sslMode: 'disable',
      applicationName: name,
      options: `-c search_path=${this.schema}`,
      connectTimeout: 1_500,
      statementCacheSize: pool.cache,
      pool: {
        max: pool.max,
        acquireTimeout: 18_000,
        heartbeatInterval: HEARTBEAT,
        heartbeatTimeout: PATIENCE,
        resetOnRelease: pool.reset ? ['all'] : [],
      },
    });
  }

  private async tidyUp(name: string): Promise<void> {
    const sql = 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1';
    // Each is gone before the next program begins, or its table would be locked.
    await becomes(async () => (await this.client.query(sql, [name])).rowCount === 0, SETTLE);
    const types = `SELECT format('DROP TYPE %I', typname) AS drop FROM pg_type
      WHERE typname LIKE 'fresh%' AND typnamespace = '${this.schema}'::regnamespace`;
    const { rows } = await this.client.query<{ drop: string }>(types);
    await this.client.query(['TRUNCATE ledger', ...rows.map(({ drop }) => drop)].join(';'));
  }
}

async function connectTo({ host, port, user, database }: EmbeddedServer): Promise<Client> {
  const client = new Client({ host, port, user, database });
  await client.connect();
  return client;
}

/** One program as it is run. */
class Performance {
  private readonly calls: Calls;
  private readonly ledger = new Ledger();
  private readonly subscriptions = new Subscriptions();
  private types = 0;
  /** Something of it still goes on. */
  spoilt = false;

  constructor(
    private readonly program: Program,
    private readonly proxy: MessageProxy,
    private readonly db: Database,
    private readonly name: string,
    private readonly client: Client,
    private readonly pulse: Pulse,
  ) {
    this.calls = new Calls(proxy);
  }

  get stalled(): boolean {
    const { violations, stalled } = this.calls;
    // The server as a whole may answer while one of its processes does not get on.
    const unanswered = violations.some((each) => each.includes('the driver itself had asked'));
    return stalled || (unanswered && this.proxy.links.some(({ slowest }) => slowest > LONG_STALL));
  }

  async run(): Promise<string[]> {
    const { violations } = this.calls;
    const over = new AbortController();
    const supervised = this.supervise(over.signal);
    const acted = this.act().then(
      () => true,
      (error: unknown) => {
        violations.push(`The program itself failed: ${String((error as Error).stack)}`);
        return true;
      },
    );
    const ended = await Promise.race([acted, supervised]);
    const judged = ended ? this.judge() : Promise.resolve();
    await Promise.race([judged, supervised]);
    over.abort();
    // What hung so far ends now, with its connection, or never.
    await this.proxy.stop();
    const all = Promise.all([acted, judged, this.db.close({ timeout: 0 })]).catch(() => undefined);
    this.spoilt = !(await Promise.race([all.then(() => true), sleep(SETTLE, false)]));
    return violations;
  }

  /** Resolves with false when a promise is not settled in time. */
  private async supervise(over: AbortSignal): Promise<boolean> {
    const { watch, violations } = this.calls;
    const begun = performance.now();
    let last = begun;
    while (!over.aborted) {
      await sleep(20);
      const now = performance.now();
      if (now - last > LONG_STALL || this.pulse.stalledSince(begun)) this.calls.stalled = true;
      last = now;
      if (watch.waitsWithoutLimit(THAW)) this.proxy.resetHeld();
      const late = watch.newlyLate();
      violations.push(...late);
      if (late.length > 0) return false;
    }
    return true;
  }

  private async act(): Promise<void> {
    const { actors, close } = this.program;
    const stage = {
      db: this.db,
      calls: this.calls,
      ledger: this.ledger,
      subscriptions: this.subscriptions,
      channel: (number: number) => `${this.name}_${number}`,
      newType: async () => {
        const type = `fresh_${++this.types}`;
        await this.client.query(`CREATE TYPE ${type} AS ENUM ('ok')`);
        return type;
      },
    };
    await Promise.all(
      actors.map(async (steps, number) => {
        await new Actor(stage, `actor ${number}`).run(steps);
        if (number === 0 && close !== undefined) await this.close(close);
      }),
    );
  }

  private async close(timeout: number): Promise<void> {
    this.calls.closing = true;
    // Without a limit it waits for the calls that go on, as long as those take.
    const limit = timeout > 0 ? timeout + PATIENCE : undefined;
    await this.calls.own('close', this.place, limit, () => this.db.close({ timeout }));
  }

  private get place(): Place {
    return {
      name: 'the database',
      processId: undefined,
      scope: undefined,
      transaction: undefined,
    };
  }

  private async judge(): Promise<void> {
    const { violations } = this.calls;
    this.proxy.disarm();
    if (!this.calls.closing) await this.judgeUse();
    this.proxy.resetHeld();
    if (!this.calls.closing) {
      await this.judgeSubscriptions();
      await this.judgePool();
      await this.judgeSessions();
      await this.close(1_000);
    }
    await this.judgeEnd();
    this.calls.judgeLosses();
    const sql = 'SELECT id::float8 AS id, transaction::text AS transaction FROM ledger WHERE id > 0';
    const { rows } = await this.client.query<StoredRow>(sql);
    violations.push(...this.ledger.compare(rows), ...this.subscriptions.wrong());
  }

  private async judgeSubscriptions(): Promise<void> {
    const { subscriptions, calls } = this;
    await becomes(() => subscriptions.missing().length === 0, SETTLE, 5);
    calls.violations.push(...subscriptions.missing());
    for (const { subscription } of subscriptions.open) {
      await calls.own('close of a subscription', this.place, 2 * PATIENCE, () => subscription.close());
    }
  }

  /** Nobody uses anything any more, and what is half-open holds no place in the pool. */
  private async judgeUse(): Promise<void> {
    const unused = await becomes(() => this.db.stats().inUse === 0, SETTLE, 5);
    if (unused) return;
    const { inUse, openConnections } = this.db.stats();
    this.calls.violations.push(
      `${inUse} connections of ${openConnections} are in use, and nobody uses them.`,
    );
  }

  /** Every place in the pool can be had, and each serves. */
  private async judgePool(): Promise<void> {
    const { db, calls } = this;
    const { max } = this.program.pool;
    const quiet = await becomes(() => db.stats().inUse === 0 && db.stats().connecting === 0, SETTLE, 5);
    const { inUse, openConnections } = db.stats();
    if (!quiet)
      calls.violations.push(`${inUse} connections of ${openConnections} are in use, and nobody uses them.`);
    if (openConnections > max)
      calls.violations.push(`${openConnections} connections are open, of ${max} at most.`);
    const limit = { by: 'timeout', ms: SETTLE } as const;
    const all = Array.from({ length: max }, async () => {
      const connected = await calls.call('a connect at the end', this.place, limit, (options) =>
        db.connect(options),
      );
      if ('error' in connected) throw connected.error;
      return connected.value;
    });
    const connections = (await Promise.allSettled(all)).flatMap((each) =>
      each.status === 'fulfilled' ? [each.value] : [],
    );
    if (connections.length < max)
      calls.violations.push(`${connections.length} connections can be had, of ${max}.`);
    for (const connection of connections) {
      const place = { ...this.place, name: 'a connection at the end', processId: processOf(connection) };
      await calls.call('query', place, limit, (options) => connection.query('SELECT 1', [], options));
      await calls.own('release', place, 2 * PATIENCE, () => connection.release());
    }
  }

  private async sessions(): Promise<number> {
    const sql = 'SELECT FROM pg_stat_activity WHERE application_name = $1';
    return (await this.client.query(sql, [this.name])).rowCount ?? 0;
  }

  /** The server has no more sessions than the pool; that of the listener has ended with the subscriptions. */
  private async judgeSessions(): Promise<void> {
    let found = 0;
    const agrees = await becomes(async () => {
      found = await this.sessions();
      return found <= this.db.stats().openConnections;
    }, SETTLE);
    if (!agrees) {
      const { openConnections } = this.db.stats();
      this.calls.violations.push(
        `The server has ${found} sessions, the pool ${openConnections} connections.`,
      );
    }
  }

  private async judgeEnd(): Promise<void> {
    let found = 0;
    const none = await becomes(async () => {
      found = await this.sessions();
      return found === 0 && this.proxy.open === 0;
    }, SETTLE);
    if (!none) {
      this.calls.violations.push(
        `After the end the server has ${found} sessions, and the proxy ${this.proxy.open} connections.`,
      );
    }
  }
}
