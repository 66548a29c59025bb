import type { ResolvedConfig } from '../../config/index.js';
import { ExitCode } from '../exit-codes.js';
import { lines, same, text, type Text } from '../words.js';
import { hostLabel } from './addresses.js';
import type { Answers, LibraryProcess } from './library-client.js';
import { attempt } from './session.js';
import { explained, type Check, type Outcome, type Step } from './step.js';

type Member = Answers['member'];

/** A login that the server refuses is not tried at each of the hosts: it could lock the account. */
const REFUSED_LOGIN = /^28|^KB_CONNECT_AUTH/;

/**
 * Where there are several hosts: what each is and how far it has come, by a login there, and whether together they are a
 * primary and its standbys.
 */
export function memberChecks(
  library: LibraryProcess,
  config: ResolvedConfig,
  login: { readonly outcome: Outcome | undefined },
  needs: readonly Check[],
  ready: readonly Check[],
): Check[] {
  const { hosts } = config;
  if (hosts.length < 2) return [];
  const members = new Map<string, Member>();
  const each = hosts.map((host, index): Check => ({
    id: 'member',
    subject: hostLabel(host),
    title: text('Role', '角色'),
    exitCode: ExitCode.server,
    needs: [...needs, ...ready.slice(index, index + 1)],
    run: () => {
      const { code = '', status } = login.outcome ?? {};
      if (status === 'fail' && REFUSED_LOGIN.test(code)) return notAgain;
      return attempt(async () => {
        const member = await library.request('member', { index });
        members.set(hostLabel(host), member);
        return shown(member);
      });
    },
  }));
  const together: Check = {
    id: 'cluster',
    title: text('Cluster', '集群'),
    exitCode: ExitCode.server,
    needsOneOf: each,
    run: () => judgeMembers(members, hosts.map(hostLabel), config.cluster !== undefined),
  };
  return [...each, together];
}

const notAgain: Pick<Step, 'status' | 'finding'> = {
  status: 'skip',
  finding: text(
    'Not tried: the login was refused, and another could lock the account.',
    '未执行：登录已被拒绝，再次尝试可能锁定账户。',
  ),
};

const ROLES = { primary: text('primary', '主库'), standby: text('standby', '备库') };

function shown(member: Member): Outcome {
  const { role, place, timeline, product, release, version, tls, milliseconds } = member;
  const server = product === 'unknown' ? version.slice(0, 80) : `${product} ${release}`;
  const how = tls === undefined ? text('no encryption', '未加密') : same(`${tls.protocol}, ${tls.cipher}`);
  const line = timeline === undefined ? '' : String(timeline);
  return {
    status: 'ok',
    finding: text(
      `${ROLES[role].en}${line && ` on timeline ${line}`}, ${server}, ${how.en}.`,
      `${ROLES[role].zh}${line && `，时间线 ${line}`}，${server}，${how.zh}。`,
    ),
    facts: {
      role,
      place: place ?? null,
      timeline: timeline ?? null,
      product,
      release,
      version,
      tls: tls ?? null,
      milliseconds: Math.round(milliseconds),
    },
  };
}

interface Concern {
  readonly status: 'warn' | 'fail';
  readonly words: Text;
  readonly remedy: Text;
}

/**
 * What several servers are together.
 *
 * @param members those that have answered, by `host:port`
 * @param isCluster whether the option `cluster` is set: then what is missing is an error
 */
