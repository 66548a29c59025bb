/**
 * `npm run bench:instructions`: how many instructions the process of a program executes for a look-up, a result, an insert, a
 * transaction, a batch and a connection, all its threads and the client library together, counted by Valgrind. That hardly depends on
 * what else the machine does, so it is held against limits: those of limits.json, for the version of Node.js that they were
 * measured with. `--only WORK` counts one, `--write` writes the limits anew.
 */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs, promisify } from 'node:util';
import { standInLibkci } from '../../scripts/client-libraries.js';
import { startServer } from '../../scripts/embedded-server.js';

/** What is counted; the times are enough for the compilers of V8 to have ended. */
const WORKS = [
  { work: 'look-up', warmUp: 5000, times: 1000 },
  { work: 'result of 100 rows', warmUp: 3000, times: 300 },
  { work: 'insert', warmUp: 5000, times: 1000 },
  { work: 'look-up within limits', warmUp: 5000, times: 1000 },
  { work: 'transaction', warmUp: 3000, times: 500 },
  { work: 'batch', warmUp: 150, times: 20 },
  { work: 'connection', warmUp: 150, times: 50 },
] as const;
const BATCH_ROWS = 1000;

/** How much more than measured a limit allows: what two counts of the same code differ by, and some. */
const MARGIN = 1.15;

/**
 * How often a work over its limit is counted before it is said to be. What V8 collects, and when, only adds to the work itself: the
 * same code gave 92,000 to 109,000 in one place, so the least of some counts is the nearest.
 */
const COUNTS = 4;

interface Limits {
  /** Major version of Node.js. */
  readonly node: number;
  readonly instructions: Readonly<Record<string, number>>;
}

const limitsFile = path.join(__dirname, 'limits.json');
const { values: options } = parseArgs({
  options: { only: { type: 'string' }, write: { type: 'boolean', default: false } },
});

async function count(settings: string, { work, warmUp, times }: (typeof WORKS)[number]): Promise<number> {
  const folder = mkdtempSync(path.join(tmpdir(), 'kingbase-instructions-'));
  try {
    const child = spawn(
      'valgrind',
      [
        '--tool=callgrind',
        '--instr-atstart=no',
        '--smc-check=all-non-file',
        `--callgrind-out-file=${path.join(folder, 'out')}`,
        process.execPath,
        // What V8 compiles and collects beside the work happens at other moments each time.
        '--single-threaded',
        path.join(__dirname, 'program.cjs'),
        settings,
        work,
        String(warmUp),
        String(times),
      ],
      { stdio: 'pipe' },
    );
    let report = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      report += text;
    });
    const control = async (state: 'on' | 'off'): Promise<void> => {
      // Its exit code says nothing.
      const { stdout } = await promisify(execFile)('callgrind_control', ['-i', state, String(child.pid)]);
      if (!stdout.includes('OK'))
        throw new Error(`${work}: counting could not be switched ${state}.\n${stdout}`);
    };
    const ended = once(child, 'close');
    const said: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      said.push(line);
      await control(line === 'ready' ? 'on' : 'off').catch((error: unknown) => {
        child.kill();
        throw error;
      });
      child.stdin.write('\n');
    }
    const [code] = (await ended) as [number | null];
    const collected = Number(/Collected : (\d+)/.exec(report)?.[1] ?? 0);
    if (code !== 0 || said.length !== 2 || collected === 0) {
      throw new Error(
        `${work}: ended with ${code} after ${said.join(', ')}, ${collected} counted.\n${report}`,
      );
    }
    return Math.round(collected / times);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function main(): Promise<void> {
  if (spawnSync('valgrind', ['--version']).status !== 0) {
    throw new Error('Valgrind is needed (Debian: valgrind).');
  }
  const node = Number(process.versions.node.split('.')[0]);
  const limits = JSON.parse(readFileSync(limitsFile, 'utf8')) as Limits;
  const held = limits.node === node && !options.write;
  const counted: Record<string, number> = {};
  const server = await startServer();
  try {
    const { socketDirectory: host, port, user, database } = server;
    const config = { host, port, user, database, clientLibrary: await standInLibkci() };
    const settings = JSON.stringify({ config, rows: BATCH_ROWS });
    for (const each of WORKS) {
      if (options.only !== undefined && options.only !== each.work) continue;
      const limit = limits.instructions[each.work];
      const isOver = (number: number): boolean => held && limit !== undefined && number > limit;
      let instructions = await count(settings, each);
      for (let counts = 1; counts < COUNTS && isOver(instructions); counts++) {
        instructions = Math.min(instructions, await count(settings, each));
      }
      const over = isOver(instructions);
      counted[each.work] = instructions;
      console.log(
        `${each.work}: ${instructions} instructions, limit ${limit ?? 'none'}${over ? ' EXCEEDED' : ''}`,
      );
      if (over) process.exitCode = 1;
    }
  } finally {
    await server.stop();
  }
  if (limits.node !== node)
    console.log(`The limits are those of Node.js ${limits.node}, and this is ${node}.`);
  if (options.write) {
    const instructions: Record<string, number> = { ...limits.instructions };
    for (const [work, number] of Object.entries(counted)) instructions[work] = Math.ceil(number * MARGIN);
    writeFileSync(limitsFile, `${JSON.stringify({ node, instructions }, undefined, 2)}\n`);
  }
}

void main();
