import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ResolvedConfig } from '../../config/index.js';
import { text, type Text } from '../words.js';
import type { ReadFile } from './library-files.js';
import { passwordLine } from './password-file.js';
import type { Status } from './step.js';

/** What is to be said of a file that can be read. */
interface Told {
  readonly status: Status;
  readonly words: Text;
  readonly remedy?: Text;
}

/** `all` are the files that belong together with this one. The secrets in them are not shown. */
export function contents(
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
