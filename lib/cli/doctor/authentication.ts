import { chinese } from '../../base/chinese-spacing.js';
import type { ClientLibraryInfo } from '../../index.js';
import { lines, text, same, type Text } from '../words.js';
import { explained, type Outcome } from './step.js';

/** What the server sent in its message `R`. */
export interface AuthenticationRequest {
  readonly code: number;
  /** For SASL (10). */
  readonly mechanisms: readonly string[];
}

type LibraryFacts = Pick<ClientLibraryInfo, 'flavour' | 'version' | 'capabilities'>;

/**
 * Protocol codes (PostgreSQL manual, "Message Formats"), and 13, which is Kingbase's: seen in a genuine client library of
 * V8R6 and in the vendor's JDBC driver. Codes of sm4 are not published.
 */
const NAMES: Readonly<Record<number, Text>> = {
  0: text('nothing (trust, or a certificate was enough)', '无需认证（trust 或证书）'),
  2: same('Kerberos V5'),
  3: text(
    'the password in clear text (password, LDAP, RADIUS, PAM)',
    '明文密码（password、LDAP、RADIUS、PAM）',
  ),
  5: same('md5'),
  7: same('GSSAPI'),
  9: same('SSPI'),
  13: text('sm3 (request code 13)', 'sm3（请求码 13）'),
};

export function requestName({ code, mechanisms }: AuthenticationRequest): Text {
  if (code === 10) return text(`SASL (${mechanisms.join(', ')})`, `SASL（${mechanisms.join('、')}）`);
  return NAMES[code] ?? text(`a method with request code ${code}`, `请求码为 ${code} 的认证方式`);
}

/** By its functions, as lib/client-library and the symbol tables of genuine libraries have it. */
export type Generation = 'libpq' | 'V8R3' | 'V8R6 or later';

export function generationOf({ flavour, capabilities }: LibraryFacts): Generation {
  if (flavour === 'libpq') return 'libpq';
  return capabilities.encryptPassword ? 'V8R6 or later' : 'V8R3';
}

/** Whether a library can do what the server asks for. What is `unknown` only the login shows. */
export function canAnswer(
  { code, mechanisms }: AuthenticationRequest,
  library: LibraryFacts,
  user: string,
): 'yes' | 'no' | 'unknown' {
  const generation = generationOf(library);
  switch (code) {
    case 0:
    case 3:
      return 'yes';
    case 5:
      // V8R3 hashes the name in capitals, as its server does; a later server has stored the name as it is.
      return generation === 'V8R3' && user !== user.toUpperCase() ? 'unknown' : 'yes';
    case 7:
    case 9:
      return 'unknown';
    case 10: {
      const scram = mechanisms.some((mechanism) => /^SCRAM-SHA-256(-PLUS)?$/.test(mechanism));
      // V8R3 speaks a draft of SCRAM; its own server understands it.
      if (scram) return generation === 'V8R3' ? 'unknown' : 'yes';
      return generation === 'V8R6 or later' ? 'unknown' : 'no';
    }
    case 13:
      return generation === 'V8R6 or later' ? 'yes' : 'no';
    default:
      return generation === 'V8R6 or later' ? 'unknown' : 'no';
  }
}

export function authenticationOutcome(
  request: AuthenticationRequest,
  library: LibraryFacts,
  user: string,
): Outcome {
  const verdict = canAnswer(request, library, user);
  const name = requestName(request);
  const generation = generationOf(library);
  const made =
    generation === 'libpq'
      ? text("PostgreSQL's own libpq", 'PostgreSQL 原版 libpq')
      : same(`libkci ${generation}`);
  const facts = { ...request, generation, supported: verdict };
  if (request.code === 0) {
    return { status: 'ok', finding: text('Nothing is asked for.', '服务器不要求认证。'), facts };
  }
  switch (verdict) {
    case 'yes':
      return {
        status: 'ok',
        finding: text(
          `The client library (${made.en}) can do ${name.en}.`,
          chinese`客户端库（${made.zh}）支持${name.zh}。`,
        ),
        facts,
      };
    case 'no':
      return explained(
        'fail',
        {
          code: 'KB_CONNECT_AUTH_METHOD',
          message: request.code === 13 ? 'authentication method 13 not supported' : '',
        },
        {
          finding: text(
            `The client library (${made.en}) cannot do ${name.en}.`,
            chinese`客户端库（${made.zh}）不支持${name.zh}。`,
          ),
          facts,
        },
      );
    case 'unknown':
      return { status: 'warn', ...doubtful(request, generation, name, made), facts };
  }
}

function doubtful(
  { code }: AuthenticationRequest,
  generation: Generation,
  name: Text,
  made: Text,
): Pick<Outcome, 'finding' | 'remedy'> {
  const install = text(
    "If the login fails, install the client library of the server's version and name it in KINGBASE_CLIENT_LIBRARY.",
    '若登录失败，请安装与服务器版本一致的客户端库，并通过 KINGBASE_CLIENT_LIBRARY 指定。',
  );
  if (generation === 'V8R3') {
    return {
      finding: text(
        `The client library is of V8R3: it does ${name.en} in a way that only servers of V8R3 understand.`,
        chinese`客户端库属于 V8R3，其${name.zh}实现只有 V8R3 的服务器能够识别。`,
      ),
      remedy: lines(install),
    };
  }
  if (code === 7 || code === 9) {
    return {
      finding: text(
        `${name.en} needs a ticket of the domain, which this check cannot see.`,
        chinese`${name.zh}需要域票据，此处无法检查。`,
      ),
      remedy: lines(
        text(
          'Check it with klist; or ask for a method with a password in sys_hba.conf.',
          '请用 klist 检查票据，或在 sys_hba.conf 中改用密码认证方式。',
        ),
      ),
    };
  }
  return {
    finding: text(
      `Whether the client library (${made.en}) can do ${name.en} only the login shows: the library of V8R6 cannot, that of V9 should.`,
      chinese`客户端库（${made.zh}）是否支持${name.zh}，只有登录时才能确定：V8R6 的库不支持，V9 的库应当支持。`,
    ),
    remedy: lines(install),
  };
}
