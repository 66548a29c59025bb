import { badOption, FORESHADOWS_SECRET, optionName } from './options.js';
import { StringSettings } from './string-settings.js';

/**
 * Reads a connection URL by libpq's grammar (manual, "Connection URIs"):
 * `scheme://[user[:password]@][host[:port]][,…][/database][?key=value&…]`, every part percent-encoded. Unlike
 * libpq it refuses what looks like a password that was not encoded.
 */
export function parseUrl(url: string): StringSettings {
  const [, authority = '', path = '', query = ''] =
    /^[^:]+:\/\/([^/?]*)(?:\/([^?]*))?(?:\?([^]*))?$/.exec(url) ?? [];
  const settings = new StringSettings('connection URL');

  const at = authority.lastIndexOf('@');
  const [user, password] = at < 0 ? [] : splitAt(authority.slice(0, at), ':');
  // A second "@", one behind the first "/", or a "#" is a piece of a password that was not encoded. Read on, the rest of
  // the password would be a host that is looked up, or the name of a database, and appear in errors.
  if (authority.indexOf('@') !== at || path.includes('@') || url.includes('#')) {
    throw badOption('The connection URL has more than one "@", an "@" after a "/", or a "#".', IN_PASSWORD);
  }
  if (user !== undefined && password === undefined && /[:：]/.test(decode(user, 'user'))) {
    throw badOption(
      'The ":" between user and password in the connection URL is encoded, or full-width.',
      IN_PASSWORD,
    );
  }
  if (user !== undefined) settings.say('user', decode(user, 'user'));
  if (password !== undefined) settings.say('password', decode(password, 'password'));

  const location = parseLocations(authority.slice(at + 1));
  if (location.host !== undefined) settings.say('host', location.host);
  if (location.port !== undefined) settings.say('port', location.port);
  if (path !== '') settings.say('database', decode(path, 'database'), 'dbname');

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
    // libpq takes this one from JDBC URLs.
    if (key === 'ssl' && value === 'true') settings.say('sslmode', 'require');
    else settings.say(optionName(key, mayBeSecret), value, key);
    mayBeSecret ||= key === 'password' || FORESHADOWS_SECRET.test(pair.slice(equals + 1));
  }
  return settings;
}

function splitAt(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

const IN_PASSWORD =
  'In user name and password "@", ":", "/", "?", "#" and "%" must be written %40, %3A, %2F, %3F, %23 and %25 ' +
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
  // In no name of a host: what is left of a password that was not encoded, and would be looked up and named in errors.
  if (/["'<>^`{|}\\;=&\s]/.test(host)) {
    throw badOption('The connection URL has a host with a character that no host name has.', hint);
  }
  return { host: decode(ipv6 ?? host, 'host', hint), port };
}

export function decode(text: string, part: string, hint = IN_PASSWORD): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badOption(`The ${part} in the connection URL has a "%" that begins no character.`, hint);
  }
}
