import type { Topic } from './topic.js';

/** Refused logins: by the client library, which cannot answer the server, or by the server. */
export const LOGIN: readonly Topic[] = [
  {
    codes: ['KB_CONNECT_AUTH_METHOD'],
    text: {
      en: /authentication method 13 not supported/,
      zh: /不支持 ?13 ?认证|不支持认证(方法|方式) ?13(?!\d)/,
    },
    en: {
      headline:
        'The server asks for sm3 authentication (request code 13), which the loaded client library cannot do.',
      causes: [
        "PostgreSQL's own libpq was loaded: it knows none of the methods with Chinese ciphers.",
        'The libkci is older than the server: that of V8R3 does not know sm3.',
      ],
      actions: [
        "Install the client library of the server's version, and name it in KINGBASE_CLIENT_LIBRARY.",
        'Or let the administrator choose scram-sha-256 for this host and user in sys_hba.conf, set' +
          ' password_encryption to it, and set the password anew.',
      ],
    },
    zh: {
      headline: '服务器要求 sm3 认证（请求码 13），而加载的客户端库不支持。',
      causes: [
        '加载的是 PostgreSQL 原版 libpq，它不支持任何国密认证方式。',
        '客户端库 libkci 比服务器旧：V8R3 的库不支持 sm3。',
      ],
      actions: [
        '安装与服务器版本一致的客户端库 libkci，并通过 KINGBASE_CLIENT_LIBRARY 指定。',
        '或者由管理员在 sys_hba.conf 中为该主机和用户改用 scram-sha-256，相应设置 password_encryption，并重新设置密码。',
      ],
    },
  },
  {
    codes: ['KB_CONNECT_AUTH_METHOD'],
    en: {
      headline: 'The server asks for an authentication method that the loaded client library does not know.',
      causes: [
        'The libkci is older than the server: scram-sm3 and sm4 need the library of V9, sm3 that of V8R6 or later.',
        "PostgreSQL's own libpq was loaded: it knows md5 and scram-sha-256, but not sm3, scram-sm3 and sm4.",
        'sys_hba.conf asks for a method that needs more than a password (GSSAPI, SSPI, a USB key).',
      ],
      actions: [
        "Install the client library of the server's version, and name it in KINGBASE_CLIENT_LIBRARY.",
        'See the method in sys_hba.conf, and how passwords are stored: "show password_encryption".',
        'Or let the administrator choose scram-sha-256 for this host and user, and set the password anew.',
      ],
    },
    zh: {
      headline: '服务器要求的认证方式，加载的客户端库不支持。',
      causes: [
        '客户端库 libkci 比服务器旧：scram-sm3、sm4 需要 V9 的库，sm3 需要 V8R6 或更新的库。',
        '加载的是 PostgreSQL 原版 libpq：它支持 md5 和 scram-sha-256，不支持 sm3、scram-sm3、sm4。',
        'sys_hba.conf 要求的方式不是单凭密码就能完成的（GSSAPI、SSPI、USB Key）。',
      ],
      actions: [
        '安装与服务器版本一致的客户端库 libkci，并通过 KINGBASE_CLIENT_LIBRARY 指定。',
        '查看 sys_hba.conf 中的认证方式，以及密码的存储方式：“show password_encryption”。',
        '或者由管理员为该主机和用户改用 scram-sha-256，并重新设置密码。',
      ],
    },
  },
  {
    codes: ['KB_CONNECT_AUTH'],
    en: {
      headline: 'The authentication exchange with the server did not succeed.',
      causes: [
        'Client library and server understand the method differently: a V8R3 library knows only an early SCRAM.',
        'Something between client and server answered in its place.',
        'channel_binding=require was asked for without TLS, or with another method than scram-sha-256.',
        'requirepeer does not name the operating system user that the server runs as.',
      ],
      actions: [
        "Use the client library of the server's version (KINGBASE_CLIENT_LIBRARY).",
        'Check the method for this host and user in sys_hba.conf, and leave channel_binding and requirepeer out.',
        'Read the server log: it says why it was not satisfied.',
      ],
    },
    zh: {
      headline: '与服务器的认证交互没有成功。',
      causes: [
        '客户端库与服务器对该认证方式的实现不同：V8R3 的库只支持早期的 SCRAM。',
        '客户端与服务器之间的其他程序代替服务器作了应答。',
        '设置了 channel_binding=require，但没有使用 TLS，或认证方式不是 scram-sha-256。',
        'requirepeer 与运行服务器的操作系统用户不一致。',
      ],
      actions: [
        '使用与服务器版本一致的客户端库 libkci（KINGBASE_CLIENT_LIBRARY）。',
        '检查 sys_hba.conf 中该主机和用户的认证方式，并去掉 channel_binding 和 requirepeer。',
        '查看服务器日志，其中有认证失败的原因。',
      ],
    },
  },
  {
    codes: ['KB_CONNECT_PASSWORD_MISSING'],
    en: {
      headline: 'The server asks for a password, and none was given.',
      causes: [
        'The configuration has no password, or an environment variable that should hold it is empty.',
        'The password file has no line for this host, port, database and user, or others can read it.',
      ],
      actions: [
        'Give the password in the configuration or in KINGBASE_PASSWORD.',
        'In ~/.kbpass write host:port:database:user:password, and run "chmod 600 ~/.kbpass".',
      ],
    },
    zh: {
      headline: '服务器要求密码，但没有提供。',
      causes: [
        '配置中没有密码，或者本应保存密码的环境变量为空。',
        '密码文件中没有与该主机、端口、数据库、用户对应的行，或者文件可被他人读取。',
      ],
      actions: [
        '在配置中或通过 KINGBASE_PASSWORD 提供密码。',
        '在 ~/.kbpass 中写入“<主机>:<端口>:<数据库>:<用户>:<密码>”，并执行“chmod 600 ~/.kbpass”。',
      ],
    },
  },
  {
    codes: ['28P01'],
    en: {
      headline: 'The server did not accept user and password.',
      causes: [
        'The password is wrong, or an old one is still in the configuration, the environment or ~/.kbpass.',
        'The user does not exist; the server does not tell the two apart. V8R3 writes user names in capitals.',
        'The stored password was made by another method than sys_hba.conf asks for.',
        'A V8R3 client library hashes md5 passwords with the user name in capitals; later servers do not accept it.',
        'A special character in the password of a URL is not percent-encoded.',
      ],
      actions: [
        'Try the same values in ksql: "ksql -h <host> -p <port> -U <user> -d <database>".',
        'Read the server log: it says whether the user is missing or the password differs.',
        'Set the password anew ("ALTER USER <user> PASSWORD …") after password_encryption was changed.',
        "Use the client library of the server's version (KINGBASE_CLIENT_LIBRARY).",
        'Stop retrying: after some failures the server may lock the user (sys_audlog).',
      ],
    },
    zh: {
      headline: '服务器不接受该用户名和密码。',
      causes: [
        '密码错误，或者配置、环境变量、~/.kbpass 中仍是旧密码。',
        '用户不存在；服务器对这两种情况给出同样的信息。V8R3 的用户名为大写。',
        '已存储的密码与 sys_hba.conf 要求的认证方式不一致。',
        'V8R3 的客户端库计算 md5 时把用户名转成大写，后续版本的服务器不接受。',
        'URL 中密码的特殊字符没有做百分号编码。',
      ],
      actions: [
        '用 ksql 以相同的参数登录：“ksql -h <主机> -p <端口> -U <用户> -d <数据库>”。',
        '查看服务器日志，其中会说明是用户不存在还是密码不符。',
        '修改 password_encryption 之后，须重新设置密码（“ALTER USER <用户> PASSWORD …”）。',
        '使用与服务器版本一致的客户端库 libkci（KINGBASE_CLIENT_LIBRARY）。',
        '不要反复重试：失败若干次后服务器可能锁定该用户（sys_audlog）。',
      ],
    },
  },
  {
    codes: ['28000'],
    text: {
      en: /no (sys|pg)_hba\.conf entry/,
      zh: /没有.{0,3}用于.*(sys|pg)_hba\.conf ?的?(记录|条目|项)/,
    },
    en: {
      headline: 'sys_hba.conf of the server has no line for this host, user and database.',
      causes: [
        'The file allows local connections only, as it does after installation in some packages.',
        'There is a line, but for another user, database or address range, or for hostssl (with TLS) only.',
        'The server sees another address than expected: that of a NAT, a proxy or a container network.',
        'sys_hba.conf was changed, but not reloaded.',
      ],
      actions: [
        'Add a line with the values of the message, for example: "host test app 10.0.0.0/8 scram-sha-256".',
        'Reload it: "sys_ctl reload -D <data directory>" or "select sys_reload_conf()".',
        'If the message says that TLS is off, sslmode=require may be what the server wants.',
      ],
    },
    zh: {
      headline: '服务器的 sys_hba.conf 中没有与该主机、用户和数据库对应的记录。',
      causes: [
        '该文件只允许本地连接，部分安装包安装后即是如此。',
        '有记录，但对应的是其他用户、数据库或网段，或者仅限 hostssl（使用 TLS）。',
        '服务器看到的地址与预期不同：NAT、代理或容器网络的地址。',
        '修改了 sys_hba.conf 但没有重新加载。',
      ],
      actions: [
        '按错误信息中的值增加一行，例如“host test app 10.0.0.0/8 scram-sha-256”。',
        '重新加载：“sys_ctl reload -D <数据目录>”或“select sys_reload_conf()”。',
        '如果信息中指出 SSL 未启用，可能需要 sslmode=require。',
      ],
    },
  },
  {
    codes: ['28000'],
    text: { en: /(sys|pg)_hba\.conf rejects/, zh: /(sys|pg)_hba\.conf ?(的?记录)?.{0,2}拒绝/ },
    en: {
      headline: 'A line of sys_hba.conf rejects this host, user and database on purpose.',
      causes: [
        'A "reject" line stands before the one that would allow the connection: the first that fits decides.',
        'The address, the user or connections without TLS are locked out.',
      ],
      actions: [
        'Ask the administrator, or move the allowing line above the rejecting one in sys_hba.conf.',
        'Reload it: "sys_ctl reload -D <data directory>" or "select sys_reload_conf()".',
      ],
    },
    zh: {
      headline: 'sys_hba.conf 中有一条记录明确拒绝该主机、用户和数据库。',
      causes: [
        '“reject”记录排在允许该连接的记录之前：首条匹配的记录起作用。',
        '该地址、该用户或未使用 TLS 的连接被禁止。',
      ],
      actions: [
        '联系管理员，或在 sys_hba.conf 中把允许的记录移到拒绝的记录之前。',
        '重新加载：“sys_ctl reload -D <数据目录>”或“select sys_reload_conf()”。',
      ],
    },
  },
  {
    codes: ['28000'],
    text: { en: /is not permitted to log in/, zh: /不允许(角色|用户).{0,80}登录/ },
    en: {
      headline: 'The user exists, but may not log in.',
      causes: [
        'The role was made without the LOGIN attribute (CREATE ROLE instead of CREATE USER).',
        'The user was locked, by an administrator or after failed logins.',
      ],
      actions: [
        'The administrator, or the security officer (sso), allows it: "ALTER USER <user> WITH LOGIN".',
        'Or log in as another user that is a member of this role.',
      ],
    },
    zh: {
      headline: '用户存在，但不允许登录。',
      causes: [
        '该角色没有 LOGIN 属性（用 CREATE ROLE 而不是 CREATE USER 创建）。',
        '用户被管理员锁定，或因登录失败次数过多被锁定。',
      ],
      actions: [
        '由管理员或安全管理员（sso）授权：“ALTER USER <用户> WITH LOGIN”。',
        '或者以属于该角色的其他用户登录。',
      ],
    },
  },
  {
    codes: ['28000'],
    text: { en: /(role|user) ".*" does not exist/i, zh: /(角色|用户) ?".*" ?不存在/ },
    en: {
      headline: 'The user does not exist on this server.',
      causes: [
        'The user name is misspelled, or its case differs: V8R3 has SYSTEM, later versions system.',
        'No user was named, so that of the operating system was taken.',
        'The connection goes to another server than meant.',
      ],
      actions: [
        'Name the user in the configuration or in KINGBASE_USER; the first one of an installation is system.',
        'List the users with \\du in ksql, and make the missing one with CREATE USER.',
      ],
    },
    zh: {
      headline: '该服务器上不存在此用户。',
      causes: [
        '用户名拼写有误，或大小写不同：V8R3 为 SYSTEM，后续版本为 system。',
        '没有指定用户，因而使用了操作系统的用户名。',
        '连接到了另一台服务器。',
      ],
      actions: [
        '在配置中或通过 KINGBASE_USER 指定用户；安装后的初始用户是 system。',
        '在 ksql 中用 \\du 列出用户，用 CREATE USER 创建缺少的用户。',
      ],
    },
  },
  {
    codes: ['28000', '28'],
    en: {
      headline: 'The server refused the login of this user.',
      causes: [
        'sys_hba.conf does not allow it, or asks for a method that failed (peer, ident, LDAP, certificate).',
        'The user does not exist, may not log in, is locked, or the password has expired.',
      ],
      actions: [
        'Read the message and the server log; the log says more than the client is told.',
        'Check the lines of sys_hba.conf for this host, user and database, and reload after a change.',
      ],
    },
    zh: {
      headline: '服务器拒绝了该用户的登录。',
      causes: [
        'sys_hba.conf 不允许，或者其要求的认证方式失败（peer、ident、LDAP、证书）。',
        '用户不存在、不允许登录、被锁定，或密码已过期。',
      ],
      actions: [
        '阅读错误信息和服务器日志；日志比返回给客户端的信息更详细。',
        '检查 sys_hba.conf 中与该主机、用户、数据库对应的记录，修改后重新加载。',
      ],
    },
  },
  {
    codes: ['08P01'],
    text: { en: /invalid string in message/, zh: /消息中的?字(符串|串)无效|无效的?消息字(符串|串)/ },
    en: {
      headline: 'The server did not understand the login message of the client library.',
      causes: [
        'A V8R3 libkci met a newer server: it speaks an early form of scram-sha-256.',
        'Another client library that is too old for the server.',
      ],
      actions: [
        "Install the client library of the server's version, and name it in KINGBASE_CLIENT_LIBRARY.",
        'Look at what is loaded: db.clientLibrary() gives path and version.',
      ],
    },
    zh: {
      headline: '服务器无法理解客户端库发来的登录消息。',
      causes: [
        'V8R3 的 libkci 连接较新的服务器：它使用早期形式的 scram-sha-256。',
        '其他对该服务器来说过旧的客户端库。',
      ],
      actions: [
        '安装与服务器版本一致的客户端库 libkci，并通过 KINGBASE_CLIENT_LIBRARY 指定。',
        '查看实际加载的库：db.clientLibrary() 给出路径和版本。',
      ],
    },
  },
];
