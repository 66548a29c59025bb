/**
 * `npm run compatibility`: packs the package, installs it, runs it on every runtime with every client library by both
 * module systems, and writes docs/compatibility.md and its Chinese twin of what came out. Nothing that was not run is in its tables.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  ABILITIES,
  exerciseInstalled,
  type Ability,
  type Outcome,
} from '../test/packages/support/exercise.js';
import { compatibilityPages } from './compatibility-page.js';
import { installTools, runtimesIn } from '../test/packages/support/runtimes.js';
import { createWorld } from '../test/packages/support/world.js';

const root = path.dirname(__dirname);
const MODULE_SYSTEMS = ['ESM', 'CommonJS'] as const;

/** 180004 as 18.4: libpq's number of a release since 10. */
const release = (version: number): string => `${Math.floor(version / 10_000)}.${version % 10_000}`;

const failuresOf = ({ results }: Outcome): Ability[] =>
  ABILITIES.filter((ability) => results[ability] !== 'ok');

function system(): string {
  const { PRETTY_NAME: name = os.type() } = Object.fromEntries(
    readFileSync('/etc/os-release', 'utf8')
      .split('\n')
      .map((line) => [line.split('=')[0] ?? '', line.slice(line.indexOf('=') + 1).replaceAll('"', '')]),
  ) as Record<string, string>;
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return `${name}, glibc ${report.header?.glibcVersionRuntime ?? 'unknown'}, ${process.arch}`;
}

async function main(): Promise<void> {
  const runtimes = runtimesIn(await installTools());
  const [world, remove] = await createWorld();
  const rows: { runtime: string; failed: Ability[][] }[] = [];
  const libraries = new Map<string, string>();
  let server = '';
  try {
    for (const runtime of runtimes) {
      const outcomes: Outcome[] = [];
      for (const library of world.libraries) {
        for (const moduleSystem of MODULE_SYSTEMS) {
          const outcome = await exerciseInstalled(world, library, runtime, moduleSystem);
          outcomes.push(outcome);
          libraries.set(library.name, release(outcome.library.version));
          server = outcome.server;
        }
      }
      const row = { runtime: outcomes[0]?.runtime ?? runtime.name, failed: outcomes.map(failuresOf) };
      console.log(
        `${row.runtime}: ${row.failed.map((failed) => `fails: ${failed.join(', ') || 'none'}`).join(' | ')}`,
      );
      rows.push(row);
    }
  } finally {
    await remove();
  }
  const columns = [...libraries].flatMap(([name, version]) =>
    MODULE_SYSTEMS.map((moduleSystem) => ({ library: `${name} (${version})`, moduleSystem })),
  );
  const commit = execFileSync('git', ['describe', '--always', '--dirty', '--exclude=*'], {
    cwd: root,
    encoding: 'utf8',
  }).trim();
  const day = new Date().toISOString().slice(0, 10);
  const run = { day, commit, system: system(), server: server.split(' on ')[0] ?? server, columns, rows };
  for (const [name, text] of Object.entries(compatibilityPages(run)))
    writeFileSync(path.join(root, 'docs', name), text);
  if (rows.some(({ failed }) => failed.some(({ length }) => length > 0))) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
