import { createHash } from 'node:crypto';
import { loadClientLibrary, type LoadedLibrary, type OpenLibrary } from './loader.js';
import type { ClientLibraryOptions } from './search.js';

/** By what was asked for and all that decides on where it is found. */
const loaded = new Map<string, LoadedLibrary>();

/**
 * As `loadClientLibrary`, but looks only once for the same choice in the same environment: a process keeps a library that it
 * has loaded, and looking takes longer than a connection. A search that found nothing is made again.
 */
export function loadClientLibraryOnce(
  openLibrary: OpenLibrary,
  { path, directory, fallback }: ClientLibraryOptions = {},
  environment: NodeJS.ProcessEnv = process.env,
): LoadedLibrary {
  // A digest, since variables can hold passwords.
  const key = createHash('sha256')
    .update(JSON.stringify([path, directory, fallback, Object.entries(environment)]))
    .digest('base64');
  let library = loaded.get(key);
  if (library === undefined) {
    library = loadClientLibrary(openLibrary, { path, directory, fallback }, environment);
    loaded.set(key, library);
  }
  return library;
}
