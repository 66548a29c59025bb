export { clientLibraryCandidates, type Candidate, type ClientLibraryOptions } from './search.js';
export { inspectElf, type ElfInspection, type ElfLibrary } from './elf.js';
export { nodeFileSystem, type LibraryFileSystem } from './file-system.js';
export { loadClientLibrary, type LoadedLibrary, type LoaderHost, type OpenLibrary } from './loader.js';
