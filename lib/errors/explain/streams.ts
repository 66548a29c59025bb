import type { Topic } from './topic.js';

/** Rows one by one, COPY, large values and large objects. */
export const STREAMS: readonly Topic[] = [
  {
    codes: ['KB_VALUE_TOO_LARGE'],
    shows: ['hint'],
    en: {
      headline: 'A value is larger than can be held or sent at once.',
      causes: [
        'A text is longer than the longest JavaScript string (about 512 MiB of characters in Node.js 20).',
        'The parameters of one statement take more than 1 GiB, which the server does not accept.',
        'The process has too little memory left for it.',
      ],
      actions: [
        'Read and write it in parts: substring(… FROM … FOR …) of a column, or a large object.',
        'Use copyFrom() and copyTo(), which never hold all of the data.',
      ],
    },
    zh: {
      headline: '某个值太大，无法一次容纳或发送。',
      causes: [
        '文本超过 JavaScript 字符串的最大长度（Node.js 20 中约为 512 Mi 个字符）。',
        '一条语句的参数超过 1 GiB，服务器不接受。',
        '进程的剩余内存不足。',
      ],
      actions: [
        '分段读写：对列使用 substring(… FROM … FOR …)，或使用大对象。',
        '使用 copyFrom() 和 copyTo()，它们不会同时持有全部数据。',
      ],
    },
  },
  {
    codes: ['KB_LARGE_OBJECTS_UNSUPPORTED'],
    shows: ['hint'],
    en: {
      headline: 'The server has no functions for large objects, or not all of them.',
      causes: [
        'It is an old version: lo_get and lo_put came with PostgreSQL 9.4.',
        'The functions are in a schema that is not in search_path, or have been dropped.',
      ],
      actions: [
        "Look which there are: SELECT proname FROM pg_proc WHERE proname LIKE 'lo_%' (sys_proc in V8R3).",
        'Store the bytes in a bytea or blob column of a table instead.',
      ],
    },
    zh: {
      headline: '服务器没有大对象函数，或者不完整。',
      causes: [
        '服务器版本较旧：lo_get 和 lo_put 从 PostgreSQL 9.4 开始提供。',
        '这些函数所在的模式不在 search_path 中，或者已被删除。',
      ],
      actions: [
        "查看有哪些函数：SELECT proname FROM pg_proc WHERE proname LIKE 'lo_%'（V8R3 中为 sys_proc）。",
        '改为把字节存入表的 bytea 或 blob 列。',
      ],
    },
  },
];
