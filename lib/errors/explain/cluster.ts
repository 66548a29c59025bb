import type { Topic } from './topic.js';

export const CLUSTER: readonly Topic[] = [
  {
    codes: ['KB_NO_PRIMARY'],
    en: {
      headline: 'None of the hosts takes writes: each that answers is a standby.',
      causes: [
        'The primary is down and no standby has been promoted yet.',
        'The primary is not among the hosts of the configuration.',
        'The primary cannot be reached from here, though other machines reach it.',
      ],
      actions: [
        'Look what the cluster manager says (repmgr cluster show), and promote a standby where the primary will not come back.',
        'Name all servers of the cluster as hosts, not a virtual address.',
        'See db.topology(), or the command "kingbase-native topology", for what each server says.',
      ],
    },
    zh: {
      headline: '所有主机都不接受写操作：有应答的都是备库。',
      causes: [
        '主库停机，而且还没有备库被提升为主库。',
        '配置的主机列表中没有主库。',
        '从本机无法访问主库，但其他机器可以。',
      ],
      actions: [
        '查看集群管理工具的状态（repmgr cluster show）；如果主库无法恢复，提升一个备库。',
        '把集群的所有服务器都写入 hosts，不要使用虚拟 IP。',
        '用 db.topology() 或命令“kingbase-native topology”查看每台服务器的状态。',
      ],
    },
  },
  {
    codes: ['KB_NO_STANDBY'],
    en: {
      headline: 'No standby could serve the read, and the configuration keeps it from the primary.',
      causes: [
        'All standbys are down, or cannot be reached.',
        'None of them has come as far as the read must show, within maxWait.',
      ],
      actions: [
        'Let the primary serve such reads: leave out cluster.primaryFallback.',
        'Ask for less: consistency "bounded" or "eventual", or a longer maxWait.',
        'See db.topology() for how far behind the standbys are, and sys_stat_replication for why.',
      ],
    },
    zh: {
      headline: '没有备库可以执行这个读操作，而配置不允许使用主库。',
      causes: ['所有备库都已停机或无法访问。', '在 maxWait 之内，没有备库回放到该读操作必须看到的位置。'],
      actions: [
        '允许主库执行这类读操作：不要设置 cluster.primaryFallback。',
        '降低要求：使用一致性级别“bounded”或“eventual”，或者调大 maxWait。',
        '用 db.topology() 查看备库的延迟，在 sys_stat_replication 中查找原因。',
      ],
    },
  },
  {
    codes: ['KB_SPLIT_BRAIN'],
    en: {
      headline: 'It cannot be told which server is the primary, so nothing is written to any.',
      causes: [
        'A standby was promoted while the former primary still ran, or came back.',
        'Only the former primary can be reached; the one that took its place cannot.',
        'The hosts belong to different clusters.',
      ],
      actions: [
        'Find out which of the servers has the data that counts; the newer timeline usually has.',
        'Stop the other, and make it a standby again (repmgr node rejoin).',
        'Look at the hosts of the configuration.',
      ],
    },
    zh: {
      headline: '无法判断哪台服务器是主库，因此不向任何一台写入。',
      causes: [
        '原主库仍在运行或又恢复时，备库已被提升为主库（脑裂）。',
        '只能访问原主库，不能访问接替它的主库。',
        '配置的主机属于不同的集群。',
      ],
      actions: [
        '确定哪台服务器的数据有效，通常是时间线较新的一台。',
        '停止另一台，并把它重新加入为备库（repmgr node rejoin）。',
        '检查配置中的主机列表。',
      ],
    },
  },
  {
    codes: ['KB_READ_ONLY'],
    en: {
      headline: 'A call that writes was made on a view that is only for reading (db.readOnly).',
      causes: ['batchInsert(), copyFrom(), script() and large objects are not for reading, or may not be.'],
      actions: ['Make the call on the database itself: it goes to the primary.'],
    },
    zh: {
      headline: '在只读视图（db.readOnly）上调用了写操作。',
      causes: ['batchInsert()、copyFrom()、script() 和大对象不是读操作，或者不一定是。'],
      actions: ['在 Database 对象上调用：它会发送到主库。'],
    },
  },
];
