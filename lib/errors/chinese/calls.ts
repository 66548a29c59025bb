import type { Pair } from './pair.js';

/** What is said of the arguments of calls: functions, events, names, statements, streams. */
export const CALLS: readonly Pair[] = [
  ['«call» takes a function, and was given «kind».', '«call»需要一个函数，得到的却是«kind»。'],
  [
    'It is called with each notification: (notification) => { … }.',
    '每收到一个通知就调用它：(notification) => { … }。',
  ],
  ['Write db.transaction(async (tx) => { … }).', '请写成 db.transaction(async (tx) => { … })。'],
  ['Write tx.savepoint(async () => { … }).', '请写成 tx.savepoint(async () => { … })。'],
  ['No callback is taken: use the promise that the call gives.', '不接受回调：请使用调用返回的 Promise。'],
  [
    'A script takes no parameters: run each statement by query() or exec().',
    '脚本不接受参数：请用 query() 或 exec() 逐条执行语句。',
  ],
  ['Give it by its name: { signal }.', '请按名称给出：{ signal }。'],
  [
    'Give the property "signal" of an AbortController, or AbortSignal.timeout(ms).',
    '请给出 AbortController 的属性“signal”，或 AbortSignal.timeout(毫秒数)。',
  ],
  ['refuseWaiting() takes an error.', 'refuseWaiting() 接受一个错误。'],
  [
    'disconnect() takes the number of a server process, which is a whole number.',
    'disconnect() 需要服务器进程号，它是一个整数。',
  ],
  ['The address that disconnect() takes must be a string.', 'disconnect() 的地址必须是字符串。'],
  ['More than one server has a process «number»: «list».', '多台服务器有编号为 «number» 的进程：«list»。'],
  [
    'Give disconnect() the address as well, which the events and Connection.address name.',
    '请同时给出 disconnect() 的地址，见各事件和 Connection.address。',
  ],
  ['There is no event "«event»".', '没有事件“«event»”。'],
  ['There is no event "«event»"; did you mean "«meant»"?', '没有事件“«event»”；是否想写“«meant»”？'],
  ['The name of an event must be a string, not «kind».', '事件名必须是字符串，而不是«kind»。'],
  ['The events are «list».', '可用的事件：«list»。'],
  [
    'Nobody has to listen for errors: each rejects the call that it belongs to.',
    '不必监听错误：每个错误都会使它所属的调用失败。',
  ],
  [
    'An idle connection that is lost is replaced; listen for "disconnect" to be told, which has the error, and for "unreachable" to be told that the server is away.',
    '空闲连接意外断开时会被替换；要得知此事请监听“disconnect”（其中有错误），要得知服务器不可达请监听“unreachable”。',
  ],
  [
    'stats() counts the connections in use; the channel kingbase:pool:acquire tells of each that is taken.',
    'stats() 给出使用中的连接数；通道 kingbase:pool:acquire 会告知每一次取走。',
  ],
  [
    'db.listen(channel, handler) gives the notifications of a channel.',
    'db.listen(channel, handler) 给出某个通道的通知。',
  ],
  [
    'A connection that is lost tells its listeners of "close", with the error.',
    '连接意外断开时，会以“close”告知监听者，并带有错误。',
  ],
  [
    'A connection that takes no more calls tells its listeners of "close", with the error if it was lost.',
    '连接不再接受调用时，会以“close”告知监听者；如为意外断开则带有错误。',
  ],
  [
    'Notices are told by the database: db.on("notice", (notice) => { … }).',
    '服务器的提示由 Database 对象告知：db.on("notice", (notice) => { … })。',
  ],
  ['There is no condition "«condition»".', '没有名为“«condition»”的错误条件。'],
  [
    'There is no condition "«condition»"; did you mean "«meant»"?',
    '没有名为“«condition»”的错误条件；是否想写“«meant»”？',
  ],
  ['The name of a condition must be a string, not «kind».', '错误条件的名称必须是字符串，而不是«kind»。'],
  [
    'Conditions have the names of the PostgreSQL manual, such as unique_violation. A SQLSTATE is compared with error.code.',
    '错误条件采用 PostgreSQL 手册中的名称，例如 unique_violation。SQLSTATE 请与 error.code 比较。',
  ],
  [
    'Write release({ discard: true }) to have the session closed.',
    '要关闭该会话，请写 release({ discard: true })。',
  ],
  [
    'Values are given together, in one array: query(sql, [a, b]).',
    '多个值请放在一个数组中给出：query(sql, [a, b])。',
  ],
  ['Give a limit by its name: { timeout: 5_000 }.', '请用名称给出时限：{ timeout: 5_000 }。'],
  ['A savepoint takes a function and nothing else.', '保存点只接受一个函数。'],
  [
    'Its calls take options, and the transaction has a time limit for all of them.',
    '其中的调用可以带选项，事务本身有适用于全部调用的时限。',
  ],
  ["Write metrics.getMeter('…').", "写法：metrics.getMeter('…')。"],
  ['recordMetrics needs a Meter of OpenTelemetry.', 'recordMetrics 需要 OpenTelemetry 的 Meter。'],
  [
    "This database's metrics are being recorded already: stop that first.",
    '该数据库的指标已在记录：请先停止。',
  ],

  // Names.
  ['A name must have at least one part.', '名称至少要有一段。'],
  ['A name must be a string, not «kind».', '名称必须是字符串，而不是«kind»。'],
  [
    'A name must be a string or an array of strings, not «kind».',
    '名称必须是字符串或字符串数组，而不是«kind»。',
  ],
  ['A name must not be empty.', '名称不能为空。'],
  ['A name must not contain a NUL character.', '名称不能包含 NUL 字符。'],
  [
    'A name has at most «most» parts, but "«name»" has «count».',
    '名称最多有 «most» 段，而“«name»”有 «count» 段。',
  ],
  [
    'Give a name that contains a dot in an array: [schema, table].',
    '含有点号的名称请用数组给出：[模式, 表]。',
  ],
  ["A channel's name can have «most» bytes at most.", '通道名最多 «most» 字节。'],

  // Statements.
  ['The statement must be a string, not «kind».', '语句必须是字符串，而不是«kind»。'],
  ['A template has a tag of its own: db.sql`SELECT …`.', '模板有自己的标签：db.sql`SELECT …`。'],
  ['Give its text: buffer.toString().', '请给出其文本：buffer.toString()。'],
  [
    'Give the text and the values as two arguments: query(text, values).',
    '请把文本和值作为两个参数给出：query(text, values)。',
  ],
  ['The statement contains a NUL character, which SQL cannot.', '语句含有 NUL 字符，SQL 中不允许。'],
  ['The command was refused: «words».', '命令被拒绝：«words»。'],
  [
    'COPY FROM STDIN cannot be run as a query: use copyFrom()',
    'COPY FROM STDIN 不能作为查询执行：请使用 copyFrom()',
  ],
  [
    'COPY TO STDOUT cannot be run as a query: use copyTo()',
    'COPY TO STDOUT 不能作为查询执行：请使用 copyTo()',
  ],
  ['The statement has been closed.', '预编译语句已经关闭。'],
  [
    'The statement gave «count» rows, and «call»() takes «wanted».',
    '语句返回了 «count» 行，而 «call»() 要求«wanted»。',
  ],
  ['one row', '恰好一行'],
  ['one row at most', '至多一行'],
  [
    'Make the condition name one row, or take all of them by awaiting the statement.',
    '请用条件限定到一行，或直接 await 该语句以取得所有行。',
  ],

  // Templates.
  ['sql is a tag of templates, and no function to be called.', 'sql 是模板标签，不是可调用的函数。'],
  [
    'Write sql`SELECT …` without parentheses. For a text that is made otherwise there is query().',
    '请写成 sql`SELECT …`，不要加括号。以其他方式得到的文本请用 query()。',
  ],
  ['The text has a $n of its own.', '文本中已有 $n。'],
  [
    "The value number «index» stands inside of a literal, a name or a comment, or beside a digit, or behind a $n of the text's own.",
    '第 «index» 个值位于字面量、名称或注释之内，或紧挨数字，或在文本自身的 $n 之后。',
  ],
  [
    "Write the value without quotes around it; for a name use sql.id(name), for a pattern ${'%' + text + '%'}.",
    "请去掉值两边的引号；名称用 sql.id(name)，模式用 ${'%' + text + '%'}。",
  ],
  ['sql.list() needs an array with at least one value.', 'sql.list() 需要至少含一个值的数组。'],
  ['For any number of values write = ANY (${array}).', '值的个数不定时，请写 = ANY (${array})。'],
  [
    'sql.values() needs at least one row, and rows that are arrays of the same length.',
    'sql.values() 至少需要一行，且各行是长度相同的数组。',
  ],
  ['For many rows use batchInsert().', '行数多时请用 batchInsert()。'],
  ['sql.join() needs an array.', 'sql.join() 需要数组。'],
  ['Give the pieces in an array.', '请用数组给出各片段。'],
  ['The separator of sql.join() must be a piece of SQL.', 'sql.join() 的分隔符必须是 SQL 片段。'],
  ['Write it as a template: sql` AND `.', '请写成模板：sql` AND `。'],
  ['sql.unsafe() needs a string.', 'sql.unsafe() 需要字符串。'],
  ['Write a value as ${value}.', '值请写作 ${value}。'],

  // Streams and large objects.
  [
    'The statement is not «form», which is all that «method»() runs.',
    '该语句不是 «form»，而 «method»() 只执行它。',
  ],
  [
    'The statement is not «form»: the server ran it as «command».',
    '该语句不是 «form»：服务器把它作为 «command» 执行了。',
  ],
  ['Run other statements by query() or exec().', '其他语句请用 query() 或 exec() 执行。'],
  [
    'Run other statements by query() or exec(). A file on the server is not read or written through a stream.',
    '其他语句请用 query() 或 exec() 执行。服务器上的文件不经过流读写。',
  ],
  ['The stream was destroyed.', '流已被销毁。'],
  [
    "A large object's OID must be a whole number from «least» to 2^32 - 1.",
    '大对象的 OID 必须是 «least» 到 2^32 - 1 的整数。',
  ],
  ['The server lacks a function that large objects need: «words».', '服务器缺少大对象所需的函数：«words»。'],
  [
    'Store the bytes in a bytea or blob column of a table instead.',
    '请改为把字节存入表的 bytea 或 blob 列。',
  ],
  ['These rows have been read, or are being read.', '这些行已被读取，或正在读取。'],
  [
    'Call rows() again to run the statement again, or keep what is needed twice in an array.',
    '请再次调用 rows() 以重新执行语句，或把需要使用两次的内容保存在数组中。',
  ],

  // Reading only, and poolers.
  ['«call» is not for reading.', '«call» 不是读操作。'],
  ['Call it on the database itself, which goes to the primary.', '请在 Database 对象上调用，它会发往主库。'],
  [
    '«call» needs «what», which a pooler in «mode» mode does not give.',
    '«call»需要«what»，而处于 «mode» 模式的连接池中间件不提供。',
  ],
  ['a session of its own', '独占的会话'],
  ['one session for several statements', '多条语句使用同一会话'],
  ['A prepared statement outside of a transaction', '事务之外的预编译语句'],
  ['A cursor', '游标'],
  ['A transaction', '事务'],
  ['A batch of more than one statement', '由多条语句组成的批量写入'],
  [
    'Open a second database without the option "pooler", which connects to the server itself.',
    '请再打开一个不带“pooler”选项的 Database，直接连接服务器。',
  ],
];
