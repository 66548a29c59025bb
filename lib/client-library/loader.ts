import { isError } from '../base/is-error.js';
import type { NativeLibrary, OpenLibraryFailure, OpenLibraryOptions } from '../addon/interface.js';
import { ClientLibraryError, type LibraryAttempt } from '../errors/index.js';
import {
  explanation,
  inspectCandidates,
  THIS_HOST,
  type CandidateReport,
  type LoaderHost,
} from './inspect.js';
import { openProblem } from './open-problem.js';
import { generalRemedy } from './remedies.js';
import type { ClientLibraryOptions } from './search.js';
import { loadablePath } from './windows-paths.js';

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
  const isolate = environment['KINGBASE_NATIVE_NO_DEEPBIND'] !== '1';
  const attempts: CandidateReport[] = [];
  for (const report of inspectCandidates(options, environment, host)) {
    if (report.verdict === 'unusable') {
      attempts.push(report);
      continue;
    }
    try {
      const loadable = host.platform === 'win32' ? loadablePath : (path: string): string => path;
      const companions = report.companions.map(loadable);
      const library = openLibrary(loadable(report.opens), { companions, isolate });
      return { library, source: report.source, reason: whyThis(report, attempts), attempts };
    } catch (error) {
      if (!isOpenLibraryFailure(error)) throw error;
      attempts.push({ ...report, ...explanation(report.source, openProblem(error, report)) });
    }
  }
  throw noneUsable(attempts);
}

function isOpenLibraryFailure(error: unknown): error is OpenLibraryFailure {
  return isError(error) && 'failure' in error;
}

function whyThis(candidate: CandidateReport, attempts: readonly LibraryAttempt[]): string {
  if (candidate.explicit && attempts.length === 0) return `It is named by ${candidate.source}.`;
  if (attempts.length === 0) return `It was found in the first place searched (${candidate.source}).`;
  const before = attempts.length === 1 ? 'one place' : `${attempts.length} places`;
  return `It is the first that can be used (${candidate.source}), after ${before} without success.`;
}

function noneUsable(attempts: readonly CandidateReport[]): ClientLibraryError {
  // Candidates are in order of preference, so the first one that exists tells most.
  const telling = attempts.find(({ code }) => code !== 'KB_LIBRARY_NOT_FOUND') ?? attempts[0];
  const code = telling?.code ?? 'KB_LIBRARY_NOT_FOUND';
  const hint = telling?.remedy ?? generalRemedy(code).en;
  const what = attempts.some(({ explicit }) => explicit)
    ? 'The client library that was named cannot be used.'
    : 'No usable Kingbase client library was found.';
  return new ClientLibraryError(code, `${what} ${hint} Tried:`, attempts, { hint });
}
