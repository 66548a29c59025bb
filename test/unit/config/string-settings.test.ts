import { describe, expect, expectTypeOf, it } from 'vitest';
import { parseConfig } from '../../../lib/config/index.js';
import { DRIVER_OPTIONS, ENVIRONMENT, LIBRARY_OPTIONS, optionRule } from '../../../lib/config/options.js';
import type { KingbaseError } from '../../../lib/errors/index.js';
import type { ConnectionConfig } from '../../../lib/facade/open.js';

function read(config?: string | ConnectionConfig, overrides?: ConnectionConfig, environment = {}) {
  return parseConfig(config, overrides, environment, () => 'osuser');
}

function refusal(...given: Parameters<typeof read>): KingbaseError {
  try {
    read(...given);
  } catch (error) {
    expect(error).toMatchObject({ name: 'UsageError', code: 'KB_BAD_OPTION' });
    return error as KingbaseError;
  }
  throw new Error('It was accepted.');
}

describe('the table of options', () => {
  it('has every option that a configuration can have, and no other', () => {
    type Driver = typeof DRIVER_OPTIONS;
    type Library = typeof LIBRARY_OPTIONS;
    type Spelling<Rule> = Rule extends { spellings: readonly (infer S)[] } ? S : never;
    type Known =
      | keyof Driver
      | { [K in keyof Driver]: Spelling<Driver[K]> }[keyof Driver]
      | keyof Library
      | Library[keyof Library]['camel'];
    // Checked when the tests are type-checked.
    expectTypeOf<keyof ConnectionConfig>().toEqualTypeOf<Known>();
    for (const name of [...Object.keys(DRIVER_OPTIONS), ...Object.keys(LIBRARY_OPTIONS)]) {
      expect(() => read({ [name]: undefined }), name).not.toThrow();
    }
  });

  it('calls code, files and secrets what they are', () => {
    const of = (kind: string): string[] =>
      (
        [...Object.keys(DRIVER_OPTIONS), ...Object.keys(LIBRARY_OPTIONS)] as Parameters<
          typeof optionRule
        >[0][]
      )
        .filter((name) => optionRule(name).kind === kind)
        .sort();
    expect(of('code')).toEqual(['clientLibrary', 'gsslib']);
    expect(of('output')).toEqual(['sslkeylogfile']);
    expect(of('secret')).toEqual(['password', 'scram_client_key', 'scram_server_key', 'sslpassword']);
    expect(of('file')).toEqual(
      [
        'passfile',
        'service',
        'servicefile',
        'sslcert',
        'sslcrl',
        'sslcrldir',
        'sslkey',
        'sslrootcert',
      ].sort(),
    );
    // Whoever adds an option whose name says file, library or key decides here what it is.
    for (const name of Object.keys({ ...DRIVER_OPTIONS, ...LIBRARY_OPTIONS })) {
      if (/file|lib|key|cert|crl|pass/i.test(name) && name !== 'sslcertmode') {
        expect(optionRule(name as 'host').kind, name).not.toBe('value');
      }
    }
  });

  it('fills from variables only what a variable may say', () => {
    for (const option of ENVIRONMENT.values()) {
      expect(['value', 'secret', 'file']).toContain(optionRule(option).kind);
    }
  });
});

const EVIL = '/uploads/evil.so';

