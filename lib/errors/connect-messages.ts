import type { ConnectionErrorCode } from './codes.js';
import type { ConnectStage } from './driver-errors.js';

/** How one kind of connection failure is recognised in the client library's text, in English or Chinese. */
export interface ConnectRule {
  readonly code: ConnectionErrorCode;
  readonly stage?: ConnectStage;
  readonly pattern: RegExp;
  readonly hint: string;
}

/**
 * The first rule that fits decides, so what is particular stands before what is general. The Chinese is that of
 * the catalogues of libkci (V8R3) and libpq, and of the operating systems' own error texts.
 */
export const CONNECT_RULES: readonly ConnectRule[] = [
  {
    code: 'KB_CONNECT_TLS_UNSUPPORTED',
    stage: 'tls',
    pattern:
      /does not support SSL|invalid when SSL support is not compiled|不支持 ?SSL|SSL 支持编译|未包含 SSL 支持/,
    hint:
      'Either the server has TLS switched off (set "ssl = on" in kingbase.conf and restart it with sys_ctl) or the ' +
      'client library was built without TLS (use another one). With sslmode=prefer or sslmode=disable the ' +
      'connection is made without encryption.',
  },
  {
    code: 'KB_CONNECT_TLS_CERTIFICATE',
    stage: 'tls',
    pattern:
      /certificate verify failed|does not match host name|root certificate file|certificate's name|name from server certificate|host name must be specified for a verified|no start line|根(认证|证书)文件|证书.*主机名.*不匹配|主机名不匹配|证书的名称|证书缺少名称|服务器证书中获取|SSL 连接必须指定主机名/,
    hint:
      "The server's certificate was not accepted. Point sslrootcert at the certificate of the authority that signed " +
      'it, and connect by a host name that the certificate contains; sslmode=verify-ca leaves the host name ' +
      'unchecked, sslmode=require checks nothing.',
  },
  {
    code: 'KB_CONNECT_OPTION',
    pattern:
      /invalid connection option|connection info string|\bURI\b|definition of service|service file|invalid (\w+ )?value: "|invalid (\w+ )?value ".*" for|value ".*" invalid|invalid (port number|integer value|SSL protocol version range)|could not match \d+|could not parse network address|requirepeer parameter|非法联接选项|连接选项 "|[联连]接信息字[串符]|没有找到服务|找不到服务|服务文件|无效的 \S+ 值|的值 ".*" 无效|端口号无效|无效的端口号|协议版本范围无效|无法解析网络地址|不支持 requirepeer/,
    hint:
      'The client library refused an option, or a service file could not be used: correct its value, or leave the ' +
      'option out if the library is too old for it.',
  },
  {
    code: 'KB_CONNECT_FAILED',
    stage: 'startup',
    pattern:
      /expected authentication request|unexpected message from server|invalid response to SSL negotiation|来自服务器的认证请求|预期为服务器的认证请求|对 SSL (握手|协商)的无效响应/,
    hint: 'What listens at this address is not a KingbaseES server: check host and port (54321 by default).',
  },
  {
    code: 'KB_CONNECT_AUTH_METHOD',
    stage: 'auth',
    pattern:
      /authentication( method)?( \S+)? not supported|SASL authentication mechanism|不支持 ?(\S+ ){0,2}认证|认证机制均不受支持/,
    hint:
      'The client library is older than the server, or not made by Kingbase, and does not know the authentication ' +
      'method (KingbaseES has sm3, scram-sm3 and sm4 beside scram-sha-256). Install the client library of the ' +
      "server's version and name it in KINGBASE_CLIENT_LIBRARY, or choose another method in sys_hba.conf.",
  },
  {
    code: 'KB_CONNECT_PASSWORD_MISSING',
    stage: 'auth',
    pattern: /no password supplied|没有提供(口令|密码)|未提供(口令|密码)/,
    hint: 'The server asks for a password: give one in the configuration, in KINGBASE_PASSWORD or in a password file.',
  },
  {
    code: 'KB_CONNECT_HOST_NOT_FOUND',
    stage: 'dns',
    pattern:
      /could not translate host name|Name or service not known|no address associated with|Temporary failure in name resolution|No such host is known|getaddrinfo|无法(解释|解析|翻译)?.{0,4}主机名|不知道这样的主机|未知的名称或服务/,
    hint: 'Check the spelling of the host name and that this machine can resolve it.',
  },
  {
    code: 'KB_CONNECT_NO_SOCKET',
    stage: 'tcp',
    pattern:
      /(No such file or directory|没有那个文件或目录)[^]*(running locally|socket|本地运行|套接字)|(socket|套接字)[^\n]*(No such file or directory|没有那个文件或目录)/i,
    hint:
      'There is no Unix socket of that name: start the server with sys_ctl, check unix_socket_directories and port ' +
      'in kingbase.conf (the socket is named .s.KINGBASE.<port>, of PostgreSQL .s.PGSQL.<port>), or give a host ' +
      'name to connect over TCP.',
  },
  {
    code: 'KB_CONNECT_REFUSED',
    stage: 'tcp',
    pattern: /Connection refused|ECONNREFUSED|10061|0000274D|拒绝连接|拒绝联接|连接被拒绝|积极拒绝/i,
    hint:
      'Nothing listens at this address: start the server with sys_ctl, check port (54321 by default) and ' +
      'listen_addresses in kingbase.conf, and the firewall.',
  },
  {
    code: 'KB_CONNECT_UNREACHABLE',
    stage: 'tcp',
    pattern:
      /No route to host|(Network|Host) is (unreachable|down)|EHOSTUNREACH|ENETUNREACH|10051|10065|没有到主机的路由|网络不可达|网络不可及|无法访问/i,
    hint: 'No network path leads to this address: check routes, VPN and firewall.',
  },
  {
    code: 'KB_CONNECT_TIMEOUT',
    stage: 'tcp',
    pattern: /timeout expired|timed out|ETIMEDOUT|10060|0000274C|超时|没有正确答复/i,
    hint:
      'No answer came in time: check host and port (54321 by default), whether a firewall drops the packets and ' +
      'whether the server is overloaded; connectTimeout sets the limit.',
  },
  {
    code: 'KB_CONNECT_AUTH',
    stage: 'auth',
    pattern: /channel binding|通道绑定/,
    hint: 'channel_binding=require needs a TLS connection and scram-sha-256 at the server.',
  },
  {
    code: 'KB_CONNECT_TLS',
    stage: 'tls',
    pattern: /\bSSL\b|\bTLS|certificate|private key|证书|私钥/,
    hint:
      'The TLS handshake failed: check that client and server have a protocol version and cipher in common, and ' +
      'the files named by sslcert and sslkey (the key must not be readable by others).',
  },
  {
    code: 'KB_CONNECT_LOST',
    stage: 'startup',
    pattern:
      /server closed the connection|reset by peer|could not (receive|send) |broken pipe|10054|lost synchronization|服务器.{0,3}意外.{0,2}关闭|连接被对方重[设置]|无法(从服务器接收|向服务器发送|发送(启动包| \S+ 协商包))|失去与服务器同步|与服务器失去同步/i,
    hint:
      'The server, or something between, closed the connection during login: see the server log, and check that ' +
      'the port belongs to a KingbaseES server and that the licence is valid.',
  },
  {
    code: 'KB_CONNECT_SESSION_ATTRS',
    stage: 'startup',
    pattern:
      /session is (not )?read-only|writable connection|is (not )?in hot standby mode|会话(不是|为)只读|(处于|未处于)热备模式/,
    hint: 'The server is up, but not the kind that target_session_attrs asks for.',
  },
  {
    code: 'KB_CONNECT_AUTH',
    stage: 'auth',
    pattern: /authenticat|requirepeer|password|SCRAM|SASL|GSS|SSPI|认证|口令|密码/i,
    hint:
      'Authentication did not succeed: check user and password, the method in sys_hba.conf, and that the client ' +
      "library is of the server's version.",
  },
];

