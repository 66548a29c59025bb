import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(path.join(os.tmpdir(), 'kingbase-native-prepack-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const put = (name: string) => {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), '');
};
const pack = () => {
  const { status, stdout, stderr } = spawnSync('npm', ['pack', '--dry-run'], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { status, printed: stdout + stderr };
};

it('packs no package that lacks the compiled files or the addon of one of the systems', () => {
  for (const name of ['package.json', 'scripts/checks/prepack.mjs'])
    cpSync(path.join(root, name), path.join(folder, name));
  const clone = pack();
  expect(clone.status).not.toBe(0);
  expect(clone.printed).toContain('dist/index.js');
  expect(clone.printed).toContain('prebuilds/linux-arm64');

  for (const name of ['dist/index.js', 'prebuilds/linux-x64/a.node', 'prebuilds/linux-arm64/a.node'])
    put(name);
  const two = pack();
  expect(two.status).not.toBe(0);
  expect(two.printed).toContain('prebuilds/win32-x64');
  expect(two.printed).not.toContain('prebuilds/linux-arm64/');

  put('prebuilds/win32-x64/a.node');
  expect(pack().status).toBe(0);
}, 60_000);
