import { describe, expect, it } from 'vitest';
import { passwordLine } from '../../../lib/cli/doctor/password-file.js';

const login = { host: 'db.example', port: 54321, database: 'test', user: 'app' };

describe('the line of a password file', () => {
  it.each([
    ['that is exact', 'db.example:54321:test:app:secret', 1],
    ['with * for any', '*:*:*:*:secret', 1],
    ['after others', 'other:*:*:*:x\n# a comment\ndb.example:*:test:app:secret', 3],
    ['that is the first of two', 'db.example:*:*:*:a\ndb.example:54321:test:app:b', 1],
    ['with colons and backslashes in the password', 'db.example:*:*:app:a\\:b\\\\c:d', 1],
    ['with an empty password', 'db.example:*:*:app:', 1],
    ['that ends as on Windows', 'db.example:54321:test:app:secret\r\n', 1],
    ['of another port', 'db.example:5432:test:app:secret', undefined],
    ['of another user', 'db.example:*:*:other:secret', undefined],
    ['without a password', 'db.example:54321:test:app', undefined],
    ['in a comment', '#db.example:54321:test:app:secret', undefined],
    ['that is a part of a name', 'db.example.org:*:*:*:secret', undefined],
    ['of an empty file', '', undefined],
  ])('%s', (_what, file, line) => {
    expect(passwordLine(file, login)).toBe(line);
  });

  it('can have names with colons', () => {
    expect(
      passwordLine('fe80\\:\\:1:*:a\\\\b:*:secret', { ...login, host: 'fe80::1', database: 'a\\b' }),
    ).toBe(1);
  });

  it('is that of localhost for a Unix socket, or of its directory', () => {
    const socket = { ...login, host: '/tmp' };
    expect(passwordLine('localhost:*:*:*:secret', socket)).toBe(1);
    expect(passwordLine('/tmp:*:*:*:secret', socket)).toBe(1);
    expect(passwordLine('127.0.0.1:*:*:*:secret', socket)).toBeUndefined();
  });
});
