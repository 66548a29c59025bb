import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestCluster, type TestCluster } from '../support/cluster.js';
import { commandLine, diagnose, type Diagnosis, type ReportedStep } from '../support/command-line.js';
import { PASSWORD } from '../support/rejections.js';

let cluster: TestCluster;
let hosts: string[];

beforeAll(async () => {
  cluster = await startTestCluster(1);
  hosts = cluster.servers.map(({ host, port }) => `${host}:${port}`);
});
afterAll(() => cluster.stop());

const url = (names: readonly string[], rest = ''): string =>
  `kingbase://system:${PASSWORD}@${names.join()}/test${rest}`;
const membersOf = ({ report }: Diagnosis): ReportedStep[] => report.steps.filter(({ id }) => id === 'member');

describe.each(inject('libraries'))('the doctor with $name looks at each of several hosts', ({ path }) => {
  it('says which is the primary, and how far the others are', async () => {
    const diagnosis = await diagnose(url(hosts, '?cluster=true'), path);
    expect(membersOf(diagnosis)).toMatchObject([
      {
        subject: hosts[0],
        status: 'ok',
        facts: { role: 'primary', timeline: 1, product: 'PostgreSQL', tls: null },
      },
      { subject: hosts[1], status: 'ok', facts: { role: 'standby', timeline: null, tls: null } },
    ]);
    expect(diagnosis.step('cluster')).toMatchObject({
      status: 'ok',
      facts: {
        primary: hosts[0],
        standbys: [{ host: hosts[1], bytes: expect.any(Number) as number }],
        unknown: [],
      },
    });
    expect(diagnosis.printed).not.toContain(PASSWORD);
    expect([0, 7]).toContain(diagnosis.code);
  });

  it('says so where none takes writes, and goes on past one that is down', async () => {
    const [, standby = ''] = hosts;
    const diagnosis = await diagnose(url([standby, '127.0.0.1:1'], '?cluster=true'), path);
    expect(membersOf(diagnosis)).toMatchObject([
      { subject: standby, status: 'ok', facts: { role: 'standby' } },
      { subject: '127.0.0.1:1', status: 'skip' },
    ]);
    expect(diagnosis.step('cluster')).toMatchObject({
      status: 'fail',
      facts: { primary: null, unknown: ['127.0.0.1:1'] },
    });
  });
});

describe('the doctor', () => {
  const [library] = inject('libraries');
  const environment = { KINGBASE_CLIENT_LIBRARY: library?.path ?? '' };

  it('says it in English and in Chinese', async () => {
    const english = await commandLine(['doctor', url(hosts)], { environment });
    expect(english.stdout).toMatch(/Role +127\.0\.0\.1:\d+: primary on timeline 1, PostgreSQL/);
    expect(english.stdout).toMatch(/Cluster +Primary 127\.0\.0\.1:\d+; standbys/);
    const chinese = await commandLine(['doctor', url(hosts), '--lang', 'zh'], { environment });
    expect(chinese.stdout).toMatch(/角色 +127\.0\.0\.1:\d+: 主库，时间线 1，PostgreSQL/);
    expect(english.stdout + chinese.stdout).not.toContain(PASSWORD);
  });

  it('asks a single host nothing of it', async () => {
    const { report } = await diagnose(url(hosts.slice(0, 1)), library?.path ?? '');
    expect(report.steps.filter(({ id }) => id === 'member' || id === 'cluster')).toEqual([]);
  });
});
