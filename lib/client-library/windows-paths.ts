import { win32 } from 'node:path';

/**
 * A path that means the same file whatever the current directory and drive are: `C:\…`, `\\server\share\…`,
 * `\\?\C:\…`. Node's `isAbsolute` takes `\…` for absolute as well, which is relative to the current drive.
 */
export function isFixedPath(path: string): boolean {
  return /^([a-z]:[\\/]|[\\/]{2}[^\\/]+[\\/]+[^\\/]+)/i.test(path);
}

/** Windows' names of variables and files know no case, unlike the keys of a copied environment. */
export function windowsVariable(environment: NodeJS.ProcessEnv, name: string): string | undefined {
  const exact = environment[name];
  if (exact !== undefined) return exact;
  const wanted = name.toLowerCase();
  return Object.entries(environment).find(([key]) => key.toLowerCase() === wanted)?.[1];
}

/**
 * The directories of `PATH`, each once. Entries may be quoted, which is how one of them can hold a semicolon. Empty
 * and relative ones mean the current directory, where anybody may have put a library, and are left out.
 */
export function pathDirectories(environment: NodeJS.ProcessEnv): string[] {
  const entries = (windowsVariable(environment, 'PATH') ?? '').match(/(?:"[^"]*"?|[^;"])+/g) ?? [];
  const directories = entries
    .map((entry) => entry.replaceAll('"', '').trim())
    .filter(isFixedPath)
    .map((entry) => win32.normalize(entry));
  return distinctPaths(directories);
}

/** What two spellings of a path have in common. */
export function identity(path: string): string {
  return path.toLowerCase().replace(/[\\/]+$/, '');
}

/** Without those that are only another spelling of an earlier one. */
export function distinctPaths(paths: readonly string[]): string[] {
  const seen = new Set<string>();
  return paths.filter((path) => {
    const key = identity(path);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** Where Windows is, by the environment or where it usually is. */
export function windowsDirectory(environment: NodeJS.ProcessEnv): string {
  const root = windowsVariable(environment, 'SystemRoot') ?? windowsVariable(environment, 'windir');
  return root !== undefined && isFixedPath(root) ? root : 'C:\\Windows';
}

/** MAX_PATH, less what a DLL's own look-up may append. */
const LONG = 248;

/** A path as LoadLibraryEx needs it: with backslashes, and a long one with the prefix that lifts the limit. */
export function loadablePath(path: string): string {
  return path.length < LONG ? win32.normalize(path) : win32.toNamespacedPath(path);
}
