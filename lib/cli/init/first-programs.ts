import type { Language } from '../../errors/index.js';
import { text, type Text } from '../words.js';

/** What a first program is to be like. */
export interface Situation {
  readonly kind: 'script' | 'service';
  readonly language: 'typescript' | 'javascript';
  readonly modules: 'esm' | 'commonjs';
}

const EXTENSIONS = {
  typescript: { esm: 'mts', commonjs: 'cts' },
  javascript: { esm: 'mjs', commonjs: 'cjs' },
} as const;

/** The name of the program's file. Its ending says how it is to be read, whatever package.json says. */
export function fileNameOf({ kind, language, modules }: Situation): string {
  return `${kind === 'script' ? 'first' : 'service'}.${EXTENSIONS[language][modules]}`;
}

/** How the program is run: Node.js reads TypeScript by itself from 22.18 on. */
export function commandOf(situation: Situation): string {
  return `${situation.language === 'typescript' ? 'npx tsx' : 'node'} ${fileNameOf(situation)}`;
}

const WORDS = {
  run: text('Run it:', '运行：'),
  server: text(
    'Server and user come from KINGBASE_URL, as kingbase://system@127.0.0.1:54321/test; the password from KINGBASE_PASSWORD.',
    '服务器和用户取自 KINGBASE_URL，形如 kingbase://system@127.0.0.1:54321/test；密码取自 KINGBASE_PASSWORD。',
  ),
  parameters: text(
    '$1 and $2 are parameters: a value never becomes part of the text.',
    '$1 和 $2 是参数：值绝不会成为语句文本的一部分。',
  ),
  transaction: text(
    'Committed when the function returns, rolled back when it throws; run again when the server asks for it.',
    '函数返回时提交，抛出错误时回滚；服务器要求重试时重新执行。',
  ),
  explained: text(
    'What happened, the likely causes, and what to do.',
    '发生了什么、可能的原因，以及处理办法。',
  ),
  pool: text(
    'One pool for the whole program. Connections are made when they are first needed.',
    '整个程序共用一个连接池，首次需要时才建立连接。',
  ),
  gone: text(
    'When the client goes away, nobody waits for the statement: it is cancelled.',
    '客户端离开后不再有人等待该语句：取消执行。',
  ),
  health: text('The process runs.', '进程正在运行。'),
  ready: text('The server answers.', '数据库服务器有应答。'),
  ending: text(
    'Requests under way are answered, then the connections are closed, and the process ends by itself.',
    '先答复正在处理的请求，再关闭连接，进程随后自行结束。',
  ),
} as const satisfies Readonly<Record<string, Text>>;

type Say = (key: keyof typeof WORDS) => string;

/** The text of the program, with comments in the language. */
export function firstProgram(situation: Situation, language: Language): string {
  const say: Say = (key) => `// ${WORDS[key][language]}`;
  const head = [`${say('run')} ${commandOf(situation)}`, say('server')];
  const body =
    situation.kind === 'script' ? script(situation, say, language) : service(situation, say, language);
  return `${[...head, ...body].join('\n')}\n`;
}

/** Of a module that both kinds of modules have. */
function imported({ language, modules }: Situation, names: string, from: string): string {
  if (modules === 'esm') return `import { ${names} } from '${from}';`;
  return `const { ${names} } = require('${from}')${language === 'typescript' ? ` as typeof import('${from}')` : ''};`;
}

const indented = (lines: readonly string[]): string[] =>
  lines.map((line) => (line === '' ? line : `  ${line}`));

function script(situation: Situation, say: Say, language: Language): string[] {
  const row = situation.language === 'typescript' ? '<{ city: string; n: number }>' : '';
  const steps = [
    'const db = open();',
    'try {',
    `  ${say('parameters')}`,
    `  const { rows } = await db.query${row}('SELECT $1::text AS city, $2::int4 AS n', ['杭州', 1]);`,
    '  console.log(rows);',
    '',
    `  ${say('transaction')}`,
    '  const inserted = await db.transaction(',
    '    async (tx) => {',
    "      await tx.exec('CREATE TEMPORARY TABLE visit (city text PRIMARY KEY, day date) ON COMMIT DROP');",
    "      const { rowsAffected } = await tx.exec('INSERT INTO visit VALUES ($1, $2)', ['杭州', '2026-02-17']);",
    '      return rowsAffected;',
    '    },',
    '    { retry: { maxAttempts: 3 } },',
    '  );',
    '  console.log(inserted);',
    '} catch (error) {',
    `  ${say('explained')}`,
    `  console.error(error instanceof KingbaseError ? error.explain('${language}') : error);`,
    '  process.exitCode = 1;',
    '} finally {',
    '  await db.close();',
    '}',
  ];
  const main =
    situation.modules === 'esm'
      ? steps
      : ['async function main() {', ...indented(steps), '}', '', 'void main();'];
  return [imported(situation, 'KingbaseError, open', 'kingbase-native'), '', ...main];
}

function service(situation: Situation, say: Say, language: Language): string[] {
  const typed = situation.language === 'typescript';
  const type = (words: string): string => (typed ? words : '');
  return [
    imported(situation, 'createServer', 'node:http'),
    imported(situation, 'KingbaseError, open', 'kingbase-native'),
    ...(typed ? ["import type { ServerResponse } from 'node:http';"] : []),
    '',
    say('pool'),
    'const db = open(undefined, { timeout: 5_000, pool: { max: 10, acquireTimeout: 2_000 } });',
    '',
    `function signalOf(response${type(': ServerResponse')})${type(': AbortSignal')} {`,
    '  const controller = new AbortController();',
    `  ${say('gone')}`,
    "  response.once('close', () => controller.abort());",
    '  return controller.signal;',
    '}',
    '',
    `async function answer(path${type(': string | undefined')}, signal${type(': AbortSignal')})${type(': Promise<unknown>')} {`,
    '  switch (path) {',
    "    case '/time':",
    "      return db.queryRow('SELECT now() AS time', [], { signal });",
    `    ${say('health')}`,
    "    case '/health':",
    "      return { process: 'up' };",
    `    ${say('ready')}`,
    "    case '/ready':",
    '      await db.ping({ timeout: 1_000 });',
    "      return { server: 'up', ...db.stats() };",
    '    default:',
    '      return undefined;',
    '  }',
    '}',
    '',
    `function send(response${type(': ServerResponse')}, status${type(': number')}, body${type(': unknown')})${type(': void')} {`,
    "  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));",
    '}',
    '',
    'const server = createServer((request, response) => {',
    '  answer(request.url, signalOf(response)).then(',
    '    (body) => send(response, body === undefined ? 404 : 200, body ?? {}),',
    `    (error${type(': unknown')}) => {`,
    `      ${say('explained')}`,
    `      console.error(error instanceof KingbaseError ? error.explain('${language}') : error);`,
    '      send(response, 503, { code: error instanceof KingbaseError ? error.code : undefined });',
    '    },',
    '  );',
    '});',
    '',
    `server.listen(Number(process.env${typed ? "['PORT']" : '.PORT'} ?? 8080), () => {`,
    '  const address = server.address();',
    "  const port = typeof address === 'object' && address !== null ? address.port : address;",
    '  console.log(`http://127.0.0.1:${port}/time`);',
    '});',
    '',
    `for (const name of ['SIGTERM', 'SIGINT']${type(' as const')}) {`,
    '  process.once(name, () => {',
    `    ${say('ending')}`,
    '    server.close(() => void db.close({ timeout: 5_000 }));',
    '    server.closeIdleConnections();',
    '  });',
    '}',
  ];
}
