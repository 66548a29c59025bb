import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfig as parse, ResolvedConfig, type ConnectionConfig } from '../../../lib/config/index.js';
import { UsageError } from '../../../lib/errors/index.js';

function parseConfig(
  config: string | ConnectionConfig,
  overrides: ConnectionConfig = {},
  environment: NodeJS.ProcessEnv = {},
): ResolvedConfig {
  return parse(config, overrides, environment, () => 'osuser');
}

function refusal(config: unknown, overrides: unknown = {}, environment: NodeJS.ProcessEnv = {}): UsageError {
  try {
    parseConfig(config as ConnectionConfig, overrides as ConnectionConfig, environment);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).code).toBe('KB_BAD_OPTION');
    return error as UsageError;
  }
  throw new Error('was accepted');
}

/** What a test compares: the settings that differ from the defaults. */
function essence(config: ResolvedConfig): object {
  const { hosts, user, database, libraryKeywords: keywords, password } = config;
  return { hosts: hosts.map(({ host, port }) => `${host}:${port}`), user, database, password, keywords };
}

describe('defaults', () => {
  it('fill everything', () => {
    expect({ ...parseConfig({}) }).toEqual({
      hosts: [{ host: 'localhost', port: 54321 }],
      user: 'osuser',
      database: 'osuser',
      applicationName: undefined,
      connectTimeout: 10_000,
      timeout: 0,
      statementCacheSize: 256,
      clientLibrary: {},
      pooler: undefined,
      onConnect: undefined,
      pool: {
        max: 10,
        min: 0,
        maxIdle: undefined,
        idleTimeout: 1_800_000,
        maxLifetime: 3_600_000,
        lifetimeJitter: 300_000,
        acquireTimeout: 30_000,
        maxWaiting: Infinity,
        heartbeatInterval: 30_000,
        heartbeatTimeout: 5_000,
        heartbeatSql: 'select 1',
        validateAfterIdle: 60_000,
        leakTimeout: 0,
        resetOnRelease: [],
      },
      types: undefined,
      log: undefined,
      traceParameters: false,
      binaryResults: true,
      exactFloats: true,
      strictAnswers: true,
      pipeline: false,
      trust: 'trusted',
      encryptedCancelOnly: false,
      libraryKeywords: {},
    });
    expect(parseConfig({}).password).toBeUndefined();
    expect({ ...parseConfig('') }).toEqual({ ...parseConfig({}) });
  });

  it('say what to do when the user has no name', () => {
    const nameless = (): string => {
      throw new Error('ENOENT');
    };
    expect(() => parse({}, {}, {}, nameless)).toThrow(/no name for the user/);
    expect(parse({ user: 'u' }, {}, {}, nameless).user).toBe('u');
  });
});

