import type { ServerInfo } from '../../index.js';
import type { ResolvedConfig } from '../../config/index.js';
import { ExitCode } from '../exit-codes.js';
import { lines, same, text, type Lines, type Text } from '../words.js';
import { generationOf } from './authentication.js';
import { ProcessCrash, RemoteError, type Answers, type LibraryProcess } from './library-client.js';
import { explained, saidBy, type Check, type Outcome } from './step.js';

const ROUND_TRIPS = 10;

/**
 * From the login on: what the client library does, as the driver uses it.
 *
 * @param note is told what came of the login
 */
export function sessionChecks(
  library: LibraryProcess,
  config: ResolvedConfig,
  loaded: () => Answers['load']['library'],
  needs: readonly Check[],
  needsOneOf: readonly Check[],
  note: { outcome: Outcome | undefined },
): Check[] {
  let parameters: Readonly<Record<string, string | undefined>> = {};
  let extended = false;

  const login: Check = {
    id: 'login',
    title: text('Login', '登录'),
    exitCode: ExitCode.login,
    needs,
    needsOneOf,
    run: async () =>
      (note.outcome = await attempt(async () => {
        const { serverParameters, tls, processId, milliseconds } = await library.request('login');
        parameters = serverParameters;
        const how =
          tls === undefined ? text('without encryption', '未加密') : same(`${tls.protocol}, ${tls.cipher}`);
        return {
          status: 'ok',
          finding: text(
            `${config.user || 'The user'} is logged in, ${how.en}; server process ${processId}.`,
            `${config.user || '用户'} 已登录，${how.zh}；服务器进程 ${processId}。`,
          ),
          facts: { tls: tls ?? null, processId, milliseconds: rounded(milliseconds), parameters },
        };
      })),
  };

  const protocol: Check = {
    id: 'protocol',
    title: text('Query protocols', '查询协议'),
    exitCode: ExitCode.server,
    needs: [login],
    run: () =>
      attempt(async () => {
        await library.request('simple');
        try {
          await library.request('extended');
        } catch (error) {
          if (error instanceof RemoteError) return noExtendedProtocol(error);
          throw error;
        }
        extended = true;
        return {
          status: 'ok',
          finding: text(
            'The server takes simple and extended queries (with parameters).',
            '服务器接受简单查询和扩展查询（带参数）。',
          ),
          facts: { simple: true, extended: true },
        };
      }),
  };

  const server: Check = {
    id: 'server',
    title: text('Server', '服务器'),
    exitCode: ExitCode.server,
    needs: [login],
    run: () =>
      attempt(async () => {
        if (!extended) return reportedOnly(parameters);
        return judgeServer(await library.request('server'), parameters, loaded());
      }),
  };

  const roundTrip: Check = {
    id: 'round-trip',
    title: text('Round trip', '往返时间'),
    exitCode: ExitCode.server,
    needs: [login],
    run: () =>
      attempt(async () => {
        const times = await library.request('roundTrips', { count: ROUND_TRIPS });
        const sorted = [...times].sort((a, b) => a - b).map(rounded);
        const [minimum = 0] = sorted;
        const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
        const maximum = sorted.at(-1) ?? 0;
        return {
          status: 'ok',
          finding: text(
            `${median} ms in the middle of ${times.length} (${minimum} to ${maximum} ms).`,
            `${times.length} 次的中位数为 ${median} ms（${minimum} 至 ${maximum} ms）。`,
          ),
          facts: { count: times.length, minimum, median, maximum },
        };
      }),
  };
  return [login, protocol, server, roundTrip];
}

/** What the other process answered with an error, or died of, as an outcome. */
export async function attempt(run: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof ProcessCrash) return crashed(error);
    if (!(error instanceof RemoteError)) throw error;
    const { facts } = error;
    return explained('fail', facts, {
      detail: lines(
        saidBy(
          facts.name === 'DatabaseError' ? 'server' : 'library',
          [facts.message, facts.detail].filter(Boolean).join(' '),
        ),
      ),
      facts: { errorClass: facts.name, stage: facts.stage ?? null },
    });
  }
}

/** The client library brought its process down. */
export function crashed({ how, stderr }: ProcessCrash): Outcome {
  return {
    status: 'fail',
    finding: text(
      `The client library ended the process that used it (${how}).`,
      `客户端库使其所在的进程终止（${how}）。`,
    ),
    detail: stderr === '' ? lines() : lines(...stderr.split('\n').slice(-5).map(same)),
    remedy: lines(
      text(
        'Keep the libssl and libcrypto of its own package beside the client library; do not replace them by links to another version.',
        '请将安装包自带的 libssl、libcrypto 与客户端库放在同一目录，不要用指向其他版本的链接代替。',
      ),
      text(
        'Unset LD_LIBRARY_PATH and LD_PRELOAD, and KINGBASE_NATIVE_NO_DEEPBIND if it is set.',
        '请取消 LD_LIBRARY_PATH、LD_PRELOAD 以及 KINGBASE_NATIVE_NO_DEEPBIND（若已设置）。',
      ),
      text(
        "Use the client library of the server's version, made for this operating system.",
        '请使用与服务器版本一致、适用于本操作系统的客户端库。',
      ),
    ),
    facts: { crash: how },
  };
}

