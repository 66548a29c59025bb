import { describe, expect, it } from 'vitest';
import type { LibraryConnectionOption } from '../../../lib/addon/interface.js';
import { connectionKeywords, parseConfig, type ConnectionConfig } from '../../../lib/config/index.js';

const V8R3 =
  'authtype service user password connect_timeout socket_timeout dbname host hostaddr port client_encoding tty options application_name fallback_application_name keepalives keepalives_idle keepalives_interval keepalives_count sslmode sslcompression sslcert sslkey sslrootcert sslcrl requirepeer replication'.split(
    ' ',
  );
const V8R6 = [
  ...V8R3.filter((keyword) => keyword !== 'socket_timeout'),
  'passfile',
  'tcp_user_timeout',
  'gssencmode',
  'krbsrvname',
  'target_session_attrs',
  'zip-level',
];

/** As a library lists them that reads no variable. */
function options(known: readonly string[]): LibraryConnectionOption[] {
  return known.map((keyword) => ({ keyword, variable: '', compiledDefault: '' }));
}

function keywords(
  config: string | ConnectionConfig,
  {
    known = V8R6,
    library = options(known),
    address,
    environment = {},
    overrides = {},
  }: {
    known?: readonly string[];
    library?: readonly LibraryConnectionOption[];
    address?: string;
    environment?: Record<string, string>;
    overrides?: ConnectionConfig;
  } = {},
): Record<string, string> {
  const resolved = parseConfig(config, overrides, {}, () => 'osuser');
  const text = connectionKeywords(resolved, resolved.hosts[0]!, address, library, environment);
  return asRecord(
    text,
    library.map(({ keyword }) => keyword),
  );
}

/** What is passed: the empty values of the connection string in front, and the keywords behind it. */
function asRecord(text: string, known: readonly string[]): Record<string, string> {
  const parts = text.split('\0');
  expect(parts.pop()).toBe('');
  if (parts[0] === '') {
    const [, string = ''] = parts.splice(0, 2);
    for (const pair of string.split(' ')) {
      expect(pair).toMatch(/^[a-z_]+=''$/);
      parts.push(pair.slice(0, -3), '');
    }
  }
  expect(parts.length % 2).toBe(0);
  const names = parts.filter((_part, index) => index % 2 === 0);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(known).toContain(name);
  return Object.fromEntries(names.map((name, index) => [name, parts[2 * index + 1]!]));
}

