import type { TLSSocket } from 'node:tls';
import { ExitCode } from '../exit-codes.js';
import { lines, text, type Lines, type Text } from '../words.js';
import { hostLabel, staysHere, type Route } from './addresses.js';
import { chainOf, faultsOf, type CertificateFacts, type CertificateFault } from './certificate.js';
import { explained, type Check, type Outcome } from './step.js';
import { openTls, TlsFailure, type Demand, type TlsSettings } from './tls-connection.js';

/** Whether the connection must be encrypted, may be, or is not. */
export type TlsNeed = 'required' | 'preferred' | 'if-refused' | 'never';

export function needOf({ mode }: TlsSettings): TlsNeed {
  if (mode === 'disable') return 'never';
  if (mode === 'allow') return 'if-refused';
  return mode === 'prefer' ? 'preferred' : 'required';
}

/** How far the library checks the server's certificate; libpq checks with `require` as well where it has a root. */
function verification({ mode, rootCertificate }: TlsSettings): 'none' | 'chain' | 'name' {
  if (mode === 'verify-full') return 'name';
  return mode === 'verify-ca' || (mode === 'require' && rootCertificate !== undefined) ? 'chain' : 'none';
}

/** What is known of a host's TLS; the start-up goes by it. */
export interface TlsState {
  readonly settings: TlsSettings;
  offered: boolean;
  /** The mode has the server's certificate checked, and it passed. */
  verified: boolean;
  /** How this side's certificate may be shown; undefined where there is none, or nobody knows to whom it would be. */
  demand: Demand | undefined;
}

/** There is a client certificate, and the start-up check does without, since it would not know to whom it shows it. */
export function withholdsCertificate({ settings, demand }: TlsState): boolean {
  return settings.certificate !== undefined && settings.key !== undefined && demand === undefined;
}

export function tlsCheck(route: Route, state: TlsState, needs: readonly Check[]): Check {
  return {
    id: 'tls',
    subject: hostLabel(route.host),
    title: text('TLS', 'TLS 加密'),
    exitCode: ExitCode.tls,
    needs,
    run: async () => {
      const { settings } = state;
      const need = needOf(settings);
      if (route.reachable !== undefined && 'path' in route.reachable) {
        return { status: 'ok', finding: text('Not used on a Unix socket.', 'Unix 域套接字不使用 TLS。') };
      }
      if (need === 'never' || need === 'if-refused') {
        const finding = text(
          `Not asked for (sslmode=${settings.mode}).`,
          `配置未要求（sslmode=${settings.mode}）。`,
        );
        return staysHere(route) ? { status: 'ok', finding } : { ...unprotected(READABLE), finding };
      }
      let tls: TLSSocket | undefined;
      try {
        tls = await openTls(route, settings);
        if (tls === undefined) return notOffered(settings, staysHere(route));
        const outcome = judge(tls, settings, route.host.host);
        state.offered = outcome.status !== 'fail';
        const checked = verification(settings);
        state.verified = state.offered && checked !== 'none';
        const modern = /^TLSv1\.[23]$/.test(tls.getProtocol() ?? '');
        if (state.verified && checked !== 'none' && modern && settings.certificate !== undefined) {
          state.demand = checked;
        }
        if (outcome.status === 'fail' || checked !== 'none' || staysHere(route)) return outcome;
        const warning = unprotected(UNCHECKED);
        return {
          ...outcome,
          status: 'warn',
          detail: lines(outcome.detail, warning.detail),
          remedy: lines(outcome.remedy, warning.remedy),
        };
      } catch (error) {
        if (!(error instanceof TlsFailure)) throw error;
        return need === 'preferred' ? fallsBack(error.outcome) : error.outcome;
      } finally {
        tls?.destroy();
      }
    },
  };
}

/** libpq then goes on without encryption, which may be what nobody notices. */
function fallsBack(outcome: Outcome): Outcome {
  return {
    ...outcome,
    status: 'warn',
    detail: lines(
      outcome.detail,
      text(
        'With sslmode=prefer the client library then connects without encryption.',
        'sslmode=prefer 时，客户端库会改为不加密连接。',
      ),
    ),
  };
}

const READABLE = text(
  'Whoever can listen between here and the server reads everything, the data and most passwords.',
  '能够监听本机与服务器之间网络的任何人都可以读取全部内容，包括数据和多数认证方式下的口令。',
);
const UNCHECKED = text(
  'Nobody checks who is there: somebody who answers in the place of the server gets the password.',
  '没有检查对方身份：冒充服务器应答者可以取得口令。',
);

