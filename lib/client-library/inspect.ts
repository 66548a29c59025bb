import type { LibraryAttempt, MissingLibrary } from '../errors/index.js';
import { architectureName, processArchitecture } from './architecture.js';
import { inspectElfFile, type FileFindings } from './inspect-elf.js';
import { nodeFileSystem, type LibraryFileSystem } from './file-system.js';
import { LinkerSearch } from './linker-search.js';
import { NOT_FOUND_BY_LINKER, type Problem } from './problems.js';
import {
  clientLibraryCandidates,
  type Candidate,
  type CandidateKind,
  type ClientLibraryOptions,
} from './search.js';

/** The machine that this runs on; tests give another. */
export interface LoaderHost {
  fileSystem: LibraryFileSystem;
  platform: NodeJS.Platform;
  /** As `process.arch`. */
  arch: string;
}

export const THIS_HOST: LoaderHost = {
  fileSystem: nodeFileSystem,
  platform: process.platform,
  arch: process.arch,
};

/** What can be said of a candidate without loading anything. */
export interface CandidateReport extends LibraryAttempt {
  /** The user named it: when it cannot be used that is an error, and nothing else is tried. */
  readonly explicit: boolean;
  readonly kind: CandidateKind;
  readonly exists: boolean;
  /** The file, links followed; for a bare name the one that the dynamic linker should find. */
  readonly file?: string;
  /**
   * `usable`: nothing speaks against it. `doubtful`: it is tried, although `reason` says that it will hardly load;
   * the dynamic linker may know more. `unusable`: it is not tried.
   */
  readonly verdict: 'usable' | 'doubtful' | 'unusable';
  /** Absolute paths of its own dependencies that are opened before it, dependencies first. */
  readonly companions: readonly string[];
  readonly missing: readonly MissingLibrary[];
}

/**
 * Looks at each candidate for the client library in the order of `clientLibraryCandidates`, and says what is known of
 * it: whether it exists, for what it is built, to which family it belongs, what it needs that is missing, and what to
 * do. Nothing is loaded, and each file is read when its turn comes. Names that lead to one file are reported once.
 *
 * Throws a UsageError where a relative path was given.
 */
export function* inspectCandidates(
  options: ClientLibraryOptions = {},
  environment: NodeJS.ProcessEnv = process.env,
  host: LoaderHost = THIS_HOST,
): Generator<CandidateReport, void, undefined> {
  const { fileSystem, platform } = host;
  const own = processArchitecture(host.arch);
  const linker = new LinkerSearch(environment, fileSystem, own);
  const reported = new Set<string>();
  for (const candidate of clientLibraryCandidates(options, environment, fileSystem, platform)) {
    if (candidate.kind === 'file') {
      // libkci.so, libkci.so.5 and libkci.so.5.12 are usually one file: one line about it is enough.
      const real = realPath(candidate.path, fileSystem);
      if (reported.has(real)) continue;
      reported.add(real);
      yield report(candidate, inspectElfFile(candidate.path, own, fileSystem, linker));
    } else {
      const { path } = linker.find(candidate.path);
      // What the linker finds is its own business: it may know more directories.
      yield path === undefined
        ? report(candidate, { exists: false, problem: NOT_FOUND_BY_LINKER, refused: false })
        : report(candidate, {
            ...inspectElfFile(path, own, fileSystem, linker),
            companions: [],
            refused: false,
          });
    }
  }
}

function report({ path, source, explicit, kind }: Candidate, findings: FileFindings): CandidateReport {
  const { exists, file, format, architecture, flavour, version, companions = [], missing = [] } = findings;
  return {
    path,
    source,
    explicit,
    kind,
    exists,
    verdict: findings.problem === undefined ? 'usable' : findings.refused ? 'unusable' : 'doubtful',
    companions,
    missing,
    ...(file === undefined ? {} : { file }),
    ...(format === undefined ? {} : { format }),
    ...(architecture === undefined ? {} : { architecture: architectureName(architecture) }),
    ...(flavour === undefined ? {} : { flavour }),
    ...(version === undefined ? {} : { version }),
    ...withProblem(findings.problem),
  };
}

type Explanation = Pick<LibraryAttempt, 'reason' | 'code' | 'remedy' | 'chinese'>;

/** The part of a report that says what is wrong. */
export function withProblem(problem: Problem | undefined): Explanation {
  if (problem === undefined) {
    return { reason: 'can be loaded, as far as its header tells', chinese: { reason: '从文件头看可以加载' } };
  }
  const { code, reason, remedy } = problem;
  return { code, reason: reason.en, remedy: remedy.en, chinese: { reason: reason.zh, remedy: remedy.zh } };
}

export function realPath(path: string, fileSystem: LibraryFileSystem): string {
  try {
    return fileSystem.realPath(path);
  } catch {
    return path;
  }
}
