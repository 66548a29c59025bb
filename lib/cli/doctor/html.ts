import type { Language } from '../../errors/index.js';
import { ExitCode } from '../exit-codes.js';
import { printable } from '../terminal.js';
import { text, type Text } from '../words.js';
import { summaryAsText, type Target } from './report.js';
import { exitCodeOf } from './runner.js';
import type { Status, Step } from './step.js';

const LANGUAGES: readonly Language[] = ['en', 'zh'];
const TAGS: Readonly<Record<Language, string>> = { en: 'en', zh: 'zh-CN' };

const WORDS = {
  title: text('Report of kingbase-native doctor', 'kingbase-native doctor 检查报告'),
  way: text('The way to the server', '到服务器的路径'),
  steps: text('What was looked at', '检查内容'),
  target: text('Target', '连接目标'),
  user: text('user', '用户'),
  database: text('database', '数据库'),
  remedy: text('What to do', '处理办法'),
  notPrinted: text(
    'No password is in this report. Host names, users, databases and paths are, unless it was made with --redact.',
    '报告中不含密码；除非使用 --redact 生成，其中包含主机名、用户、数据库和文件路径。',
  ),
};

const STATUS: Readonly<Record<Status, Text>> = {
  ok: text('ok', '正常'),
  warn: text('warning', '注意'),
  fail: text('failed', '失败'),
  skip: text('not tried', '未执行'),
};

/** Where a connection passes, in order, by the exit code of the steps that look at it. */
const WAY: readonly (readonly [ExitCode, Text])[] = [
  [ExitCode.local, text('this machine', '本机')],
  [ExitCode.network, text('network', '网络')],
  [ExitCode.tls, text('TLS', 'TLS 加密')],
  [ExitCode.login, text('login', '登录')],
  [ExitCode.server, text('server', '服务器')],
];

const WORST: readonly Status[] = ['fail', 'warn', 'ok', 'skip'];

/** Colours that can be read on their background (4.5 : 1 and more); the words say the same as the colours. */
const STYLE = `
:root { color-scheme: light; font: 16px/1.5 system-ui, "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; color: #1b1b1b; background: #fff; }
.report { display: none; }
#show-en:checked ~ .report[lang="en"], #show-zh:checked ~ .report[lang="zh-CN"] { display: block; }
input:focus-visible + label { outline: 3px solid #0b57d0; }
.way { display: flex; flex-wrap: wrap; gap: .5rem; list-style: none; padding: 0; }
.way li { flex: 1 1 7rem; border: 2px solid; border-radius: .4rem; padding: .4rem .6rem; }
.way small, .status { font-weight: bold; }
.ok { color: #14612c; } .warn { color: #7a4a00; } .fail { color: #a3110d; } .skip { color: #595959; }
.step { border-top: 1px solid #ccc; padding: .5rem 0; }
.step h3 { margin: 0; font-size: 1rem; color: #1b1b1b; }
.step p, .step ul { margin: .2rem 0; color: #1b1b1b; overflow-wrap: anywhere; }
footer { border-top: 1px solid #ccc; color: #595959; }
`;

export interface HtmlReport {
  steps: readonly Step[];
  target: Target | undefined;
  version: string;
  /** When it was made. */
  time: Date;
  /** The one that is shown first. */
  language: Language;
}

/** The report as one page, in both languages, that loads nothing and runs no program. */
export function htmlReport(report: HtmlReport): string {
  const { language } = report;
  const switches = LANGUAGES.map((each) => {
    const checked = each === language ? ' checked' : '';
    const name = each === 'zh' ? '中文' : 'English';
    return `<input type="radio" name="language" id="show-${each}"${checked}><label for="show-${each}" lang="${TAGS[each]}">${name}</label>`;
  });
  return `<!doctype html>
<html lang="${TAGS[language]}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<meta name="referrer" content="no-referrer">
<title>${escaped(WORDS.title[language])}</title>
<style>${STYLE}</style>
</head>
<body>
${switches.join('\n')}
${LANGUAGES.map((each) => section(report, each)).join('\n')}
</body>
</html>
`;
}

function section({ steps, target, version, time }: HtmlReport, language: Language): string {
  const summary = summaryAsText(steps, language, (words) => words);
  const worst = worstOf(steps);
  return `<main class="report" lang="${TAGS[language]}">
<h1>${escaped(WORDS.title[language])}</h1>
<p class="${worst} summary"><strong>${escaped(summary)}</strong></p>
${target === undefined ? '' : targetLine(target, language)}
<h2>${escaped(WORDS.way[language])}</h2>
<ol class="way">
${WAY.map(([code, name]) => station(steps, code, name[language], language)).join('\n')}
</ol>
<h2>${escaped(WORDS.steps[language])}</h2>
${steps.map((step) => stepAsHtml(step, language)).join('\n')}
<footer><p>kingbase-native ${escaped(version)}, <time>${escaped(time.toISOString())}</time>. ${escaped(WORDS.notPrinted[language])}</p></footer>
</main>`;
}

function targetLine({ hosts, user, database }: Target, language: Language): string {
  const places = hosts.map(({ host, port }) => `${host}:${port}`).join(', ');
  const words = `${places}, ${WORDS.database[language]} ${database}, ${WORDS.user[language]} ${user}`;
  return `<p>${escaped(WORDS.target[language])}: <code>${escaped(words)}</code></p>`;
}

function station(steps: readonly Step[], code: ExitCode, name: string, language: Language): string {
  const status = worstOf(steps.filter(({ exitCode }) => exitCode === code));
  const first = exitCodeOf(steps) === code ? ' aria-current="step"' : '';
  return `<li class="${status}"${first}>${escaped(name)}<br><small>${escaped(STATUS[status][language])}</small></li>`;
}

function stepAsHtml(
  { id, subject, title, status, finding, detail, remedy, code, milliseconds }: Step,
  language: Language,
): string {
  const about = subject === undefined ? '' : ` <code>${escaped(subject)}</code>`;
  const codeText = code === undefined ? '' : ` <code>${escaped(code)}</code>`;
  const time = milliseconds >= 1 ? ` <small>${milliseconds.toFixed(0)} ms</small>` : '';
  const remedies = remedy?.[language] ?? [];
  return `<section class="step ${status}" data-step="${escaped(id)}">
<h3><span class="status ${status}">${escaped(STATUS[status][language])}</span> ${escaped(title[language])}${about}</h3>
<p>${escaped(finding[language])}${codeText}${time}</p>
${list(detail?.[language] ?? [])}
${remedies.length === 0 ? '' : `<p><strong>${escaped(WORDS.remedy[language])}</strong></p>\n${list(remedies)}`}
</section>`;
}

function list(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `<ul>${lines.map((line) => `<li>${escaped(line)}</li>`).join('')}</ul>`;
}

function worstOf(steps: readonly Step[]): Status {
  return WORST.find((status) => steps.some((step) => step.status === status)) ?? 'skip';
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it stands, whoever wrote it: a server, a certificate, a file name. Control characters are shown. */
function escaped(words: string): string {
  return printable(words).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
