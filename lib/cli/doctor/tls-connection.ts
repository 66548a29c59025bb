import { isError } from '../../base/is-error.js';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { lines, same, text, type Lines, type Text } from '../words.js';
import { connectAgain, type Route } from './addresses.js';
import { capture, ended } from './capture.js';
import { sslRequest } from './protocol.js';
import { ByteReader, ConnectionEnd, type ObservedSocket } from './socket.js';
import { explained, type Outcome } from './step.js';

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

/** Failed on the way to an encrypted connection. */
export class TlsFailure extends Error {
  constructor(readonly outcome: Outcome) {
    super(outcome.finding.en);
  }
}

/** How the server's certificate must be checked before it is shown this side's. */
export type Demand = 'name' | 'chain';

/**
 * An encrypted connection to the host; undefined where the server offers none. Throws a TlsFailure.
 *
 * @param demand undefined: the server's certificate is left for the caller to judge, and it is not told who this side is.
 *   Else this side's certificate is shown to a server that stands the check, by TLS 1.2 or later.
 */
export async function openTls(
  route: Route,
  settings: TlsSettings,
  demand?: Demand,
): Promise<TLSSocket | undefined> {
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
    return await handshake(socket, route, settings, demand);
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

async function handshake(
  socket: ObservedSocket,
  route: Route,
  settings: TlsSettings,
  demand: Demand | undefined,
): Promise<TLSSocket> {
  const { host } = route.host;
  const options: ConnectionOptions = {
    socket,
    ...(demand === undefined
      ? {
          // What is wrong with the certificate is to be told, not to end the handshake.
          rejectUnauthorized: false,
          // Old servers too are to be seen as they are.
          minVersion: 'TLSv1',
          ciphers: 'DEFAULT@SECLEVEL=0',
        }
      : {
          rejectUnauthorized: true,
          minVersion: 'TLSv1.2',
          ...(demand === 'chain' ? { checkServerIdentity: () => undefined } : { host }),
        }),
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(settings.direct ? { ALPNProtocols: ['postgresql'] } : {}),
    // Without a file no authority is trusted, as with libpq; Node would trust those that it brings along.
    ...(settings.rootCertificate === 'system'
      ? {}
      : { ca: settings.rootCertificate === undefined ? [] : readFileSync(settings.rootCertificate) }),
    ...(demand === undefined || settings.certificate === undefined || settings.key === undefined
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
        { detail: lines(same(isError(error) ? error.message : String(error))) },
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
  if (isError(error) && error.name === 'AbortError') {
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
  const words = isError(error) ? error.message : String(error);
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
