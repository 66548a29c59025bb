import { lines, text, type Lines, type Text } from '../words.js';
import type { Endpoint, Ending } from './socket.js';

/** At what point of a connection something happened. */
export type Moment = 'connect' | 'ssl-request' | 'tls' | 'startup';

const SENT: Readonly<Record<Exclude<Moment, 'connect'>, Text>> = {
  'ssl-request': text('the SSLRequest (8 bytes)', 'SSLRequest（8 字节）'),
  tls: text('the ClientHello', 'ClientHello'),
  startup: text('the StartupMessage', 'StartupMessage'),
};

const AWAITED: Readonly<Record<Exclude<Moment, 'connect'>, Text>> = {
  'ssl-request': text('the answer S or N', '应答 S 或 N'),
  tls: text('a ServerHello', 'ServerHello'),
  startup: text('an authentication request', '认证请求'),
};

/** What a capture of the packets would show; of a Unix socket there is none. */
export function capture(moment: Moment, ending: Ending, endpoint: Endpoint): Lines | undefined {
  if ('path' in endpoint) return undefined;
  const seen = moment === 'connect' ? connectCapture(ending) : laterCapture(moment, ending);
  if (seen === undefined) return undefined;
  const { address, port } = endpoint;
  return lines(
    text(`A packet capture shows: ${seen.en}`, `抓包可见：${seen.zh}`),
    text(
      `To see it: tcpdump -ni any host ${address} and tcp port ${port}`,
      `抓包命令：tcpdump -ni any host ${address} and tcp port ${port}`,
    ),
  );
}

function connectCapture(ending: Ending): Text | undefined {
  switch (ending) {
    case 'refused':
      return text(
        'SYN, answered at once by RST. The host is up and nothing listens at the port, or a firewall rejects it.',
        'SYN 发出后立即收到 RST，说明主机在线，但该端口没有程序监听，或连接被防火墙拒绝。',
      );
    case 'reset':
      return text(
        'SYN and SYN-ACK, then RST. Something took the connection and dropped it: a proxy or firewall without a server behind it.',
        'SYN、SYN-ACK 之后是 RST：连接被接受后又被中断，通常是代理或防火墙，其后没有可用的服务器。',
      );
    case 'silent':
      return text(
        'SYN, sent again after 1, 3 and 7 seconds, never answered by SYN-ACK or RST. The packets, or the answers to them, are dropped on the way, or the host is off.',
        'SYN 在 1、3、7 秒后重发，始终没有 SYN-ACK 或 RST：数据包或其应答在途中被丢弃，或者主机已关机。',
      );
    case 'unreachable':
      return text(
        'no SYN at all (this machine has no route), or SYN answered by ICMP "destination unreachable" from a router.',
        '没有发出 SYN（本机没有路由），或者 SYN 收到路由器返回的 ICMP“目的不可达”。',
      );
    default:
      return undefined;
  }
}

function laterCapture(moment: Exclude<Moment, 'connect'>, ending: Ending): Text | undefined {
  const sent = SENT[moment];
  const awaited = AWAITED[moment];
  switch (ending) {
    case 'reset':
      return text(
        `SYN, SYN-ACK, ACK; then ${sent.en}, answered by RST instead of ${awaited.en}.`,
        `SYN、SYN-ACK、ACK；随后发出 ${sent.zh}，收到的是 RST，而不是${awaited.zh}。`,
      );
    case 'closed':
      return text(
        `SYN, SYN-ACK, ACK; then ${sent.en}, and FIN from the other side instead of ${awaited.en}.`,
        `SYN、SYN-ACK、ACK；随后发出 ${sent.zh}，对方发来 FIN，而不是${awaited.zh}。`,
      );
    case 'silent':
      return text(
        `SYN, SYN-ACK, ACK; then ${sent.en}, acknowledged (ACK) or sent again, but never ${awaited.en}.`,
        `SYN、SYN-ACK、ACK；随后发出 ${sent.zh}，只有 ACK 或重传，始终没有${awaited.zh}。`,
      );
    default:
      return undefined;
  }
}

/** Who ended it, said so that it can be read out to the people at the other end. */
export function ended(ending: Ending, code: string | undefined, limit: number): Text {
  switch (ending) {
    case 'refused':
      return text('refused the connection', '拒绝了连接');
    case 'reset':
      return text('broke the connection off (reset)', '中断了连接（reset）');
    case 'closed':
      return text('closed the connection', '关闭了连接');
    case 'silent':
      return text(`gave no answer within ${limit} ms`, `在 ${limit} ms 内没有应答`);
    case 'unreachable':
      return text('cannot be reached: no network path leads there', '不可达：没有到达该地址的网络路径');
    case 'absent':
      return text('does not exist', '不存在');
    case 'denied':
      return text('may not be used: permission denied', '无权使用：权限不足');
    case 'other':
      return text(`cannot be used (${code ?? 'unknown reason'})`, `无法使用（${code ?? '原因未知'}）`);
  }
}
