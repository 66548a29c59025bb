import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { essence, read, refusal } from './foreign-form.js';

describe('ODBC connection strings', () => {
  it.each<[string, object]>([
    [
      'Driver={KingbaseES};Server=h;Port=5;Database=test;Uid=system;Pwd=secret',
      { hosts: 'h:5', database: 'test', user: 'system', password: 'secret' },
    ],
    [
      'DRIVER=KingbaseES ODBC Driver; servername = h ; USERNAME=u; password=p;Debug=1;',
      { hosts: 'h:54321', user: 'u', password: 'p' },
    ],
    ['Driver={A;B}};C};Server=h', { hosts: 'h:54321' }],
    ['Driver=', {}],
    ['Driver=K', {}],
    ['Server=h;Pwd={a;b}}c=d};Driver={K}', { hosts: 'h:54321', password: 'a;b}c=d' }],
    ['Server=h;Pwd={a";b};Driver={K}', { hosts: 'h:54321', password: 'a";b' }],
    ['Driver=K;Pwd=a=b"c\'d{e}', { password: 'a=b"c\'d{e}' }],
    ['Driver=K;Pwd=a%20+b', { password: 'a%20+b' }],
    ['Driver=K;Server=h1,h2;Port=1,2', { hosts: 'h1:1,h2:2' }],
    ['Driver=K;Server=::1', { hosts: '::1:54321' }],
    ['Driver=K;Server=/tmp/a b', { hosts: '/tmp/a b:54321' }],
    ['Driver=K;SSLmode=verify-full', { sslmode: 'verify-full' }],
    ['Driver=K;SSLMODE=Require', { sslmode: 'require' }],
    ['Driver=K;KeepaliveTime=30;KeepaliveInterval=5', { keepalives_idle: '30', keepalives_interval: '5' }],
    ['Driver=K;KeepaliveTime=-1;KeepaliveInterval=0', {}],
    ['Driver=K;ReadOnly=1', { options: '-c default_transaction_read_only=on' }],
    ['Driver=K;ReadOnly=0;Protocol=7.4-1;BoolsAsChar=0;UseDeclareFetch=1;Description={x;y}', {}],
    [
      "Driver=K;pqopt={sslrootcert='/a b' target_session_attrs=read-write connect_timeout=5}",
      { sslrootcert: '/a b', target_session_attrs: 'read-write', connectTimeout: 5000 },
    ],
    [
      "Driver=K;Server=h;ReadOnly=1;pqopt={host=h application_name=x options='-c a=b'}",
      { hosts: 'h:54321', applicationName: 'x', options: '-c a=b -c default_transaction_read_only=on' },
    ],
  ])('%s', (text, expected) => {
    expect(essence(text)).toEqual(expected);
  });

  it('take the first of repeated keys, as the driver manager does', () => {
    expect(essence('Driver=K;Uid=a;Username=b;UID=c')).toEqual({ user: 'a' });
  });

  it.each([
    ['DSN=kdb;Uid=system;Pwd=s3cret', /"DSN" of the ODBC connection string is not supported: data sources/],
    ['FileDSN=/s3cret;', /"FileDSN".*not supported/],
    ['Driver=K;ConnSettings=s3cret', /"ConnSettings".*pqopt/],
    ['Driver=K;Protocol=7.4-2', /"Protocol".*savepoint/],
    ['Driver=K;SSLmode=s3cret', /"SSLmode".*one of Disable, Allow, Prefer, Require, VerifyCA, VerifyFull/],
    ['Driver=K;ReadOnly=s3cret', /"ReadOnly".*true or false/],
    ['Driver=K;KeepaliveTime=s3cret', /"KeepaliveTime".*whole number/],
    ['Driver=K;Port=s3cret', /"port" must be/],
    ['Driver=K;Servr=h', /^Unknown key "Servr" in the ODBC connection string; did you mean "Server"\?/],
    [
      'Driver=K;Frobnicate=h',
      /^Unknown key "Frobnicate" in the ODBC connection string\. docs\/connection-strings\.md lists the keys\.$/,
    ],
    ['Driver=K;Pwd=a;SSLmod=require', /^The key number 3 .* is not known; did you mean "SSLmode"\?/],
    ['Driver=K;Pwd={a};s3=1', /^Unknown key "s3"/],
    [
      'Driver=K;Pwd=a;s3cret=1',
      /^The key number 3 of the ODBC connection string is not known; .* It is not shown/,
    ],
    ['Driver=K;Pwd=a;s3cret', /cannot be read/],
    ['Driver=K;Pwd={s3cret', /cannot be read.*\{…\}/],
    ['Driver=K;Pwd={s3cret}x', /cannot be read/],
    ['Driver=K;Server=h Pwd=s3cret', /"Server".*holds the key of a password/],
    ['Driver=K;Uid=u;pqopt={user=s3cret}', /"user" in pqopt contradicts/],
    ['Driver=K;pqopt={sslrootcrt=/s3cret}', /"sslrootcrt"; did you mean "sslrootcert"/],
    ['Driver=K;pqopt={password=a s3cret=x}', /has an unknown option\. It is not shown/],
    ["Driver=K;pqopt={password='s3cret}", /cannot be read/],
  ])('%s is refused without quoting it', (text, message) => {
    expect(refusal(text)).toMatch(message);
    expect(refusal(text)).not.toContain('s3cret');
  });

  it('round-trip whatever stands in braces', () => {
    const text = fc.string({ unit: 'binary', minLength: 1 }).filter((s) => !s.includes('\0'));
    const special = fc.array(fc.constantFrom('{', '}', ';', '=', '"', "'", ' ', '%', '\\', 'driver=x', 'a'), {
      minLength: 1,
    });
    const value = fc.oneof(
      text,
      special.map((pieces) => pieces.join('')),
    );
    const braced = (s: string): string => `{${s.replaceAll('}', '}}')}}`;
    fc.assert(
      fc.property(value, value, value, (user, password, database) => {
        const config = read(
          `Driver={K};Uid=${braced(user)};Pwd=${braced(password)};Database=${braced(database)}`,
        );
        expect({ ...config, password: config.password }).toMatchObject({ user, password, database });
      }),
    );
  });
});