describe('URLs', () => {
  const base = {
    hosts: ['localhost:54321'],
    user: 'osuser',
    database: 'osuser',
    password: undefined,
    keywords: {},
  };
  it.each<[string, object]>([
    ['kingbase://', base],
    ['kingbase://h', { ...base, hosts: ['h:54321'] }],
    ['kingbase8://h:5', { ...base, hosts: ['h:5'] }],
    ['kingbasees://h/', { ...base, hosts: ['h:54321'] }],
    ['KINGBASE://h/db', { ...base, hosts: ['h:54321'], database: 'db' }],
    ['postgres://u@h/db', { ...base, hosts: ['h:54321'], user: 'u', database: 'db' }],
    ['postgresql://u:p@h:1/db', { ...base, hosts: ['h:1'], user: 'u', password: 'p', database: 'db' }],
    ['kingbase://u@h', { ...base, hosts: ['h:54321'], user: 'u', database: 'u' }],
    ['kingbase://h1:1,h2:2/db', { ...base, hosts: ['h1:1', 'h2:2'], database: 'db' }],
    ['kingbase://h1,h2:2/db', { ...base, hosts: ['h1:54321', 'h2:2'], database: 'db' }],
    ['kingbase://h1,h2/db?port=7', { ...base, hosts: ['h1:7', 'h2:7'], database: 'db' }],
    [
      'kingbase://[::1]:7,[fe80::1%25eth0]/db',
      { ...base, hosts: ['::1:7', 'fe80::1%eth0:54321'], database: 'db' },
    ],
    ['kingbase://%2Ftmp/db', { ...base, hosts: ['/tmp:54321'], database: 'db' }],
    ['kingbase:///db?host=/tmp&port=5', { ...base, hosts: ['/tmp:5'], database: 'db' }],
    [
      'kingbase://u%40x:p%3A%2F%3F%25@h/d%20b',
      { ...base, hosts: ['h:54321'], user: 'u@x', password: 'p:/?%', database: 'd b' },
    ],
    [
      'kingbase://用户:密码@h/库',
      { ...base, hosts: ['h:54321'], user: '用户', password: '密码', database: '库' },
    ],
    [
      'kingbase://h/db?sslmode=verify-full&sslrootcert=%2Fca.pem',
      {
        ...base,
        hosts: ['h:54321'],
        database: 'db',
        keywords: { sslmode: 'verify-full', sslrootcert: '/ca.pem' },
      },
    ],
    [
      'kingbase://h?options=-c%20search_path=a',
      { ...base, hosts: ['h:54321'], keywords: { options: '-c search_path=a' } },
    ],
    ['kingbase://h?ssl=true', { ...base, hosts: ['h:54321'], keywords: { sslmode: 'require' } }],
    [
      'kingbase://h/a?dbname=b&user=c&password=d',
      { ...base, hosts: ['h:54321'], user: 'c', password: 'd', database: 'b' },
    ],
    [
      'kingbase://h?target_session_attrs=read-write&zip-level=3',
      { ...base, hosts: ['h:54321'], keywords: { target_session_attrs: 'read-write', 'zip-level': '3' } },
    ],
  ])('%s', (url, expected) => {
    expect(essence(parseConfig(url))).toEqual(expected);
  });

  it.each([
    'kingbase://u:s3cret@h:port/db',
    'kingbase://u:s3cr/et@h/db',
    'kingbase://u:s3cret%@h/db',
    'kingbase://u:s3cret?@h/db',
    'kingbase://[::1/db',
    'kingbase://h/db?a',
    'kingbase://h/db?=a',
    'kingbase://h:0/db',
    'kingbase://h:65536/db',
    'kingbase://h1,h2,h3:1/db?port=1,2',
    'kingbase://h%00/db',
    'mysql://u:s3cret@h/db',
    'kingbase://u:12/s3cret@h/db',
    'kingbase://u:12?s3cret=x@h/db',
    'kingbase://h/db?password=a&s3cret=x',
    'kingbase://h%20password=s3cret',
  ])('%s is refused without quoting it', (url) => {
    const error = refusal(url);
    expect(`${error.message} ${error.hint}`).not.toMatch(/s3cr/);
    expect(error.message).toMatch(/\.$/);
  });

  it('round-trip whatever is percent-encoded', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((s) => !s.includes('\0'));
    fc.assert(
      fc.property(text, text, text, fc.integer({ min: 1, max: 65535 }), (user, password, database, port) => {
        const [u, p, d] = [user, password, database].map(encodeURIComponent);
        const config = parseConfig(`kingbase://${u}:${p}@h:${port}/${d}`);
        expect(essence(config)).toEqual({ hosts: [`h:${port}`], user, password, database, keywords: {} });
      }),
    );
  });
});

