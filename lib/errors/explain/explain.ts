import { isError } from '../../base/is-error.js';
import { inOneLine } from '../../base/in-one-line.js';
import { inChinese, knownInChinese } from '../chinese/translate.js';
import type { LibraryAttempt } from '../library-attempt.js';
import type { ErrorFacts, Language, Topic } from './topic.js';
import { topicOf } from './topics.js';

const UNKNOWN: Topic = {
  codes: [],
  shows: ['detail', 'hint'],
  en: {
    headline: 'The server reported an error with a code that is not known here.',
    causes: ['The code belongs to an extension, a server-side function or this version of KingbaseES only.'],
    actions: [
      'Read the message, and the server log around the same time.',
      'Look the code up in the table of error codes in the manual of the server.',
    ],
  },
  zh: {
    headline: '服务器报告了一个此处未收录的错误码。',
    causes: ['该错误码来自扩展插件、服务器端函数，或者是当前 KingbaseES 版本特有的。'],
    actions: ['阅读错误信息，并查看同一时间的服务器日志。', '在该版本服务器手册的错误码表中查找此错误码。'],
  },
};

type Stats = NonNullable<ErrorFacts['stats']>;

const WORDS = {
  en: {
    colon: ': ',
    comma: ', ',
    message: 'Message',
    address: 'Where',
    where: 'Where',
    table: 'table ',
    column: 'column ',
    constraint: 'constraint ',
    dataType: 'type ',
    parameter: 'parameter ',
    row: (index: number) => `row ${index}, counted from 0`,
    line: (number: string) => `line ${number} of the COPY`,
    position: (position: number) => `character ${position} of the statement`,
    pool: 'Pool',
    stats: ({ maxOpenConnections, inUse, idle }: Stats) =>
      `${inUse} connections in use, ${idle} idle, at most ${maxOpenConnections}`,
    behind: 'Behind it',
    detail: 'Detail',
    hint: 'Hint',
    tried: 'Tried',
    attempt: ({ path, source, reason }: LibraryAttempt) => `${path} (${source}): ${reason}`,
    more: (count: number) => `… and ${count} more`,
    causes: 'Likely causes:',
    actions: 'What to do:',
  },
  zh: {
    colon: '：',
    comma: '，',
    message: '错误信息',
    address: '地址',
    where: '位置',
    table: '表 ',
    column: '列 ',
    constraint: '约束 ',
    dataType: '数据类型 ',
    parameter: '参数 ',
    row: (index: number) => `第 ${index} 行（从 0 起计）`,
    line: (number: string) => `COPY 数据的第 ${number} 行`,
    position: (position: number) => `语句的第 ${position} 个字符`,
    pool: '连接池',
    stats: ({ maxOpenConnections, inUse, idle }: Stats) =>
      `${inUse} 个连接使用中，${idle} 个空闲，上限 ${maxOpenConnections} 个`,
    behind: '背后的原因',
    detail: '详细信息',
    hint: '提示',
    tried: '已尝试',
    attempt: ({ path, source, reason, chinese }: LibraryAttempt) =>
      `${path}（${chinese?.source ?? source}）：${chinese?.reason ?? reason}`,
    more: (count: number) => `……以及另外 ${count} 处`,
    causes: '可能的原因：',
    actions: '处理办法：',
  },
} as const;

const MAX_ATTEMPTS = 5;
const MAX_TEXT = 300;

