import type { Pair } from './pair.js';

/** What is said of batches and their rows. */
export const BATCHES: readonly Pair[] = [
  ['Row «number» «what»', '第 «number» 行«what»'],
  ['Column "«column»" of row «number» «what»', '第 «number» 行的列“«column»”«what»'],
  ['It was an empty list.', '给出的是空数组。'],
  ['One of them is «kind».', '其中有一项是«kind»。'],
  ['It was a Promise: await it first.', '给出的是 Promise：请先 await。'],
  ['has no property "«name»".', '没有属性“«name»”。'],
  [
    'Give null for NULL, or leave the column out of the list of columns for its default.',
    'NULL 请给出 null；要使用默认值，请把该列从列名列表中去掉。',
  ],
  [
    'is binary, but must go as text here, together with what has no binary form.',
    '是二进制值，但此处与没有二进制形式的列一起，必须以文本发送。',
  ],
  ["Give its text, or insert with strategy: 'values'.", "请给出其文本，或使用 strategy: 'values' 写入。"],
  [
    'has «count» values, but there are «columns» columns; all rows of a batch must be arrays, or all objects.',
    '有 «count» 个值，但有 «columns» 列；一批中的行必须全是数组，或全是对象。',
  ],
  ['has «count» values, but there are «columns» columns.', '有 «count» 个值，但有 «columns» 列。'],
  [
    'is an object, but rows before it were arrays; all rows of a batch must be arrays, or all objects.',
    '是对象，但之前的行是数组；一批中的行必须全是数组，或全是对象。',
  ],
  ['is «what», but must be an array or an object.', '是«what»，但必须是数组或对象。'],
  ['is too large to be inserted by unnest.', '过大，无法用 unnest 写入。'],
  ['Column "«column»" has no binary form.', '列“«column»”没有二进制形式。'],
  ['Use «list».', '请使用 «list»。'],
  [
    '"«what»" of batchInsert must be a list of one or more columns\' names.',
    'batchInsert 的“«what»”必须是含一个或多个列名的数组。',
  ],
  [
    'The rows of a batch must be an array, an iterable or an async iterable.',
    '批量写入的行必须是数组、可迭代对象或异步可迭代对象。',
  ],
  ['The strategy "«name»" cannot be used with the option «list».', '策略“«name»”不能与选项«list»同时使用。'],
  ['The strategy "«name»" cannot be used with the options «list».', '策略“«name»”不能与选项«list»同时使用。'],
  ['The strategy "«name»" cannot be used: «why».', '策略“«name»”无法使用：«why»。'],
  [
    'The strategy "bind" is for KingbaseES only, which this server is not.',
    '策略“bind”只适用于 KingbaseES，而该服务器不是。',
  ],
  ['The multi-row Bind needs a statement prepared by name.', '多行 Bind 需要按名称预编译的语句。'],
  ['The loaded client library has no multi-row Bind.', '所加载的客户端库没有多行 Bind。'],
  [
    "Kingbase's libraries have it from V8R6 on. Use strategy: 'auto'.",
    "Kingbase 的客户端库从 V8R6 开始提供它。请使用 strategy: 'auto'。",
  ],
  ['it has nothing like the option "«name»"', '它没有与选项“«name»”对应的功能'],
  [
    'it would fill the column "«column»", which is generated always',
    '它会写入列“«column»”，而该列总是自动生成',
  ],
  ['the types of the columns are not known', '列的类型未知'],
  ['arrays for the column "«column»" have a serializer of their own', '列“«column»”的数组有自己的 serialize'],
  ['it is not an ordinary table', '它不是普通表'],
  ['it has rules, which COPY does not apply', '它有规则，而 COPY 不执行规则'],
  ['it has row-level security, with which COPY is refused', '它启用了行级安全，此时 COPY 会被拒绝'],
  [
    "The option transaction: 'perChunk' cannot be used inside a transaction.",
    "选项 transaction: 'perChunk' 不能在事务内使用。",
  ],
  [
    'Insert on the database, or on a connection without an open transaction.',
    '请在 Database 对象上，或在没有打开事务的连接上写入。',
  ],
  [
    'The call has waited for batchInsert() on the same connection, which has been given no row for «limit» ms.',
    '该调用一直在等待同一连接上的 batchInsert()，而后者已有 «limit» 毫秒没有得到新的行。',
  ],
  [
    'Do not make a call on the connection to find the rows of a batch on it: make it on the database, which takes another connection, or before the batch.',
    '不要在该连接上执行调用来取得要写入的行：请在 Database 对象上执行（它会使用另一个连接），或在批量写入之前执行。',
  ],
];
