import type { Pair } from './pair.js';

/** What is said of the way to the server, of the client library and of the addon. */
export const CONNECTING: readonly Pair[] = [
  ['Cannot connect to «address»: «words»', '无法连接到 «address»：«words»'],
  ['no reason was given.', '没有给出原因。'],
  ['the host name "«name»" was not looked up in time.', '未能在时限内解析主机名“«name»”。'],
  [
    'The name server does not answer. The limit is the option "connectTimeout", «limit» ms for all hosts.',
    '域名服务器没有应答。时限是选项“connectTimeout”，所有主机共 «limit» 毫秒。',
  ],
  ['the host name "«name»" was not found.', '找不到主机名“«name»”。'],
  [
    'The host has a port behind it: give that by the option "port".',
    '主机名后带有端口：请用选项“port”给出端口。',
  ],
  [
    'Check the spelling of the host name, the DNS servers and /etc/hosts.',
    '请检查主机名的拼写、DNS 服务器和 /etc/hosts。',
  ],
  ['the password function gave no password within «limit» ms.', '密码函数在 «limit» 毫秒内没有给出密码。'],
  [
    'Look what keeps the password function, such as a vault. The limit is the option "connectTimeout".',
    '请找出密码函数（例如密钥服务）缓慢的原因。时限是选项“connectTimeout”。',
  ],
  ['The password must not contain a NUL character.', '密码不能包含 NUL 字符。'],
  ['The password function must give a string, but gave «kind».', '密码函数必须给出字符串，却给出了«kind»。'],
  ['no connection within «time».', '«time»内没有建立起连接。'],
  ['«share» ms, its share of «total» ms', ' «share» 毫秒（«total» 毫秒中它的份额）'],
  ['«total» ms', ' «total» 毫秒'],
  [
    'The host did not answer: it is down, or a firewall drops the packets.',
    '主机没有应答：主机已停机，或防火墙丢弃了数据包。',
  ],
  [
    'The host took the connection, but the server did not answer: it may be overloaded or hang.',
    '主机接受了连接，但服务器没有应答：它可能负载过高或已挂起。',
  ],
  [
    'The limit is the option "connectTimeout", which all hosts and addresses share.',
    '时限是选项“connectTimeout”，由所有主机和地址共用。',
  ],
  ['the client key «path» is encrypted.', '客户端私钥 «path» 已加密。'],
  [
    'Give its passphrase as sslPassword, where the client library knows that option (libpq 13 and later), or use a key that is not encrypted and that only this user can read (openssl pkey -in … -out …).',
    '请以 sslPassword 给出其口令（要求客户端库支持该选项，即 libpq 13 及以上），或使用未加密且只有该用户可读的私钥（openssl pkey -in … -out …）。',
  ],
  ['setting up the session (onConnect) «what»', '会话的初始化（onConnect）«what»'],
  ['had not ended within «limit» ms.', '在 «limit» 毫秒内没有结束。'],
  ['failed: «words»', '失败：«words»'],
  ['its connection was closed meanwhile.', '其间连接已关闭。'],
  [
    'it has left a transaction open, which would undo what it has set.',
    '它留下了打开的事务，会使它的设置被撤销。',
  ],
  [
    'Look what onConnect waits for; it has its session, and must not wait for another of the same pool.',
    '请找出 onConnect 在等待什么；它已有自己的会话，不能再等待同一连接池的另一个会话。',
  ],
  [
    'See the cause. No call gets a connection that onConnect has not set up.',
    '见 cause。onConnect 没有完成初始化的连接不会交给任何调用。',
  ],
  ['the connection was lost again right after the login.', '登录之后连接立即断开了。'],
  [
    'See the server log, which often says more than the client is told.',
    '请查看服务器日志，其中的信息往往比客户端得到的更多。',
  ],
  [
    'The server at «address» is not what target_session_attrs=«wanted» asks for.',
    '«address» 的服务器不符合 target_session_attrs=«wanted» 的要求。',
  ],
  [
    'Name all servers of the cluster as hosts, and look which of them is the primary.',
    '请把集群的所有服务器写入主机列表，并查看哪一台是主库。',
  ],

  // Hints for the library's words.
  [
    'Either the server has TLS switched off (set "ssl = on" in kingbase.conf and restart it with sys_ctl) or the client library was built without TLS (use another one). With sslmode=prefer or sslmode=disable the connection is made without encryption.',
    '可能是服务器关闭了 TLS（在 kingbase.conf 中设置“ssl = on”，并用 sys_ctl 重启），也可能是客户端库编译时没有 TLS（请换用其他客户端库）。使用 sslmode=prefer 或 sslmode=disable 时，连接不加密。',
  ],
  [
    "The server's certificate was not accepted. Point sslrootcert at the certificate of the authority that signed it, and connect by a host name that the certificate contains; sslmode=verify-ca leaves the host name unchecked, sslmode=require checks nothing.",
    '服务器证书没有被接受。请让 sslrootcert 指向签发它的 CA 证书，并使用证书中包含的主机名连接；sslmode=verify-ca 不检查主机名，sslmode=require 什么都不检查。',
  ],
  [
    'The client library refused an option, or a service file could not be used: correct its value, or leave the option out if the library is too old for it.',
    '客户端库拒绝了某个选项，或者无法使用服务文件：请改正其值；如果客户端库太旧而不支持该选项，请去掉它。',
  ],
  [
    'What listens at this address is not a KingbaseES server: check host and port (54321 by default).',
    '该地址上监听的不是 KingbaseES 服务器：请检查主机和端口（默认 54321）。',
  ],
  [
    "The client library is older than the server, or not made by Kingbase, and does not know the authentication method (KingbaseES has sm3, scram-sm3 and sm4 beside scram-sha-256). Install the client library of the server's version and name it in KINGBASE_CLIENT_LIBRARY, or choose another method in sys_hba.conf.",
    '客户端库比服务器旧，或不是人大金仓的，因而不支持该认证方式（KingbaseES 除 scram-sha-256 外还有 sm3、scram-sm3 和 sm4）。请安装与服务器版本相同的客户端库，并用 KINGBASE_CLIENT_LIBRARY 指定；或在 sys_hba.conf 中选择其他认证方式。',
  ],
  [
    'The server asks for a password: give one in the configuration, in KINGBASE_PASSWORD or in a password file.',
    '服务器要求密码：请在配置、KINGBASE_PASSWORD 或密码文件中给出。',
  ],
  [
    'Check the spelling of the host name and that this machine can resolve it.',
    '请检查主机名的拼写，以及本机能否解析它。',
  ],
  [
    'There is no Unix socket of that name: start the server with sys_ctl, check unix_socket_directories and port in kingbase.conf (the socket is named .s.KINGBASE.<port>, of PostgreSQL .s.PGSQL.<port>), or give a host name to connect over TCP.',
    '没有该名称的 Unix 套接字：请用 sys_ctl 启动服务器，检查 kingbase.conf 中的 unix_socket_directories 和 port（套接字名为 .s.KINGBASE.<port>，PostgreSQL 为 .s.PGSQL.<port>），或给出主机名以通过 TCP 连接。',
  ],
  [
    'Nothing listens at this address: start the server with sys_ctl, check port (54321 by default) and listen_addresses in kingbase.conf, and the firewall.',
    '该地址上没有程序监听：请用 sys_ctl 启动服务器，检查 kingbase.conf 中的 port（默认 54321）和 listen_addresses，以及防火墙。',
  ],
  [
    'No network path leads to this address: check routes, VPN and firewall.',
    '没有到达该地址的网络路径：请检查路由、VPN 和防火墙。',
  ],
  [
    'No answer came in time: check host and port (54321 by default), whether a firewall drops the packets and whether the server is overloaded; connectTimeout sets the limit.',
    '没有及时收到应答：请检查主机和端口（默认 54321）、防火墙是否丢弃数据包，以及服务器是否负载过高；时限由 connectTimeout 设置。',
  ],
  [
    'channel_binding=require needs a TLS connection and scram-sha-256 at the server.',
    'channel_binding=require 要求 TLS 连接，且服务器使用 scram-sha-256。',
  ],
  [
    'The TLS handshake failed: check that client and server have a protocol version and cipher in common, and the files named by sslcert and sslkey (the key must not be readable by others).',
    'TLS 握手失败：请检查客户端与服务器是否有共同的协议版本和加密套件，以及 sslcert 和 sslkey 指定的文件（私钥不能让其他用户可读）。',
  ],
  [
    'The server, or something between, closed the connection during login: see the server log, and check that the port belongs to a KingbaseES server and that the licence is valid.',
    '服务器或中间设备在登录过程中关闭了连接：请查看服务器日志，并检查该端口是否属于 KingbaseES 服务器、许可证是否有效。',
  ],
  [
    'The server is up, but not the kind that target_session_attrs asks for.',
    '服务器在运行，但不符合 target_session_attrs 的要求。',
  ],
  [
    "Authentication did not succeed: check user and password, the method in sys_hba.conf, and that the client library is of the server's version.",
    '认证没有成功：请检查用户和密码、sys_hba.conf 中的认证方式，以及客户端库是否与服务器版本相同。',
  ],
  [
    'Check user and password. The stored password must have been made by the method that sys_hba.conf asks for, and a V8R3 client library hashes md5 passwords with the user name in capitals, which later servers do not accept.',
    '请检查用户和密码。服务器保存的密码必须是以 sys_hba.conf 要求的方式生成的；V8R3 的客户端库计算 md5 密码时使用大写的用户名，较新的服务器不接受。',
  ],
  [
    'Check that the user exists and may log in, and add a line for this host, user and database to sys_hba.conf; then reload it with "sys_ctl reload".',
    '请检查用户是否存在、是否允许登录，并在 sys_hba.conf 中为该主机、用户和数据库添加一行，然后用“sys_ctl reload”重新加载。',
  ],
  [
    'Check the database name, capitals included; a new KingbaseES installation has the database "test".',
    '请检查数据库名，包括大小写；新安装的 KingbaseES 有数据库“test”。',
  ],
  [
    'All connections of the server are taken: lower "max" of the pool, close connections that are left open, or raise max_connections in kingbase.conf.',
    '服务器的连接已用完：请减小连接池的“max”，关闭遗留的连接，或增大 kingbase.conf 中的 max_connections。',
  ],
  ['The server ended the session; try again.', '服务器结束了会话；请重试。'],
  [
    'The server is starting, stopping or recovering; try again later.',
    '服务器正在启动、停止或恢复；请稍后重试。',
  ],
  [
    "The server did not understand the login: a V8R3 client library speaks an early form of scram-sha-256. Install the client library of the server's version.",
    '服务器无法理解登录过程：V8R3 的客户端库使用 scram-sha-256 的早期形式。请安装与服务器版本相同的客户端库。',
  ],

  // The addon.
  [
    'This Node.js runs on the C library musl (Alpine Linux), which the driver cannot use («system»).',
    '当前的 Node.js 运行在 C 库 musl（Alpine Linux）上，驱动无法使用（«system»）。',
  ],
  [
    "Use a system or container image with glibc, such as node:22-bookworm-slim: Kingbase's client library is built for glibc too.",
    '请使用带 glibc 的系统或容器镜像，例如 node:22-bookworm-slim：Kingbase 的客户端库也是为 glibc 编译的。',
  ],
  [
    'There is no native addon for this system («system»): looked for build/Release/*.node and prebuilds/«target»/kingbase-native*.node in «directory».',
    '没有适用于本系统（«system»）的原生模块：在 «directory» 中查找了 build/Release/*.node 和 prebuilds/«target»/kingbase-native*.node。',
  ],
  [
    'Binaries come with the package for linux-x64, linux-arm64 (glibc) and win32-x64. Elsewhere "npx kingbase-native build" makes one (with a C++17 compiler, make and Python 3). In a bundle, import kingbase-native/addon/… for the system, or keep the package external.',
    '软件包带有 linux-x64、linux-arm64（glibc）和 win32-x64 的二进制文件。其他系统用“npx kingbase-native build”编译（需要 C++17 编译器、make 和 Python 3）。打包时请导入对应系统的 kingbase-native/addon/…，或把本软件包设为外部依赖。',
  ],
  [
    'The native addon of the bundle cannot be loaded on this system («system»): «words»',
    '打包文件所带的原生模块无法在本系统（«system»）上加载：«words»',
  ],
  [
    'KINGBASE_NATIVE_ADDON names it; without the variable the addon of the package is loaded.',
    '该文件由环境变量 KINGBASE_NATIVE_ADDON 指定；不设置该变量时加载软件包自带的原生模块。',
  ],
  [
    'Copy the .node file to beside the bundle, where the bundler has not done so: see docs/bundlers.md.',
    '如果打包工具没有复制 .node 文件，请把它复制到打包文件旁：见 docs/bundlers.md。',
  ],
  ['it is none of this package', '不是本软件包的原生模块'],
  [
    'The native addon «path» cannot be loaded on this system («system»): «words»',
    '原生模块 «path» 无法在本系统（«system»）上加载：«words»',
  ],
  [
    'Install the package again on the system that it runs on; on Linux it needs glibc 2.28 or later.',
    '请在实际运行的系统上重新安装本软件包；在 Linux 上要求 glibc 2.28 或更高版本。',
  ],
];
