import { createPrivateKey, X509Certificate } from 'node:crypto';
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { ResolvedConfig } from '../../config/index.js';
import type { ClientLibraryInfo } from '../../index.js';
import { ExitCode } from '../exit-codes.js';
import { lines, text, type Lines, type Text } from '../words.js';
import { passwordLine } from './password-file.js';
import type { Check, Outcome, Status } from './step.js';
import type { TlsSettings } from './tls.js';

type Role = 'passfile' | 'service' | 'root' | 'crl' | 'certificate' | 'key';

/** A file that the client library reads. */
export interface ReadFile {
  readonly role: Role;
  readonly path: string;
  /** The configuration names it, so it must be there; else it is where the library looks by itself. */
  readonly named: boolean;
}

/**
 * Where a library looks for its files (libpq manual, "The Password File", "SSL Support"; Kingbase's names by the strings in
 * genuine libraries of V8R3 and V8R6). Libraries of before 15 go by the system's list of users, later ones by HOME.
 */
export function libraryFiles(
  config: Pick<ResolvedConfig, 'libraryKeywords'>,
  library: Pick<ClientLibraryInfo, 'flavour' | 'version'> | undefined,
  environment: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
): ReadFile[] {
  const isStock = library?.flavour === 'libpq';
  const home = isStock && library.version >= 150_000 ? homedir() : homeOfUser();
  const isWindows = platform === 'win32';
  const data = environment['APPDATA'] ?? join(home, 'AppData', 'Roaming');
  const directory = isWindows
    ? join(data, isStock ? 'postgresql' : 'kingbase')
    : join(home, isStock ? '.postgresql' : '.kingbase');
  const own = isStock ? 'postgresql' : 'kingbase';
  const passwords = isWindows
    ? join(directory, isStock ? 'pgpass.conf' : 'kbpass.conf')
    : join(home, isStock ? '.pgpass' : '.kbpass');
  const { passfile, sslrootcert, sslcrl, sslcert, sslkey, service, servicefile } = config.libraryKeywords;
  const file = (role: Role, named: string | undefined, byDefault: string): ReadFile => ({
    role,
    path: named ?? byDefault,
    named: named !== undefined,
  });
  return [
    file('passfile', passfile, passwords),
    ...(service === undefined
      ? []
      : [file('service', servicefile, join(home, isStock ? '.pg_service.conf' : '.sys_service.conf'))]),
    ...(sslrootcert === 'system' ? [] : [file('root', sslrootcert, join(directory, 'root.crt'))]),
    file('crl', sslcrl, join(directory, 'root.crl')),
    file('certificate', sslcert, join(directory, `${own}.crt`)),
    file('key', sslkey, join(directory, `${own}.key`)),
  ];
}

function homeOfUser(): string {
  try {
    return userInfo().homedir;
  } catch {
    return homedir();
  }
}

