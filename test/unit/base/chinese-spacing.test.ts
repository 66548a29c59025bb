import { describe, expect, it } from 'vitest';
import { chinese, spaced } from '../../../lib/base/chinese-spacing.js';

describe('chinese', () => {
  it.each([
    ['SASL（SCRAM-SHA-256）', '客户端库支持 SASL（SCRAM-SHA-256）。'],
    ['明文密码', '客户端库支持明文密码。'],
  ])('has a space where Chinese meets other letters: %s', (name, text) => {
    expect(chinese`客户端库支持${name}。`).toBe(text);
  });

  it('has none beside a full-width sign or inside of brackets', () => {
    expect(chinese`地址：${'h:1'}，(${'中'})`).toBe('地址：h:1，(中)');
  });
});

describe('spaced', () => {
  it('leaves the spaces at the ends of what others have named', () => {
    const name = { text: ' x ', isOwn: false };
    const [before, behind] = ['“', '”'].map((text) => ({ text, isOwn: true }));
    expect(spaced([before!, name, behind!])).toBe('“ x ”');
  });
});
