import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Socket } from 'node:net';
import type { TLSSocketOptions } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { createCertificates, type Certificates } from '../../scripts/certificates.js';
import { diagnose, type Diagnosis } from '../support/command-line.js';
import { answers, authenticationRequest, fatal, leavesHandshake } from '../support/fake-database.js';
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
  fake = await fakeServer(behaviour, name === 'localhost' ? '127.0.0.1' : name);
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

describe('the doctor, with a certificate of this side', () => {
  /** The subjects that the server was shown, '' for none, of each connection in turn; it asks, and takes none as well. */
  async function shownWith(
    options: Record<string, string>,
    certificate: keyof Certificates = 'serverCertificate',
    answer = fatal('57P03', 'starting'),
  ): Promise<{ shown: string[]; diagnosis: Diagnosis }> {
    const shown: string[] = [];
    const tls = {
      cert: readFileSync(certificates[certificate]),
      key: readFileSync(certificates.serverKey),
      requestCert: true,
      rejectUnauthorized: false,
      ca: readFileSync(certificates.ca),
    };
    const server = answers(answer, tls, (socket) => {
      const { subject } = socket.getPeerCertificate() as { subject?: { CN: string } };
      shown.push(subject?.CN ?? '');
    });
    const own = { sslcert: certificates.serverCertificate, sslkey: certificates.serverKey };
    const diagnosis = await against(server, { ...own, ...options }, 'localhost');
    return { shown, diagnosis };
  }

  it('shows it to no server that it has not checked', async () => {
    const { shown, diagnosis } = await shownWith(
      { sslmode: 'verify-full', sslrootcert: certificates.ca },
      'selfSignedCertificate',
    );
    expect(diagnosis.step('tls').status).toBe('fail');
    expect(shown).toEqual(['']);
  });

  it.each(['verify-ca', 'verify-full'])('shows it to one that passed the check of %s', async (sslmode) => {
    const { shown } = await shownWith({ sslmode, sslrootcert: certificates.ca });
    expect(shown).toEqual(['', 'localhost']);
  });

  it('does without it where nobody checks, says so, and takes no refusal for an end', async () => {
    const refusing = fatal('28000', 'connection requires a valid client certificate');
    const { shown, diagnosis } = await shownWith({ sslmode: 'require' }, 'serverCertificate', refusing);
    // The library then shows it, as it does for a program.
    expect(shown.slice(0, 2)).toEqual(['', '']);
    expect(diagnosis.step('startup')).toMatchObject({ status: 'warn' });
    expect(diagnosis.step('startup').detail.join('\n')).toContain('was not shown');
    expect(diagnosis.step('login').status).toBe('fail');
  });
});

/** An address of this machine that is not its loopback: what is said to it counts as said to others. */
const outside = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

describe.skipIf(outside === undefined)('the doctor, of a server on another machine,', () => {
  const at = outside ?? '';

  it.each([
    ['that offers no TLS', {}, 'reads everything'],
    ['that is not asked for TLS', { sslmode: 'disable' }, 'reads everything'],
  ])('warns of one %s', async (_what, options, words) => {
    const { step } = await against(answers(fatal('57P03', 'starting')), options, at);
    expect(step('tls').status).toBe('warn');
    expect(step('tls').detail.join('\n')).toContain(words);
    expect(step('tls').remedy.join('\n')).toContain('verify-full');
  });

  it('warns where the certificate is not checked', async () => {
    const server = withCertificate(certificates.serverCertificate);
    const { step } = await against(server, { sslmode: 'require' }, at);
    expect(step('tls').status).toBe('warn');
    expect(step('tls').detail.join('\n')).toContain('Nobody checks who is there');
  });

  it('is content where it is', async () => {
    const server = withCertificate(certificates.serverCertificate);
    const { step } = await against(server, { sslmode: 'verify-ca', sslrootcert: certificates.ca }, at);
    expect(step('tls').status).toBe('ok');
  });

  it('warns of a password in clear text, unless it has checked who gets it', async () => {
    const cleartext = authenticationRequest(3);
    const plain = await against(answers(cleartext), {}, at);
    expect(plain.step('startup').status).toBe('warn');
    expect(plain.step('startup').remedy.join('\n')).toContain('Do not log in this way');
    await fake?.close();
    const tls = {
      cert: readFileSync(certificates.serverCertificate),
      key: readFileSync(certificates.serverKey),
    };
    const options = { sslmode: 'verify-ca', sslrootcert: certificates.ca };
    const checked = await against(answers(cleartext, tls), options, at);
    expect(checked.step('startup').status).toBe('ok');
  });
});