/** What the TLS checks need of them. */
export function tlsSettings(
  config: Pick<ResolvedConfig, 'libraryKeywords'>,
  files: readonly ReadFile[],
): TlsSettings {
  const { sslmode, sslnegotiation, sslrootcert } = config.libraryKeywords;
  const usable = (role: Role): string | undefined =>
    files.find((file) => file.role === role && isReadable(file.path))?.path;
  return {
    mode: sslmode ?? 'prefer',
    direct: sslnegotiation === 'direct',
    rootCertificate: sslrootcert === 'system' ? 'system' : usable('root'),
    certificate: usable('certificate'),
    key: usable('key'),
  };
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

interface Finding {
  readonly file: ReadFile;
  readonly status: Status;
  readonly words: Text;
  readonly remedy?: Text;
  readonly mode?: string;
  readonly state: 'absent' | 'unreadable' | 'ok' | 'faulty';
}

export function filesCheck(
  files: () => readonly ReadFile[],
  config: ResolvedConfig,
  platform: NodeJS.Platform = process.platform,
): Check {
  return {
    id: 'files',
    title: text('Files', '相关文件'),
    exitCode: ExitCode.local,
    run: () => {
      const all = files();
      return summary(all.map((file) => inspect(file, all, config, platform)));
    },
  };
}

function summary(findings: readonly Finding[]): Outcome {
  const there = findings.filter(({ state }) => state !== 'absent');
  const concerns = findings.filter(({ status }) => status !== 'ok');
  const worst: Status = concerns.some(({ status }) => status === 'fail')
    ? 'fail'
    : concerns.length > 0
      ? 'warn'
      : 'ok';
  const told = findings.filter(
    ({ file, state }) => state !== 'absent' || file.named || file.role === 'service',
  );
  const detail: Lines = lines(...told.map(({ words }) => words));
  return {
    status: worst,
    finding:
      there.length === 0
        ? text(
            'None of the files that the client library looks for exists.',
            '客户端库会读取的文件都不存在。',
          )
        : text(
            `${there.length} of the files that the client library looks for ${there.length === 1 ? 'is' : 'are'} there.`,
            `客户端库会读取的文件中有 ${there.length} 个存在。`,
          ),
    detail,
    remedy: lines(...concerns.map(({ remedy }) => remedy)),
    facts: {
      files: findings.map(({ file, state, mode, status }) => ({
        ...file,
        state,
        mode: mode ?? null,
        status,
      })),
    },
  };
}

function inspect(
  file: ReadFile,
  all: readonly ReadFile[],
  config: ResolvedConfig,
  platform: NodeJS.Platform,
): Finding {
  const { path, named, role } = file;
  let permissions: number;
  try {
    const status = statSync(path);
    if (!status.isFile()) {
      return {
        file,
        state: 'faulty',
        status: named ? 'fail' : 'warn',
        words: text(`${path} is not a regular file.`, `${path} 不是普通文件。`),
        remedy: text(`Put the file itself at ${path}.`, `请将文件本身放在 ${path}。`),
      };
    }
    permissions = status.mode & 0o777;
  } catch {
    if (role === 'service' && !named) {
      return {
        file,
        state: 'absent',
        status: 'warn',
        words: text(
          `${path} does not exist; the service must be in the client library's system-wide file, such as /etc/sys_service.conf.`,
          `${path} 不存在；服务须定义在客户端库的系统级文件中，例如 /etc/sys_service.conf。`,
        ),
      };
    }
    return {
      file,
      state: 'absent',
      status: named ? 'fail' : 'ok',
      words: text(`${path} does not exist.`, `${path} 不存在。`),
      ...(named
        ? {
            remedy: text(
              `Correct the option that names ${path}, or put the file there.`,
              `请改正指向 ${path} 的选项，或将文件放到该处。`,
            ),
          }
        : {}),
    };
  }
  const mode = permissions.toString(8).padStart(4, '0');
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch {
    return {
      file,
      state: 'unreadable',
      mode,
      status: named ? 'fail' : 'warn',
      words: text(
        `${path} (mode ${mode}) may not be read by this user.`,
        `${path}（权限 ${mode}）当前用户无权读取。`,
      ),
      remedy: text(
        `Give the user that runs Node.js the right to read ${path}, and the directories above it.`,
        `请使运行 Node.js 的用户有权读取 ${path} 及其上级目录。`,
      ),
    };
  }
  const isPrivate = role === 'passfile' || role === 'key';
  if (isPrivate && platform !== 'win32' && (permissions & 0o077) !== 0) {
    return {
      file,
      state: 'faulty',
      mode,
      // The library says so on its standard error only, and then goes on without the password; a key it refuses.
      status: role === 'key' ? 'fail' : 'warn',
      words: text(
        `${path} has mode ${mode}: others can read it, so the client library ${role === 'key' ? 'refuses' : 'ignores'} it.`,
        `${path} 的权限是 ${mode}，他人可读，客户端库会${role === 'key' ? '拒绝' : '忽略'}它。`,
      ),
      remedy: text(`Run "chmod 600 ${path}".`, `请执行“chmod 600 ${path}”。`),
    };
  }
  const told = contents(file, content, all, config);
  return {
    file,
    mode,
    state: told.status === 'ok' ? 'ok' : 'faulty',
    status: told.status,
    words: text(`${path} (mode ${mode}): ${told.words.en}`, `${path}（权限 ${mode}）：${told.words.zh}`),
    ...(told.remedy === undefined ? {} : { remedy: told.remedy }),
  };
}

type Told = Pick<Finding, 'status' | 'words' | 'remedy'>;

function contents(
  { role, path }: ReadFile,
  content: string,
  all: readonly ReadFile[],
  config: ResolvedConfig,
): Told {
  switch (role) {
    case 'passfile':
      return passwords(content, config);
    case 'service':
      return service(content, config.libraryKeywords['service'] ?? '');
    case 'root':
    case 'certificate':
      return certificates(content);
    case 'crl':
      return /-----BEGIN X509 CRL-----/.test(content)
        ? { status: 'ok', words: text('a list of revoked certificates.', '证书吊销列表。') }
        : {
            status: 'warn',
            words: text('not a list of revoked certificates in PEM form.', '不是 PEM 格式的证书吊销列表。'),
          };
    case 'key':
      return key(content, all.find((file) => file.role === 'certificate')?.path, path);
  }
}

function passwords(content: string, { hosts, database, user, password }: ResolvedConfig): Told {
  const missing = hosts.filter(
    ({ host, port }) => passwordLine(content, { host, port, database, user }) === undefined,
  );
  const [first] = missing;
  if (first === undefined) {
    return { status: 'ok', words: text('has a line for this login.', '有与此次登录对应的行。') };
  }
  if (password !== undefined) {
    return {
      status: 'ok',
      words: text(
        'has no line for this login, which has its password from elsewhere.',
        '没有与此次登录对应的行；密码另有来源。',
      ),
    };
  }
  const line = `${first.host}:${first.port}:${database}:${user}:…`;
  return {
    status: 'warn',
    words: text(
      'has no line for this login, and no other password is given.',
      '没有与此次登录对应的行，也没有其他密码来源。',
    ),
    remedy: text(`Add a line "${line}" to the password file.`, `请在密码文件中添加一行“${line}”。`),
  };
}

function service(content: string, name: string): Told {
  const sections = [...content.matchAll(/^\s*\[([^\]]+)\]/gm)].map(([, section = '']) => section.trim());
  if (sections.includes(name))
    return { status: 'ok', words: text(`has the service "${name}".`, `有服务“${name}”。`) };
  const list = sections.join(', ');
  return {
    status: 'fail',
    words: text(
      `has no service "${name}"; it has ${list || 'none'}.`,
      `没有服务“${name}”；其中有：${list || '无'}。`,
    ),
    remedy: text(
      `Add a section [${name}] to it, or name another service.`,
      `请在其中添加 [${name}] 段，或改用其他服务名。`,
    ),
  };
}

