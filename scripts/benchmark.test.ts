import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { judge } from '../bench/report/judgement.js';
import { curvesOf, growthOf, type ScalingPoint } from '../bench/report/curves.js';
import { ratioOf, spreadOf, type Section } from '../bench/report/samples.js';
import { scalingChart } from '../bench/report/scaling-chart.js';
import { workloads } from '../bench/workloads/index.js';

const root = dirname(__dirname);
const results = mkdtempSync(join(tmpdir(), 'kingbase-bench-'));
afterAll(() => rmSync(results, { recursive: true, force: true }));

const bench = (...parameters: string[]) =>
  promisify(execFile)(process.execPath, [
    '--import',
    'tsx',
    join(root, 'bench', 'run.ts'),
    ...parameters,
    '--results',
    results,
  ]);

describe.skipIf(!existsSync(join(root, 'bench', 'node_modules', '.package-lock.json')))(
  'npm run bench, its peers being installed',
  () => {
    test('measures a workload and writes the report, its pictures and the short form', async () => {
      const selection = ['--workloads', 'W4-ascii', '--clients', 'kingbase-native,pg,c'];
      const { stdout } = await bench('--quick', '--rounds', '2', ...selection, '--name', 'smoke');

      const report = readFileSync(join(results, 'smoke.md'), 'utf8');
      expect(stdout).toBe(report);
      expect(report).toContain('## W4-ascii, unix');
      expect(report).toMatch(/^\| kingbase-native against +\|/m);
      expect(report).toMatch(/^\| target +\| +1\.10 [✓✗] /m);
      expect(report).toContain('](smoke/W4-ascii-unix.svg)');
      expect(readdirSync(join(results, 'smoke'))).toEqual(['W4-ascii-unix.svg', 'overview.svg']);
      expect(readFileSync(join(results, 'smoke', 'W4-ascii-unix.svg'), 'utf8')).toMatch(
        /^<svg .*<\/svg>\s$/s,
      );
      expect(readFileSync(join(results, 'smoke-summary.md'), 'utf8')).toMatch(
        /^\| W4-ascii kingbase-native +\| +unix \|/m,
      );

      const lines = readFileSync(join(results, 'smoke.jsonl'), 'utf8').trimEnd().split('\n');
      const samples = lines.map((line) => JSON.parse(line) as Section['samples'][number]);
      const labels = [...new Set(samples.map((sample) => sample.client))];
      expect(labels).toEqual(['kingbase-native', 'pg', 'C', 'pg (again)']);
      expect(samples).toHaveLength(2 * labels.length);
      for (const { values } of samples) expect(values['rate']).toBeGreaterThan(0);
    }, 60_000);

    test('measures a service from another process, over TCP where TLS is asked for, and writes profiles', async () => {
      const selection = ['--workloads', 'W10,W11-wide', '--clients', 'kingbase-native,pg'];
      const profiles = join(results, 'profiles');
      await bench('--quick', ...selection, '--name', 'service', '--profile', profiles);

      const report = readFileSync(join(results, 'service.md'), 'utf8');
      expect(report).toContain('## W10, unix');
      expect(report).toContain('## W11-wide, tcp');
      const lines = readFileSync(join(results, 'service.jsonl'), 'utf8').trimEnd().split('\n');
      const samples = lines.map((line) => JSON.parse(line) as Section['samples'][number]);
      expect(samples).toHaveLength(2 * 3);
      for (const { values } of samples) expect(values['rate']).toBeGreaterThan(0);
      expect(readdirSync(profiles)).toContain('W10-unix-kingbase-native.cpuprofile');
    }, 120_000);

    test('draws how cost grows, a line for each client', async () => {
      const picture = await scalingChart(
        [
          ...curve('fetch', 'kingbase-native', { 1000: 1, 10000: 1.1 }),
          ...curve('fetch', 'pg', { 1000: 2, 10000: 4 }),
        ],
        'fetch',
      );
      expect(picture).toMatch(/^<svg .*<\/svg>\s$/s);
      expect(picture).toContain('kingbase-native, tcp');
      expect(picture).toContain('pg, tcp');
    });

    test('marks what grows faster than the work, with the picture of its kind', async () => {
      // What it writes tables with is among the peers' packages.
      const { scalingMarkdown } = await import('../bench/report/scaling.js');
      const points = [
        ...curve('columns', 'pg', { 1: 1, 500: 1.2 }),
        ...curve('columns', 'postgres', { 1: 1, 500: 1.3 }),
      ];
      const text = scalingMarkdown(points, (of) => `now/scaling-${of}.svg`);
      expect(text).toMatch(/^\| pg, tcp: wall +\| +1 \| +1\.2 \| +1\.20 ✓ \|$/m);
      expect(text).toMatch(/^\| postgres, tcp: wall +\| +1 \| +1\.3 \| +1\.30 ✗ \|$/m);
      expect(text).toContain('](now/scaling-columns.svg)');
    });

    test('names what an option takes', async () => {
      await expect(bench('--workloads', 'W99')).rejects.toMatchObject({
        stderr: expect.stringMatching(/^--workloads does not know 'w99'. It takes W1, W2, /m) as string,
      });
    });
  },
);

