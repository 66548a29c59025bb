import { describe, expect, it } from 'vitest';
import { inOneLine } from '../../../lib/base/in-one-line.js';

describe('text of several lines', () => {
  it.each([
    [
      'root certificate file "/r.crt" does not exist\nEither provide the file or change sslmode.\n',
      'root certificate file "/r.crt" does not exist. Either provide the file or change sslmode.',
    ],
    ['connection refused\n\tIs the server running?', 'connection refused. Is the server running?'],
    ['The first.\n  The second.', 'The first. The second.'],
    ['could not connect:\nNo route', 'could not connect: No route'],
    ['a value\n goes on', 'a value goes on'],
    ['证书文件 "/r.crt" 不存在\n请提供该文件。', '证书文件 "/r.crt" 不存在 请提供该文件。'],
    [' one line ', 'one line'],
  ])('%j', (text, line) => {
    expect(inOneLine(text)).toBe(line);
  });
});
