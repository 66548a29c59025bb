import { readFileSync, statSync } from 'node:fs';
import type { ResolvedConfig } from '../../config/index.js';
import { ExitCode } from '../exit-codes.js';
import { lines, text, type Lines, type Text } from '../words.js';
import { contents } from './file-contents.js';
import type { ReadFile } from './library-files.js';
import type { Check, Outcome, Status } from './step.js';

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
