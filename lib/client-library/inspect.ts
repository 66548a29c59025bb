import type { LibraryAttempt, MissingLibrary } from '../errors/index.js';
import { architectureName, processArchitecture } from './architecture.js';
import { sourceInChinese, type Candidate, type CandidateKind } from './candidate.js';
import { DllSearch } from './dll-search.js';
import type { FileFindings } from './findings.js';
import { inspectElfFile } from './inspect-elf.js';
import { inspectPeFile } from './inspect-pe.js';
import { nodeFileSystem, realPath, type LibraryFileSystem } from './file-system.js';
import { LinkerSearch } from './linker-search.js';
import { notFoundByLinker, notOnPath, openToAll, type Problem } from './problems.js';
import { clientLibraryCandidates, type ClientLibraryOptions } from './search.js';
import { identity } from './windows-paths.js';

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
  /** The file, links followed; for a bare name the one that is found where the dynamic linker searches. */
  readonly file?: string;
  /** Absolute path that is opened. */
  readonly opens: string;
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
  const inspect =
    platform === 'win32' ? windowsInspector(environment, host) : elfInspector(environment, host);
  const reported = new Set<string>();
  for (const candidate of clientLibraryCandidates(options, environment, fileSystem, platform)) {
    if (candidate.kind === 'file') {
      // libkci.so, libkci.so.5 and libkci.so.5.12 are usually one file: one line about it is enough.
      const real = realPath(candidate.path, fileSystem);
      const key = platform === 'win32' ? identity(real) : real;
      if (reported.has(key)) continue;
      reported.add(key);
    }
    yield report(candidate, inspect(candidate));
  }
}

type Inspector = (candidate: Candidate) => FileFindings;

function elfInspector(environment: NodeJS.ProcessEnv, { fileSystem, arch }: LoaderHost): Inspector {
  const own = processArchitecture(arch);
  const linker = new LinkerSearch(environment, fileSystem, own);
  return ({ path, kind }) => {
    if (kind === 'file') return inspectElfFile(path, own, fileSystem, linker);
    // The linker itself is never given a bare name: with an empty entry in LD_LIBRARY_PATH it would look in the current
    // directory, where anybody may have put a file. What is found here is opened by its absolute path.
    const found = linker.find(path).path;
    if (found === undefined) {
      return { exists: false, problem: notFoundByLinker(linker.relativeEntries), refused: true };
    }
    const findings = inspectElfFile(found, own, fileSystem, linker, { companions: false });
    return { ...findings, opens: found };
  };
}

function windowsInspector(environment: NodeJS.ProcessEnv, { fileSystem, arch }: LoaderHost): Inspector {
  const own = processArchitecture(arch);
  const dlls = new DllSearch(environment, fileSystem, own);
  return ({ path, kind, home }) => {
    if (kind === 'absent') return { exists: false, problem: notOnPath(dlls.pathLength), refused: true };
    const findings = inspectPeFile(path, own, fileSystem, dlls);
    return home === undefined || !findings.exists
      ? findings
      : { ...findings, problem: openToAll(home), refused: true };
  };
}

function report({ path, source, explicit, kind }: Candidate, findings: FileFindings): CandidateReport {
  const { exists, file, format, architecture, flavour, version, companions = [], missing = [] } = findings;
  return {
    path,
    source,
    explicit,
    kind,
    exists,
    opens: findings.opens ?? path,
    verdict: findings.problem === undefined ? 'usable' : findings.refused ? 'unusable' : 'doubtful',
    companions,
    missing,
    ...(file === undefined ? {} : { file }),
    ...(format === undefined ? {} : { format }),
    ...(architecture === undefined ? {} : { architecture: architectureName(architecture) }),
    ...(flavour === undefined ? {} : { flavour }),
    ...(version === undefined ? {} : { version }),
    ...explanation(source, findings.problem),
  };
}

type Explanation = Pick<LibraryAttempt, 'reason' | 'code' | 'remedy' | 'chinese'>;

/** The part of a report that says in words what is wrong. */
export function explanation(candidateSource: string, problem: Problem | undefined): Explanation {
  const source = sourceInChinese(candidateSource);
  if (problem === undefined) {
    return {
      reason: 'can be loaded, as far as its header tells',
      chinese: { source, reason: '从文件头看可以加载' },
    };
  }
  const { code, reason, remedy } = problem;
  return {
    code,
    reason: reason.en,
    remedy: remedy.en,
    chinese: { source, reason: reason.zh, remedy: remedy.zh },
  };
}
