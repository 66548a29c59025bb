import { closeSync, openSync, readSync } from 'node:fs';
import { types } from 'node:util';
import nodeGypBuild from 'node-gyp-build';
import { UsageError } from '../errors/index.js';

/** Enough of an executable to hold the name of its dynamic linker. */
const START_OF_FILE = 4096;

/**
 * Loads the addon that the package at `directory` brings for this system, or that was built there.
 *
 * @throws UsageError `KB_PLATFORM_UNSUPPORTED` on musl, `KB_ADDON_NOT_FOUND` where there is none for this system,
 *   `KB_ADDON_LOAD_FAILED` where the system cannot load it
 */
export function loadBuiltAddon(directory: string): unknown {
  if (process.platform === 'linux' && isForMusl(process.execPath)) {
    throw new UsageError(
      'KB_PLATFORM_UNSUPPORTED',
      `This Node.js runs on the C library musl (Alpine Linux), which the driver cannot use (${thisSystem()}).`,
      {
        hint:
          "Use a system or container image with glibc, such as node:22-bookworm-slim: Kingbase's client library is " +
          'built for glibc too.',
      },
    );
  }
  try {
    return nodeGypBuild(directory);
  } catch (cause) {
    throw loadFailure(directory, cause);
  }
}

function loadFailure(directory: string, cause: unknown): UsageError {
  let path: string;
  try {
    path = nodeGypBuild.resolve(directory);
  } catch {
    return new UsageError(
      'KB_ADDON_NOT_FOUND',
      `There is no native addon for this system (${thisSystem()}): looked for build/Release/*.node and ` +
        `prebuilds/${process.platform}-${process.arch}/kingbase-native*.node in ${directory}.`,
      {
        cause,
        hint:
          'Binaries come with the package for linux-x64, linux-arm64 (glibc) and win32-x64. Elsewhere "npx ' +
          'kingbase-native build" makes one (with a C++17 compiler, make and Python 3). In a bundle, import kingbase-native/addon/… for the system, or keep the package external.',
      },
    );
  }
  return notLoaded(
    `The native addon ${path}`,
    cause,
    'Install the package again on the system that it runs on; on Linux it needs glibc 2.28 or later.',
  );
}

/**
 * Has an addon loaded that is found otherwise, and makes sure that it is one: of a file that could not be loaded a bundler
 * gives an empty object when it is asked again.
 *
 * @param what begins the sentence about it
 * @throws UsageError `KB_ADDON_LOAD_FAILED`
 */
export function loadOther(what: string, hint: string, load: () => unknown): unknown {
  let addon: unknown;
  try {
    addon = load();
  } catch (cause) {
    throw notLoaded(what, cause, hint);
  }
  if (typeof (addon as { NativeCore?: unknown } | undefined)?.NativeCore === 'function') return addon;
  throw notLoaded(what, 'it is none of this package', hint);
}

function notLoaded(what: string, cause: unknown, hint: string): UsageError {
  // What Node.js says of a module that it does not find has a list of others on further lines.
  const [words = ''] = (types.isNativeError(cause) ? cause.message : String(cause)).split('\n');
  return new UsageError(
    'KB_ADDON_LOAD_FAILED',
    `${what} cannot be loaded on this system (${thisSystem()}): ${words}`,
    { cause, hint },
  );
}

const thisSystem = (): string => `${process.platform}-${process.arch}, Node.js ${process.versions.node}`;

/** Whether a program names musl's dynamic linker, as detect-libc finds out. */
function isForMusl(program: string): boolean {
  try {
    const file = openSync(program, 'r');
    try {
      const start = Buffer.alloc(START_OF_FILE);
      return start.subarray(0, readSync(file, start, 0, START_OF_FILE, 0)).includes('/ld-musl-');
    } finally {
      closeSync(file);
    }
  } catch {
    // Without /proc or the right to read it nothing can be said.
    return false;
  }
}
