import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { nativeDirectory, oldLibraryDirectory } from './postgres-package.js';

/**
 * Builds libraries that take the place of Kingbase's client library in tests.
 *
 * The stand-in is not a wrapper: it is libpq 12, which V8R6's and V9's libkci is made of, with its symbols renamed
 * to Kingbase's spellings in the object files. So it has the vendor's names and none of libpq's, and the
 * vendor's own OpenSSL 1.1 beside it, the source of crashes in a Node process that has another OpenSSL.
 * It lacks what Kingbase added (such as KCIStatementExecutePrepared_ext).
 *
 * There are two, since one minor release hides what another does: V8R6 and V9 are made of 12.1. Release 12.10 is the
 * oldest that there is, and like the vendor's older libraries it still says "busy" after it has closed its socket. It
 * speaks TLS up to 1.2, and no GSSAPI.
 */
export interface StandIn {
  /** Absolute path of `libkci.so.5`. */
  readonly path: string;
  /** The directory that holds it, and nothing but it and the libraries it needs. */
  readonly directory: string;
}

/**
 * - `missing-symbol`: the stand-in without KCIConnectionPoll;
 * - `missing-dependency`: needs a library `libkingbase_absent.so.7`, which does not exist;
 * - `v7`: has the names of the library of V7, which the driver refuses, and functions that do nothing.
 */
export type BrokenLibrary = 'missing-symbol' | 'missing-dependency' | 'v7';

const root = dirname(__dirname);
const symbolTable = join(root, 'test', 'support', 'kci-symbols.tsv');
const libraryName = 'libkci.so.5';
const archives = ['libpq.a', 'libpgcommon_shlib.a', 'libpgport_shlib.a'] as const;

/** The minor release of PostgreSQL 12 that a stand-in is made of. */
export type StandInRelease = '12.22' | '12.10';

interface Release {
  /** Holds the static archives and OpenSSL. */
  readonly directory: () => string;
  readonly openSsl: readonly string[];
}

const releases: Readonly<Record<StandInRelease, Release>> = {
  '12.22': {
    directory: () => join(nativeDirectory(12), 'lib'),
    openSsl: ['libssl.so.1.1', 'libcrypto.so.1.1'],
  },
  '12.10': {
    directory: () => join(oldLibraryDirectory(), 'lib'),
    openSsl: ['libssl.so.1.0.0', 'libcrypto.so.1.0.0'],
  },
};

interface SymbolRow {
  readonly libpq: string;
  readonly kci: string;
  readonly inV7: boolean;
  readonly inV8R6: boolean;
}

function readSymbols(): SymbolRow[] {
  const [header = '', ...lines] = readFileSync(symbolTable, 'utf8').trimEnd().split('\n');
  const columns = header.split('\t');
  return lines.map((line) => {
    const cells = line.split('\t');
    const cell = (column: string): string => cells[columns.indexOf(column)] ?? '';
    return {
      libpq: cell('libpq'),
      kci: cell('kci'),
      inV7: cell('v7_header') === 'yes',
      inV8R6: cell('v8r6_header') === 'yes',
    };
  });
}

const execute = promisify(execFile);

const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** Finds the build tools in PATH; tells all that are missing at once. */
function findTools(): { compiler: string; objcopy: string; nm: string } {
  const directories = (process.env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '');
  const find = (...names: string[]): string | undefined =>
    names.find((name) => directories.some((directory) => isExecutable(join(directory, name))));
  const compiler = find('cc', 'gcc', 'c++', 'g++', 'clang');
  const objcopy = find('objcopy');
  const nm = find('nm');
  if (compiler && objcopy && nm) return { compiler, objcopy, nm };
  const missing = [!compiler && 'a C compiler (cc)', !objcopy && 'objcopy', !nm && 'nm'].filter(Boolean);
  throw new Error(
    `The stand-in for Kingbase's client library cannot be built because of missing tools: ${missing.join(', ')}. ` +
      `Install them: "apt-get install g++ binutils" on Debian and Ubuntu, "dnf install gcc-c++ binutils" on ` +
      `RHEL and its relatives.`,
  );
}

/**
 * Gives a library that depends on nothing but `inputs`, and builds it only if they changed. It is built in a directory
 * beside and then renamed, so that processes that need it at the same time never see half of it.
 */
