import type { Topic } from './topic.js';

/** Connections that were made and then lost. */
export const LOSS: readonly Topic[] = [
  {
    codes: ['KB_CONNECTION_LOST'],
    when: ({ outcome }) => outcome === 'not-sent',
    explainsCause: true,
    en: {
      headline:
        'The connection was lost before anything of the statement was sent: the server did not run it.',
      causes: [
        'The server was restarted, or a failover took place.',
        'A firewall, NAT or load balancer dropped the connection after it had been idle.',
        'An administrator or a limit of the server ended the session.',
      ],
      actions: [
        'Running the statement again is safe, outside of a transaction; inside of one begin it anew.',
        'If it happens after idle times, set idleTimeout of the pool below the limit of the firewall.',
      ],
    },
    zh: {
      headline: '连接在语句发送之前断开：服务器没有执行该语句。',
      causes: [
        '服务器被重启，或发生了主备切换。',
        '防火墙、NAT 或负载均衡断开了长时间空闲的连接。',
        '会话被管理员终止，或触发了服务器的限制。',
      ],
      actions: [
        '不在事务中时，重新执行该语句是安全的；在事务中则须从头开始事务。',
        '如果发生在空闲之后，请把连接池的 idleTimeout 设得比防火墙的时限短。',
      ],
    },
  },
  {
    codes: ['KB_CONNECTION_LOST'],
    explainsCause: true,
    en: {
      headline:
        'The connection was lost after the statement was sent: whether the server carried it out is unknown.',
      causes: [
        'The server was restarted or crashed, or a failover took place.',
        'An administrator ended the session, or the system killed its process (out of memory).',
        'The network failed, or a firewall dropped the connection during a long statement.',
      ],
      actions: [
        'Look whether the change is there before running the statement again; reading can be repeated.',
        'If it was inside a transaction without COMMIT, nothing of it remains: begin it anew.',
        'Make such statements repeatable: a key of your own, or INSERT … ON CONFLICT DO NOTHING.',
        'Read the server log at that time for the reason.',
      ],
    },
    zh: {
      headline: '连接在语句发送之后断开：服务器是否已执行该语句无法确定。',
      causes: [
        '服务器重启、崩溃，或发生了主备切换。',
        '会话被管理员终止，或其进程被系统杀死（内存不足）。',
        '网络故障，或防火墙在长时间执行的语句中途断开了连接。',
      ],
      actions: [
        '重新执行前，先检查改动是否已生效；只读语句可以直接重试。',
        '如果处于尚未 COMMIT 的事务中，则其改动全部没有保留：从头开始事务。',
        '让这类语句可以重复执行：使用自己的键，或 INSERT … ON CONFLICT DO NOTHING。',
        '查看当时的服务器日志，确认原因。',
      ],
    },
  },
  {
    codes: ['57P01'],
    en: {
      headline: 'The server ended the session at the command of an administrator.',
      causes: [
        'The server is stopped or restarted (fast), or a failover is under way.',
        'Somebody ended this session with sys_terminate_backend().',
        'The database is being dropped or moved by force.',
      ],
      actions: [
        'Connect again; the pool does so by itself. A transaction has to begin anew.',
        'Ask the administrator, or read the server log, if it was not expected.',
      ],
    },
    zh: {
      headline: '服务器按管理员的命令终止了该会话。',
      causes: [
        '服务器正在停止或重启（fast 模式），或正在进行主备切换。',
        '有人用 sys_terminate_backend() 终止了该会话。',
        '数据库正被强制删除或移动。',
      ],
      actions: [
        '重新连接；连接池会自动完成。事务须从头开始。',
        '如果不在预期之内，请联系管理员或查看服务器日志。',
      ],
    },
  },
  {
    codes: ['57P02'],
    en: {
      headline:
        'The server ended all sessions because one of its processes crashed or it was stopped at once.',
      causes: [
        'Another session crashed, or the system killed it for want of memory.',
        'The server was stopped in mode "immediate".',
      ],
      actions: [
        'Wait until it has recovered, and begin open transactions anew.',
        'Read the server log for the process that crashed; report a repeated crash to the vendor.',
        'Check the memory of the machine (dmesg shows what the system killed).',
      ],
    },
    zh: {
      headline: '由于服务器的某个进程崩溃，或服务器被立即停止，所有会话均被终止。',
      causes: ['另一会话崩溃，或因内存不足被系统杀死。', '服务器以“immediate”模式停止。'],
      actions: [
        '等待服务器恢复，未完成的事务须从头开始。',
        '在服务器日志中查找崩溃的进程；反复崩溃请向厂商报告。',
        '检查机器内存（dmesg 可查看被系统杀死的进程）。',
      ],
    },
  },
  {
    codes: ['57P04'],
    en: {
      headline: 'The database of this session was dropped.',
      causes: ['Somebody dropped the database while it was in use, for instance a test run or a deployment.'],
      actions: ['Check which database is meant, and make or restore it before connecting again.'],
    },
    zh: {
      headline: '该会话所在的数据库已被删除。',
      causes: ['有人在使用期间删除了数据库，例如测试或部署过程。'],
      actions: ['确认应使用哪个数据库，重新创建或恢复后再连接。'],
    },
  },
  {
    codes: ['08P01'],
    shows: ['hint'],
    en: {
      headline:
        'The number of parameters does not fit the placeholders, or a message does not fit the protocol.',
      causes: [
        'The number of parameters differs from the number of placeholders.',
        'The client library is of another version than the server.',
        'A proxy or pooler between them changes messages, or cannot handle prepared statements.',
      ],
      actions: [
        'Count the parameters of the statement.',
        "Use the client library of the server's version (KINGBASE_CLIENT_LIBRARY).",
        'Behind a pooler in transaction or statement mode say so by the option "pooler".',
      ],
    },
    zh: {
      headline: '参数个数与占位符不符，或消息不符合协议。',
      causes: [
        '参数个数与占位符个数不符。',
        '客户端库的版本与服务器不同。',
        '中间的代理或连接池中间件改动了消息，或不支持预编译语句。',
      ],
      actions: [
        '核对语句的参数个数。',
        '使用与服务器版本一致的客户端库 libkci（KINGBASE_CLIENT_LIBRARY）。',
        '如果经过事务级或语句级的连接池中间件，请用“pooler”选项说明。',
      ],
    },
  },
  {
    codes: ['08'],
    en: {
      headline: 'A connection failed: that of the session, or one that the server made itself.',
      causes: [
        'The network or the other side broke off.',
        'The server could not reach another server (dblink, foreign tables, replication).',
      ],
      actions: [
        'If the connection of this program was lost, look whether the statement was carried out.',
        'If the server connects elsewhere, check its settings and the way from the server to there.',
      ],
    },
    zh: {
      headline: '连接失败：可能是本会话的连接，也可能是服务器对外建立的连接。',
      causes: ['网络或对端中断了连接。', '服务器无法连接另一台服务器（dblink、外部表、复制）。'],
      actions: [
        '如果是本程序的连接断开，请检查语句是否已执行。',
        '如果是服务器连接其他服务器，请检查其配置以及服务器到目标的网络。',
      ],
    },
  },
];
