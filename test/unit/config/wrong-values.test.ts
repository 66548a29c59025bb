import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLUSTER_DEFAULTS } from '../../../lib/config/cluster-options.js';
import { parseConfig } from '../../../lib/config/index.js';
import {
  DRIVER_OPTIONS,
  LIBRARY_OPTIONS,
  type LibraryKeyword,
  type OptionName,
} from '../../../lib/config/options.js';
import { POOL_DEFAULTS } from '../../../lib/config/pool-options.js';
import { UsageError } from '../../../lib/errors/index.js';
import { open } from '../../../lib/index.js';

/** Whether a value of this kind can be meant; which strings are right, is for the option's own tests. */
type Takes = (value: unknown) => boolean;

const string: Takes = (value) => typeof value === 'string';
const truth: Takes = (value) => typeof value === 'boolean' || value === 'true' || value === 'false';
const time: Takes = (value) => typeof value === 'number' && value >= 0 && value < Infinity;
const count: Takes = (value) => time(value) && Number.isInteger(value);
const counts = (value: unknown): boolean =>
  (count(value) && Number(value) < 2 ** 31) || (string(value) && /^\s*\d+\s*$/.test(value as string));
const onOrOff: Takes = (value) => ['0', '1', 'true', 'false', 0, 1, true, false].includes(value as string);
const record: Takes = (value) => Object.prototype.toString.call(value) === '[object Object]';
const fn: Takes = (value) => typeof value === 'function';
const words =
  (...list: string[]): Takes =>
  (value) =>
    list.includes(value as string);
const numeric: Takes = (value) => string(value) && /^[\s\d.e+x-]+$/i.test(value as string);
const either =
  (...all: Takes[]): Takes =>
  (value) =>
    all.some((each) => each(value));

const DRIVER: Record<keyof typeof DRIVER_OPTIONS, Takes> = {
  host: string,
  hosts: Array.isArray,
  hostaddr: (value) =>
    string(value) && /^[\da-f:.,\s%\w]*$/i.test(value as string) && /[:.,]|^\s*$/.test(value as string),
  port: either(count, numeric, (value) => string(value) && /^[\s\d,]*$/.test(value as string)),
  database: string,
  user: string,
  password: either(string, fn),
  connectTimeout: either(time, numeric),
  connect_timeout: either((value) => Number.isFinite(value), numeric),
  timeout: either(time, numeric),
  applicationName: either(string, (value) => value === false),
  clientEncoding: string,
  statementCacheSize: either(count, numeric),
  clientLibrary: either((value) => string(value) && (value as string).startsWith('/'), record),
  pooler: words('transaction', 'statement'),
  cluster: either(truth, record, string),
  onConnect: fn,
  pool: record,
  types: record,
  log: either(fn, record),
  tls: record,
  trust: words('trusted', 'untrusted'),
  traceParameters: truth,
  binaryResults: truth,
  exactFloats: truth,
  strictAnswers: truth,
  pipeline: truth,
};

const LIBRARY: Record<LibraryKeyword, Takes> = {
  passfile: string,
  service: string,
  servicefile: string,
  options: string,
  target_session_attrs: string,
  keepalives: onOrOff,
  keepalives_idle: counts,
  keepalives_interval: counts,
  keepalives_count: counts,
  tcp_user_timeout: counts,
  sslmode: string,
  sslnegotiation: words('postgres', 'direct'),
  sslcompression: onOrOff,
  sslcert: string,
  sslkey: string,
  sslpassword: string,
  sslcertmode: words('disable', 'allow', 'require'),
  sslrootcert: string,
  sslcrl: string,
  sslcrldir: string,
  sslsni: onOrOff,
  sslkeylogfile: string,
  ssl_min_protocol_version: (value) => string(value) && /^[a-z]+v\d+(\.\d+)?$/i.test(value as string),
  ssl_max_protocol_version: (value) => string(value) && /^[a-z]+v\d+(\.\d+)?$/i.test(value as string),
  min_protocol_version: (value) => string(value) && /^(\d+\.\d+|latest)$/.test(value as string),
  max_protocol_version: (value) => string(value) && /^(\d+\.\d+|latest)$/.test(value as string),
  requirepeer: string,
  require_auth: string,
  channel_binding: string,
  scram_client_key: string,
  scram_server_key: string,
  gssencmode: string,
  krbsrvname: string,
  gsslib: words('gssapi', 'sspi'),
  gssdelegation: onOrOff,
  socket_timeout: counts,
  'zip-level': (value) => counts(value) && Number(value) <= 9,
};

