import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { clientNames } from './client.js';
import { workloadNames } from './workloads/index.js';
import type { Effort } from './workloads/workload.js';

export const transports = ['unix', 'tcp'] as const;
export type Transport = (typeof transports)[number];
export const runtimes = ['node', 'bun'] as const;
/** What Bun's own client takes part in. */
const bunWorkloads = 'W1,W2,W3';

/** What `--workloads` takes: the workloads that clients are measured on, and the pool by itself. */
const partNames = [...workloadNames, 'pool'] as const;

const usage = `npm run bench -- [options]

  --quick              one round of short measurements, Unix socket only, some minutes
  --rounds N           rounds, 5 by default
  --workloads W1,…     of ${partNames.join(', ')}; W4 stands for both that begin so;
                       all by default, or 'none'
  --clients NAME,…     of ${clientNames.join(', ')}; all by default
  --transport T,…      unix, tcp; both by default
  --scaling            also measure how cost grows with rows, connections, columns and the size of values
  --runtime NAME       what the clients run on, node or bun; with bun W1, W2 and W3 by default, and Bun's own client too
  --profile FOLDER     each measured process writes a CPU profile there (node), which costs some time itself
  --library PATH       Kingbase client library for kingbase-native and C, the stand-in by default
  --name NAME          name of the report
  --results FOLDER     where the report goes, bench/results by default
`;

const fullEffort: Effort = { seconds: 1.5, fetches: 6, copies: 5, inserts: 4, streamedRows: 1_000_000 };
const quickEffort: Effort = { seconds: 0.5, fetches: 3, copies: 3, inserts: 2, streamedRows: 200_000 };

export type Options = ReturnType<typeof readOptions>;

/** What the command line asks for; prints the help and ends the process where that is asked for. */
export function readOptions() {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      workloads: { type: 'string' },
      clients: { type: 'string' },
      transport: { type: 'string' },
      scaling: { type: 'boolean', default: false },
      library: { type: 'string' },
      runtime: { type: 'string', default: 'node' },
      profile: { type: 'string' },
      name: { type: 'string' },
      results: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    process.exit();
  }
  const { quick } = values;
  const [runtime = 'node'] = choice('--runtime', values.runtime, runtimes);
  if (runtime === 'bun') values.workloads ??= bunWorkloads;
  const rounds = Number(values.rounds ?? (quick ? 1 : 5));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds takes a whole number of 1 or more.');
  const parts = values.workloads === 'none' ? [] : choice('--workloads', values.workloads, partNames);
  return {
    quick,
    rounds,
    effort: quick ? quickEffort : fullEffort,
    workloads: workloadNames.filter((name) => parts.includes(name)),
    pool: parts.includes('pool'),
    clients: choice('--clients', values.clients, clientNames),
    transports: choice('--transport', values.transport ?? (quick ? 'unix' : undefined), transports),
    scaling: values.scaling,
    library: values.library,
    runtime,
    profile: values.profile === undefined ? undefined : path.resolve(values.profile),
    name: values.name ?? (quick ? 'quick' : `${new Date().toISOString().slice(0, 10)}-${revision()}`),
    results: path.resolve(values.results ?? path.join(__dirname, 'results')),
  };
}

/** Those of `known` that the list names, in full or up to a dash, in any case of letters. */
function choice<T extends string>(option: string, list: string | undefined, known: readonly T[]): T[] {
  if (list === undefined) return [...known];
  const names = list.split(',').map((name) => name.toLowerCase());
  // A name in full stands for itself alone: `pg` is not `pg-native`.
  const isMeant = (name: string, item: T) =>
    known.some((other) => other.toLowerCase() === name)
      ? item.toLowerCase() === name
      : item.toLowerCase().startsWith(`${name}-`);
  const wrong = names.find((name) => !known.some((item) => isMeant(name, item)));
  if (wrong !== undefined) {
    throw new Error(`${option} does not know '${wrong}'. It takes ${known.join(', ')}.`);
  }
  return known.filter((item) => names.some((name) => isMeant(name, item)));
}

/** The git revision of the working tree, `dirty` where it was changed since. */
export function revision(): string {
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
