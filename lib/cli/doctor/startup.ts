import { isError } from '../../base/is-error.js';
import type { Duplex } from 'node:stream';
import { ExitCode } from '../exit-codes.js';
import { lines, text, type Text } from '../words.js';
import { connectAgain, hostLabel, staysHere, type Route } from './addresses.js';
import { requestName, type AuthenticationRequest } from './authentication.js';
import { capture, ended } from './capture.js';
import { readAnswer, startupMessage, terminate, type Answer } from './protocol.js';
import { ConnectionEnd } from './socket.js';
import { explained, saidBy, type Check, type Outcome } from './step.js';
import { needOf, withholdsCertificate, type TlsState } from './tls.js';
import { notAServer, openTls } from './tls-connection.js';

export interface StartupParameters {
  readonly user: string;
  readonly database: string;
}

/** What the server asked for, once it has. */
export interface StartupState {
  request: AuthenticationRequest | undefined;
}

type Way = 'tls' | 'plain';

interface Try {
  readonly way: Way;
  readonly answer: Answer | ConnectionEnd;
}

export function startupCheck(
  route: Route,
  tls: TlsState,
  parameters: StartupParameters,
  state: StartupState,
  needs: readonly Check[],
): Check {
  return {
    id: 'startup',
    subject: hostLabel(route.host),
    title: text('Start-up', '会话启动'),
    exitCode: ExitCode.login,
    needs,
    run: async () => {
      const tries: Try[] = [];
      for (const way of waysOf(tls, route)) {
        const answer = await ask(route, tls, parameters, way);
        tries.push({ way, answer });
        // As libpq: with prefer and allow, sys_hba.conf may want the other way.
        if (answer instanceof ConnectionEnd || answer.kind !== 'error') break;
      }
      const accepted = tries.find(
        (each) => !(each.answer instanceof ConnectionEnd) && each.answer.kind === 'authentication',
      );
      const telling = accepted ?? tries[0];
      if (telling === undefined) throw new Error('There is at least one way to connect.');
      const outcome = outcomeOf(telling, tries, route, state);
      if (state.request?.code === 3 && !tls.verified && !staysHere(route)) return inClearText(outcome);
      return telling.way === 'tls' && withholdsCertificate(tls) ? unshown(outcome, telling.answer) : outcome;
    },
  };
}

/** Encrypted or not, in the order in which the client library tries them. */
function waysOf({ settings, offered }: TlsState, { reachable }: Route): readonly Way[] {
  if (reachable === undefined || 'path' in reachable) return ['plain'];
  switch (needOf(settings)) {
    case 'never':
      return ['plain'];
    case 'required':
      return ['tls'];
    case 'preferred':
      return offered ? ['tls', 'plain'] : ['plain'];
    case 'if-refused':
      return ['plain', 'tls'];
  }
}

async function ask(
  route: Route,
  tls: TlsState,
  { user, database }: StartupParameters,
  way: Way,
): Promise<Answer | ConnectionEnd> {
  let stream: Duplex | undefined;
  try {
    stream = way === 'tls' ? await openTls(route, tls.settings, tls.demand) : await connectAgain(route);
    if (stream === undefined) return new ConnectionEnd('closed', 'no TLS');
    stream.write(
      startupMessage({ user, database, application_name: 'kingbase-native doctor', client_encoding: 'UTF8' }),
    );
    const answer = await readAnswer(stream, performance.now() + route.limit);
    // A server that asked for a password is left as a client is that has none: it closes, and nothing is logged.
    if (answer.kind === 'authentication') {
      stream.resume();
      stream.end(answer.code === 0 ? terminate() : undefined);
    }
    return answer;
  } catch (error) {
    if (error instanceof ConnectionEnd) return error;
    // The handshake went well a moment ago; what it fails with now counts as an end of the connection.
    return new ConnectionEnd('other', isError(error) ? error.message : String(error));
  } finally {
    if (stream?.writableEnded !== true) stream?.destroy();
    else setTimeout(() => stream?.destroy(), 1_000).unref();
  }
}

