/**
 * Builds the native addon of this checkout without network access:
 *
 *   node scripts/build-addon.mjs                      build/Release/kingbase.node
 *   node scripts/build-addon.mjs --debug              build/Debug/kingbase.node
 *   node scripts/build-addon.mjs --sanitize=address   build/address/kingbase.node (or thread)
 *
 * node-gyp would download Node's headers. The addon uses Node-API only, and the package node-api-headers
 * has those, so node-gyp is given a directory of them that looks like an installation of Node.
 */
import { copyFileSync, cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BuildError, hashOf, isCurrent, markCurrent, root, run, runAsProgram } from './build-support.mjs';

/**
 * The flags that Node 20's own common.gypi gives to every addon, so that native/addon.gypi has the same effect here and
 * in a build with Node's headers. node-gyp needs the two configurations to exist.
 */
const commonGypi = {
  target_defaults: {
    default_configuration: 'Release',
    cflags: ['-pthread', '-Wall', '-Wextra', '-Wno-unused-parameter'],
    cflags_cc: ['-fno-rtti', '-fno-exceptions', '-std=gnu++17'],
    ldflags: ['-pthread'],
    configurations: {
      Debug: { defines: ['DEBUG', '_DEBUG'], cflags: ['-g', '-O0'] },
      Release: { cflags: ['-O3', '-fno-omit-frame-pointer'] },
    },
  },
};

const inputsHash = () =>
  hashOf([
    'binding.gyp',
    'native',
    'scripts/build-addon.mjs',
    'node_modules/node-addon-api/package.json',
    'node_modules/node-api-headers/package.json',
  ]);

/** The build's name and the folder of its result below build/. */
const variantOf = ({ debug = false, sanitize }) => sanitize ?? (debug ? 'Debug' : 'Release');
const addonPath = (variant) => join(root, 'build', variant, 'kingbase.node');

/** Whether the addon exists and no source changed since it was built. */
export function addonIsCurrent(options = {}) {
  const variant = variantOf(options);
  return isCurrent(`addon-${variant}`, addonPath(variant), inputsHash());
}

/** Makes the directory of headers that a build is given as Node's, and returns its path. */
export function makeNodeDirectory() {
  const directory = join(root, 'build', 'nodedir');
  // Another build may be reading it.
  const inputs = hashOf(['scripts/build-addon.mjs', 'node_modules/node-api-headers/package.json']);
  if (isCurrent('nodedir', join(directory, 'include', 'node', 'config.gypi'), inputs)) return directory;
  const include = join(directory, 'include', 'node');
  mkdirSync(include, { recursive: true });
  cpSync(join(root, 'node_modules', 'node-api-headers', 'include'), include, { recursive: true });
  writeFileSync(join(include, 'common.gypi'), JSON.stringify(commonGypi, undefined, 2));
  writeFileSync(join(include, 'config.gypi'), JSON.stringify({ target_defaults: {}, variables: {} }));
  markCurrent('nodedir', inputs);
  return directory;
}

/**
 * A directory of its own for a build that is not the ordinary one. node-gyp always writes to `build` below the
 * directory of binding.gyp, and the objects of the ordinary build must stay as they are.
 */
export function makeProject(name) {
  const project = join(root, 'build', name);
  mkdirSync(project, { recursive: true });
  copyFileSync(join(root, 'binding.gyp'), join(project, 'binding.gyp'));
  const link = join(project, 'native');
  rmSync(link, { force: true });
  symlinkSync(join('..', '..', 'native'), link);
  return project;
}

/** This process's environment without npm's settings, which node-gyp prefers to its arguments. */
export const environmentWithoutNpm = () =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(config|package_config)_/i.test(name)),
  );

function nodeGyp(cwd, args) {
  const program = join(root, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js');
  run(`Building the native addon ("node-gyp ${args[0]}")`, process.execPath, [program, ...args], {
    cwd,
    env: environmentWithoutNpm(),
  });
}

/**
 * Builds the addon and returns its path. With a sanitizer, native/addon.gypi gets its name in the variable `sanitize`.
 * Throws a BuildError with the compiler's output.
 */
export function buildAddon({ debug = false, sanitize } = {}) {
  const variant = variantOf({ debug, sanitize });
  const inputs = inputsHash();
  const project = sanitize ? makeProject(sanitize) : root;
  const options = debug ? ['--debug'] : [];
  // On Windows the linker needs node.lib as well, which only Node's own headers come with.
  if (process.platform !== 'win32') options.push(`--nodedir=${makeNodeDirectory()}`);
  nodeGyp(project, ['configure', ...options, ...(sanitize ? ['--', `-Dsanitize=${sanitize}`] : [])]);
  nodeGyp(project, ['build', ...options, `--jobs=${availableParallelism()}`]);
  if (sanitize) {
    copyFileSync(join(project, 'build', debug ? 'Debug' : 'Release', 'kingbase.node'), addonPath(variant));
  }
  markCurrent(`addon-${variant}`, inputs);
  return addonPath(variant);
}

await runAsProgram(import.meta.url, () => {
  const { values } = parseArgs({ options: { debug: { type: 'boolean' }, sanitize: { type: 'string' } } });
  if (values.sanitize !== undefined && !['address', 'thread'].includes(values.sanitize)) {
    throw new BuildError('--sanitize takes "address" or "thread".');
  }
  console.log(buildAddon(values));
});