/** A warning for a connection that leaves this machine. */
function unprotected(why: Text): Pick<Outcome, 'status' | 'detail' | 'remedy'> {
  return {
    status: 'warn',
    detail: lines(why),
    remedy: lines(
      text(
        "Use sslmode=verify-full, with sslrootcert naming the certificate of the server's authority; see docs/security.md.",
        '请使用 sslmode=verify-full，并用 sslrootcert 指定服务器证书的颁发机构证书；参见 docs/security.zh-CN.md。',
      ),
    ),
  };
}

function notOffered(settings: TlsSettings, here: boolean): Outcome {
  const finding = text('The server does not offer TLS: it answered N.', '服务器不提供 TLS：应答为 N。');
  const facts = { offered: false };
  if (needOf(settings) === 'required') {
    return explained('fail', { code: 'KB_CONNECT_TLS_UNSUPPORTED', message: '' }, { finding, facts });
  }
  const warning = here ? undefined : unprotected(READABLE);
  return {
    status: 'ok',
    ...warning,
    finding,
    detail: lines(
      text('The connection will not be encrypted (sslmode=prefer).', '连接将不加密（sslmode=prefer）。'),
      warning?.detail,
    ),
    facts,
  };
}

/** What an encrypted connection is like, and whether its certificate would be accepted. */
function judge(tls: TLSSocket, settings: TlsSettings, host: string): Outcome {
  const protocol = tls.getProtocol() ?? 'unknown';
  const cipher = tls.getCipher().name;
  const certificate = tls.getPeerCertificate(true);
  // Older type declarations say Error; it is OpenSSL's name for the reason.
  const untrusted = tls.authorized ? undefined : String(tls.authorizationError);
  const chain = chainOf(certificate);
  const faults = faultsOf(certificate, untrusted, host);
  const checked = verification(settings);
  const refusing = faults.filter(({ kind }) => checked !== 'none' && (kind !== 'name' || checked === 'name'));
  const facts = {
    offered: true,
    protocol,
    cipher,
    verification: checked,
    faults: faults.map(({ kind }) => kind),
    chain,
  };
  const detail = lines(
    chain[0] === undefined ? undefined : shown(chain[0]),
    ...faults.map(({ words }) => words),
  );
  if (refusing.length > 0) return refused(refusing, settings, detail, facts);
  const outdated = /^(SSLv|TLSv1(\.1)?$)/.test(protocol);
  const late = faults.some(({ kind }) => kind === 'expired' || kind === 'not-yet-valid');
  const finding = text(
    `${protocol}, ${cipher}${checked === 'none' ? '; the certificate is not checked' : '; the certificate is accepted'}.`,
    `${protocol}，${cipher}${checked === 'none' ? '；不检查证书' : '；证书通过检查'}。`,
  );
  if (!outdated && !late) return { status: 'ok', finding, detail, facts };
  return {
    status: 'warn',
    finding,
    detail,
    facts,
    remedy: lines(
      outdated
        ? text(
            `${protocol} is out of date: set ssl_min_protocol_version = 'TLSv1.2' on the server, and update it if it cannot.`,
            `${protocol} 已过时：请在服务器上设置 ssl_min_protocol_version = 'TLSv1.2'，不支持时请升级服务器。`,
          )
        : undefined,
      late
        ? text(
            'Renew the certificate of the server: clients with verify-ca or verify-full are refused already.',
            '请更新服务器证书：使用 verify-ca 或 verify-full 的客户端已无法连接。',
          )
        : undefined,
    ),
  };
}

function refused(
  faults: readonly CertificateFault[],
  settings: TlsSettings,
  detail: Lines,
  facts: Outcome['facts'],
): Outcome {
  const byName = faults.every(({ kind }) => kind === 'name');
  return explained(
    'fail',
    { code: 'KB_CONNECT_TLS_CERTIFICATE', message: byName ? 'does not match host name' : '' },
    {
      finding: text(
        `The certificate does not pass sslmode=${settings.mode}.`,
        `证书不能通过 sslmode=${settings.mode} 的检查。`,
      ),
      detail: lines(
        detail,
        settings.rootCertificate === undefined
          ? text('There is no root certificate to check it against.', '没有可用于检查的根证书。')
          : text(
              `It was checked against ${settings.rootCertificate}.`,
              `所用的根证书文件：${settings.rootCertificate}。`,
            ),
      ),
      ...(facts ? { facts } : {}),
    },
  );
}

function shown({ subject, issuer, names, validTo }: CertificateFacts): Text {
  const until = validTo.slice(0, 10);
  const list = names.join(', ');
  return text(
    `Certificate of ${subject || '(no subject)'}, issued by ${issuer}, for ${list || 'no name'}, valid until ${until}.`,
    `证书主体 ${subject || '（无）'}，签发者 ${issuer}，名称 ${list || '（无）'}，有效期至 ${until}。`,
  );
}
