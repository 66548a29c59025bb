import { nearest } from '../errors/nearest.js';
import { ADO_NET, parseAdoNet } from './adonet.js';
import { parseJdbcUrl } from './jdbc.js';
import { parseKeywordString } from './keyword-string.js';
import { ODBC, parseOdbc } from './odbc.js';
import { badOption, isOptionName } from './options.js';
import { splitPairs } from './semicolon-string.js';
import type { StringSettings } from './string-settings.js';
import { parseUrl } from './url.js';

const SCHEMES: ReadonlySet<string> = new Set([
  'kingbase',
  'kingbase8',
  'kingbasees',
  'postgres',
  'postgresql',
]);

/**
 * The options in a connection string of any form: a URL, a keyword string, and those that users of JDBC, ODBC and
 * ADO.NET have. Error messages never quote a value from the string.
 */
export function parseConnectionString(text: string): StringSettings {
  const settings = parseForm(text);
  const user = settings.get('user');
  // Other programs take them together, as `user/password` or `user:password`. The user is named in errors and logs.
  if (typeof user === 'string' && !settings.has('password') && /[:：/／;；|,，\s]/.test(user)) {
    throw badOption(
      `The user in the ${settings.form} has a separator in it, behind which there may be a password.`,
      'Give the password by its own key. A name that has such a character is given in an object: open(string, { user: … }).',
    );
  }
  return settings;
}

function parseForm(text: string): StringSettings {
  if (/^\s*jdbc:/i.test(text)) return parseJdbcUrl(text.trim());
  const scheme = /^\s*([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined) {
    if (!SCHEMES.has(scheme)) {
      // It is not quoted: after a slip a piece of a password can stand before the "://".
      const meant = nearest(scheme, SCHEMES);
      throw badOption(
        `The connection URL has an unknown scheme${meant === undefined ? '.' : `; did you mean "${meant}:"?`}`,
        'Understood are kingbase:, kingbase8:, kingbasees:, postgres: and postgresql:, and JDBC URLs.',
      );
    }
    return parseUrl(text.trim());
  }
  return isSemicolonString(text) ? parseSemicolonString(text) : parseKeywordString(text);
}

/**
 * Whether `text` is of the form `key=value;key=value`, and not a keyword string with a semicolon in a value. The
 * first key decides where only one of the two has it; otherwise what ends the first value does.
 */
function isSemicolonString(text: string): boolean {
  const start = /^[\s;]*/.exec(text)?.[0].length ?? 0;
  const equals = text.indexOf('=', start);
  const key = text.slice(start, equals).trim();
  if (equals < 0 || !isForeignKey(key)) return false;
  const rest = text.slice(equals + 1).trim();
  if (!rest.includes(';')) {
    return /^(?:server|data\s*source|driver|dsn|filedsn)$/i.test(key) && !rest.includes('=');
  }
  if (!isOptionName(key) || rest.startsWith('"')) return true;
  if (rest.startsWith("'")) return !/^'(?:[^'\\]|\\[^])*'(?!\s*;)(?:\s|$)/.test(rest);
  const semicolon = rest.indexOf(';');
  if (/\s/.test(rest.slice(0, semicolon).trimEnd())) return false;
  const next = rest.slice(semicolon).replace(/^[\s;]+/, '');
  return next === '' || isForeignKey(next.slice(0, next.indexOf('=')).trim());
}

function isForeignKey(key: string): boolean {
  return ADO_NET.has(key) || ODBC.has(key);
}

/** It is ODBC where it names a driver or a data source, and not within a quoted value of ADO.NET. */
function parseSemicolonString(text: string): StringSettings {
  const odbc = splitPairs(text, 'braces');
  const adoNet = splitPairs(text, 'quotes');
  const namesDriver = ({ pairs }: typeof odbc): boolean =>
    pairs.some(({ key }) => /^(?:driver|dsn|filedsn)$/i.test(key));
  const isOdbc = namesDriver(odbc) && (namesDriver(adoNet) || !adoNet.complete);
  if (!(isOdbc ? odbc : adoNet).complete) {
    throw badOption(
      `The ${isOdbc ? ODBC.name : ADO_NET.name} cannot be read: it must be a list of key=value pairs separated by ";".`,
      isOdbc
        ? 'A value that contains ";" or begins with "{" stands in {…}; in it "}" is written "}}".'
        : 'A value that contains ";" or begins with a quote stands in "…" or \'…\'; in it that quote is doubled.',
    );
  }
  return isOdbc ? parseOdbc(odbc.pairs) : parseAdoNet(adoNet.pairs);
}
