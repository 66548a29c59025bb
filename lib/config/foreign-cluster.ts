import {
  each,
  keep,
  noEffect,
  noEffectIf,
  refused,
  seconds,
  truth,
  type ForeignSettings,
  type Rule,
} from './foreign-form.js';

const BY_TEXT =
  'a statement goes to a standby only if it surely reads; make calls that are to go to the primary in a transaction, or ' +
  "with consistency: 'primary'";

/** The keys of Kingbase's JDBC driver that spread statements over a primary and its standbys. */
export const JDBC_CLUSTER: Readonly<Record<string, Rule>> = {
  ...each('USEDISPATCH, SLAVE_ADD, SLAVE_PORT, HOSTLOADRATE, MONITORINTERVAL, hostRecheckSeconds', keep),
  nodeList: noEffect('each server is asked itself what it is'),
  TransactionDispatchStrategy: noEffectIf(
    ['1'],
    'a transaction runs on the primary, and one of db.readOnly.transaction() on a standby',
  ),
  readListStrategy: noEffectIf(
    ['1'],
    'a standby serves what it has, however it is replicated to; see the option "cluster.consistency"',
  ),
  ...each('MASTER_CHECK, CLUSTER_MONITOR', noEffectIf(['true'], 'the servers are always watched')),
  ...each('RETRYTIMES, RETRYINTERVAL', noEffect('connecting is tried again until pool.acquireTimeout')),
  ...each('USECONNECT_POOL, CONNECT_POOLSIZE', noEffect('connections are always pooled')),
  ...each(
    'WhiteList, BlackList, MasterFunctionList, BlackSqlList, TempTable, masterKeyword',
    refused(BY_TEXT),
  ),
  loadBalanceHosts: noEffectIf(
    ['false'],
    'hosts are tried in the order given; to spread reads, use cluster=eventual and db.readOnly',
  ),
};

/** The same of Kdbndp. */
export const ADO_NET_CLUSTER: Readonly<Record<string, Rule>> = {
  ...each('Use Read Write Sep, Primary Can Read, Check Cluster State, Host Recheck Seconds', keep),
  ...each('White List, Black List', refused(BY_TEXT)),
  'Load Balance Hosts': noEffectIf(
    ['false'],
    'hosts are tried in the order given; to spread reads, use the option "cluster" and db.readOnly',
  ),
};

/**
 * Their splitting is by the text of statements, and so is `automatic`. What is said of it counts only where it is switched on,
 * as there.
 */
export function setJdbcCluster(settings: ForeignSettings): void {
  const { kept, options } = settings;
  if (!truth(kept.get('USEDISPATCH') ?? 'false', settings, 'USEDISPATCH')) return;
  const cluster: Record<string, unknown> = { automatic: true };
  const rate = kept.get('HOSTLOADRATE');
  if (rate !== undefined) {
    if (!/^\d{1,3}$/.test(rate) || Number(rate) > 100) {
      throw settings.invalid('HOSTLOADRATE', 'must be a whole number from 0 to 100');
    }
    cluster['primaryShare'] = Number(rate) / 100;
  }
  setInterval(settings, cluster, ['MONITORINTERVAL', 'hostRecheckSeconds']);
  addStandbys(settings);
  options.set('cluster', cluster);
}

export function setAdoNetCluster(settings: ForeignSettings): void {
  const { kept, options } = settings;
  const key = 'Use Read Write Sep';
  if (!truth(kept.get(key) ?? 'false', settings, key)) return;
  const cluster: Record<string, unknown> = { automatic: true };
  const reads = kept.get('Primary Can Read');
  if (reads !== undefined && truth(reads, settings, 'Primary Can Read')) {
    const host = options.get('host');
    // As much as each of the others.
    cluster['primaryShare'] = 1 / (typeof host === 'string' ? host.split(',').length : 1);
  }
  setInterval(settings, cluster, ['Check Cluster State', 'Host Recheck Seconds']);
  options.set('cluster', cluster);
}

/** Where several keys say it, the first counts. */
function setInterval(
  settings: ForeignSettings,
  cluster: Record<string, unknown>,
  keys: readonly string[],
): void {
  const key = keys.find((each) => settings.kept.has(each));
  if (key === undefined) return;
  const interval = seconds(settings.kept.get(key) ?? '', settings, key);
  if (interval > 0) cluster['recheckInterval'] = interval;
}

/** The host of the URL is the primary, as long as it is; these are the others. */
function addStandbys(settings: ForeignSettings): void {
  const { kept, options } = settings;
  const names = kept.get('SLAVE_ADD')?.split(',') ?? [];
  const ports = kept.get('SLAVE_PORT')?.split(',') ?? [];
  if (ports.length !== names.length && ports.length > 0) {
    throw settings.invalid('SLAVE_PORT', 'must have as many entries as SLAVE_ADD');
  }
  if (names.length === 0) return;
  const text = (name: 'host' | 'port'): string[] => {
    const value = options.get(name);
    return typeof value === 'string' ? value.split(',') : [];
  };
  const hosts = text('host');
  if (hosts.length === 0)
    throw settings.invalid('SLAVE_ADD', 'needs a host in the URL, which is the primary');
  const known = text('port');
  const first = hosts.map((_host, index) => (known.length > 1 ? known[index] : known[0]) ?? '');
  options.set('host', [...hosts, ...names].join(','));
  options.set('port', [...first, ...names.map((_name, index) => ports[index] ?? '')].join(','));
}