describe('connectionKeywords', () => {
  it('leaves nothing to the library’s own defaults and variables', () => {
    expect(keywords({})).toEqual({
      host: 'localhost',
      port: '54321',
      user: 'osuser',
      dbname: 'osuser',
      connect_timeout: '10',
      application_name: 'kingbase-native',
      client_encoding: 'UTF8',
      sslmode: 'prefer',
      target_session_attrs: 'any',
      gssencmode: 'disable',
      keepalives_idle: '60',
      keepalives_interval: '10',
      keepalives_count: '6',
      tcp_user_timeout: '120000',
    });
  });

  it('has the system look whether the other end is there, unless it is told otherwise', () => {
    expect(keywords({ keepalives_idle: 5, keepalivesCount: 2, keepalives: 0 })).toMatchObject({
      keepalives: '0',
      keepalives_idle: '5',
      keepalives_interval: '10',
      keepalives_count: '2',
    });
  });

  it('passes what is given', () => {
    expect(
      keywords(
        {
          host: 'db',
          port: 5,
          user: 'u',
          database: 'd',
          applicationName: 'app',
          connectTimeout: 1001,
          sslMode: 'verify-full',
          sslRootCert: '/ca',
          sslcert: '/c',
          sslkey: '/k',
          passfile: '/p',
          options: '-c x=1',
          targetSessionAttrs: 'read-write',
          zipLevel: 3,
        },
        { address: '10.0.0.1' },
      ),
    ).toMatchObject({
      host: 'db',
      hostaddr: '10.0.0.1',
      port: '5',
      user: 'u',
      dbname: 'd',
      application_name: 'app',
      connect_timeout: '2',
      sslmode: 'verify-full',
      sslrootcert: '/ca',
      sslcert: '/c',
      sslkey: '/k',
      passfile: '/p',
      options: '-c x=1',
      // The driver looks itself what the server is.
      target_session_attrs: 'any',
      'zip-level': '3',
    });
  });

  it('gives no address for a Unix socket and no keyword twice', () => {
    expect(keywords({ host: '/tmp' }, { address: '127.0.0.1' })).not.toHaveProperty('hostaddr');
    expect(keywords({ host: 'h', hostaddr: '10.0.0.9' })).toMatchObject({ host: 'h', hostaddr: '10.0.0.9' });
  });

  it('passes no timeout where there is no limit', () => {
    expect(keywords({ connectTimeout: 0 })).toMatchObject({ connect_timeout: '0' });
  });

  it('leaves the password to the caller', () => {
    expect(keywords({ password: 's3cret' })).not.toHaveProperty('password');
  });

  it('remembers them for a host, with the address and for the library that they are for', () => {
    const resolved = parseConfig('host=a,b', {}, {}, () => 'osuser');
    const [a, b] = resolved.hosts;
    const newer = options(V8R6);
    const of = (host: typeof a, address?: string, library = newer) =>
      asRecord(
        connectionKeywords(resolved, host!, address, library, {}),
        library.map(({ keyword }) => keyword),
      );
    expect(of(a)).toMatchObject({ host: 'a' });
    expect(of(b)).toMatchObject({ host: 'b' });
    expect(of(a, '10.0.0.1')).toMatchObject({ host: 'a', hostaddr: '10.0.0.1' });
    expect(of(a, '10.0.0.2')).toMatchObject({ host: 'a', hostaddr: '10.0.0.2' });
    expect(of(a)).not.toHaveProperty('hostaddr');
    expect(of(a, undefined, options(V8R3))).not.toHaveProperty('gssencmode');
    expect(of(a)).toHaveProperty('gssencmode');
  });

  it('leaves out refinements that the library does not know', () => {
    const old = keywords(
      {
        tcpUserTimeout: 5,
        channelBinding: 'prefer',
        targetSessionAttrs: 'any',
        gssencmode: 'prefer',
        zipLevel: 1,
      },
      { known: V8R3 },
    );
    for (const keyword of [
      'tcp_user_timeout',
      'channel_binding',
      'target_session_attrs',
      'gssencmode',
      'zip-level',
    ]) {
      expect(old).not.toHaveProperty(keyword);
    }
    const bare = V8R3.filter((keyword) => keyword !== 'sslmode');
    expect(keywords({}, { known: bare })).not.toHaveProperty('sslmode');
    expect(keywords({ sslmode: 'disable' }, { known: bare })).not.toHaveProperty('sslmode');
  });

  it.each<[ConnectionConfig, string]>([
    [{ sslmode: 'verify-full' }, 'sslmode'],
    [{ sslMode: 'require' }, 'sslmode'],
    [{ channelBinding: 'require' }, 'channel_binding'],
    [{ requireAuth: 'scram-sha-256' }, 'require_auth'],
    [{ sslCrlDir: '/crl' }, 'sslcrldir'],
    [{ sslPassword: 's3cret' }, 'sslpassword'],
    [{ passfile: '/p' }, 'passfile'],
    [{ gssencmode: 'require' }, 'gssencmode'],
  ])('refuses to drop what matters: %j', (config, keyword) => {
    const known = V8R3.filter((name) => name !== 'sslmode');
    expect(() => keywords(config, { known })).toThrow(
      expect.objectContaining({ code: 'KB_OPTION_UNSUPPORTED' }),
    );
    expect(() => keywords(config, { known })).toThrow(`"${keyword}"`);
    expect(() => keywords(config, { known })).not.toThrow(/s3cret/);
  });

  it('puts no default of its own over a service file', () => {
    expect(keywords('service=prod')).toEqual({
      service: 'prod',
      connect_timeout: '10',
      fallback_application_name: 'kingbase-native',
      client_encoding: 'UTF8',
    });
    expect(keywords('service=prod sslmode=require host=h')).toMatchObject({ sslmode: 'require', host: 'h' });
  });

  it('passes secrets only here', () => {
    expect(keywords({ sslPassword: 's3cret' }, { known: [...V8R6, 'sslpassword'] })).toMatchObject({
      sslpassword: 's3cret',
    });
  });
});

