import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inChinese, PAIRS } from '../../../lib/errors/chinese/translate.js';
import type { UsageError } from '../../../lib/index.js';
import { KingbaseError, open } from '../../../lib/index.js';
import { ownWords } from './own-words.js';

const HAN = /\p{Script=Han}/u;

/** What Chinese typesetting does not have: letters that touch, and a space beside a full-width sign. */
const BAD_SPACING =
  /\p{Script=Han}[A-Za-z0-9$]|[A-Za-z0-9)]\p{Script=Han}|[，。：；？！（）“”、] | [，。：；？！（）“”、]|\p{Script=Han} \p{Script=Han}/u;

/** Words of two letters and more that stand beside each other: a sentence that is still English. */
const ENGLISH = /\b[a-z]{2,} [a-z]{2,} [a-z]{2,}\b/;

describe('the words of errors', () => {
  const words = ownWords();

  it('were found in the sources', () => {
    expect(words.length).toBeGreaterThan(350);
    expect(words.map(({ text }) => text)).toEqual(
      expect.arrayContaining([
        'Leave it out for 2000, or give Infinity for no limit.',
        'The option "pool.x7" must be x7.',
      ]),
    );
  });

  it.each(words)('are in Chinese as well: $file: $text', ({ text }) => {
    const chinese = inChinese(text);
    expect(chinese).toMatch(HAN);
    expect(chinese).not.toMatch(ENGLISH);
    expect(chinese).not.toMatch(BAD_SPACING);
  });

  it('are cut in one way only: no two holes of a text touch', () => {
    for (const [english] of PAIRS) expect(english).not.toContain('»«');
  });
});

describe('inChinese', () => {
  it.each([
    ['The option "pool.max" must be a whole number of at least 1.', '选项“pool.max”必须是不小于 1 的整数。'],
    ['Unknown option "sslmod"; did you mean "sslmode"?', '未知的选项“sslmod”；是否想写“sslmode”？'],
    ['Unknown option "sslmod".', '未知的选项“sslmod”。'],
    [
      'Unknown option "tiemout" of a query; did you mean "timeout"?',
      '查询调用没有选项“tiemout”；是否想写“timeout”？',
    ],
    ['Cannot connect to 127.0.0.1:1: Connection refused', '无法连接到 127.0.0.1:1：Connection refused'],
    [
      'No connection within 50 ms: 1 of 2 are in use, and the server cannot be reached. The last attempt said: Cannot connect to h:1: the host name "h" was not found.',
      '50 毫秒内没有得到连接：2 个连接中有 1 个使用中，服务器不可达。最近一次尝试的结果：无法连接到 h:1：找不到主机名“h”。',
    ],
    [
      '1 of 2 are in use, and the server refuses further connections, and 3 calls wait for a connection.',
      '2 个连接中有 1 个使用中，服务器拒绝更多的连接，3 个调用在等待连接。',
    ],
    [
      'The statement has 2 placeholders (?), but 1 value was given.',
      '语句有 2 个占位符（?），但给出了 1 个值。',
    ],
    ['Parameter $1 is a function, which cannot be sent to the server.', '参数 $1 是函数，无法发送给服务器。'],
    [
      'The option "port" must be a whole number from 1 to 65535, or a string of such with commas, one for each host.',
      '选项“port”必须是 1 到 65535 的整数，或以逗号分隔的多个端口，每个主机一个。',
    ],
    [
      'Cannot connect to 127.0.0.1:4: no connection within 500 ms.',
      '无法连接到 127.0.0.1:4：500 毫秒内没有建立起连接。',
    ],
    ['The options of script must be an object, not an array.', 'script 的选项必须是对象，而不是数组。'],
    [
      'transaction() takes a function, and was given undefined.',
      'transaction() 需要一个函数，得到的却是 undefined。',
    ],
    [
      'The event "notice" takes a function, and was given null.',
      '事件“notice”需要一个函数，得到的却是 null。',
    ],
    ['It was an AbortController.', '给出的是 AbortController。'],
    [
      'The option "sslmode" cannot be "required"; did you mean "require"?',
      '选项“sslmode”不能是“required”；是否想写“require”？',
    ],
    ['The option "sslmode" cannot be "x".', '选项“sslmode”不能是“x”。'],
    ['The option "sslmode" cannot be what was given.', '选项“sslmode”不能是所给的值。'],
    [
      'Unknown option "connectionString"; did you mean a connection string as the first argument?',
      '未知的选项“connectionString”；连接字符串请作为第一个参数给出。',
    ],
    [
      "There is no option types.bigint that takes 'number'. The options are 'int8' or 'all'; any other type takes { parse, serialize }.",
      "没有可以取值 'number' 的选项 types.bigint。可用的选项：'int8'、'all'；其他类型使用 { parse, serialize }。",
    ],
    [
      'The command was refused: COPY FROM STDIN cannot be run as a query: use copyFrom().',
      '命令被拒绝：COPY FROM STDIN 不能作为查询执行：请使用 copyFrom()。',
    ],
    [
      'The client library "libkci.so.5" (option clientLibrary) must have an absolute path.',
      '客户端库“libkci.so.5”（clientLibrary 选项）必须使用绝对路径。',
    ],
  ])('%s', (english, chinese) => {
    expect(inChinese(english)).toBe(chinese);
  });

  it("leaves a server's words alone", () => {
    for (const text of ['relation "nope" does not exist', '关系 "nope" 不存在', '', 'x.y', 'The end.'])
      expect(inChinese(text)).toBeUndefined();
  });

  it('says nothing but what was given, and takes no long time, whatever that is', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200, unit: 'binary' }), (name) => {
        expect(inChinese(`Unknown option "${name}"; did you mean "x"?`)).toContain(name);
      }),
    );
    const repeated = 'The option "'.repeat(300);
    expect(inChinese(repeated)).toBeUndefined();
    expect(inChinese('a '.repeat(1_000_000))).toBeUndefined();
  });
});

describe('explain in Chinese', () => {
  it.each<[string, () => unknown]>([
    ['an option', () => open({ sslmod: 'x' } as object)],
    ['a value', () => open({ pool: { max: 0.5 } })],
    ['a keyword', () => open({ keepalives: 2 as 1 })],
    ['a time of the library', () => open({ keepalivesIdle: -5 })],
    ['a number of the library', () => open({ zipLevel: 10 })],
    ['a version', () => open({ sslMinProtocolVersion: 'newest' })],
    ['a choice', () => open({ sslCertMode: 'maybe' })],
    ['an address', () => open({ hostaddr: 'db.example' })],
    ['the name of a library', () => open({ clientLibrary: 'libpq.so.5' })],
    ['a relative path', () => open({ clientLibrary: { path: './libkci.so.5' } })],
    ['an event', () => open({ host: 'never.used' }).on('error' as 'notice', () => undefined)],
    ['a string', () => open('kingbase://u:p@ss@h/d')],
    ['a key of JDBC', () => open('jdbc:kingbase8://h/d?socketFactory=a')],
  ])('has no English sentence: %s', (_, call) => {
    let refused: unknown;
    try {
      call();
    } catch (error) {
      refused = error;
    }
    expect(refused).toBeInstanceOf(KingbaseError);
    const text = (refused as UsageError).explain('zh');
    expect(text).not.toMatch(ENGLISH);
  });
});
