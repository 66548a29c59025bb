/**
 * `npm run check:package`: packs the package as `npm publish` would and has the tarball examined: its contents and
 * size; by publint (is what package.json promises in it?); by Are The Types Wrong (do the declarations fit what Node
 * loads?). Needs a build.
 *
 *   --tarball FILE     examines this one in place of a new one
 *   --expect SYSTEM    the tarball must hold the addon for it (can be repeated)
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';

const root = path.resolve(import.meta.dirname, '../..');

/** What is run, what it is built of, and nothing else. */
const ALLOWED = [
  /^(package\.json|README(\.zh-CN)?\.md|CHANGELOG\.md|LICENSE|THIRD-PARTY-NOTICES\.txt)$/,
  /^addon\/[a-z0-9-]+\.(js|d\.ts)$/,
  /^dist\/.+\.(m?js|d\.m?ts)$/,
  /^native\/([a-z0-9_]+\.(cc|h|inc|gypi|map)|package\.json|CMakeLists\.txt|cmake\/[^/]+)$/,
  /^prebuilds\/(linux-x64|linux-arm64|win32-x64)\/kingbase-native(\.glibc)?\.node$/,
];

/** Bytes. With three addons it is about 1.2 MB packed and 3.9 MB unpacked: room to grow, and a bound on accidents. */
const LARGEST = { packed: 2_000_000, unpacked: 5_500_000 };

function examine(tarball: string, expected: readonly string[]): string[] {
  // "-rw-r--r-- 0/0  1085 1985-10-26 08:15 package/LICENSE"
  const listing = execFileSync('tar', ['--numeric-owner', '-tvzf', tarball], { encoding: 'utf8' });
  const files = listing
    .trimEnd()
    .split('\n')
    .map((line) => /^\S+\s+\S+\s+(\d+)\s+\S+\s+\S+\s+package\/(.+)$/.exec(line))
    .map((match) => ({ size: Number(match?.[1]), name: match?.[2] ?? 'what tar lists is not understood' }));
  const faults = files
    .filter(({ name }) => !ALLOWED.some((pattern) => pattern.test(name)))
    .map(({ name }) => `${name} does not belong into the package.`);
  // The licences of what is compiled and linked into the addons ask for it.
  if (!files.some(({ name }) => name === 'THIRD-PARTY-NOTICES.txt')) faults.push('The notices are missing.');
  for (const system of expected) {
    if (!files.some(({ name }) => name.startsWith(`prebuilds/${system}/`))) {
      faults.push(`The addon for ${system} is missing.`);
    }
  }
  const sizes = {
    packed: statSync(tarball).size,
    unpacked: files.reduce((sum, { size }) => sum + size, 0),
  };
  for (const kind of ['packed', 'unpacked'] as const) {
    if (sizes[kind] > LARGEST[kind]) {
      faults.push(`It has ${sizes[kind]} bytes ${kind}; ${LARGEST[kind]} is the limit.`);
    }
  }
  console.log(`${files.length} files, ${sizes.packed} bytes packed, ${sizes.unpacked} unpacked`);
  return faults;
}

function pack(folder: string): string {
  const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  return path.join(folder, filename);
}

const { values } = parseArgs({
  options: { tarball: { type: 'string' }, expect: { type: 'string', multiple: true, default: [] } },
});
const folder = mkdtempSync(path.join(os.tmpdir(), 'kingbase-native-package-'));
try {
  const tarball = values.tarball ?? pack(folder);
  for (const fault of examine(tarball, values.expect)) {
    console.error(fault);
    process.exitCode = 1;
  }
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
