import type { Pair } from './pair.js';

/** What is said of sessions, transactions, time limits and lost connections. */
export const SESSIONS: readonly Pair[] = [
  // Losses.
  ['The connection to «address» was lost: «words»', '与 «address» 的连接意外断开：«words»'],
  ['The connection to «address» was lost as soon as it was made.', '与 «address» 的连接刚建立就断开了。'],
  ['The connection to «address» had been lost before.', '与 «address» 的连接在此之前已断开。'],
  [
    'The connection to «address» was closed, because the server had not answered a short command for «limit» ms.',
    '与 «address» 的连接已关闭，因为服务器在 «limit» 毫秒内没有应答一条很短的命令。',
  ],
  [
    'The server or the network is down, or so slow that pool.heartbeatTimeout is too short for them.',
    '服务器或网络已中断，或者慢到 pool.heartbeatTimeout 不够用。',
  ],
  [
    'The server may or may not have carried out the statement: look before running it again.',
    '服务器可能已执行该语句，也可能没有：重新执行之前请先查看。',
  ],
  [
    'Nothing of the statement was sent, so it is safe to run it again.',
    '该语句没有发送任何内容，可以放心地重新执行。',
  ],
  [
    'Check out another connection, and begin again what was done on this one.',
    '请取一个新的连接，并从头重做在该连接上所做的操作。',
  ],
  [
    'See the server log: it ends connections, or is ending itself.',
    '请查看服务器日志：服务器在断开连接，或正在停止。',
  ],
  [
    'the server had not answered what the driver itself had asked it within «limit» ms (pool.heartbeatTimeout)',
    '服务器在 «limit» 毫秒（pool.heartbeatTimeout）内没有应答驱动自己的询问',
  ],
  [
    'what was cancelled had not ended within «limit» ms (pool.heartbeatTimeout)',
    '被取消的操作在 «limit» 毫秒（pool.heartbeatTimeout）内没有结束',
  ],
  ['the answer cannot be right: «what»', '应答不可能正确：«what»'],
  [
    "the server's answer cannot be right: a description was asked for and did not come",
    '服务器的应答不可能正确：要求了描述而没有收到',
  ],
  ["the server's answer was incomplete", '服务器的应答不完整'],
  [
    "the server's answer had more than one result where there is one",
    '服务器的应答有不止一个结果，而此处只能有一个',
  ],
  ['rows came without the end of their statement', '收到了行，却没有语句的结束'],
  ['it ended without a result', '语句结束而没有结果'],
  ['the server sends without end before the session is ready', '会话就绪之前，服务器无休止地发送'],
  ['the replication protocol is not supported', '不支持复制协议'],
  ['the connection was closed by the program', '连接已由程序关闭'],
  ['the connection is closed', '连接已关闭'],
  ['the connection is busy or closed', '连接正忙或已关闭'],
  ['the cancel request could not be sent', '取消请求无法发送'],
  [
    'the library has no multi-row Bind, or not for these parameters',
    '客户端库没有多行 Bind，或不支持这些参数',
  ],
  ['the system cannot wait on another socket', '系统无法再等待更多的套接字'],
  ['it had gone before the command was sent', '命令发送之前连接已不存在'],
  ['given up', '已放弃'],
  ['out of memory', '内存不足'],
  ['the program closed it', '程序关闭了它'],
  ['a cancel request would have gone in clear text (tls.cancel)', '取消请求将以明文发送（tls.cancel）'],
  ['the server had refused what the driver itself asked: «what»', '服务器拒绝了驱动自己发出的命令：«what»'],
  ['a setting that the driver reads values by could not be set back', '驱动读取值所依据的设置无法恢复'],
  ['its BEGIN could not be undone', '它的 BEGIN 无法撤销'],
  ['its place was needed for a connection to another server', '它的位置要让给与另一台服务器的连接'],
  ['other connections were found dead', '发现其他连接已断开'],
  ['the pool was made smaller', '连接池被调小'],
  ['it had reached its lifetime', '它已到使用期限'],
  ['it was idle for too long', '它空闲过久'],
  ['the database was closed', 'Database 已关闭'],
  ['its transaction could not be rolled back', '它的事务无法回滚'],
  ['its server takes no writes any more', '它的服务器不再接受写入'],
  ['the server said «code»', '服务器报告了 «code»'],
  [
    'The system does not give what the connection to «address» needs: «words».',
    '系统没有提供与 «address» 的连接所需的资源：«words»。',
  ],
  [
    'Look at the limits of descriptors and threads (ulimit -n, ulimit -u, the container); the next call tries again.',
    '请检查文件描述符和线程的上限（ulimit -n、ulimit -u、容器）；下一次调用会再试。',
  ],
  [
    'There is no memory for what was sent to or came from «address»: «words».',
    '内存不足以容纳发往或来自 «address» 的内容：«words»。',
  ],
  [
    'Read large results in parts, by rows() or copyTo(), or give the process more memory.',
    '请用 rows() 或 copyTo() 分段读取大结果，或给进程更多内存。',
  ],
  [
    'What came from «address» is not what the protocol has, and the connection was closed: «words».',
    '来自 «address» 的内容不符合协议，连接已关闭：«words»。',
  ],
  [
    'See what stands between: a proxy, or a server of another product.',
    '请检查中间有什么：代理，或其他产品的服务器。',
  ],

  // Sessions of the program.
  ['The connection has been closed.', '连接已关闭。'],
  ['The connection has been released and takes no more calls.', '连接已归还，不再接受调用。'],
  ['A transaction is open on this connection.', '该连接上有打开的事务。'],
  [
    'Make the call on the transaction. For a transaction inside of it, use its savepoint().',
    '请在事务对象上执行调用。需要嵌套事务时，使用它的 savepoint()。',
  ],
  ['The transaction has already been committed or rolled back.', '事务已经提交或回滚。'],
  [
    'A statement of the program has ended the transaction: what is called on it now would be outside of it.',
    '程序的某条语句已经结束了该事务：此后的调用将不在事务之内。',
  ],
  [
    'Leave COMMIT and ROLLBACK to commit(), rollback() and the end of the function. A script with a BEGIN of its own is run on a connection.',
    'COMMIT 和 ROLLBACK 请交给 commit()、rollback() 和回调函数的结束来完成。自带 BEGIN 的脚本请在 db.connect() 取得的连接上执行。',
  ],
  [
    'The transaction was rolled back instead of committed, because a statement in it had failed.',
    '事务没有提交而是回滚了，因为其中有语句失败。',
  ],
  [
    'Do not go on after an error in a transaction, or put what may fail into a savepoint.',
    '事务中出错后不要继续；或把可能失败的操作放进保存点。',
  ],
  [
    'The connection was lost at COMMIT, and the server says that the transaction was undone.',
    '连接在 COMMIT 时断开，服务器表明该事务已撤销。',
  ],
  ['Run the transaction again from its start.', '请从头重新执行该事务。'],
  [
    'The call has waited for the end of a savepoint, in which nothing has happened for «limit» ms.',
    '该调用一直在等待保存点结束，而该保存点内已有 «limit» 毫秒没有任何进展。',
  ],
  [
    'The function of savepoint() must not wait for a call that is made outside of it. A call that is made inside is known by its asynchronous context, which a queue of callbacks can lose: see AsyncResource.bind().',
    'savepoint() 的函数不能等待其外部发出的调用。内部发出的调用靠异步上下文识别，而回调队列可能丢失上下文：参见 AsyncResource.bind()。',
  ],
  [
    'The call has waited for rows() on the same connection, which the program has not read on for «limit» ms.',
    '该调用一直在等待同一连接上的 rows()，而程序已有 «limit» 毫秒没有继续读取。',
  ],
  [
    'Do not await a call on the connection inside the loop over its rows: make it on the database, which takes another connection, or after the loop, or read all rows at once with query().',
    '不要在遍历行的循环内 await 同一连接上的调用：请在 Database 对象上执行（它会使用另一个连接），或在循环之后执行，或用 query() 一次读取所有行。',
  ],
  [
    'The call has waited for a COPY on the same connection, which the program has not gone on with for «limit» ms.',
    '该调用一直在等待同一连接上的 COPY，而程序已有 «limit» 毫秒没有继续。',
  ],
  [
    'End or destroy the stream before the next call on its connection, or make the call on the database.',
    '在该连接上执行下一个调用之前，请结束或销毁流，或在 Database 对象上执行调用。',
  ],
  [
    'The connection was released, or the transaction was ended, before all of its rows had been read.',
    '行尚未读完，连接就已归还，或事务就已结束。',
  ],
  [
    'Read the rows to the end or close() them before the connection is released or the transaction ends.',
    '在归还连接或结束事务之前，请读完所有行或用 close() 关闭。',
  ],

  // Time limits.
  ['The statement took longer than its limit of «timeout» ms.', '语句超过了 «timeout» 毫秒的时限。'],
  [
    'Give it a longer timeout, or find out with EXPLAIN what takes the time.',
    '请增大时限，或用 EXPLAIN 找出耗时之处。',
  ],
  [
    'Checking out a connection took longer than its limit of «timeout» ms.',
    '取连接超过了 «timeout» 毫秒的时限。',
  ],
  [
    'The server has not answered the first command on the connection: see whether it can be reached.',
    '服务器没有应答该连接上的第一条命令：请检查服务器是否可达。',
  ],
  [
    'The transaction took longer than its limit of «timeout» ms and was rolled back.',
    '事务超过了 «timeout» 毫秒的时限，已回滚。',
  ],
  [
    'The commit got no answer within its limit of «timeout» ms.',
    '提交在 «timeout» 毫秒的时限内没有得到应答。',
  ],
  [
    'The commit took longer than its limit of «timeout» ms, and the transaction was rolled back.',
    '提交超过了 «timeout» 毫秒的时限，事务已回滚。',
  ],
  [
    'The server may or may not have committed: look before running the transaction again.',
    '服务器可能已提交，也可能没有：重新执行事务之前请先查看。',
  ],
  ['Give commit() or the transaction a longer timeout.', '请为 commit() 或事务设置更长的时限。'],
  ['The batch took longer than its limit of «timeout» ms.', '批量写入超过了 «timeout» 毫秒的时限。'],
  ['Give it a longer timeout.', '请增大时限。'],
  [
    'The server did not listen within the limit of «timeout» ms.',
    '服务器在 «timeout» 毫秒的时限内没有完成 LISTEN。',
  ],
  [
    'The call was not sent: its limit of «timeout» ms passed while it waited for «what»: «words». The last attempt said: «last»',
    '调用没有发送：等待«what»时超过了 «timeout» 毫秒的时限：«words»。最近一次尝试的结果：«last»',
  ],
  [
    'The call was not sent: its limit of «timeout» ms passed while it waited for «what»: «words».',
    '调用没有发送：等待«what»时超过了 «timeout» 毫秒的时限：«words»。',
  ],
  ['its turn', '轮到它'],
  ['a connection («count» waiting)', '连接（共 «count» 个在等待）'],
  ['other calls on its connection had not ended', '该连接上的其他调用尚未结束'],
  [
    'Give it a longer timeout, or make it on the database, which takes another connection.',
    '请增大时限，或在 Database 对象上执行（它会使用另一个连接）。',
  ],

  // What the driver adds to the server's own errors.
  [
    'A Buffer is sent in the binary form of the type. Give JSON as a string or an object.',
    'Buffer 以该类型的二进制形式发送。JSON 请以字符串或对象给出。',
  ],
  [
    'A boolean is sent as true or false. For a column of numbers give Number(value), which is 1 or 0.',
    '布尔值以 true 或 false 发送。数值列请给出 Number(value)，即 1 或 0。',
  ],
  [
    'A script cannot hold the rows of COPY … FROM STDIN. Send them by copyFrom(), or write the dump with --inserts.',
    '脚本中不能包含 COPY … FROM STDIN 的数据行。请用 copyFrom() 发送，或在导出时使用 --inserts。',
  ],
  [
    'COPY takes no parameters: write numbers and texts into the statement, texts by a function that quotes them, or read the rows by rows().',
    'COPY 不接受参数：请把数字和文本写入语句（文本须用函数加引号），或改用 rows() 读取行。',
  ],
  [
    'A placeholder such as :name has its value in an object: query(sql, { name: value }).',
    ':name 形式的占位符从对象中取值：query(sql, { name: value })。',
  ],
  [
    'Only a value can be a parameter: a name is quoted by quoteIdentifier(), and a type is written behind it, as in $1::interval.',
    '只有值可以作为参数：名称请用 quoteIdentifier() 加引号，类型写在参数之后，例如 $1::interval。',
  ],
  [
    'A placeholder ? has its value in an array: query(sql, [value]).',
    '占位符 ? 从数组中取值：query(sql, [value])。',
  ],
  [
    'The placeholders of a statement are of one kind: $1, $2, … or ?.',
    '一条语句只能使用一种占位符：$1、$2……或 ?。',
  ],
  [
    'The number of values differs from that of the placeholders ($1, $2, …). One that stands in quotes is text and no placeholder.',
    '值的个数与占位符（$1、$2……）的个数不同。引号内的内容是文本，不是占位符。',
  ],
  [
    'The number of values differs from that of the placeholders ($1, $2, …).',
    '值的个数与占位符（$1、$2……）的个数不同。',
  ],
  [
    'A string and a Date are taken for the text of JSON: give JSON.stringify(value) where one is to be a value in JSON.',
    '字符串和 Date 会被当作 JSON 文本：要作为 JSON 中的一个值，请传 JSON.stringify(value)。',
  ],
  [
    'An object is one value, which is sent as JSON: give one of its properties.',
    '对象是一个值，以 JSON 发送：请传入它的某个属性。',
  ],
  [
    'An array is one value: for a list write = ANY ($1) in place of IN ($1).',
    '数组是一个值：传入列表请写 = ANY ($1)，不要写 IN ($1)。',
  ],
  ['The server reported an error without a message.', '服务器报告了一个没有消息的错误。'],
];
