import type { Topic } from './topic.js';

/** Failures on the way to the server, before it says a word about the login. */
export const CONNECTING: readonly Topic[] = [
  {
    codes: ['KB_CONNECT_REFUSED'],
    en: {
      headline: 'The connection was refused: the host answers, but nothing accepts connections at this port.',
      causes: [
        'The server is not running.',
        'The port is wrong: KingbaseES listens on 54321 by default, not on 5432 as PostgreSQL does.',
        'The server listens on other addresses only, perhaps just localhost (listen_addresses in kingbase.conf).',
        'A firewall refuses the connection, or the port of a container is not published.',
      ],
      actions: [
        'On the server: "sys_ctl status -D <data directory>", and "sys_ctl start -D <data directory>" if it is down.',
        'Compare host and port with listen_addresses and port in kingbase.conf; changing them needs a restart.',
        'Try the same address from this machine with "ksql -h <host> -p <port> -U <user> -d test".',
        'Inside a container localhost is the container itself: name the host of the database.',
      ],
    },
    zh: {
      headline: '连接被拒绝：主机有应答，但该端口上没有程序接受连接。',
      causes: [
        '数据库服务器没有启动。',
        '端口不对：KingbaseES 默认端口是 54321，不是 PostgreSQL 的 5432。',
        '服务器只监听其他地址，例如仅监听 localhost（kingbase.conf 中的 listen_addresses）。',
        '防火墙拒绝了连接，或者容器没有映射该端口。',
      ],
      actions: [
        '在服务器上执行“sys_ctl status -D <数据目录>”，若未运行则执行“sys_ctl start -D <数据目录>”启动。',
        '将主机和端口与 kingbase.conf 中的 listen_addresses、port 核对；修改这两项后需要重启服务器。',
        '在本机用“ksql -h <主机> -p <端口> -U <用户> -d test”连接同一地址试一试。',
        '容器内的 localhost 指容器自身，应填写数据库所在主机的地址。',
      ],
    },
  },
  {
    codes: ['KB_CONNECT_TIMEOUT'],
    when: ({ stage }) => stage === 'tls' || stage === 'startup' || stage === 'auth',
    en: {
      headline: 'The host took the connection, but the handshake with the server did not end in time.',
      causes: [
        'The server is overloaded or hangs (disk, memory, too many sessions) and cannot start a session.',
        'The port belongs to something else, or to a proxy whose database behind it does not answer.',
        'A firewall or VPN lets the first packets through and drops later ones (packet inspection, MTU).',
        'The server waits for something during login: LDAP, RADIUS or a reverse look-up of the address.',
        'connectTimeout is too short for this network.',
      ],
      actions: [
        'Try a local login on the server: "ksql -h 127.0.0.1 -p <port> -U <user> -d test".',
        'Look at load, disk space and the server log at that time.',
        'Check that the port is the one in kingbase.conf, and what stands between this machine and the server.',
        'If the handshake stops at TLS, try sslmode=disable once, to find out whether TLS is the reason.',
        'Raise connectTimeout where slow logins are normal.',
      ],
    },
    zh: {
      headline: '主机已接受 TCP 连接，但与服务器的握手没有在限定时间内完成。',
      causes: [
        '服务器过载或挂起（磁盘、内存、会话过多），无法建立会话。',
        '该端口属于其他程序，或者是代理，而代理后面的数据库没有应答。',
        '防火墙或 VPN 放行了最初的数据包，却丢弃了后续数据包（内容检查、MTU 设置）。',
        '服务器在登录过程中等待外部服务：LDAP、RADIUS 或地址反向解析。',
        '对当前网络来说 connectTimeout 太短。',
      ],
      actions: [
        '在服务器本机登录试一试：“ksql -h 127.0.0.1 -p <端口> -U <用户> -d test”。',
        '查看当时的负载、磁盘空间和服务器日志。',
        '确认端口与 kingbase.conf 一致，并检查本机与服务器之间经过的设备。',
        '若握手停在 TLS 阶段，可临时用 sslmode=disable 判断是否由 TLS 引起。',
        '如果登录本来就慢，请调大 connectTimeout。',
      ],
    },
  },
  {
    codes: ['KB_CONNECT_TIMEOUT'],
    en: {
      headline: 'The connection timed out: no answer came from this address.',
      causes: [
        'A firewall or security group drops the packets without an answer (port 54321).',
        'The machine of the server is not started or not reachable, or its address has changed.',
        'Host or port is wrong.',
        'The network or the server is so slow that connectTimeout was not enough.',
      ],
      actions: [
        'Check from this machine whether the port can be reached: "sys_isready -h <host> -p <port>" or telnet.',
        'Open the port of the server (54321 by default) in the firewall on both sides and in the security group.',
        'Check that the machine is up, and the server on it: "sys_ctl status -D <data directory>".',
        'Raise connectTimeout if the address is right and the network slow.',
      ],
    },
    zh: {
      headline: '连接超时：该地址没有任何应答。',
      causes: [
        '防火墙或安全组丢弃了数据包而不作应答（端口 54321）。',
        '服务器所在的机器没有启动、网络不可达，或者地址已变更。',
        '主机或端口填写有误。',
        '网络或服务器太慢，connectTimeout 不够。',
      ],
      actions: [
        '在本机检查端口是否可达：“sys_isready -h <主机> -p <端口>”，或用 telnet。',
        '在两端的防火墙和安全组中放行服务器端口（默认 54321）。',
        '确认机器已开机，且其上的服务器已启动：“sys_ctl status -D <数据目录>”。',
        '若地址无误而网络较慢，请调大 connectTimeout。',
      ],
    },
  },
  {
    codes: ['KB_CONNECT_HOST_NOT_FOUND'],
    en: {
      headline: 'The host name could not be turned into an address.',
      causes: [
        'The host name is misspelled.',
        'This machine or container uses a DNS server that does not know the name.',
        'A special character in the user name or password of a URL was taken for a part of the host.',
      ],
      actions: [
        'Look the name up on this machine: "getent hosts <host>" or "nslookup <host>".',
        'Correct the name, add it to the DNS or to /etc/hosts, or give the IP address.',
        'In a URL write special characters of user and password percent-encoded: @ as %40, : as %3A, / as %2F.',
      ],
    },
    zh: {
      headline: '无法将主机名解析为地址。',
      causes: [
        '主机名拼写有误。',
        '本机或容器使用的 DNS 服务器不认识该名称。',
        'URL 中用户名或密码含有特殊字符，被误当作主机名的一部分。',
      ],
      actions: [
        '在本机查询该名称：“getent hosts <主机名>”或“nslookup <主机名>”。',
        '改正名称，将其加入 DNS 或 /etc/hosts，或者直接填写 IP 地址。',
        'URL 中用户名和密码的特殊字符须做百分号编码：@ 写作 %40，: 写作 %3A，/ 写作 %2F。',
      ],
    },
  },
  {
    codes: ['KB_CONNECT_UNREACHABLE'],
    en: {
      headline: 'No network path leads to this address.',
      causes: [
        'A firewall answers that the host is not reachable, or a route is missing.',
        'The VPN or network interface is down.',
        'The name stands for an IPv6 address, and this machine has IPv4 only, or the other way round.',
        'The host is switched off.',
      ],
      actions: [
        'Check route and VPN: "ip route get <address>" and "ping <address>".',
        'Name the address of the family that works, such as 127.0.0.1 for localhost.',
        'Ask whoever runs the network to open the way to the port of the server.',
      ],
    },
    zh: {
      headline: '没有到达该地址的网络路径。',
      causes: [
        '防火墙回应主机不可达，或者缺少路由。',
        'VPN 或网卡没有启用。',
        '主机名解析为 IPv6 地址而本机只有 IPv4，或者相反。',
        '目标主机已关机。',
      ],
      actions: [
        '检查路由和 VPN：“ip route get <地址>”、“ping <地址>”。',
        '直接填写可用协议族的地址，例如用 127.0.0.1 代替 localhost。',
        '联系网络管理员，放行到服务器端口的访问。',
      ],
    },
  },
  {
    codes: ['KB_CONNECT_NO_SOCKET'],
    en: {
      headline: 'There is no Unix socket of this name on this machine.',
      causes: [
        'The server is not running on this machine.',
        'The server puts its socket into another directory (unix_socket_directories in kingbase.conf).',
        'The port differs: the socket is named .s.KINGBASE.<port>, and that of a PostgreSQL .s.PGSQL.<port>.',
        'A stock libpq looks for .s.PGSQL.<port> only.',
      ],
      actions: [
        'Start the server: "sys_ctl start -D <data directory>".',
        'Look for the socket: "ls -a /tmp | grep s.KINGBASE".',
        'Give a host name or address, to connect over TCP.',
      ],
    },
    zh: {
      headline: '本机不存在该 Unix 域套接字。',
      causes: [
        '服务器没有在本机运行。',
        '服务器把套接字放在其他目录（kingbase.conf 中的 unix_socket_directories）。',
        '端口不同：套接字文件名为 .s.KINGBASE.<端口>，PostgreSQL 的则为 .s.PGSQL.<端口>。',
        'PostgreSQL 原版 libpq 只会查找 .s.PGSQL.<端口>。',
      ],
      actions: [
        '启动服务器：“sys_ctl start -D <数据目录>”。',
        '查找套接字文件：“ls -a /tmp | grep s.KINGBASE”。',
        '改为填写主机名或地址，通过 TCP 连接。',
      ],
    },
  },
  {
    codes: ['KB_CONNECT_LOST'],
    en: {
      headline: 'The connection was closed during login, without a reason given.',
      causes: [
        'The server refused and could not say so: out of memory or processes, crashing, or shutting down.',
        'A firewall, load balancer or proxy in between closed the connection.',
        'The port belongs to another service, or one side expects TLS and the other does not.',
        'The licence of the server is not valid (uncertain: how the server then answers is not documented).',
      ],
      actions: [
        'Read the server log at that time; it says why a session ended.',
        'Connect on the server itself, without anything in between: "ksql -h 127.0.0.1 -p <port> -d test".',
        'Check the licence there with "select get_license_validdays()", and the file license.dat.',
      ],
    },
    zh: {
      headline: '登录过程中连接被关闭，对方没有给出原因。',
      causes: [
        '服务器拒绝了连接而来不及说明：内存或进程不足、崩溃或正在停止。',
        '中间的防火墙、负载均衡或代理关闭了连接。',
        '该端口属于其他服务，或者一方要求 TLS 而另一方没有启用。',
        '服务器的许可证无效（不确定：官方文档未说明此时服务器如何应答）。',
      ],
      actions: [
        '查看当时的服务器日志，其中会记录会话结束的原因。',
        '绕开中间设备，在服务器本机连接：“ksql -h 127.0.0.1 -p <端口> -d test”。',
        '在服务器上用“select get_license_validdays()”检查许可证，并检查 license.dat 文件。',
      ],
    },
  },
  {
    codes: ['KB_CONNECT_SETUP'],
    shows: ['hint'],
    en: {
      headline: "The program's own function onConnect failed, so the new connection was closed.",
      causes: [
        'A statement in it was refused: the message has the reason, and "cause" is the error itself.',
        'It has left a transaction open, which would be rolled back with all that was set in it.',
        'It asks something else that is away, such as a vault.',
      ],
      actions: [
        'Correct the function; it is run for each new connection, and every call needs it to succeed.',
        'Run the same statements by hand as the same user, to see what is refused.',
        'Let it pass over what is not needed by every call.',
      ],
    },
    zh: {
      headline: '程序自己的 onConnect 函数失败，新建的连接因此被关闭。',
      causes: [
        '其中的语句被服务器拒绝：原因见错误信息，“cause”是该错误本身。',
        '函数结束时事务仍未结束，回滚会使其中的设置全部失效。',
        '函数依赖的其他服务（例如密钥库）不可用。',
      ],
      actions: [
        '修正该函数；每个新连接都会执行它，成功后才能使用。',
        '用同一用户手工执行这些语句，查看被拒绝的原因。',
        '对并非每次调用都需要的设置，失败时让函数忽略即可。',
      ],
    },
  },
  {
    codes: ['KB_CONNECT_SESSION_ATTRS'],
    en: {
      headline: 'A server was reached, but not of the kind that target_session_attrs asks for.',
      causes: [
        'Read-write was asked for, and only standbys answered: the primary is down or not among the hosts.',
        'A failover is under way, and the new primary is not there yet.',
        'default_transaction_read_only is on at this server.',
      ],
      actions: [
        'List every node of the cluster as a host, so that the primary is among them.',
        'Find out which node is the primary: "select sys_is_in_recovery()" is false there.',
        'Where reading is enough, use target_session_attrs=any.',
      ],
    },
    zh: {
      headline: '已连上服务器，但它不是 target_session_attrs 要求的类型。',
      causes: [
        '要求可读写，而应答的只有备机：主机停机，或不在主机列表中。',
        '正在进行主备切换，新的主机尚未就绪。',
        '该服务器启用了 default_transaction_read_only。',
      ],
      actions: [
        '把集群的所有节点都写入主机列表，使主机包含在内。',
        '确认哪个节点是主机：在主机上“select sys_is_in_recovery()”的结果为 false。',
        '如果只需读取，请使用 target_session_attrs=any。',
      ],
    },
  },
  {
    codes: ['KB_CONNECT_OPTION'],
    en: {
      headline: 'The client library refused an option of the connection.',
      causes: [
        'The value of an option is not one of those allowed.',
        'The loaded client library is too old for the option.',
        'A service was named, and the service file does not have it or is not where the library looks.',
      ],
      actions: [
        'Correct the value that the message names.',
        'Load a newer libkci (KINGBASE_CLIENT_LIBRARY), or leave the option out.',
        'For a service, check ~/.sys_service.conf and sys_service.conf.',
      ],
    },
    zh: {
      headline: '客户端库拒绝了某个连接选项。',
      causes: [
        '选项的值不在允许范围内。',
        '加载的客户端库版本太旧，不支持该选项。',
        '指定了 service，而服务文件中没有该服务，或者文件不在客户端库查找的位置。',
      ],
      actions: [
        '改正错误信息中指出的值。',
        '加载较新的 libkci（KINGBASE_CLIENT_LIBRARY），或者去掉该选项。',
        '使用 service 时，检查 ~/.sys_service.conf 和 sys_service.conf。',
      ],
    },
  },
  {
    codes: ['KB_CONNECT_FAILED'],
    text: {
      en: /expected authentication request|unexpected message from server|invalid response to SSL negotiation/,
      zh: /(来自|预期为)服务器的认证请求|意外的服务器消息|对 SSL (握手|协商)的无效响应/,
    },
    en: {
      headline: 'What answers at this address does not speak the protocol of KingbaseES.',
      causes: [
        'Host or port belongs to another service, for instance a web server or another database.',
        'A proxy or gateway stands there and answers itself.',
      ],
      actions: [
        'Check host and port against port in kingbase.conf (54321 by default).',
        'Find out on that machine what owns the port: "ss -ltnp".',
      ],
    },
    zh: {
      headline: '该地址上应答的程序使用的不是 KingbaseES 的通信协议。',
      causes: [
        '主机或端口属于其他服务，例如 Web 服务器或其他数据库。',
        '该处是代理或网关，由它自行作出了应答。',
      ],
      actions: [
        '将主机和端口与 kingbase.conf 中的 port 核对（默认 54321）。',
        '在那台机器上查看端口由哪个程序占用：“ss -ltnp”。',
      ],
    },
  },
  {
    codes: ['KB_CONNECT_FAILED'],
    text: { en: /could not fork new process/, zh: /无法为[连联]接.{0,6}新的?进程/ },
    en: {
      headline: 'The server could not start a process for the connection.',
      causes: [
        'The machine of the server is out of memory.',
        "The operating system's limit of processes is reached (ulimit -u of the server's user, container limits).",
      ],
      actions: [
        'Free memory or raise the limits on the server.',
        'Lower max_connections, or "max" of the pools that connect to this server.',
      ],
    },
    zh: {
      headline: '服务器无法为该连接创建新进程。',
      causes: ['服务器所在机器内存不足。', '达到操作系统的进程数上限（数据库用户的 ulimit -u、容器限制）。'],
      actions: ['在服务器上释放内存或调高限制。', '调小 max_connections，或连接此服务器的各连接池的 max。'],
    },
  },
  {
    codes: ['KB_CONNECT_FAILED'],
    en: {
      headline: 'The connection could not be made, for a reason that is not recognised here.',
      causes: [
        'The message names it; it is the text of the client library or of the operating system.',
        'Server and client library are of different versions.',
        'The server refused the login and gave no error code.',
      ],
      actions: [
        'Read the message and the server log at that time.',
        'Connect with the same values in ksql: "ksql -h <host> -p <port> -U <user> -d <database>".',
        "Use the client library of the server's version.",
      ],
    },
    zh: {
      headline: '未能建立连接，原因不在此处可识别的范围内。',
      causes: [
        '原因见错误信息，它是客户端库或操作系统的原文。',
        '服务器与客户端库的版本不一致。',
        '服务器拒绝了登录，且没有给出错误码。',
      ],
      actions: [
        '阅读错误信息，并查看当时的服务器日志。',
        '用 ksql 以相同的参数连接：“ksql -h <主机> -p <端口> -U <用户> -d <数据库>”。',
        '使用与服务器版本一致的客户端库 libkci。',
      ],
    },
  },
];
