import { isError } from '../../base/is-error.js';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { HostAddress } from '../../config/index.js';
import { ExitCode } from '../exit-codes.js';
import { lines, same, text } from '../words.js';
import { capture, ended } from './capture.js';
import { ConnectionEnd, connectTo, type Endpoint, type ObservedSocket } from './socket.js';
import { explained, type Check, type Outcome } from './step.js';

export function hostLabel({ host, port }: HostAddress): string {
  if (host.startsWith('/') || host.startsWith('@')) return `${host}, ${port}`;
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

export function endpointLabel(endpoint: Endpoint): string {
  if ('path' in endpoint) return endpoint.path;
  const { address, port } = endpoint;
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}

/** One host of the configuration, and what is known of the way to it so far. */
export interface Route {
  readonly host: HostAddress;
  /** ms for each attempt. */
  readonly limit: number;
  /** All places that the host stands for. */
  endpoints: Endpoint[];
  /** The first that takes connections. */
  reachable: Endpoint | undefined;
}

export function newRoute(host: HostAddress, limit: number): Route {
  return { host, limit, endpoints: [], reachable: undefined };
}

/** Whether what is said to the host stays on this machine, so that nobody can listen or stand in between. */
export function staysHere({ reachable }: Route): boolean {
  if (reachable === undefined || 'path' in reachable) return true;
  return /^(127\.|::ffff:127\.|::1$)/.test(reachable.address);
}

/** A connection to what has been found to take them. */
export function connectAgain({ reachable, limit }: Route): Promise<ObservedSocket> {
  if (reachable === undefined) throw new Error('No endpoint of this host has been reached.');
  return connectTo(reachable, limit);
}

export function resolveCheck(route: Route, needs: readonly Check[]): Check {
  return {
    id: 'resolve',
    subject: hostLabel(route.host),
    title: text('Host name', '主机名解析'),
    exitCode: ExitCode.network,
    needs,
    run: () => resolveHost(route),
  };
}

async function resolveHost(route: Route): Promise<Outcome> {
  const { host, port, hostaddr } = route.host;
  if (host.startsWith('/')) {
    // The names that KingbaseES, libkci and PostgreSQL give their sockets.
    route.endpoints = ['.s.KINGBASE.', '.s.PGSQL.'].map((name) => ({ path: `${host}/${name}${port}` }));
    return {
      status: 'ok',
      finding: text('A directory of Unix sockets: nothing to look up.', 'Unix 域套接字目录，无需解析。'),
    };
  }
  const given = hostaddr ?? (isIP(host) === 0 ? undefined : host);
  if (given !== undefined) {
    route.endpoints = [{ address: given, port }];
    return {
      status: 'ok',
      finding: text(`${given} is given as an address.`, `${given} 是直接给出的地址。`),
      facts: { addresses: [given] },
    };
  }
  try {
    const addresses = (await lookupWithin(host, route.limit)).map(({ address }) => address);
    route.endpoints = addresses.map((address) => ({ address, port }));
    return { status: 'ok', finding: same(addresses.join(', ')), facts: { addresses } };
  } catch (error) {
    const code = isError(error) && 'code' in error ? String(error.code) : 'unknown';
    return explained(
      'fail',
      { code: 'KB_CONNECT_HOST_NOT_FOUND', message: '' },
      {
        finding:
          code === 'silent'
            ? text(
                `No DNS server answered within ${route.limit} ms.`,
                `DNS 服务器在 ${route.limit} ms 内没有应答。`,
              )
            : text(`The name "${host}" was not found (${code}).`, `找不到名称“${host}”（${code}）。`),
        detail: lines(
          text(
            'Asked was the resolver of the operating system, as the driver does: /etc/hosts and DNS by /etc/nsswitch.conf.',
            '查询使用操作系统的解析器，与驱动一致：按 /etc/nsswitch.conf 依次查 /etc/hosts 和 DNS。',
          ),
        ),
        facts: { addresses: [], error: code },
      },
    );
  }
}

async function lookupWithin(host: string, limit: number): Promise<{ address: string }[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new ConnectionEnd('silent', 'silent'));
    }, limit);
  });
  try {
    return await Promise.race([lookup(host, { all: true }), late]);
  } finally {
    clearTimeout(timer);
  }
}

