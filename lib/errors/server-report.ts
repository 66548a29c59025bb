import type { DiagnosticFields } from '../addon/interface.js';

/**
 * Reads what a server said during login. Until there is a result, libpq and its descendants give it only as text
 * (`PQerrorMessage`), at verbosity VERBOSE in this form (libpq, `pqBuildErrorMessage3`; labels are translated):
 *
 *     FATAL:  28P01: password authentication failed for user "x"
 *     DETAIL:  …
 *     LOCATION:  auth_failed, auth.c:333
 *
 * libpq 14 and later put `connection to server at "…", port … failed: ` before it.
 */

/** Severities that end a connection attempt, with the translations in use. */
const SEVERITIES: Readonly<Record<string, string>> = {
  ERROR: 'ERROR',
  FATAL: 'FATAL',
  PANIC: 'PANIC',
  错误: 'ERROR',
  致命错误: 'FATAL',
  灾难性错误: 'PANIC',
  比致命错误还过分的错误: 'PANIC',
};

/** Labels of the lines below the message, by protocol letter: English, libkci's and libpq's Chinese catalogues. */
const LABELS: Readonly<Record<string, string>> = {
  DETAIL: 'D',
  描述: 'D',
  详情: 'D',
  详细: 'D',
  详细信息: 'D',
  HINT: 'H',
  提示: 'H',
  QUERY: 'q',
  查询: 'q',
  CONTEXT: 'W',
  背景: 'W',
  上下文: 'W',
  'SCHEMA NAME': 's',
  方案名: 's',
  模式名: 's',
  架构名: 's',
  'TABLE NAME': 't',
  表名: 't',
  'COLUMN NAME': 'c',
  列名: 'c',
  'DATATYPE NAME': 'd',
  数据类型名: 'd',
  'CONSTRAINT NAME': 'n',
  约束名: 'n',
  LOCATION: 'L',
  位置: 'L',
};

// The severity may be in a language that is not listed above; two spaces and a SQLSTATE (five capitals or digits,
// at least one of them a digit) are what makes it unmistakable.
const WITH_SQLSTATE =
  /(?:^|[:：] ?)([^\s:："]{1,24})[:：] {1,2}(?=[A-Z]{0,4}\d)([0-9A-Z]{5})[:：] {1,2}(.*)$/u;
const WITHOUT_SQLSTATE = new RegExp(
  `(?:^|[:：] ?)(${Object.keys(SEVERITIES).join('|')})[:：] {1,2}(.*)$`,
  'u',
);
const LABELLED = /^([\p{L}][\p{L} ]{0,23})[:：] {1,2}(.*)$/u;
const LOCATION = /^(?:([^\s,]+), )?(\S+):(\d+)$/;
/** The library speaking again after the server's words. */
const LIBRARY_LINE = /^(connection to server |could not |server closed the connection|服务器|连接到|无法)/;

/**
 * Every report in the text, in order; there are several where the library tried again, with and without TLS.
 * `C` is absent where the server gave no SQLSTATE.
 */
export function serverReports(text: string): DiagnosticFields[] {
  const reports: Record<string, string>[] = [];
  let report: Record<string, string> | undefined;
  // The field that unlabelled lines continue: messages and details may have several lines.
  let open: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    const start = startOfReport(line);
    if (start !== undefined) {
      reports.push((report = start));
      open = 'M';
      continue;
    }
    if (report === undefined) continue;
    const [, label, value = ''] = LABELLED.exec(line) ?? [];
    const letter = label === undefined ? undefined : LABELS[label];
    if (letter === 'L') {
      const [, routine, file, number] = LOCATION.exec(value) ?? [];
      if (file !== undefined && number !== undefined) {
        report['F'] = file;
        report['L'] = number;
        if (routine !== undefined) report['R'] = routine;
      }
      report = undefined;
    } else if (letter !== undefined) {
      report[letter] = value;
      open = letter;
    } else if (line === '' || LIBRARY_LINE.test(line)) {
      open = undefined;
    } else if (open !== undefined) {
      report[open] = `${report[open] ?? ''}\n${line}`;
    }
  }
  return reports;
}

function startOfReport(line: string): Record<string, string> | undefined {
  const full = WITH_SQLSTATE.exec(line);
  const [severity, code, message] = full
    ? [full[1], full[2], full[3]]
    : (([, s, m]) => [s, undefined, m])(WITHOUT_SQLSTATE.exec(line) ?? []);
  if (severity === undefined || message === undefined) return undefined;
  const report: Record<string, string> = { S: severity, M: message };
  const untranslated = SEVERITIES[severity];
  if (untranslated !== undefined) report['V'] = untranslated;
  if (code !== undefined) report['C'] = code;
  return report;
}
