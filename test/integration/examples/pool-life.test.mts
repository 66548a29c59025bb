import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'parse5';
import { expect, inject, it } from 'vitest';
import { poolLifePage } from '../../../examples/pool-life/page.mjs';

const root = path.resolve(import.meta.dirname, '../../..');

function faultsOf(page: string): string[] {
  const faults: string[] = [];
  parse(page, { onParseError: ({ code }) => faults.push(code) });
  return faults;
}

it('writes the life of a pool as a page', async () => {
  const { host, port, user, database } = inject('server');
  const folder = await mkdtemp(path.join(os.tmpdir(), 'pool-life-'));
  const file = path.join(folder, 'life.html');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      '--import',
      'tsx',
      'examples/pool-life/main.mts',
      `kingbase://${user}@${host}:${port}/${database}`,
      file,
    ],
    { cwd: root, timeout: 25_000, env: { ...process.env, LANG: 'zh_CN.UTF-8' } },
  );
  expect(stdout).toBe('most connections: 4, ended: true, waited: true\n');
  const page = await readFile(file, 'utf8');
  expect(faultsOf(page)).toEqual([]);
  expect(page).toContain('<html lang="zh-CN">');
  await rm(folder, { recursive: true });
});

it('shows an outage, and takes no word for part of the page', () => {
  const page = poolLifePage(
    {
      samples: [
        { at: 0, open: 1, inUse: 0, waiting: 0 },
        { at: 2_000, open: 0, inUse: 0, waiting: 3 },
      ],
      events: [{ at: 500, kind: 'disconnect', reason: '<script>' }],
      outages: [{ from: 600, to: 1_500 }],
    },
    'en',
  );
  expect(faultsOf(page)).toEqual([]);
  expect(page).not.toContain('<script>');
  expect(page).toContain('the server could not be reached: 0.90 s');
});
