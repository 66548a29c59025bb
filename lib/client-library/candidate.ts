import type { LibraryFileSystem } from './file-system.js';

/** A place where the client library may be. */
export interface Candidate {
  /** An absolute path, or for the other kinds a bare name. */
  readonly path: string;
  /** What led here, in words. */
  readonly source: string;
  /** The user named it: when it cannot be used that is an error, and nothing else is tried. */
  readonly explicit: boolean;
  readonly kind: CandidateKind;
  /** Of what is open to all: what `KINGBASE_HOME` would have to name for it to be used. */
  readonly home?: string;
}

/**
 * `name`: the dynamic linker is to look for it. `absent`: a name that was looked for in a list of directories and is
 * in none of them. `open-to-all`: a file in a directory that any user of the machine may have made; it is told of, and
 * not loaded.
 */
export type CandidateKind = 'file' | 'name' | 'absent' | 'open-to-all';

/** Where the libraries of one operating system are. */
export interface Places {
  /** The path means the same file whatever the current directory is. */
  isFixed(path: string): boolean;
  /** The client libraries in a directory, best first. */
  librariesIn(directory: string, fileSystem: LibraryFileSystem): string[];
  /** Where one would be expected in a directory, for the error that says where was looked. */
  expectedIn(directory: string): string;
  /** The candidates where nothing is named explicitly. */
  search(
    environment: NodeJS.ProcessEnv,
    fileSystem: LibraryFileSystem,
    fallback: boolean,
  ): Iterable<Candidate>;
}

/** What can lead to a candidate, besides environment variables, which are called by their names. */
export const SOURCE = {
  option: 'option clientLibrary',
  installation: 'installation directory',
  linker: 'system library path',
  linkerFallback: "PostgreSQL's libpq, system library path",
  path: 'PATH',
  pathFallback: "PostgreSQL's libpq, PATH",
} as const;

const IN_CHINESE: Readonly<Record<string, string | undefined>> = {
  [SOURCE.option]: 'clientLibrary 选项',
  [SOURCE.installation]: '安装目录',
  [SOURCE.linker]: '系统库路径',
  [SOURCE.linkerFallback]: 'PostgreSQL 的 libpq，系统库路径',
  [SOURCE.pathFallback]: 'PostgreSQL 的 libpq，PATH',
};

export function sourceInChinese(source: string): string {
  return IN_CHINESE[source] ?? source;
}

export function fileCandidate(path: string, source: string, explicit = false): Candidate {
  return { path, source, explicit, kind: 'file' };
}

/** Of the names in a directory those of versions (`V9`, `V8R6`), the newest first. */
export function versionsNewestFirst(names: readonly string[]): string[] {
  return names.filter((name) => /^V\d/i.test(name)).sort(newestFirst);
}

/** `V009R010` before `V009R002`, `libkci.so.5.12` before `libkci.so.5.9`. */
export function newestFirst(a: string, b: string): number {
  return b.localeCompare(a, 'en', { numeric: true });
}
