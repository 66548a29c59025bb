/**
 * `npm run test:fuzz`: nonsense for what reads bytes from the network, from files and from programs. The core's parts by
 * libFuzzer, guided by coverage, with the address and undefined-behaviour sanitizers (test/native/fuzz/*.cc; needs
 * Clang). Those in JavaScript (test/native/fuzz/readers) get mutations of known inputs by chance.
 *
 * Options: `--seconds 60` for each target, `--target rows` for one of them, `--seed 1` for those in JavaScript. A run
 * begins with the inputs in test/native/fuzz/corpus, which are few and small; what else libFuzzer finds is kept in
 * build/fuzz for the next. An input that fails is written to build/fuzz, and goes into the corpus when it is mended.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

const root = path.dirname(__dirname);
const sources = path.join(root, 'test', 'native', 'fuzz');
const corpus = path.join(sources, 'corpus');
const output = path.join(root, 'build', 'fuzz');

/** The core's files that do without Node and without a client library. */
const CORE = ['binary_value', 'command', 'decoder', 'result_shape', 'row_chunk', 'utf8'];
function run(program: string, args: readonly string[]): string {
  const { status, signal, stdout, stderr, error } = spawnSync(program, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: Infinity,
  });
  if (error !== undefined) throw new Error(`${program} could not be started: ${error.message}`);
  if (status !== 0) {
    throw new Error(
      `${path.basename(program)} ended with ${signal ?? status}:\n${(stdout + stderr).slice(-6_000)}`,
    );
  }
  return stdout + stderr;
}

function compiled(target: string): string {
  const program = path.join(output, `fuzz-${target}`);
  const flags = [
    '-std=c++17',
    '-O1',
    '-g',
    '-fsanitize=fuzzer,address,undefined',
    '-fno-sanitize-recover=all',
  ];
  const files = [
    path.join(sources, `${target}.cc`),
    ...CORE.map((name) => path.join(root, 'native', `${name}.cc`)),
  ];
  run('clang++', [...flags, `-I${path.join(root, 'native')}`, `-I${sources}`, ...files, '-o', program]);
  return program;
}

function fuzzCore(target: string, seconds: number): string {
  const found = path.join(output, `corpus-${target}`);
  mkdirSync(found, { recursive: true });
  const text = run(compiled(target), [
    `-max_total_time=${seconds}`,
    '-max_len=512',
    `-artifact_prefix=${path.join(output, `${target}-`)}`,
    found,
    path.join(corpus, target),
  ]);
  return /Done (\d+) runs/.exec(text)?.[1] ?? '0';
}

function fuzzReader(target: string, seconds: number, seed: number): string {
  const program = path.join(sources, 'readers', 'support', 'mutate.cjs');
  const artifact = path.join(output, `${target}-failure`);
  mkdirSync(output, { recursive: true });
  const reader = path.join(sources, 'readers', `${target}.cjs`);
  const text = run(process.execPath, [
    program,
    reader,
    path.join(corpus, target),
    artifact,
    ...[seconds, seed].map(String),
  ]);
  return /(\d+) inputs/.exec(text)?.[1] ?? '0';
}

const namesIn = (folder: string, extension: string): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith(extension))
    .map((file) => path.basename(file, extension));

const readers = namesIn(path.join(sources, 'readers'), '.cjs');

function main(): void {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '60' },
      target: { type: 'string' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    },
  });
  const all = [...namesIn(sources, '.cc'), ...readers];
  const chosen = values.target === undefined ? all : all.filter((name) => name === values.target);
  if (chosen.length === 0) throw new Error(`There is no target "${values.target}": ${all.join(', ')}.`);
  const [seconds, seed] = [Number(values.seconds), Number(values.seed)];
  for (const target of chosen) {
    const isReader = readers.includes(target);
    const count = isReader ? fuzzReader(target, seconds, seed) : fuzzCore(target, seconds);
    // Without any run nothing was tested.
    if (Number(count) === 0) throw new Error(`${target} has made no run.`);
    console.log(`${target}: ${count} inputs${isReader ? `, seed ${seed}` : ''}`);
  }
}

try {
  main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
