import type { NativeLibrary, OpenLibraryFailure, OpenLibraryOptions } from '../driver/native.js';
import { ClientLibraryError, type ClientLibraryErrorCode, type LibraryAttempt } from '../errors/index.js';
import { dependenciesOf, missingDependencies, type Dependencies } from './dependencies.js';
import { inspectElf, type ElfLibrary } from './elf.js';
import { nodeFileSystem, type LibraryFileSystem } from './file-system.js';
import { clientLibraryCandidates, type Candidate, type ClientLibraryOptions } from './search.js';

export type OpenLibrary = (path: string, options: OpenLibraryOptions) => NativeLibrary;

export interface LoadedLibrary {
  readonly library: NativeLibrary;
  /** What led to it. */
  readonly source: string;
  /** Why this one, in words. */
  readonly reason: string;
  /** What was tried before it, in order. */
  readonly attempts: readonly LibraryAttempt[];
}

/** The machine that this runs on; tests give another. */
export interface LoaderHost {
  fileSystem: LibraryFileSystem;
  platform: NodeJS.Platform;
  arch: string;
}

const THIS_HOST: LoaderHost = { fileSystem: nodeFileSystem, platform: process.platform, arch: process.arch };

/** By `process.arch`: what a library must be built for. */
const ARCHITECTURES: Readonly<Record<string, Pick<ElfLibrary, 'machine' | 'bits' | 'littleEndian'>>> = {
  x64: { machine: 'x86_64', bits: 64, littleEndian: true },
  ia32: { machine: 'i386', bits: 32, littleEndian: true },
  arm64: { machine: 'aarch64', bits: 64, littleEndian: true },
  arm: { machine: 'arm', bits: 32, littleEndian: true },
  loong64: { machine: 'loongarch', bits: 64, littleEndian: true },
  mipsel: { machine: 'mips', bits: 32, littleEndian: true },
  mips64el: { machine: 'mips', bits: 64, littleEndian: true },
  ppc64: { machine: 'ppc64', bits: 64, littleEndian: true },
  riscv64: { machine: 'riscv', bits: 64, littleEndian: true },
  s390x: { machine: 's390x', bits: 64, littleEndian: false },
};

interface Failure {
  code: ClientLibraryErrorCode;
  reason: string;
}

/**
 * Opens the first client library that works; `clientLibraryCandidates` has the order. Throws a ClientLibraryError
 * that lists every attempt with its reason, and a UsageError where a relative path was given.
 *
 * `KINGBASE_NATIVE_NO_DEEPBIND=1` leaves the library bound to Node's OpenSSL where the names are the same. It is for
 * sanitizers only, which refuse RTLD_DEEPBIND: a library that brings its own OpenSSL crashes with it.
 */
export function loadClientLibrary(
  openLibrary: OpenLibrary,
  options: ClientLibraryOptions = {},
  environment: NodeJS.ProcessEnv = process.env,
  host: LoaderHost = THIS_HOST,
): LoadedLibrary {
  const candidates = clientLibraryCandidates(options, environment, host.fileSystem, host.platform);
  const isolate = environment['KINGBASE_NATIVE_NO_DEEPBIND'] !== '1';
  const attempts: LibraryAttempt[] = [];
  const failures: Failure[] = [];
  const tried = new Set<string>();
  for (const candidate of candidates) {
    if (candidate.kind === 'file') {
      // libkci.so, libkci.so.5 and libkci.so.5.12 are usually one file: one line about it is enough.
      const real = realPath(candidate.path, host.fileSystem);
      if (tried.has(real)) continue;
      tried.add(real);
    }
    const result = tryCandidate(candidate, openLibrary, isolate, environment, host);
    if ('library' in result) {
      return {
        library: result.library,
        source: candidate.source,
        reason: whyThis(candidate, attempts),
        attempts,
      };
    }
    failures.push(result);
    attempts.push({ path: candidate.path, source: candidate.source, reason: result.reason });
  }
  throw noneUsable(candidates, attempts, failures);
}

function tryCandidate(
  { path, kind }: Candidate,
  openLibrary: OpenLibrary,
  isolate: boolean,
  environment: NodeJS.ProcessEnv,
  { fileSystem, arch }: LoaderHost,
): { library: NativeLibrary } | Failure {
  let dependencies: Dependencies = { beside: [], elsewhere: [] };
  let machine = '';
  if (kind === 'file') {
    let bytes: Uint8Array;
    try {
      bytes = fileSystem.readFile(path);
    } catch (error) {
      return unreadable(error);
    }
    const elf = inspectElf(bytes);
    if (!elf.ok) return { code: 'KB_LIBRARY_NOT_A_LIBRARY', reason: elf.reason };
    const own = ARCHITECTURES[arch];
    const fits = (other: ElfLibrary): boolean =>
      // An architecture that is not listed is left to the dynamic linker to judge.
      own === undefined ||
      (other.machine === own.machine && other.bits === own.bits && other.littleEndian === own.littleEndian);
    if (own !== undefined && !fits(elf)) {
      return {
        code: 'KB_LIBRARY_WRONG_ARCHITECTURE',
        reason: `is built for ${describe(elf, own)}, this process is ${describe(own, elf)}`,
      };
    }
    machine = elf.machine;
    dependencies = dependenciesOf(path, elf, fileSystem, fits);
  }
  try {
    return { library: openLibrary(path, { companions: dependencies.beside, isolate }) };
  } catch (error) {
    if (!isOpenLibraryFailure(error)) throw error;
    return openFailure(error, path, () =>
      missingDependencies(dependencies, environment, fileSystem, machine),
    );
  }
}

