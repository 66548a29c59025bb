import { parseConfig, type ConnectionConfig, type ResolvedConfig } from '../../config/index.js';
import { UsageError } from '../../errors/index.js';
import { ExitCode } from '../exit-codes.js';
import { lines, same, text, type Text } from '../words.js';
import { hostLabel } from './addresses.js';
import type { Target } from './report.js';
import { misused, type Check, type Outcome } from './step.js';

/** What is to be connected to, as it was given. */
export interface Given {
  /** Undefined where all comes from the environment and the defaults. */
  readonly connection: string | undefined;
  readonly overrides: Partial<ConnectionConfig>;
  readonly environment: NodeJS.ProcessEnv;
}

export function resolve({ connection, overrides, environment }: Given): ResolvedConfig {
  return parseConfig(connection ?? {}, overrides, environment);
}

export function targetOf({ hosts, database, user }: ResolvedConfig): Target {
  return { hosts: hosts.map(({ host, port }) => ({ host, port })), database, user };
}

/** Without anything secret. */
export function targetLabel({ hosts, database, user }: ResolvedConfig): string {
  return `${user}@${hosts.map(hostLabel).join(',')}/${database}`;
}

/** `config` is what could be made of the configuration, or why nothing could. */
export function configurationCheck(given: Given, config: ResolvedConfig | UsageError): Check {
  return {
    id: 'configuration',
    title: text('Configuration', '连接配置'),
    exitCode: ExitCode.usage,
    run: () => (config instanceof UsageError ? misused(config) : accepted(given, config)),
  };
}

function accepted(given: Given, config: ResolvedConfig): Outcome {
  const { hosts, user, connectTimeout, libraryKeywords } = config;
  const byService = libraryKeywords['service'];
  const password = passwordSource(given, config);
  const sslmode = libraryKeywords['sslmode'] ?? 'prefer';
  const onCommandLine = password.id === 'connection';
  const detail = lines(
    byService === undefined
      ? undefined
      : text(
          `Service "${byService}": what is not given here comes from the service file, which only the client library reads.`,
          `服务“${byService}”：此处未给出的内容来自服务文件，只有客户端库会读取。`,
        ),
    text(
      `Password: ${password.words.en}. sslmode=${sslmode}, connectTimeout=${connectTimeout} ms.`,
      `密码：${password.words.zh}。sslmode=${sslmode}，connectTimeout=${connectTimeout} ms。`,
    ),
    onCommandLine
      ? text(
          'Other users of this machine can read a password on the command line in the list of processes; KINGBASE_PASSWORD, --password or a password file keep it from them.',
          '命令行中的密码会出现在进程列表中，本机其他用户可以看到；请改用 KINGBASE_PASSWORD、--password 或密码文件。',
        )
      : undefined,
  );
  const facts = {
    hosts: hosts.map(({ host, port }) => ({ host, port })),
    database: config.database,
    user,
    passwordFrom: password.id,
    sslmode,
    connectTimeout,
    service: byService ?? null,
  };
  return { status: 'ok', finding: same(targetLabel(config)), detail, facts };
}

/** Where the password comes from; never what it is. */
function passwordSource(
  { connection, overrides, environment }: Given,
  { password }: ResolvedConfig,
): { id: 'connection' | 'environment' | 'prompt' | 'none'; words: Text } {
  if (overrides.password !== undefined) {
    return { id: 'prompt', words: text('typed in', '手工输入') };
  }
  if (password === undefined) {
    return {
      id: 'none',
      words: text(
        'none given; the client library looks into its password file',
        '未提供，客户端库会查找密码文件',
      ),
    };
  }
  const without = parseConfig(connection ?? {}, overrides, { ...environment, KINGBASE_PASSWORD: undefined });
  return without.password === undefined
    ? { id: 'environment', words: text('from KINGBASE_PASSWORD', '来自 KINGBASE_PASSWORD') }
    : { id: 'connection', words: text('in the connection string', '在连接字符串中') };
}