describe('keyword strings', () => {
  const quote = (value: string): string => `'${value.replace(/[\\']/g, '\\$&')}'`;

  it.each<[string, object]>([
    [
      "host=h port=5 user=system password='a b' dbname=test",
      { hosts: ['h:5'], user: 'system', password: 'a b', database: 'test' },
    ],
    [
      "  host = h\n user='it\\'s' password=a\\ b\\\\c ",
      { hosts: ['h:54321'], user: "it's", password: 'a b\\c' },
    ],
    ["host='' user=u", { hosts: ['localhost:54321'], user: 'u', database: 'u' }],
    ['host=a,b port=1,2', { hosts: ['a:1', 'b:2'] }],
    ['host=a,b port=1', { hosts: ['a:1', 'b:1'] }],
    ['host=/tmp', { hosts: ['/tmp:54321'] }],
    ['user=a user=b', { user: 'b' }],
    ["password=it's", { password: "it's" }],
    ['user=a=b', { user: 'a=b' }],
    ["user='a;host=b' password=c;d", { hosts: ['localhost:54321'], user: 'a;host=b', password: 'c;d' }],
    ['password=a;b user=u', { user: 'u', password: 'a;b' }],
    ["password='a\\';port=5' user=u", { hosts: ['localhost:54321'], user: 'u', password: "a';port=5" }],
    ['sslmode=require keepalives=0', { keywords: { sslmode: 'require', keepalives: '0' } }],
  ])('%s', (text, expected) => {
    expect(essence(parseConfig(text))).toMatchObject(expected);
  });

  it.each([
    'host',
    'host h',
    'host=h s3cret',
    "password='s3cret",
    "password='s3cret'x host=h",
    "password= 's3=cret",
    '=s3cret',
    'password=my s3cret=x',
    'host=h password="my s3cret=x"',
    'channel_binding=require;password=s3cret',
    'server=h password=s3cret',
    'host=h\\ password=s3cret',
  ])('%s is refused without quoting it', (text) => {
    const error = refusal(text);
    expect(`${error.message} ${error.hint}`).not.toMatch(/s3/);
  });

  it('round-trip whatever is quoted', () => {
    const text = fc.string({ unit: 'binary', minLength: 1 }).filter((s) => !s.includes('\0'));
    fc.assert(
      fc.property(text, text, fc.constantFrom('', ' ', '\n '), (user, password, space) => {
        const config = parseConfig(`user${space}=${space}${quote(user)} password=${quote(password)}`);
        expect(config).toMatchObject({ user, password });
      }),
    );
  });

  it('never fail otherwise than by a UsageError, whatever the text', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom('host', '=', "'", '\\', ' ', '://', 'kingbase://', '@', ':', '?', '&', '%', ';'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        try {
          expect(parseConfig(pieces.join(''))).toBeInstanceOf(ResolvedConfig);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
    );
  });
});