function noExtendedProtocol({ facts }: RemoteError): Outcome {
  return {
    status: 'fail',
    finding: text(
      'The server refuses the extended query protocol: of the driver only script() works, nothing with parameters.',
      '服务器拒绝扩展查询协议：驱动只能使用 script()，带参数的调用都不可用。',
    ),
    detail: lines(
      saidBy(facts.name === 'DatabaseError' ? 'server' : 'library', `${facts.message} [${facts.code}]`),
    ),
    remedy: lines(
      text(
        'Connect to the server itself, without a pooler or proxy in between, and run the doctor again.',
        '请绕开连接池中间件或代理，直接连接服务器，再运行一次 doctor。',
      ),
      text(
        'KingbaseES itself serves it in every mode, as far as is known: reports of a refusal came from a client that left out a field of its messages.',
        '据目前所知，KingbaseES 在所有模式下都支持该协议：此前关于拒绝的报告，源于某个客户端的消息少写了一个字段。',
      ),
    ),
    code: facts.code,
    facts: { simple: true, extended: false },
  };
}

/** Without queries there is what the server reported at the login. */
function reportedOnly(parameters: Readonly<Record<string, string | undefined>>): Outcome {
  const { server_version: version, server_encoding: encoding } = parameters;
  return {
    status: 'warn',
    finding: text(
      `Only what it reported at the login is known: version ${version ?? 'unknown'}, encoding ${encoding ?? 'unknown'}.`,
      `只有登录时报告的信息：版本 ${version ?? '未知'}，编码 ${encoding ?? '未知'}。`,
    ),
    facts: { version: null, serverVersion: version ?? null, encoding: encoding ?? null },
  };
}

/** What a server says of itself, and what of it needs attention. */
export function judgeServer(
  info: ServerInfo,
  parameters: Readonly<Record<string, string | undefined>>,
  library: Answers['load']['library'],
): Outcome {
  const {
    version,
    product,
    release,
    serverVersionNum: kernel,
    databaseMode,
    caseInsensitive,
    encoding,
  } = info;
  const isV7 = /^V007/.test(release);
  const isV8R3 = /^V008R00[0-3]/.test(release);
  const generation = library === undefined ? undefined : generationOf(library);
  const concerns: { words: Text; remedy: Text }[] = [];
  if (isV7) {
    concerns.push({
      words: text(
        'This is KingbaseES V7, which the driver does not support.',
        '这是 KingbaseES V7，驱动不支持该版本。',
      ),
      remedy: text('Use a server of V8 or V9.', '请使用 V8 或 V9 的服务器。'),
    });
  }
  if (generation === 'V8R3' && product === 'KingbaseES' && !isV8R3 && !isV7) {
    concerns.push({
      words: text(
        'The client library is of V8R3 and older than the server.',
        '客户端库属于 V8R3，比服务器旧。',
      ),
      remedy: text(
        "Install the client library of the server's version.",
        '请安装与服务器版本一致的客户端库。',
      ),
    });
  }
  if (isV8R3 && generation !== undefined && generation !== 'V8R3') {
    concerns.push({
      words: text(
        'The server is of V8R3 and older than the client library; this pair has not been tried with genuine parts.',
        '服务器属于 V8R3，比客户端库旧；这种组合未经真实环境验证。',
      ),
      remedy: text(
        'If values or catalogues look wrong, use the client library of V8R3.',
        '若取值或系统目录异常，请使用 V8R3 的客户端库。',
      ),
    });
  }
  if (encoding === 'SQL_ASCII') {
    concerns.push({
      words: text(
        'The database is SQL_ASCII: the server converts nothing, so other programs may have stored GBK.',
        '数据库编码为 SQL_ASCII：服务器不做编码转换，其他程序可能存入了 GBK。',
      ),
      remedy: text(
        'Read such columns as bytea, or move to a database with encoding UTF8.',
        '请以 bytea 读取这类列，或迁移到编码为 UTF8 的数据库。',
      ),
    });
  }
  const name = product === 'unknown' ? same(version.slice(0, 80)) : same(`${product} ${release}`);
  const mode = databaseMode === undefined ? undefined : text(`mode ${databaseMode}`, `${databaseMode} 模式`);
  const rest = [mode, text(`encoding ${encoding}`, `编码 ${encoding}`)].filter((part) => part !== undefined);
  const detail: Lines = lines(
    same(version),
    product === 'PostgreSQL'
      ? text('This is PostgreSQL, not KingbaseES.', '这是 PostgreSQL，而不是 KingbaseES。')
      : undefined,
    kernel > 0
      ? text(`Kernel ${kernel} (server_version_num).`, `内核 ${kernel}（server_version_num）。`)
      : undefined,
    caseInsensitive === true
      ? text(
          'Names and texts compare without regard to case (enable_ci).',
          '名称和文本比较不区分大小写（enable_ci）。',
        )
      : undefined,
    ...concerns.map(({ words }) => words),
  );
  return {
    status: concerns.length > 0 ? 'warn' : 'ok',
    finding: text(
      `${name.en}, ${rest.map(({ en }) => en).join(', ')}.`,
      `${name.zh}，${rest.map(({ zh }) => zh).join('，')}。`,
    ),
    detail,
    remedy: lines(...concerns.map(({ remedy }) => remedy)),
    facts: {
      version,
      product,
      release,
      kernel,
      databaseMode: databaseMode ?? null,
      caseInsensitive: caseInsensitive ?? null,
      encoding,
      serverVersion: parameters['server_version'] ?? null,
    },
  };
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}