function curve(of: ScalingPoint['of'], client: string, costs: Record<number, number>): ScalingPoint[] {
  return Object.entries(costs).map(([size, wall]) => ({
    of,
    client,
    transport: 'tcp',
    size: Number(size),
    round: 0,
    values: { wall },
  }));
}

describe('how cost grows', () => {
  test('is told from the size where one costs least to the largest', () => {
    const [wall] = curvesOf(curve('fetch', 'pg', { 100_000: 3, 1000: 4, 10_000: 2 }));
    expect(wall?.points).toEqual([
      { size: 1000, value: 4 },
      { size: 10_000, value: 2 },
      { size: 100_000, value: 3 },
    ]);
    expect(wall && growthOf(wall)).toBe(1.5);
  });
});

describe('ratios', () => {
  const section = (
    name: keyof typeof workloads,
    rounds: Record<string, Record<string, number>>[],
  ): Section => ({
    name,
    workload: workloads[name],
    transport: 'unix',
    placement: '',
    leftOut: [],
    samples: rounds.flatMap((clients, round) =>
      Object.entries(clients).map(([client, values]) => ({
        workload: name,
        transport: 'unix',
        round,
        client,
        values,
      })),
    ),
  });
  const rate = { key: 'rate', title: '', better: 'higher' } as const;
  const cpu = { key: 'cpu', title: '', better: 'lower' } as const;

  test('are taken within a round, and say how many times better the first is', () => {
    const measured = section('W1', [
      { 'kingbase-native': { rate: 200, cpu: 5 }, pg: { rate: 100, cpu: 15 } },
      { 'kingbase-native': { rate: 30, cpu: 50 }, pg: { rate: 10, cpu: 100 } },
      { 'kingbase-native': { rate: 40, cpu: 40 }, pg: { rate: 40, cpu: 40 } },
    ]);
    expect(ratioOf(measured, 'kingbase-native', 'pg', rate)).toEqual({
      median: 2,
      lowest: 1,
      highest: 3,
      count: 3,
    });
    expect(ratioOf(measured, 'kingbase-native', 'pg', cpu)).toEqual({
      median: 2,
      lowest: 1,
      highest: 3,
      count: 3,
    });
    expect(spreadOf(measured, 'pg', rate)).toEqual({ median: 40, lowest: 10, highest: 100, count: 3 });
    expect(ratioOf(measured, 'kingbase-native', 'postgres', rate)).toBeUndefined();
  });

  test('are judged against the best peer in each figure', () => {
    const [judgement] = judge(
      section('W1', [
        {
          'kingbase-native': { rate: 120, cpu: 10 },
          pg: { rate: 100, cpu: 20 },
          postgres: { rate: 60, cpu: 12 },
        },
      ]),
    );
    const verdict = (key: string) => judgement?.verdicts.find(({ metric }) => metric.key === key);
    expect(verdict('rate')).toMatchObject({ best: { peer: 'pg', ratio: { median: 1.2 } }, reached: true });
    expect(verdict('cpu')).toMatchObject({
      best: { peer: 'postgres', ratio: { median: 1.2 } },
      reached: false,
    });
    expect(verdict('jsCpu')).toMatchObject({ best: undefined, reached: undefined });
  });

  test('of batchInsert are taken against the faster of VALUES and unnest of each peer', () => {
    const [auto] = judge(
      section('W5', [
        {
          'kingbase-native auto': { rate: 1000 },
          'pg values': { rate: 100 },
          'pg unnest': { rate: 200 },
          'postgres values': { rate: 150 },
          'postgres unnest': { rate: 50 },
        },
      ]),
    );
    expect(auto?.peers).toEqual(['pg unnest', 'postgres values']);
    expect(auto?.verdicts[0]).toMatchObject({
      best: { peer: 'pg unnest', ratio: { median: 5 } },
      reached: false,
    });
  });

  test('do not stand in for a limit in absolute numbers', () => {
    const [rows] = judge(
      section('W7', [{ 'kingbase-native rows()': { block: 9 }, 'pg-cursor': { block: 90 } }]),
    );
    expect(rows?.verdicts.find(({ metric }) => metric.key === 'block')).toMatchObject({
      target: { limit: 10 },
      reached: true,
    });
  });
});
