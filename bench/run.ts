/** `npm run bench`: measures kingbase-native against its peers and writes a report. See README.md beside this file. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { standInLibkci } from '../scripts/client-libraries.js';
import { startServer } from '../scripts/embedded-server.js';
import { clientNames, type ClientName, type Target } from './client.js';
import { availability, prepare } from './peers.js';
import { pin, runChild } from './processes.js';
import { markdown, ours, pgAgain, type Sample, type Section } from './report.js';
import { workloadNames, workloads } from './workloads/index.js';
import type { Effort } from './workloads/workload.js';

const usage = `npm run bench -- [options]

  --quick              2 rounds of shorter measurements, Unix socket only, under 3 minutes
  --rounds N           rounds, 5 by default
  --workloads W1,…     of ${workloadNames.join(', ')}; all by default
  --clients NAME,…     of ${clientNames.join(', ')}; all by default
  --transport T,…      unix, tcp; both by default
  --library PATH       Kingbase client library for kingbase-native, the stand-in by default
  --name NAME          name of the report in bench/results
`;

const transports = ['unix', 'tcp'] as const;

function readOptions() {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      workloads: { type: 'string' },
      clients: { type: 'string' },
      transport: { type: 'string' },
      library: { type: 'string' },
      name: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    process.exit();
  }
  const { quick } = values;
  const rounds = Number(values.rounds ?? (quick ? 2 : 5));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds takes a whole number of 1 or more.');
  const effort: Effort = quick ? { seconds: 0.8, repeats: 4 } : { seconds: 2, repeats: 8 };
  return {
    rounds,
    effort,
    workloads: choice('--workloads', values.workloads, workloadNames),
    clients: choice('--clients', values.clients, clientNames),
    transports: choice('--transport', values.transport ?? (quick ? 'unix' : undefined), transports),
    library: values.library,
    name: values.name ?? (quick ? 'quick' : `${new Date().toISOString().slice(0, 10)}-${revision()}`),
  };
}

function choice<T extends string>(option: string, list: string | undefined, known: readonly T[]): T[] {
  const names = list?.split(',') ?? [...known];
  const wrong = names.find((name) => !(known as readonly string[]).includes(name));
  if (wrong !== undefined)
    throw new Error(`${option} does not know '${wrong}'. It takes ${known.join(', ')}.`);
  return known.filter((name) => names.includes(name));
}

function revision(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], {
      cwd: __dirname,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unversioned';
  }
}

type Options = ReturnType<typeof readOptions>;
type Server = Awaited<ReturnType<typeof startServer>>;

async function main(): Promise<void> {
  const options = readOptions();
  prepare();
  const versions: string[] = [];
  const clients = options.clients.filter((client) => {
    const found = availability(client);
    versions.push(`${client} ${'version' in found ? found.version : `left out: ${found.missing}`}`);
    return 'version' in found;
  });
  for (const version of versions) progress(version);

  const library = clients.includes(ours) ? (options.library ?? (await standInLibkci())) : undefined;
  const loadBefore = os.loadavg();
  // What a server does beside answering is noise here: it neither syncs nor vacuums nor compiles statements. A table of
  // more than a quarter of the buffers would be read from where the last scan stood, and not from its beginning.
  const settings = { fsync: 'off', autovacuum: 'off', jit: 'off', shared_buffers: '128MB' };
  const server = await startServer({ version: 12, settings });
  try {
    const target = (transport: (typeof transports)[number]): Target => ({
      host: transport === 'unix' ? server.socketDirectory : server.host,
      port: server.port,
      user: server.user,
      database: server.database,
      ...(library !== undefined && { library }),
    });
    const { version = '', ...inForce } = await runChild('describe server', { target: target('tcp') });
    const sections: Section[] = [];
    for (const name of options.workloads) {
      await runChild('create data', { workload: name, target: target('tcp') });
      for (const transport of options.transports) {
        sections.push(await measure(name, transport, target(transport), clients, server, options));
      }
    }
    const facts: [string, string][] = [
      ['Revision', revision()],
      ['Machine', `${os.availableParallelism()} × ${cpuModel()}, ${os.type()} ${os.release()} ${os.arch()}`],
      ['Load average', `before ${load(loadBefore)}; after ${load(os.loadavg())}`],
      ['Node.js', process.version],
      ['Clients', versions.join('; ')],
      ...(library === undefined
        ? []
        : [
            ['Client library', options.library ? path.basename(library) : 'the stand-in for libkci'] as [
              string,
              string,
            ],
          ]),
      ['Server', `${version.split(',')[0] ?? ''}, on the same machine, without TLS`],
      [
        'Settings',
        Object.entries(inForce)
          .map(([setting, value]) => `${setting} ${value}`)
          .join(', '),
      ],
      [
        'Types',
        "kingbase-native gives int8 as a string (`types: { int8: 'string' }`), as the peers do by default; " +
          "before the measurement each client's rows were found equal to pg's",
      ],
      ['Rounds', `${options.rounds}, a process for each client in each, order reversed every second round`],
    ];
    const report = markdown({ title: `Benchmark ${options.name}`, facts, sections });
    const folder = path.join(__dirname, 'results');
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, `${options.name}.md`), report);
    const lines = sections.flatMap((section) => section.samples).map((sample) => JSON.stringify(sample));
    writeFileSync(path.join(folder, `${options.name}.jsonl`), `${lines.join('\n')}\n`);
    process.stdout.write(report);
  } finally {
    await server.stop();
  }
}

async function measure(
  name: (typeof workloadNames)[number],
  transport: string,
  target: Target,
  available: ClientName[],
  server: Server,
  { rounds, effort }: Options,
): Promise<Section> {
  const workload = workloads[name];
  const takesPart = (client: ClientName) =>
    client !== 'pg-pipeline' || workload.extraClients?.includes(client);
  const contenders: { label: string; client: ClientName }[] = available
    .filter(takesPart)
    .map((client) => ({ label: client, client }));
  for (const { client } of contenders) await runChild('verify', { workload: name, target, client });
  if (available.includes('pg')) contenders.push({ label: pgAgain, client: 'pg' });

  const core = os.availableParallelism() - 1;
  const unpin = workload.pinned ? await pin(server.postmasterPid, core) : undefined;
  const samples: Sample[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      for (const { label, client } of round % 2 === 0 ? contenders : [...contenders].reverse()) {
        const job = { workload: name, target, client, effort };
        const values = await runChild('measure', job, unpin ? core : undefined);
        samples.push({ workload: name, transport, round, client: label, values });
        progress(
          `${name} ${transport} round ${round + 1}/${rounds} ${label} ${Math.round(values['rate'] ?? 0)}/s`,
        );
      }
    }
  } finally {
    await unpin?.();
  }
  let placement = 'Server and client free to run on all cores';
  if (unpin) placement = 'Server and client pinned to the same core';
  else if (workload.pinned) {
    placement = '**Not pinned to one core, as there is no taskset: not comparable with pinned figures**';
  }
  return { name, workload, transport, placement, samples };
}

const cpuModel = () => os.cpus()[0]?.model.trim() ?? 'unknown processor';
const load = (averages: number[]) => averages.map((average) => average.toFixed(2)).join(' ');
const progress = (line: string) => process.stderr.write(`${line}\n`);

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
