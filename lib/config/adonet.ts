import { ADO_NET_CLUSTER, setAdoNetCluster } from './foreign-cluster.js';
import {
  choice,
  each,
  ForeignForm,
  keepOnce,
  keepalive,
  noEffect,
  noEffectIf,
  option,
  parameter,
  poolCount,
  poolTime,
  refused,
  sslMode,
  switched,
  timeout,
  truth,
  type ForeignSettings,
} from './foreign-form.js';
import type { Pair } from './semicolon-string.js';
import type { StringSettings } from './string-settings.js';

/** The keys of Kdbndp and of Npgsql, which it is made from; `SSL Mode` stands for `SslMode` too. */
export const ADO_NET = new ForeignForm(
  'ADO.NET connection string',
  {
    ...each('Host, Server, Data Source', option('host')),
    Port: option('port'),
    ...each('Database, DB, Initial Catalog', option('database')),
    ...each('Username, User Name, User Id, Uid, User', option('user')),
    ...each('Password, Pwd, Psw', option('password')),
    Passfile: option('passfile'),
    'Application Name': option('applicationName'),
    ...each('Client Encoding, Encoding', option('clientEncoding')),
    'Search Path': parameter('search_path'),
    Timezone: parameter('TimeZone'),
    Options: option('options'),

    'SSL Mode': sslMode,
    'Trust Server Certificate': keepOnce,
    'Root Certificate': option('sslrootcert'),
    ...each('SSL Certificate, Client Certificate', option('sslcert')),
    ...each('SSL Key, Client Certificate Key', option('sslkey')),
    'SSL Password': option('sslpassword'),
    'Check Certificate Revocation': noEffectIf(
      ['false'],
      'give a list of revoked certificates as the option "sslcrl"',
    ),
    // The second is how Kingbase's manual has it.
    ...each('Use SSL Stream, Use SLL Stream', noEffect('chooses between two implementations of TLS in .NET')),
    'Persist Security Info': noEffect('the password is never shown'),
    'Integrated Security': noEffect('the client library uses Kerberos when the server asks for it'),
    ...each('Kerberos Service Name, Krbsrvname', option('krbsrvname')),
    'Include Realm': noEffectIf(['false'], 'give the user with the realm'),

    Pooling: noEffectIf(['true'], 'connections are always pooled; give Maximum Pool Size to limit them'),
    ...each('MinPoolSize, Minimum Pool Size', poolCount('min')),
    ...each('MaxPoolSize, Maximum Pool Size', poolCount('max')),
    'Connection Idle Lifetime': poolTime('idleTimeout'),
    'Connection Lifetime': poolTime('maxLifetime'),
    'Connection Pruning Interval': noEffect('idle connections are closed when their time is up'),

    ...each('Timeout, Connect Timeout, Connection Timeout', timeout('connectTimeout')),
    'Command Timeout': timeout('timeout'),
    ...each(
      'Internal Command Timeout, Cancellation Timeout',
      noEffect('the driver limits its own work by itself'),
    ),
    Keepalive: keepalive('keepalives_idle'),
    'Tcp Keepalive': switched('keepalives'),
    ...each(
      'Tcp Keepalive Time, Tcp Keepalive Interval',
      refused('its unit differs between versions; give Keepalive, in seconds'),
    ),

    'Target Session Attributes': choice('target_session_attrs', {
      Any: 'any',
      Primary: 'primary',
      Standby: 'standby',
      PreferStandby: 'prefer-standby',
      ReadWrite: 'read-write',
      ReadOnly: 'read-only',
    }),
    ...ADO_NET_CLUSTER,

    Enlist: noEffect('Node.js has no ambient transactions to enlist in'),
    'Server Compatibility Mode': noEffectIf(
      ['none', 'notypeloading'],
      'types are looked up one at a time, when they are first seen',
    ),
    'Load Table Composites': noEffectIf(['false'], 'composite types are given as strings'),
    'Max Auto Prepare': option('statementCacheSize'),
    'Auto Prepare Min Usages': noEffect('statements are prepared when first used'),
    ...each(
      'Read Buffer Size, Write Buffer Size, Socket Receive Buffer Size, Socket Send Buffer Size',
      noEffect('is about speed only'),
    ),
    'Include Error Detail': noEffect('errors have the detail as a property'),
  },
  {},
);

export function parseAdoNet(pairs: readonly Pair[]): StringSettings {
  const settings = ADO_NET.read(pairs);
  splitHosts(settings);
  checkServer(settings);
  setAdoNetCluster(settings);
  return settings.finish();
}

/** `Host=a:1,b:2` (Npgsql manual, "Multiple Hosts, Failover and Load Balancing"); an address may stand in []. */
function splitHosts({ options }: ForeignSettings): void {
  const host = options.get('host');
  if (typeof host !== 'string') return;
  const port = options.get('port');
  const common = typeof port === 'string' ? port : '';
  const hosts = host.split(',').map((entry) => {
    const [, address, addressPort, name, namePort] =
      /^(?:\[([^[\]]*)\](?::(\d+))?|([^:]*):(\d+))$/.exec(entry.trim()) ?? [];
    return { host: address ?? name ?? entry, port: addressPort ?? namePort };
  });
  options.set('host', hosts.map((entry) => entry.host).join(','));
  if (hosts.some((entry) => entry.port !== undefined)) {
    options.set('port', hosts.map((entry) => entry.port ?? common).join(','));
  }
}

/**
 * In Kdbndp, `Require` checks the certificate unless `Trust Server Certificate` is true; in the client library,
 * `require` does not. A connection must not become less safe than it was.
 */
function checkServer(settings: ForeignSettings): void {
  const { options, kept } = settings;
  const key = 'Trust Server Certificate';
  const trust = truth(kept.get(key) ?? 'false', settings, key);
  const mode = options.get('sslmode');
  if (mode === 'require' && !trust) options.set('sslmode', 'verify-full');
  if (trust && (mode === 'verify-ca' || mode === 'verify-full')) {
    throw settings.invalid(key, 'contradicts the key "SSL Mode", which asks to check the certificate');
  }
}
