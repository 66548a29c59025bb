import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../lib/config/index.js';
import type { KingbaseError } from '../../../lib/errors/index.js';
import type { ConnectionConfig } from '../../../lib/facade/open.js';

const SECRET = 'Secr3tXyz';

function refusal(config: string | ConnectionConfig | undefined, environment = {}): KingbaseError {
  try {
    parseConfig(config, {}, environment, () => 'osuser');
  } catch (error) {
    expect(error).toMatchObject({ name: 'UsageError', code: 'KB_BAD_OPTION' });
    return error as KingbaseError;
  }
  throw new Error('It was accepted.');
}

function shown(error: KingbaseError): string {
  const whole = inspect(error, { showHidden: true, depth: 9 });
  return [whole, JSON.stringify(error), error.explain('en'), error.explain('zh')].join('\n');
}

// Names of users, databases and hosts are in errors, logs and reports, and so would be a password in one of them.
describe('a value that has swallowed the password behind it is refused, and not shown', () => {
  it.each([
    `Server=h;Uid=u；Pwd=${SECRET}`,
    `Host=h;Username=u；Password=${SECRET}`,
    `Host=h;Database=d，Password=${SECRET}`,
    `Host=h;Database=d 密码：${SECRET}`,
    `Driver={K};Server=h;Uid=u,Pwd=${SECRET}`,
    `Driver={K};Server=h;Database=d|PWD = ${SECRET}`,
    `jdbc:kingbase8://h/db？user=u&password=${SECRET}`,
    `jdbc:kingbase8://h/db;user=u;password=${SECRET}`,
    `jdbc:kingbase8://h:54321/db&user=u&password=${SECRET}`,
    `jdbc:kingbase8://h/db?user=u＆password=${SECRET}`,
    `jdbc:kingbase8://h/db?currentSchema=s＆password＝${SECRET}`,
    `kingbase://u@h/db&password=${SECRET}`,
    `kingbase://h/db;password=${SECRET}`,
    `kingbase://h/db？password＝${SECRET}`,
    `kingbase://h/db%3Fpassword=${SECRET}`,
    `kingbase://h/db?user=u;password=${SECRET}`,
    `kingbase://h/db?user=u%26password=${SECRET}`,
    `kingbase://h/db?application_name=a,passwd=${SECRET}`,
    `kingbase://h/db?sslrootcert=/ca;sslpassword=${SECRET}`,
    `kingbase://u：${SECRET}@h/db`,
    `kingbase://u%3A${SECRET}@h/db`,
    `kingbase://db，password＝${SECRET}/d`,
    `host=db，password＝${SECRET}`,
    `host=h user=u；password=${SECRET}`,
    `host=h dbname='d password=${SECRET}'`,
    // A URL where a name should be.
    `host=h dbname=kingbase://u:${SECRET}@h/d`,
    `host=h dbname=kingbase://u:a/${SECRET}@h/d`,
    `host=h user=postgres://u:${SECRET}@h/d`,
    `kingbase://u@h/db?dbname=kingbase://u:${SECRET}@h/db`,
    `kingbase://u@h/db?application_name=jdbc:kingbase8://u:${SECRET}@h`,
    `Server=h;Database=kingbase://u:${SECRET}@x`,
    // User and password together.
    `kingbase://u;${SECRET}@h/db`,
    `kingbase://u,${SECRET}@h/db`,
    `kingbase://u|${SECRET}@h/db`,
    `kingbase://u%2F${SECRET}@h/db`,
    `kingbase://u%20${SECRET}@h/db`,
    `kingbase://u\n${SECRET}@h/db`,
    `kingbase://u／${SECRET}@h/db`,
    `kingbase://u@h/db?user=u:${SECRET}`,
    `jdbc:kingbase8://h/db?user=u/${SECRET}`,
    `host=h user=u/${SECRET} dbname=d`,
    `host=h user=u:${SECRET}`,
    `Server=h;Uid=u/${SECRET}`,
    `Driver={K};Server=h;Uid=u，${SECRET}`,
    // A password alone, in Base64.
    `${SECRET}==`,
    `${SECRET}=`,
  ])('in a string: %s', (text) => {
    expect(shown(refusal(text))).not.toContain(SECRET);
  });

  it.each<ConnectionConfig>([
    { host: 'h', user: `u password=${SECRET}` },
    { host: 'h', database: `d?password=${SECRET}` },
    { host: `db，密码＝${SECRET}` },
    { hosts: [{ host: `db；pwd＝${SECRET}` }] },
    { host: 'h', applicationName: `a;Pwd=${SECRET}` },
    { host: 'h', database: `kingbase://u:${SECRET}@h/d` },
    { user: `kingbase://u:${SECRET}@h/d` },
  ])('in an object: %o', (config) => {
    expect(shown(refusal(config))).not.toContain(SECRET);
  });

  it.each([
    { KINGBASE_USER: `u password=${SECRET}` },
    { KINGBASE_DATABASE: `d；password＝${SECRET}` },
    { KINGBASE_URL: `kingbase://h/db&password=${SECRET}` },
    { KINGBASE_DATABASE: `kingbase://u:${SECRET}@h/d` },
    { KINGBASE_URL: `kingbase://u／${SECRET}@h/d` },
  ])('in the environment: %o', (environment) => {
    expect(shown(refusal(undefined, environment))).not.toContain(SECRET);
  });

  it.each<ConnectionConfig>([
    { host: 'h', user: 'password', database: 'passwords', password: 'pwd=1;password=2' },
    { host: 'h', user: 'u', database: '密码库', options: '-c app.password_policy=on' },
    { host: 'h', user: 'corp/reader', database: 'a:b', applicationName: 'https://example' },
    { host: 'h', user: 'pwd_reader', database: 'd', sslRootCert: '/etc/passwords/ca.pem' },
  ])('but not one that is only called so: %o', (config) => {
    expect(() => parseConfig(config, {}, {}, () => 'osuser')).not.toThrow();
  });

  it('takes no longer for a long value than in proportion', () => {
    for (const piece of ['password ', 'pass', 'pwd\t', '密码 ', ' ']) {
      const user = piece.repeat(1_000_000 / piece.length);
      expect(parseConfig({ host: 'h', user }, {}, {}, () => 'osuser').user).toBe(user);
    }
  });
});
