import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Socket } from 'node:net';
import type { TLSSocketOptions } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { createCertificates, type Certificates } from '../../scripts/certificates.js';
import { diagnose, type Diagnosis } from '../support/command-line.js';
import { answers, fatal, leavesHandshake } from '../support/fake-database.js';
import {
  closesAtOnce,
  fakeServer,
  garblesHandshake,
  silent,
  stopsInHandshake,
  type FakeServer,
} from '../support/fake-servers.js';

const [standIn] = inject('libraries');
const library = standIn?.path ?? '';

let directory: string;
let certificates: Certificates;
let fake: FakeServer | undefined;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'kingbase-doctor-'));
  certificates = createCertificates(directory);
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

afterEach(async () => {
  await fake?.close();
  fake = undefined;
});

async function against(
  behaviour: (socket: Socket) => void,
  options: Record<string, string>,
  name = '127.0.0.1',
): Promise<Diagnosis> {
  fake = await fakeServer(behaviour);
  const query = new URLSearchParams(options).toString();
  return diagnose(`kingbase://app@${name}:${fake.port}/test?${query}`, library, {
    args: ['--timeout', '1000'],
  });
}

/** Takes TLS with this certificate, and is starting up. */
function withCertificate(certificate: string, more: TLSSocketOptions = {}): (socket: Socket) => void {
  return answers(fatal('57P03', 'the database system is starting up'), {
    cert: readFileSync(certificate),
    key: readFileSync(certificates.serverKey),
    ...more,
  });
}

describe('the doctor, where TLS is required and', () => {
  it('the server declines it', async () => {
    const { step, code } = await against(answers(fatal('57P03', 'starting')), { sslmode: 'require' });
    expect(step('tls')).toMatchObject({
      status: 'fail',
      code: 'KB_CONNECT_TLS_UNSUPPORTED',
      facts: { offered: false },
    });
    expect(step('tls').finding).toContain('it answered N');
    expect(step('startup').status).toBe('skip');
    expect(code).toBe(5);
  });

  it.each([
    ['says nothing', silent, 'KB_CONNECT_TIMEOUT', 'silent', 'never the answer S or N'],
    ['closes at once', closesAtOnce, 'KB_CONNECT_LOST', undefined, 'instead of the answer S or N'],
    ['stops in the handshake', stopsInHandshake, 'KB_CONNECT_TIMEOUT', 'silent', 'never a ServerHello'],
    [
      'closes in the handshake',
      leavesHandshake('closes'),
      'KB_CONNECT_LOST',
      'closed',
      'FIN from the other side',
    ],
    ['resets in the handshake', leavesHandshake('resets'), 'KB_CONNECT_LOST', 'reset', 'answered by RST'],
    ['does not speak TLS', garblesHandshake, 'KB_CONNECT_TLS', 'garbled', 'this is not a TLS record'],
  ] as const)('the server %s', async (_what, behaviour, errorCode, ending, seen) => {
    const { step, code } = await against(behaviour, { sslmode: 'require' });
    expect(step('tls')).toMatchObject({ status: 'fail', code: errorCode });
    if (ending !== undefined) expect(step('tls').facts['ending']).toBe(ending);
    expect(step('tls').detail.join('\n')).toContain(seen);
    expect(step('startup').status).toBe('skip');
    expect(code).toBe(5);
  });

  it('the server refuses what this side offers, by an alert', async () => {
    // The certificate has an elliptic key, which none of these ciphers can use.
    const server = withCertificate(certificates.serverCertificate, {
      ciphers: 'AES256-GCM-SHA384',
      maxVersion: 'TLSv1.2',
    });
    const { step } = await against(server, { sslmode: 'require' });
    expect(step('tls')).toMatchObject({ status: 'fail', code: 'KB_CONNECT_TLS', facts: { ending: 'alert' } });
    expect(step('tls').finding).toMatch(/alert/);
  });
});

