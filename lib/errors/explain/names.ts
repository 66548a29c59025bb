import type { Topic } from './topic.js';

/** Names that the server does not find, finds twice, or does not let this user use. */
export const NAMES: readonly Topic[] = [
  {
    codes: ['42P01'],
    shows: ['hint'],
    en: {
      headline: 'The table or view does not exist, or not under this name in the search path.',
      causes: [
        'It is in a schema that search_path does not have.',
        'The case differs: names without double quotes are folded to lower case (V8R3: to capitals).',
        'The connection goes to another database than meant, or a migration has not run.',
        'A system view is named otherwise: sys_catalog.sys_… is missing in pg mode, pg_… may be in other modes.',
      ],
      actions: [
        'Write schema.table, or set search_path (currentSchema).',
        'See what is there: "\\dt *.<name>" in ksql, and "select current_database(), current_schemas(true)".',
        'Write a name that was made in mixed case in double quotes, exactly so.',
      ],
    },
    zh: {
      headline: '表或视图不存在，或者在搜索路径中没有这个名称。',
      causes: [
        '它所在的模式不在 search_path 中。',
        '大小写不同：未加双引号的名称会转换为小写（V8R3 转换为大写）。',
        '连接到了其他数据库，或者迁移脚本没有执行。',
        '系统视图的名称不同：pg 模式下没有 sys_catalog.sys_…，其他模式下 pg_… 可能不全。',
      ],
      actions: [
        '写成“模式.表”，或设置 search_path（currentSchema）。',
        '查看已有的对象：在 ksql 中执行“\\dt *.<名称>”和“select current_database(), current_schemas(true)”。',
        '以混合大小写创建的名称，须按原样加双引号。',
      ],
    },
  },
  {
    codes: ['42703'],
    shows: ['hint'],
    en: {
      headline: 'The column does not exist.',
      causes: [
        'The name is misspelled, or a migration has not run.',
        'The case differs: names without double quotes are folded to lower case (V8R3: to capitals).',
        'Text was written in double quotes, which are for names; text takes single quotes.',
        'Another table of the same name stands before it in search_path: sys_catalog is searched first.',
      ],
      actions: [
        'See the columns: "\\d <table>" in ksql.',
        'Write a name that was made in mixed case in double quotes, exactly so.',
        'Pass values as parameters.',
      ],
    },
    zh: {
      headline: '列不存在。',
      causes: [
        '名称拼写有误，或者迁移脚本没有执行。',
        '大小写不同：未加双引号的名称会转换为小写（V8R3 转换为大写）。',
        '字符串写在了双引号中；双引号用于名称，字符串应使用单引号。',
        '搜索路径中有同名的其他表排在前面：sys_catalog 最先被搜索。',
      ],
      actions: [
        '查看表的列：在 ksql 中执行“\\d <表名>”。',
        '以混合大小写创建的名称，须按原样加双引号。',
        '用参数传递值。',
      ],
    },
  },
  {
    codes: ['42883'],
    shows: ['hint'],
    en: {
      headline: 'No function or operator of this name takes arguments of these types.',
      causes: [
        'A parameter has another type than the function expects.',
        'A name stands in backquotes, which only MySQL mode knows: elsewhere names take double quotes.',
        'The function belongs to another mode of the server, or to an extension that is not installed.',
        'It is in a schema that search_path does not have.',
      ],
      actions: [
        'Give the parameter a type in the statement: $1::int, or cast($1 as …).',
        'See what there is: "\\df *.<name>" in ksql; and the mode: "show database_mode".',
      ],
    },
    zh: {
      headline: '没有同名且参数类型相符的函数或操作符。',
      causes: [
        '某个参数的类型与函数要求的不同。',
        '名称写在了反引号中，只有 MySQL 模式支持；其他模式请用双引号。',
        '该函数属于服务器的其他兼容模式，或属于未安装的扩展插件。',
        '它所在的模式不在 search_path 中。',
      ],
      actions: [
        '在语句中指明参数类型：$1::int 或 cast($1 as …)。',
        '查看已有的函数：在 ksql 中执行“\\df *.<名称>”；查看模式：“show database_mode”。',
      ],
    },
  },
  {
    codes: ['42501'],
    shows: ['hint'],
    en: {
      headline: 'The user lacks the right to do this.',
      causes: [
        'The table, sequence, function or schema was not granted to the user; a schema needs USAGE as well.',
        'The object belongs to another user, and only its owner may change it.',
        'The server separates duties: system, the security officer (sso) and the auditor (sao) may do different things.',
        'In MySQL mode information_schema.tables needs the right to read sys_freespace.',
      ],
      actions: [
        'See who is connected: "select current_user, session_user".',
        'Let the owner grant it: "GRANT USAGE ON SCHEMA <schema> TO <user>" and "GRANT SELECT ON <table> TO <user>".',
        'See what is granted: "\\dp <table>" in ksql.',
      ],
    },
    zh: {
      headline: '该用户没有执行此操作的权限。',
      causes: [
        '没有把表、序列、函数或模式授权给该用户；使用模式还需要 USAGE 权限。',
        '对象属于其他用户，只有属主才能修改。',
        '服务器启用了三权分立：system、安全管理员（sso）、审计管理员（sao）的权限各不相同。',
        'MySQL 模式下，查询 information_schema.tables 需要读取 sys_freespace 的权限。',
      ],
      actions: [
        '查看当前用户：“select current_user, session_user”。',
        '由属主授权：“GRANT USAGE ON SCHEMA <模式> TO <用户>”、“GRANT SELECT ON <表> TO <用户>”。',
        '查看已有授权：在 ksql 中执行“\\dp <表>”。',
      ],
    },
  },
  {
    codes: ['42702', '42725', '42P09'],
    shows: ['hint'],
    en: {
      headline: 'A name in the statement can mean more than one thing.',
      causes: [
        'Two joined tables have a column of this name.',
        'A variable of a function is named like a column.',
        'Several functions fit the types of the arguments.',
      ],
      actions: ['Write table.column or alias.column.', 'Name the types of the arguments: $1::<type>.'],
    },
    zh: {
      headline: '语句中的某个名称有歧义。',
      causes: ['连接的两个表都有同名的列。', '函数中的变量与列同名。', '有多个函数与参数类型相符。'],
      actions: ['写成“表.列”或“别名.列”。', '指明参数的类型：$1::<类型>。'],
    },
  },
  {
    codes: ['42P07', '42710', '42701', '42723', '42P06', '42P04', '42712'],
    shows: ['hint'],
    en: {
      headline: 'Something of this name exists already.',
      causes: [
        'The script ran before, or ran halfway.',
        'Another session makes the same object at the same time.',
        'The name is used twice in one statement.',
      ],
      actions: [
        'Use IF NOT EXISTS or CREATE OR REPLACE where allowed.',
        'Drop or rename the present one, if it is not needed.',
      ],
    },
    zh: {
      headline: '已存在同名的对象。',
      causes: [
        '脚本此前已执行过，或执行到一半。',
        '另一会话正在同时创建同一对象。',
        '同一语句中两次使用了该名称。',
      ],
      actions: [
        '在允许处使用 IF NOT EXISTS 或 CREATE OR REPLACE。',
        '如果不需要已有的对象，将其删除或改名。',
      ],
    },
  },
  {
    codes: ['42704'],
    shows: ['hint'],
    en: {
      headline: 'A type, role, setting or other object that the statement names does not exist.',
      causes: [
        'The name is misspelled, or folded to another case.',
        'It belongs to an extension that is not installed, or to another version or mode of the server.',
        'It is in a schema that search_path does not have.',
      ],
      actions: [
        'Check the name in ksql (\\dT types, \\du roles, \\dx extensions).',
        'Install the extension: "CREATE EXTENSION <name>".',
      ],
    },
    zh: {
      headline: '语句中指明的类型、角色、参数或其他对象不存在。',
      causes: [
        '名称拼写有误，或大小写被转换。',
        '它属于未安装的扩展插件，或属于服务器的其他版本或模式。',
        '它所在的模式不在 search_path 中。',
      ],
      actions: [
        '在 ksql 中核对名称（\\dT 类型，\\du 角色，\\dx 扩展插件）。',
        '安装扩展插件：“CREATE EXTENSION <名称>”。',
      ],
    },
  },
  {
    codes: ['3F000', '3F'],
    en: {
      headline: 'The schema does not exist.',
      causes: [
        'The name is misspelled, or folded to another case.',
        'It has not been made in this database: schemas belong to one database.',
        'No schema of search_path exists, so that there is no place for a new object.',
      ],
      actions: [
        'List the schemas: "\\dn" in ksql.',
        'Make it: "CREATE SCHEMA <name>", or correct search_path.',
      ],
    },
    zh: {
      headline: '模式不存在。',
      causes: [
        '名称拼写有误，或大小写被转换。',
        '没有在当前数据库中创建：模式属于单个数据库。',
        'search_path 中的模式都不存在，新对象无处可放。',
      ],
      actions: ['列出模式：在 ksql 中执行“\\dn”。', '创建：“CREATE SCHEMA <名称>”，或改正 search_path。'],
    },
  },
];
