import { text } from './words.js';

export const USAGE = text(
  `Usage: kingbase-native <command> [connection] [options]

Commands:
  doctor   look at everything a connection needs, and say what is wrong and what to do
  libs     list where the client library is looked for, and what is there
  ping     log in and wait for an answer
  query    run one statement
  top      show the server's sessions, waits and locks, again and again
  topology show which of the hosts is the primary and how far the standbys are
  build    build the native addon, for a system that the package has none for
  init     write a first program for your situation

The connection is a connection string of any form the driver takes, such as
kingbase://system@127.0.0.1:54321/test; what it leaves out comes from KINGBASE_HOST,
KINGBASE_USER, KINGBASE_PASSWORD, … and the password file.

Options of all commands that connect:
  --library <path>        client library to use
  --timeout <ms>          limit for connecting, and again for the answer to a ping or a
                          statement (doctor: for each attempt); 0 = none
  -W, --password          ask for the password
  --lang en|zh            language; default: that of the locale
doctor, libs, ping, top, topology:
  --json                  for programs; ping, top: a line for each answer
doctor:
  --html <file>           writes the report as a page as well, in both languages
  --redact                hosts, users, databases and paths are replaced: to show it to others
  --types                 instead: the server's types that the driver does not know by
                          their numbers
ping, top, topology:
  -c, --count <n>         how often; 0 = until interrupted; default 1 (top on a terminal: 0)
  -i, --interval <ms>     pause between; default 1000 (top: 2000)
query:
  -c, --command <sql>     the statement; default: read from the standard input
  -p, --parameter <text>  value for $1, then for $2, …; NULL is written in the statement
  -f, --format table|json|csv|tsv
  --escape-formulas       csv, tsv: a ' before what a spreadsheet would run as a formula
build (takes no connection):
  --nodedir <path>        an installation of Node.js with its headers; default: they are
                          downloaded where they are not beside the program
init (takes a folder, default: this one; writes over no file):
  --script, --service     a program that ends, or one that goes on; default: script
  --typescript, --javascript, --esm, --cjs
                          default: ES modules; TypeScript where there is a tsconfig.json

Other:
  -h, --help
  --version

Exit codes: 0 ok; 1 failed; 2 wrong usage; 3 this machine or the client library;
4 network; 5 TLS; 6 login; 7 server. ping: 0 answered, 1 not answered, 2 not tried.
topology: 0 there is a primary, 1 there is none.`,
  `用法：kingbase-native <命令> [连接] [选项]

命令：
  doctor   检查建立连接所需的各个环节，指出问题和处理办法
  libs     列出查找客户端库的位置及其情况
  ping     登录并等待服务器应答
  query    执行一条语句
  top      持续显示服务器的会话、等待和锁
  topology 显示哪台主机是主库，以及各备库的延迟
  build    编译原生模块，用于软件包没有提供二进制文件的系统
  init     按照你的情况写一个最初的程序

“连接”是驱动支持的任一种连接字符串，例如
kingbase://system@127.0.0.1:54321/test；未给出的部分取自 KINGBASE_HOST、
KINGBASE_USER、KINGBASE_PASSWORD 等环境变量和密码文件。

需要连接的命令共有的选项：
  --library <路径>        使用的客户端库
  --timeout <毫秒>        建立连接的时限，也是 ping 的应答和语句执行的时限
                          （doctor：每次尝试的时限）；0 表示不限
  -W, --password          提示输入密码
  --lang en|zh            语言，默认取自系统区域设置
doctor、libs、ping、top、topology：
  --json                  输出供程序读取的 JSON；ping 和 top 每次应答一行
doctor：
  --html <文件>           另将报告写成网页，含中英文两种语言
  --redact                隐去主机、用户、数据库和路径，便于提供给他人
  --types                 改为列出服务器目录中驱动不是按编号识别的类型
ping、top、topology：
  -c, --count <次数>      0 表示直到中断；默认 1（top 在终端上为 0）
  -i, --interval <毫秒>   间隔；默认 1000（top 为 2000）
query：
  -c, --command <SQL>     要执行的语句；默认从标准输入读取
  -p, --parameter <文本>  依次为 $1、$2……的值；NULL 请直接写在语句中
  -f, --format table|json|csv|tsv
  --escape-formulas       csv、tsv：在电子表格会当作公式执行的内容前加 '
build（不接受连接参数）：
  --nodedir <路径>        带有头文件的 Node.js 安装目录；默认取自 node 程序旁，没有则下载
init（参数为目录，默认为当前目录；不覆盖任何文件）：
  --script, --service     执行完即结束的程序，或持续运行的程序；默认 script
  --typescript, --javascript, --esm, --cjs
                          默认为 ES 模块；有 tsconfig.json 时为 TypeScript

其他：
  -h, --help
  --version

退出码：0 正常；1 失败；2 用法错误；3 本机或客户端库；4 网络；5 TLS；6 登录；
7 服务器。ping：0 有应答，1 无应答，2 未能尝试。
topology：0 有主库，1 没有主库。`,
);
