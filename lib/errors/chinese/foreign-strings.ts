import type { Pair } from './pair.js';

/** What is said of connection strings of JDBC, ODBC and ADO.NET. */
export const FOREIGN_STRINGS: readonly Pair[] = [
  ['The key "«key»" of the JDBC URL «rule».', 'JDBC URL 的键“«key»”«rule»。'],
  ['The key "«key»" of the ODBC connection string «rule».', 'ODBC 连接字符串的键“«key»”«rule»。'],
  ['The key "«key»" of the ADO.NET connection string «rule».', 'ADO.NET 连接字符串的键“«key»”«rule»。'],
  [
    'Unknown key "«key»" in the «form»; did you mean "«meant»"?',
    '«form»中有未知的键“«key»”；是否想写“«meant»”？',
  ],
  ['Unknown key "«key»" in the «form».', '«form»中有未知的键“«key»”。'],
  [
    'The key number «position» of the «form» is not known; did you mean "«meant»"?',
    '«form»的第 «position» 个键未知；是否想写“«meant»”？',
  ],
  ['The key number «position» of the «form» is not known.', '«form»的第 «position» 个键未知。'],
  [
    'The «form» cannot be read: it must be a list of key=value pairs separated by ";".',
    '无法读取«form»：它必须是以“;”分隔的“键=值”列表。',
  ],
  [
    'A value that contains ";" or begins with "{" stands in {…}; in it "}" is written "}}".',
    '含有“;”或以“{”开头的值写在 {…} 中；其中的“}”写作“}}”。',
  ],
  [
    'A value that contains ";" or begins with a quote stands in "…" or \'…\'; in it that quote is doubled.',
    '含有“;”或以引号开头的值写在 "…" 或 \'…\' 中；其中的同种引号写两次。',
  ],
  [
    'The keyword "«name»" in pqopt contradicts another key of the ODBC connection string.',
    'pqopt 中的关键字“«name»”与 ODBC 连接字符串的另一个键矛盾。',
  ],
  [
    'The JDBC URL must begin with "jdbc:kingbase8:", "jdbc:kingbase:" or "jdbc:postgresql:".',
    'JDBC URL 必须以“jdbc:kingbase8:”“jdbc:kingbase:”或“jdbc:postgresql:”开头。',
  ],
  ['A JDBC URL has no user and password before the host.', 'JDBC URL 的主机之前没有用户名和密码。'],
  [
    'User and password stand after the "?", as user=…&password=…; in values "&", "%", "+" and "#" must be written %26, %25, %2B and %23 (encodeURIComponent does it).',
    '用户名和密码写在“?”之后：user=…&password=…；值中的“&”“%”“+”“#”必须写作 %26、%25、%2B、%23（可用 encodeURIComponent）。',
  ],

  // Rules of keys.
  ['is given twice', '给出了两次'],
  ['is not supported: «why»', '不受支持：«why»'],
  ['can only be «list»: «why»', '只能是 «list»：«why»'],
  [
    'can only be a version, alone or followed by -0 or -1: a failing statement always ends its transaction',
    '只能是版本号，或其后加 -0 或 -1：失败的语句总会结束其事务',
  ],
  ['Use a savepoint for a statement that may fail.', '可能失败的语句请使用保存点。'],
  ['must be one of «list»', '必须是以下之一：«list»'],
  ['must be a number of seconds that is not negative', '必须是非负的秒数'],
  ['must be a whole number', '必须是整数'],
  ['must be a whole number from 0 to 100', '必须是 0 到 100 的整数'],
  ['must be true or false', '必须是 true 或 false'],
  ['must be of the form name=value;name=value', '必须是“名称=值;名称=值”的形式'],
  ['must have as many entries as SLAVE_ADD', '的项数必须与 SLAVE_ADD 相同'],
  ['needs a host in the URL, which is the primary', '要求 URL 中有主机，即主库'],
  ['contradicts the key "«key»", which asks to check the certificate', '与键“«key»”矛盾，后者要求检查证书'],
  ['Give sslmode, sslrootcert, sslcert, sslkey.', '请给出 sslmode、sslrootcert、sslcert、sslkey。'],

  // Why a key is refused.
  ['a Java class cannot be loaded here', '这里无法加载 Java 类'],
  ['write the password itself', '请直接写密码'],
  ['leave out readOnly', '请去掉 readOnly'],
  ['the client library always sets it', '客户端库总会设置它'],
  ['the system chooses the local address', '本地地址由系统选择'],
  ['no file is read; write out what it says', '不读取文件；请把其中的内容写出来'],
  ['no file is written', '不写文件'],
  ['is for the reader', '由读者决定'],
  ['parameters are never made part of the text of a statement', '参数从不拼入语句文本'],
  [
    'the server finds out the type of a string, and a cast in the statement changes it',
    '字符串的类型由服务器判断，可在语句中用类型转换改变',
  ],
  ['use savepoint() for statements that may fail', '可能失败的语句请使用 savepoint()'],
  ['this driver does not replicate', '本驱动不做复制'],
  ['there is no other', '没有其他版本'],
  ['its meaning is not documented', '其含义没有文档说明'],
  ['errors have the detail as a property, apart from the message', '详细信息是错误的一个属性，不在消息中'],
  [
    "no statements are run on connecting; set parameters of the server with pqopt={options='-c name=value'}",
    "连接时不执行语句；请用 pqopt={options='-c name=value'} 设置服务器参数",
  ],
  [
    'data sources of the ODBC driver manager are not read; write out Server, Port, Database, Uid and Pwd',
    '不读取 ODBC 驱动管理器的数据源；请写出 Server、Port、Database、Uid 和 Pwd',
  ],
  ['the client library chooses by itself', '由客户端库自行选择'],
  [
    'its unit differs between versions; give Keepalive, in seconds',
    '其单位随版本而不同；请给出以秒计的 Keepalive',
  ],
  ['types are looked up one at a time, when they are first seen', '类型在首次遇到时逐个查询'],
  ['composite types are given as strings', '复合类型以字符串给出'],
  ['give a list of revoked certificates as the option "sslcrl"', '请用选项“sslcrl”给出吊销证书列表'],
  ['chooses between two implementations of TLS in .NET', '它在 .NET 的两种 TLS 实现之间选择'],
  ['the password is never shown', '密码从不显示'],
  ['the client library uses Kerberos when the server asks for it', '服务器要求时，客户端库会使用 Kerberos'],
  ['give the user with the realm', '请给出带有 realm 的用户'],
  [
    'connections are always pooled; give Maximum Pool Size to limit them',
    '连接总是由连接池管理；请用 Maximum Pool Size 限制数量',
  ],
  ['connections are always pooled', '连接总是由连接池管理'],
  [
    "a statement goes to a standby only if it surely reads; make calls that are to go to the primary in a transaction, or with consistency: 'primary'",
    "只有确定是读操作的语句才会发往备库；要发往主库的调用请放进事务，或使用 consistency: 'primary'",
  ],
  ['each server is asked itself what it is', '每台服务器的角色由驱动直接询问'],
  [
    'a transaction runs on the primary, and one of db.readOnly.transaction() on a standby',
    '事务在主库上执行，db.readOnly.transaction() 的事务在备库上执行',
  ],
  [
    'a standby serves what it has, however it is replicated to; see the option "cluster.consistency"',
    '无论以何种方式复制，备库都提供它已有的数据；参见选项“cluster.consistency”',
  ],
  ['the servers are always watched', '始终监视各服务器'],
  ['connecting is tried again until pool.acquireTimeout', '在 pool.acquireTimeout 之内会不断尝试连接'],
  [
    'hosts are tried in the order given; to spread reads, use cluster=eventual and db.readOnly',
    '主机按给出的顺序尝试；要分散读操作，请使用 cluster=eventual 和 db.readOnly',
  ],
  [
    'hosts are tried in the order given; to spread reads, use the option "cluster" and db.readOnly',
    '主机按给出的顺序尝试；要分散读操作，请使用选项“cluster”和 db.readOnly',
  ],
];
