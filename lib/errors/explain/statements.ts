import type { Topic } from './topic.js';

/** Statements that the server does not understand or cannot do: classes 42, 0A, 26 and 2B. */
export const STATEMENTS: readonly Topic[] = [
  {
    codes: ['42601'],
    text: {
      en: /multiple commands into a prepared statement/,
      zh: /(预备|准备好?的?)语句.{0,10}多.命令|多.命令.{0,10}(预备|准备)/,
    },
    en: {
      headline: 'The text has several statements, and one call runs one statement.',
      causes: ['Statements separated by semicolons were given to query, queryRow, exec or prepare.'],
      actions: [
        'Run them one by one, inside of a transaction where they belong together.',
        'Without parameters, script(text) runs them all.',
      ],
    },
    zh: {
      headline: '文本中有多条语句，而一次调用只执行一条。',
      causes: ['把以分号分隔的多条语句交给了 query、queryRow、exec 或 prepare。'],
      actions: ['逐条执行；相互关联的放在同一事务中。', '没有参数时，可用 script(文本) 一次执行全部。'],
    },
  },
  {
    codes: ['42601'],
    shows: ['hint'],
    en: {
      headline: 'The statement has a syntax error.',
      causes: [
        'A typing mistake just before the position: a missing comma, bracket or quote.',
        'A reserved word is used as a name without double quotes.',
        'The syntax belongs to another mode: the server is in the mode of Oracle, MySQL, SQL Server or PostgreSQL.',
        'A placeholder stands where only a name or keyword may stand, or ? or :name is used without parameters.',
        'It is not SQL: a command of ksql such as \\d, or names in backquotes outside of MySQL mode.',
      ],
      actions: [
        'Look at the text just before the position; run it in ksql.',
        'See the mode of the server: "show database_mode".',
        'Quote names with double quotes; table and column names cannot be parameters.',
      ],
    },
    zh: {
      headline: '语句有语法错误。',
      causes: [
        '出错位置之前有笔误：缺少逗号、括号或引号。',
        '保留字用作名称而没有加双引号。',
        '该语法属于其他模式：服务器可能处于 Oracle、MySQL、SQL Server 或 PostgreSQL 兼容模式。',
        '占位符用在了只能写名称或关键字的位置，或者没有给出参数却使用了 ? 或 :name。',
        '它不是 SQL：例如 ksql 的命令 \\d，或在非 MySQL 模式下使用了反引号。',
      ],
      actions: [
        '检查出错位置之前的文本；在 ksql 中执行试一试。',
        '查看服务器的模式：“show database_mode”。',
        '名称用双引号括起；表名和列名不能作为参数。',
      ],
    },
  },
  {
    codes: ['42P18'],
    shows: ['hint'],
    en: {
      headline: 'The server cannot tell the type of a parameter.',
      causes: [
        'The parameter stands where any type fits, such as "select $1" or "$1 is null".',
        'A parameter number is skipped, so that one is never used.',
      ],
      actions: ['Name the type: $1::text, or cast($1 as …).', 'Number the placeholders without gaps.'],
    },
    zh: {
      headline: '服务器无法确定某个参数的数据类型。',
      causes: [
        '参数所在的位置适用任何类型，例如“select $1”或“$1 is null”。',
        '参数编号有间断，致使某个参数从未使用。',
      ],
      actions: ['指明类型：$1::text 或 cast($1 as …)。', '占位符连续编号。'],
    },
  },
  {
    codes: ['42P02'],
    shows: ['hint'],
    en: {
      headline: 'The statement has a placeholder for which there is no parameter.',
      causes: [
        'The list of parameters is too short.',
        '$1 stands in a statement that takes no parameters, such as COPY, CREATE or SET.',
      ],
      actions: [
        'Give a value for every placeholder.',
        'For settings use "select set_config($1, $2, false)".',
      ],
    },
    zh: {
      headline: '语句中的占位符没有对应的参数。',
      causes: ['参数列表太短。', '$1 用在了不接受参数的语句中，例如 COPY、CREATE 或 SET。'],
      actions: ['为每个占位符提供值。', '设置参数可使用“select set_config($1, $2, false)”。'],
    },
  },
  {
    codes: ['42804', '42846', '42P08'],
    shows: ['hint'],
    en: {
      headline: 'Types do not fit together in the statement.',
      causes: [
        'A value or parameter has another type than the column or the expression.',
        'The same parameter is used with two types.',
        'The modes of the server differ in the conversions that they make by themselves.',
      ],
      actions: [
        'Convert explicitly: cast(<expression> as <type>), or $1::<type>.',
        'Compare with "\\d <table>" in ksql.',
      ],
    },
    zh: {
      headline: '语句中的数据类型不相符。',
      causes: [
        '值或参数的类型与列或表达式不同。',
        '同一个参数被当作两种类型使用。',
        '服务器的不同兼容模式，自动转换的规则不同。',
      ],
      actions: ['显式转换：cast(<表达式> as <类型>) 或 $1::<类型>。', '在 ksql 中用“\\d <表>”核对。'],
    },
  },
  {
    codes: ['42803'],
    shows: ['hint'],
    en: {
      headline: 'A column is neither grouped nor inside of an aggregate function.',
      causes: [
        'It is missing in GROUP BY; other databases are less strict.',
        'An aggregate stands in WHERE, where HAVING is needed.',
      ],
      actions: [
        'Add the column to GROUP BY, or use min(), max() or another aggregate.',
        'Move the condition to HAVING.',
      ],
    },
    zh: {
      headline: '某个列既不在 GROUP BY 中，也不在聚集函数中。',
      causes: [
        'GROUP BY 中缺少该列；其他数据库的要求可能较宽松。',
        '聚集函数用在了 WHERE 中，应使用 HAVING。',
      ],
      actions: ['把该列加入 GROUP BY，或使用 min()、max() 等聚集函数。', '把条件移到 HAVING。'],
    },
  },
  {
    codes: ['0A000'],
    text: { en: /cached plan must not change result type/, zh: /缓存的?(查询)?(计划|规划)/ },
    en: {
      headline: 'A prepared statement no longer fits: the table that it reads was changed in the meantime.',
      causes: [
        'A migration added, removed or altered columns while connections had the statement prepared.',
        'search_path or the role was changed within the session.',
      ],
      actions: [
        'Outside of a transaction the driver prepares it again by itself; inside, roll back and begin anew.',
        'Name the columns instead of "select *": added columns then change nothing.',
        'Set statementCacheSize to 0 for programs that change their own tables.',
      ],
    },
    zh: {
      headline: '预编译语句已失效：它读取的表在此期间被修改。',
      causes: [
        '在连接已有该预编译语句时，迁移脚本增加、删除或修改了列。',
        '会话中更改了 search_path 或角色。',
      ],
      actions: [
        '不在事务中时，驱动会自动重新 prepare；在事务中则须回滚后重新开始。',
        '列出列名，不用“select *”：新增列便不会有影响。',
        '对会修改自身表结构的程序，把 statementCacheSize 设为 0。',
      ],
    },
  },
  {
    codes: ['0A'],
    shows: ['detail', 'hint'],
    en: {
      headline: 'The server does not support this.',
      causes: [
        'The feature belongs to another version or mode of KingbaseES.',
        'It is allowed in another combination only, such as outside of a transaction.',
      ],
      actions: [
        'See version and mode: "select version()", "show database_mode".',
        'Look the feature up in the manual of that version.',
      ],
    },
    zh: {
      headline: '服务器不支持该功能。',
      causes: ['该功能属于 KingbaseES 的其他版本或兼容模式。', '只在其他情形下允许，例如不在事务中。'],
      actions: ['查看版本和模式：“select version()”、“show database_mode”。', '在该版本的手册中查找此功能。'],
    },
  },
  {
    codes: ['26000', '26', '42P05'],
    en: {
      headline: 'The server and the driver do not agree on which statements are prepared in this session.',
      causes: [
        'A pooler between them hands statements of one client to different sessions.',
        'DISCARD ALL or DEALLOCATE was run on the connection.',
      ],
      actions: [
        'Behind a pooler in transaction or statement mode say so by the option "pooler".',
        'Do not run DISCARD ALL or DEALLOCATE ALL on connections of the pool.',
      ],
    },
    zh: {
      headline: '服务器与驱动对该会话中已有的预编译语句不一致。',
      causes: [
        '中间的连接池中间件把同一客户端的语句分派到不同会话。',
        '在连接上执行了 DISCARD ALL 或 DEALLOCATE。',
      ],
      actions: [
        '如果经过事务级或语句级的连接池中间件，请用“pooler”选项说明。',
        '不要在连接池的连接上执行 DISCARD ALL 或 DEALLOCATE ALL。',
      ],
    },
  },
  {
    codes: ['2BP01', '2B'],
    shows: ['detail', 'hint'],
    en: {
      headline: 'Other objects depend on the one that is to be dropped or changed.',
      causes: ['Views, foreign keys, functions or rights refer to it.'],
      actions: ['Drop or change those first.', 'Or use CASCADE, after looking at what goes with it.'],
    },
    zh: {
      headline: '有其他对象依赖于要删除或修改的对象。',
      causes: ['有视图、外键、函数或授权引用它。'],
      actions: ['先删除或修改那些对象。', '或者确认会连带删除的内容之后，使用 CASCADE。'],
    },
  },
  {
    codes: ['42'],
    shows: ['detail', 'hint'],
    en: {
      headline: 'The server cannot run the statement as it is written: a rule of SQL or of access is broken.',
      causes: [
        'A name, type or clause does not fit at the position that is given.',
        'The statement was written for another mode or version of the server.',
      ],
      actions: [
        'Read the message and look at the position; run it in ksql.',
        'See the mode: "show database_mode".',
      ],
    },
    zh: {
      headline: '服务器无法执行该语句：违反了 SQL 语法规则或访问规则。',
      causes: ['给出的位置上，名称、类型或子句不合适。', '该语句是为服务器的其他兼容模式或版本编写的。'],
      actions: ['阅读错误信息并检查出错位置；在 ksql 中执行试一试。', '查看模式：“show database_mode”。'],
    },
  },
];
