import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCertificates, type Certificates } from '../../../scripts/certificates.js';
import { environmentCheck } from '../../../lib/cli/doctor/environment.js';
import { filesCheck } from '../../../lib/cli/doctor/files.js';
import { libraryFiles, tlsSettings } from '../../../lib/cli/doctor/library-files.js';
import type { Outcome } from '../../../lib/cli/doctor/step.js';
import { parseConfig, type ConnectionConfig } from '../../../lib/config/index.js';

let directory: string;
let certificates: Certificates;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'kingbase-files-'));
  certificates = createCertificates(directory);
});

afterAll(() => rmSync(directory, { recursive: true }));

async function check(options: ConnectionConfig): Promise<Outcome> {
  const config = parseConfig({ host: 'h', user: 'app', database: 'test', ...options }, {}, {});
  return filesCheck(() => libraryFiles(config, undefined, {}), config).run();
}

function file(name: string, content: string | Buffer, mode = 0o600): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

describe('the files of the client library', () => {
  it('are where each library looks for them', () => {
    const named = (library: Parameters<typeof libraryFiles>[1], platform: NodeJS.Platform): string[] =>
      libraryFiles({ libraryKeywords: {} }, library, { APPDATA: '/appdata' }, platform).map(({ path }) =>
        path.replace(/^.*(?=\/\.|\/appdata)/, ''),
      );
    expect(named(undefined, 'linux')).toEqual([
      '/.kbpass',
      '/.kingbase/root.crt',
      '/.kingbase/root.crl',
      '/.kingbase/kingbase.crt',
      '/.kingbase/kingbase.key',
    ]);
    expect(named({ flavour: 'libpq', version: 120022 }, 'linux')).toEqual([
      '/.pgpass',
      '/.postgresql/root.crt',
      '/.postgresql/root.crl',
      '/.postgresql/postgresql.crt',
      '/.postgresql/postgresql.key',
    ]);
    expect(named(undefined, 'win32')[0]).toBe(join('/appdata', 'kingbase', 'kbpass.conf'));
  });

  it('are used for TLS where they can be read', () => {
    const config = parseConfig(
      { sslmode: 'verify-ca', sslrootcert: certificates.ca, sslcert: '/nonexistent' },
      {},
      {},
    );
    expect(tlsSettings(config, libraryFiles(config, undefined, {}))).toMatchObject({
      mode: 'verify-ca',
      direct: false,
      rootCertificate: certificates.ca,
      certificate: undefined,
    });
  });

  it('are fine when they are', async () => {
    const outcome = await check({
      sslrootcert: certificates.ca,
      sslcert: certificates.serverCertificate,
      sslkey: certificates.serverKey,
    });
    expect(outcome.status).toBe('ok');
    expect(outcome.detail?.en.join('\n')).toContain('CN=kingbase-native test authority, valid until');
  });

  it.each<[string, () => ConnectionConfig, 'warn' | 'fail', RegExp]>([
    [
      'a key that others can read',
      () => ({ sslkey: file('open.key', readFileSync(certificates.serverKey), 0o640) }),
      'fail',
      /mode 0640: others can read it, so the client library refuses it/,
    ],
    [
      'a key of another certificate',
      () => ({ sslcert: certificates.serverCertificate, sslkey: otherKey() }),
      'fail',
      /does not belong to the certificate/,
    ],
    ['a key that is none', () => ({ sslkey: file('none.key', 'nothing') }), 'fail', /holds no private key/],
    [
      'a root certificate in DER',
      () => ({ sslrootcert: file('root.der', Buffer.from('3082', 'hex')) }),
      'fail',
      /holds no certificate in PEM form/,
    ],
    [
      'a root certificate that has expired',
      () => ({ sslrootcert: certificates.expiredCertificate }),
      'warn',
      /expired on/,
    ],
    ['a directory', () => ({ sslrootcert: directory }), 'fail', /is not a regular file/],
    ['a file that is not there', () => ({ sslcrl: '/nonexistent/root.crl' }), 'fail', /does not exist/],
    [
      'a service file without the service',
      () => ({ service: 'prod', servicefile: file('a.conf', '[test]\nhost=h\n') }),
      'fail',
      /has no service "prod"; it has test/,
    ],
  ])('are looked into: %s', async (_what, options, status, words) => {
    const outcome = await check(options());
    expect(outcome.status).toBe(status);
    expect(outcome.detail?.en.join('\n')).toMatch(words);
    expect(outcome.detail?.zh).toHaveLength(outcome.detail?.en.length ?? 0);
    expect(outcome.remedy?.en.length).toBeGreaterThan(0);
  });

  it('have the service that is asked for', async () => {
    const servicefile = file('b.conf', '[test]\nhost=h\n[prod]\nhost=p\npassword=hidden\n');
    const outcome = await check({ service: 'prod', servicefile });
    expect(outcome.status).toBe('ok');
    expect(JSON.stringify(outcome)).not.toContain('hidden');
  });

  it.runIf(process.platform !== 'win32')('may be a link that leads nowhere', async () => {
    const link = join(directory, 'loop');
    symlinkSync(link, link);
    const outcome = await check({ sslrootcert: link });
    expect(outcome.status).toBe('fail');
    expect(outcome.remedy?.en.join()).toContain(link);
  });

  function otherKey(): string {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    return file('other.key', privateKey.export({ type: 'pkcs8', format: 'pem' }));
  }
});

