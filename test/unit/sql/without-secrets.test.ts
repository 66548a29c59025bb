import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withoutSecrets } from '../../../lib/sql/without-secrets.js';

const SECRET = 'Hunter2Secret';

describe('withoutSecrets', () => {
  it.each([
    `ALTER ROLE a PASSWORD '${SECRET}'`,
    `ALTER USER u WITH ENCRYPTED PASSWORD E'${SECRET}'`,
    `alter role a password\n'${SECRET}'`,
    `ALTER ROLE a /* c */ PASSWORD $$${SECRET}$$`,
    `CREATE ROLE x LOGIN PASSWORD U&'${SECRET}'`,
    `CREATE USER u IDENTIFIED BY '${SECRET}'`,
    `CREATE USER u IDENTIFIED BY "${SECRET}"`,
    `CREATE USER u IDENTIFIED BY ${SECRET}`,
    `SET PASSWORD FOR u = '${SECRET}'`,
    `SET PASSWORD = "${SECRET}"`,
    `SET PASSWORD = PASSWORD("${SECRET}")`,
    `SELECT 'it\\'s', password FROM t WHERE password = 'a\\'${SECRET}'`,
    `CREATE SUBSCRIPTION s CONNECTION 'host=h password=${SECRET}' PUBLICATION p`,
    `CREATE USER MAPPING FOR u SERVER s OPTIONS (user 'u', password '${SECRET}')`,
    `SELECT dblink_connect('host=h password=${SECRET}')`,
    `SELECT dblink('postgresql://u:${SECRET}@h/d', 'SELECT 1')`,
    `SELECT 1 -- PASSWORD '${SECRET}'`,
    `ALTER ROLE a PASSWORD '${SECRET}`,
    `SELECT * FROM account WHERE passwd = '${SECRET}'`,
  ])('%s', (sql) => {
    const shown = withoutSecrets(sql);
    expect(shown).not.toContain(SECRET);
    expect(shown).toContain('…');
    expect(shown.slice(0, 6)).toBe(sql.slice(0, 6));
  });

  it('shows what it was', () => {
    expect(withoutSecrets(`CREATE USER "u" PASSWORD 'x' VALID UNTIL 'y'`)).toBe(
      `CREATE USER "u" PASSWORD '…' VALID UNTIL '…'`,
    );
  });

  it('leaves alone what speaks of no password', () => {
    for (const sql of [`SELECT 'a' FROM town WHERE name = 'b'`, 'SELECT 1', '', `SELECT "by" FROM t`])
      expect(withoutSecrets(sql)).toBe(sql);
  });

  it('shows no literal of any statement that speaks of a password', () => {
    const word = fc.constantFrom(
      'SELECT',
      'password',
      'IDENTIFIED',
      'x',
      '=',
      '(',
      ')',
      ',',
      '--',
      '\n',
      '/*',
      '*/',
      '"n"',
      ' ',
    );
    const literal = fc.constantFrom(`'${SECRET}'`, `E'${SECRET}'`, `$a$${SECRET}$a$`, `'it''s ${SECRET}'`);
    fc.assert(
      fc.property(fc.array(fc.oneof(word, word, literal), { maxLength: 20 }), (pieces) => {
        expect(withoutSecrets(`ALTER ROLE a PASSWORD 'p' ${pieces.join(' ')}`)).not.toContain(`'${SECRET}'`);
      }),
      { numRuns: 500 },
    );
  });
});
