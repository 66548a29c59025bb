/**
 * What is known of KingbaseES servers, by product line and mode, as far as the emulator imitates it. Data alone: what is
 * done with it stands in `dialect.ts` and `wire.ts`, and the types in `types.ts`.
 */

/** Product lines: V9R3 is that of MySQL, V9R4 that of SQL Server. */
export type Release = 'V8R3' | 'V8R6' | 'V9R1' | 'V9R3' | 'V9R4';
export type DatabaseMode = 'pg' | 'oracle' | 'mysql' | 'sqlserver';

export interface ReleaseFacts {
  /** The text of `version()`. */
  readonly version: string;
  /** The same without what stands around it. */
  readonly number: string;
  /** `server_version`, as it is reported, and `server_version_num`. */
  readonly serverVersion: string;
  readonly kernel: number;
  /** The modes in which a server of the line is imitated. */
  readonly modes: readonly DatabaseMode[];
  /** V8R3 has sys_catalog in the place of pg_catalog. */
  readonly pgCatalog: boolean;
}

const BUILD = 'on x86_64-pc-linux-gnu, compiled by gcc (GCC) 4.1.2 20080704 (Red Hat 4.1.2-46), 64-bit';

/** The texts of V8R6, V9R1 and V9R4 as servers have answered; the others are made after them. */
export const RELEASES: Readonly<Record<Release, ReleaseFacts>> = {
  V8R3: {
    version: `KingbaseES V008R003C002B0061 ${BUILD}`,
    number: 'V008R003C002B0061',
    serverVersion: 'V008R003C002B0061',
    kernel: 90600,
    modes: ['oracle'],
    pgCatalog: false,
  },
  V8R6: {
    version: `KingbaseES V008R006C006B0013PS003 ${BUILD}`,
    number: 'V008R006C006B0013PS003',
    serverVersion: '12.1',
    kernel: 120001,
    modes: ['pg', 'oracle', 'mysql', 'sqlserver'],
    pgCatalog: true,
  },
  V9R1: {
    version: 'KingbaseES V009R001C010',
    number: 'V009R001C010',
    serverVersion: '12.1',
    kernel: 120001,
    modes: ['pg', 'oracle', 'mysql', 'sqlserver'],
    pgCatalog: true,
  },
  V9R3: {
    version: 'KingbaseES V009R003C011',
    number: 'V009R003C011',
    serverVersion: '12.1',
    kernel: 120001,
    modes: ['mysql'],
    pgCatalog: true,
  },
  V9R4: {
    version: 'KingbaseES V009R004C014PS004',
    number: 'V009R004C014PS004',
    serverVersion: '12.1',
    kernel: 120001,
    modes: ['sqlserver'],
    pgCatalog: true,
  },
};

export interface ModeFacts {
  /** What is reported at the login. */
  readonly dateStyle: string;
  /** A bare BEGIN is a syntax error; BEGIN TRAN and BEGIN TRANSACTION are not. */
  readonly refusesBegin: boolean;
  /** There is no `||`. */
  readonly noConcatenation: boolean;
  /** There are views and functions that begin with `sys_`. */
  readonly sysCatalog: boolean;
}

const AS_POSTGRES: ModeFacts = {
  dateStyle: 'ISO, MDY',
  refusesBegin: false,
  noConcatenation: false,
  sysCatalog: true,
};

export const MODES: Readonly<Record<DatabaseMode, ModeFacts>> = {
  pg: { ...AS_POSTGRES, sysCatalog: false },
  oracle: AS_POSTGRES,
  mysql: AS_POSTGRES,
  sqlserver: { ...AS_POSTGRES, dateStyle: 'ISO, YMD', refusesBegin: true, noConcatenation: true },
};

export interface Setting {
  readonly name: string;
  /** `b`: on or off; `s`: a text; `f`: fixed; `h`: SHOW knows it, lists leave it out; `o`: off, and cannot be turned on. */
  readonly kind: string;
  readonly value: string;
}

/** The settings that PostgreSQL does not have. */
export function settingsOf(release: Release, mode: DatabaseMode): readonly Setting[] {
  const ofMode = (...values: readonly [...DatabaseMode[]]): boolean => values.includes(mode);
  const onIf = (on: boolean): string => (on ? 'on' : 'off');
  // In the manual for V9 only MySQL mode is without regard to case unless asked for; one server of SQL Server mode was.
  const common: Setting[] = [
    { name: 'enable_ci', kind: 'bf', value: onIf(ofMode('mysql', 'sqlserver')) },
    { name: 'enable_upper_colname', kind: 'b', value: 'off' },
    {
      name: 'ora_input_emptystr_isnull',
      kind: ofMode('pg') ? 'bho' : 'bh',
      value: onIf(ofMode('oracle')),
    },
    // PostgreSQL reads no names in backticks.
    { name: 'sql_mode', kind: 'sh', value: 'ANSI_QUOTES,ONLY_FULL_GROUP_BY' },
  ];
  if (release !== 'V8R3') common.unshift({ name: 'database_mode', kind: 'sf', value: mode });
  if (!ofMode('pg')) common.push({ name: 'quoted_identifier', kind: 'b', value: 'on' });
  if (ofMode('oracle', 'sqlserver')) common.push({ name: 'DateFormat', kind: 's', value: 'YYYY-MM-DD' });
  return common;
}
