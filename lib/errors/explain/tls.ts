import type { Topic } from './topic.js';

export const TLS: readonly Topic[] = [
  {
    codes: ['KB_CONNECT_TLS_UNSUPPORTED'],
    text: {
      en: /invalid when SSL support is not compiled/,
      zh: /SSL 支持编译|未包含 SSL 支持/,
    },
    en: {
      headline: 'The loaded client library was built without TLS, but the configuration demands it.',
      causes: ['Some packages of the vendor contain a library without TLS.'],
      actions: [
        'Name a libkci with TLS, such as that of the server installation, in KINGBASE_CLIENT_LIBRARY.',
        'Where the network is trusted, use sslmode=prefer or sslmode=disable: the data are then not encrypted.',
      ],
    },
    zh: {
      headline: '加载的客户端库编译时未包含 TLS（SSL）支持，而配置要求使用 TLS。',
      causes: ['厂商的部分安装包中的客户端库不带 TLS。'],
      actions: [
        '通过 KINGBASE_CLIENT_LIBRARY 指定带 TLS 的 libkci，例如服务器安装目录中的库。',
        '网络可信时可使用 sslmode=prefer 或 sslmode=disable，此时数据不加密。',
      ],
    },
  },
  {
    codes: ['KB_CONNECT_TLS_UNSUPPORTED'],
    en: {
      headline: 'The server does not offer TLS, but the configuration demands it.',
      causes: [
        'ssl is off in kingbase.conf.',
        'The connection goes to a proxy or a pooler that does not pass TLS on.',
      ],
      actions: [
        'On the server: place server.crt and server.key, set "ssl = on" in kingbase.conf, restart with sys_ctl.',
        'Or use sslmode=prefer or sslmode=disable: the data are then not encrypted.',
      ],
    },
    zh: {
      headline: '服务器没有启用 TLS（SSL），而配置要求使用 TLS。',
      causes: ['kingbase.conf 中 ssl 为 off。', '连接经过不转发 TLS 的代理或连接池中间件。'],
      actions: [
        '在服务器上放置 server.crt 和 server.key，在 kingbase.conf 中设置“ssl = on”，再用 sys_ctl 重启。',
        '或者使用 sslmode=prefer、sslmode=disable，此时数据不加密。',
      ],
    },
  },
  {
    codes: ['KB_CONNECT_TLS_CERTIFICATE'],
    text: {
      en: /does not match host name|host name must be specified for a verified/,
      zh: /主机名.{0,20}不匹配|必须指定主机名/,
    },
    en: {
      headline: "The server's certificate is not for the host name that was connected to.",
      causes: [
        'The connection was made by an IP address or another name than the certificate has.',
        'The certificate belongs to another node of the cluster or to a proxy.',
      ],
      actions: [
        'Connect by a name that stands in the certificate (see "openssl x509 -in server.crt -noout -text").',
        'Have a certificate issued that contains every name and address in use.',
        'sslmode=verify-ca checks the issuer and leaves the name unchecked.',
      ],
    },
    zh: {
      headline: '服务器证书与所连接的主机名不匹配。',
      causes: ['连接时使用的 IP 地址或名称不在证书中。', '证书属于集群的其他节点或代理。'],
      actions: [
        '改用证书中的名称连接（用“openssl x509 -in server.crt -noout -text”查看）。',
        '重新签发证书，使其包含所有使用中的名称和地址。',
        'sslmode=verify-ca 只检查签发者，不检查主机名。',
      ],
    },
  },
  {
    codes: ['KB_CONNECT_TLS_CERTIFICATE'],
    en: {
      headline: "The server's certificate could not be verified.",
      causes: [
        'The root certificate is missing: sslrootcert is not set, and ~/.kingbase/root.crt does not exist.',
        'The certificate was signed by another authority, or by itself.',
        'The certificate has expired, or the clock of this machine is wrong.',
      ],
      actions: [
        'Point sslrootcert at the certificate of the authority that signed the server certificate.',
        'Check it: "openssl verify -CAfile root.crt server.crt".',
        'sslmode=require encrypts without checking who answers.',
      ],
    },
    zh: {
      headline: '无法验证服务器证书。',
      causes: [
        '缺少根证书：没有设置 sslrootcert，且 ~/.kingbase/root.crt 不存在。',
        '服务器证书由其他机构签发，或是自签名证书。',
        '证书已过期，或者本机时钟不准。',
      ],
      actions: [
        '将 sslrootcert 指向签发服务器证书的机构的证书。',
        '用“openssl verify -CAfile root.crt server.crt”检查。',
        'sslmode=require 只加密，不检查对方身份。',
      ],
    },
  },
  {
    codes: ['KB_CONNECT_TLS'],
    text: {
      en: /private (SSL )?key|certificate file|certificate present/,
      zh: /私钥|证书文件|证书存在/,
    },
    en: {
      headline: 'The client certificate or its private key cannot be used.',
      causes: [
        'The key file can be read by others; the library accepts mode 0600 only.',
        'The file of sslcert or sslkey does not exist, or certificate and key do not belong together.',
        'The key is protected by a passphrase.',
      ],
      actions: [
        'Run "chmod 600 <key file>", and let the user that runs Node.js own the file.',
        'Check the paths of sslcert and sslkey (by default ~/.kingbase/kingbase.crt and kingbase.key).',
      ],
    },
    zh: {
      headline: '客户端证书或其私钥无法使用。',
      causes: [
        '私钥文件可被他人读取；客户端库只接受 0600 权限。',
        'sslcert 或 sslkey 指定的文件不存在，或者证书与私钥不是一对。',
        '私钥受口令保护。',
      ],
      actions: [
        '执行“chmod 600 <私钥文件>”，并使运行 Node.js 的用户成为文件属主。',
        '检查 sslcert 和 sslkey 的路径（默认为 ~/.kingbase/kingbase.crt 和 kingbase.key）。',
      ],
    },
  },
  {
    codes: ['KB_CONNECT_TLS'],
    en: {
      headline: 'The server agreed to TLS, but the TLS handshake failed.',
      causes: [
        "Server and client library have no protocol version or cipher in common: a V8R3 library's OpenSSL 1.0 ends" +
          ' at TLS 1.2.',
        'The server demands a client certificate (cert, clientcert or kcert in sys_hba.conf), and none was sent.',
        'A firewall, proxy or load balancer breaks off or alters the TLS traffic.',
        'The client library uses a libssl that it was not made for.',
        'The server failed in the handshake: its certificate or key is damaged.',
      ],
      actions: [
        'Read the server log: it has the other half of the handshake.',
        'Compare ssl_min_protocol_version and ssl_ciphers in kingbase.conf with what the library can do.',
        'Try "openssl s_client -starttls postgres -connect <host>:<port>" from this machine.',
        'Keep the libssl and libcrypto of the package beside libkci, and use the libkci of the server version.',
        'Try sslmode=disable once, to find out whether the rest works.',
      ],
    },
    zh: {
      headline: '服务器同意使用 TLS，但 TLS 握手失败。',
      causes: [
        '服务器与客户端库没有共同的协议版本或加密套件：V8R3 客户端库的 OpenSSL 1.0 最高只支持 TLS 1.2。',
        '服务器要求客户端证书（sys_hba.conf 中的 cert、clientcert 或 kcert），而客户端没有提供。',
        '防火墙、代理或负载均衡中断或改动了 TLS 数据。',
        '客户端库使用了与其不配套的 libssl。',
        '服务器端握手出错：其证书或私钥已损坏。',
      ],
      actions: [
        '查看服务器日志，其中有握手另一端的信息。',
        '将 kingbase.conf 中的 ssl_min_protocol_version、ssl_ciphers 与客户端库支持的范围核对。',
        '在本机执行“openssl s_client -starttls postgres -connect <主机>:<端口>”试一试。',
        '把安装包自带的 libssl、libcrypto 与 libkci 放在同一目录，并使用与服务器版本一致的 libkci。',
        '可临时用 sslmode=disable，以判断其余环节是否正常。',
      ],
    },
  },
];
