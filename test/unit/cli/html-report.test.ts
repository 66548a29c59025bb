import os from 'node:os';
import { parse, type DefaultTreeAdapterTypes as Tree } from 'parse5';
import { describe, expect, it } from 'vitest';
import { htmlReport } from '../../../lib/cli/doctor/html.js';
import { redacted } from '../../../lib/cli/doctor/redact.js';
import type { Step } from '../../../lib/cli/doctor/step.js';
import { ExitCode } from '../../../lib/cli/exit-codes.js';
import { lines, same, text } from '../../../lib/cli/words.js';

const ATTACK = `<script>alert(1)</script><img src=x onerror="alert('2')">&amp;\u001b[31m`;

function step(id: string, exitCode: ExitCode, more: Partial<Step> = {}): Step {
  const finding = text('It works.', '正常工作。');
  return {
    id,
    title: text(`Title of ${id}`, `${id}标题`),
    status: 'ok',
    finding,
    milliseconds: 2,
    exitCode,
    ...more,
  };
}

const STEPS: Step[] = [
  step('platform', ExitCode.local),
  step('tcp', ExitCode.network, { status: 'warn', subject: 'db.example:54321' }),
  step('tls', ExitCode.tls, {
    status: 'fail',
    code: 'KB_CONNECT_TLS',
    finding: same(ATTACK),
    detail: lines(same(ATTACK)),
    remedy: lines(text(ATTACK, '请更换证书。')),
  }),
  step('login', ExitCode.login, { status: 'skip' }),
];
const target = { hosts: [{ host: `db.example${ATTACK}`, port: 54321 }], database: ATTACK, user: ATTACK };
const page = htmlReport({ steps: STEPS, target, version: '0.1.0', time: new Date(0), language: 'zh' });

type Element = Tree.Element;

/** All elements, in their order; a page that is not well-formed is an error. */
function elementsOf(html: string): Element[] {
  const errors: string[] = [];
  const found: Element[] = [];
  const walk = (node: Tree.Node): void => {
    if ('tagName' in node) found.push(node);
    if ('childNodes' in node) node.childNodes.forEach(walk);
  };
  walk(parse(html, { onParseError: ({ code }) => errors.push(code) }));
  expect(errors).toEqual([]);
  return found;
}

const attribute = (element: Element, name: string): string | undefined =>
  element.attrs.find((each) => each.name === name)?.value;

function textOf(node: Tree.Node): string {
  if ('value' in node) return node.value;
  return 'childNodes' in node ? node.childNodes.map(textOf).join('') : '';
}

