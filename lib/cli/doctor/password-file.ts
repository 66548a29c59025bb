const FIELD = '((?:[^\\\\:]|\\\\.)*)';
const FIELDS = new RegExp(`^${`${FIELD}:`.repeat(4)}`);

/** What a line of a password file is looked for by. */
export interface Login {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

/**
 * The number of the line, from 1, that a client library would take the password from (libpq manual, "The Password File":
 * `host:port:database:user:password`, `*` for any, `\` before `:` and `\`; the first that fits). The password itself is
 * not looked at.
 */
export function passwordLine(file: string, { host, port, database, user }: Login): number | undefined {
  // For a Unix socket in the default directory the library looks for `localhost`.
  const hosts = host.startsWith('/') ? [host, 'localhost'] : [host];
  const wanted = [hosts, [String(port)], [database], [user]];
  const found = file.split('\n').findIndex((line) => {
    if (line.startsWith('#')) return false;
    const [, ...fields] = FIELDS.exec(line) ?? [];
    if (fields.length === 0) return false;
    return wanted.every((values, at) => fields[at] === '*' || values.includes(unescaped(fields[at] ?? '')));
  });
  return found < 0 ? undefined : found + 1;
}

function unescaped(field: string): string {
  return field.replace(/\\([^])/g, '$1');
}