const PEM = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]+-----END (?:TRUSTED )?CERTIFICATE-----/g;

function certificates(content: string): Told {
  let parsed: X509Certificate[];
  try {
    parsed = (content.match(PEM) ?? []).map((pem) => new X509Certificate(pem));
  } catch {
    parsed = [];
  }
  const [first] = parsed;
  if (first === undefined) {
    return {
      status: 'fail',
      words: text('holds no certificate in PEM form.', '其中没有 PEM 格式的证书。'),
      remedy: text(
        'Convert it: "openssl x509 -inform DER -in <file> -out <file>.pem".',
        '请转换格式：“openssl x509 -inform DER -in <文件> -out <文件>.pem”。',
      ),
    };
  }
  const subjects = parsed.map(({ subject }) => subject.replace(/\n/g, ', ')).join('; ');
  const expired = parsed.filter(({ validTo }) => new Date(validTo) < new Date());
  if (expired.length > 0) {
    return {
      status: 'warn',
      words: text(
        `${subjects}; expired on ${expired[0]?.validTo ?? ''}.`,
        `${subjects}；已于 ${expired[0]?.validTo ?? ''} 过期。`,
      ),
      remedy: text('Replace the expired certificate.', '请更换过期的证书。'),
    };
  }
  return {
    status: 'ok',
    words: text(`${subjects}, valid until ${first.validTo}.`, `${subjects}，有效期至 ${first.validTo}。`),
  };
}

function key(content: string, certificatePath: string | undefined, path: string): Told {
  if (/ENCRYPTED/.test(content)) {
    return {
      status: 'ok',
      words: text(
        'a private key, protected by a passphrase (option sslpassword).',
        '私钥，受口令保护（sslpassword 选项）。',
      ),
    };
  }
  let privateKey;
  try {
    privateKey = createPrivateKey(content);
  } catch {
    return {
      status: 'fail',
      words: text('holds no private key in PEM form.', '其中没有 PEM 格式的私钥。'),
      remedy: text(
        `Put the private key of the client certificate at ${path}.`,
        `请将客户端证书的私钥放在 ${path}。`,
      ),
    };
  }
  try {
    if (certificatePath !== undefined) {
      const certificate = new X509Certificate(readFileSync(certificatePath));
      if (!certificate.checkPrivateKey(privateKey)) {
        return {
          status: 'fail',
          words: text(
            `does not belong to the certificate ${certificatePath}.`,
            `与证书 ${certificatePath} 不是一对。`,
          ),
          remedy: text('Name certificate and key of one pair.', '请指定成对的证书和私钥。'),
        };
      }
    }
  } catch {
    // What is wrong with the certificate is said of the certificate.
  }
  return { status: 'ok', words: text('a private key.', '私钥。') };
}