describe('the environment', () => {
  const look = async (environment: NodeJS.ProcessEnv): Promise<Outcome> =>
    environmentCheck(environment).run();

  it('is shown by name, and by value only where that can hold no secret', async () => {
    const outcome = await look({
      KINGBASE_HOST: 'kingbase://app:Hunter2pw@db/x',
      KINGBASE_URL: 'kingbase://app:Hunter2pw@db/x',
      KINGBASE_OPTIONS: '-c app.api_key=Hunter2pw',
      KINGBASE_PORT: '54321',
      KINGBASE_SSLMODE: 'verify-full',
      KINGBASE_CLIENT_LIBRARY: '/opt/kb/libkci.so.5',
      KINGBASE_PASSWORD: 'Hunter2pw',
      PGPASSWORD: 'Hunter2pw',
    });
    expect(outcome.status).toBe('ok');
    for (const words of [
      'KINGBASE_HOST=…',
      'KINGBASE_URL=…',
      'KINGBASE_OPTIONS=…',
      'KINGBASE_PORT=54321',
      'KINGBASE_SSLMODE=verify-full',
      'KINGBASE_CLIENT_LIBRARY=/opt/kb/libkci.so.5',
      'PGPASSWORD is set; this driver does not use it.',
    ]) {
      expect(outcome.detail?.en).toContain(words);
    }
    expect(JSON.stringify(outcome)).not.toContain('Hunter2pw');
  });

  it('shows no value that does not look like what belongs there', async () => {
    const outcome = await look({
      KINGBASE_PORT: 'Hunter2pw',
      KINGBASE_SSLMODE: 'Hunter2pw',
      KINGBASE_HOME: 'app:Hunter2pw@db',
    });
    expect(JSON.stringify(outcome)).not.toContain('Hunter2pw');
  });

  it.each([
    ['KINGBASE_PASWORD', 'KINGBASE_PASSWORD'],
    ['KINGBASE_DSN', 'KINGBASE_URL'],
    ['KINGBASE_USERNAME', 'KINGBASE_USER'],
    ['KINGBASE_DB', 'KINGBASE_DATABASE'],
  ])('may have a name misspelled: %s', async (given, meant) => {
    const outcome = await look({ [given]: 'hidden' });
    expect(outcome.status).toBe('warn');
    expect(outcome.remedy?.en).toEqual([`Was ${meant} meant?`]);
    expect(JSON.stringify(outcome)).not.toContain('hidden');
  });

  it('may have what is meant for the server or a library', async () => {
    const outcome = await look({ KINGBASE_DATA: '/data', KINGBASE_CLIENTENCODING: 'GBK' });
    expect(outcome.status).toBe('ok');
  });

  it.each(['PGSERVICE', 'PGREQUIREAUTH', 'PGTZ', 'KINGBASE_DATESTYLE'])('warns of %s', async (name) => {
    const outcome = await look({ [name]: 'x' });
    expect(outcome.status).toBe('warn');
    expect(outcome.detail?.en.join(' ')).toContain(name);
  });

  it.each(['PGHOSTADDR', 'PGSSLROOTCERT', 'PGPASSFILE', 'KCIHOST', 'PGAPPNAME'])(
    'says that %s is not used',
    async (name) => {
      const outcome = await look({ [name]: 'x' });
      expect(outcome.status).toBe('ok');
      expect(outcome.detail?.en).toContain(`${name} is set; this driver does not use it.`);
    },
  );
});