/** As libpq 12 lists its options, with its variables. */
const LIBPQ: readonly LibraryConnectionOption[] = [
  { keyword: 'service', variable: 'PGSERVICE', compiledDefault: '' },
  { keyword: 'user', variable: 'PGUSER', compiledDefault: '' },
  { keyword: 'password', variable: 'PGPASSWORD', compiledDefault: '' },
  { keyword: 'passfile', variable: 'PGPASSFILE', compiledDefault: '' },
  { keyword: 'connect_timeout', variable: 'PGCONNECT_TIMEOUT', compiledDefault: '' },
  { keyword: 'dbname', variable: 'PGDATABASE', compiledDefault: '' },
  { keyword: 'host', variable: 'PGHOST', compiledDefault: '' },
  { keyword: 'hostaddr', variable: 'PGHOSTADDR', compiledDefault: '' },
  { keyword: 'port', variable: 'PGPORT', compiledDefault: '5432' },
  { keyword: 'client_encoding', variable: 'PGCLIENTENCODING', compiledDefault: '' },
  { keyword: 'options', variable: 'PGOPTIONS', compiledDefault: '' },
  { keyword: 'application_name', variable: 'PGAPPNAME', compiledDefault: '' },
  { keyword: 'fallback_application_name', variable: '', compiledDefault: '' },
  { keyword: 'keepalives', variable: '', compiledDefault: '' },
  { keyword: 'sslmode', variable: 'PGSSLMODE', compiledDefault: 'prefer' },
  { keyword: 'sslcompression', variable: 'PGSSLCOMPRESSION', compiledDefault: '0' },
  { keyword: 'sslcert', variable: 'PGSSLCERT', compiledDefault: '' },
  { keyword: 'sslrootcert', variable: 'PGSSLROOTCERT', compiledDefault: '' },
  { keyword: 'requirepeer', variable: 'PGREQUIREPEER', compiledDefault: '' },
  { keyword: 'gssencmode', variable: 'PGGSSENCMODE', compiledDefault: 'prefer' },
  { keyword: 'target_session_attrs', variable: 'PGTARGETSESSIONATTRS', compiledDefault: 'any' },
  { keyword: 'min_protocol_version', variable: 'PGMINPROTOCOLVERSION', compiledDefault: '' },
];

describe('variables that the library reads', () => {
  it('decide nothing: each option that has one is passed, as an empty value where it has no default', () => {
    const passed = keywords({ host: '127.0.0.1' }, { library: LIBPQ });
    for (const { keyword, variable } of LIBPQ) {
      if (variable !== '' && keyword !== 'service') expect(passed, keyword).toHaveProperty(keyword);
    }
    expect(passed).toMatchObject({
      hostaddr: '',
      password: '',
      passfile: '',
      options: '',
      sslcompression: '0',
      gssencmode: 'disable',
      min_protocol_version: '3.0',
      application_name: 'kingbase-native',
    });
    expect(keywords({ host: '/tmp' }, { library: LIBPQ })).toMatchObject({ host: '/tmp', hostaddr: '' });
  });

  it('are refused by name where nothing can be passed against them', () => {
    const environment = { PGSERVICE: 'elsewhere' };
    expect(() => keywords({ host: 'h' }, { library: LIBPQ, environment })).toThrow('PGSERVICE');
    expect(keywords({ host: 'h' }, { library: LIBPQ, environment: { PGSERVICE: '' } })).toMatchObject({
      host: 'h',
    });
    const library = [...LIBPQ, { keyword: 'new_one', variable: 'PGNEWONE', compiledDefault: '' }];
    expect(() => keywords({}, { library, environment: { PGNEWONE: '1' } })).toThrow('PGNEWONE');
    expect(keywords({}, { library })).not.toHaveProperty('new_one');
  });

  it('are refused beside a service file, which fills what is not passed', () => {
    expect(() =>
      keywords('service=prod', { library: LIBPQ, environment: { PGHOSTADDR: '10.0.0.1' } }),
    ).toThrow('PGHOSTADDR');
    expect(keywords('service=prod', { library: LIBPQ })).not.toHaveProperty('hostaddr');
    expect(
      keywords('service=prod passfile=/p', { library: LIBPQ, environment: { PGPASSFILE: '/q' } }),
    ).toMatchObject({ passfile: '/p' });
  });

  it.each(['127.0.0.1', '/tmp', '::1'])('no service file leads elsewhere than to %s', (host) => {
    for (const environment of [{}, { PGHOSTADDR: '10.0.0.1' }]) {
      const passed = keywords({ host, service: 'prod' }, { library: LIBPQ, environment });
      expect(passed).toMatchObject({ service: 'prod', host, hostaddr: '' });
    }
  });

  it('give an untrusted configuration neither a password file nor a certificate of the user', () => {
    const passed = keywords('host=h user=u', { library: LIBPQ, overrides: { trust: 'untrusted' } });
    expect(passed['passfile']).toMatch(/none$/);
    expect(passed['sslcert']).toMatch(/none$/);
    expect(passed).toMatchObject({ password: '', options: '' });
  });
});
