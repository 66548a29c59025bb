import { describe, expect, it } from 'vitest';
import { essence, refusal } from './foreign-form.js';

const JDBC = 'jdbc:kingbase8://h:1,i:2/d?';
const NET = 'Server=h,i;Port=1;Database=d;';
const automatic = { automatic: true };

/** What each key of the vendor's drivers becomes; a RegExp: it is refused, and the equal is named. */
const TABLE: readonly [key: string, given: string, becomes: object | RegExp][] = [
  ['USEDISPATCH', `${JDBC}USEDISPATCH=true`, { cluster: automatic }],
  ['USEDISPATCH', `${JDBC}USEDISPATCH=false`, {}],
  [
    'SLAVE_ADD',
    `${JDBC}USEDISPATCH=true&SLAVE_ADD=j,k`,
    { hosts: 'h:1,i:2,j:54321,k:54321', cluster: automatic },
  ],
  [
    'SLAVE_PORT',
    `${JDBC}USEDISPATCH=true&SLAVE_ADD=j&SLAVE_PORT=3`,
    { hosts: 'h:1,i:2,j:3', cluster: automatic },
  ],
  ['SLAVE_PORT', `${JDBC}USEDISPATCH=true&SLAVE_ADD=j&SLAVE_PORT=3,4`, /as many entries as SLAVE_ADD/],
  ['nodeList', `${JDBC}USEDISPATCH=true&nodeList=n1,n2`, { cluster: automatic }],
  [
    'HOSTLOADRATE',
    `${JDBC}USEDISPATCH=true&HOSTLOADRATE=40`,
    { cluster: { ...automatic, primaryShare: 0.4 } },
  ],
  ['HOSTLOADRATE', `${JDBC}USEDISPATCH=true&HOSTLOADRATE=101`, /whole number from 0 to 100/],
  [
    'MONITORINTERVAL',
    `${JDBC}USEDISPATCH=true&MONITORINTERVAL=3`,
    { cluster: { ...automatic, recheckInterval: 3_000 } },
  ],
  [
    'hostRecheckSeconds',
    `${JDBC}USEDISPATCH=true&hostRecheckSeconds=7`,
    { cluster: { ...automatic, recheckInterval: 7_000 } },
  ],
  [
    'TransactionDispatchStrategy',
    `${JDBC}USEDISPATCH=true&TransactionDispatchStrategy=1`,
    { cluster: automatic },
  ],
  [
    'TransactionDispatchStrategy',
    `${JDBC}USEDISPATCH=true&TransactionDispatchStrategy=2`,
    /db\.readOnly\.transaction\(\)/,
  ],
  ['readListStrategy', `${JDBC}USEDISPATCH=true&readListStrategy=1`, { cluster: automatic }],
  ['readListStrategy', `${JDBC}USEDISPATCH=true&readListStrategy=2`, /cluster\.consistency/],
  ['loadBalanceHosts', `${JDBC}loadBalanceHosts=false`, {}],
  ['loadBalanceHosts', `${JDBC}loadBalanceHosts=true`, /cluster=eventual and db\.readOnly/],
  ['targetServerType', `${JDBC}targetServerType=master`, { target_session_attrs: 'read-write' }],
  ['targetServerType', `${JDBC}targetServerType=preferSlave`, { target_session_attrs: 'prefer-standby' }],
  [
    'targetServerType',
    `${JDBC}USEDISPATCH=true&targetServerType=slave`,
    /together with "cluster".*db\.readOnly/,
  ],
  ['MASTER_CHECK', `${JDBC}MASTER_CHECK=true`, {}],
  ['MASTER_CHECK', `${JDBC}MASTER_CHECK=false`, /always watched/],
  ['CLUSTER_MONITOR', `${JDBC}CLUSTER_MONITOR=false`, /always watched/],
  ['RETRYTIMES', `${JDBC}RETRYTIMES=3`, {}],
  ['RETRYINTERVAL', `${JDBC}RETRYINTERVAL=3`, {}],
  ...['WhiteList', 'BlackList', 'MasterFunctionList', 'BlackSqlList', 'TempTable', 'masterKeyword'].map(
    (key): [string, string, RegExp] => [key, `${JDBC}${key}=x`, /consistency: 'primary'/],
  ),
  ['UseReadWriteSep', `${NET}UseReadWriteSep=true`, { cluster: automatic }],
  [
    'PrimaryCanRead',
    `${NET}UseReadWriteSep=true;PrimaryCanRead=true`,
    { cluster: { ...automatic, primaryShare: 0.5 } },
  ],
  [
    'CheckClusterState',
    `${NET}UseReadWriteSep=true;CheckClusterState=4`,
    { cluster: { ...automatic, recheckInterval: 4_000 } },
  ],
  [
    'HostRecheckSeconds',
    `${NET}UseReadWriteSep=true;HostRecheckSeconds=4`,
    { cluster: { ...automatic, recheckInterval: 4_000 } },
  ],
  ['LoadBalanceHosts', `${NET}LoadBalanceHosts=false`, {}],
  ['LoadBalanceHosts', `${NET}LoadBalanceHosts=true`, /"cluster" and db\.readOnly/],
  ['TargetSessionAttributes', `${NET}TargetSessionAttributes=Primary`, { target_session_attrs: 'primary' }],
  [
    'TargetSessionAttributes',
    `${NET}UseReadWriteSep=true;TargetSessionAttributes=Standby`,
    /together with "cluster"/,
  ],
  ['WhiteList', `${NET}White List=x`, /consistency: 'primary'/],
  ['BlackList', `${NET}Black List=x`, /consistency: 'primary'/],
];

describe("the vendor's keys for clusters", () => {
  it.each(TABLE)('%s in %s', (_key, given, becomes) => {
    if (becomes instanceof RegExp) {
      expect(refusal(given)).toMatch(becomes);
    } else {
      const hosts = given.startsWith('jdbc') ? 'h:1,i:2' : 'h:1,i:1';
      expect(essence(given)).toEqual({ hosts, database: 'd', ...becomes });
    }
  });
});