describe('a connection string', () => {
  it.each([
    ['URL', `kingbase://u:s3cret@h/db?clientLibrary=${EVIL}`],
    ['URL, library spelling', `kingbase://u:s3cret@h/db?gsslib=${EVIL}`],
    ['keywords', `host=h password=s3cret clientLibrary=${EVIL}`],
    ['ODBC', `Driver={K};Server=h;Pwd=s3cret;pqopt={clientLibrary=${EVIL}}`],
    ['ODBC', `Driver={K};Server=h;Pwd=s3cret;pqopt={gssLib=${EVIL}}`],
  ])('loads no code: %s', (_form, text) => {
    const error = refusal(text);
    expect(error.message).toMatch(/"(clientLibrary|gsslib)" cannot be given in a connection string/);
    expect(error.hint).toContain('open(string, {');
    expect(error.message + String(error.hint)).not.toMatch(/s3cret|evil/);
  });

  it.each([
    'kingbase://h/db?sslkeylogfile=/tmp/x',
    'host=h sslKeyLogFile=/tmp/x',
    'Driver=K;pqopt={sslkeylogfile=/x}',
  ])('writes no file: %s', (text) => {
    expect(refusal(text).message).toContain('"sslkeylogfile"');
  });

  it.each([
    'kingbase://h/db?sslrootcert=//evil/share/ca.pem',
    'kingbase://h/db?sslkey=%5C%5Cevil%5Cshare%5Ckey',
    String.raw`host=h passfile='\\\\evil\\share\\p'`,
    String.raw`Driver=K;Server=h;pqopt={sslcert=\\\\evil\\s\\c}`,
    String.raw`Server=h;Root Certificate=\\evil\share\ca.pem`,
    'jdbc:kingbase8://h/db?sslrootcert=//evil/share/ca.pem',
  ])('reaches for no file of another machine: %s', (text) => {
    expect(refusal(text).message).toContain('another machine');
  });

  it.each([
    'kingbase://h/db?sslmode=verify-full&sslmode=disable',
    'kingbase://h/db?sslmode=verify-full&ssl=true',
    'kingbase://h/db?sslmode=verify-full&sslMode=disable',
    'host=h sslmode=verify-full sslmode=disable',
    'host=h channel_binding=require channelBinding=disable',
    'Server=h;SSL Mode=VerifyFull;SslMode=Disable',
    'Driver=K;Server=h;SSLmode=verify-full;SSLmode=disable',
    'jdbc:kingbase8://h/db?sslmode=verify-full&sslmode=disable',
    'jdbc:kingbase8://h/db?channelBinding=require&channelBinding=disable',
    'jdbc:kingbase8://h/db?ssl=true&ssl=false',
    'jdbc:kingbase8://h/db?ssl=true&sslfactory=a.LibPQFactory&sslfactory=a.NonValidatingFactory',
    'Server=h;SSL Mode=Require;Trust Server Certificate=false;TrustServerCertificate=true',
    'Driver=K;Server=h;pqopt={sslmode=verify-full};pqopt={sslmode=disable}',
  ])('leaves no doubt how safe it is: %s', (text) => {
    expect(refusal(text).message).toContain('given twice');
  });

  it.each([
    'kingbase://h/db?sslmode=',
    "host=h sslmode=''",
    'host=h sslmode=',
    'kingbase://h/db?sslrootcert=',
    'Server=h;SSL Mode=',
    'Driver=K;Server=h;SSLmode=',
    'jdbc:kingbase8://h/db?sslmode=',
  ])('does not fall back to a default by an empty value: %s', (text) => {
    expect(refusal(text).message).toContain('is empty');
  });

  it.each([
    'kingbase://app:pa@evil.example/rest-of-pw@db.example/test',
    'kingbase://system:p@ss#w/rd@127.0.0.1:54321/test',
    'kingbase://u:p@ss@h/db',
    'kingbase://u:p#ss@h/db',
    'kingbase://u:p/ss@h/db',
  ])('with a password that is not encoded names no other host: %s', (text) => {
    const error = refusal(text);
    expect(error.hint).toContain('%40');
    expect(error.message).not.toMatch(/ss|pa@|rest/);
  });

  it.each([
    'app:Secret123@db.example/test?sslmode=require',
    'kingbase:/app:Secret123@db.example/test?x=1',
    'kingbase:app:Secret123==@db.example',
  ])('that is no URL by a slip shows nothing of itself: %s', (text) => {
    const error = refusal(text);
    expect(`${error.message} ${String(error.hint)} ${error.stack}`).not.toContain('Secret123');
    expect(`${error.message} ${String(error.hint)}`).toContain('kingbase://');
  });
});

describe('a floor for TLS', () => {
  it('is what is used where nothing is said', () => {
    expect(read('host=h', { tls: { minimum: 'verify-full' } }).libraryKeywords).toEqual({
      sslmode: 'verify-full',
    });
    expect(read('host=h', {}, { KINGBASE_MIN_SSLMODE: 'require' }).libraryKeywords).toEqual({
      sslmode: 'require',
    });
    expect(read('host=h', {}, { KINGBASE_MIN_SSLMODE: 'allow' }).libraryKeywords).toEqual({});
    expect(read('service=s', {}, { KINGBASE_MIN_SSLMODE: 'require' }).libraryKeywords).toMatchObject({
      sslmode: 'require',
    });
  });

  it.each<[string, ConnectionConfig, Record<string, string>]>([
    ['kingbase://h/db?sslmode=require', { tls: { minimum: 'verify-full' } }, {}],
    ['host=h sslmode=disable', {}, { KINGBASE_MIN_SSLMODE: 'prefer' }],
    ['host=h', { sslMode: 'prefer' }, { KINGBASE_MIN_SSLMODE: 'verify-ca' }],
    [
      'host=h',
      { tls: { minimum: 'require' } },
      { KINGBASE_MIN_SSLMODE: 'verify-full', KINGBASE_SSLMODE: 'require' },
    ],
    ['Server=h;SSL Mode=Prefer', { trust: 'untrusted', user: 'u' }, { KINGBASE_MIN_SSLMODE: 'require' }],
  ])('cannot be undercut: %s %j %j', (text, overrides, environment) => {
    expect(refusal(text, overrides, environment).message).toMatch(/demands at least/);
  });

  it('lets higher modes pass, and is refused if it is no mode', () => {
    expect(read('host=h sslmode=verify-full', { tls: { minimum: 'require' } }).libraryKeywords).toMatchObject(
      {
        sslmode: 'verify-full',
      },
    );
    expect(refusal('host=h', {}, { KINGBASE_MIN_SSLMODE: 'strict' }).message).toContain(
      'KINGBASE_MIN_SSLMODE',
    );
    expect(refusal('host=h', { tls: { minimun: 'require' } } as object).message).toContain('"tls.minimum"');
    expect(refusal('host=h', { tls: { cancel: 'always' } } as object).message).toContain('"tls.cancel"');
  });
});

