/** Loads a client library as the driver does, over files that a test makes up. */
import type { NativeLibrary, OpenLibraryFailure, OpenLibraryOptions } from '../../../lib/addon/interface.js';
import {
  inspectCandidates,
  loadClientLibrary,
  type CandidateReport,
  type ClientLibraryOptions,
  type LoadedLibrary,
  type OpenLibrary,
} from '../../../lib/client-library/index.js';
import { ClientLibraryError } from '../../../lib/errors/index.js';
import { fakeFileSystem } from './fixtures.js';

export type Files = Parameters<typeof fakeFileSystem>[0];

export function failure(
  message: string,
  kind: OpenLibraryFailure['failure'] = 'open',
  missing: string[] = [],
): Error {
  return Object.assign(new Error(message), { failure: kind, missing });
}

export const notFound = (path: string): Error =>
  failure(`${path}: cannot open shared object file: No such file or directory`);

export interface Run {
  opened: { path: string; options: OpenLibraryOptions }[];
  loaded?: LoadedLibrary;
  error?: ClientLibraryError;
}

type LoadingHost = NonNullable<Parameters<typeof loadClientLibrary>[3]>;

/** `answers`: what opening a path gives; anything else fails as `otherwise` says. */
export function runOn(
  host: LoadingHost,
  answers: Record<string, 'ok' | Error>,
  otherwise: (path: string) => Error,
  options: ClientLibraryOptions,
  environment: NodeJS.ProcessEnv,
): Run {
  const opened: Run['opened'] = [];
  const open: OpenLibrary = (path, openOptions) => {
    opened.push({ path, options: openOptions });
    const answer = answers[path] ?? otherwise(path);
    if (answer !== 'ok') throw answer;
    return { path } as NativeLibrary;
  };
  try {
    return { opened, loaded: loadClientLibrary(open, options, environment, host) };
  } catch (error) {
    if (error instanceof ClientLibraryError) return { opened, error };
    throw error;
  }
}

/** On Linux; what has no answer is not found. */
export function run(
  files: Files,
  answers: Record<string, 'ok' | Error>,
  options: ClientLibraryOptions = {},
  environment: NodeJS.ProcessEnv = {},
  arch = 'x64',
): Run {
  const host = { fileSystem: fakeFileSystem(files), platform: 'linux' as const, arch };
  return runOn(host, answers, notFound, options, environment);
}

export const KCI = '/kb/libkci.so.5';

export function inspect(
  files: Files,
  environment: NodeJS.ProcessEnv = {},
  options: ClientLibraryOptions = { path: KCI },
  arch = 'x64',
): CandidateReport[] {
  const host = { fileSystem: fakeFileSystem(files), platform: 'linux' as const, arch };
  return [...inspectCandidates(options, environment, host)];
}
