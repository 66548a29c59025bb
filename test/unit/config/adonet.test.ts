import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ADO_NET } from '../../../lib/config/adonet.js';
import { essence, read, refusal } from './foreign-form.js';

describe('ADO.NET connection strings', () => {
  it.each<[string, object]>([
    [
      'Server=h;Port=5;User Id=system;Password=secret;Database=test;SSL Mode=Prefer',
      { hosts: 'h:5', user: 'system', password: 'secret', database: 'test', sslmode: 'prefer' },
    ],
    ['Server=h', { hosts: 'h:54321' }],
    ['host=h;port=5;user=u', { hosts: 'h:5', user: 'u' }],
    ['host=h; port=5; user=u ;', { hosts: 'h:5', user: 'u' }],
    ['password="a b";host=h', { hosts: 'h:54321', password: 'a b' }],
    ["password='it''s' ;host=h", { hosts: 'h:54321', password: "it's" }],
    ["password='a\\';host=h", { hosts: 'h:54321', password: 'a\\' }],
    [';; HOST = h ;;database=d;', { hosts: 'h:54321', database: 'd' }],
    ['UID=u;PWD="a;b""c\'d"', { user: 'u', password: 'a;b"c\'d' }],
    ["UID=u;PWD='a;b\"\"c''d'", { user: 'u', password: 'a;b""c\'d' }],
    ['UID=u;PWD=a=b"c{d}', { user: 'u', password: 'a=b"c{d}' }],
    ['UID=u;PWD="x;driver=y"', { user: 'u', password: 'x;driver=y' }],
    ['UID=a;Username=b;User ID=c', { user: 'c' }],
    ['UID=a;Password=', { user: 'a' }],
    ['Host=h1:1,h2:2;Port=9', { hosts: 'h1:1,h2:2' }],
    ['Host=h1,[::1]:2,::2,[::3];Port=9', { hosts: 'h1:9,::1:2,::2:9,::3:9' }],
    ['Host=h1,h2:2;Timeout=15', { hosts: 'h1:54321,h2:2', connectTimeout: 15_000 }],
    ['Host=/tmp;Timeout=0', { hosts: '/tmp:54321', connectTimeout: 0 }],
    ['Server=h;Passfile=/p', { hosts: 'h:54321', passfile: '/p' }],
    ['Pooling=true;MinPoolSize=2;Maximum Pool Size=20', { 'pool.min': 2, 'pool.max': 20 }],
    [
      'Connection Idle Lifetime=300;ConnectionLifetime=60;',
      { 'pool.idleTimeout': 300_000, 'pool.maxLifetime': 60_000 },
    ],
    ['Server=h;Command Timeout=30;Timeout=15', { hosts: 'h:54321', timeout: 30_000, connectTimeout: 15_000 }],
    ['CommandTimeout=0;Enlist=true;ServerCompatibilityMode=None;', {}],
    ['KeepAlive=30;Tcp Keepalive=false', { keepalives_idle: '30', keepalives: '0' }],
    ['KeepAlive=0;ClientEncoding=utf-8', {}],
    ['ApplicationName=a;', { applicationName: 'a' }],
    ['Application Name=a', { applicationName: 'a' }],
    ['SearchPath=a,b;', { options: '-c search_path=a,b' }],
    [
      'Search Path="""A b"", c\\d";Timezone=UTC',
      { options: '-c search_path="A\\ b",\\ c\\\\d -c TimeZone=UTC' },
    ],
    ['Options="-c a=b";SearchPath=s', { options: '-c a=b -c search_path=s' }],
    ['TargetSessionAttributes=ReadWrite;', { target_session_attrs: 'read-write' }],
    ['Max Auto Prepare=20;', { statementCacheSize: 20 }],
    [
      'Root Certificate=/r;SSL Certificate=/c;SSL Key=/k;SSL Password=p;SSLMode=VerifyCA',
      { sslrootcert: '/r', sslcert: '/c', sslkey: '/k', sslpassword: 'p', sslmode: 'verify-ca' },
    ],
    [
      'Server=h,i;UseReadWriteSep=true;PrimaryCanRead=true;CheckClusterState=10',
      {
        hosts: 'h:54321,i:54321',
        cluster: { automatic: true, primaryShare: 0.5, recheckInterval: 10_000 },
      },
    ],
    ['Server=h;Use Read Write Sep=false;Primary Can Read=true', { hosts: 'h:54321' }],
  ])('%s', (text, expected) => {
    expect(essence(text.includes(';') || /^server/i.test(text) ? text : `${text};`)).toEqual(expected);
  });

  it.each([
    ['SSL Mode=Disable', 'disable'],
    ['SslMode=prefer;Trust Server Certificate=false', 'prefer'],
    ['SSL Mode=Require', 'verify-full'],
    ['SSL Mode=Require;Trust Server Certificate=false', 'verify-full'],
    ['Trust Server Certificate=True;SSL Mode=Require', 'require'],
    ['SSL Mode=verify-full', 'verify-full'],
  ])('%s means %s', (text, mode) => {
    expect(read(`${text};`).libraryKeywords).toEqual({ sslmode: mode });
  });

  it.each([
    ['Server=h;Command Timeout=soon', /"Command Timeout".*must be a number of seconds/],
    ['Server=h;Pooling=false', /"Pooling".*always pooled/],
    ['Server=h;Trust Server Certificate=s3cret', /"Trust Server Certificate".*true or false/],
    ['SSL Mode=VerifyFull;Trust Server Certificate=1', /"Trust Server Certificate".*contradicts/],
    ['Server=h;SSL Mode=Require Password=s3cret', /"SSL Mode".*holds the key of a password/],
    ['Server=h;Check Certificate Revocation=true', /sslcrl/],
    ['Server=h;Load Balance Hosts=true', /order given/],
    ['Server=h;UseReadWriteSep=s3cret', /"Use Read Write Sep".*true or false/],
    ['Server=h;WhiteList=f', /consistency: 'primary'/],
    ['Server=h;Tcp Keepalive Time=9', /unit/],
    ['Server=h;Client Encoding=GBK', /only be UTF8/],
    ['Server=h;Timeout=s3cret', /"Timeout".*number of seconds/],
    ['Server=h;Timeout=-1', /"Timeout".*number of seconds/],
    ['Server=h;MaxPoolSize=1.5', /"MaxPoolSize".*whole number/],
    ['Server=h;MinPoolSize=20', /"pool.min" must not be greater than "pool.max"/],
    ['Server=h;Port=s3cret', /"port" must be/],
    ['Server=h;Usr Id=u', /^Unknown key "Usr Id" in the ADO.NET connection string; did you mean "User Id"\?/],
    [
      'Server=h;Frobnicate=1',
      /^Unknown key "Frobnicate" in the ADO.NET connection string\. docs\/connection-strings\.md lists the keys\.$/,
    ],
    ['Server=h;Password=a;prot=1', /^The key number 3 .* is not known; did you mean "Port"\?/],
    ['Server=h;Password=a;s3cret=1', /^The key number 3 /],
    ['Server=h;Password=a;Database=d;s3cret=1', /^The key number 4 /],
    ['Server=h Password=b;s3cret=1', /"Server".*holds the key of a password/],
    ['Server=h;Password=a;s3cret', /cannot be read/],
    ['Server=h;Password="s3cret', /cannot be read.*doubled/],
    ['Server=h;Password="s3cret"x', /cannot be read/],
    ["Server=h;Password='s3cret'x'", /cannot be read/],
    ['Server=h;=s3cret', /cannot be read/],
    ['Server=h Password=s3cret;Port=5', /"Server".*holds the key of a password/],
    ['Server=u:s3cret@h;Port=5', /"host" has a character/],
    [`Server=h;${'s3cret'.repeat(20)}=1`, /^The key number 2 /],
  ])('%s is refused without quoting it', (text, message) => {
    expect(refusal(text)).toMatch(message);
    expect(refusal(text)).not.toContain('s3cret');
  });

  it('know every key with and without its spaces, in any case', () => {
    for (const key of ['SSL Mode', 'sslmode', 'MINPOOLSIZE', 'minimumpoolsize', 'user id', 'UserId']) {
      expect(ADO_NET.has(key)).toBe(true);
    }
    expect(ADO_NET.has('SSL-Mode')).toBe(false);
  });

  it('round-trip whatever is quoted', () => {
    const text = fc.string({ unit: 'binary', minLength: 1 }).filter((s) => !s.includes('\0'));
    const special = fc.array(fc.constantFrom('{', '}', ';', '=', '"', "'", ' ', '%', '\\', 'driver=x', 'a'), {
      minLength: 1,
    });
    const value = fc.tuple(
      fc.oneof(
        text,
        special.map((pieces) => pieces.join('')),
      ),
      fc.constantFrom('"', "'"),
    );
    const quoted = ([s, quote]: [string, string]): string =>
      quote + s.replaceAll(quote, quote + quote) + quote;
    fc.assert(
      fc.property(value, value, value, (user, password, database) => {
        const config = read(
          `Server=h;User Id=${quoted(user)};Password=${quoted(password)};Database=${quoted(database)}`,
        );
        expect({ ...config, password: config.password }).toMatchObject({
          user: user[0],
          password: password[0],
          database: database[0],
        });
      }),
    );
  });

  it('round-trip schemas through the options of the server', () => {
    // How the server splits them (pg_split_opts of PostgreSQL).
    const split = (options: string): string[] =>
      (options.match(/(?:[^\s\\]|\\[^])+/g) ?? []).map((word) => word.replace(/\\([^])/g, '$1'));
    const path = fc.array(fc.constantFrom(' ', '\\', '"', ',', '\n', 'a', '；', "'", '-c '), {
      minLength: 1,
    });
    fc.assert(
      fc.property(path, (pieces) => {
        const schemas = pieces.join('');
        const { options } = read(`Server=h;Search Path="${schemas.replaceAll('"', '""')}"`).libraryKeywords;
        expect(split(options ?? '')).toEqual(['-c', `search_path=${schemas}`]);
      }),
    );
  });
});
