/**
 * `npm run prebuild`: builds the addon for every system that the package comes with a binary for, into prebuilds/,
 * where node-gyp-build finds it. `npm run prebuild -- linux-x64` builds that one only. Runs on Linux on x64 and needs
 * the cross compilers that docs/building.md names.
 *
 * prebuildify drives node-gyp and does what is for Linux. It cannot cross-compile for Windows, so that binary comes
 * from cmake-js with MinGW-w64.
 */
import { accessSync, constants, copyFileSync, mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { environmentWithoutNpm, makeNodeDirectory, makeProject } from './build-addon.mjs';
import { BuildError, root, run, runAsProgram } from './build-support.mjs';

export const TARGETS = ['linux-x64', 'linux-arm64', 'win32-x64'] as const;
export type Target = (typeof TARGETS)[number];

/** Prefix of the names of the compiler and its tools, and the Debian package that they come with. */
export const TOOLCHAINS: Readonly<Record<Target, { prefix: string; suffix: string; debian: string }>> = {
  'linux-x64': { prefix: '', suffix: '', debian: 'g++' },
  'linux-arm64': { prefix: 'aarch64-linux-gnu-', suffix: '', debian: 'g++-aarch64-linux-gnu' },
  'win32-x64': {
    prefix: 'x86_64-w64-mingw32-',
    suffix: '-posix',
    debian: 'g++-mingw-w64-x86-64-posix',
  },
};

/** Where the binary for a system is, below `folder`. */
export function prebuildPath(target: Target, folder = root): string {
  // musl has no build, and a file without this mark would be loaded there.
  const name = target === 'win32-x64' ? 'kingbase-native.node' : 'kingbase-native.glibc.node';
  return path.join(folder, 'prebuilds', target, name);
}

/** Whether a program is in PATH. */
export function isInPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(path.delimiter).some((folder) => {
    try {
      accessSync(path.join(folder, program), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });
}

/**
 * Builds for one system, and puts the result below `folder`; `workspace` names the folder of the intermediate files
 * below build/. Throws a BuildError with the compiler's output.
 */
export function buildPrebuild(target: Target, folder = root, workspace = 'prebuild'): void {
  const { prefix, suffix, debian } = TOOLCHAINS[target];
  const compilers = { CC: `${prefix}gcc${suffix}`, CXX: `${prefix}g++${suffix}` };
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new BuildError('Prebuilt binaries are made on Linux on x64.');
  }
  if (!isInPath(compilers.CXX)) {
    throw new BuildError(`${compilers.CXX} is not in PATH. On Debian: apt-get install ${debian}`);
  }
  const project = makeProject(`${workspace}-${target}`);
  if (target === 'win32-x64') buildForWindows(project, folder);
  else buildForLinux(target, project, compilers, folder);
}

function buildForLinux(
  target: Target,
  project: string,
  compilers: Record<string, string>,
  folder: string,
): void {
  const program = path.join(root, 'node_modules', 'prebuildify', 'bin.js');
  const [, arch = ''] = target.split('-');
  const options = ['--napi', '--strip', '--tag-libc=glibc', '--name=kingbase-native', `--arch=${arch}`];
  run(`Building for ${target}`, process.execPath, [program, project, ...options, `--out=${folder}`], {
    env: {
      ...environmentWithoutNpm(),
      ...compilers,
      // prebuildify hands no option on to node-gyp.
      npm_config_nodedir: makeNodeDirectory(),
      JOBS: String(availableParallelism()),
      PREBUILD_NODE_GYP: path.join(root, 'node_modules', '.bin', 'node-gyp'),
      PREBUILD_STRIP_BIN: `${TOOLCHAINS[target].prefix}strip`,
    },
  });
}

function buildForWindows(project: string, folder: string): void {
  if (!isInPath('cmake')) throw new BuildError('cmake is not in PATH. On Debian: apt-get install cmake');
  const output = path.join(project, 'build');
  const program = path.join(root, 'node_modules', 'cmake-js', 'bin', 'cmake-js');
  const toolchain = path.join(root, 'native', 'cmake', 'mingw-w64-x86_64.cmake');
  run(
    'Building for win32-x64',
    process.execPath,
    [
      program,
      'rebuild',
      '-d',
      path.join(project, 'native'),
      '-O',
      output,
      `--CDCMAKE_TOOLCHAIN_FILE=${toolchain}`,
    ],
    { env: { ...environmentWithoutNpm(), CMAKE_BUILD_PARALLEL_LEVEL: String(availableParallelism()) } },
  );
  const file = prebuildPath('win32-x64', folder);
  mkdirSync(path.dirname(file), { recursive: true });
  copyFileSync(path.join(output, 'Release', 'kingbase.node'), file);
}

export const isTarget = (name: string): name is Target => (TARGETS as readonly string[]).includes(name);

await runAsProgram(import.meta.url, () => {
  const named = process.argv.slice(2);
  const unknown = named.find((name) => !isTarget(name));
  if (unknown !== undefined) {
    throw new BuildError(`There is no build for "${unknown}", only for ${TARGETS.join(', ')}.`);
  }
  for (const target of named.length > 0 ? named.filter(isTarget) : TARGETS) {
    buildPrebuild(target);
    console.log(path.relative(root, prebuildPath(target)));
  }
});
