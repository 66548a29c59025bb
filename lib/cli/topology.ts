import { setTimeout as delay } from 'node:timers/promises';
import { open, type ClusterTopology, type Database, type NodeRole } from '../index.js';
import { KingbaseError } from '../errors/index.js';
import { AGAIN_OPTIONS, turns } from './again.js';
import { connectionOf, flagOf, numberOf, overridesOf, parse } from './arguments.js';
import { connectExitCode, explanationOf, sentenceOf } from './connect.js';
import { askPassword, type Console } from './console.js';
import { ExitCode } from './exit-codes.js';
import { asTable, jsonOf } from './table.js';
import { text, type Text } from './words.js';

/** ms that servers are waited for which do not answer, where `--timeout` says nothing. */
const PATIENCE = 3_000;

/** Shows what each of the hosts is and how far it has come, `--count` times. Ends with 0 where there is a primary, else with 1. */
export async function topology(args: readonly string[], console: Console): Promise<ExitCode> {
  const parsed = parse(args, AGAIN_OPTIONS);
  const connection = connectionOf(parsed);
  const count = numberOf(parsed, 'count') ?? 1;
  const interval = Math.max(numberOf(parsed, 'interval') ?? 1_000, 1);
  const patience = numberOf(parsed, 'timeout') ?? PATIENCE;
  const password = flagOf(parsed, 'password') ? await askPassword(console) : undefined;
  const { stdout, stderr, language } = console;
  const db = open(connection ?? {}, {
    connectTimeout: patience,
    ...overridesOf(parsed, password),
    cluster: { recheckInterval: interval },
  });
  let shown: ClusterTopology | undefined;
  try {
    for await (const times of turns(count, interval)) {
      const failure = await look(db);
      shown = await settled(db, patience);
      if (shown.nodes.every(({ role }) => role === 'down') && failure !== undefined) {
        // None answers: why the first does not says more than that there is no primary.
        const reason = failure.cause instanceof KingbaseError ? failure.cause : failure;
        stderr.write(`${explanationOf(reason, language)}\n`);
        return connectExitCode(reason);
      }
      if (flagOf(parsed, 'json')) stdout.write(`${jsonOf(shown)}\n`);
      else stdout.write(`${times > 0 ? '\n' : ''}${table(shown, language)}\n`);
      if (failure !== undefined && !flagOf(parsed, 'json'))
        stderr.write(`${sentenceOf(failure, language)}\n`);
    }
  } finally {
    await db.close({ timeout: 1_000 });
  }
  return shown?.primary === undefined ? ExitCode.failed : ExitCode.ok;
}

/** Has the servers asked; gives why there is no primary, where there is none. */
async function look(db: Database): Promise<KingbaseError | undefined> {
  try {
    await db.position();
    return undefined;
  } catch (error) {
    if (error instanceof KingbaseError) return error;
    throw error;
  }
}

/** What is known when each server has answered, or has had the time to. */
async function settled(db: Database, patience: number): Promise<ClusterTopology> {
  const end = performance.now() + patience;
  for (;;) {
    const seen = db.topology();
    if (performance.now() > end || seen.nodes.every(({ role }) => role !== 'unknown')) return seen;
    await delay(20);
  }
}

const HEAD: readonly Text[] = [
  text('server', '服务器'),
  text('role', '角色'),
  text('lag (bytes)', '延迟（字节）'),
  text('lag (ms)', '延迟（毫秒）'),
  text('answers in (ms)', '应答（毫秒）'),
];

const ROLES: Readonly<Record<NodeRole, Text>> = {
  primary: text('primary', '主库'),
  standby: text('standby', '备库'),
  down: text('down', '无应答'),
  unknown: text('unknown', '未知'),
};

function table({ primary, nodes }: ClusterTopology, language: 'en' | 'zh'): string {
  const rows = nodes.map(({ host, port, role, lag, latency }) => {
    const overtaken = role === 'primary' && (primary?.host !== host || primary.port !== port);
    return [
      `${host}:${port}`,
      ROLES[role][language] + (overtaken ? text(' (not written to)', '（不写入）')[language] : ''),
      lag === undefined ? '' : String(lag.bytes),
      lag === undefined ? '' : String(lag.ms),
      role === 'down' || latency === undefined ? '' : latency.toFixed(1),
    ];
  });
  return asTable({ names: HEAD.map((each) => each[language]), rows });
}
