/** What clients and pools are made of. */
import { format, inspect } from 'node:util';
import type { PoolConfig } from 'pg';
import { failure, thrown, type Programs, type Setting } from './program.js';

const SHOWN = [
  'user',
  'database',
  'port',
  'host',
  'password',
  'binary',
  'options',
  'ssl',
  'client_encoding',
  'replication',
  'isDomainSocket',
  'application_name',
  'fallback_application_name',
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'query_timeout',
  'connect_timeout',
  'keepalives',
  'keepalives_idle',
] as const;

/** Of what the two have alike: pg has undefined, false or '' for what is not given. */
function parameters({ pg }: Setting, given: unknown): Record<string, unknown> {
  const client = new pg.Client(given as PoolConfig);
  const { connectionParameters } = client as unknown as {
    connectionParameters: Record<string, unknown>;
  };
  const shown: Record<string, unknown> = {};
  for (const name of SHOWN) {
    const value = connectionParameters[name];
    // The default port is that of KingbaseES.
    if (value) shown[name] = name === 'port' && value === pg.defaults.port ? 'the default' : value;
  }
  return shown;
}

/** With these variables of the environment only. */
function withVariables<T>(variables: Record<string, string>, run: () => T): T {
  const before = { ...process.env };
  for (const name of Object.keys(process.env)) {
    if (/^(PG|KINGBASE_)/.test(name)) Reflect.deleteProperty(process.env, name);
  }
  Object.assign(process.env, variables);
  try {
    return run();
  } finally {
    for (const name of Object.keys(variables)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, before);
  }
}

const HERE = { host: 'h', port: 1, user: 'u', database: 'd' };

/** Configurations, each of which becomes the parameters of a connection. */
const CONFIGS: Record<string, unknown> = {
  options: { ...HERE, password: 'p' },
  'user only': { host: 'h', port: 1, user: 'foo' },
  'port as text': { ...HERE, port: '1234' },
  socket: { ...HERE, host: '/var/run/here' },
  timeouts: {
    ...HERE,
    statement_timeout: 3000,
    lock_timeout: 200,
    idle_in_transaction_session_timeout: 7,
    query_timeout: 9,
    connectionTimeoutMillis: 2500,
  },
  'timeouts off': { ...HERE, statement_timeout: 0, query_timeout: false },
  names: { ...HERE, application_name: 'a', fallback_application_name: 'f' },
  fallback: { ...HERE, fallback_application_name: 'f' },
  keepalive: { ...HERE, keepAlive: true, keepAliveInitialDelayMillis: 5500 },
  'no keepalive': { ...HERE, keepAlive: false },
  'with TLS': { ...HERE, ssl: true },
  'without TLS': { ...HERE, ssl: false },
  'no verify': { ...HERE, ssl: 'no-verify' },
  'TLS as text': { ...HERE, ssl: 'true' },
  binary: { ...HERE, binary: true },
  settings: { ...HERE, options: '-c work_mem=7MB' },
  replication: { ...HERE, replication: 'database' },
  url: 'postgres://user:pass%40word@host:1234/data%20base?application_name=of%20url',
  'url with everything':
    'postgresql://u:p@h:1/d?statement_timeout=5000&connectionTimeoutMillis=3000&keepAlive=1&options=-c%20a%3Db',
  'url of a socket': 'socket:/some/path/?db=mydb&encoding=utf8',
  'url of an encoded socket': 'postgres://user@%2Fvar%2Frun/d',
  'url without a host': 'postgres:///d?host=/tmp',
  'url with IPv6': 'postgres://u@[::1]:5/d',
  'string and options': { ...HERE, connectionString: 'postgres://x:y@z:9/w', application_name: 'kept' },
  'url without TLS': 'postgres://u@h:1/d?ssl=0',
  'url with sslmode disable': 'postgres://u@h:1/d?sslmode=disable',
  'url with sslmode no-verify': 'postgres://u@h:1/d?sslmode=no-verify',
  'url with ssl': 'postgres://u@h:1/d?ssl=true',
};