/**
 * SQLSTATEs of refusals that came without one (the server sends none when it cannot start a process, and a library
 * may leave it out).
 */
export const SERVER_RULES: readonly { readonly code: string; readonly pattern: RegExp }[] = [
  { code: '28P01', pattern: /password authentication failed|(密码|口令|Password) ?认证失败/ },
  {
    code: '28000',
    pattern:
      /no (sys|pg)_hba\.conf entry|(sys|pg)_hba\.conf rejects|(sys|pg)_hba\.conf ?(的?(记录|条目)|.{0,4}拒绝)|is not permitted to log in|不允许(角色|用户)|(role|user) ".*" does not exist|(角色|用户) ?".*" ?不存在|expired password|密码过期|user ".*" is locked|用户.*锁定|审计入侵检测/i,
  },
  { code: '3D000', pattern: /database ".*" does not exist|数据库 ?".*" ?不存在/ },
  {
    code: '53300',
    pattern:
      /too many (clients|connections)|connection slots are reserved|太多的?客户|连接过多|已保留的连接位置|连接槽位保留/,
  },
  { code: '57P01', pattern: /due to administrator command|由于管理员命令/ },
  {
    code: '57P03',
    pattern:
      /database system is (starting up|shutting down|in recovery mode|not yet accepting connections|not accepting connections)|数据库系统(正在)?(启动|停止|关闭|在?恢复)|数据库系统(尚未|不)接受连接/,
  },
];

/** What to do about a refusal at login, where the server gives no hint itself. */
export const SQLSTATE_HINTS: Readonly<Record<string, string>> = {
  '28P01':
    'Check user and password. The stored password must have been made by the method that sys_hba.conf asks for, and ' +
    'a V8R3 client library hashes md5 passwords with the user name in capitals, which later servers do not accept.',
  '28000':
    'Check that the user exists and may log in, and add a line for this host, user and database to sys_hba.conf; ' +
    'then reload it with "sys_ctl reload".',
  '3D000':
    'Check the database name, capitals included; a new KingbaseES installation has the database "test".',
  '53300':
    'All connections of the server are taken: lower "max" of the pool, close connections that are left open, or ' +
    'raise max_connections in kingbase.conf.',
  '57P01': 'The server ended the session; try again.',
  '57P03': 'The server is starting, stopping or recovering; try again later.',
  '08P01':
    'The server did not understand the login: a V8R3 client library speaks an early form of scram-sha-256. Install ' +
    "the client library of the server's version.",
};
