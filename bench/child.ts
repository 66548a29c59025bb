/** One step of a benchmark in a process of its own: `node child.js TASK JOB`, with a line of JSON as its only output. */
import type { ClientName, OpenClient, Target } from './client.js';
import { workloads, type WorkloadName } from './workloads/index.js';
import type { Effort, Measurement } from './workloads/workload.js';

/** The tasks with what they take and give. */
export interface Tasks {
  'describe server': { job: { target: Target }; result: Record<string, string> };
  'create data': { job: { target: Target; workload: WorkloadName }; result: Done };
  verify: { job: { target: Target; workload: WorkloadName; client: ClientName }; result: Done };
  measure: {
    job: { target: Target; workload: WorkloadName; client: ClientName; effort: Effort };
    result: Measurement;
  };
}
export type Task = keyof Tasks;
type Done = Record<string, never>;

const tasks: { [T in Task]: (job: Tasks[T]['job']) => Promise<Tasks[T]['result']> } = {
  'describe server': async ({ target }) => {
    const pg = await open('pg', target, 1);
    const rows = await pg.fetchAll(
      `select 'version' as name, version() as value
       union all select name, current_setting(name) from pg_settings where name in
         ('autovacuum', 'fsync', 'jit', 'password_encryption', 'shared_buffers', 'ssl', 'synchronous_commit')`,
    );
    return Object.fromEntries(rows.map(({ name, value }) => [String(name), String(value)]));
  },
  'create data': async ({ target, workload }) => {
    const pg = await open('pg', target, 1);
    for (const sql of workloads[workload].setup) await pg.fetchAll(sql);
    return {};
  },
  verify: async ({ target, workload, client }) => {
    await workloads[workload].verify(await open(client, target, 1), await open('pg', target, 1));
    return {};
  },
  measure: ({ target, workload, client, effort }) =>
    workloads[workload].measure((connections) => open(client, target, connections), effort),
};

async function open(client: ClientName, target: Target, connections: number) {
  const module = (await import(`./clients/${client}.js`)) as { open: OpenClient };
  return module.open(target, { connections });
}

async function main(task: Task, job: string): Promise<void> {
  const run = tasks[task] as (job: unknown) => Promise<unknown>;
  const result = await run(JSON.parse(job));
  process.stdout.write(JSON.stringify(result), () => process.exit());
}

void main(process.argv[2] as Task, process.argv[3] ?? '');