/** What happened, the likely causes in their order, and what to do: plain text of some 20 lines for a terminal. */
export function explain(error: ErrorFacts, language: Language): string {
  const words = WORDS[language];
  const topic = topicOf(error) ?? UNKNOWN;
  const own = topic[language];
  const behind = topic.explainsCause === true ? topicOfCause(error.cause)?.[language] : undefined;

  const line = (label: string, text: string): string => `${label}${words.colon}${text}`;
  const head = [own.headline];
  // The message of a missing library is the list of attempts, which follows anyway.
  if (error.attempts === undefined)
    head.push(line(words.message, `${oneLine(said(error.message, error, language))} [${error.code}]`));
  if (error.address !== undefined) head.push(line(words.address, error.address));
  const where = places(error, language);
  if (where.length > 0) head.push(line(words.where, where.join(words.comma)));
  if (error.stats !== undefined) head.push(line(words.pool, words.stats(error.stats)));
  if (behind !== undefined) head.push(line(words.behind, behind.headline));
  for (const field of topic.shows ?? []) {
    const text = error[field];
    if (text !== undefined) head.push(line(words[field], oneLine(said(text, error, language))));
  }
  if (error.attempts !== undefined) head.push(...attemptLines(error.code, error.attempts, language));

  const causes = (behind ?? own).causes.map((text, index) => `  ${index + 1}. ${text}`);
  const remedy = topic.showsRemedy === true ? remedyOf(error, language) : [];
  const actions = [...remedy, ...own.actions, ...(behind?.actions ?? [])].map((text) => `  - ${text}`);
  return [...head, '', words.causes, ...causes, '', words.actions, ...actions].join('\n');
}

/** Only for a cause that is an error of this package or the server's: others have no code, or one of Node's. */
function topicOfCause(cause: unknown): Topic | undefined {
  if (!isError(cause) || !('code' in cause) || typeof cause.code !== 'string') return undefined;
  return topicOf(cause as Error & { code: string });
}

function places(error: ErrorFacts, language: Language): string[] {
  const words = WORDS[language];
  const { schema, table, column, constraint, dataType, parameterIndex, rowIndex, position, where } = error;
  // The rest of it holds the value itself, which only the message shows.
  const [, line, field] = /^COPY [^\n]*?, line (\d+)(?:, column ([^\s:]+))?/.exec(where ?? '') ?? [];
  const at = column ?? field;
  const qualify = (name: string): string => (schema === undefined ? name : `${schema}.${name}`);
  return [
    table === undefined ? undefined : words.table + qualify(table),
    rowIndex === undefined ? undefined : words.row(rowIndex),
    line === undefined || rowIndex !== undefined ? undefined : words.line(line),
    at === undefined ? undefined : words.column + at,
    constraint === undefined ? undefined : words.constraint + constraint,
    dataType === undefined ? undefined : words.dataType + dataType,
    parameterIndex === undefined ? undefined : `${words.parameter}$${parameterIndex + 1}`,
    position === undefined ? undefined : words.position(position),
  ].filter((place) => place !== undefined);
}

function attemptLines(
  code: string,
  attempts: NonNullable<ErrorFacts['attempts']>,
  language: Language,
): string[] {
  const words = WORDS[language];
  const lines = attempts.slice(0, MAX_ATTEMPTS).map((attempt) => `  ${oneLine(words.attempt(attempt))}`);
  const rest = attempts.length - MAX_ATTEMPTS;
  if (rest > 0) lines.push(`  ${words.more(rest)}`);
  return [`${words.tried} [${code}]${words.colon.trimEnd()}`, ...lines];
}

/** Of the attempt that gave the error its code. */
function remedyOf({ code, attempts }: ErrorFacts, language: Language): string[] {
  const attempt = attempts?.find((each) => each.code === code);
  const remedy = language === 'zh' ? attempt?.chinese?.remedy : attempt?.remedy;
  return remedy === undefined ? [] : [oneLine(remedy)];
}

/** In the reader's language, where it is the package that says it; a server and a library have their own. */
function said(text: string, { code }: ErrorFacts, language: Language): string {
  if (language !== 'zh') return text;
  return (code.startsWith('KB_') ? inChinese(text) : knownInChinese(text)) ?? text;
}

function oneLine(text: string): string {
  const line = inOneLine(text);
  return line.length > MAX_TEXT ? `${line.slice(0, MAX_TEXT)}…` : line;
}