const VARIABLES: Record<string, [Record<string, string>, unknown]> = {
  all: [
    { PGHOST: 'eh', PGPORT: '77', PGUSER: 'eu', PGPASSWORD: 'ep', PGDATABASE: 'ed', PGAPPNAME: 'ea' },
    {},
  ],
  'under options': [{ PGHOST: 'eh', PGPORT: '77', PGUSER: 'eu', PGDATABASE: 'ed' }, HERE],
  'under a url': [{ PGHOST: 'eh', PGPORT: '77', PGUSER: 'eu', PGDATABASE: 'ed' }, 'postgres://x@y:1/z'],
  'beside a url': [{ PGPASSWORD: 'ep', PGAPPNAME: 'ea' }, 'postgres://x@y:1/z'],
  settings: [{ PGOPTIONS: '-c x=y', PGHOST: 'h', PGPORT: '1', PGUSER: 'u' }, {}],
  timeout: [{ PGCONNECT_TIMEOUT: '9', PGHOST: 'h', PGPORT: '1', PGUSER: 'u' }, {}],
  'TLS off': [{ PGSSLMODE: 'disable', ...{ PGHOST: 'h', PGPORT: '1', PGUSER: 'u' } }, {}],
  'TLS on': [{ PGSSLMODE: 'require', ...{ PGHOST: 'h', PGPORT: '1', PGUSER: 'u' } }, {}],
  'TLS unverified': [{ PGSSLMODE: 'no-verify', ...{ PGHOST: 'h', PGPORT: '1', PGUSER: 'u' } }, {}],
};

