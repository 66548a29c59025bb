/**
 * `npm run test:stress`: the programs of test/native/stress on the stand-in libkci, without a sanitizer.
 *
 * `--tls 1.2` or `--tls 1.3` puts a proxy that ends TLS in front of the server; `--pin` has all of a program's threads on
 * one core, and something else to do there: a thread that comes late is where mistakes show. `--only notifications` runs
 * one of the programs.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startTlsProxy } from '../test/support/tls-proxy.js';
import { standInLibkci } from './client-libraries.js';
import { startServer } from './embedded-server.js';

const root = path.dirname(__dirname);
const folder = path.join('test', 'native', 'stress');
const PROGRAM_TIMEOUT_MS = 5 * 60_000;

/** Takes half of the first core for as long as the programs run. */
function competition(): ChildProcess {
  return spawn('taskset', ['-c', '0', process.execPath, '-e', 'for (;;);'], { stdio: 'ignore' });
}

/** Not `spawnSync`: the proxy is in this process. */
async function runProgram(file: string, pinned: boolean, environment: NodeJS.ProcessEnv): Promise<boolean> {
  const started = Date.now();
  const command = [...(pinned ? ['taskset', '-c', '0'] : []), process.execPath, path.join(folder, file)];
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: PROGRAM_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const end = await new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  console.log(`${end === 0 ? 'passed' : 'FAILED'} ${file} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  if (end !== 0) console.log(`${output.trimEnd()}\nended with ${end}`);
  return end === 0;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { tls: { type: 'string' }, pin: { type: 'boolean', default: false }, only: { type: 'string' } },
  });
  const { tls, pin, only } = values;
  if (tls !== undefined && tls !== '1.2' && tls !== '1.3') throw new Error('--tls takes 1.2 or 1.3.');
  if (pin && spawnSync('taskset', ['--version']).status !== 0)
    throw new Error('--pin needs the program taskset.');
  const programs = readdirSync(path.join(root, folder))
    .filter((file) => file.endsWith('.mjs'))
    .filter((file) => only === undefined || file === `${only}.mjs`);
  if (programs.length === 0) throw new Error(`No program was found in ${folder}.`);
  const server = await startServer();
  const proxy = tls === undefined ? undefined : await startTlsProxy(server, `TLSv${tls}`);
  const rival = pin ? competition() : undefined;
  try {
    const environment = {
      ...process.env,
      KINGBASE_CLIENT_LIBRARY: await standInLibkci(),
      KINGBASE_HOST: server.host,
      KINGBASE_PORT: String((proxy ?? server).port),
      KINGBASE_USER: server.user,
      KINGBASE_DATABASE: server.database,
      ...(proxy === undefined ? {} : { KINGBASE_SSLMODE: 'require' }),
    };
    for (const file of programs) if (!(await runProgram(file, pin, environment))) process.exitCode = 1;
  } finally {
    rival?.kill();
    await proxy?.close();
    await server.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