type Architecture = Pick<ElfLibrary, 'machine' | 'bits' | 'littleEndian'>;

function describe(one: Architecture, other: Architecture): string {
  if (one.machine !== other.machine) return one.machine;
  if (one.bits !== other.bits) return `${one.bits}-bit ${one.machine}`;
  return `${one.littleEndian ? 'little' : 'big'}-endian ${one.machine}`;
}

function unreadable(error: unknown): Failure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return { code: 'KB_LIBRARY_NOT_FOUND', reason: 'does not exist' };
    case 'EACCES':
    case 'EPERM':
      return { code: 'KB_LIBRARY_LOAD_FAILED', reason: 'cannot be read: permission denied' };
    case 'EISDIR':
      return { code: 'KB_LIBRARY_NOT_A_LIBRARY', reason: 'is not a regular file' };
    default:
      return { code: 'KB_LIBRARY_LOAD_FAILED', reason: `cannot be read (${code})` };
  }
}

function isOpenLibraryFailure(error: unknown): error is OpenLibraryFailure {
  return error instanceof Error && 'failure' in error;
}

function openFailure(failure: OpenLibraryFailure, path: string, missing: () => string[]): Failure {
  switch (failure.failure) {
    case 'v7':
      return {
        code: 'KB_LIBRARY_UNSUPPORTED_VERSION',
        reason: 'is of KingbaseES V7, whose functions differ; V8 or later is needed',
      };
    case 'symbols':
      return {
        code: 'KB_LIBRARY_MISSING_SYMBOL',
        reason: `is not a usable client library: it lacks ${enumerate(failure.missing)}`,
      };
    case 'open':
      return linkerFailure(failure.message, path, missing());
  }
}

/** `words` are dlerror's, and say only the first thing that was missing. */
function linkerFailure(words: string, path: string, missing: string[]): Failure {
  const absent = /(\S+): cannot open shared object file/.exec(words)?.[1];
  if (absent === path && missing.length === 0) {
    return { code: 'KB_LIBRARY_NOT_FOUND', reason: 'was not found by the dynamic linker' };
  }
  const names = [...new Set([...missing, ...(absent === undefined || absent === path ? [] : [absent])])];
  if (names.length > 0) {
    return {
      code: 'KB_LIBRARY_MISSING_DEPENDENCY',
      reason: `needs ${enumerate(names)}, not found beside it or where the dynamic linker searches`,
    };
  }
  // "version `GLIBC_2.34' not found (required by …)"
  const code = / version .* not found/.test(words)
    ? 'KB_LIBRARY_MISSING_DEPENDENCY'
    : 'KB_LIBRARY_LOAD_FAILED';
  return { code, reason: `cannot be loaded: ${words}` };
}

function enumerate(names: readonly string[]): string {
  const shown = names.slice(0, 8).join(', ');
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}

function realPath(path: string, fileSystem: LibraryFileSystem): string {
  try {
    return fileSystem.realPath(path);
  } catch {
    return path;
  }
}

function whyThis(candidate: Candidate, attempts: readonly LibraryAttempt[]): string {
  if (candidate.explicit && attempts.length === 0) return `It is named by ${candidate.source}.`;
  if (attempts.length === 0) return `It was found in the first place searched (${candidate.source}).`;
  const before = attempts.length === 1 ? 'one place' : `${attempts.length} places`;
  return `It is the first that can be used (${candidate.source}), after ${before} without success.`;
}

const HINTS: Readonly<Record<ClientLibraryErrorCode, string>> = {
  KB_LIBRARY_NOT_FOUND:
    'Install the KingbaseES client or its libkci package on this machine, and name the library in ' +
    'KINGBASE_CLIENT_LIBRARY (a file) or KINGBASE_CLIENT_DIR, or in the clientLibrary option.',
  KB_LIBRARY_WRONG_ARCHITECTURE: 'Install the client library for the architecture of this Node.js.',
  KB_LIBRARY_MISSING_DEPENDENCY:
    "Copy the missing libraries from the vendor's package into the directory of the client library, or install them.",
  KB_LIBRARY_MISSING_SYMBOL: 'Name the libkci of KingbaseES V8 or later in KINGBASE_CLIENT_LIBRARY.',
  KB_LIBRARY_UNSUPPORTED_VERSION: 'Install the client library of KingbaseES V8 or V9.',
  KB_LIBRARY_NOT_A_LIBRARY: 'Name the library itself: libkci.so.5, or libkci.so in some packages.',
  KB_LIBRARY_LOAD_FAILED:
    'Check the permissions of the file, and that it is complete and made for this system.',
};

function noneUsable(
  candidates: readonly Candidate[],
  attempts: readonly LibraryAttempt[],
  failures: readonly Failure[],
): ClientLibraryError {
  // Candidates are in order of preference, so the first one that exists tells most.
  const code =
    failures.find((failure) => failure.code !== 'KB_LIBRARY_NOT_FOUND')?.code ?? 'KB_LIBRARY_NOT_FOUND';
  const explicit = candidates.some((candidate) => candidate.explicit);
  const summary = explicit
    ? `The client library that was named cannot be used. ${HINTS[code]} Tried:`
    : `No usable Kingbase client library was found. ${HINTS[code]} Tried:`;
  return new ClientLibraryError(code, summary, attempts, { hint: HINTS[code] });
}
