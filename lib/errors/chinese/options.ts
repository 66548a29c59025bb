import type { Pair } from './pair.js';

/** What is said of options, of the environment and of connection strings of the driver's own forms. */
export const OPTIONS: readonly Pair[] = [
  // What a value must be.
  ['The option "«name»" must be one of «list».', '选项“«name»”必须是以下之一：«list»。'],
  ['The option "«name»" must be «what».', '选项“«name»”必须是«what»。'],
  ['The option "«name»" must be «what», not «kind».', '选项“«name»”必须是«what»，而不是«kind»。'],
  ['The option "«name»" of «call» must be «what».', '«call»的选项“«name»”必须是«what»。'],
  [
    'The option "«name»" of «call» must be «what», not «kind».',
    '«call»的选项“«name»”必须是«what»，而不是«kind»。',
  ],
  ['The option "«name»" must not contain a NUL character.', '选项“«name»”不能包含 NUL 字符。'],
  ['The option "«name»" cannot be "«value»".', '选项“«name»”不能是“«value»”。'],
  [
    'The option "«name»" cannot be "«value»"; did you mean "«meant»"?',
    '选项“«name»”不能是“«value»”；是否想写“«meant»”？',
  ],
  ['The option "«name»" cannot be what was given.', '选项“«name»”不能是所给的值。'],
  [
    'The option "«name»" cannot be what was given; did you mean "«meant»"?',
    '选项“«name»”不能是所给的值；是否想写“«meant»”？',
  ],
  ['The option "«name»" must be a list of «list».', '选项“«name»”必须是由以下各项组成的数组：«list»。'],
  ['It is one of «list».', '它是以下之一：«list»。'],
  ['It takes «list».', '可用的选项：«list»。'],
  ['Leave it out for the default.', '省略它即使用默认值。'],
  ['Leave it out for 2000, or give Infinity for no limit.', '省略它即为 2000，设为 Infinity 表示不限。'],
  ['0 is no limit.', '0 表示不限。'],
  [
    "Give Infinity for no limit, or leave it out for the database's own.",
    '设为 Infinity 表示不限；省略则使用数据库对象自己的时限。',
  ],

  // Names of options.
  ['Unknown option "«name»"«end»', '未知的选项“«name»”«end»'],
  ['Unknown option in "«name»"«end»', '“«name»”中有未知的选项«end»'],
  [
    'Unknown option "«name»" of «call»; did you mean "«meant»"?',
    '«call»没有选项“«name»”；是否想写“«meant»”？',
  ],
  ['Unknown option "«name»" of «call».', '«call»没有选项“«name»”。'],
  ['"«name»" is an option of «list».', '“«name»”是以下调用的选项：«list»。'],
  ['The options of «call» must be an object, not «kind».', '«call»的选项必须是对象，而不是«kind»。'],
  ['The keys are «list».', '可用的键：«list»。'],
  [
    'It is an option of the driver itself: give it in an object, open(string, { «name»: … }).',
    '它是驱动自己的选项：请用对象给出，open(string, { «name»: … })。',
  ],
  ['docs/connection-strings.md lists the keys.', '可用的键见 docs/connection-strings.zh-CN.md。'],
  [
    'Of pg, ssl: true is sslMode: "require", which checks no certificate; ssl: { ca } is sslMode: "verify-full" with the path of the file as sslRootCert; cert and key are sslCert and sslKey, paths as well. kingbase-native/pg takes ssl as pg does.',
    'pg 的 ssl: true 相当于 sslMode: "require"，它不检查证书；ssl: { ca } 相当于 sslMode: "verify-full"，并以 sslRootCert 给出文件路径；cert 和 key 对应 sslCert 和 sslKey，也是路径。kingbase-native/pg 接受与 pg 相同的 ssl。',
  ],
  [
    'README.md and docs/connection-strings.md list the options.',
    '所有选项见 README.zh-CN.md 和 docs/connection-strings.zh-CN.md。',
  ],
  [
    'The option "«name»" is given twice in the «form», under different names.',
    '选项“«name»”在«form»中以不同的名称给出了两次。',
  ],
  [
    'The option "«name»" is given twice in the «form», as "«one»" and as "«other»".',
    '选项“«name»”在«form»中给出了两次：“«one»”和“«other»”。',
  ],
  ['The option "«name»" is given twice in the «form».', '选项“«name»”在«form»中给出了两次。'],
  ['The option "«name»" is empty in the «form».', '选项“«name»”在«form»中为空。'],
  ['How safe the connection is depends on it: give it once.', '连接的安全程度取决于它，只能给出一次。'],
  [
    'How safe the connection is depends on it: give a value, or leave the option out.',
    '连接的安全程度取决于它：请给出值，或去掉该选项。',
  ],

  // Connection strings.
  ['The connection string has an unknown option«end»', '连接字符串中有未知的选项«end»'],
  [
    'It is not shown, since it may be a piece of a password. A URL begins with "kingbase://"; in a list of keys and values, a value that holds a separator must be quoted.',
    '它可能是密码的一部分，因此不显示。URL 以“kingbase://”开头；在键值列表中，含有分隔符的值必须加引号。',
  ],
  ['The value of «what» is a connection URL.', '«what»的值是一个连接 URL。'],
  [
    'Give the URL by itself: as the first argument of open(), or in KINGBASE_URL.',
    '请单独给出 URL：作为 open() 的第一个参数，或设置 KINGBASE_URL。',
  ],
  ['The value of «what» holds the key of a password.', '«what»的值中含有密码的键。'],
  [
    'Check the separators: each form has its own, and full-width ones (；＝，＆？：) are none. A value that holds one must be quoted or percent-encoded.',
    '请检查分隔符：每种形式有各自的分隔符，全角符号（；＝，＆？：）不是分隔符。含有分隔符的值必须加引号或做百分号编码。',
  ],
  [
    'The connection string cannot be read: it must be a list of key=value pairs separated by spaces.',
    '无法读取连接字符串：它必须是以空格分隔的“键=值”列表。',
  ],
  [
    'The pqopt of the ODBC connection string cannot be read: it must be a list of key=value pairs separated by spaces.',
    '无法读取 ODBC 连接字符串的 pqopt：它必须是以空格分隔的“键=值”列表。',
  ],
  [
    "A value that contains a space, or is empty, stands in '…'; in it ' and \\ are written \\' and \\\\.",
    "含有空格或为空的值写在 '…' 中；其中的 ' 和 \\ 写作 \\' 和 \\\\。",
  ],
  ['The connection URL has an unknown scheme«end»', '连接 URL 的协议名未知«end»'],
  [
    'Understood are kingbase:, kingbase8:, kingbasees:, postgres: and postgresql:, and JDBC URLs.',
    '可识别的有 kingbase:、kingbase8:、kingbasees:、postgres:、postgresql: 以及 JDBC URL。',
  ],
  [
    'The connection URL has more than one "@", an "@" after a "/", or a "#".',
    '连接 URL 中有不止一个“@”，或“/”之后有“@”，或有“#”。',
  ],
  [
    'The ":" between user and password in the connection URL is encoded, or full-width.',
    '连接 URL 中用户名与密码之间的“:”被编码了，或是全角的。',
  ],
  [
    'The part of the connection URL after "?" must be of the form key=value&key=value.',
    '连接 URL 中“?”之后的部分必须是“键=值&键=值”的形式。',
  ],
  [
    'In user name and password "@", ":", "/", "?", "#" and "%" must be written %40, %3A, %2F, %3F, %23 and %25 (encodeURIComponent does it).',
    '用户名和密码中的“@”“:”“/”“?”“#”“%”必须写作 %40、%3A、%2F、%3F、%23、%25（可用 encodeURIComponent）。',
  ],
  [
    'The connection URL has a host or port that cannot be read: a port is a number, and an IPv6 address stands in [].',
    '无法读取连接 URL 的主机或端口：端口是数字，IPv6 地址写在 [] 中。',
  ],
  [
    'The connection URL has a host with a character that no host name has.',
    '连接 URL 的主机名含有主机名中不会出现的字符。',
  ],
  [
    'The «part» in the connection URL has a "%" that begins no character.',
    '连接 URL 的«part»中有一个“%”，其后不是字符编码。',
  ],
  [
    'The user in the «form» has a separator in it, behind which there may be a password.',
    '«form»中的用户名含有分隔符，其后可能是密码。',
  ],
  [
    'Give the password by its own key. A name that has such a character is given in an object: open(string, { user: … }).',
    '请用单独的键给出密码。含有这类字符的用户名请用对象给出：open(string, { user: … })。',
  ],
  [
    'Check how the parts of the connection string are separated and quoted.',
    '请检查连接字符串各部分的分隔方式和引号。',
  ],
  ['The option "«name»" cannot be given in a connection string.', '选项“«name»”不能在连接字符串中给出。'],
  ['Give it in an object: open(string, { … }).', '请用对象给出：open(string, { … })。'],
  [
    'It loads code, and whoever writes a connection string must not decide that. Give it in an object: open(string, { «name»: … })«end»',
    '它会加载代码，不能由编写连接字符串的人决定。请用对象给出：open(string, { «name»: … })«end»',
  ],
  [
    'It writes a file, and whoever writes a connection string must not decide that. Give it in an object: open(string, { «name»: … })«end»',
    '它会写文件，不能由编写连接字符串的人决定。请用对象给出：open(string, { «name»: … })«end»',
  ],
  [', or set KINGBASE_CLIENT_LIBRARY.', '，或设置 KINGBASE_CLIENT_LIBRARY。'],
  [
    'The option "«name»" names a file on another machine, which a connection string cannot.',
    '选项“«name»”指向另一台机器上的文件，连接字符串中不允许。',
  ],
  [
    "Windows would log in there with the user's credentials. Give it in an object, or use a local file.",
    'Windows 会用该用户的凭据登录那台机器。请用对象给出，或使用本地文件。',
  ],

  // What is given to open().
  [
    'The configuration must be a connection string or an object, not «kind».',
    '配置必须是连接字符串或对象，而不是«kind»。',
  ],
  [
    'The configuration must be a connection string or an object of options, not what is open already.',
    '配置必须是连接字符串或选项对象，而不是已经打开的对象。',
  ],
  [
    'Use it as it is, or give what it was opened with. A Database serves an adapter only of the same copy of the package.',
    '请直接使用它，或给出打开它时所用的配置。Database 对象只能用于同一份软件包中的适配器。',
  ],
  [
    'The driver has a pool of its own: give host, user, password and database beside "pool".',
    '驱动自带连接池：请在“pool”之外给出 host、user、password 和 database。',
  ],
  ['Was await forgotten?', '是否遗漏了 await？'],
  ['Give its property "href".', '请传入它的属性“href”。'],
  [
    'The option "clientEncoding" can only be UTF8, which the driver always uses.',
    '选项“clientEncoding”只能是 UTF8，驱动始终使用它。',
  ],
  [
    'Leave it out: the server converts to and from the encoding of the database.',
    '请去掉它：服务器会与数据库的编码相互转换。',
  ],
  [
    'The option "«name»" names a file, which a configuration that is not trusted cannot.',
    '选项“«name»”指定了文件，不受信任的配置不允许这样做。',
  ],
  [
    "Give it in the second argument: open(config, { trust: 'untrusted', «name»: … }).",
    "请在第二个参数中给出：open(config, { trust: 'untrusted', «name»: … })。",
  ],
  [
    'The option "host" names a Unix socket, which a configuration that is not trusted cannot.',
    '选项“host”指定了 Unix 套接字，不受信任的配置不允许这样做。',
  ],
  [
    'A server there may let this process in without a password.',
    '那里的服务器可能不要求密码就允许本进程登录。',
  ],
  [
    'Leave it out where there is no pooler, or one that gives each connection a session of its own.',
    '没有连接池中间件，或中间件为每个连接提供独占会话时，请去掉该选项。',
  ],
  [
    'The option "«name»" is about a session, and a pooler keeps none.',
    '选项“«name»”针对会话，而连接池中间件不保持会话。',
  ],
  [
    'Set what is needed for the role or the database (ALTER ROLE … SET), or inside a transaction (SET LOCAL).',
    '请为角色或数据库设置所需的参数（ALTER ROLE … SET），或在事务内设置（SET LOCAL）。',
  ],
  [
    'With "cluster" there can be no pooler before the servers.',
    '使用“cluster”时，服务器之前不能有连接池中间件。',
  ],
  [
    'Name the servers themselves as hosts, or leave the choice of servers to the pooler.',
    '请把各服务器本身写入主机列表，或由连接池中间件选择服务器。',
  ],
  [
    'The option "target_session_attrs" cannot be "«value»" together with "cluster".',
    '选项“target_session_attrs”与“cluster”同时使用时，不能是“«value»”。',
  ],
  [
    'Leave it out: calls on the database go to the primary, and those of db.readOnly to the standbys.',
    '请去掉它：Database 对象上的调用发往主库，db.readOnly 的调用发往备库。',
  ],
  [
    'No user was given, and what a configuration that is not trusted leaves out is not completed.',
    '没有给出用户，而不受信任的配置所缺少的内容不会被补全。',
  ],
  [
    'No user was given, and the operating system has no name for the user of this process.',
    '没有给出用户，操作系统中也没有本进程用户的名称。',
  ],
  [
    'Give "user" in the configuration, or in the second argument of open().',
    '请在配置中，或在 open() 的第二个参数中给出“user”。',
  ],
  ['Give "user" in the configuration, or set KINGBASE_USER.', '请在配置中给出“user”，或设置 KINGBASE_USER。'],
  [
    'Of the options "clientLibrary.path" and "clientLibrary.directory" only one can be given.',
    '选项“clientLibrary.path”和“clientLibrary.directory”只能给出一个。',
  ],
  [
    'The client library "«path»" («part») must have an absolute path.',
    '客户端库“«path»”（«part»）必须使用绝对路径。',
  ],
  ['Write the whole path, such as «example».', '请写出完整路径，例如 «example»。'],
  [
    'Where no library is named, the driver looks for libkci, then for libpq, where the system has its libraries.',
    '如果不指定客户端库，则依次使用系统库目录中的 libkci 和 libpq。',
  ],
  [
    'Variables and "~" are not replaced, and a URL is no path (fileURLToPath makes it one).',
    '变量和“~”不会被替换；URL 不是路径（可用 fileURLToPath 转换）。',
  ],
  [
    'A relative path would load code from whatever the current directory happens to be.',
    '相对路径会从当前目录（无论它是哪里）加载代码。',
  ],
  ['The variable «name» must be an absolute path.', '环境变量 «name» 必须是绝对路径。'],
  ['«name» must be one of «list».', '«name» 必须是以下之一：«list»。'],
  [
    'The option "sslmode" is "«mode»", and «setter» demands at least "«floor»".',
    '选项“sslmode”是“«mode»”，而 «setter» 要求至少为“«floor»”。',
  ],
  [
    'Ask for a mode that protects at least as well, or have the floor lowered by whoever set it.',
    '请使用至少同样安全的模式，或由设置该下限的人降低它。',
  ],
  [
    'The variable «variable» of the environment is set, and the client library would take "«keyword»" from it.',
    '设置了环境变量 «variable»，客户端库会从中取得“«keyword»”。',
  ],
  [
    'The connection would not be what was asked for. Unset the variable, or give the option "«keyword»" in the configuration.',
    '那样建立的连接与要求的不符。请取消该变量，或在配置中给出选项“«keyword»”。',
  ],
  [
    'The loaded client library does not know the option "«keyword»", and connecting without it would not be what was asked for.',
    '所加载的客户端库不支持选项“«keyword»”，而不带该选项的连接与要求的不符。',
  ],
  [
    'Use a newer client library (KINGBASE_CLIENT_LIBRARY, clientLibrary), or leave the option out.',
    '请使用较新的客户端库（KINGBASE_CLIENT_LIBRARY、clientLibrary），或去掉该选项。',
  ],

  // Hosts.
  [
    'It was a string that is no address. The name of a host is given as "host".',
    '给出的字符串不是 IP 地址。主机名用“host”给出。',
  ],
  [
    'The option "hosts" cannot be given together with "host" or "hostaddr".',
    '选项“hosts”不能与“host”或“hostaddr”同时给出。',
  ],
  [
    'The options "host" and "hostaddr" must have the same number of entries.',
    '选项“host”与“hostaddr”的项数必须相同。',
  ],
  [
    'The option "hosts" must be a list of { host, port }, of one at least.',
    '选项“hosts”必须是至少含一项的 { host, port } 数组。',
  ],
  ['With "hosts", the option "port" must be one port.', '使用“hosts”时，选项“port”必须是单个端口。'],
  [
    'Each entry of the option "hosts" must have the name of one host.',
    '选项“hosts”的每一项必须是一个主机的名称。',
  ],
  [
    'The option "host" has a character that no host name has: a space, "=", ";" or "@", or a full-width one.',
    '选项“host”含有主机名中不会出现的字符：空格、“=”、“;”、“@”或全角字符。',
  ],

  ['Write true or false, in an object without quotes.', '请写 true 或 false；在对象中不加引号。'],
  ["One item is written ['all'].", "只有一项时写作 ['all']。"],
  [
    'Its keys are minimum and cancel; whether to encrypt is said by sslMode.',
    '其键为 minimum 和 cancel；是否加密由 sslMode 决定。',
  ],
  ['Write log: (entry) => { … }.', '写法：log: (entry) => { … }。'],

  // The pool and clusters.
  ['The option "pool.min" must not be greater than "pool.max".', '选项“pool.min”不能大于“pool.max”。'],
  [
    'The option "cluster" must have a number with a unit after "bounded:".',
    '选项“cluster”的“bounded:”之后必须是带单位的数字。',
  ],
  [
    'The units are ms and s, or B, kB, MB and GB: bounded:500ms, bounded:16MB.',
    '单位为 ms 和 s，或 B、kB、MB 和 GB：bounded:500ms、bounded:16MB。',
  ],
  [
    'The option "cluster" must be an object, true or false, or one of «list».',
    '选项“cluster”必须是对象、true 或 false，或以下之一：«list»。',
  ],
  [
    'With bounded there can be a bound, as in bounded:500ms.',
    'bounded 之后可以给出界限，例如 bounded:500ms。',
  ],
  [
    'The option "cluster.weights" has a weight of "«name»", which is none of the hosts«end»',
    '选项“cluster.weights”中有“«name»”的权重，但它不是主机列表中的主机«end»',
  ],
  [
    'The option "cluster.weights" has a weight of what is none of the hosts.',
    '选项“cluster.weights”中有一项不是主机列表中的主机。',
  ],
  ['The hosts are «list».', '主机有：«list»。'],

  // Types.
  [
    "The option 'types' must be an object such as { int8: 'number' }, not «kind».",
    "选项“types”必须是对象，例如 { int8: 'number' }，而不是«kind»。",
  ],
  [
    'The option types.«key» is «value», but must be «list».',
    '选项 types.«key» 是 «value»，但必须是 «list»。',
  ],
  [
    'The option types.«key» is «value», but must be «list», or { parse, serialize }.',
    '选项 types.«key» 是 «value»，但必须是 «list» 或 { parse, serialize }。',
  ],
  ["Did you mean '«meant»'?", '是否想写“«meant»”？'],
  ['There is no option types.«key» that takes «value».', '没有可以取值 «value» 的选项 types.«key»。'],
  [
    'The options are «list»; any other type takes { parse, serialize }.',
    '可用的选项：«list»；其他类型使用 { parse, serialize }。',
  ],
  ['types.all.parserOf must be a function.', 'types.all.parserOf 必须是函数。'],
  [
    'types.all.usual has «value», but takes the OIDs «list» only.',
    'types.all.usual 含有 «value»，但只能是以下 OID：«list»。',
  ],
  [
    'types[«key»] is not a type OID: they go from 1 to 4294967295.',
    'types[«key»] 不是类型的 OID：其范围是 1 到 4294967295。',
  ],
  [
    "types.«key» has a member «member», but takes 'parse' and 'serialize' only.",
    'types.«key» 有成员 «member»，但只能有“parse”和“serialize”。',
  ],
  [
    "types.«key» needs a function 'parse', 'serialize', or both.",
    'types.«key» 需要函数“parse”或“serialize”，或两者都有。',
  ],
  ['types.«key» must be a function.', 'types.«key» 必须是函数。'],
];
