import { describe, expect, it } from 'vitest';
import { jsonReport, stepAsText, summaryAsText, type Layout } from '../../../lib/cli/doctor/report.js';
import { exitCodeOf, runChecks } from '../../../lib/cli/doctor/runner.js';
import type { Check, Outcome, Step } from '../../../lib/cli/doctor/step.js';
import { ExitCode } from '../../../lib/cli/exit-codes.js';
import { displayWidth, paintFor, wrap } from '../../../lib/cli/terminal.js';
import { lines, text } from '../../../lib/cli/words.js';

const fine: Outcome = { status: 'ok', finding: text('It works.', '正常工作。') };
const broken: Outcome = {
  status: 'fail',
  finding: text('It does not work.', '无法工作。'),
  detail: lines(text('Seen: RST.', '看到：RST。')),
  remedy: lines(text('Start it.', '请启动它。'), text('Or not.', '或者不启动。')),
  code: 'KB_CONNECT_REFUSED',
  facts: { port: 1 },
};

function check(id: string, outcome: Outcome | (() => Outcome), more: Partial<Check> = {}): Check {
  return {
    id,
    title: text(id, `${id}检查`),
    exitCode: ExitCode.network,
    run: typeof outcome === 'function' ? outcome : () => outcome,
    ...more,
  };
}

describe('the runner', () => {
  it('tells of each check in turn', async () => {
    const told: string[] = [];
    const steps = await runChecks([check('a', fine), check('b', fine)], ({ id }) => told.push(id));
    expect(told).toEqual(['a', 'b']);
    expect(steps.map(({ status }) => status)).toEqual(['ok', 'ok']);
    expect(exitCodeOf(steps)).toBe(0);
  });

  it('skips what needs a failed check, and names the one that failed', async () => {
    const a = check('a', broken, { exitCode: ExitCode.tls });
    const b = check('b', fine, { needs: [a] });
    const c = check('c', fine, { needs: [b] });
    const d = check('d', fine);
    const steps = await runChecks([a, b, c, d]);
    expect(steps.map(({ status }) => status)).toEqual(['fail', 'skip', 'skip', 'ok']);
    expect(steps[2]?.finding.en).toBe('Not tried: "a" did not pass.');
    expect(steps[2]?.finding.zh).toBe('未执行：“a检查”没有通过。');
    expect(exitCodeOf(steps)).toBe(ExitCode.tls);
  });

  it('goes on after a warning', async () => {
    const a = check('a', { ...fine, status: 'warn' });
    const steps = await runChecks([a, check('b', fine, { needs: [a] })]);
    expect(steps.map(({ status }) => status)).toEqual(['warn', 'ok']);
    expect(exitCodeOf(steps)).toBe(0);
  });

  it('needs only one of several', async () => {
    const one = check('one', broken, { subject: 'h1:1' });
    const two = check('two', fine, { subject: 'h2:1' });
    const either = await runChecks([one, two, check('c', fine, { needsOneOf: [one, two] })]);
    expect(either[2]?.status).toBe('ok');
    const none = await runChecks([one, check('c', fine, { needsOneOf: [one] })]);
    expect(none[1]?.status).toBe('skip');
  });

  it('says which host it was, where there are several', async () => {
    const one = check('tcp', broken, { subject: 'h1:1' });
    const two = check('tcp', broken, { subject: 'h2:1' });
    const steps = await runChecks([one, two, check('login', fine, { needsOneOf: [one, two] })]);
    expect(steps[2]?.finding.en).toBe('Not tried: "tcp" of h1:1 did not pass.');
  });

  it('survives a check that throws', async () => {
    const steps = await runChecks([
      check('a', () => {
        throw new Error('a mistake');
      }),
      check('b', fine),
    ]);
    expect(steps.map(({ status }) => status)).toEqual(['fail', 'ok']);
    expect(steps[0]?.detail?.en.join()).toContain('a mistake');
  });
});

const plain: Layout = { language: 'en', paint: (words) => words, columns: 80, subjects: false };

async function stepOf(outcome: Outcome, more: Partial<Check> = {}): Promise<Step> {
  const [step] = await runChecks([check('tcp', outcome, more)]);
  if (step === undefined) throw new Error('One check gives one step.');
  return { ...step, milliseconds: 12.3 };
}

