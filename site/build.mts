/** `npm run site`: writes the pages and the API reference, and has VitePress make the site of them, in site/dist. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pages, root, writePages } from './pages.mjs';

const folder = import.meta.dirname;
const mark = path.join(folder, 'node_modules', '.installed');

/** The packages of site/package-lock.json, where they are not there as it has them. */
function install(): void {
  const lock = readFileSync(path.join(folder, 'package-lock.json'), 'utf8');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === lock) return;
  console.log('Installing what makes the site …');
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  writeFileSync(mark, lock);
}

function run(packageName: string, program: string, args: readonly string[]): void {
  const manifest = createRequire(path.join(folder, 'package.json')).resolve(`${packageName}/package.json`);
  execFileSync(process.execPath, [path.join(path.dirname(manifest), program), ...args], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

export function buildSite(): void {
  install();
  writePages();
  run('typedoc', 'bin/typedoc', ['--options', 'typedoc.json', '--out', path.join(pages, 'api')]);
  run('vitepress', 'bin/vitepress.js', ['build']);
  console.log(`The site is in ${path.relative(root, path.join(folder, 'dist'))}.`);
}

if (process.argv[1] === import.meta.filename) buildSite();