describe('objects', () => {
  it('take camelCase and the library’s spelling', () => {
    const camel = parseConfig({
      dbname: 'd',
      sslMode: 'require',
      targetSessionAttrs: 'standby',
      sslRootCert: '/ca',
      application_name: 'app',
      keepalives: true,
      tcpUserTimeout: 500,
    });
    const snake = parseConfig({
      database: 'd',
      sslmode: 'require',
      target_session_attrs: 'standby',
      sslrootcert: '/ca',
      applicationName: 'app',
      keepalives: 1,
      tcp_user_timeout: '500',
    });
    expect({ ...camel }).toEqual({ ...snake });
    expect(camel).toMatchObject({
      database: 'd',
      applicationName: 'app',
      libraryKeywords: {
        sslmode: 'require',
        target_session_attrs: 'standby',
        sslrootcert: '/ca',
        keepalives: '1',
        tcp_user_timeout: '500',
      },
    });
  });

  it('take a list of hosts', () => {
    expect(parseConfig({ hosts: [{ host: 'a' }, { host: 'b', port: 2 }], port: 9 }).hosts).toEqual([
      { host: 'a', port: 9 },
      { host: 'b', port: 2 },
    ]);
  });

  it('take addresses beside or instead of names', () => {
    expect(parseConfig({ host: 'a,b', hostaddr: '10.0.0.1,10.0.0.2' }).hosts).toEqual([
      { host: 'a', port: 54321, hostaddr: '10.0.0.1' },
      { host: 'b', port: 54321, hostaddr: '10.0.0.2' },
    ]);
    expect(parseConfig({ hostaddr: '10.0.0.1' }).hosts).toEqual([
      { host: '10.0.0.1', port: 54321, hostaddr: '10.0.0.1' },
    ]);
  });

  it('treat undefined and empty as absent', () => {
    expect({ ...parseConfig({ host: undefined, port: '', user: '', pool: undefined }) }).toEqual({
      ...parseConfig({}),
    });
  });

  it('read the timeout in ms, or in seconds under the library’s name', () => {
    expect(parseConfig({ connectTimeout: 1500 }).connectTimeout).toBe(1500);
    expect(parseConfig({ connect_timeout: 2 }).connectTimeout).toBe(2000);
    expect(parseConfig('connect_timeout=3').connectTimeout).toBe(3000);
    expect(parseConfig('kingbase://h?connect_timeout=-1').connectTimeout).toBe(0);
    expect(parseConfig('connect_timeout=3', { connectTimeout: 5 }).connectTimeout).toBe(5);
  });

  it('pass the password function and the types through', () => {
    const password = (): string => 'x';
    const types = { int8: 'number' } as const;
    const config = parseConfig({ password, types });
    expect(config.password).toBe(password);
    expect(config.types).toBe(types);
  });

  it('take the client library as a path or an object', () => {
    expect(parseConfig({ clientLibrary: '/a/libkci.so.5' }).clientLibrary).toEqual({
      path: '/a/libkci.so.5',
    });
    expect(parseConfig({ clientLibrary: { directory: '/a', fallback: false } }).clientLibrary).toEqual({
      directory: '/a',
      fallback: false,
    });
  });

  it.each<[unknown, RegExp]>([
    [null, /connection string or an object, not null/],
    [42, /connection string or an object/],
    [[], /connection string or an object/],
    [{ host: 1 }, /"host" must be a string/],
    [{ port: 0 }, /"port" must be/],
    [{ port: 1.5 }, /"port" must be/],
    [{ port: {} }, /"port" must be/],
    [{ host: 'a b' }, /"host" has a character/],
    [{ hosts: [{ host: 'a;b' }] }, /"host" has a character/],
    [{ sslmode: 'require x' }, /cannot be what was given; did you mean "require"/],
    [{ host: 'a,b', port: '1,2,3' }, /one for each host/],
    [{ host: 'a', hostaddr: '1,2' }, /same number/],
    [{ host: 'a', hosts: [{ host: 'b' }] }, /cannot be given together/],
    [{ hosts: [] }, /must be a list/],
    [{ hosts: ['a'] }, /name of one host/],
    [{ hosts: [{ host: 'a', prot: 1 }] }, /"hosts\[\].prot"; did you mean "hosts\[\].port"/],
    [{ password: 1 }, /"password" must be a string or a function/],
    [{ password: 'a\0b' }, /NUL/],
    [{ user: 'a\0b' }, /NUL/],
    [{ sslcert: 'a\0b' }, /NUL/],
    [{ sslmode: 'verify_full' }, /did you mean "verify-full"\?/],
    [{ sslmode: 'on' }, /cannot be "on"/],
    [{ targetSessionAttrs: 'readwrite' }, /did you mean "read-write"\?/],
    [{ keepalives: {} }, /"keepalives" must be true or false, or the number 1 or 0/],
    [{ clientEncoding: 'GBK' }, /only be UTF8/],
    [{ connectTimeout: -1 }, /not negative/],
    [{ connectTimeout: NaN }, /not negative/],
    [{ connect_timeout: 'soon' }, /number of seconds/],
    [{ connectTimeout: 1, connect_timeout: 1 }, /given twice/],
    [{ sslmode: 'require', sslMode: 'prefer' }, /given twice/],
    [{ timeout: -1 }, /"timeout" must be a finite number of milliseconds that is not negative/],
    [{ timeout: Infinity }, /"timeout" must be/],
    [{ statementCacheSize: 1.5 }, /whole number/],
    [{ statementCacheSize: '-1' }, /not negative/],
    [{ clientLibrary: 1 }, /a path or an object/],
    [{ clientLibrary: { dir: '/a' } }, /clientLibrary\.dir/],
    [{ clientLibrary: { path: '/a', directory: '/b' } }, /only one/],
    [{ clientLibrary: { fallback: 'no' } }, /true or false/],
    [{ clientLibrary: { path: 1 } }, /must be a path/],
    [
      { clientLibrary: './libkci.so.5' },
      /^The client library "\.\/libkci\.so\.5" \(option clientLibrary\) must have/,
    ],
    [{ clientLibrary: 'libpq.so.5' }, /must have an absolute path/],
    [{ clientLibrary: 'C:libkci.dll' }, /must have an absolute path/],
    [{ clientLibrary: '..\\libkci.dll' }, /must have an absolute path/],
    [{ clientLibrary: '/a/libkci\0.so' }, /NUL/],
    [
      { clientLibrary: { directory: 'lib' } },
      /\(option clientLibrary\.directory\) must have an absolute path/,
    ],
    [{ clientLibrary: { path: '' } }, /\(option clientLibrary\.path\) must have an absolute path/],
  ])('%j is refused', (config, message) => {
    expect(refusal(config).message).toMatch(message);
  });

  it('accept UTF8 under all its names', () => {
    for (const clientEncoding of ['UTF8', 'utf-8', 'Utf8']) {
      expect(parseConfig({ clientEncoding }).libraryKeywords).toEqual({});
    }
  });
});