export const configurations: Programs = {
  'makes parameters of configurations': (setting) =>
    Promise.resolve(
      withVariables({}, () =>
        Object.fromEntries(
          Object.entries(CONFIGS).map(([name, config]) => [name, parameters(setting, config)]),
        ),
      ),
    ),
  'makes parameters of variables': (setting) =>
    Promise.resolve(
      Object.fromEntries(
        Object.entries(VARIABLES).map(([name, [variables, config]]) => [
          name,
          withVariables(variables, () => parameters(setting, config)),
        ]),
      ),
    ),
  'makes parameters of changed defaults': (setting) => {
    const { defaults } = setting.pg;
    const before = { ...defaults };
    try {
      Object.assign(defaults, { user: 'boom', password: 'zap', host: 'blam', port: 1234, database: 'pow' });
      const all = withVariables({}, () => parameters(setting, undefined));
      defaults.database = undefined;
      const user = withVariables({}, () => parameters(setting, { user: 'foo' }));
      defaults.database = 'bar';
      const database = withVariables({}, () => parameters(setting, { user: 'foo' }));
      Object.assign(defaults, { query_timeout: 5, statement_timeout: 6, application_name: 'of defaults' });
      const others = withVariables({}, () => parameters(setting, { user: 'foo' }));
      return Promise.resolve({ all, user, database, others });
    } finally {
      for (const [name, value] of Object.entries(before)) {
        (defaults as unknown as Record<string, unknown>)[name] = value;
      }
    }
  },
  'has the defaults of pg': ({ pg }) => {
    const { port, parseInt8, ...rest } = pg.defaults as unknown as Record<string, unknown>;
    return Promise.resolve({ rest, port: typeof port, parseInt8 });
  },
  'shows where it connects to': ({ pg }) => {
    const client = new pg.Client({ ...HERE, password: 'p' });
    const { user, database, port, host, ssl, password } = client as unknown as Record<string, unknown>;
    const { options } = new pg.Pool({ ...HERE, max: 0, min: 0, idleTimeoutMillis: 0 });
    const { max, min, maxUses, idleTimeoutMillis, allowExitOnIdle, maxLifetimeSeconds } = options;
    const usual = new pg.Pool().options;
    const older = new pg.Pool({ poolSize: 7 } as never).options;
    return Promise.resolve({
      client: { user, database, port, host, ssl, password },
      pool: { max, min, maxUses, idleTimeoutMillis, allowExitOnIdle, maxLifetimeSeconds },
      usual: [usual.max, usual.min, usual.maxUses, usual.idleTimeoutMillis],
      older: older.max,
    });
  },
  'hides passwords and keys, which can be asked for': ({ pg }) => {
    const secret = 'SECRET-OF-THIS-TEST';
    const config = { ...HERE, password: secret, ssl: { key: secret, rejectUnauthorized: false } };
    const hidden = { key: secret };
    Object.defineProperty(hidden, 'key', { enumerable: false });
    const client = new pg.Client(config);
    const pool = new pg.Pool(config);
    const other = new pg.Client({ ...HERE, ssl: hidden });
    const otherPool = new pg.Pool({ ...HERE, ssl: hidden });
    const seen: Record<string, unknown> = {};
    for (const [name, each] of Object.entries({ client, pool, other, otherPool })) {
      seen[name] = [
        format('%s', each).includes(secret),
        inspect(each, { depth: 20 }).includes(secret),
        JSON.stringify(each).includes(secret),
      ];
    }
    const key = (given: unknown): unknown =>
      (given as { connectionParameters: { ssl: { key: unknown } } }).connectionParameters.ssl.key === secret;
    const poolKey = (given: typeof pool): unknown => (given.options.ssl as { key: unknown }).key === secret;
    return Promise.resolve({
      ...seen,
      keys: [key(client), key(other), poolKey(pool), poolKey(otherPool)],
      password: [
        (client as unknown as { password: unknown }).password === secret,
        pool.options.password === secret,
      ],
    });
  },
  'refuses negotiations of TLS that are none': ({ pg }) =>
    Promise.resolve({
      unknown: thrown(() => new pg.Client({ ...HERE, sslnegotiation: 'neither' } as never)),
      direct: thrown(() => new pg.Client({ ...HERE, sslnegotiation: 'direct', ssl: false } as never)),
      postgres: thrown(() => new pg.Client({ ...HERE, sslnegotiation: 'postgres' } as never)),
    }),
  'sends settings when it connects': async ({ client }) => {
    const show = async (config: object, ...names: string[]): Promise<unknown> => {
      const session = await client(config);
      const values: unknown[] = [];
      for (const name of names) values.push((await session.query(`show ${name}`)).rows);
      return values;
    };
    return {
      isolation: await show(
        { options: '--default_transaction_isolation=serializable' },
        'default_transaction_isolation',
      ),
      path: await show({ options: '--search_path=foo' }, 'search_path'),
      two: await show({ options: '-c search_path=foo,bar -c work_mem=7MB' }, 'search_path', 'work_mem'),
      escaped: await show({ options: '-c of.mine=a\\ b' }, 'of.mine'),
      name: await show({ application_name: 'some wired !@#$% application_name' }, 'application_name'),
      fallback: await show({ fallback_application_name: 'this is my app' }, 'application_name'),
      both: await show({ application_name: 'a', fallback_application_name: 'b' }, 'application_name'),
      none: await show({}, 'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'),
      integer: await show(
        { statement_timeout: 3000, lock_timeout: 3000 },
        'statement_timeout',
        'lock_timeout',
      ),
      float: await show({ statement_timeout: 3000.7 }, 'statement_timeout'),
      string: await show({ statement_timeout: '3000' }, 'statement_timeout'),
      idle: await show(
        { idle_in_transaction_session_timeout: '3000' },
        'idle_in_transaction_session_timeout',
      ),
      idleFloat: await show(
        { idle_in_transaction_session_timeout: 3000.7 },
        'idle_in_transaction_session_timeout',
      ),
      encoding: await show({}, 'client_encoding'),
    };
  },
  'cancels what takes longer than statement_timeout': async ({ client }) => {
    const session = await client({ statement_timeout: '400' } as never);
    const error = await failure(session.query('select pg_sleep(5)'));
    await session.query('begin');
    await session.query("set local statement_timeout to '1ms'");
    const late = await failure(session.query('select pg_sleep(5)'));
    await session.query('rollback');
    return {
      code: error['code'],
      message: error['message'],
      late: late['code'],
      after: (await session.query('select 1 as v')).rows,
    };
  },
  'asks a function for the password': async ({ client, pg, config }) => {
    const session = await client({ password: () => 'of a function' });
    const later = await client({ password: () => Promise.resolve('later') });
    const string = new pg.Client(config);
    await string.connect();
    const rows = [
      (await session.query('select 1 as v')).rows,
      (await later.query('select 2 as v')).rows,
      (await string.query('select 3 as v')).rows,
    ];
    await string.end();
    return { rows };
  },
};
