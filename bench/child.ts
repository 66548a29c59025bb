/** One step of a benchmark in a process of its own: `node child.js TASK JOB`, with a line of JSON as its only output. */
import type { OpenClient, OpenOptions, PackageName, Target } from './client.js';
import { scale, scalingSetup, type Scaling } from './scaling-step.js';
import { workloads, type WorkloadName } from './workloads/index.js';
import { streamSetup } from './workloads/w7-stream.js';
import type { Effort, Measurement, Workload } from './workloads/workload.js';

interface OfClient {
  target: Target;
  workload: WorkloadName;
  client: PackageName;
  way: string;
}

/** The tasks with what they take and give. */
export interface Tasks {
  'describe server': { job: { target: Target }; result: Record<string, string> };
  'create data': { job: { target: Target; workload: WorkloadName }; result: Done };
  'create data for scaling': { job: { target: Target }; result: Done };
  'create role': { job: { target: Target; user: string; password: string }; result: Done };
  verify: { job: OfClient; result: { missing?: string } };
  measure: { job: OfClient & { effort: Effort }; result: Measurement };
  scale: { job: { target: Target; client: PackageName; scaling: Scaling }; result: Measurement };
}
export type Task = keyof Tasks;
type Done = Record<string, never>;

const tasks: { [T in Task]: (job: Tasks[T]['job']) => Promise<Tasks[T]['result']> } = {
  'describe server': async ({ target }) => {
    const pg = await open('pg', target);
    const rows = await pg.fetchAll(
      `select 'version' as name, version() as value
       union all select name, current_setting(name) from pg_settings where name in
         ('autovacuum', 'fsync', 'full_page_writes', 'jit', 'password_encryption', 'shared_buffers', 'ssl',
          'synchronize_seqscans', 'synchronous_commit')`,
    );
    return Object.fromEntries(rows.map(({ name, value }) => [String(name), String(value)]));
  },
  'create data': ({ target, workload }) => create(target, workloads[workload].setup),
  'create data for scaling': ({ target }) =>
    create(target, [...workloads.W2.setup, ...workloads.W5.setup, ...streamSetup, ...scalingSetup]),
  'create role': ({ target, user, password }) =>
    create(target, [
      `drop role if exists ${user}`,
      `create role ${user} superuser login password '${password}'`,
    ]),
  verify: async ({ target, workload, client, way }) => {
    const asked: Workload = workloads[workload];
    await asked.prepare?.();
    const tested = await open(client, target, { connections: asked.connections ?? 1 });
    if (asked.supports?.(tested, way) === false)
      return { missing: `this revision of ${client} has nothing for it` };
    await asked.verify(tested, await open('pg', target), way);
    return {};
  },
  measure: async ({ target, workload, client, way, effort }) => {
    const asked: Workload = workloads[workload];
    await asked.prepare?.();
    return asked.measure((options) => open(client, target, options), effort, way);
  },
  scale: ({ target, client, scaling }) =>
    scale((connections) => open(client, target, { connections }), client, scaling),
};

async function create(target: Target, statements: readonly string[]): Promise<Done> {
  const pg = await open('pg', target);
  for (const sql of statements) await pg.fetchAll(sql);
  return {};
}

async function open(client: PackageName, target: Target, options: OpenOptions = { connections: 1 }) {
  const module = (await import(`./clients/${client}.js`)) as { open: OpenClient };
  return module.open(target, options);
}

async function main(task: Task, job: string): Promise<void> {
  const run = tasks[task] as (job: unknown) => Promise<unknown>;
  const result = await run(JSON.parse(job));
  process.stdout.write(JSON.stringify(result), () => process.exit());
}

main(process.argv[2] as Task, process.argv[3] ?? '').catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
