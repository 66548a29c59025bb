import { isIP } from 'node:net';
import { badOption, checkKeys } from './options.js';
import type { HostAddress } from './resolved-config.js';

const NAME_IS_HOST = 'It was a string that is no address. The name of a host is given as "host".';

/** Pairs hosts with ports and addresses by libpq's rules (manual, "Specifying Multiple Hosts"). */
export function resolveHosts(
  given: { host: string | undefined; hosts: unknown; hostaddr: string | undefined; port: unknown },
  defaults: { host: string; port: number },
): HostAddress[] {
  const ports = portList(given.port);
  if (given.hosts !== undefined) {
    if (given.host !== undefined || given.hostaddr !== undefined) {
      throw badOption('The option "hosts" cannot be given together with "host" or "hostaddr".');
    }
    return hostObjects(given.hosts, ports, defaults.port);
  }
  const addresses = given.hostaddr?.split(',');
  const hosts = given.host?.split(',') ?? addresses?.map(() => '') ?? [''];
  if (addresses !== undefined && addresses.length !== hosts.length) {
    throw badOption('The options "host" and "hostaddr" must have the same number of entries.');
  }
  // The library would find it out when it connects, and a name it would not look up.
  if (addresses?.some((address) => address.trim() !== '' && isIP(address.trim()) === 0) === true) {
    throw badOption(
      'The option "hostaddr" must be an IP address, or several with commas, one for each host.',
      NAME_IS_HOST,
    );
  }
  if (ports.length > 1 && ports.length !== hosts.length) {
    throw badOption('The option "port" must be one port, or one for each host.');
  }
  return hosts.map((name, index) => {
    const hostaddr = addresses?.[index]?.trim();
    checkHostName(name.trim());
    return {
      // Only an address: it serves as the name too, as it does in the library.
      host: name.trim() || hostaddr || defaults.host,
      port: (ports.length > 1 ? ports[index] : ports[0]) ?? defaults.port,
      ...(hostaddr ? { hostaddr } : {}),
    };
  });
}

function hostObjects(hosts: unknown, ports: (number | undefined)[], defaultPort: number): HostAddress[] {
  if (!Array.isArray(hosts) || hosts.length === 0) {
    throw badOption('The option "hosts" must be a list of { host, port }, of one at least.');
  }
  if (ports.length > 1) throw badOption('With "hosts", the option "port" must be one port.');
  return hosts.map((entry: unknown) => {
    if (typeof entry === 'object' && entry !== null) checkKeys('hosts[]', entry, ['host', 'port']);
    const { host, port } = (entry ?? {}) as { host?: unknown; port?: unknown };
    if (typeof host !== 'string' || host === '' || host.includes('\0') || host.includes(',')) {
      throw badOption('Each entry of the option "hosts" must have the name of one host.');
    }
    checkHostName(host);
    return { host, port: portList(port)[0] ?? ports[0] ?? defaultPort };
  });
}

/**
 * Errors and logs show the host, and in a connection string that was read other than meant it can hold all that comes
 * after it. Directories of Unix sockets can have any name.
 */
function checkHostName(name: string): void {
  if (!/^[/@]/.test(name) && /[\s=;@＝；，：？＆＠]/.test(name)) {
    throw badOption(
      'The option "host" has a character that no host name has: a space, "=", ";" or "@", or a full-width one.',
      'Check how the parts of the connection string are separated and quoted.',
    );
  }
}

/** One port or a comma-separated list, in which an empty entry means the default. */
function portList(port: unknown): (number | undefined)[] {
  if (port === undefined) return [undefined];
  if (typeof port !== 'number' && typeof port !== 'string') throw badPort();
  return String(port)
    .split(',')
    .map((entry) => {
      const digits = entry.trim();
      if (digits === '') return undefined;
      const value = /^\d{1,5}$/.test(digits) ? Number(digits) : 0;
      if (value < 1 || value > 65535) throw badPort();
      return value;
    });
}

function badPort(): Error {
  return badOption(
    'The option "port" must be a whole number from 1 to 65535, or a string of such with commas, one for each host.',
  );
}
