import { badOption } from './option-names.js';
import { parseKeywordString } from './keyword-string.js';
import { parseUrl } from './url.js';

const SCHEMES: ReadonlySet<string> = new Set([
  'kingbase',
  'kingbase8',
  'kingbasees',
  'postgres',
  'postgresql',
]);

const FORMS =
  'Understood are URLs ("kingbase://user:password@host:54321/database?sslmode=prefer") and keyword strings ' +
  '("host=… port=54321 user=… password=… dbname=…").';

/** The settings in a connection string, by the names used there. Error messages never quote from the string. */
export function parseConnectionString(text: string): Map<string, string> {
  if (/^\s*jdbc:/i.test(text)) throw notUnderstood('JDBC URL');
  const scheme = /^\s*([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined) {
    if (!SCHEMES.has(scheme)) {
      throw badOption(`The connection URL has the unknown scheme "${scheme}:".`, FORMS);
    }
    return parseUrl(text.trim());
  }
  if (/(^|;)\s*(driver|dsn)\s*=/i.test(text)) throw notUnderstood('ODBC connection string');
  if (
    /^\s*[a-z][\w ]*=[^;]*(;\s*[a-z][\w ]*=[^;]*)+;?\s*$/i.test(text) ||
    /^\s*(server|data source)\s*=/i.test(text)
  ) {
    throw notUnderstood('ADO.NET connection string');
  }
  return parseKeywordString(text);
}

function notUnderstood(form: string): Error {
  return badOption(
    `This looks like a${/^[AO]/.test(form) ? 'n' : ''} ${form}, which is not understood.`,
    FORMS,
  );
}
