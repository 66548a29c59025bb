import os from 'node:os';
import { ceilingCommand } from './ceiling.js';
import type { PackageName, Target } from './client.js';
import type { Options, Transport } from './options.js';
import { pin, runChild, runProgram, type Runtime } from './processes.js';
import { againOf, type Sample, type Section } from './report/samples.js';
import type { ScalingPoint } from './report/curves.js';
import { scalingKinds, type Scaling } from './scaling-step.js';
import { workloads, type WorkloadName } from './workloads/index.js';
import type { Contender, Measurement, Workload } from './workloads/workload.js';

/** What may take part in a run. */
export interface Field {
  packages: PackageName[];
  /** Path of the C program. */
  ceiling: string | undefined;
  /** What the clients run on. */
  runtime: Runtime;
}

export interface Server {
  /** With a password where the workload signs in with one. */
  target: (transport: Transport, password?: boolean) => Target;
  postmasterPid: number;
}

export const progress = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** A client that fails is left out from there on: what the others give is worth the run. */
function failure(error: unknown): { missing: string } {
  process.exitCode = 1;
  const [what = '', why = '', ...more] = String(error).split('\n');
  // Before the message a runtime may show the place in the source.
  const message = [why, ...more].find((line) => /^\w*error\b.*: /i.test(line)) ?? why;
  return { missing: `it failed: ${message === '' ? what : message}` };
}

/** Measures a workload over each transport, after having checked that every contender does what pg does. */
export async function measureWorkload(
  name: WorkloadName,
  field: Field,
  server: Server,
  options: Options,
): Promise<Section[]> {
  const workload: Workload = workloads[name];
  // There is no TLS over a Unix socket.
  const transports: readonly Transport[] = workload.tls ? ['tcp'] : options.transports;
  await runChild('create data', { workload: name, target: server.target('tcp') });
  const takingPart: Contender[] = [];
  const leftOut: Section['leftOut'] = [...(workload.without ?? [])];
  for (const contender of workload.contenders) {
    const { label, client, way = '' } = contender;
    if (client === 'c') {
      if (field.ceiling !== undefined && workload.ceiling) takingPart.push(contender);
      continue;
    }
    if (!field.packages.includes(client)) continue;
    const target = server.target(transports[0] ?? 'unix', workload.password);
    const { missing } = await runChild(
      'verify',
      { workload: name, target, client, way },
      field.runtime,
    ).catch(failure);
    if (missing === undefined) takingPart.push(contender);
    else {
      leftOut.push({ label, reason: missing });
      progress(`${name} ${label} left out: ${missing}`);
    }
  }
  // COPY and inserts leave their rows behind.
  await runChild('create data', { workload: name, target: server.target('tcp') });
  const repeated = takingPart.find(({ label }) => label === workload.repeated);
  if (repeated) takingPart.push({ ...repeated, label: againOf(repeated.label) });

  const sections: Section[] = [];
  for (const transport of transports) {
    const { placement, samples } = await measureContenders(
      name,
      transport,
      takingPart,
      field,
      server,
      options,
    );
    sections.push({ name, workload, transport, placement, leftOut, samples });
  }
  return sections;
}

async function measureContenders(
  name: WorkloadName,
  transport: Transport,
  contenders: Contender[],
  { ceiling, runtime }: Field,
  server: Server,
  { rounds, effort, profile }: Options,
): Promise<Pick<Section, 'placement' | 'samples' | 'leftOut'>> {
  const workload: Workload = workloads[name];
  const target = server.target(transport, workload.password);
  const lastCore = os.availableParallelism() - 1;
  const unpin = workload.pinned ? await pin(server.postmasterPid, lastCore) : undefined;
  const core = unpin ? lastCore : undefined;
  const measureOne = ({ label, client, way = '' }: Contender): Promise<Measurement> =>
    client === 'c'
      ? runProgram(ceilingCommand(ceiling ?? '', target, workload.ceiling?.(effort) ?? []), core)
      : runChild(
          'measure',
          { workload: name, target, client, way, effort },
          profile === undefined ? runtime : profiling(runtime, profile, `${name} ${transport} ${label}`),
          core,
        );

  const samples: Sample[] = [];
  const leftOut: Section['leftOut'] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      for (const contender of round % 2 === 0 ? contenders : [...contenders].reverse()) {
        const { label } = contender;
        if (leftOut.some((one) => one.label === label)) continue;
        const where = `${name} ${transport} round ${round + 1}/${rounds} ${label}`;
        try {
          const values = await measureOne(contender);
          samples.push({ workload: name, transport, round, client: label, values });
          progress(`${where} ${Math.round(values['rate'] ?? 0)}/s`);
        } catch (error) {
          const { missing } = failure(error);
          leftOut.push({ label, reason: `from round ${round + 1} on: ${missing}` });
          progress(`${where} ${missing}`);
        }
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
  return { placement, samples, leftOut };
}

/** The last round's profile is the one that is kept. */
const profiling = ({ command }: Runtime, folder: string, name: string): Runtime => ({
  command: [
    ...command,
    '--cpu-prof',
    `--cpu-prof-dir=${folder}`,
    `--cpu-prof-name=${name.replace(/[^\w-]+/g, '-')}.cpuprofile`,
  ],
});

/** How cost grows: over the first transport only, as the transport adds the same to each. */
export async function measureScaling(
  { packages, runtime }: Field,
  server: Server,
  { transports: [transport = 'unix'], rounds, quick, effort }: Options,
): Promise<ScalingPoint[]> {
  const target = server.target(transport);
  await runChild('create data for scaling', { target });
  const rows = quick ? [1_000, 10_000, 100_000] : [1_000, 10_000, 100_000, 1_000_000];
  const sizes: Record<Scaling['of'], number[]> = {
    fetch: rows,
    insert: rows,
    connections: [1, 10, 100, 500],
    columns: [1, 10, 100, 500],
    values: [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000],
  };
  const clients = packages.filter((client) => !client.endsWith('-pipeline'));
  const points: ScalingPoint[] = [];
  for (const of of scalingKinds) {
    const failed = new Set<PackageName>();
    for (let round = 0; round < Math.min(rounds, 3); round++) {
      for (const size of sizes[of]) {
        for (const client of round % 2 === 0 ? clients : [...clients].reverse()) {
          if (failed.has(client)) continue;
          const scaling: Scaling = { of, size, seconds: effort.seconds };
          try {
            const values = await runChild('scale', { target, client, scaling }, runtime);
            points.push({ of, client, transport, size, round, values });
            progress(`growth of ${of}: ${client} ${size} ${(values['wall'] ?? 0).toFixed(2)} µs`);
          } catch (error) {
            failed.add(client);
            progress(`growth of ${of}: ${client} ${size} ${failure(error).missing}`);
          }
        }
      }
    }
  }
  return points;
}
