import type { Topic } from './topic.js';

/** Mistakes in the use of this package. The error's own message and hint are exact, so little is to be added. */
export const USAGE: readonly Topic[] = [
  {
    codes: ['KB_BAD_OPTION'],
    shows: ['hint'],
    en: {
      headline: 'An option of the configuration or of a call cannot be used as it was given.',
      causes: [
        'Its name is misspelled, or its value is of the wrong kind or out of range.',
        'An environment variable (KINGBASE_…) or the connection string supplies it, not the code.',
        'A special character in a URL is not percent-encoded, so that the parts were cut wrongly.',
      ],
      actions: [
        'Correct the option that the message names.',
        'Where it is not in the code, look at the environment: "env | grep KINGBASE".',
      ],
    },
    zh: {
      headline: '配置或调用的某个选项无法使用。',
      causes: [
        '选项名拼写有误，或者值的类型不对、超出范围。',
        '该选项不是来自代码，而是来自环境变量（KINGBASE_…）或连接串。',
        'URL 中的特殊字符没有做百分号编码，导致各部分切分错误。',
      ],
      actions: [
        '改正错误信息中指出的选项。',
        '如果代码中没有该选项，请检查环境变量：“env | grep KINGBASE”。',
      ],
    },
  },
  {
    codes: ['KB_OPTION_UNSUPPORTED'],
    shows: ['hint'],
    en: {
      headline: 'The loaded client library does not know an option that must not be left out silently.',
      causes: ['The library is older than the option.', 'Another library was loaded than meant.'],
      actions: [
        'See which one is loaded: db.clientLibrary() gives path and version.',
        'Load a newer libkci (KINGBASE_CLIENT_LIBRARY), or leave the option out.',
      ],
    },
    zh: {
      headline: '加载的客户端库不支持某个选项，而该选项不能悄悄忽略。',
      causes: ['客户端库比该选项更旧。', '加载的不是预期的客户端库。'],
      actions: [
        '查看实际加载的库：db.clientLibrary() 给出路径和版本。',
        '加载较新的 libkci（KINGBASE_CLIENT_LIBRARY），或者去掉该选项。',
      ],
    },
  },
  {
    codes: ['KB_BAD_PARAMETER'],
    text: {
      en: /placeholder|^The parameters (?:are|do)|has the parameter/,
      zh: /placeholder|^The parameters (?:are|do)|has the parameter/,
    },
    shows: ['hint'],
    en: {
      headline: 'The values do not fit the placeholders of the statement; nothing was sent.',
      causes: [
        'A value is missing or one too many, or its name is misspelled.',
        'An array is for $1, $2, … or ?, an object for :name: the statement has placeholders of the other kind.',
        'A placeholder stands in quotes, where it is text.',
      ],
      actions: [
        'Give as many values as there are placeholders: query(sql, [a, b]), or query(sql, { name: a }).',
        "Write no quotes around a placeholder; for a pattern: LIKE '%' || $1 || '%'.",
        'Give options behind the values: query(sql, [], { timeout: 5_000 }).',
      ],
    },
    zh: {
      headline: '给出的值与语句中的占位符不符；没有发送任何内容。',
      causes: [
        '值缺少或多余，或者名称拼写有误。',
        '数组对应 $1、$2……或 ?，对象对应 :name：语句使用的是另一种占位符。',
        '占位符写在了引号内，成了文本。',
      ],
      actions: [
        '值的个数应与占位符相同：query(sql, [a, b])，或 query(sql, { name: a })。',
        "占位符两边不要加引号；模式请写作 LIKE '%' || $1 || '%'。",
        '选项写在值之后：query(sql, [], { timeout: 5_000 })。',
      ],
    },
  },
  {
    codes: ['KB_BAD_PARAMETER'],
    shows: ['hint'],
    en: {
      headline: 'A parameter or an argument of the call cannot be used; nothing was sent.',
      causes: [
        'Its value has no form in SQL: a function, a symbol, an invalid Date, text with a NUL character.',
        'The parameters are not given as a list, or not in the order of $1, $2, …',
        'The call takes a function or the name of an event, and was given something else.',
      ],
      actions: [
        'Convert the value before the call; null stands for SQL NULL.',
        'Give an object with values of its own the method [Symbol.for("kingbase.value")]().',
      ],
    },
    zh: {
      headline: '某个语句参数或调用的实参无法使用；没有发送任何内容。',
      causes: [
        '其值在 SQL 中没有对应形式：函数、Symbol、无效的 Date、含 NUL 字符的文本。',
        '参数不是以数组给出，或没有按 $1、$2……的顺序给出。',
        '该调用需要一个函数或事件名，得到的却是别的东西。',
      ],
      actions: [
        '在调用之前转换该值；null 表示 SQL 的 NULL。',
        '自定义对象可提供 [Symbol.for("kingbase.value")]() 方法。',
      ],
    },
  },
  {
    codes: ['KB_BAD_STATEMENT'],
    shows: ['hint'],
    en: {
      headline: 'What was given as the statement cannot be sent; nothing was sent.',
      causes: [
        'It is no string: an object with text and values, as other drivers take it, or a template without db.sql before it.',
        'It contains a NUL character, from binary data or a broken file perhaps.',
      ],
      actions: [
        'Give text and values as two arguments: query(text, values); or write db.sql`SELECT …`.',
        'Pass data as parameters instead of writing them into the text.',
        'Use bytea for binary data.',
      ],
    },
    zh: {
      headline: '作为语句给出的内容无法发送；没有发送任何内容。',
      causes: [
        '它不是字符串：例如其他驱动使用的含 text 和 values 的对象，或前面没有 db.sql 的模板。',
        '其中含有 NUL 字符，可能来自二进制数据或损坏的文件。',
      ],
      actions: [
        '把文本和值作为两个参数给出：query(text, values)；或写 db.sql`SELECT …`。',
        '用参数传递数据，不要拼写在语句文本中。',
        '二进制数据使用 bytea 类型。',
      ],
    },
  },
  {
    codes: ['KB_BAD_IDENTIFIER'],
    shows: ['hint'],
    en: {
      headline: 'The name of a table or column cannot be written in SQL.',
      causes: [
        'The name is empty or undefined, or contains a NUL character.',
        'It has more parts than database, schema and table: a name that contains a dot was given as one string.',
      ],
      actions: ["Give a name that contains a dot as an array of its parts: ['public', 'sales.2024']."],
    },
    zh: {
      headline: '表名或列名无法写成 SQL。',
      causes: [
        '名称为空或 undefined，或者含有 NUL 字符。',
        '名称超过“数据库.模式.表”三段：名称本身含有点号，却作为一个字符串传入。',
      ],
      actions: ["含有点号的名称，请以数组给出各部分：['public', 'sales.2024']。"],
    },
  },
  {
    codes: ['KB_NOT_COPY'],
    shows: ['hint'],
    en: {
      headline: 'The statement is not a COPY in the direction that was asked for.',
      causes: [
        'copyFrom() was given something else than COPY … FROM STDIN, or copyTo() something else than COPY … TO STDOUT.',
        'COPY names a file: then the server reads or writes that file itself.',
      ],
      actions: ['Write COPY … FROM STDIN or COPY … TO STDOUT.', 'Run other statements by query() or exec().'],
    },
    zh: {
      headline: '该语句不是所要求方向的 COPY。',
      causes: [
        'copyFrom() 收到的不是 COPY … FROM STDIN，或 copyTo() 收到的不是 COPY … TO STDOUT。',
        'COPY 指定了文件：此时由服务器自己读写该文件。',
      ],
      actions: ['请写成 COPY … FROM STDIN 或 COPY … TO STDOUT。', '其他语句请用 query() 或 exec() 执行。'],
    },
  },
  {
    codes: ['KB_COMMAND_REFUSED'],
    shows: ['hint'],
    en: {
      headline: 'The client library refused the command before it reached the server.',
      causes: [
        'It has more parameters than the protocol allows (65535).',
        'COPY was run as a query.',
        'The library lacks the function that the command needs.',
      ],
      actions: [
        'Divide the values into several statements, or use batchInsert or COPY.',
        'Use the methods made for COPY.',
      ],
    },
    zh: {
      headline: '命令在到达服务器之前被客户端库拒绝。',
      causes: [
        '参数个数超过协议允许的上限（65535）。',
        '把 COPY 当作查询执行。',
        '客户端库缺少该命令所需的函数。',
      ],
      actions: ['把数据拆分到多条语句，或使用 batchInsert 或 COPY。', '使用专门的 COPY 方法。'],
    },
  },
  {
    codes: ['KB_VALUE_NOT_EXACT'],
    en: {
      headline: 'A value of the result has no exact JavaScript number, and numbers were asked for.',
      causes: ['An int8 lies beyond 2^53; int8: "number" is set for this database or call.'],
      actions: ['Read it with types: { int8: "bigint" } or "string".'],
    },
    zh: {
      headline: '结果中的某个值无法精确表示为 JavaScript 数字，而设置要求返回数字。',
      causes: ['int8 值超出 2^53，而该数据库或该调用设置了 int8: "number"。'],
      actions: ['用 types: { int8: "bigint" } 或 "string" 读取。'],
    },
  },
  {
    codes: ['KB_CONNECTION_RELEASED'],
    en: {
      headline: 'The connection was used after it had been given back or closed.',
      causes: [
        'A call was not awaited, and ran after "await using", close() or the end of a callback.',
        'The connection is kept in a variable that outlives its use.',
      ],
      actions: [
        'Await every call before the connection is released.',
        'Take a new one with db.connect(), or call the database itself, which takes one for each call.',
      ],
    },
    zh: {
      headline: '连接在归还或关闭之后仍被使用。',
      causes: [
        '某个调用没有 await，在“await using”代码块、close() 或回调结束之后才执行。',
        '保存连接的变量比连接的使用期更长。',
      ],
      actions: [
        '归还连接之前，await 所有调用。',
        '用 db.connect() 取得新的连接，或直接在 Database 对象上调用。',
      ],
    },
  },
  {
    codes: ['KB_TRANSACTION_DONE'],
    en: {
      headline: 'The transaction was used after it had been committed or rolled back.',
      causes: [
        'A call in the callback was not awaited, and ran after the callback had returned.',
        'commit() or rollback() was called twice, or the transaction is kept in a variable that outlives it.',
        'A statement or a script that was run on it has COMMIT or ROLLBACK in it.',
      ],
      actions: [
        'Await every call before the callback returns or the transaction is ended.',
        'Begin a new transaction for what is to be done next.',
      ],
    },
    zh: {
      headline: '事务在提交或回滚之后仍被使用。',
      causes: [
        '回调中的某个调用没有 await，在回调返回之后才执行。',
        'commit() 或 rollback() 被调用了两次，或者保存事务的变量比事务存在得更久。',
        '在事务上执行的语句或脚本中含有 COMMIT 或 ROLLBACK。',
      ],
      actions: ['在回调返回或事务结束之前，await 所有调用。', '后续操作请开始新的事务。'],
    },
  },
  {
    codes: ['KB_TRANSACTION_ROLLED_BACK'],
    en: {
      headline:
        'The transaction was to be committed, but the server rolled it back, because a statement in it had failed.',
      causes: [
        'The error of a statement was caught inside the transaction, and the transaction went on to its commit.',
        'The promise of a failed statement was never looked at.',
      ],
      actions: [
        'Let errors leave the callback of transaction(): it then rolls back and rejects with the error itself.',
        'Put what may fail into transaction.savepoint(), after which the transaction can go on.',
      ],
    },
    zh: {
      headline: '事务本应提交，但由于其中有语句执行失败，服务器已将其回滚。',
      causes: ['语句的错误在事务内部被捕获，事务继续执行直到提交。', '失败语句的 Promise 从未被检查。'],
      actions: [
        '让错误从 transaction() 的回调中抛出：事务会回滚，await 处会收到同一个错误。',
        '把可能失败的操作放进 transaction.savepoint()，之后事务仍可继续。',
      ],
    },
  },
  {
    codes: ['KB_TRANSACTION_OPEN'],
    shows: ['hint'],
    en: {
      headline:
        'A call was made on a connection, or a transaction begun on it, while a transaction was open there.',
      causes: [
        'Inside connection.transaction(fn), a call is made on the connection instead of the transaction that fn gets.',
        'A transaction is begun inside another one: it would end the outer one with its own commit.',
        'A transaction of begin() was neither committed nor rolled back.',
      ],
      actions: [
        'Make the call on the transaction.',
        'For a part that may be undone by itself use transaction.savepoint(fn).',
        'For something independent of the transaction use the database, which takes another connection.',
      ],
    },
    zh: {
      headline: '连接上已有打开的事务，此时又在该连接上执行了调用或开始了另一个事务。',
      causes: [
        '在 connection.transaction(fn) 内部，调用发在了连接上，而不是 fn 得到的事务上。',
        '在一个事务内部又开始了另一个事务：内层提交会连同外层一起提交。',
        'begin() 开始的事务既没有提交也没有回滚。',
      ],
      actions: [
        '请在事务对象上执行调用。',
        '需要单独撤销的部分，请使用 transaction.savepoint(fn)。',
        '与事务无关的操作请在 Database 对象上执行，它会使用另一个连接。',
      ],
    },
  },
  {
    codes: ['KB_SAVEPOINT_OPEN'],
    shows: ['hint'],
    en: {
      headline:
        'A call on a transaction waited for the end of a savepoint in which nothing happened any more.',
      causes: [
        'The function of savepoint() waits for a call that is made outside of it, and that call for the savepoint.',
        'The function does something else for a long time, while another part of the program uses the transaction.',
        'The call belongs to the function, but its asynchronous context was lost, by a queue of callbacks for instance.',
      ],
      actions: [
        'Make the calls that belong to the savepoint in its function, and await them there.',
        'Do not keep a savepoint open while something other than the database is waited for.',
        'Carry the context over such a queue by AsyncResource.bind().',
      ],
    },
    zh: {
      headline: '事务上的某个调用一直在等待一个保存点结束，而该保存点内已没有任何进展。',
      causes: [
        'savepoint() 的函数在等待其外部发出的调用，而该调用又在等待保存点结束。',
        '该函数长时间在做别的事情，而程序的其他部分在使用同一事务。',
        '该调用属于该函数，但其异步上下文已丢失，例如经过了回调队列。',
      ],
      actions: [
        '属于保存点的调用请在其函数内发出并 await。',
        '等待数据库以外的事情时，不要让保存点保持打开。',
        '用 AsyncResource.bind() 让上下文穿过这样的队列。',
      ],
    },
  },
  {
    codes: ['KB_STATEMENT_CLOSED'],
    en: {
      headline: 'The statement was used after it had been closed.',
      causes: [
        'A call was not awaited, and ran after "await using" or close().',
        'A closed statement is kept in a cache.',
      ],
      actions: ['Prepare it again, or close it later.', 'Repeated query() calls are prepared by themselves.'],
    },
    zh: {
      headline: '预编译语句在关闭之后仍被使用。',
      causes: [
        '某个调用没有 await，在“await using”代码块或 close() 之后才执行。',
        '已关闭的语句仍留在缓存中。',
      ],
      actions: ['重新 prepare，或推迟关闭。', '重复的 query() 调用会自动使用预编译语句。'],
    },
  },
  {
    codes: ['KB'],
    shows: ['hint'],
    en: {
      headline: 'The driver could not do what it was asked for; the message says why.',
      causes: ['The call does not fit the state of the object or the arguments.'],
      actions: ['Read the message, and look the code up in the documentation of the package.'],
    },
    zh: {
      headline: '驱动无法完成该请求，原因见错误信息。',
      causes: ['该调用与对象的状态或参数不符。'],
      actions: ['阅读错误信息，并在本软件包的文档中查找该错误码。'],
    },
  },
  {
    codes: ['KB_ROW_COUNT'],
    shows: ['hint'],
    en: {
      headline: 'The statement gave another number of rows than the call takes.',
      causes: ['No row has what the condition asks for.', 'The condition fits more rows than was thought.'],
      actions: [
        'Use maybeOne() where there may be no row, and await the statement itself where there may be many.',
        'Make the condition name one row, by a key.',
      ],
    },
    zh: {
      headline: '语句返回的行数与该调用的要求不符。',
      causes: ['没有符合条件的行。', '符合条件的行比预想的多。'],
      actions: ['可能没有行时使用 maybeOne()；可能有多行时直接 await 该语句。', '用主键等条件限定到一行。'],
    },
  },
  {
    codes: ['KB_POOLER'],
    shows: ['hint'],
    en: {
      headline: 'The call needs a session of its own, which a pooler in this mode does not give.',
      causes: [
        'The option "pooler" says that a pooler hands each transaction, or each statement, to any session.',
        'LISTEN, session settings, temporary tables and statements prepared by name belong to one session.',
      ],
      actions: [
        'Connect this part of the program to the server directly, without the pooler.',
        'Put what belongs together into one transaction, where the pooler works by transactions.',
        'Remove the option "pooler" if there is no pooler in between, or if it works by sessions.',
      ],
    },
    zh: {
      headline: '该调用需要独占的会话，而处于此模式的连接池中间件不提供。',
      causes: [
        '“pooler”选项表明：中间件会把每个事务或每条语句交给任意会话执行。',
        'LISTEN、会话级设置、临时表和按名称预编译的语句都属于某一个会话。',
      ],
      actions: [
        '让这部分程序绕过中间件，直接连接服务器。',
        '如果中间件按事务工作，请把相关的操作放进同一个事务。',
        '如果中间没有连接池中间件，或它按会话工作，请去掉“pooler”选项。',
      ],
    },
  },
];
