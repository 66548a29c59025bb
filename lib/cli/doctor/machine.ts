import { release, type as systemName } from 'node:os';
import { sourceInChinese } from '../../client-library/candidate.js';
import { ExitCode } from '../exit-codes.js';
import { lines, same, text, type Text } from '../words.js';
import { ProcessCrash, type Answers } from './library-client.js';
import { crashed } from './session.js';
import { explained, type Check, type Outcome } from './step.js';

const OLDEST_NODE = [18, 18] as const;

/** glibc's version where the process runs on it, `musl` on Alpine, undefined on other systems. */
function libc(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime === undefined ? 'musl' : `glibc ${header.glibcVersionRuntime}`;
}

export const platformCheck: Check = {
  id: 'platform',
  title: text('Platform', '操作系统'),
  exitCode: ExitCode.local,
  run: () => {
    const libcVersion = libc();
    const facts = {
      platform: process.platform,
      release: release(),
      architecture: process.arch,
      libc: libcVersion ?? null,
    };
    const finding = same(
      [`${systemName()} ${release()}`, process.arch, libcVersion].filter(Boolean).join(', '),
    );
    if (libcVersion !== 'musl') return { status: 'ok', finding, facts };
    return {
      status: 'warn',
      finding,
      detail: lines(
        text(
          'This system has musl instead of glibc (Alpine); the vendor offers client libraries for glibc only.',
          '本系统使用 musl 而不是 glibc（如 Alpine），厂商只提供基于 glibc 的客户端库。',
        ),
      ),
      remedy: lines(
        text(
          'Use an image or system with glibc, such as Debian.',
          '请改用基于 glibc 的镜像或系统，例如 Debian。',
        ),
      ),
      facts,
    };
  },
};

export const nodeCheck: Check = {
  id: 'node',
  title: same('Node.js'),
  exitCode: ExitCode.local,
  run: () => {
    const { node, openssl } = process.versions;
    const [major = 0, minor = 0] = node.split('.').map(Number);
    const facts = { version: node, openssl: openssl ?? null, executable: process.execPath };
    const finding = same(`${node} (OpenSSL ${openssl ?? '-'}), ${process.execPath}`);
    const [oldestMajor, oldestMinor] = OLDEST_NODE;
    if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor))
      return { status: 'ok', finding, facts };
    return {
      status: 'fail',
      finding,
      remedy: lines(
        text(
          `Install Node.js ${OLDEST_NODE.join('.')} or later.`,
          `请安装 Node.js ${OLDEST_NODE.join('.')} 或更高版本。`,
        ),
      ),
      facts,
    };
  },
};

/** The addon and the client library are loaded in one request; the two checks share its answer. */
export class Loading {
  /** Once loaded. */
  library: Answers['load']['library'];
  readonly addonCheck: Check;
  readonly libraryCheck: Check;
  private answer: Promise<Answers['load']> | undefined;

  constructor(
    private readonly load: () => Promise<Answers['load']>,
    candidates: Check,
  ) {
    this.addonCheck = {
      id: 'addon',
      title: text('Native addon', '原生模块'),
      exitCode: ExitCode.local,
      run: () => this.checkAddon(),
    };
    this.libraryCheck = {
      id: 'library',
      title: text('Client library', '客户端库'),
      exitCode: ExitCode.local,
      needs: [this.addonCheck, candidates],
      run: () => this.checkLibrary(),
    };
  }

  private ask(): Promise<Answers['load']> {
    return (this.answer ??= this.load());
  }

  private async checkAddon(): Promise<Outcome> {
    let answer: Answers['load'];
    try {
      answer = await this.ask();
    } catch (error) {
      // What brings the process down is the library: it is opened by the same request.
      if (error instanceof ProcessCrash) return { status: 'ok', finding: text('Loaded.', '已加载。') };
      throw error;
    }
    const { addon, error } = answer;
    if (addon !== undefined) {
      const origin = originOf(addon);
      return {
        status: 'ok',
        finding: text(`${origin.en}: ${addon}`, `${origin.zh}：${addon}`),
        facts: { path: addon },
      };
    }
    return explained('fail', error ?? { code: '', message: '' }, {
      detail: lines(...(error?.message ?? '').split('\n').map(same)),
      facts: { path: null },
    });
  }

  private async checkLibrary(): Promise<Outcome> {
    let answer: Answers['load'];
    try {
      answer = await this.ask();
    } catch (error) {
      if (error instanceof ProcessCrash) return crashed(error);
      throw error;
    }
    const { library, error } = answer;
    if (library === undefined) return explained('fail', error ?? { code: '', message: '' });
    this.library = library;
    return loaded(library);
  }
}

function originOf(addon: string): Text {
  if (process.env['KINGBASE_NATIVE_ADDON'] === addon)
    return text('named by KINGBASE_NATIVE_ADDON', '由 KINGBASE_NATIVE_ADDON 指定');
  return /[/\\]prebuilds[/\\]/.test(addon)
    ? text('prebuilt', '预编译')
    : text('built on this machine', '在本机编译');
}

function loaded(library: NonNullable<Answers['load']['library']>): Outcome {
  const { path, flavour, version, capabilities, source, reason } = library;
  const number =
    version === 0 ? text('version unknown', '版本未知') : text(`version ${version}`, `版本 ${version}`);
  const can = Object.entries(capabilities)
    .filter(([, able]) => able === true)
    .map(([name]) => name);
  const detail = lines(
    text(reason, `来源：${sourceInChinese(source)}。`),
    text(`It can do: ${can.join(', ')}.`, `具备的能力：${can.join('、')}。`),
  );
  const finding = text(`${path} (${flavour}, ${number.en})`, `${path}（${flavour}，${number.zh}）`);
  const facts = { path, flavour, version, capabilities, source };
  if (flavour !== 'libpq') return { status: 'ok', finding, detail, facts };
  return {
    status: 'warn',
    finding,
    detail: lines(
      detail,
      text(
        "This is PostgreSQL's own library: it cannot log in by sm3, scram-sm3 or sm4.",
        '这是 PostgreSQL 原版的库，不支持 sm3、scram-sm3、sm4 认证。',
      ),
    ),
    remedy: lines(
      text(
        "Install Kingbase's libkci and name it in KINGBASE_CLIENT_LIBRARY, unless the server asks for scram-sha-256 or md5 only.",
        '若服务器不限于 scram-sha-256 或 md5，请安装 Kingbase 的 libkci，并通过 KINGBASE_CLIENT_LIBRARY 指定。',
      ),
    ),
    facts,
  };
}
