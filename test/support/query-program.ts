import type { ClientLibraryInfo, ConnectionConfig, LibraryAttempt } from 'kingbase-native';
import { outputOf, runProgram, type ProgramEnd, type ProgramOptions } from './run-program.js';

/** What the program query.mjs prints. */
export interface QueryOutput {
  library?: ClientLibraryInfo;
  tls?: { protocol: string; cipher: string };
  rows?: unknown[];
  error?: { name: string; code: string; message: string; hint?: string; attempts?: LibraryAttempt[] };
  /** Paths of the shared libraries in the process. */
  mapped: string[];
}

/** What a query in a process of its own gives. */
export function queryElsewhere(config: ConnectionConfig, options?: ProgramOptions): Promise<QueryOutput> {
  return outputOf('query', config, options);
}

/** The same where the process may not survive it. */
export function tryQueryElsewhere(
  config: ConnectionConfig,
  options?: ProgramOptions,
): Promise<ProgramEnd<QueryOutput>> {
  return runProgram('query', config, options);
}