describe('the doctor, where TLS is only preferred', () => {
  it.each([
    ['stops in the handshake', stopsInHandshake],
    ['says nothing', silent],
  ] as const)('warns that the library goes on without, when the server %s', async (_what, behaviour) => {
    const { step } = await against(behaviour, {});
    expect(step('tls')).toMatchObject({ status: 'warn', code: 'KB_CONNECT_TIMEOUT' });
    expect(step('tls').detail.join('\n')).toContain('without encryption');
    // And so does the doctor, over which neither says more.
    expect(step('startup').status).toBe('fail');
  });

  it('is content without it, and says so', async () => {
    const { step } = await against(answers(fatal('57P03', 'starting')), {});
    expect(step('tls')).toMatchObject({ status: 'ok', facts: { offered: false } });
    expect(step('tls').detail.join('\n')).toContain('will not be encrypted');
  });
});

describe('the doctor, with a certificate', () => {
  it('that is in order', async () => {
    const { step } = await against(
      withCertificate(certificates.serverCertificate),
      { sslmode: 'verify-full', sslrootcert: certificates.ca },
      'localhost',
    );
    expect(step('tls')).toMatchObject({
      status: 'ok',
      facts: {
        offered: true,
        protocol: 'TLSv1.3',
        verification: 'name',
        faults: [],
        chain: [
          { subject: 'CN=localhost', issuer: 'CN=kingbase-native test authority', names: ['DNS:localhost'] },
          { subject: 'CN=kingbase-native test authority' },
        ],
      },
    });
    // What comes after goes over the encrypted connection.
    expect(step('startup')).toMatchObject({ status: 'fail', code: '57P03', facts: { encrypted: true } });
  });

  it.each([
    ['that has expired', 'expiredCertificate', 'ca', 'localhost', ['expired'], 'expired on'],
    ['for another host', 'serverCertificate', 'ca', '127.0.0.1', ['name'], 'not for 127.0.0.1'],
    ['signed by itself', 'selfSignedCertificate', 'ca', 'localhost', ['untrusted'], 'signed by itself'],
    [
      'of another authority',
      'serverCertificate',
      'otherCa',
      'localhost',
      ['untrusted'],
      'not among the trusted',
    ],
  ] as const)('%s, which verify-full refuses', async (_what, which, root, name, faults, words) => {
    const { step, code } = await against(
      withCertificate(certificates[which]),
      { sslmode: 'verify-full', sslrootcert: certificates[root] },
      name,
    );
    expect(step('tls')).toMatchObject({
      status: 'fail',
      code: 'KB_CONNECT_TLS_CERTIFICATE',
      facts: { faults },
    });
    expect(step('tls').detail.join('\n')).toContain(words);
    expect(step('tls').detail.join('\n')).toContain(certificates[root]);
    expect(step('startup').status).toBe('skip');
    expect(code).toBe(5);
  });

  it('for another host, which verify-ca lets pass', async () => {
    const { step } = await against(withCertificate(certificates.serverCertificate), {
      sslmode: 'verify-ca',
      sslrootcert: certificates.ca,
    });
    expect(step('tls')).toMatchObject({ status: 'ok', facts: { verification: 'chain', faults: ['name'] } });
  });

  it('that has expired, which nobody checks', async () => {
    const { step } = await against(
      withCertificate(certificates.expiredCertificate),
      { sslmode: 'require' },
      'localhost',
    );
    expect(step('tls')).toMatchObject({
      status: 'warn',
      facts: { verification: 'none', faults: ['expired'] },
    });
    expect(step('tls').remedy.join('\n')).toContain('Renew the certificate');
  });

  it('by an old protocol', async () => {
    const server = withCertificate(certificates.serverCertificate, {
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    const { step } = await against(server, { sslmode: 'require' });
    expect(step('tls')).toMatchObject({ status: 'warn', facts: { protocol: 'TLSv1.1' } });
    expect(step('tls').remedy.join('\n')).toContain('ssl_min_protocol_version');
  });

  it('to be checked against a file that is not there', async () => {
    const { step, code } = await against(withCertificate(certificates.serverCertificate), {
      sslmode: 'verify-ca',
      sslrootcert: '/nonexistent/root.crt',
    });
    expect(step('files').status).toBe('fail');
    expect(step('files').detail.join('\n')).toContain('/nonexistent/root.crt does not exist');
    expect(step('tls')).toMatchObject({ status: 'fail', code: 'KB_CONNECT_TLS_CERTIFICATE' });
    expect(code).toBe(3);
  });
});
