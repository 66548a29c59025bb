/** `pg`'s `ssl`, which is Node's options for TLS, as options of the client library. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import type { ConnectionConfig } from '../../index.js';

type Material = string | Buffer;

export interface SslConfig {
  rejectUnauthorized?: boolean | undefined;
  ca?: Material | readonly Material[] | undefined;
  cert?: Material | readonly Material[] | null | undefined;
  key?: Material | readonly (Material | { pem: Material })[] | undefined;
  passphrase?: string | undefined;
  servername?: string | undefined;
  minVersion?: string | undefined;
  maxVersion?: string | undefined;
}

/** What the library cannot do: asking a function of the program's, or an agent. */
const REFUSED = ['checkServerIdentity', 'pfx', 'secureContext', 'ciphers'];

/** Undefined leaves it to the driver, which encrypts where the server offers it. */
export function sslOptions(
  given: boolean | string | SslConfig | undefined,
  host: string,
): Partial<ConnectionConfig> {
  if (given === undefined) return {};
  if (!given || given === 'false' || given === 'disable') return { sslMode: 'disable' };
  if (given === 'no-verify') return { sslMode: 'require', ...files({}) };
  const ssl: SslConfig = typeof given === 'object' ? given : {};
  const refused = REFUSED.find((name) => Object.hasOwn(ssl, name));
  if (refused !== undefined) {
    throw new Error(`ssl.${refused} is not supported: the client library makes the TLS connection.`);
  }
  const checks = ssl.rejectUnauthorized !== false;
  return {
    sslMode: checks ? 'verify-full' : 'require',
    ...(checks ? serverName(ssl.servername, host) : {}),
    ...files({
      sslRootCert: checks ? (ssl.ca ?? tls.rootCertificates) : undefined,
      sslCert: ssl.cert ?? undefined,
      sslKey: keyOf(ssl.key),
    }),
    ...(ssl.passphrase === undefined ? {} : { sslPassword: ssl.passphrase }),
    ...(ssl.minVersion === undefined ? {} : { sslMinProtocolVersion: ssl.minVersion }),
    ...(ssl.maxVersion === undefined ? {} : { sslMaxProtocolVersion: ssl.maxVersion }),
  };
}

/** Node takes keys in a form of their own, too. */
function keyOf(key: SslConfig['key']): Material | readonly Material[] | undefined {
  if (!Array.isArray(key)) return key as Material | undefined;
  return (key as readonly (Material | { pem: Material })[]).map((each) =>
    typeof each === 'object' && 'pem' in each ? each.pem : each,
  );
}

/** The library checks the certificate against `host`, and connects to `hostaddr` where that is given. */
function serverName(name: string | undefined, host: string): Partial<ConnectionConfig> {
  if (name === undefined || name === host) return {};
  if (isIP(host) === 0) throw new Error('ssl.servername needs a host that is an IP address.');
  return { host: name, hostaddr: host };
}

type FileOption = 'sslRootCert' | 'sslCert' | 'sslKey';

let directory: string | undefined;
let count = 0;
const written = new Map<string, string>();

/** The library reads files only, so what is given as text goes to files that nobody else can read, until the process ends. */
function files(
  materials: Partial<Record<FileOption, Material | readonly Material[] | undefined>>,
): Partial<ConnectionConfig> {
  const options: Partial<Record<FileOption, string>> = {};
  for (const [name, material] of Object.entries(materials)) {
    if (material === undefined) continue;
    const pieces = Array.isArray(material) ? (material as Material[]) : [material as Material];
    options[name as FileOption] = fileOf(pieces.map(String).join('\n'));
  }
  return options;
}

function fileOf(text: string): string {
  const known = written.get(text);
  if (known !== undefined) return known;
  if (directory === undefined) {
    const made = mkdtempSync(path.join(os.tmpdir(), 'kingbase-native-'));
    directory = made;
    process.once('exit', () => {
      rmSync(made, { recursive: true, force: true });
    });
  }
  const file = path.join(directory, `${++count}.pem`);
  writeFileSync(file, text, { mode: 0o600 });
  written.set(text, file);
  return file;
}
