import { ClientLibraryError, open, UsageError, type Connection } from '../index.js';
import { KingbaseError } from '../errors/index.js';
import { AGAIN_OPTIONS, turns } from './again.js';
import { connectionOf, flagOf, numberOf, overridesOf, parse } from './arguments.js';
import { connectOnce, explanationOf, sentenceOf, SINGLE } from './connect.js';
import { askPassword, type Console } from './console.js';
import { ExitCode } from './exit-codes.js';
import { jsonOf } from './table.js';

/**
 * Logs in and asks the server for an answer, `--count` times. Ends as ping(8) does: 0, all were answered; 1, one was not; 2,
 * nothing could be tried.
 */
export async function ping(args: readonly string[], console: Console): Promise<ExitCode> {
  const parsed = parse(args, AGAIN_OPTIONS);
  const connection = connectionOf(parsed);
  const count = numberOf(parsed, 'count') ?? 1;
  const interval = numberOf(parsed, 'interval') ?? 1_000;
  const password = flagOf(parsed, 'password') ? await askPassword(console) : undefined;
  const overrides = overridesOf(parsed, password);

  const { stdout, stderr, language } = console;
  const json = flagOf(parsed, 'json');
  const tell = (words: string, facts: object): void => {
    stdout.write(`${json ? jsonOf(facts) : words}\n`);
  };
  const db = open(connection ?? {}, { ...overrides, pool: SINGLE });
  const times: number[] = [];
  let sent = 0;
  let session: Connection | undefined;
  try {
    for await (const turn of turns(count, interval)) {
      sent = turn + 1;
      const begun = performance.now();
      try {
        const connecting = session === undefined;
        session ??= await connectOnce(db);
        const connected = performance.now();
        await session.script('SELECT 1', { timeout: numberOf(parsed, 'timeout') ?? 10_000 });
        const time = performance.now() - connected;
        times.push(time);
        const connect = connecting ? connected - begun : undefined;
        tell(answered(sent, time, connect, language), {
          number: sent,
          answered: true,
          milliseconds: rounded(time),
          ...(connect === undefined ? {} : { connectMilliseconds: rounded(connect) }),
        });
      } catch (error) {
        if (error instanceof ClientLibraryError || error instanceof UsageError) {
          stderr.write(`${explanationOf(error, language)}\n`);
          return ExitCode.usage;
        }
        if (!(error instanceof KingbaseError)) throw error;
        await session?.release();
        session = undefined;
        const message = sentenceOf(error, 'en');
        tell(`${sent}: ${sentenceOf(error, language)} [${error.code}]`, {
          number: sent,
          answered: false,
          code: error.code,
          message,
        });
      }
    }
  } finally {
    await session?.release();
    await db.close({ timeout: 1_000 });
  }
  if (count !== 1) tell(summary(sent, times, language), { sent, ...range(times) });
  return times.length === sent && sent > 0 ? ExitCode.ok : ExitCode.failed;
}

/** ms with two digits, as in the text. */
function rounded(milliseconds: number): number {
  return Number(milliseconds.toFixed(2));
}

function range(times: readonly number[]): object {
  if (times.length === 0) return { answered: 0 };
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
  return {
    answered: times.length,
    min: rounded(Math.min(...times)),
    mean: rounded(mean),
    max: rounded(Math.max(...times)),
  };
}

function answered(
  number: number,
  time: number,
  connecting: number | undefined,
  language: 'en' | 'zh',
): string {
  const [before, after] = [connecting?.toFixed(1), time.toFixed(2)];
  if (language === 'zh')
    return `${number}: ${after} ms${before === undefined ? '' : `（建立连接 ${before} ms）`}`;
  return `${number}: ${after} ms${before === undefined ? '' : ` (connected in ${before} ms)`}`;
}

function summary(sent: number, times: readonly number[], language: 'en' | 'zh'): string {
  const [least, mean, most] = [
    Math.min(...times),
    times.reduce((sum, time) => sum + time, 0) / times.length,
    Math.max(...times),
  ].map((time) => time.toFixed(2));
  const range = times.length === 0 ? '' : `, min/avg/max ${least ?? ''}/${mean ?? ''}/${most ?? ''} ms`;
  return language === 'zh'
    ? `发出 ${sent} 次，应答 ${times.length} 次${range.replace(', min/avg/max', '，最小/平均/最大')}`
    : `${sent} sent, ${times.length} answered${range}`;
}