function outcomeOf({ way, answer }: Try, tries: readonly Try[], route: Route, state: StartupState): Outcome {
  const encrypted = way === 'tls';
  if (answer instanceof ConnectionEnd) return endedEarly(answer, encrypted, route);
  switch (answer.kind) {
    case 'foreign':
      return notAServer(answer.beginning, text('the StartupMessage', 'StartupMessage'));
    case 'error':
      return refusal(answer.fields, encrypted);
    case 'authentication': {
      state.request = { code: answer.code, mechanisms: answer.mechanisms };
      const asked = requestName(state.request);
      const [first] = tries;
      const refusedFirst =
        first !== undefined &&
        first.way !== way &&
        !(first.answer instanceof ConnectionEnd) &&
        first.answer.kind === 'error';
      return {
        status: 'ok',
        finding:
          answer.code === 0
            ? text('The server lets this user in without authentication.', '服务器无需认证即允许该用户登录。')
            : text(`The server asks for ${asked.en}.`, `服务器要求的认证方式：${asked.zh}。`),
        ...(refusedFirst
          ? {
              detail: lines(
                text(
                  `It refused the login ${first.way === 'tls' ? 'with' : 'without'} TLS first, as sys_hba.conf wants; the client library goes on ${encrypted ? 'with' : 'without'} it.`,
                  `服务器先按 sys_hba.conf 拒绝了${first.way === 'tls' ? '加密' : '不加密'}的登录，客户端库会改为${encrypted ? '加密' : '不加密'}连接。`,
                ),
              ),
            }
          : {}),
        facts: { encrypted, authentication: answer.code, mechanisms: answer.mechanisms },
      };
    }
  }
}

/** The worst that the default mode allows. */
function inClearText(outcome: Outcome): Outcome {
  return {
    ...outcome,
    status: 'warn',
    detail: lines(
      outcome.detail,
      text(
        'The client library will send the password itself, not a proof of it, to whoever answers here: nobody has checked that it is the server.',
        '客户端库会把口令原文（而不是口令证明）发送给此处的应答者，而其身份并未经过检查。',
      ),
    ),
    remedy: lines(
      text(
        'Do not log in this way: use sslmode=verify-full with sslrootcert, or have sys_hba.conf ask for scram-sha-256 or scram-sm3.',
        '请勿以此方式登录：使用 sslmode=verify-full 并指定 sslrootcert，或在 sys_hba.conf 中改用 scram-sha-256 或 scram-sm3。',
      ),
    ),
  };
}

/** A refusal for want of the certificate is no finding: the library shows it, and the login will tell. */
function unshown(outcome: Outcome, answer: Answer | ConnectionEnd): Outcome {
  const refused =
    !(answer instanceof ConnectionEnd) && answer.kind === 'error' && answer.fields['C'] === '28000';
  return {
    ...outcome,
    status: refused ? 'warn' : outcome.status,
    detail: lines(
      outcome.detail,
      text(
        'The client certificate was not shown: the server that would get it has not been checked (sslmode=verify-ca or verify-full). The library shows it to any server at the login.',
        '此处未出示客户端证书：尚未检查对方身份（需要 sslmode=verify-ca 或 verify-full）。登录时客户端库会向任何服务器出示该证书。',
      ),
    ),
  };
}

function refusal(fields: Readonly<Record<string, string | undefined>>, encrypted: boolean): Outcome {
  const { C: code, M: message = '', D: detail, H: hint } = fields;
  const words = [message, detail, hint].filter((part) => part !== undefined && part !== '').join(' ');
  return explained(
    'fail',
    { code: code ?? 'KB_CONNECT_FAILED', message, stage: 'startup' },
    { detail: lines(saidBy('server', words)), facts: { encrypted, sqlState: code ?? null } },
  );
}

function endedEarly(
  { ending, code }: ConnectionEnd,
  encrypted: boolean,
  { limit, reachable }: Route,
): Outcome {
  const how = ended(ending, code, limit);
  const where: Text =
    ending === 'silent'
      ? text('It took the connection and the start-up packet.', '它接受了连接和启动消息。')
      : text('This came after the start-up packet.', '这发生在启动消息之后。');
  return explained(
    'fail',
    { code: ending === 'silent' ? 'KB_CONNECT_TIMEOUT' : 'KB_CONNECT_LOST', message: '', stage: 'startup' },
    {
      finding: text(`The other side ${how.en}.`, `对方${how.zh}。`),
      detail: lines(where, reachable === undefined ? undefined : capture('startup', ending, reachable)),
      facts: { encrypted, ending },
    },
  );
}