describe('misspelled options', () => {
  it.each([
    ['pasword', 'password'],
    ['passwrod', 'password'],
    ['hst', 'host'],
    ['PORT', 'port'],
    ['ssl_mode', 'sslmode'],
    ['conectTimeout', 'connectTimeout'],
    ['target_sesion_attrs', 'target_session_attrs'],
    ['username', 'user'],
    ['ssl', 'sslMode'],
    ['max', 'pool.max'],
  ])('%s', (wrong, right) => {
    expect(refusal({ [wrong]: 'x' }).message).toBe(`Unknown option "${wrong}"; did you mean "${right}"?`);
    expect(refusal({}, { [wrong]: 'x' }).message).toContain(right);
    expect(refusal(`${wrong}=x`).message).toContain(right);
  });

  it('can stand for something that is no option', () => {
    expect(refusal({ connectionString: 'x' }).message).toBe(
      'Unknown option "connectionString"; did you mean a connection string as the first argument?',
    );
  });

  it('are named even when nothing is near, also when they are undefined', () => {
    expect(refusal({ flavour: 1 }).message).toBe('Unknown option "flavour".');
    expect(refusal({ flavour: undefined }).hint).toContain('connection-strings.md');
    expect(refusal({ x: 1 }).message).toBe('Unknown option "x".');
    expect(refusal('load_balance_hosts=random').message).toContain('"load_balance_hosts"');
  });
});