const nested = (prefix: string, names: object): string[] =>
  Object.keys(names).map((name) => `${prefix}.${name}`);

/** Of options that are objects: what no value of another kind may pass for. */
const NESTED: Record<string, Takes> = {
  ...Object.fromEntries(nested('pool', POOL_DEFAULTS).map((name) => [name, either(count, time)])),
  'pool.maxIdle': count,
  'pool.maxWaiting': either(count, (value) => value === Infinity),
  'pool.heartbeatSql': string,
  'pool.resetOnRelease': Array.isArray,
  ...Object.fromEntries(nested('cluster', CLUSTER_DEFAULTS).map((name) => [name, either(count, time)])),
  'cluster.consistency': string,
  'cluster.maxLag': either(time, record),
  'cluster.maxConnections': either(count, (value) => value === Infinity),
  'cluster.primaryFallback': (value) => typeof value === 'boolean',
  'cluster.automatic': (value) => typeof value === 'boolean',
  'cluster.weights': record,
  'tls.minimum': string,
  'tls.cancel': words('any', 'encrypted'),
  'clientLibrary.path': (value) => string(value) && (value as string).startsWith('/'),
  'clientLibrary.directory': (value) => string(value) && (value as string).startsWith('/'),
  'clientLibrary.fallback': (value) => typeof value === 'boolean',
  'log.write': fn,
  'log.slowStatement': either(time, (value) => value === Infinity),
  ...Object.fromEntries(
    ['int8', 'numeric', 'date', 'timestamp', 'json', 'all', '600', 'my_type'].map((name) => [
      `types.${name}`,
      either(string, record),
    ]),
  ),
};

const TAKEN: Readonly<Record<string, Takes>> = { ...DRIVER, ...LIBRARY, ...NESTED };

function configOf(name: string, value: unknown): object {
  const [option = '', key] = name.split('.');
  if (key === undefined) return { [option]: value };
  const beside = option === 'log' && key !== 'write' ? { write: (): void => undefined } : {};
  return { [option]: { ...beside, [key]: value } };
}

/** What no option of the kind of a value takes as absent. */
const OBJECTS = new Set<string>(
  Object.entries(DRIVER_OPTIONS).flatMap(([name, { kind }]) => (kind === 'object' ? [name] : [])),
);

function isAbsent(name: string, value: unknown): boolean {
  return value === undefined || (value === '' && !OBJECTS.has(name) && !name.includes('.'));
}

/** Throws what `open` throws. */
function opened(config: object, overrides: object): void {
  parseConfig(config, overrides, {}, () => 'somebody');
  // Its types are looked at only when a database is made.
  open(config, overrides);
}

const LIKELY = fc.constantFrom<unknown>(
  ...[
    null,
    0,
    1,
    5,
    -1,
    0.5,
    1e30,
    NaN,
    Infinity,
    -Infinity,
    true,
    false,
    '',
    ' ',
    'x',
    'maybe',
    'yes',
    '5',
    '-5',
  ],
  ...['1e3', 'true', 'a\0b', 'x\ny', 1n, Symbol('s'), () => 1, [], [1], ['x'], {}, new Map(), new Date(0)],
  ...[Promise.resolve('x'), new URL('file:///x'), Buffer.from('x'), /x/, new String('x'), new Number(5)],
);
const VALUES = fc.oneof({ weight: 3, arbitrary: LIKELY }, { weight: 1, arbitrary: fc.anything() });

describe('a value of a kind that an option does not take', () => {
  it('is told of with the name of the option, wherever it is given', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(TAKEN)), VALUES, fc.boolean(), (name, value, above) => {
        fc.pre(!isAbsent(name, value) && TAKEN[name]?.(value) === false);
        const config = configOf(name, value);
        let error: unknown;
        try {
          opened(above ? {} : config, above ? config : {});
        } catch (thrown) {
          error = thrown;
        }
        expect(error, 'it was taken').toBeInstanceOf(UsageError);
        const { code, message, hint = '' } = error as UsageError;
        expect(code).toBe('KB_BAD_OPTION');
        // connect_timeout is connectTimeout in seconds; an OID is no name.
        expect(message).toContain(name === 'connect_timeout' ? 'connect_timeout' : name.replace('.600', ''));
        expect(`${message} ${hint}`.length).toBeLessThan(500);
      }),
      { numRuns: 20_000 },
    );
  });

  it('has a kind to compare with for every option that there is', () => {
    const names: OptionName[] = Object.keys({ ...DRIVER_OPTIONS, ...LIBRARY_OPTIONS }) as OptionName[];
    for (const name of names) expect(TAKEN[name], name).toBeTypeOf('function');
  });
});
