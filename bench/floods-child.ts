/** One client under one flood, in a process of its own; `floods.ts` starts it and reads what it prints. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { open } from 'kingbase-native';

export type FloodKind =
  | 'notices'
  | 'notices, nobody listens'
  | 'notices, limit'
  | 'notifications'
  | 'notifications, limit of another session'
  | 'notifications, limit of the same session';

export interface FloodJob {
  readonly client: 'kingbase-native' | 'pg';
  readonly kind: FloodKind;
  readonly server: { host: string; port: number; user: string; database: string };
  readonly clientLibrary: string;
  readonly notices: number;
  /** s that notifications are listened for. */
  readonly seconds: number;
}

export interface FloodResult {
  seconds: number;
  heard: number;
  /** Longest time between two turns of the event loop, in ms. */
  block: number;
  /** Memory that the flood took beyond what the process had before, at its peak, in MB. */
  grown: number;
  /** ms that a call went on after its time limit. */
  late: number | undefined;
}

/** ms of the limits. */
const LIMIT = 1_000;
export const CHANNEL = 'flood';

/** What both clients can do. */
interface Flooded {
  run(sql: string, limit?: number): Promise<unknown>;
  /** The same on another session. */
  runElsewhere(sql: string, limit: number): Promise<unknown>;
  onNotice(told: () => void): unknown;
  onNotification(told: () => void): unknown;
  end(): Promise<unknown>;
}

async function openOurs({ server, clientLibrary }: FloodJob): Promise<Flooded> {
  const db = open({ ...server, clientLibrary, pool: { max: 2 } });
  const connection = await db.connect();
  return {
    run: (sql, timeout) => connection.script(sql, timeout === undefined ? {} : { timeout }),
    runElsewhere: (sql, timeout) => db.script(sql, { timeout }),
    onNotice: (told) => db.on('notice', told),
    onNotification: (told) => connection.on('notification', told),
    end: async () => {
      await connection.release({ discard: true });
      await db.close();
    },
  };
}

async function openPg({ server }: FloodJob): Promise<Flooded> {
  const [client, other] = [new pg.Client(server), new pg.Client(server)];
  for (const each of [client, other]) {
    await each.connect();
    each.on('error', () => undefined);
  }
  const limited = (text: string, query_timeout: number): pg.QueryConfig =>
    ({ text, query_timeout }) as pg.QueryConfig;
  return {
    run: (text, limit) => client.query(limit === undefined ? { text } : limited(text, limit)),
    runElsewhere: (text, limit) => other.query(limited(text, limit)),
    onNotice: (told) => client.on('notice', told),
    onNotification: (told) => client.on('notification', told),
    end: () => Promise.all([client.end(), other.end()]),
  };
}

/** The most memory that the process has had, in MB. */
function peakMb(): number {
  const [, kilobytes = '0'] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}

/** Looks at the clock as often as timers allow. */
function watchLoop(): () => number {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, 1);
  return () => {
    clearInterval(timer);
    return Math.max(longest, performance.now() - last);
  };
}

/** ms that the call goes on after its limit. */
async function lateBy(run: (limit: number) => Promise<unknown>): Promise<number> {
  const start = performance.now();
  const ended = await run(LIMIT).then(
    () => true,
    () => false,
  );
  if (ended) throw new Error('What was to be limited has ended by itself.');
  return performance.now() - start - LIMIT;
}

async function flood(job: FloodJob): Promise<FloodResult> {
  const client = await (job.client === 'pg' ? openPg(job) : openOurs(job));
  let heard = 0;
  const told = (): void => {
    heard++;
  };
  const { kind, notices, seconds } = job;
  if (kind !== 'notices, nobody listens') client.onNotice(told);
  client.onNotification(told);
  await client.run('SELECT 1');
  const before = peakMb();
  const start = performance.now();
  const stop = watchLoop();
  const raise = (count: number): string =>
    `DO $$ BEGIN FOR i IN 1..${count} LOOP RAISE NOTICE 'notice %', i; END LOOP; END $$`;
  let late: number | undefined;
  switch (kind) {
    case 'notices':
    case 'notices, nobody listens':
      await client.run(raise(notices));
      break;
    case 'notices, limit':
      late = await lateBy((limit) => client.run(raise(100 * notices), limit));
      break;
    default:
      await client.run(`LISTEN ${CHANNEL}`);
      // Whoever notifies begins now, and says so.
      process.stdout.write('listening\n');
      await once(process.stdin, 'data');
      if (kind === 'notifications') await delay(seconds * 1_000);
      else if (kind === 'notifications, limit of another session')
        late = await lateBy((limit) => client.runElsewhere('SELECT pg_sleep(60)', limit));
      else late = await lateBy((limit) => client.run('SELECT pg_sleep(60)', limit));
  }
  const result = {
    seconds: (performance.now() - start) / 1_000,
    heard,
    block: stop(),
    grown: peakMb() - before,
    late,
  };
  // A client whose call was given up may have much to read still, and nobody waits for that.
  await Promise.race([client.end().catch(() => undefined), delay(1_000)]);
  return result;
}

if (require.main === module) {
  void flood(JSON.parse(process.argv[2] ?? '') as FloodJob).then((result) => {
    process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
  });
}