describe('precedence', () => {
  const environment = {
    KINGBASE_HOST: 'eh',
    KINGBASE_PORT: '7',
    KINGBASE_USER: 'eu',
    KINGBASE_PASSWORD: 'ep',
    KINGBASE_DATABASE: 'ed',
    KINGBASE_SSLMODE: 'require',
    KINGBASE_SSLROOTCERT: '/e.pem',
    KINGBASE_CONNECT_TIMEOUT: '4',
    KINGBASE_APPNAME: 'eapp',
    KINGBASE_TARGETSESSIONATTRS: 'any',
    KINGBASE_CLIENTENCODING: 'GBK',
  };

  it('the environment fills what is absent', () => {
    const config = parseConfig({}, {}, environment);
    expect(essence(config)).toEqual({
      hosts: ['eh:7'],
      user: 'eu',
      password: 'ep',
      database: 'ed',
      keywords: { sslmode: 'require', sslrootcert: '/e.pem', target_session_attrs: 'any' },
    });
    expect(config).toMatchObject({ connectTimeout: 4000, applicationName: 'eapp' });
  });

  it('the configuration goes before it, and overrides before both', () => {
    const config = parseConfig(
      'host=ch user=cu dbname=cd sslmode=prefer',
      { user: 'ou', connectTimeout: 1 },
      environment,
    );
    expect(essence(config)).toMatchObject({ hosts: ['ch:7'], user: 'ou', database: 'cd', password: 'ep' });
    expect(config.libraryKeywords['sslmode']).toBe('prefer');
    expect(config.connectTimeout).toBe(1);
  });

  it('where to connect comes from one source only', () => {
    expect(parseConfig('host=a hostaddr=10.0.0.1', { host: 'b' }).hosts).toEqual([
      { host: 'b', port: 54321 },
    ]);
    expect(parseConfig({ hosts: [{ host: 'a' }] }, { host: 'b' }).hosts).toEqual([
      { host: 'b', port: 54321 },
    ]);
    expect(parseConfig({ host: 'a' }, {}, { KINGBASE_HOSTADDR: '10.0.0.1' }).hosts).toEqual([
      { host: 'a', port: 54321 },
    ]);
  });

  it('pool options of both are put together', () => {
    expect(parseConfig({ pool: { max: 5, min: 1 } }, { pool: { max: 6 } }).pool).toMatchObject({
      max: 6,
      min: 1,
    });
  });

  it('a service leaves to the service file what is not given', () => {
    for (const config of [
      parseConfig('service=prod', {}, environment),
      parseConfig({}, {}, { ...environment, KINGBASE_SERVICE: 'prod' }),
    ]) {
      expect(essence(config)).toEqual({
        hosts: [':0'],
        user: '',
        database: '',
        password: undefined,
        keywords: { service: 'prod' },
      });
    }
    expect(essence(parseConfig('service=prod host=h user=u'))).toMatchObject({ hosts: ['h:0'], user: 'u' });
    // But no variable brings a service to a host that was named: its file could lead elsewhere.
    for (const config of [
      'kingbase://h',
      { host: 'h' },
      { hosts: [{ host: 'h' }] },
      { hostaddr: '10.0.0.1', host: 'h' },
    ]) {
      expect(essence(parseConfig(config, {}, { KINGBASE_SERVICE: 'prod' }))).toMatchObject({
        hosts: ['h:54321'],
        keywords: expect.not.objectContaining({ service: 'prod' }) as object,
      });
    }
    const both = { KINGBASE_SERVICE: 'prod', KINGBASE_URL: 'kingbase://h' };
    expect(essence(parseConfig({}, {}, both))).toMatchObject({
      hosts: ['h:54321'],
      keywords: expect.not.objectContaining({ service: 'prod' }) as object,
    });
  });

  it('does not change what it is given', () => {
    const config = Object.freeze({ host: 'h', pool: Object.freeze({ max: 3 }) });
    const overrides = Object.freeze({ pool: Object.freeze({ min: 1 }) });
    parseConfig(config, overrides, Object.freeze({ ...environment }));
  });
});

describe('secrets', () => {
  const config = parseConfig({
    user: 'u',
    password: 's3cret',
    sslpassword: 's3cret',
    scramClientKey: 's3cret',
    sslmode: 'require',
  });

  it('are there for the driver', () => {
    expect(config.password).toBe('s3cret');
    expect(config.secretKeywords).toEqual({ sslpassword: 's3cret', scram_client_key: 's3cret' });
  });

  it('are nowhere to be seen', () => {
    const views = [
      inspect(config),
      inspect(config, { showHidden: true, getters: true, depth: Infinity }),
      inspect({ nested: { config } }, { depth: Infinity }),
      JSON.stringify(config),
      JSON.stringify({ ...config }),
      JSON.stringify(Object.entries(config)),
      JSON.stringify(structuredClone({ ...config })),
    ];
    for (const view of views) expect(view).not.toContain('s3cret');
    expect(inspect(config)).toContain('sslmode');
  });
});
