/**
 * `npm run check:package`: packs the package as `npm publish` would and has the tarball examined by publint (is
 * what package.json promises in it?) and by Are The Types Wrong (do the declarations fit what Node loads?).
 * Needs a build.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';

const root = path.resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(path.join(os.tmpdir(), 'kingbase-native-package-'));

try {
  const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  const tarball = path.join(folder, filename);
  const checks = [
    ['publint', 'run', tarball, '--strict'],
    // Without the profile it would also ask for TypeScript's node10 resolution, which knows no "exports".
    ['attw', tarball, '--profile', 'node16'],
  ] as const;
  for (const [program, ...args] of checks) {
    const file = path.join(root, 'node_modules', '.bin', program);
    const { status } = spawnSync(file, args, { stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