export function judgeMembers(
  members: ReadonlyMap<string, Member>,
  hosts: readonly string[],
  isCluster: boolean,
): Outcome {
  const primaries = [...members].filter(([, { role }]) => role === 'primary');
  const newest = Math.max(0, ...primaries.map(([, { timeline }]) => timeline ?? 0));
  const current = primaries.filter(([, { timeline }]) => (timeline ?? 0) === newest);
  const [primary] = current.length === 1 ? current : [];
  const lags = [...members]
    .filter(([, { role }]) => role === 'standby')
    .map(([name, { place }]) => ({ host: name, bytes: bytesBehind(primary?.[1].place, place) }));
  const concerns = concernsOf(members, hosts, primaries, current, isCluster);
  const behind = lags.map(({ host, bytes }) => `${host}: ${bytes ?? '?'}`).join(', ');
  const worst = concerns.find(({ status }) => status === 'fail') ?? concerns[0];
  const finding = text(
    `${primary === undefined ? 'No primary' : `Primary ${primary[0]}`}; standbys and the bytes they are behind: ${behind || 'none'}.`,
    `${primary === undefined ? '没有主库' : `主库 ${primary[0]}`}；备库及其落后的字节数：${behind || '无'}。`,
  );
  return {
    status: worst?.status ?? 'ok',
    finding,
    detail: lines(...concerns.map(({ words }) => words)),
    remedy: lines(...concerns.map(({ remedy }) => remedy)),
    ...(current.length > 1 ? { code: explained('fail', { code: 'KB_SPLIT_BRAIN', message: '' }).code } : {}),
    facts: {
      primary: primary?.[0] ?? null,
      standbys: lags.map(({ host, bytes }) => ({ host, bytes: bytes ?? null })),
      unknown: hosts.filter((host) => !members.has(host)),
    },
  };
}

function bytesBehind(primary: string | undefined, standby: string | undefined): number | undefined {
  if (primary === undefined || standby === undefined) return undefined;
  return Math.max(0, Number(BigInt(primary) - BigInt(standby)));
}

function concernsOf(
  members: ReadonlyMap<string, Member>,
  hosts: readonly string[],
  primaries: readonly (readonly [string, Member])[],
  current: readonly (readonly [string, Member])[],
  isCluster: boolean,
): Concern[] {
  const concerns: Concern[] = [];
  const status = isCluster ? 'fail' : 'warn';
  const names = current.map(([name]) => name);
  if (current.length === 0) {
    concerns.push({
      status,
      words: text('None of those that answer takes writes.', '应答的服务器中没有一台接受写操作。'),
      remedy: text(
        'Promote a standby, or name the primary among the hosts.',
        '请提升一台备库，或在主机列表中写上主库。',
      ),
    });
  }
  if (current.length > 1) {
    concerns.push({
      status,
      words: text(`${names.join(' and ')} call themselves the primary.`, `${names.join('、')} 都自称主库。`),
      remedy: text(
        'If they are one server under two names, leave one out. Else find out which has the data that counts, and make the other a standby.',
        '如果它们是同一台服务器的两个名称，只保留一个；否则请确认哪一台的数据有效，并把另一台改为备库。',
      ),
    });
  }
  for (const [name] of primaries.filter((each) => !current.includes(each))) {
    concerns.push({
      status: 'warn',
      words: text(`${name} is a primary that was overtaken.`, `${name} 是已被取代的旧主库。`),
      remedy: text('Make it a standby of the present one.', '请把它改为当前主库的备库。'),
    });
  }
  const unknown = hosts.filter((host) => !members.has(host));
  if (unknown.length > 0) {
    concerns.push({
      status: 'warn',
      words: text(`Nothing is known of ${unknown.join(', ')}.`, `无法得知 ${unknown.join('、')} 的情况。`),
      remedy: text('See the steps of that host above.', '见上文该主机的各步骤。'),
    });
  }
  const releases = new Set([...members.values()].map(({ version }) => version));
  if (releases.size > 1) {
    concerns.push({
      status: 'warn',
      words: text('The servers are not of one version.', '各服务器的版本不一致。'),
      remedy: text(
        'A standby follows a primary of its own major version only.',
        '备库只能跟随主版本相同的主库。',
      ),
    });
  }
  const systems = new Set(
    [...members.values()].flatMap(({ system }) => (system === undefined ? [] : [system])),
  );
  if (systems.size > 1) {
    concerns.push({
      status,
      words: text('They are not copies of one another.', '它们不是彼此的副本。'),
      remedy: text(
        'Name only a primary and the standbys that follow it.',
        '主机列表中只应写主库和跟随它的备库。',
      ),
    });
  }
  const encrypted = [...members.values()].filter(({ tls }) => tls !== undefined).length;
  if (encrypted > 0 && encrypted < members.size) {
    concerns.push({
      status: 'warn',
      words: text('Not all of them encrypt.', '并非所有服务器都加密。'),
      remedy: text(
        'Switch TLS on everywhere, and set sslMode=verify-full.',
        '请在所有服务器上启用 TLS，并设置 sslMode=verify-full。',
      ),
    });
  }
  return concerns;
}
