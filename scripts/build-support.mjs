/** What the build scripts share. Only features of old Node releases here: bootstrap.mjs has to be able to refuse them. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** A failure whose message says all that the user has to know; it is shown without a stack. */
export class BuildError extends Error {}

/** Runs `main` if the module of this URL is the program that Node was started with. */
export async function runAsProgram(moduleUrl, main) {
  if (moduleUrl !== pathToFileURL(process.argv[1] || '').href) return;
  await reportingFailure(main);
}

/** Ends the process with code 1 and a plain message if `main` fails. */
export async function reportingFailure(main) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof BuildError ? error.message : error);
    process.exit(1);
  }
}

/** Runs a program and shows its output only if it fails. */
export function run(what, program, args, options = {}) {
  const result = spawnSync(program, args, { cwd: root, encoding: 'utf8', maxBuffer: Infinity, ...options });
  if (result.status === 0) return;
  const output = `${result.stdout || ''}${result.stderr || ''}${result.error ? result.error.message : ''}`;
  throw new BuildError(`${what} failed. Its output:\n${output.trimEnd()}`);
}

function filesOf(path) {
  if (!existsSync(join(root, path))) return [];
  if (!statSync(join(root, path)).isDirectory()) return [path];
  return readdirSync(join(root, path))
    .sort()
    .flatMap((name) => filesOf(join(path, name)));
}

/** A hash of the names and contents of files and directories, given relative to the project. */
export function hashOf(paths) {
  const hash = createHash('sha256');
  for (const file of paths.flatMap(filesOf)) {
    const content = readFileSync(join(root, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

const stampFile = (name) => join(root, 'build', `${name}.inputs`);

/** Whether the product exists and was made from the inputs with this hash. */
export function isCurrent(name, product, inputs) {
  return (
    existsSync(product) && existsSync(stampFile(name)) && readFileSync(stampFile(name), 'utf8') === inputs
  );
}

export function markCurrent(name, inputs) {
  mkdirSync(join(root, 'build'), { recursive: true });
  writeFileSync(stampFile(name), inputs);
}