describe('a configuration that is not trusted', () => {
  const environment = {
    KINGBASE_URL: 'kingbase://env:envpw@envhost/envdb',
    KINGBASE_HOST: 'envhost',
    KINGBASE_USER: 'env',
    KINGBASE_PASSWORD: 'prod-db-password',
    KINGBASE_SSLCERT: '/env/cert',
    KINGBASE_OPTIONS: '-c a=b',
  };

  it('is completed by nothing of this process', () => {
    const config = read('kingbase://u@h/db', { trust: 'untrusted' }, environment);
    expect(config).toMatchObject({ user: 'u', database: 'db', trust: 'untrusted', libraryKeywords: {} });
    expect(config.password).toBeUndefined();
    expect(refusal('kingbase://h/db', { trust: 'untrusted' }, environment).message).toContain('No user');
  });

  it('is completed by what the program gives with it', () => {
    const config = read(
      'kingbase://h/db',
      { trust: 'untrusted', user: 'u', password: 'p', sslRootCert: '/ca' },
      environment,
    );
    expect(config).toMatchObject({ user: 'u', password: 'p', libraryKeywords: { sslrootcert: '/ca' } });
  });

  it.each([
    'kingbase://u@h/db?passfile=/app/pgpass',
    'host=h user=u service=prod',
    'host=h user=u sslkey=/app/key.pem',
    'Driver=K;Server=h;Uid=u;pqopt={sslcert=/app/cert.pem}',
    'Server=h;Uid=u;Passfile=/p',
    'host=/tmp user=u',
    'kingbase:///db?host=/tmp&user=u',
    'host=h,/tmp user=u',
    String.raw`Host=C:\sockets;Username=u`,
  ])('names no file and no socket of this machine: %s', (text) => {
    refusal(text, { trust: 'untrusted' });
    expect(() => read(text)).not.toThrow();
  });

  it.each([['/tmp'], ['h', '@socket'], [String.raw`\\h\pipe`], ['C:/sockets']])(
    'names none in a list of hosts: %s %s',
    (...names) => {
      const config = { user: 'u', hosts: names.map((host) => ({ host })) };
      refusal(config, { trust: 'untrusted' });
      expect(() => read(config)).not.toThrow();
      expect(() => read({ user: 'u' }, { ...config, trust: 'untrusted' })).not.toThrow();
    },
  );

  it('is so by a word that is checked', () => {
    expect(refusal('host=h', { trust: 'no' as 'trusted' }).message).toContain('"trust"');
    expect(refusal('host=h trust=trusted').message).toContain('"trust"');
  });
});

describe('KINGBASE_URL', () => {
  const environment = {
    KINGBASE_URL: 'kingbase://u:p@h:1/db',
    KINGBASE_APPNAME: 'app',
    KINGBASE_HOST: 'other',
  };

  it('is what open() connects to', () => {
    const config = read(undefined, undefined, environment);
    expect(config).toMatchObject({ user: 'u', password: 'p', database: 'db', applicationName: 'app' });
    expect(config.hosts).toEqual([{ host: 'h', port: 1 }]);
    expect(read({ database: 'mine' }, undefined, environment)).toMatchObject({ user: 'u', database: 'mine' });
  });

  it('gives nothing to a connection elsewhere', () => {
    for (const config of [
      'kingbase://x/db',
      { host: 'x' },
      { hosts: [{ host: 'x' }] },
      { hostaddr: '10.0.0.1' },
    ]) {
      const elsewhere = read(config, undefined, environment);
      expect(elsewhere.password).toBeUndefined();
      expect(elsewhere.user).toBe('osuser');
    }
  });

  it('may say no more than other strings', () => {
    expect(
      refusal(undefined, undefined, { KINGBASE_URL: `kingbase://h?clientLibrary=${EVIL}` }).message,
    ).toContain('clientLibrary');
  });
});