export function tcpCheck(route: Route, needs: readonly Check[]): Check {
  return {
    id: 'tcp',
    subject: hostLabel(route.host),
    title: route.host.host.startsWith('/')
      ? text('Unix socket', 'Unix 域套接字')
      : text('TCP connection', 'TCP 连接'),
    exitCode: ExitCode.network,
    needs,
    run: () => reach(route),
  };
}

interface Attempt {
  readonly endpoint: Endpoint;
  readonly milliseconds: number;
  readonly end: ConnectionEnd | undefined;
}

async function reach(route: Route): Promise<Outcome> {
  const attempts = await Promise.all(route.endpoints.map((endpoint) => attempt(endpoint, route.limit)));
  route.reachable = attempts.find(({ end }) => end === undefined)?.endpoint;
  const facts = {
    attempts: attempts.map(({ endpoint, milliseconds, end }) => ({
      address: endpointLabel(endpoint),
      result: end?.ending ?? 'connected',
      milliseconds,
    })),
  };
  const failed = attempts.filter(({ end }) => end !== undefined);
  const told = failed.map(({ endpoint, end }) => {
    const how = ended(end?.ending ?? 'other', end?.code, route.limit);
    return text(`${endpointLabel(endpoint)} ${how.en}.`, `${endpointLabel(endpoint)} ${how.zh}。`);
  });
  if (route.reachable !== undefined) {
    const where = endpointLabel(route.reachable);
    const isSocket = 'path' in route.reachable;
    const other = isSocket ? [] : told;
    return {
      status: other.length === 0 ? 'ok' : 'warn',
      finding: text(`${where} takes connections.`, `${where} 接受连接。`),
      detail: lines(...other),
      facts,
      ...(other.length === 0
        ? {}
        : {
            remedy: lines(
              text(
                'The driver tries the addresses in this order: one that does not answer costs up to connectTimeout. Give the address that works, or repair the name.',
                '驱动按此顺序尝试各地址，没有应答的地址会耗时至 connectTimeout。请直接填写可用的地址，或修正名称解析。',
              ),
            ),
          }),
    };
  }
  const [first] = failed;
  if (first?.end === undefined) {
    return {
      status: 'fail',
      finding: text('The name stands for no address.', '该名称没有对应的地址。'),
      facts,
    };
  }
  // Of several answers the one that says most: a refusal more than silence, for a socket a dead one more than none.
  const telling = failed.find(({ end }) => end?.ending === 'refused' || end?.ending === 'denied') ?? first;
  const { ending, code } = telling.end ?? first.end;
  return explained(
    'fail',
    { code: codeOf(ending), message: '', stage: 'tcp' },
    {
      finding: joined(told),
      detail: lines(
        code === undefined || ending !== 'other' ? undefined : same(code),
        capture('connect', ending, telling.endpoint),
      ),
      facts,
    },
  );
}

function joined(texts: readonly { en: string; zh: string }[]): { en: string; zh: string } {
  return text(texts.map(({ en }) => en).join(' '), texts.map(({ zh }) => zh).join(''));
}

async function attempt(endpoint: Endpoint, limit: number): Promise<Attempt> {
  const begin = performance.now();
  const elapsed = (): number => Math.round((performance.now() - begin) * 10) / 10;
  try {
    const socket = await connectTo(endpoint, limit);
    const milliseconds = elapsed();
    socket.destroy();
    return { endpoint, milliseconds, end: undefined };
  } catch (error) {
    if (!(error instanceof ConnectionEnd)) throw error;
    return { endpoint, milliseconds: elapsed(), end: error };
  }
}

function codeOf(ending: ConnectionEnd['ending']): string {
  switch (ending) {
    case 'refused':
      return 'KB_CONNECT_REFUSED';
    case 'silent':
      return 'KB_CONNECT_TIMEOUT';
    case 'unreachable':
      return 'KB_CONNECT_UNREACHABLE';
    case 'absent':
      return 'KB_CONNECT_NO_SOCKET';
    case 'reset':
    case 'closed':
      return 'KB_CONNECT_LOST';
    case 'denied':
    case 'other':
      return 'KB_CONNECT_FAILED';
  }
}