describe('the report as a page', () => {
  const elements = elementsOf(page);
  const tagged = (name: string): Element[] => elements.filter(({ tagName }) => tagName === name);

  it('is one file that loads nothing and runs nothing, whatever a server says', () => {
    const allowed =
      'html head meta title style body input label main h1 h2 h3 p strong code ol ul li br small span section footer time';
    expect(
      [...new Set(elements.map(({ tagName }) => tagName))].filter(
        (name) => !allowed.split(' ').includes(name),
      ),
    ).toEqual([]);
    const attributes = elements.flatMap(({ attrs }) => attrs.map(({ name }) => name));
    expect(attributes.filter((name) => /^on|^(?:src|href|style|action)$/.test(name))).toEqual([]);
    expect(page).not.toContain('\u001b');
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(page).not.toMatch(/url\(|@import|https?:/);
  });

  it('shows what was found as it was said, once in each language', () => {
    const reports = tagged('main');
    expect(reports.map((each) => attribute(each, 'lang'))).toEqual(['en', 'zh-CN']);
    for (const report of reports) expect(textOf(report)).toContain(`<script>alert(1)</script>`);
    expect(textOf(reports[0]!)).toContain('Not in order: look at "Title of tls" first.');
    expect(textOf(reports[1]!)).toContain('没有通过：首先处理“tls标题”。');
    expect(textOf(reports[1]!)).toContain('请更换证书。');
    expect(tagged('section').map((each) => attribute(each, 'data-step'))).toEqual([
      ...STEPS.map(({ id }) => id),
      ...STEPS.map(({ id }) => id),
    ]);
  });

  it('has a picture of the way, with the place where it ended', () => {
    const stations = elements.filter(
      (each) => each.tagName === 'li' && attribute(each, 'class') !== undefined,
    );
    expect(stations.slice(0, 5).map((each) => attribute(each, 'class'))).toEqual([
      'ok',
      'warn',
      'fail',
      'skip',
      'skip',
    ]);
    expect(stations.filter((each) => attribute(each, 'aria-current') === 'step').map(textOf)).toEqual([
      'TLSfailed',
      'TLS 加密失败',
    ]);
  });

  it('can be read by keyboard and by colour-blind people', () => {
    expect(attribute(tagged('html')[0]!, 'lang')).toBe('zh-CN');
    const [english, chinese] = tagged('input');
    expect([attribute(english!, 'checked'), attribute(chinese!, 'checked')]).toEqual([undefined, '']);
    expect(tagged('label').map((label) => attribute(label, 'for'))).toEqual(['show-en', 'show-zh']);
    const style = textOf(tagged('style')[0]!);
    const colours = [...style.matchAll(/color: (#[0-9a-f]{3,6})/g)].map(([, colour = '']) => colour);
    expect(colours.length).toBeGreaterThan(5);
    for (const colour of colours) expect(contrastWithWhite(colour), colour).toBeGreaterThan(4.5);
  });
});

function contrastWithWhite(colour: string): number {
  const hex =
    colour.length === 4 ? [...colour.slice(1)].map((digit) => digit + digit).join('') : colour.slice(1);
  const [red = 0, green = 0, blue = 0] = [0, 2, 4].map((at) => {
    const part = parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05);
}

describe('a redacted report', () => {
  it('has no name of the reader in any of its strings', () => {
    const named = {
      hosts: [
        { host: 'db.bank.example', port: 54321 },
        { host: '127.0.0.1', port: 1 },
      ],
      database: 'ledger',
      user: 'audit',
    };
    const steps = [
      step('resolve', ExitCode.network, {
        subject: 'db.bank.example:54321',
        finding: same('db.bank.example is 10.1.2.3 and fd00:12:34::5; 127.0.0.1 stays'),
        detail: lines(
          same('The certificate is for db.inside, by CN=Bank CA.'),
          same(`${os.homedir()}/.kbpass has no line for audit@ledger; audits of ledgers stay`),
        ),
        facts: {
          addresses: ['10.1.2.3'],
          chain: [{ subject: 'CN=db', issuer: 'CN=Bank CA', names: ['db.inside'] }],
          version: '12.22',
        },
      }),
    ];
    const shown = redacted(steps, named);
    const all = JSON.stringify(shown);
    for (const name of [
      'db.bank.example',
      '10.1.2.3',
      'fd00',
      'audit@',
      'Bank CA',
      'db.inside',
      os.homedir(),
    ])
      expect(all, name).not.toContain(name);
    expect(shown.target).toEqual({
      hosts: [
        { host: '<host 1>', port: 54321 },
        { host: '127.0.0.1', port: 1 },
      ],
      database: '<database>',
      user: '<user>',
    });
    expect(shown.steps[0]?.finding.en).toBe('<host 1> is <address> and <address>; 127.0.0.1 stays');
    expect(shown.steps[0]?.detail?.en).toEqual([
      'The certificate is for <certificate>, by <certificate>.',
      '~/.kbpass has no line for <user>@<database>; audits of ledgers stay',
    ]);
    expect(shown.steps[0]?.subject).toBe('<host 1>:54321');
    expect(shown.steps[0]?.facts?.['version']).toBe('12.22');
  });
});
