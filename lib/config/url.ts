import { badOption, optionName } from './options.js';

/**
 * Reads a connection URL by libpq's grammar (manual, "Connection URIs"):
 * `scheme://[user[:password]@][host[:port]][,…][/database][?key=value&…]`, every part percent-encoded. Unlike
 * libpq, the last `@` ends the user part, so that an `@` left unencoded in a password does not turn the rest of the
 * password into a host name.
 */
export function parseUrl(url: string): Map<string, string> {
  const [, authority = '', path = '', query = ''] =
    /^[^:]+:\/\/([^/?]*)(?:\/([^?]*))?(?:\?([^]*))?$/.exec(url) ?? [];
  const settings = new Map<string, string>();

  const at = authority.lastIndexOf('@');
  if (at >= 0) {
    const [, user = '', password] = /^([^:]*)(?::([^]*))?$/.exec(authority.slice(0, at)) ?? [];
    settings.set('user', decode(user, 'user'));
    if (password !== undefined) settings.set('password', decode(password, 'password'));
  }

  for (const [key, list] of Object.entries(parseLocations(authority.slice(at + 1)))) settings.set(key, list);
  if (path !== '') settings.set('dbname', decode(path, 'database'));

  if (at < 0 && path.includes('@')) {
    throw badOption('The connection URL has an "@" only after a "/".', IN_PASSWORD);
  }

  // An "@" here, or a password before, and what looks like a key can be a piece of a password that was not encoded.
  let mayBeSecret = query.includes('@');
  for (const pair of query === '' ? [] : query.split('&')) {
    const equals = pair.indexOf('=');
    if (equals <= 0) {
      throw badOption(
        'The part of the connection URL after "?" must be of the form key=value&key=value.',
        IN_PASSWORD,
      );
    }
    const key = decode(pair.slice(0, equals), 'key');
    const value = decode(pair.slice(equals + 1), 'value');
    if (key !== 'ssl') optionName(key, mayBeSecret);
    mayBeSecret ||= key === 'password';
    // libpq takes this one from JDBC URLs.
    if (key === 'ssl' && value === 'true') settings.set('sslmode', 'require');
    else settings.set(key, value);
  }
  return settings;
}

const IN_PASSWORD =
  'In user name and password "@", ":", "/", "?" and "%" must be written %40, %3A, %2F, %3F and %25 ' +
  '(encodeURIComponent does it).';

/** The lists `host` and `port` of `host:port,[address]:port`, each only where one is given. */
export function parseLocations(text: string, hint = IN_PASSWORD): { host?: string; port?: string } {
  const locations = text.split(',').map((location) => parseLocation(location, hint));
  const hosts = locations.map(({ host }) => host);
  const ports = locations.map(({ port }) => port);
  return {
    ...(hosts.some((host) => host !== '') ? { host: hosts.join(',') } : {}),
    ...(ports.some((port) => port !== '') ? { port: ports.join(',') } : {}),
  };
}

function parseLocation(location: string, hint: string): { host: string; port: string } {
  const match = /^(?:\[([0-9A-Za-z:.%]+)\]|([^:[\]]*))(?::(\d*))?$/.exec(location);
  if (match === null) {
    throw badOption(
      'The connection URL has a host or port that cannot be read: a port is a number, and an IPv6 address stands in [].',
      hint,
    );
  }
  const [, ipv6, host = '', port = ''] = match;
  return { host: decode(ipv6 ?? host, 'host', hint), port };
}

export function decode(text: string, part: string, hint = IN_PASSWORD): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badOption(`The ${part} in the connection URL has a "%" that begins no character.`, hint);
  }
}
