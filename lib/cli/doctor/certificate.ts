import { isIP } from 'node:net';
import { checkServerIdentity, type DetailedPeerCertificate } from 'node:tls';
import { same, text, type Text } from '../words.js';

/** One certificate of a chain, for the report. */
export interface CertificateFacts {
  readonly subject: string;
  readonly issuer: string;
  readonly names: readonly string[];
  readonly validFrom: string;
  readonly validTo: string;
  readonly fingerprint256: string;
}

/** What is wrong with a server's certificate. */
export interface CertificateFault {
  readonly kind: 'expired' | 'not-yet-valid' | 'untrusted' | 'name';
  readonly words: Text;
}

/** The server's certificate and those above it, as far as the server sent them or they are known. */
export function chainOf(certificate: DetailedPeerCertificate): CertificateFacts[] {
  const chain: CertificateFacts[] = [];
  const seen = new Set<string>();
  let link: DetailedPeerCertificate | undefined = certificate;
  while (link !== undefined && Object.keys(link).length > 0 && !seen.has(link.fingerprint256)) {
    seen.add(link.fingerprint256);
    chain.push({
      subject: distinguishedName(link.subject),
      issuer: distinguishedName(link.issuer),
      names: namesOf(link),
      validFrom: new Date(link.valid_from).toISOString(),
      validTo: new Date(link.valid_to).toISOString(),
      fingerprint256: link.fingerprint256,
    });
    link = link.issuerCertificate;
  }
  return chain;
}

function distinguishedName(name: Readonly<Partial<Record<string, string | string[]>>>): string {
  return Object.entries(name)
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(', ');
}

function namesOf({ subject, subjectaltname }: DetailedPeerCertificate): string[] {
  const alternative = (subjectaltname ?? '').split(/,\s*/).filter(Boolean);
  return alternative.length > 0 ? alternative : [subject.CN].flat().filter((name) => name !== undefined);
}

/**
 * What sslmode=verify-full would object to. `untrusted` is OpenSSL's verdict (`CERT_HAS_EXPIRED`,
 * `DEPTH_ZERO_SELF_SIGNED_CERT`), if it had one.
 */
export function faultsOf(
  certificate: DetailedPeerCertificate,
  untrusted: string | undefined,
  host: string,
  now = new Date(),
): CertificateFault[] {
  const faults: CertificateFault[] = [];
  const from = new Date(certificate.valid_from);
  const to = new Date(certificate.valid_to);
  if (to < now) {
    faults.push({
      kind: 'expired',
      words: text(
        `The certificate expired on ${day(to)} (this machine's clock says ${day(now)}).`,
        `证书已于 ${day(to)} 过期（本机时钟为 ${day(now)}）。`,
      ),
    });
  } else if (from > now) {
    faults.push({
      kind: 'not-yet-valid',
      words: text(
        `The certificate is valid only from ${day(from)} on (this machine's clock says ${day(now)}).`,
        `证书自 ${day(from)} 起才有效（本机时钟为 ${day(now)}）。`,
      ),
    });
  }
  if (untrusted !== undefined && !/EXPIRED|NOT_YET_VALID/.test(untrusted)) {
    faults.push({ kind: 'untrusted', words: mistrust(untrusted) });
  }
  if (!matches(host, certificate)) {
    const names = namesOf(certificate).join(', ');
    faults.push({
      kind: 'name',
      words: text(
        `The certificate is for ${names || 'no name at all'}, not for ${host}.`,
        `证书中的名称是 ${names || '（无）'}，与 ${host} 不符。`,
      ),
    });
  }
  return faults;
}

function matches(host: string, certificate: DetailedPeerCertificate): boolean {
  if (checkServerIdentity(host, certificate) === undefined) return true;
  // libpq before 15 compares an address with the common name as if it were a name.
  return isIP(host) !== 0 && certificate.subject.CN === host;
}

function mistrust(verdict: string): Text {
  switch (verdict) {
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return text(
        'The certificate is signed by itself, and is not among the trusted ones.',
        '证书是自签名的，且不在受信任的证书之列。',
      );
    case 'SELF_SIGNED_CERT_IN_CHAIN':
      return text(
        'The chain ends with an authority that is not among the trusted ones.',
        '证书链顶端的签发机构不在受信任的证书之列。',
      );
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return text(
        'The authority that signed the certificate is not among the trusted ones.',
        '签发该证书的机构不在受信任的证书之列。',
      );
    default:
      return same(`OpenSSL: ${verdict}`);
  }
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
