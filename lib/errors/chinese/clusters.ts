import type { Pair } from './pair.js';

/** What is said of clusters. */
export const CLUSTERS: readonly Pair[] = [
  ['two servers claim to be the primary', '有两台服务器自称主库'],
  ['another server is the primary now', '主库现在是另一台服务器'],
  ['the server is the primary now', '该服务器现在是主库'],
  ['«name» is not the primary any more.', '«name» 不再是主库。'],
  ['Another server takes the writes, or will soon.', '写入已由或即将由另一台服务器接受。'],
  [
    'No server has said its position within the limit of «timeout» ms.',
    '在 «timeout» 毫秒的时限内，没有服务器给出它的位置。',
  ],
  [
    'Give it a longer timeout. In a cluster db.topology() shows what is known of the servers.',
    '请设置更长的 timeout。在集群中可用 db.topology() 查看各服务器的已知状态。',
  ],
  [
    'The server at «address» did not say what it is and how far it has come.',
    '«address» 的服务器没有回答它的角色以及回放到的位置。',
  ],
  [
    'The server or the network is down, or the answer took longer than pool.heartbeatTimeout.',
    '服务器或网络已中断，或者应答超过了 pool.heartbeatTimeout。',
  ],
  [
    'The server at «address» does not say whether it is a primary or a standby and how far it has come.',
    '无法从 «address» 的服务器得知它是主库还是备库以及回放到的位置。',
  ],
  [
    'A standby that has just been started knows later. Others may not be reached by streaming replication.',
    '刚启动的备库稍后才知道。其他备库可能没有建立流复制。',
  ],
  [
    'No standby can serve the read: «list». The last attempt said: «last»',
    '没有备库可以执行该读操作：«list»。最近一次尝试的结果：«last»',
  ],
  ['No standby can serve the read: «list».', '没有备库可以执行该读操作：«list»。'],
  [
    'They are down, or have not come as far as the read needs. With cluster.primaryFallback the primary serves it then.',
    '它们已停机，或没有回放到该读操作所需的位置。设置 cluster.primaryFallback 后由主库执行。',
  ],
  ['no standby had what it must show', '没有备库具有它必须看到的数据'],
  ['no standby answers', '没有备库应答'],
  [
    'It would have been refused after cluster.maxWait. See db.topology() for how the standbys are.',
    '超过 cluster.maxWait 之后它会被拒绝。备库的状态见 db.topology()。',
  ],
  [
    'It would have gone to the primary after cluster.maxWait. See db.topology() for how far the standbys are.',
    '超过 cluster.maxWait 后它会发往主库。各备库的位置见 db.topology()。',
  ],
  ['None of «list» is a primary.', '以下服务器都不是主库：«list»。'],
  [
    'A standby has not been promoted yet, or the hosts do not name all servers of the cluster.',
    '备库尚未被提升，或主机列表没有包含集群的所有服务器。',
  ],
  ['«list» call themselves the primary.', '«list»都自称主库。'],
  [
    '«name» calls itself the primary, but one on a newer timeline has been seen.',
    '«name» 自称主库，但已发现时间线更新的主库。',
  ],
  [
    'Nothing is written to any of them. Find out which has the data that counts, and stop the other or make it a standby.',
    '不会向其中任何一台写入。请确定哪一台的数据有效，并停止另一台或把它改为备库。',
  ],
];
