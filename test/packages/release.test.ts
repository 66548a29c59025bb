import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prebuildHost } from './support/prebuild.js';
import { run } from './support/npm.js';

const root = path.resolve(__dirname, '../..');
const directory = mkdtempSync(path.join(os.tmpdir(), 'kingbase-native-release-test-'));
const checkout = path.join(directory, 'checkout');
const host = `${process.platform}-${process.arch}`;
const prebuilds = path.join(root, 'prebuilds');

const git = (...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.invalid', ...args], {
    cwd: checkout,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, GIT_COMMITTER_DATE: '2026-01-02T03:04:05Z' },
  });

/** Runs the release script of the checkout there. */
const release = (args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<string> =>
  run(
    path.join(checkout, 'node_modules', '.bin', 'tsx'),
    ['scripts/release.mts', '--only', host, '--prebuilds', prebuilds, ...args],
    checkout,
    { ...process.env, ...environment },
  );

/** The files of this checkout as they are, in a repository of their own with one commit. */
beforeAll(async () => {
  await prebuildHost();
  mkdirSync(checkout);
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of listed.split('\0').filter((name) => name !== '' && name !== 'node_modules')) {
    cpSync(path.join(root, file), path.join(checkout, file), { recursive: true });
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(checkout, 'node_modules'));
  writeFileSync(path.join(checkout, 'CHANGELOG.md'), '# Changes\n\n## 7.8.9-rc.1\n');
  git('init', '--quiet');
  git('add', '--all', '--', ':!node_modules');
  writeFileSync(path.join(checkout, '.git', 'info', 'exclude'), '/node_modules\n');
  git('commit', '--quiet', '--message=everything');
});
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe('npm run release', () => {
  it('refuses a commit without a tag', async () => {
    await expect(release(['--out', path.join(directory, 'none')])).rejects.toThrow(
      'this one has no such tag',
    );
  });

  it('makes the same bytes twice, whatever the folder, the time zone, the language and the permissions', async () => {
    git('tag', 'v7.8.9-rc.1');
    const outputs = [path.join(directory, 'first'), path.join(directory, 'second')] as const;
    const printed = await release(['--out', outputs[0]], { TZ: 'Asia/Shanghai', LC_ALL: 'C' });
    expect(printed).toContain('Version 7.8.9-rc.1, commit ');
    expect(printed).toContain('Installed in an empty directory, and run');
    expect(printed).toContain('Not for publishing: addons are missing.');

    chmodSync(path.join(checkout, 'README.md'), 0o600);
    await release(['--out', outputs[1]], { TZ: 'America/New_York', LC_ALL: 'C.UTF-8' });

    const names = [
      'SHA256SUMS',
      'kingbase-native-7.8.9-rc.1.cdx.json',
      'kingbase-native-7.8.9-rc.1.tgz',
      'pg-8.23.1.tgz',
    ];
    for (const output of outputs) expect(readdirSync(output).sort()).toEqual(names);
    for (const name of names) {
      const [first, second] = outputs.map((output) => readFileSync(path.join(output, name)));
      expect(first?.equals(second ?? Buffer.alloc(0)), name).toBe(true);
    }
  });

  it('has sums that are right and a bill that names what is in the package', () => {
    const output = path.join(directory, 'first');
    const sums = readFileSync(path.join(output, 'SHA256SUMS'), 'utf8');
    execFileSync('tar', ['-xzf', 'kingbase-native-7.8.9-rc.1.tgz', '--strip-components=1'], { cwd: output });
    expect(execFileSync('sha256sum', ['--check', 'SHA256SUMS'], { cwd: output, encoding: 'utf8' })).toBe(
      `kingbase-native-7.8.9-rc.1.tgz: OK\npg-8.23.1.tgz: OK\nkingbase-native-7.8.9-rc.1.cdx.json: OK\n` +
        `prebuilds/${host}/kingbase-native.glibc.node: OK\n`,
    );
    expect(sums.trimEnd().split('\n')).toHaveLength(4);
    expect(JSON.parse(readFileSync(path.join(output, 'package.json'), 'utf8'))).toMatchObject({
      version: '7.8.9-rc.1',
    });

    const bill = JSON.parse(
      readFileSync(path.join(output, 'kingbase-native-7.8.9-rc.1.cdx.json'), 'utf8'),
    ) as {
      metadata: { timestamp: string; component: object };
      components: { name: string; licenses: unknown[] }[];
    };
    expect(bill).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.5' });
    expect(bill.metadata.timestamp).toBe('2026-01-02T03:04:05.000Z');
    expect(bill.metadata.component).toMatchObject({ name: 'kingbase-native', version: '7.8.9-rc.1' });
    expect(bill.components.map(({ name }) => name).sort()).toEqual([
      'generic-pool',
      'node-addon-api',
      'node-api-headers',
      'node-gyp-build',
      'pg-connection-string',
      'pg-int8',
      'pg-types',
      'postgres-array',
      'postgres-bytea',
      'postgres-date',
      'postgres-interval',
      'xtend',
    ]);
    for (const { licenses } of bill.components) expect(licenses).toHaveLength(1);
  });

  it('refuses changes that are not committed, and leaves a folder with files alone', async () => {
    await expect(release(['--out', path.join(directory, 'second')])).rejects.toThrow('is not empty');
    writeFileSync(path.join(checkout, 'README.md'), 'changed\n');
    await expect(release(['--out', path.join(directory, 'third')])).rejects.toThrow('not committed');
  });
});
