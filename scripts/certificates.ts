import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Paths of the PEM files that a server with TLS uses and its clients check. */
export interface Certificates {
  /** Certificate of the authority that signed the server's certificate. */
  readonly ca: string;
  /** Certificate of an authority that signed nothing, for checks that must fail. */
  readonly otherCa: string;
  /** Valid for the DNS name `localhost` only, so `verify-full` against 127.0.0.1 must fail. */
  readonly serverCertificate: string;
  /** The same for the same key, but it expired yesterday. */
  readonly expiredCertificate: string;
  /** For the same key and name, signed by itself. */
  readonly selfSignedCertificate: string;
  readonly serverKey: string;
}

// Just enough of DER (X.690) to write a certificate of RFC 5280: tag, length, contents.
const enum Tag {
  Boolean = 0x01,
  Integer = 0x02,
  BitString = 0x03,
  OctetString = 0x04,
  ObjectIdentifier = 0x06,
  Utf8String = 0x0c,
  UtcTime = 0x17,
  Sequence = 0x30,
  Set = 0x31,
  Version = 0xa0,
  Extensions = 0xa3,
  DnsName = 0x82,
}

function der(tag: Tag, ...contents: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(contents);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  const digits = length.subarray(length.findIndex((byte) => byte !== 0));
  return Buffer.concat([Buffer.from([tag, 0x80 | digits.length]), digits, body]);
}

function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(Tag.ObjectIdentifier, Buffer.from(bytes));
}

const bitString = (bytes: Uint8Array, unusedBits = 0): Buffer =>
  der(Tag.BitString, Buffer.from([unusedBits]), bytes);

const commonName = (name: string): Buffer =>
  der(
    Tag.Sequence,
    der(Tag.Set, der(Tag.Sequence, objectIdentifier('2.5.4.3'), der(Tag.Utf8String, Buffer.from(name)))),
  );

// YYMMDDhhmmssZ
const time = (milliseconds: number): Buffer =>
  der(Tag.UtcTime, Buffer.from(new Date(milliseconds).toISOString().replace(/^..|[-:T]|\..*/g, '') + 'Z'));

const extension = (id: string, critical: boolean, value: Buffer): Buffer =>
  der(
    Tag.Sequence,
    objectIdentifier(id),
    ...(critical ? [der(Tag.Boolean, Buffer.from([0xff]))] : []),
    der(Tag.OctetString, value),
  );

const basicConstraints = (isAuthority: boolean): Buffer =>
  extension(
    '2.5.29.19',
    true,
    der(Tag.Sequence, ...(isAuthority ? [der(Tag.Boolean, Buffer.from([0xff]))] : [])),
  );
const keyCertSign = extension('2.5.29.15', true, bitString(Buffer.from([0x04]), 2));
const digitalSignature = extension('2.5.29.15', true, bitString(Buffer.from([0x80]), 7));
const subjectAlternativeName = (dnsName: string): Buffer =>
  extension('2.5.29.17', false, der(Tag.Sequence, der(Tag.DnsName, Buffer.from(dnsName))));

interface Identity {
  readonly name: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const newIdentity = (name: string): Identity => ({
  name,
  ...generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
});

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** `validity` is relative to now, in ms. */
function certificate(
  subject: Identity,
  issuer: Identity,
  extensions: readonly Buffer[],
  validity: readonly [from: number, to: number] = [-HOUR, 30 * DAY],
): string {
  const ecdsaWithSha256 = der(Tag.Sequence, objectIdentifier('1.2.840.10045.4.3.2'));
  const now = Date.now();
  // The top bit of the serial number is cleared to keep it positive, the next set to keep it 16 bytes long.
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  const contents = der(
    Tag.Sequence,
    der(Tag.Version, der(Tag.Integer, Buffer.from([2]))),
    der(Tag.Integer, serial),
    ecdsaWithSha256,
    commonName(issuer.name),
    der(Tag.Sequence, time(now + validity[0]), time(now + validity[1])),
    commonName(subject.name),
    subject.publicKey.export({ type: 'spki', format: 'der' }),
    der(Tag.Extensions, der(Tag.Sequence, ...extensions)),
  );
  const signature = sign('sha256', contents, issuer.privateKey);
  const base64 = der(Tag.Sequence, contents, ecdsaWithSha256, bitString(signature)).toString('base64');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/** Writes two certificate authorities and certificates of a server, valid for 30 days but for one, into a directory. */
export function createCertificates(directory: string): Certificates {
  const authority = newIdentity('kingbase-native test authority');
  const stranger = newIdentity('kingbase-native unrelated authority');
  const server = newIdentity('localhost');
  const authorityExtensions = [basicConstraints(true), keyCertSign];

  const serverExtensions = [basicConstraints(false), digitalSignature, subjectAlternativeName('localhost')];

  const write = (file: string, text: string | Buffer, mode = 0o644): string => {
    const path = join(directory, file);
    writeFileSync(path, text, { mode });
    return path;
  };
  return {
    ca: write('ca.crt', certificate(authority, authority, authorityExtensions)),
    otherCa: write('other-ca.crt', certificate(stranger, stranger, authorityExtensions)),
    serverCertificate: write('server.crt', certificate(server, authority, serverExtensions)),
    expiredCertificate: write(
      'server-expired.crt',
      certificate(server, authority, serverExtensions, [-30 * DAY, -DAY]),
    ),
    selfSignedCertificate: write('server-self-signed.crt', certificate(server, server, serverExtensions)),
    serverKey: write('server.key', server.privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600),
  };
}
