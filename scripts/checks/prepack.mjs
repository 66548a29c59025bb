/**
 * What npm runs before it packs: refuses a package that lacks what its users would miss at the first connection. The
 * folders dist and prebuilds are in no commit, so that a clone has neither.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

const folder = process.cwd();
const missing = [];
if (!existsSync(join(folder, 'dist', 'index.js'))) missing.push('dist/index.js ("npm run compile" makes it)');
for (const system of ['linux-x64', 'linux-arm64', 'win32-x64']) {
  const place = join(folder, 'prebuilds', system);
  if (!existsSync(place) || !readdirSync(place).some((name) => name.endsWith('.node'))) {
    missing.push(`prebuilds/${system}/*.node ("npm run prebuild" makes it)`);
  }
}
if (missing.length > 0) {
  console.error(`The package is not complete. Missing:\n${missing.map((name) => `  ${name}\n`).join('')}`);
  console.error('"npm run release" makes a package from a commit, with everything in it.');
  process.exitCode = 1;
}
