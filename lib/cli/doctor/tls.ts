import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { ExitCode } from '../exit-codes.js';
import { lines, same, text, type Lines, type Text } from '../words.js';
import { connectAgain, hostLabel, type Route } from './addresses.js';
import { capture, ended } from './capture.js';
import { chainOf, faultsOf, type CertificateFacts, type CertificateFault } from './certificate.js';
import { sslRequest } from './protocol.js';
import { ByteReader, ConnectionEnd, type ObservedSocket } from './socket.js';
import { explained, type Check, type Outcome } from './step.js';

/** What the configuration says about TLS. */
export interface TlsSettings {
  readonly mode: string;
  /** TLS from the first byte, without asking (sslnegotiation=direct). */
  readonly direct: boolean;
  /** PEM files that can be read; undefined where there is none. The first can be `system`. */
  readonly rootCertificate: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
}

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
}

/** Failed on the way to an encrypted connection. */
class TlsFailure extends Error {
  constructor(readonly outcome: Outcome) {
    super(outcome.finding.en);
  }
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
        return {
          status: 'ok',
          finding: text(
            `Not asked for (sslmode=${settings.mode}).`,
            `配置未要求（sslmode=${settings.mode}）。`,
          ),
        };
      }
      let tls: TLSSocket | undefined;
      try {
        tls = await openTls(route, settings);
        if (tls === undefined) return notOffered(settings);
        const outcome = judge(tls, settings, route.host.host);
        state.offered = outcome.status !== 'fail';
        return outcome;
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

function notOffered(settings: TlsSettings): Outcome {
  const finding = text('The server does not offer TLS: it answered N.', '服务器不提供 TLS：应答为 N。');
  const facts = { offered: false };
  if (needOf(settings) === 'required') {
    return explained('fail', { code: 'KB_CONNECT_TLS_UNSUPPORTED', message: '' }, { finding, facts });
  }
  return {
    status: 'ok',
    finding,
    detail: lines(
      text('The connection will not be encrypted (sslmode=prefer).', '连接将不加密（sslmode=prefer）。'),
    ),
    facts,
  };
}

/**
 * An encrypted connection to the host, its certificate not yet judged; undefined where the server offers none. Throws a
 * TlsFailure.
 */
export async function openTls(route: Route, settings: TlsSettings): Promise<TLSSocket | undefined> {
  let socket: ObservedSocket;
  try {
    socket = await connectAgain(route);
  } catch (error) {
    throw broken('connect', error, route);
  }
  try {
    if (!settings.direct && !(await agreed(socket, route))) {
      socket.destroy();
      return undefined;
    }
    return await handshake(socket, route, settings);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Asks for TLS: the server answers with one byte, S or N (PostgreSQL manual, "SSL Session Encryption"). */
async function agreed(socket: ObservedSocket, route: Route): Promise<boolean> {
  const reader = new ByteReader(socket, performance.now() + route.limit);
  socket.write(sslRequest());
  let answer: string;
  try {
    answer = (await reader.take(1)).toString('latin1');
  } catch (error) {
    throw broken('ssl-request', error, route);
  }
  const rest = reader.available(60);
  if (answer === 'N') return false;
  if (answer === 'S' && rest.length === 0) return true;
  if (answer === 'S') {
    // CVE-2021-23222: what comes before the handshake was not sent by the server, or by one that is not to be trusted.
    throw new TlsFailure(
      explained(
        'fail',
        { code: 'KB_CONNECT_TLS', message: '' },
        {
          finding: text(
            'Unencrypted bytes followed the answer S: something between here and the server tampers with the connection.',
            '应答 S 之后出现了未加密的数据：本机与服务器之间有程序改动了连接内容。',
          ),
        },
      ),
    );
  }
  throw new TlsFailure(
    notAServer(Buffer.concat([Buffer.from(answer, 'latin1'), rest]), text('the SSLRequest', 'SSLRequest')),
  );
}

/** What answers speaks another protocol. */
export function notAServer(beginning: Buffer, to: Text): Outcome {
  const shown = JSON.stringify(beginning.subarray(0, 40).toString('latin1'));
  const isHttp = beginning.toString('latin1').startsWith('HTTP/');
  return explained(
    'fail',
    { code: 'KB_CONNECT_FAILED', message: 'expected authentication request' },
    {
      finding: isHttp
        ? text('A web server answers here, not a database.', '此处应答的是 Web 服务器，而不是数据库。')
        : text('What answers here is not a KingbaseES server.', '此处应答的不是 KingbaseES 服务器。'),
      detail: lines(
        text(`The answer to ${to.en} begins with ${shown}.`, `对${to.zh}的应答以 ${shown} 开头。`),
      ),
      facts: { answer: beginning.subarray(0, 40).toString('latin1') },
    },
  );
}

function broken(
  moment: 'connect' | 'ssl-request' | 'tls',
  error: unknown,
  { reachable, limit }: Route,
): TlsFailure {
  if (!(error instanceof ConnectionEnd) || reachable === undefined) throw error;
  const { ending, code } = error;
  const how = ended(ending, code, limit);
  const [en, zh] =
    moment === 'tls'
      ? ['after the ClientHello', '在 ClientHello 之后']
      : ['when asked for TLS', '在收到 TLS 请求后'];
  return new TlsFailure(
    explained(
      'fail',
      { code: ending === 'silent' ? 'KB_CONNECT_TIMEOUT' : 'KB_CONNECT_LOST', message: '', stage: 'tls' },
      {
        finding: text(`The other side ${how.en} ${en}.`, `对方${zh}${how.zh}。`),
        detail: lines(capture(moment, ending, reachable)),
        facts: { ending },
      },
    ),
  );
}

async function handshake(socket: ObservedSocket, route: Route, settings: TlsSettings): Promise<TLSSocket> {
  const { host } = route.host;
  const options: ConnectionOptions = {
    socket,
    // What is wrong with the certificate is to be told, not to end the handshake.
    rejectUnauthorized: false,
    // Old servers too are to be seen as they are.
    minVersion: 'TLSv1',
    ciphers: 'DEFAULT@SECLEVEL=0',
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(settings.direct ? { ALPNProtocols: ['postgresql'] } : {}),
    // Without a file no authority is trusted, as with libpq; Node would trust those that it brings along.
    ...(settings.rootCertificate === 'system'
      ? {}
      : { ca: settings.rootCertificate === undefined ? [] : readFileSync(settings.rootCertificate) }),
    ...(settings.certificate === undefined || settings.key === undefined
      ? {}
      : { cert: readFileSync(settings.certificate), key: readFileSync(settings.key) }),
  };
  socket.mark();
  let tls: TLSSocket;
  try {
    tls = connect(options);
  } catch (error) {
    // node:tls refuses a certificate or key that it cannot read before it sends anything.
    throw new TlsFailure(
      explained(
        'fail',
        { code: 'KB_CONNECT_TLS', message: 'private key' },
        { detail: lines(same(error instanceof Error ? error.message : String(error))) },
      ),
    );
  }
  tls.on('error', () => undefined);
  try {
    await once(tls, 'secureConnect', { signal: AbortSignal.timeout(route.limit) });
    return tls;
  } catch (error) {
    tls.destroy();
    throw handshakeFailure(error, socket, route);
  }
}

const ALERT = 21;
const HANDSHAKE = 22;

function handshakeFailure(error: unknown, socket: ObservedSocket, route: Route): TlsFailure {
  const [recordType] = socket.first;
  if (error instanceof Error && error.name === 'AbortError') {
    return broken('tls', new ConnectionEnd('silent'), route);
  }
  if (recordType === undefined && socket.ending !== undefined) return broken('tls', socket.ending, route);
  if (recordType !== undefined && recordType !== ALERT && recordType !== HANDSHAKE) {
    const shown = JSON.stringify(socket.first.subarray(0, 40).toString('latin1'));
    return tlsFailure(
      text(
        'The other side agreed to TLS and then did not speak it.',
        '对方同意使用 TLS，随后发来的却不是 TLS 数据。',
      ),
      lines(text(`After the ClientHello came ${shown}.`, `ClientHello 之后收到 ${shown}。`)),
      { ending: 'garbled' },
    );
  }
  const words = error instanceof Error ? error.message : String(error);
  // "…:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version:…:SSL alert number 70"
  const alert =
    /SSL routines:\w*:([^:]*alert[^:]*):/.exec(words)?.[1] ?? /SSL alert number \d+/.exec(words)?.[0];
  if (alert !== undefined) {
    return tlsFailure(
      text(`The server ended the TLS handshake: ${alert}.`, `服务器结束了 TLS 握手：${alert}。`),
      lines(
        text(
          'A packet capture shows: ClientHello, answered by a fatal Alert.',
          '抓包可见：ClientHello 之后是对方发来的 Alert（fatal）。',
        ),
      ),
      { ending: 'alert', alert },
    );
  }
  if (socket.ending !== undefined) {
    const how = ended(socket.ending.ending, socket.ending.code, route.limit);
    return tlsFailure(
      text(
        `The other side ${how.en} in the middle of the TLS handshake.`,
        `对方在 TLS 握手过程中${how.zh}。`,
      ),
      lines(
        text(
          `A packet capture shows: ClientHello, ${socket.received} bytes in answer, then ${socket.ending.ending === 'reset' ? 'RST' : 'FIN'} from the other side.`,
          `抓包可见：ClientHello 之后收到 ${socket.received} 字节，随后对方发来 ${socket.ending.ending === 'reset' ? 'RST' : 'FIN'}。`,
        ),
      ),
      { ending: socket.ending.ending },
    );
  }
  return tlsFailure(
    text('This side ended the TLS handshake.', '本端结束了 TLS 握手。'),
    lines(same(`OpenSSL ${process.versions.openssl}: ${words}`)),
    { ending: 'here' },
  );
}

function tlsFailure(finding: Text, detail: Lines, facts: Outcome['facts']): TlsFailure {
  return new TlsFailure(
    explained(
      'fail',
      { code: 'KB_CONNECT_TLS', message: '' },
      { finding, detail, ...(facts ? { facts } : {}) },
    ),
  );
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
