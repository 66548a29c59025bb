import { open, type Connection } from '../index.js';
import { shown } from '../base/shown.js';
import type { Language } from '../errors/index.js';
import { AGAIN_OPTIONS, turns } from './again.js';
import { connectionOf, flagOf, numberOf, overridesOf, parse } from './arguments.js';
import { connectExitCode, connectOnce, explanationOf, SINGLE } from './connect.js';
import { askPassword, type Console } from './console.js';
import { ExitCode } from './exit-codes.js';
import { asTable, jsonOf } from './table.js';
import { text } from './words.js';

/** Who waits for a lock first, then who has been at work the longest. */
const SESSIONS = `SELECT pid AS "processId", usename AS "user", datname AS database, application_name AS application, state,
    wait_event_type AS "waitType", wait_event AS wait, pg_blocking_pids(pid) AS "blockedBy",
    extract(epoch FROM clock_timestamp() - coalesce(state_change, backend_start))::float8 AS seconds, query AS statement
  FROM pg_stat_activity WHERE datname IS NOT NULL AND pid <> pg_backend_pid()
  ORDER BY cardinality(pg_blocking_pids(pid)) > 0 DESC, state = 'active' DESC, seconds DESC`;

interface SessionRow {
  processId: number;
  user: string | null;
  database: string;
  application: string | null;
  state: string | null;
  waitType: string | null;
  wait: string | null;
  blockedBy: number[];
  seconds: number;
  statement: string | null;
}

const HEADS = text(
  'process,user,database,application,state,seconds,waits for,blocked by,statement',
  '进程,用户,数据库,应用,状态,秒,等待,被阻塞,语句',
);

/** Shows the server's sessions again and again: what they do, what they wait for, and who blocks whom. */
export async function top(args: readonly string[], console: Console): Promise<ExitCode> {
  const parsed = parse(args, AGAIN_OPTIONS);
  const connection = connectionOf(parsed);
  const { stdout, stderr, language } = console;
  // A file or a pipe gets one table, unless it asks for more.
  const count = numberOf(parsed, 'count') ?? (stdout.isTTY ? 0 : 1);
  const interval = numberOf(parsed, 'interval') ?? 2_000;
  const timeout = numberOf(parsed, 'timeout') ?? 10_000;
  const json = flagOf(parsed, 'json');
  const password = flagOf(parsed, 'password') ? await askPassword(console) : undefined;
  const db = open(connection ?? {}, { ...overridesOf(parsed, password), pool: SINGLE });
  let session: Connection | undefined;
  try {
    session = await connectOnce(db);
    for await (const turn of turns(count, interval)) {
      const before = turn > 0 ? '\n' : '';
      const { rows } = await session.query<SessionRow>(SESSIONS, [], timeout === 0 ? {} : { timeout });
      const sessions = rows.map(withoutLiterals);
      if (json) stdout.write(`${jsonOf(sessions)}\n`);
      else stdout.write(`${stdout.isTTY ? CLEAR : before}${tableOf(sessions, language)}\n`);
    }
    return ExitCode.ok;
  } catch (error) {
    stderr.write(`${explanationOf(error, language)}\n`);
    return session === undefined ? connectExitCode(error) : ExitCode.failed;
  } finally {
    await session?.release();
    await db.close({ timeout: 1_000 });
  }
}

const CLEAR = '\u001b[H\u001b[2J';

/** Statements of others can have secrets in their literals (`ALTER ROLE … PASSWORD '…'`). */
function withoutLiterals(session: SessionRow): SessionRow {
  const statement = session.statement?.replace(/'(?:[^']|'')*'?|\$(\w*)\$[^]*?(?:\$\1\$|$)/g, `'…'`) ?? null;
  return { ...session, statement };
}

/** Of a column, in characters: more of a statement helps nobody, and a server could send any name. */
const WIDEST = 80;

function tableOf(sessions: readonly SessionRow[], language: Language): string {
  const active = sessions.filter(({ state }) => state === 'active').length;
  const blocked = sessions.filter(({ blockedBy }) => blockedBy.length > 0).length;
  const summary = text(
    `${sessions.length} sessions, ${active} active, ${blocked} blocked by others`,
    `${sessions.length} 个会话，${active} 个正在执行，${blocked} 个被其他会话阻塞`,
  );
  const rows = sessions.map((each) =>
    [
      String(each.processId),
      each.user ?? '',
      each.database,
      each.application ?? '',
      each.state ?? '',
      each.seconds.toFixed(1),
      each.wait === null ? '' : `${each.waitType ?? ''}: ${each.wait}`,
      each.blockedBy.join(' '),
      (each.statement ?? '').replace(/\s+/g, ' '),
    ].map((cell) => shown(cell, WIDEST)),
  );
  return `${summary[language]}\n\n${asTable({ names: HEADS[language].split(','), rows })}`;
}
