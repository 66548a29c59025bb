import type { Topic } from './topic.js';

/** What ran out on this machine, and answers that no server gives. */
export const RESOURCES: readonly Topic[] = [
  {
    codes: ['KB_OUT_OF_MEMORY'],
    explainsCause: true,
    shows: ['hint'],
    en: {
      headline: 'There was not enough memory for what the server sent or for what was to be sent.',
      causes: [
        'A result of many rows was read as a whole: query() keeps all of them.',
        'A single value is very large, or many large results are read at the same time.',
        'The limit of the container or of the process (ulimit -v) is low.',
      ],
      actions: [
        'Read large results by rows(), and large values in parts: substring(), COPY, large objects.',
        'Lower pool.max, or raise the memory limit of the container.',
        'Where "outcome" is "unknown", look whether the statement took effect before running it again.',
      ],
    },
    zh: {
      headline: '内存不足，无法容纳服务器返回的数据或要发送的数据。',
      causes: [
        '一次性读取了行数很多的结果：query() 会把所有行保留在内存中。',
        '单个值非常大，或同时读取了多个大结果。',
        '容器或进程的内存上限（ulimit -v）过低。',
      ],
      actions: [
        '大结果用 rows() 读取；大的值分段读取：substring()、COPY、大对象。',
        '减小 pool.max，或提高容器的内存上限。',
        '“outcome”为“unknown”时，先确认语句是否已生效，再决定是否重新执行。',
      ],
    },
  },
  {
    codes: ['KB_PROTOCOL'],
    explainsCause: true,
    shows: ['hint'],
    en: {
      headline: 'The answer cannot be right, so the connection was closed.',
      causes: [
        'Something between the program and the server changes or cuts the data: a proxy, a pooler, a gateway.',
        'What answers at this address is not a KingbaseES server.',
        'A server sends without end before the login is over, or server or client library has a fault.',
      ],
      actions: [
        'Look whether the statement took effect before running it again: that is not known here.',
        'Connect to the server directly, without the proxy, and compare.',
        'Report the versions of server and client library with the message: db.serverInfo(), db.clientLibrary().',
      ],
    },
    zh: {
      headline: '收到的应答不可能正确，连接已关闭。',
      causes: [
        '程序与服务器之间有设备改写或截断了数据：代理、连接池中间件、网关。',
        '该地址上应答的不是 KingbaseES 服务器。',
        '服务器在登录结束之前不停地发送消息，或者服务器、客户端库有缺陷。',
      ],
      actions: [
        '先确认语句是否已生效，再决定是否重新执行：此处无从得知。',
        '绕过代理直接连接服务器，对比结果。',
        '反馈问题时请附上错误信息以及服务器和客户端库的版本：db.serverInfo()、db.clientLibrary()。',
      ],
    },
  },
  {
    codes: ['KB_RESOURCES'],
    explainsCause: true,
    shows: ['hint'],
    en: {
      headline: 'The system has no thread or no file descriptor left for a connection.',
      causes: [
        'The process has many open files and sockets: "ulimit -n" is the limit.',
        'The container allows few processes and threads (pids limit, "ulimit -u").',
        'Connections, files or sockets are opened and never closed.',
      ],
      actions: [
        'Raise the limit: LimitNOFILE and TasksMax in systemd, --ulimit and --pids-limit in Docker.',
        'Look what is open: "ls /proc/<pid>/fd | wc -l".',
        'Make one database per process and close it when it is no longer needed; lower pool.max.',
        'Then call again: the driver does not remember the failure.',
      ],
    },
    zh: {
      headline: '系统没有可用于连接的线程或文件描述符。',
      causes: [
        '进程打开的文件和套接字过多：上限由“ulimit -n”决定。',
        '容器允许的进程数和线程数过少（pids 限制、“ulimit -u”）。',
        '连接、文件或套接字打开后从未关闭。',
      ],
      actions: [
        '提高上限：systemd 的 LimitNOFILE 和 TasksMax，Docker 的 --ulimit 和 --pids-limit。',
        '查看已打开的文件数：“ls /proc/<pid>/fd | wc -l”。',
        '每个进程只创建一个 Database，不再使用时关闭；减小 pool.max。',
        '然后重新调用：驱动不会记住这次失败。',
      ],
    },
  },
];
