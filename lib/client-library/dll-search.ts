import { win32 } from 'node:path';
import type { MissingLibrary } from '../errors/index.js';
import { sameArchitecture, type Architecture } from './architecture.js';
import type { LibraryFileSystem } from './file-system.js';
import { inspectPe, peArchitecture, type PeLibrary } from './pe.js';
import type { Dependencies } from './dependencies.js';
import { distinctPaths, pathDirectories, windowsDirectory } from './windows-paths.js';

/** Part of every Windows that runs Node, in whatever directory it is. */
const SYSTEM_DLL = new Set(
  (
    'advapi32 bcrypt bcryptprimitives comctl32 comdlg32 combase credui crypt32 cryptbase dbghelp dnsapi fwpuclnt ' +
    'gdi32 gdi32full imm32 iphlpapi kernel32 kernelbase mpr msvcrt mswsock ncrypt netapi32 normaliz nsi ntdll ' +
    'ole32 oleaut32 powrprof profapi psapi rpcrt4 secur32 setupapi shell32 shlwapi sspicli ucrtbase urlmon user32 ' +
    'userenv version winhttp wininet winmm wintrust wldap32 ws2_32 wsock32 wtsapi32'
  )
    .split(' ')
    .map((name) => `${name}.dll`),
);

/** Names that stand for sets of functions and not for files ("Windows API sets"). */
const API_SET = /^(api|ext)-ms-/i;

/** The runtimes of Visual C++ 2005 and 2008, which Windows takes from its side-by-side store. */
const SIDE_BY_SIDE = /^(msvc[mpr]|mfcm?)(80|90)u?\.dll$/i;

type DllFinding =
  | { path: string; system: boolean }
  | { path?: undefined; searched: string[]; unfit?: NonNullable<MissingLibrary['unfit']> };

/**
 * Finds what a DLL needs in the places of Windows' usual search ("Dynamic-link library search order"): its own
 * directory, the system's, and `PATH`; but not in the current directory, which is among them.
 */
export class DllSearch {
  private readonly listings = new Map<string, ReadonlyMap<string, string>>();
  private readonly system: string;
  private readonly windows: string;
  private readonly path: string[];

  constructor(
    environment: NodeJS.ProcessEnv,
    private readonly fileSystem: LibraryFileSystem,
    private readonly own: Architecture | undefined,
  ) {
    this.windows = windowsDirectory(environment);
    // A 32-bit process sees SysWOW64 under this name.
    this.system = win32.join(this.windows, 'System32');
    this.path = pathDirectories(environment);
  }

  /** How many directories `PATH` names. */
  get pathLength(): number {
    return this.path.length;
  }

  /** `directory`: that of the DLL which is to be loaded. */
  find(name: string, directory: string): DllFinding {
    if (SYSTEM_DLL.has(name.toLowerCase()) || API_SET.test(name) || SIDE_BY_SIDE.test(name)) {
      return { path: name, system: true };
    }
    const searched = distinctPaths([directory, this.system, this.windows, ...this.path]);
    let unfit: MissingLibrary['unfit'];
    for (const place of searched) {
      const spelling = this.list(place).get(name.toLowerCase());
      if (spelling === undefined) continue;
      const path = win32.join(place, spelling);
      if (place === this.system) return { path, system: true };
      if (this.fits(path)) return { path, system: false };
      unfit ??= { path, reason: 'architecture' };
    }
    return { searched, ...(unfit === undefined ? {} : { unfit }) };
  }

  private fits(path: string): boolean {
    const head = readIfPossible(path, this.fileSystem, 4096);
    const architecture = head === undefined ? undefined : peArchitecture(head);
    if (architecture === undefined) return false;
    return this.own === undefined || sameArchitecture(architecture, this.own);
  }

  private list(directory: string): ReadonlyMap<string, string> {
    let listing = this.listings.get(directory);
    if (listing === undefined) {
      const names = this.fileSystem.listDirectory(directory);
      listing = new Map(names.map((name) => [name.toLowerCase(), name]));
      this.listings.set(directory, listing);
    }
    return listing;
  }
}

/**
 * Walks through what a DLL needs. What is found elsewhere than in System32 is its companion: opened first and by its
 * path, it is what Windows takes when the name comes up. The native side lets Windows itself look nowhere else than
 * beside the DLL and in System32, so that a DLL in the current directory is never taken.
 */
export function dllDependencies(
  path: string,
  library: PeLibrary,
  fileSystem: LibraryFileSystem,
  dlls: DllSearch,
): Dependencies {
  const directory = win32.dirname(path);
  const seen = new Set([win32.basename(path).toLowerCase()]);
  const found: Dependencies = { companions: [], missing: [] };

  const visit = (pe: PeLibrary, neededBy: string, delayed: boolean): void => {
    visitNames([...pe.imports, ...pe.forwards], neededBy, delayed);
    visitNames(pe.delayImports, neededBy, true);
  };
  const visitNames = (names: readonly string[], neededBy: string, delayed: boolean): void => {
    for (const name of names) {
      if (seen.has(name.toLowerCase())) continue;
      seen.add(name.toLowerCase());
      const finding = dlls.find(name, directory);
      if (finding.path === undefined) {
        found.missing.push({ name, neededBy, ...finding, ...(delayed ? { delayed } : {}) });
      } else if (!finding.system) {
        const bytes = readIfPossible(finding.path, fileSystem);
        const pe = bytes === undefined ? undefined : inspectPe(bytes);
        if (pe?.ok === true) visit(pe, finding.path, delayed);
        found.companions.push(finding.path);
      }
    }
  };
  visit(library, path, false);
  return found;
}

function readIfPossible(
  path: string,
  fileSystem: LibraryFileSystem,
  length?: number,
): Uint8Array | undefined {
  try {
    return fileSystem.readFile(path, length);
  } catch {
    return undefined;
  }
}
