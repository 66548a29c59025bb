import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ResolvedConfig } from '../config/index.js';
import { ConnectionError } from '../errors/index.js';

/** Where a PEM file says that it is encrypted: in its first lines. In bytes. */
const HEAD = 4096;

/**
 * Refuses a client key that is encrypted and has no passphrase: TLS libraries ask for it on the terminal, and the thread
 * that makes all connections would stand still until somebody answers. Undefined where there is none to look at.
 *
 * @throws ConnectionError `KB_CONNECT_TLS`
 */
export function refuseLockedKey(
  { libraryKeywords, secretKeywords }: ResolvedConfig,
  address: string,
): Promise<void> | undefined {
  const { sslmode, sslkey } = libraryKeywords;
  const { sslpassword } = secretKeywords;
  if (sslmode === 'disable' || (sslpassword !== undefined && sslpassword !== '')) return undefined;
  // The place where libpq looks by itself; Kingbase's libraries are not known to differ.
  const path =
    sslkey === undefined || sslkey === '' ? join(homedir(), '.postgresql', 'postgresql.key') : sslkey;
  // Most have none, and this question costs less than a turn of the event loop.
  return existsSync(path) ? refuseIfLocked(path, address) : undefined;
}

async function refuseIfLocked(path: string, address: string): Promise<void> {
  if (!(await isLocked(path))) return;
  throw new ConnectionError(
    'KB_CONNECT_TLS',
    `Cannot connect to ${address}: the client key ${path} is encrypted.`,
    {
      stage: 'tls',
      outcome: 'not-sent',
      address,
      hint:
        'Give its passphrase as sslPassword, where the client library knows that option (libpq 13 and later), or use a key ' +
        'that is not encrypted and that only this user can read (openssl pkey -in … -out …).',
    },
  );
}

/** False also where the file cannot be read, of which the library tells. */
async function isLocked(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD), 0, HEAD, 0);
      // PKCS#8, and the older form that has it in a header.
      return /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(
        buffer.toString('latin1', 0, bytesRead),
      );
    } finally {
      await file.close();
    }
  } catch {
    return false;
  }
}
