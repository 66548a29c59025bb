/**
 * The life of a pool as a page: connections, calls that wait, losses and outages over time.
 *
 *     npx tsx examples/pool-life/main.mts kingbase://system@127.0.0.1:54321/test pool-life.html
 */
import { writeFile } from 'node:fs/promises';
import { open } from 'kingbase-native';
import { poolLifePage } from './page.mjs';
import { PoolRecorder } from './recorder.mjs';

const [dsn, file = 'pool-life.html'] = process.argv.slice(2);
const db = open(dsn, { pool: { max: 4 } });
/** Beside the pool, to end its sessions. */
const other = open(dsn, { pool: { max: 1 } });

let pending = 0;
const recorder = new PoolRecorder(db, () => Math.max(0, pending - db.stats().inUse));
const work = async (): Promise<void> => {
  pending++;
  // A session that is ended while it works takes its statement with it; the pool makes another one.
  await db.query('SELECT pg_sleep(0.05)').catch(() => undefined);
  pending--;
};
const wave = (calls: number): Promise<unknown> => Promise.all(Array.from({ length: calls }, work));

await wave(1);
await wave(30);
const ended = wave(20);
await other.exec(
  `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(0.05)' AND pid <> pg_backend_pid()`,
);
await ended;
await wave(10);
const life = recorder.stop();
await Promise.all([db.close(), other.close()]);

await writeFile(file, poolLifePage(life, /^zh/.test(process.env['LANG'] ?? '') ? 'zh' : 'en'));
const ends = life.events.filter(({ kind }) => kind === 'disconnect').length;
console.log(
  `most connections: ${Math.max(...life.samples.map((sample) => sample.open))}, ended: ${ends > 0}, waited: ${life.samples.some(({ waiting }) => waiting > 0)}`,
);
