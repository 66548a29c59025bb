import type { Topic } from './topic.js';

/** Rows one by one, COPY, large values and large objects. */
export const STREAMS: readonly Topic[] = [
  {
    codes: ['KB_ROWS_OPEN'],
    shows: ['hint'],
    en: {
      headline: 'A call waited for rows on the same connection that the program did not read on.',
      causes: [
        'The call is awaited inside the loop over the rows, so that each waits for the other.',
        'The rows were left half-read: an iterator that was neither read to its end nor closed.',
        'The body of the loop takes long, and another part of the program uses the same connection.',
      ],
      actions: [
        'Make calls inside the loop on the database, which takes another connection for them.',
        'Collect what is needed and make the call after the loop, or use query() for a result that fits into memory.',
        'Leave the loop by "break" or "return", or close() the rows.',
      ],
    },
    zh: {
      headline: '某个调用等待同一连接上的结果行，而程序没有继续读取这些行。',
      causes: [
        '在遍历结果行的循环内 await 了该调用，于是双方互相等待。',
        '结果行只读了一半：迭代器既没有读完，也没有关闭。',
        '循环体耗时较长，而程序的其他部分使用了同一连接。',
      ],
      actions: [
        '循环内的调用请在 Database 对象上执行，它会使用另一个连接。',
        '先收集所需数据，循环结束后再调用；结果不大时可使用 query()。',
        '用“break”或“return”离开循环，或对结果行调用 close()。',
      ],
    },
  },
  {
    codes: ['KB_ROWS_TAKEN'],
    shows: ['hint'],
    en: {
      headline: 'The rows of one call were read a second time.',
      causes: ['rows() gives its rows once, as they come from the server; they are not kept.'],
      actions: ['Call rows() again, which runs the statement again, or use query(), which gives an array.'],
    },
    zh: {
      headline: '同一次调用的结果行被读取了两次。',
      causes: ['rows() 边接收边返回结果行，每行只返回一次，不会缓存。'],
      actions: ['再次调用 rows()（语句会重新执行），或使用返回数组的 query()。'],
    },
  },
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
    codes: ['KB_VALUE_UNREADABLE'],
    shows: ['hint'],
    en: {
      headline: 'The server sent a value in a binary form that the driver does not know.',
      causes: [
        'The server writes one of the types in another way than PostgreSQL 12 does.',
        'Something between the driver and the server has changed the data.',
      ],
      actions: [
        'Open the database with binaryResults: false: all values then come as text.',
        'The statement itself was carried out: look before running it again if it writes.',
      ],
    },
    zh: {
      headline: '服务器以驱动程序不认识的二进制形式发送了某个值。',
      causes: [
        '服务器对某种类型的二进制写法与 PostgreSQL 12 不同。',
        '驱动程序与服务器之间的某个环节改动了数据。',
      ],
      actions: [
        '打开数据库时设置 binaryResults: false，所有值将以文本形式传送。',
        '语句本身已经执行：如果它会写入数据，请先核实再重新执行。',
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
