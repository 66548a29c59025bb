export type { Candidate } from './candidate.js';
export { inspectElf, type ElfInspection, type ElfLibrary } from './elf.js';
export { nodeFileSystem, type LibraryFileSystem } from './file-system.js';
export { inspectCandidates, type CandidateReport, type LoaderHost } from './inspect.js';
export { loadClientLibraryOnce } from './loaded.js';
export { loadClientLibrary, type LoadedLibrary, type OpenLibrary } from './loader.js';
export { clientLibraryCandidates, type ClientLibraryOptions } from './search.js';
