import type { CallLimits } from './calls/options.js';
import type { Queryable } from './queryable.js';

/** What a server says of itself. */
export interface ServerInfo {
  /** The whole text of `select version()`. */
  version: string;
  product: 'KingbaseES' | 'PostgreSQL' | 'unknown';
  /** KingbaseES: such as `V009R001C010`; else the number the text begins with. */
  release: string;
  /** `server_version_num`: the generation of the kernel, 120001 for 12.1 (V8R6 and V9 report that). */
  serverVersionNum: number;
  /** KingbaseES: `pg`, `oracle`, `mysql` or `sqlserver`; undefined elsewhere. */
  databaseMode: string | undefined;
  /** Whether names and text compare without regard to case; undefined where the server has no such switch. */
  caseInsensitive: boolean | undefined;
  encoding: string;
}

/**
 * Settings that a server does not have read as NULL. `enable_ci` is V8R6's and V9's switch by the vendor's manual; V8R3
 * has a switch too, whose setting's name could not be confirmed.
 */
const QUESTION = `SELECT version() AS version,
  current_setting('server_version_num') AS kernel,
  current_setting('server_encoding') AS encoding,
  current_setting('database_mode', true) AS mode,
  current_setting('enable_ci', true) AS ci`;

export async function readServerInfo(queryable: Queryable, limits?: CallLimits): Promise<ServerInfo> {
  const row = await queryable.queryRow<
    Record<'version' | 'kernel' | 'encoding' | 'mode' | 'ci', string | null>
  >(QUESTION, [], limits);
  const version = row?.version ?? '';
  const kingbase = /V\d{3}R\d{3}C\d{3}(?:B\d{4})?(?:PS\d{3})?/.exec(version);
  const postgres = /^PostgreSQL (\S+)/.exec(version);
  return {
    version,
    product: kingbase !== null ? 'KingbaseES' : postgres !== null ? 'PostgreSQL' : 'unknown',
    release: kingbase?.[0] ?? postgres?.[1] ?? '',
    serverVersionNum: Number(row?.kernel ?? 0),
    databaseMode: row?.mode ?? undefined,
    caseInsensitive: row?.ci === null || row?.ci === undefined ? undefined : row.ci === 'on',
    encoding: row?.encoding ?? '',
  };
}
