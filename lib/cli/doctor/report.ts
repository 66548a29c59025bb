import type { Language } from '../../errors/index.js';
import type { ExitCode } from '../exit-codes.js';
import { padEnd, printable, wrap, type Colour, type Paint } from '../terminal.js';
import { exitCodeOf } from './runner.js';
import type { Facts, Status, Step } from './step.js';

/** What was to be connected to, without anything secret. */
export interface Target {
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  readonly database: string;
  readonly user: string;
}

const STATUS: Readonly<Record<Status, { en: string; zh: string; colour: Colour }>> = {
  ok: { en: 'ok', zh: '正常', colour: 'green' },
  warn: { en: 'WARN', zh: '注意', colour: 'yellow' },
  fail: { en: 'FAIL', zh: '失败', colour: 'red' },
  skip: { en: 'skip', zh: '跳过', colour: 'grey' },
};

const STATUS_WIDTH = 6;
const TITLE_WIDTH = 20;

export interface Layout {
  readonly language: Language;
  readonly paint: Paint;
  /** Of the terminal. */
  readonly columns: number;
  /** Whether each step says which host it is about: of one host it is clear. */
  readonly subjects: boolean;
}

/** A step as lines for a terminal. */
export function stepAsText(step: Step, { language, paint, columns, subjects }: Layout): string {
  const { status, title, subject, finding, detail, remedy, milliseconds } = step;
  const mark = paint(padEnd(STATUS[status][language], STATUS_WIDTH), STATUS[status].colour);
  const indent = ' '.repeat(STATUS_WIDTH);
  const width = Math.max(40, columns - STATUS_WIDTH);
  const time = milliseconds >= 1 ? paint(`  ${milliseconds.toFixed(0)} ms`, 'grey') : '';
  const name = paint(padEnd(title[language], TITLE_WIDTH), 'bold');
  const about = subject === undefined || !subjects ? '' : `${printable(subject)}: `;
  const [first = '', ...rest] = wrap(printable(about + finding[language]), width - TITLE_WIDTH);
  return [
    `${mark}${name}${first}${rest.length === 0 ? time : ''}`,
    ...rest.map((line, at) => indent + ' '.repeat(TITLE_WIDTH) + line + (at === rest.length - 1 ? time : '')),
    ...(detail?.[language] ?? []).flatMap((line) => hanging(line, `${indent}  `, '', width - 2)),
    ...(remedy?.[language] ?? []).flatMap((line) => hanging(line, `${indent}  `, '→ ', width - 4)),
  ].join('\n');
}

function hanging(line: string, indent: string, lead: string, width: number): string[] {
  return wrap(printable(line), width).map(
    (part, at) => indent + (at === 0 ? lead : ' '.repeat(lead.length)) + part,
  );
}

/** The last line, which says how it ended and with which exit code. */
export function summaryAsText(steps: readonly Step[], language: Language, paint: Paint): string {
  const exitCode = exitCodeOf(steps);
  const failed = steps.filter(({ status }) => status === 'fail');
  const warnings = steps.filter(({ status }) => status === 'warn').length;
  const [first] = failed;
  if (first !== undefined) {
    const title = first.title[language];
    return paint(
      language === 'zh'
        ? `没有通过：首先处理“${title}”。（退出码 ${exitCode}）`
        : `Not in order: look at "${title}" first. (exit code ${exitCode})`,
      'red',
    );
  }
  if (warnings > 0) {
    const plural = warnings === 1 ? 'is 1 warning' : `are ${warnings} warnings`;
    return paint(
      language === 'zh'
        ? `可以连接，但有 ${warnings} 处需要注意。（退出码 ${exitCode}）`
        : `It works; there ${plural} above. (exit code ${exitCode})`,
      'yellow',
    );
  }
  const words = language === 'zh' ? '全部正常。（退出码 0）' : 'Everything is in order. (exit code 0)';
  return paint(words, 'green');
}

/** The report for machines. docs/doctor.md describes it; fields may be added, those that are there stay. */
export interface JsonReport {
  readonly schema: 1;
  readonly version: string;
  readonly language: Language;
  readonly target: Target | null;
  readonly outcome: 'ok' | 'warn' | 'fail';
  readonly exitCode: ExitCode;
  readonly steps: readonly {
    readonly id: string;
    readonly subject: string | null;
    readonly title: string;
    readonly status: Status;
    readonly code: string | null;
    readonly finding: string;
    readonly detail: readonly string[];
    readonly remedy: readonly string[];
    readonly milliseconds: number;
    readonly facts: Facts;
  }[];
}

export function jsonReport(
  steps: readonly Step[],
  target: Target | undefined,
  version: string,
  language: Language,
): JsonReport {
  const has = (status: Status): boolean => steps.some((step) => step.status === status);
  return {
    schema: 1,
    version,
    language,
    target: target ?? null,
    outcome: has('fail') ? 'fail' : has('warn') ? 'warn' : 'ok',
    exitCode: exitCodeOf(steps),
    steps: steps.map(
      ({ id, subject, title, status, code, finding, detail, remedy, milliseconds, facts }) => ({
        id,
        subject: subject ?? null,
        title: title[language],
        status,
        code: code ?? null,
        finding: finding[language],
        detail: detail?.[language] ?? [],
        remedy: remedy?.[language] ?? [],
        milliseconds,
        facts: facts ?? {},
      }),
    ),
  };
}
