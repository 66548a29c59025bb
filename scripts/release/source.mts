/** What a release is made of: the sources of one tagged commit, outside of the checkout and its leftovers. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { BuildError, root } from '../build-support.mjs';

export interface Source {
  readonly version: string;
  readonly commit: string;
  /** Of the commit, in seconds since 1970: the one time that a release knows. */
  readonly epoch: number;
}

/** A version of npm without build metadata, which npm would drop: 1.2.3 or 1.2.3-rc.1. */
const VERSION_TAG = /^v(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)$/;

const git = (...args: string[]): string =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

/**
 * Throws a BuildError where what lies here is not exactly one tagged version, or the list of changes does not name it:
 * nobody could tell afterwards what was published.
 */
export function taggedSource(): Source {
  if (git('status', '--porcelain') !== '') {
    throw new BuildError('The checkout has changes that are not committed. Commit or remove them first.');
  }
  const versions = git('tag', '--points-at', 'HEAD')
    .split('\n')
    .flatMap((tag) => VERSION_TAG.exec(tag)?.[1] ?? []);
  const [version, ...others] = versions;
  if (version === undefined || others.length > 0) {
    throw new BuildError(
      `The version of a release is the tag of its commit, as in "git tag v1.2.3"; this one has ` +
        (version === undefined ? 'no such tag.' : `several: ${versions.join(', ')}.`),
    );
  }
  const changes = readFileSync(path.join(root, 'CHANGELOG.md'), 'utf8');
  if (!changes.split('\n').some((line) => line.startsWith(`## ${version}`))) {
    throw new BuildError(`CHANGELOG.md has no heading "## ${version}": write down what changed.`);
  }
  return {
    version,
    commit: git('rev-parse', 'HEAD'),
    epoch: Number(git('show', '-s', '--format=%ct', 'HEAD')),
  };
}

/**
 * Writes the sources of the commit to `directory`, with the version of the tag in package.json and package-lock.json.
 * `repository` is the address of the Git repository, which npm compares with where a signed publication comes from.
 */
export function exportSource(source: Source, directory: string, repository: string | undefined): void {
  mkdirSync(directory);
  const archive = execFileSync('git', ['archive', '--format=tar', source.commit], {
    cwd: root,
    maxBuffer: 1024 * 1024 * 1024,
  });
  execFileSync('tar', ['-x', '-C', directory], { input: archive });

  const edit = (name: string, change: (content: Record<string, unknown>) => void): void => {
    const file = path.join(directory, name);
    const content = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    change(content);
    writeFileSync(file, `${JSON.stringify(content, undefined, 2)}\n`);
  };
  edit('package.json', (manifest) => {
    manifest['version'] = source.version;
    if (repository !== undefined) manifest['repository'] = { type: 'git', url: `git+${repository}.git` };
  });
  edit('package-lock.json', (lock) => {
    lock['version'] = source.version;
    const packages = lock['packages'] as Record<string, Record<string, unknown>>;
    const own = packages[''];
    if (own) own['version'] = source.version;
  });
  symlinkSync(path.join(root, 'node_modules'), path.join(directory, 'node_modules'));
}
