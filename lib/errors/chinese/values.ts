import type { Pair } from './pair.js';

/** What is said of parameters and of values in results. */
export const VALUES: readonly Pair[] = [
  [
    'The parameters are «what». They must be an array, with the values for $1, $2, … or for each ?, or an object, with a value for each :name.',
    '参数是«what»。参数必须是数组（对应 $1、$2……或每个 ?），或对象（对应每个 :name）。',
  ],
  ['Give Object.fromEntries(map).', '请传入 Object.fromEntries(map)。'],
  [
    'The parameters are an object with "«name»", but the statement has no named placeholder.',
    '参数是含有“«name»”的对象，但语句中没有命名占位符。',
  ],
  [
    'Write a placeholder as :name, or give the parameters as an array.',
    '请把占位符写作 :name，或以数组给出参数。',
  ],
  [
    'The statement has the placeholder :«name», but the parameters have no "«same»".',
    '语句中有占位符 :«name»，但参数中没有“«same»”。',
  ],
  ['Did you mean "«meant»"?', '是否想写“«meant»”？'],
  [
    'A colon that is no placeholder, such as that of an array slice, has a space behind it.',
    '不是占位符的冒号（例如数组切片中的）后面要有空格。',
  ],
  [
    'The statement has «count» placeholder (?), but «values» values were given.',
    '语句有 «count» 个占位符（?），但给出了 «values» 个值。',
  ],
  [
    'The statement has «count» placeholders (?), but «values» values were given.',
    '语句有 «count» 个占位符（?），但给出了 «values» 个值。',
  ],
  [
    'The statement has «count» placeholder (?), but «values» value was given.',
    '语句有 «count» 个占位符（?），但给出了 «values» 个值。',
  ],
  [
    'The statement has «count» placeholders (?), but «values» value was given.',
    '语句有 «count» 个占位符（?），但给出了 «values» 个值。',
  ],
  [
    'A ? in quotes or in a comment, and ??, are no placeholders.',
    '引号或注释中的 ?，以及 ??，都不是占位符。',
  ],
  [
    'Options stand behind the parameters: query(sql, [], { timeout: 5_000 }).',
    '选项写在参数之后：query(sql, [], { timeout: 5_000 })。',
  ],
  [
    'JSON has no bigint, which is given as a string or a number, and no object that holds itself.',
    'JSON 中没有 bigint（请以字符串或数字给出），也没有包含自身的对象。',
  ],
  ['Write ?? for the operator ?.', '运算符 ? 请写作 ??。'],
  [
    'The statement has the parameter «parameter», but the parameters are an object.',
    '语句中有参数 «parameter»，但给出的参数是对象。',
  ],
  [
    'Give the values of $1, $2, … as an array, or write :name for each parameter.',
    '请以数组给出 $1、$2……的值，或把每个参数写作 :name。',
  ],
  [
    'The parameters do not fit the placeholders that the statement was prepared with.',
    '参数与预编译语句的占位符不符。',
  ],
  [
    'Give an array for $1, $2, … and for ?, an object for :name, and a value for each of them.',
    '$1、$2……和 ? 对应数组，:name 对应对象，并且每一个都要有值。',
  ],

  ['Parameter «number» «what»', '参数 «number» «what»'],
  ['is a «what», which cannot be sent to the server.', '是 «what»，无法发送给服务器。'],
  [
    "could not be read: its method [Symbol.for('kingbase.value')] threw.",
    "无法读取：其方法 [Symbol.for('kingbase.value')] 抛出了错误。",
  ],
  [
    "has a method [Symbol.for('kingbase.value')] that returns such an object again, more than «most» times.",
    "的方法 [Symbol.for('kingbase.value')] 一再返回同类对象，超过 «most» 次。",
  ],
  ['is an invalid Date.', '是无效的 Date。'],
  ['cannot be written as JSON; see the cause.', '无法写成 JSON；见 cause。'],
  ['cannot be written as JSON: its toJSON returned nothing.', '无法写成 JSON：其 toJSON 没有返回内容。'],
  ['is a Promise: did you forget await?', '是 Promise：是否遗漏了 await？'],
  [
    "has a method 'then', as a Promise has: did you forget await?",
    "像 Promise 一样有方法 'then'：是否遗漏了 await？",
  ],
  ['is a Map: pass Object.fromEntries(map) instead.', '是 Map：请改传 Object.fromEntries(map)。'],
  ['is a Set: pass [...set] instead.', '是 Set：请改传 [...set]。'],
  [
    'is a weak collection or reference, which cannot be sent to the server.',
    '是弱集合或弱引用，无法发送给服务器。',
  ],
  ['is a RegExp: pass its source instead.', '是 RegExp：请改传它的 source。'],
  ['is an Error: pass its message or an object instead.', '是 Error：请改传它的 message 或一个对象。'],
  ['is an iterator: pass [...iterator] instead.', '是迭代器：请改传 [...iterator]。'],
  ['could not be written: the serializer of its type threw.', '无法写出：其类型的 serialize 抛出了错误。'],
  [
    'could not be written: the serializer of its type must return a string, a Uint8Array or null.',
    '无法写出：其类型的 serialize 必须返回字符串、Uint8Array 或 null。',
  ],
  [
    'is an array nested more than «most» deep, or one that contains itself.',
    '是嵌套超过 «most» 层的数组，或包含自身的数组。',
  ],
  [
    'contains the character U+0000, which the server cannot store in text.',
    '含有字符 U+0000，服务器无法存入文本。',
  ],
  [
    'makes the parameters of this statement larger than 1 GiB, the most the server takes at once.',
    '使该语句的参数超过 1 GiB，即服务器一次所能接受的上限。',
  ],
  ['Send it in parts: as a large object, or by copyFrom().', '请分段发送：使用大对象或 copyFrom()。'],
  ['could not be read: one of its properties threw.', '无法读取：访问它的某个属性时抛出了异常。'],
  [
    'How a parameter is written depends on its type, which the server cannot be asked for one statement at a time.',
    '参数的写法取决于其类型，而逐条语句执行时无法向服务器询问类型。',
  ],
  [
    'Give arrays, decimals and values of types with serializers as text, such as JSON.stringify(value), String(value) or "{1,2}".',
    '数组、Decimal 和带 serialize 的类型的值请以文本给出，例如 JSON.stringify(value)、String(value) 或 "{1,2}"。',
  ],

  [
    "The int8 value «value» has no exact JavaScript number; read it with types: { int8: 'bigint' } or 'string'.",
    "int8 值 «value» 无法精确表示为 JavaScript 数字；请用 types: { int8: 'bigint' } 或 'string' 读取。",
  ],
  [
    'A value of the result is larger than a JavaScript string or Buffer can be.',
    '结果中的某个值超过了 JavaScript 字符串或 Buffer 的上限。',
  ],
  ['There is no memory for a value that large: «words».', '内存不足以容纳这样大的值：«words»。'],
  [
    'Read it in parts: with substring(), as a large object, or by copyTo().',
    '请分段读取：使用 substring()、大对象或 copyTo()。',
  ],
  ['The result cannot be read: «why».', '无法读取结果：«why»。'],
  [
    'the column "«column»" came in the binary form of type «oid», which is not known',
    '列“«column»”以类型 «oid» 的二进制形式返回，而该形式未知',
  ],
  [
    'Open the database with binaryResults: false, which has all values come as text.',
    '请以 binaryResults: false 打开 Database，使所有值以文本返回。',
  ],
];