describe('the report for people', () => {
  it('has finding, what was seen, and what to do', async () => {
    expect(stepAsText(await stepOf(broken), plain)).toBe(
      [
        'FAIL  tcp                 It does not work.  12 ms',
        '        Seen: RST.',
        '        → Start it.',
        '        → Or not.',
      ].join('\n'),
    );
  });

  it('lines up in Chinese as well', async () => {
    const shown = stepAsText(await stepOf(broken), { ...plain, language: 'zh' }).split('\n');
    expect(shown).toEqual([
      '失败  tcp检查             无法工作。  12 ms',
      '        看到：RST。',
      '        → 请启动它。',
      '        → 或者不启动。',
    ]);
    expect(displayWidth(shown[0]?.split('无')[0] ?? '')).toBe(26);
  });

  it('fits into the terminal', async () => {
    const long = { ...fine, finding: text('word '.repeat(60).trim(), '汉字'.repeat(60)) };
    for (const language of ['en', 'zh'] as const) {
      const shown = stepAsText(await stepOf(long), { ...plain, language, columns: 60 }).split('\n');
      for (const line of shown.slice(0, -1)) expect(displayWidth(line)).toBeLessThanOrEqual(60);
      expect(shown.length).toBeGreaterThan(3);
    }
  });

  it('names the host where there are several, and shows no control characters', async () => {
    const step = await stepOf({ ...fine, finding: text('said \u001b[31mred', '') }, { subject: 'h:1' });
    expect(stepAsText(step, { ...plain, subjects: true })).toContain('h:1: said \\u001b[31mred');
  });

  it('ends with what to look at first', async () => {
    const a = check('a', broken);
    const steps = await runChecks([a, check('b', broken)]);
    expect(summaryAsText(steps, 'en', plain.paint)).toBe('Not in order: look at "a" first. (exit code 4)');
    expect(summaryAsText(steps, 'zh', plain.paint)).toBe('没有通过：首先处理“a检查”。（退出码 4）');
    const warned = await runChecks([check('a', { ...fine, status: 'warn' })]);
    expect(summaryAsText(warned, 'en', plain.paint)).toBe(
      'It works; there is 1 warning above. (exit code 0)',
    );
  });

  it('has colours on a terminal only, and not where they are unwanted', () => {
    expect(paintFor({ isTTY: true }, {})('x', 'red')).toBe('\u001b[31mx\u001b[0m');
    expect(paintFor({}, {})('x', 'red')).toBe('x');
    expect(paintFor({ isTTY: true }, { NO_COLOR: '1' })('x', 'red')).toBe('x');
  });
});

describe('the report for programs', () => {
  it('has every field, whatever the outcome', async () => {
    const a = check('a', broken, { subject: 'h:1' });
    const steps = await runChecks([a, check('b', fine, { needs: [a] })]);
    const target = { hosts: [{ host: 'h', port: 1 }], database: 'd', user: 'u' };
    const report = jsonReport(steps, target, '1.2.3', 'en');
    expect(report).toEqual({
      schema: 1,
      version: '1.2.3',
      language: 'en',
      target,
      outcome: 'fail',
      exitCode: 4,
      steps: [
        {
          id: 'a',
          subject: 'h:1',
          title: 'a',
          status: 'fail',
          code: 'KB_CONNECT_REFUSED',
          finding: 'It does not work.',
          detail: ['Seen: RST.'],
          remedy: ['Start it.', 'Or not.'],
          milliseconds: expect.any(Number) as unknown,
          facts: { port: 1 },
        },
        {
          id: 'b',
          subject: null,
          title: 'b',
          status: 'skip',
          code: null,
          finding: 'Not tried: "a" did not pass.',
          detail: [],
          remedy: [],
          milliseconds: 0,
          facts: {},
        },
      ],
    });
  });
});

describe('lines', () => {
  it('are broken between words, and keep all of the text', () => {
    expect(wrap('one two  three', 8)).toEqual(['one two', 'three']);
    expect(wrap('连接被拒绝：主机有应答。', 10)).toEqual(['连接被拒', '绝：主机有', '应答。']);
    expect(wrap('averylongwordthatdoesnotfit', 5)).toEqual(['averylongwordthatdoesnotfit']);
    expect(wrap('', 5)).toEqual(['']);
  });
});
