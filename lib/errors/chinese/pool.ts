import type { Pair } from './pair.js';

/** What is said of the pool. */
export const POOL: readonly Pair[] = [
  ['The database has been closed.', 'Database 已关闭。'],
  [
    'Make no calls after close(), or open the database again.',
    'close() 之后不要再执行调用，或重新打开 Database。',
  ],
  [
    'No connection within «limit» ms: «words». The last attempt said: «last»',
    '«limit» 毫秒内没有得到连接：«words»。最近一次尝试的结果：«last»',
  ],
  ['No connection within «limit» ms: «words».', '«limit» 毫秒内没有得到连接：«words»。'],
  [
    '«inUse» of «max» are in use, and «words», and «waiting» calls wait for a connection. The last attempt said: «last»',
    '«max» 个连接中有 «inUse» 个使用中，«words»，«waiting» 个调用在等待连接。最近一次尝试的结果：«last»',
  ],
  [
    '«inUse» of «max» are in use, and «words», and «waiting» calls wait for a connection.',
    '«max» 个连接中有 «inUse» 个使用中，«words»，«waiting» 个调用在等待连接。',
  ],
  [
    '«words», and «waiting» calls wait for a connection. The last attempt said: «last»',
    '«words»，«waiting» 个调用在等待连接。最近一次尝试的结果：«last»',
  ],
  ['«words», and «waiting» calls wait for a connection.', '«words»，«waiting» 个调用在等待连接。'],
  ['No connection was made within «limit» ms.', '«limit» 毫秒内没有建立起连接。'],

  ['«inUse» of «max» are in use, and «words»', '«max» 个连接中有 «inUse» 个使用中，«words»'],
  ['«count» are still being made', '«count» 个正在建立'],
  ['«count» of «max» are still being made', '«max» 个连接中有 «count» 个正在建立'],
  ['all «max» of the cluster are in use', '集群的 «max» 个连接都在使用中'],
  ['All «max» of the cluster are in use', '集群的 «max» 个连接都在使用中'],
  ['all «max» are in use', '«max» 个连接都在使用中'],
  ['All «max» are in use', '«max» 个连接都在使用中'],
  ['the server refuses connections', '服务器拒绝连接'],
  ['The server refuses connections', '服务器拒绝连接'],
  ['the server refuses further connections', '服务器拒绝更多的连接'],
  ['the server cannot be reached', '服务器不可达'],
  ['The server cannot be reached', '服务器不可达'],
  ['no connection can be made', '无法建立连接'],
  ['No connection can be made', '无法建立连接'],
  ['no other connection can be made', '无法再建立连接'],

  [
    'See why connecting takes so long: the network, the name server, the password function or the server.',
    '请找出建立连接缓慢的原因：网络、域名服务器、密码函数或数据库服务器。',
  ],
  [
    'Look what keeps the host name, the password function or the server from answering, or set connectTimeout.',
    '请找出域名解析、密码函数或服务器没有应答的原因，或设置 connectTimeout。',
  ],
  [
    'Raise cluster.maxConnections or pool.acquireTimeout, or look for connections that are never released (pool.leakTimeout).',
    '请增大 cluster.maxConnections 或 pool.acquireTimeout，或查找从未归还的连接（pool.leakTimeout）。',
  ],
  [
    'Inside of transaction() make all calls on the transaction itself. Raise pool.max or pool.acquireTimeout, or look for connections that are never released (pool.leakTimeout).',
    '在 transaction() 内，所有调用都应在事务对象上执行。请增大 pool.max 或 pool.acquireTimeout，或查找从未归还的连接（pool.leakTimeout）。',
  ],
  [
    'Raise pool.max or pool.maxWaiting, or let the program make fewer calls at a time.',
    '请增大 pool.max 或 pool.maxWaiting，或让程序同时执行更少的调用。',
  ],
  [
    'Mend what the last attempt failed with; connecting is tried again then.',
    '请解决最近一次尝试失败的原因；之后会再次尝试连接。',
  ],
  [
    'The server is there, but takes no connection now; connecting is tried again.',
    '服务器可以访问，但目前不接受连接；会再次尝试连接。',
  ],
  [
    'Look whether the server runs and can be reached; connecting is tried again.',
    '请检查服务器是否在运行、是否可达；会再次尝试连接。',
  ],
];
