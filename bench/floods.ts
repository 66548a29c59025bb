/**
 * What a flood that nobody asked for does to a process, beside `pg`: `npx tsx bench/floods.ts [--notices 1000000] [--seconds 8]`.
 * A server raises notices, or three sessions notify, for a client in a process of its own. Prints a table; beside each longest
 * block stands that of a process which does nothing at the same time, so that what the machine did can be told apart.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { startServer } from '../scripts/embedded-server.js';
import { standInLibkci } from '../scripts/client-libraries.js';
import { numericArguments } from '../test/resilience/support/arguments.js';
import { CHANNEL, type FloodJob, type FloodKind, type FloodResult } from './floods-child.js';

const KINDS: readonly FloodKind[] = [
  'notices',
  'notices, nobody listens',
  'notices, limit',
  'notifications',
  'notifications, limit of another session',
  'notifications, limit of the same session',
];
const CLIENTS: readonly FloodJob['client'][] = ['kingbase-native', 'pg'];
const SENDERS = 3;

/** A process that does nothing but look at the clock, until it is told to say what it saw. */
const IDLE = `
let longest = 0, last = performance.now();
setInterval(() => { const now = performance.now(); longest = Math.max(longest, now - last); last = now; }, 1);
process.stdin.once('end', () => { process.stdout.write(String(longest)); process.exit(0); }).resume();
`;

/** Three sessions that notify as fast as they can, until it is stopped. */
async function notify(server: FloodJob['server']): Promise<() => Promise<void>> {
  const senders = Array.from({ length: SENDERS }, () => new pg.Client(server));
  await Promise.all(senders.map((sender) => sender.connect()));
  let over = false;
  const loops = senders.map(async (sender, which) => {
    // One of a text in each transaction: the server leaves out those that are the same.
    const sql = `SELECT count(pg_notify('${CHANNEL}', '${which} ' || i)) FROM generate_series(1, 500) i`;
    while (!over) await sender.query(sql);
  });
  return async () => {
    over = true;
    await Promise.all(loops);
    await Promise.all(senders.map((sender) => sender.end()));
  };
}

async function measure(job: FloodJob): Promise<FloodResult & { idle: number }> {
  const beside: ChildProcess = spawn(process.execPath, ['-e', IDLE], { stdio: ['pipe', 'pipe', 'inherit'] });
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', path.join(__dirname, 'floods-child.ts'), JSON.stringify(job)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  let stop: (() => Promise<void>) | undefined;
  let result: FloodResult | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'listening') {
      stop = await notify(job.server);
      child.stdin.write('notified\n');
    } else result = JSON.parse(line) as FloodResult;
  }
  await stop?.();
  let idle = '';
  beside.stdout?.setEncoding('utf8').on('data', (text: string) => (idle += text));
  beside.stdin?.end();
  await once(beside, 'close');
  if (result === undefined) throw new Error(`${job.client}, ${job.kind}: the process has said nothing.`);
  return { ...result, idle: Number(idle) };
}

async function main(): Promise<void> {
  const { notices, seconds } = numericArguments({ notices: 1_000_000, seconds: 8 });
  const server = await startServer();
  const { host, port, user, database } = server;
  const clientLibrary = await standInLibkci();
  console.log(
    '| flood | client | s | heard | longest block, ms | of an idle process | RSS grown, MB | after the limit, ms |',
  );
  console.log('| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |');
  for (const kind of KINDS) {
    for (const client of CLIENTS) {
      const job: FloodJob = {
        client,
        kind,
        server: { host, port, user, database },
        clientLibrary,
        notices,
        seconds,
      };
      const { seconds: took, heard, block, idle, grown, late } = await measure(job);
      const figures = [
        took.toFixed(1),
        heard,
        block.toFixed(0),
        idle.toFixed(0),
        grown.toFixed(0),
        late?.toFixed(0) ?? '',
      ];
      console.log(`| ${kind} | ${client} | ${figures.join(' | ')} |`);
    }
  }
  await server.stop();
}

void main();
