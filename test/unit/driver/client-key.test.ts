import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { refuseLockedKey } from '../../../lib/driver/client-key.js';
import type { ResolvedConfig } from '../../../lib/config/index.js';

const directory = mkdtempSync(join(tmpdir(), 'kingbase-native-keys-'));
afterAll(() => rmSync(directory, { recursive: true }));

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

function keyFile(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const cipher = { cipher: 'aes-256-cbc', passphrase: 'secret', format: 'pem' } as const;
const pkcs8 = keyFile('pkcs8.key', privateKey.export({ type: 'pkcs8', ...cipher }).toString());
const pkcs1 = keyFile('pkcs1.key', privateKey.export({ type: 'pkcs1', ...cipher }).toString());
const open = keyFile('open.key', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());

const check = async (
  libraryKeywords: Record<string, string>,
  secretKeywords: Record<string, string> = {},
): Promise<void> =>
  refuseLockedKey({ libraryKeywords, secretKeywords } as unknown as ResolvedConfig, 'host:1');

it.each([
  ['PKCS#8', pkcs8],
  ['PKCS#1', pkcs1],
])('refuses a key in the form %s that needs a passphrase, and says what helps', async (_form, sslkey) => {
  const refusal = check({ sslkey });
  await expect(refusal).rejects.toMatchObject({ code: 'KB_CONNECT_TLS', stage: 'tls', outcome: 'not-sent' });
  await expect(refusal).rejects.toThrow(/is encrypted/);
});

it('lets pass a key that is open, that has its passphrase, that is not there, or that is not used', async () => {
  await check({ sslkey: open });
  await check({ sslkey: pkcs8 }, { sslpassword: 'secret' });
  await check({ sslkey: join(directory, 'none.key') });
  await check({ sslkey: pkcs8, sslmode: 'disable' });
});
