import type { Topic } from './topic.js';

/** Values that the server cannot take or compute with: class 22 and its neighbours. */
export const DATA: readonly Topic[] = [
  {
    codes: ['22001'],
    shows: ['hint'],
    en: {
      headline: 'A text is too long for its column.',
      causes: [
        'It has more characters than the column allows.',
        'The length counts bytes: with char_default_type = byte, or varchar2(n byte), a Chinese character takes 3 in UTF-8.',
        'Blanks at the end are counted.',
      ],
      actions: [
        'Shorten the text, or widen the column: "ALTER TABLE <table> ALTER COLUMN <column> TYPE varchar(<n>)".',
        'Declare the length in characters: varchar(<n> char).',
      ],
    },
    zh: {
      headline: '字符串超出列的长度。',
      causes: [
        '字符数超过列的定义。',
        '长度按字节计算：char_default_type 为 byte 或 varchar2(n byte) 时，一个汉字在 UTF-8 中占 3 个字节。',
        '末尾的空格也计算在内。',
      ],
      actions: [
        '缩短字符串，或加宽列：“ALTER TABLE <表> ALTER COLUMN <列> TYPE varchar(<n>)”。',
        '以字符为单位定义长度：varchar(<n> char)。',
      ],
    },
  },
  {
    codes: ['22003'],
    shows: ['detail', 'hint'],
    en: {
      headline: 'A number is out of the range of its type.',
      causes: [
        'The value is too large for the column: smallint to 32767, integer to 2147483647, numeric(p,s) to p-s digits.',
        'The result of a calculation overflows the type of its operands.',
        'A sequence has reached the end of an integer column.',
      ],
      actions: [
        'Use a larger type: bigint or numeric.',
        'In calculations convert first: cast(<column> as bigint), $1::numeric.',
      ],
    },
    zh: {
      headline: '数值超出其类型的范围。',
      causes: [
        '值对该列来说太大：smallint 到 32767，integer 到 2147483647，numeric(p,s) 整数部分为 p-s 位。',
        '计算结果超出了操作数类型的范围。',
        '序列已到达 integer 列的上限。',
      ],
      actions: ['使用更大的类型：bigint 或 numeric。', '计算时先转换：cast(<列> as bigint)、$1::numeric。'],
    },
  },
  {
    codes: ['22P02', '22018'],
    shows: ['detail', 'hint'],
    en: {
      headline: 'A text cannot be read as the type that is needed here.',
      causes: [
        'A parameter has the wrong form: letters for a number, an empty string, a malformed uuid, JSON or array.',
        'Parameters are in the wrong order.',
        'The server derived another type than meant, as in "$1 = 5" with text for $1.',
      ],
      actions: [
        'Check the values and their order; pass null rather than an empty string for "no number".',
        'Name the type in the statement: $1::text, cast($1 as …).',
        'For a list of values write = ANY($1) rather than IN (?).',
      ],
    },
    zh: {
      headline: '文本无法转换为此处所需的数据类型。',
      causes: [
        '参数的格式不对：数字位置出现字母、空字符串，或 uuid、JSON、数组的格式有误。',
        '参数的顺序有误。',
        '服务器推断的类型与预期不同，例如“$1 = 5”中 $1 传入文本。',
      ],
      actions: [
        '检查值及其顺序；没有数字时传 null，不要传空字符串。',
        '在语句中指明类型：$1::text、cast($1 as …)。',
        '传入列表请用 = ANY($1)，不要用 IN (?)。',
      ],
    },
  },
  {
    codes: ['22007', '22008', '22009', '22015'],
    shows: ['hint'],
    en: {
      headline: 'A date or time cannot be read or does not exist.',
      causes: [
        'The text is empty, or has another order of day and month than DateStyle says.',
        'The day does not exist, or the value is beyond the range of the type.',
        'The format of to_date() or to_timestamp() does not fit the text.',
      ],
      actions: [
        'Pass a Date, or text in the form 2024-12-31 23:59:59; pass null where there is no date.',
        'See "show datestyle".',
      ],
    },
    zh: {
      headline: '日期或时间无法识别，或不存在。',
      causes: [
        '文本为空，或者其中日、月的顺序与 DateStyle 不符。',
        '该日期不存在，或超出类型的范围。',
        'to_date() 或 to_timestamp() 的格式与文本不符。',
      ],
      actions: [
        '传入 Date，或使用 2024-12-31 23:59:59 的格式；没有日期时传 null。',
        '查看“show datestyle”。',
      ],
    },
  },
  {
    codes: ['22012'],
    en: {
      headline: 'The statement divides by zero.',
      causes: ['A divisor is zero in some row, of an empty group perhaps.'],
      actions: [
        'Write <a> / nullif(<b>, 0): the result is then NULL.',
        'Filter such rows with a CASE, not with WHERE alone.',
      ],
    },
    zh: {
      headline: '语句中出现除以零。',
      causes: ['某些行的除数为零，例如空的分组。'],
      actions: ['写成 <a> / nullif(<b>, 0)，结果为 NULL。', '用 CASE 排除这些行，不要只依靠 WHERE。'],
    },
  },
  {
    codes: ['22021', '22P05'],
    shows: ['detail', 'hint'],
    en: {
      headline: 'A text has bytes or characters that the encoding of the database or the client cannot hold.',
      causes: [
        'Bytes of GBK or GB18030 were sent or loaded as UTF-8, or the other way round (files for COPY).',
        'The database\'s encoding (see "show server_encoding") lacks the character: rare Chinese characters, emoji in GBK.',
        'The text contains the character NUL (0x00), which no text type can hold.',
      ],
      actions: [
        "Read files in their own encoding first, or name it: COPY … WITH (ENCODING 'GBK').",
        'Use a database in UTF8 or GB18030; store binary data as bytea.',
        'Remove NUL characters from the text. The driver itself always sends UTF-8.',
      ],
    },
    zh: {
      headline: '文本中含有数据库编码或客户端编码无法表示的字节或字符。',
      causes: [
        '把 GBK 或 GB18030 的字节当作 UTF-8 发送或导入，或者相反（COPY 的文件）。',
        '数据库的编码（见“show server_encoding”）没有该字符：例如 GBK 中的生僻字、表情符号。',
        '文本中含有 NUL 字符（0x00），任何文本类型都不能存储。',
      ],
      actions: [
        "先按文件自身的编码读取，或指明编码：COPY … WITH (ENCODING 'GBK')。",
        '使用 UTF8 或 GB18030 编码的数据库；二进制数据存为 bytea。',
        '去掉文本中的 NUL 字符。驱动本身始终以 UTF-8 发送。',
      ],
    },
  },
  {
    codes: ['22P03'],
    en: {
      headline: 'A parameter in binary form does not fit the type that the server expects.',
      causes: ['A value was sent as another type: a Buffer for a column that is not bytea, for instance.'],
      actions: ['Convert the value, or name its type: $1::bytea.'],
    },
    zh: {
      headline: '二进制形式的参数与服务器要求的类型不符。',
      causes: ['值以其他类型发送：例如对非 bytea 列传入 Buffer。'],
      actions: ['转换该值，或指明类型：$1::bytea。'],
    },
  },
  {
    codes: ['22P04'],
    shows: ['detail', 'hint'],
    en: {
      headline: 'The data for COPY are not in the format that was announced.',
      causes: [
        'A line has too many or too few columns, or the delimiter differs.',
        'CSV was sent as text, or text as CSV; a quote or a backslash is not escaped.',
      ],
      actions: [
        'See the line that is named in the context of the error.',
        'Name the format: COPY … WITH (FORMAT csv, HEADER).',
      ],
    },
    zh: {
      headline: 'COPY 的数据与声明的格式不符。',
      causes: [
        '某行的列数过多或过少，或分隔符不同。',
        'CSV 被当作文本格式，或者相反；引号或反斜线没有转义。',
      ],
      actions: ['查看错误上下文中指明的行。', '指明格式：COPY … WITH (FORMAT csv, HEADER)。'],
    },
  },
  {
    codes: ['21000', '21'],
    shows: ['hint'],
    en: {
      headline: 'A subquery or command met more rows than it may.',
      causes: [
        'A subquery used as a value gives more than one row.',
        'INSERT … ON CONFLICT DO UPDATE or MERGE meets the same row twice.',
      ],
      actions: ['Limit the subquery, aggregate it, or use IN.', 'Remove duplicates from the data first.'],
    },
    zh: {
      headline: '子查询或命令遇到的行数超过允许的数量。',
      causes: ['用作单个值的子查询返回了多行。', 'INSERT … ON CONFLICT DO UPDATE 或 MERGE 两次遇到同一行。'],
      actions: ['限制子查询的行数、使用聚集函数，或改用 IN。', '先去除数据中的重复项。'],
    },
  },
  {
    codes: ['22'],
    shows: ['detail', 'hint'],
    en: {
      headline: 'A value does not suit the type, function or setting it was given to.',
      causes: ['A parameter or a stored value is outside of what is allowed there.'],
      actions: [
        'Read the message for the value, and check parameters and their order.',
        'Name the type where it is doubtful: $1::<type>.',
      ],
    },
    zh: {
      headline: '某个值不适合所给的类型、函数或参数设置。',
      causes: ['某个参数或已存储的值超出该处允许的范围。'],
      actions: ['从错误信息中找出该值，检查参数及其顺序。', '类型不明确时请指明：$1::<类型>。'],
    },
  },
];