async function cached(
  label: string,
  inputs: readonly string[],
  build: (directory: string) => Promise<void>,
): Promise<StandIn> {
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}`);
  for (const file of [__filename, symbolTable, ...inputs]) hash.update(readFileSync(file));
  const cache = join(root, 'build', 'stand-in-libkci');
  const directory = join(cache, `${label}-${hash.digest('hex').slice(0, 16)}`);
  const result = { path: join(directory, libraryName), directory };
  if (existsSync(result.path)) return result;
  if (process.platform !== 'linux') {
    throw new Error("The stand-in for Kingbase's client library can be built on Linux only.");
  }
  mkdirSync(cache, { recursive: true });
  const unfinished = mkdtempSync(join(cache, 'unfinished-'));
  try {
    await build(unfinished);
    chmodSync(unfinished, 0o755);
    chmodSync(join(unfinished, libraryName), 0o755);
    renameSync(unfinished, directory);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(result.path)) throw error;
  }
  return result;
}

async function buildRenamedLibpq(
  label: string,
  hidden: readonly string[] = [],
  added?: { name: string; source: string },
  release: StandInRelease = '12.22',
): Promise<StandIn> {
  const { directory: find, openSsl } = releases[release];
  const lib = find();
  const inputs = [...archives, ...openSsl].map((file) => join(lib, file));
  return cached(label, inputs, async (directory) => {
    const tools = findTools();
    const work = join(directory, 'work');
    mkdirSync(work);
    const listing = await execute(tools.nm, [
      '--extern-only',
      '--defined-only',
      '--format=posix',
      ...archives.map((file) => join(lib, file)),
    ]);
    const defined = new Set(listing.stdout.split('\n').map((line) => line.split(' ')[0]));
    const symbols = readSymbols().filter(({ inV8R6, libpq }) => inV8R6 && defined.has(libpq));

    const renames = symbols.filter(({ libpq, kci }) => libpq !== kci);
    const renamesFile = join(work, 'renames');
    writeFileSync(renamesFile, renames.map(({ libpq, kci }) => `${libpq} ${kci}\n`).join(''));
    for (const archive of archives) {
      await execute(tools.objcopy, [
        `--redefine-syms=${renamesFile}`,
        join(lib, archive),
        join(work, archive),
      ]);
    }
    const exported = symbols.map(({ kci }) => kci).filter((name) => !hidden.includes(name));
    const sources: string[] = [];
    if (added !== undefined) {
      exported.push(added.name);
      const file = join(work, 'added.c');
      writeFileSync(file, added.source);
      sources.push(file);
    }
    const versionScript = join(work, 'exports.map');
    writeFileSync(versionScript, `{ global: ${exported.join('; ')}; local: *; };\n`);

    for (const library of openSsl) {
      copyFileSync(join(lib, library), join(directory, library));
      chmodSync(join(directory, library), 0o755);
    }
    const [libpq, ...helpers] = archives.map((archive) => join(work, archive));
    await execute(tools.compiler, [
      '-shared',
      '-fPIC',
      '-o',
      join(directory, libraryName),
      ...sources,
      `-Wl,-soname,${libraryName}`,
      `-Wl,--version-script=${versionScript}`,
      '-Wl,-z,defs',
      '-Wl,--enable-new-dtags,-rpath,$ORIGIN',
      '-Wl,--whole-archive',
      libpq ?? '',
      '-Wl,--no-whole-archive',
      ...helpers,
      ...openSsl.map((library) => join(directory, library)),
      '-lpthread',
    ]);
    rmSync(work, { recursive: true });
  });
}

async function compile(
  directory: string,
  output: string,
  source: string,
  options: readonly string[],
): Promise<void> {
  const file = join(directory, 'source.c');
  writeFileSync(file, source);
  await execute(findTools().compiler, ['-shared', '-fPIC', '-o', join(directory, output), file, ...options]);
  rmSync(file);
}

const soname = [`-Wl,-soname,${libraryName}`];

/** Builds the stand-in, or finds it built. Throws an Error that names the missing tools. */
export function buildStandIn(release: StandInRelease = '12.22'): Promise<StandIn> {
  const label = release === '12.22' ? 'complete' : `complete-${release}`;
  return buildRenamedLibpq(label, [], undefined, release);
}

/** Builds a stand-in that lacks an entry point which the driver can do without. */
export function buildStandInWithout(symbol: string): Promise<StandIn> {
  return buildRenamedLibpq(`without-${symbol}`, [symbol]);
}

/**
 * Builds a stand-in with the multi-row Bind's entry point. It does not send Kingbase's message, which no server here
 * understands, but inserts the rows one by one and the last as the library would; it insists on what the genuine one
 * needs: at least one row, and formats.
 */
export function buildStandInWithRowsBind(): Promise<StandIn> {
  return buildRenamedLibpq('with-rows-bind', [], {
    name: 'KCIStatementSendPrepared_ext',
    source: `
      #include <stddef.h>
      typedef struct connection connection;
      typedef struct result result;
      extern result *KCIStatementExecutePrepared(connection *, const char *, int, const char *const *, const int *,
                                                 const int *, int);
      extern int KCIStatementSendPrepared(connection *, const char *, int, const char *const *, const int *,
                                          const int *, int);
      extern int KCIResultGetStatusCode(const result *);
      extern void KCIResultDealloc(result *);
      int KCIStatementSendPrepared_ext(connection *c, const char *name, int count, const char *const *values,
                                       const int *lengths, const int *formats, int result_format, int rows) {
        if (rows < 1 || count > 32767 || (rows > 1 && formats == NULL)) return 0;
        for (int row = 0; row < rows - 1; row++) {
          const int from = row * count;
          result *inserted = KCIStatementExecutePrepared(c, name, count, values + from, lengths + from,
                                                         formats + from, result_format);
          const int ok = KCIResultGetStatusCode(inserted) == 1;
          KCIResultDealloc(inserted);
          if (!ok) return 0;
        }
        const int last = (rows - 1) * count;
        return KCIStatementSendPrepared(c, name, count, values + last, lengths + last, formats + last, result_format);
      }
    `,
  });
}

/** Builds a library that cannot be used, for tests of the messages about it. */
export function buildBrokenLibrary(kind: BrokenLibrary): Promise<StandIn> {
  switch (kind) {
    case 'missing-symbol':
      return buildRenamedLibpq(kind, ['KCIConnectionPoll']);
    case 'missing-dependency':
      return cached(kind, [], async (directory) => {
        const absent = 'libkingbase_absent.so.7';
        await compile(directory, absent, 'int absent;\n', [`-Wl,-soname,${absent}`]);
        await compile(directory, libraryName, 'int present;\n', [
          ...soname,
          '-Wl,--no-as-needed',
          join(directory, absent),
        ]);
        rmSync(join(directory, absent));
      });
    case 'v7':
      return cached(kind, [], async (directory) => {
        const names = readSymbols()
          .filter(({ inV7 }) => inV7)
          .map(({ kci }) => kci);
        const source = names.map((name) => `void *${name}(void) { return 0; }\n`).join('');
        await compile(directory, libraryName, source, [...soname, '-fno-builtin']);
      });
  }
}
