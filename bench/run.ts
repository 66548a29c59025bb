/** `npm run bench`: measures kingbase-native against its peers and writes a report. See README.md beside this file. */
import { execFileSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { buildSync } from 'esbuild';
import { standInLibkci } from '../scripts/client-libraries.js';
import { startServer, type EmbeddedServer } from '../scripts/embedded-server.js';
import { buildCeiling } from './ceiling.js';
import type { Target } from './client.js';
import { measureScaling, measureWorkload, progress, type Field, type Server } from './measure.js';
import { readOptions, revision, type Options } from './options.js';
import { availability, bunProgram, compiledFolder, prepare } from './peers.js';
import { runChild } from './processes.js';
import type { PoolOverhead } from './report/pool.js';
import type { Section } from './report/samples.js';
import { workloads, type WorkloadName } from './workloads/index.js';
import type { Workload } from './workloads/workload.js';

const passwordUser = 'bench_scram';
const password = 'measured';

// What a server does beside answering is noise here: it neither syncs nor vacuums nor compiles statements, and a scan
// begins where the table does, not where the last one stood. 500 connections and the server's own need more room.
const settings = {
  fsync: 'off',
  autovacuum: 'off',
  jit: 'off',
  shared_buffers: '128MB',
  synchronize_seqscans: 'off',
  password_encryption: 'scram-sha-256',
  max_connections: '530',
};
const hba = [
  `local all ${passwordUser} scram-sha-256`,
  `host all ${passwordUser} 127.0.0.1/32 scram-sha-256`,
  'local all all trust',
  'host all all 127.0.0.1/32 trust',
];

async function main(): Promise<void> {
  const options = readOptions();
  prepare();
  const { field, versions } = whoIsThere(options);
  const needsLibrary =
    field.ceiling !== undefined || field.packages.some((name) => name.startsWith('kingbase-native'));
  const library = needsLibrary ? (options.library ?? (await standInLibkci())) : undefined;
  const loadBefore = os.loadavg();
  const started = performance.now();
  const embedded = await startServer({ version: 12, settings, hba });
  try {
    const server = serverOf(embedded, library);
    const target = server.target('tcp');
    await runChild('create role', { target, user: passwordUser, password });
    const description = await runChild('describe server', { target });
    // First, as it would fail at once and what follows takes long.
    const pool = options.pool ? measurePool() : undefined;
    const sections: Section[] = [];
    for (const name of options.workloads.filter((one) => !isOverTls(one))) {
      sections.push(...(await measureWorkload(name, field, server, options)));
    }
    sections.push(...(await measureOverTls(field, library, options)));
    const scaling = options.scaling ? await measureScaling(field, server, options) : [];
    // Vega and markdown-table are among what prepare() may have had to install.
    const { writeReport } = await import('./report/index.js');
    const minutes = ((performance.now() - started) / 60_000).toFixed(1);
    const facts: [string, string][] = [
      ['Revision', revision()],
      ['Machine', machine()],
      [
        'Load average',
        `before ${load(loadBefore)}; after ${load(os.loadavg())}; the run took ${minutes} minutes`,
      ],
      runtimeFact(options),
      ['Clients', versions.join('; ')],
      ...clientLibraryFact(library, options),
      ...serverFacts(description),
      [
        'Types',
        "kingbase-native gives int8 as a string (`types: { int8: 'string' }`), as the peers do by default; " +
          "before the measurement each client's rows were found equal to pg's",
      ],
      ['Measurement', measurement(options)],
      ['Rounds', `${options.rounds}, a process for each client in each, order reversed every second round`],
    ];
    const shortFacts = `${options.rounds} ${options.rounds === 1 ? 'round' : 'rounds'} on ${machine()}, ${runtimeFact(options).join(' ')}, revision ${revision()}.`;
    const report = { title: `Benchmark ${options.name}`, facts, sections, pool, scaling };
    process.stdout.write(await writeReport(options.results, options.name, shortFacts, report));
  } finally {
    await embedded.stop();
  }
}

function isOverTls(name: WorkloadName): boolean {
  const workload: Workload = workloads[name];
  return workload.tls === true;
}

/** On a server of its own: clients that would take TLS wherever they are offered it are measured without elsewhere. */
async function measureOverTls(
  field: Field,
  library: string | undefined,
  options: Options,
): Promise<Section[]> {
  const names = options.workloads.filter(isOverTls);
  const sections: Section[] = [];
  if (names.length === 0) return sections;
  const tls = { ssl_min_protocol_version: 'TLSv1.3' };
  const embedded = await startServer({ version: 12, settings: { ...settings, ...tls }, hba, tls: true });
  try {
    const server = serverOf(embedded, library);
    for (const name of names) sections.push(...(await measureWorkload(name, field, server, options)));
  } finally {
    await embedded.stop();
  }
  return sections;
}

/** The clients that were asked for and can be had, and a line about each that was asked for. */
function whoIsThere({ clients, runtime }: Options): { field: Field; versions: string[] } {
  const command = [runtime === 'bun' ? bunProgram : process.execPath];
  const field: Field = { packages: [], ceiling: undefined, runtime: { command } };
  const versions: string[] = [];
  for (const client of clients) {
    if (client === 'bun-sql' && runtime !== 'bun') continue;
    if (client === 'c') {
      const built = buildCeiling();
      if ('program' in built) field.ceiling = built.program;
      else versions.push(`C left out: ${built.missing}`);
      continue;
    }
    const found = availability(client);
    if ('version' in found) field.packages.push(client);
    versions.push(`${client} ${'version' in found ? found.version : `left out: ${found.missing}`}`);
  }
  for (const version of versions) progress(version);
  return { field, versions };
}

function serverOf(embedded: EmbeddedServer, library: string | undefined): Server {
  return {
    postmasterPid: embedded.postmasterPid,
    target: (transport, withPassword = false): Target => ({
      host: transport === 'unix' ? embedded.socketDirectory : embedded.host,
      port: embedded.port,
      user: withPassword ? passwordUser : embedded.user,
      ...(withPassword && { password }),
      database: embedded.database,
      ...(library !== undefined && { library }),
      ...(embedded.certificates && { ca: embedded.certificates.ca }),
    }),
  };
}

/** In a process and compiled, as the other measurements are. */
function measurePool(): PoolOverhead {
  const bundle = path.join(compiledFolder, 'pool-overhead.cjs');
  buildSync({
    entryPoints: [path.join(__dirname, 'pool-overhead.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    packages: 'external',
    logLevel: 'warning',
  });
  return JSON.parse(execFileSync(process.execPath, [bundle, '--json'], { encoding: 'utf8' })) as PoolOverhead;
}

const runtimeFact = ({ runtime }: Options): [string, string] =>
  runtime === 'bun'
    ? ['Bun', execFileSync(bunProgram, ['--version'], { encoding: 'utf8' }).trim()]
    : ['Node.js', process.version];

function clientLibraryFact(library: string | undefined, options: Options): [string, string][] {
  if (library === undefined) return [];
  return [['Client library', options.library ? path.basename(library) : 'the stand-in for libkci']];
}

function serverFacts({ version = '', ...inForce }: Record<string, string>): [string, string][] {
  const list = Object.entries(inForce).map(([setting, value]) => `${setting} ${value}`);
  return [
    ['Server', `${version.split(',')[0] ?? ''}, on the same machine, without TLS but for W11`],
    ['Settings', list.join(', ')],
  ];
}

const measurement = ({ effort: { seconds, fetches, copies, inserts, streamedRows } }: Options): string =>
  `${seconds} s (W1, W2, W6, W8 to W15), the median of ${fetches} fetches (W3, W4), ${inserts - 1} inserts (W5) or ` +
  `${copies - 1} COPYs, one stream of ${streamedRows} rows (W7); each after a warm-up, but for that stream`;

const machine = () =>
  `${os.availableParallelism()} × ${cpuModel()}, ${os.type()} ${os.release()} ${os.arch()}`;
const cpuModel = () => os.cpus()[0]?.model.trim() ?? 'unknown processor';
const load = (averages: number[]) => averages.map((average) => average.toFixed(2)).join(' ');

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
