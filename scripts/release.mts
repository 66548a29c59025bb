/**
 * `npm run release`: makes the release of the tagged commit that is checked out, in the folder release/:
 *
 *   kingbase-native-1.2.3.tgz           what `npm publish` uploads
 *   pg-8.23.1.tgz                       what stands in for pg by its name; it goes to no registry
 *   kingbase-native-1.2.3.cdx.json      the software bill of materials (CycloneDX)
 *   SHA256SUMS                          of these and of each addon in the tarball
 *
 * Everything is made from an export of the commit, checked, and tried: the tarball is installed in an empty directory
 * and runs against a server. Two runs on one machine give the same bytes. Nothing is published.
 *
 *   --out DIRECTORY        in place of release/
 *   --prebuilds DIRECTORY  addons that were built elsewhere from the same commit, in place of building them here
 *   --only TARGET          only this system's addon (can be repeated): to try the script where the cross compilers are
 *                          missing. Such a release is not for publishing.
 *   --repository URL       https address of the Git repository, for a signed publication
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { BuildError, root, run, runAsProgram } from './build-support.mjs';
import { isTarget, prebuildPath, TARGETS, type Target } from './prebuild.mjs';
import { billOfMaterials } from './release/bill-of-materials.mjs';
import { exportSource, taggedSource, type Source } from './release/source.mjs';

interface Options {
  readonly out: string;
  readonly prebuilds: string | undefined;
  readonly targets: readonly Target[];
  readonly repository: string | undefined;
}

const tsx = path.join('node_modules', '.bin', 'tsx');
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** The names of what the package needs where it is installed. */
function dependencies(directory: string): string[] {
  const manifest = readFileSync(path.join(directory, 'package.json'), 'utf8');
  return Object.keys((JSON.parse(manifest) as { dependencies: Record<string, string> }).dependencies);
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: path.join(root, 'release') },
      prebuilds: { type: 'string' },
      only: { type: 'string', multiple: true },
      repository: { type: 'string' },
    },
  });
  const unknown = values.only?.find((name) => !isTarget(name));
  if (unknown !== undefined) {
    throw new BuildError(`There is no addon for "${unknown}", only for ${TARGETS.join(', ')}.`);
  }
  return {
    out: path.resolve(values.out),
    prebuilds: values.prebuilds === undefined ? undefined : path.resolve(values.prebuilds),
    targets: values.only?.filter(isTarget) ?? TARGETS,
    repository: values.repository,
  };
}

/** Says what is being done, and does it. */
function step(what: string, action: () => void): void {
  const start = performance.now();
  action();
  console.log(`${what} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
}

function bringAddons({ prebuilds, targets }: Options, directory: string): void {
  for (const target of targets) {
    if (prebuilds === undefined) {
      const args = [path.join('scripts', 'prebuild.mts'), target];
      run(`Building the addon for ${target}`, path.join(directory, tsx), args, { cwd: directory });
    } else {
      const from = prebuildPath(target, path.dirname(prebuilds));
      cpSync(path.join(prebuilds, target, path.basename(from)), prebuildPath(target, directory));
    }
  }
}

function makeRelease(source: Source, options: Options, temporary: string): void {
  // npm takes the name of the folder for the product's in the bill of materials.
  const directory = path.join(temporary, 'kingbase-native');
  const inExport = (what: string, program: string, ...args: string[]): void => {
    run(what, path.join(directory, program), args, { cwd: directory });
  };
  const npm = (...args: string[]): string =>
    execFileSync('npm', args, {
      cwd: directory,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 64 << 20,
    });

  step('Sources exported', () => {
    exportSource(source, directory, options.repository);
  });
  step('TypeScript compiled', () => {
    inExport('Compiling TypeScript', path.join('node_modules', '.bin', 'tsc'), '--noEmitOnError');
  });
  step(`Addons for ${options.targets.join(', ')}`, () => {
    bringAddons(options, directory);
  });
  if (options.prebuilds === undefined && options.targets.length === TARGETS.length) {
    step('Addons examined and built a second time with the same result', () => {
      inExport('Examining the addons', tsx, path.join('scripts', 'checks', 'prebuilds.mts'));
    });
  }

  const name = `kingbase-native-${source.version}`;
  const tarball = path.join(options.out, `${name}.tgz`);
  let standIn = '';
  step('Packed', () => {
    const pack = ['pack', '--ignore-scripts', '--pack-destination', options.out];
    npm(...pack);
    standIn = npm(...pack, './packages/pg').trim();
  });
  step('Tarball examined: contents, size, exports, types', () => {
    const checks = path.join('scripts', 'checks', 'package.mts');
    const expected = options.targets.flatMap((target) => ['--expect', target]);
    inExport('Examining the tarball', tsx, checks, '--tarball', tarball, ...expected);
  });
  step('Installed in an empty directory, and run', () => {
    inExport('Trying the tarball', tsx, path.join('scripts', 'release', 'try.ts'), tarball);
  });

  const bytes = readFileSync(tarball);
  const sbom = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  const bill = billOfMaterials(npm(...sbom), dependencies(directory), bytes, source.epoch);
  writeFileSync(path.join(options.out, `${name}.cdx.json`), bill);
  const sums = [
    [sha256(bytes), `${name}.tgz`],
    [sha256(readFileSync(path.join(options.out, standIn))), standIn],
    [sha256(Buffer.from(bill)), `${name}.cdx.json`],
    ...options.targets.map((target) => {
      const addon = prebuildPath(target, directory);
      return [sha256(readFileSync(addon)), path.relative(directory, addon)];
    }),
  ];
  const text = sums.map(([sum, file]) => `${sum}  ${file}\n`).join('');
  writeFileSync(path.join(options.out, 'SHA256SUMS'), text);
  console.log(`\n${text}`);
}

await runAsProgram(import.meta.url, () => {
  // Permissions are among the bytes of a tarball.
  process.umask(0o022);
  const options = readOptions();
  const source = taggedSource();
  console.log(`Version ${source.version}, commit ${source.commit}`);
  process.env['SOURCE_DATE_EPOCH'] = String(source.epoch);
  mkdirSync(options.out, { recursive: true });
  if (readdirSync(options.out).length > 0) throw new BuildError(`${options.out} is not empty.`);
  const temporary = mkdtempSync(path.join(os.tmpdir(), 'kingbase-native-release-'));
  try {
    makeRelease(source, options, temporary);
  } catch (error) {
    // What did not pass is not left to be taken for a release.
    rmSync(options.out, { recursive: true });
    throw error;
  } finally {
    rmSync(temporary, { recursive: true });
  }
  const complete = options.targets.length === TARGETS.length;
  const publish = `npm publish ${path.join(options.out, `kingbase-native-${source.version}.tgz`)} --provenance`;
  console.log(complete ? `To publish it: ${publish}` : 'Not for publishing: addons are missing.');
});
