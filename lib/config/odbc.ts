import {
  each,
  ForeignForm,
  keepOnce,
  keepalive,
  noEffect,
  noEffectIf,
  option,
  readOnly,
  refused,
  sslMode,
  type ForeignSettings,
} from './foreign-form.js';
import { parseKeywordString } from './keyword-string.js';
import { badOption } from './options.js';
import type { Pair } from './semicolon-string.js';
import type { StringSettings } from './string-settings.js';

const DATA_SOURCE =
  'data sources of the ODBC driver manager are not read; write out Server, Port, Database, Uid and Pwd';

/** The keys of psqlODBC, which Kingbase's driver is made from (`dlg_specific.h`), and Microsoft's own. */
export const ODBC = new ForeignForm(
  'ODBC connection string',
  {
    Driver: noEffect('this driver takes the place of the ODBC driver'),
    ...each('DSN, FileDSN', refused(DATA_SOURCE)),
    SaveFile: refused('no file is written'),
    Description: noEffect('is for the reader'),
    ...each('Server, Servername', option('host')),
    Port: option('port'),
    Database: option('database'),
    ...each('Uid, Username, User', option('user')),
    ...each('Pwd, Password', option('password')),
    SSLmode: sslMode,
    KeepaliveTime: keepalive('keepalives_idle'),
    KeepaliveInterval: keepalive('keepalives_interval'),
    pqopt: keepOnce,
    ReadOnly: readOnly,
    ConnSettings: refused(
      "no statements are run on connecting; set parameters of the server with pqopt={options='-c name=value'}",
    ),
    Protocol: (value, settings, key) => {
      // "7.4-2": after the hyphen, how much a failing statement undoes (psqlODBC, "Level of rollback on errors").
      if (!/^\d+(?:\.\d+)?(?:-[01])?$/.test(value)) {
        throw settings.invalid(
          key,
          'can only be a version, alone or followed by -0 or -1: a failing statement always ends its transaction',
          'Use a savepoint for a statement that may fail.',
        );
      }
    },
    ...each('Debug, CommLog, Logdir, Dtclog', noEffect('is about the log of the ODBC driver')),
    ...each(
      'BI, BoolsAsChar, ByteaAsLongVarBinary, MaxLongVarcharSize, MaxVarcharSize, TextAsLongVarchar, TrueIsMinus1, ' +
        'UnknownSizes, UnknownsAsLongVarchar, LFConversion',
      noEffect('is about how ODBC applications see types; here it is the option "types"'),
    ),
    ...each(
      'ExtraSysTablePrefixes, FakeOidIndex, LowerCaseIdentifier, RowVersioning, ShowOidColumn, ShowSystemTables, ' +
        'UniqueIndex',
      noEffect('is about the catalogue functions of ODBC'),
    ),
    ...each(
      'CancelAsFreeStmt, DisallowPremature, Lie, Parse, UpdatableCursors, UseServerSidePrepare, XaOpt',
      noEffect('is about functions of ODBC that have no counterpart'),
    ),
    ...each('Fetch, Socket, UseDeclareFetch', noEffect('sizes of buffers; rows() reads in pieces by itself')),
    Optimizer: noEffect('is about speed only'),
    ...each('GssAuthUseGSS, PreferLibpq', noEffectIf(['0'], 'the client library chooses by itself')),
  },
  { firstWins: true },
);

export function parseOdbc(pairs: readonly Pair[]): StringSettings {
  const settings = ODBC.read(pairs);
  const pqopt = settings.kept.get('pqopt');
  if (pqopt !== undefined) addLibraryKeywords(settings, pqopt);
  return settings.finish();
}

/** Keywords of the client library; as in psqlODBC they cannot contradict the other keys. */
function addLibraryKeywords({ options }: ForeignSettings, pqopt: string): void {
  for (const [name, value] of parseKeywordString(pqopt, 'pqopt of the ODBC connection string')) {
    if (value === '') continue;
    if (options.has(name) && options.get(name) !== value) {
      throw badOption(
        `The keyword "${name}" in pqopt contradicts another key of the ODBC connection string.`,
      );
    }
    options.set(name, value);
  }
}
