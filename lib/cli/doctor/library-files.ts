import { accessSync, constants, statSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { ResolvedConfig } from '../../config/index.js';
import type { ClientLibraryInfo } from '../../index.js';
import type { TlsSettings } from './tls-connection.js';

type Role = 'passfile' | 'service' | 'root' | 'crl' | 'certificate' | 'key';

/** A file that the client library reads. */
export interface ReadFile {
  readonly role: Role;
  readonly path: string;
  /** The configuration names it, so it must be there; else it is where the library looks by itself. */
  readonly named: boolean;
}

/**
 * Where a library looks for its files (libpq manual, "The Password File", "SSL Support"; Kingbase's names by the strings in
 * genuine libraries of V8R3 and V8R6). Libraries of before 15 go by the system's list of users, later ones by HOME.
 */
export function libraryFiles(
  config: Pick<ResolvedConfig, 'libraryKeywords'>,
  library: Pick<ClientLibraryInfo, 'flavour' | 'version'> | undefined,
  environment: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
): ReadFile[] {
  const isStock = library?.flavour === 'libpq';
  const home = isStock && library.version >= 150_000 ? homedir() : homeOfUser();
  const isWindows = platform === 'win32';
  const data = environment['APPDATA'] ?? join(home, 'AppData', 'Roaming');
  const directory = isWindows
    ? join(data, isStock ? 'postgresql' : 'kingbase')
    : join(home, isStock ? '.postgresql' : '.kingbase');
  const own = isStock ? 'postgresql' : 'kingbase';
  const passwords = isWindows
    ? join(directory, isStock ? 'pgpass.conf' : 'kbpass.conf')
    : join(home, isStock ? '.pgpass' : '.kbpass');
  const { passfile, sslrootcert, sslcrl, sslcert, sslkey, service, servicefile } = config.libraryKeywords;
  const file = (role: Role, named: string | undefined, byDefault: string): ReadFile => ({
    role,
    path: named ?? byDefault,
    named: named !== undefined,
  });
  return [
    file('passfile', passfile, passwords),
    ...(service === undefined
      ? []
      : [file('service', servicefile, join(home, isStock ? '.pg_service.conf' : '.sys_service.conf'))]),
    ...(sslrootcert === 'system' ? [] : [file('root', sslrootcert, join(directory, 'root.crt'))]),
    file('crl', sslcrl, join(directory, 'root.crl')),
    file('certificate', sslcert, join(directory, `${own}.crt`)),
    file('key', sslkey, join(directory, `${own}.key`)),
  ];
}

function homeOfUser(): string {
  try {
    return userInfo().homedir;
  } catch {
    return homedir();
  }
}

/** What the TLS checks need of them. */
export function tlsSettings(
  config: Pick<ResolvedConfig, 'libraryKeywords'>,
  files: readonly ReadFile[],
): TlsSettings {
  const { sslmode, sslnegotiation, sslrootcert } = config.libraryKeywords;
  const usable = (role: Role): string | undefined =>
    files.find((file) => file.role === role && isReadable(file.path))?.path;
  return {
    mode: sslmode ?? 'prefer',
    direct: sslnegotiation === 'direct',
    rootCertificate: sslrootcert === 'system' ? 'system' : usable('root'),
    certificate: usable('certificate'),
    key: usable('key'),
  };
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
