import { nearest } from '../errors/nearest.js';
import { UsageError } from '../errors/index.js';
import { ArgumentError, languageOf } from './arguments.js';
import { build } from './build.js';
import { explanationOf } from './connect.js';
import type { Console } from './console.js';
import { doctor } from './doctor/doctor.js';
import { ExitCode } from './exit-codes.js';
import { init } from './init/init.js';
import { libs } from './libs.js';
import { packageVersion } from './package-version.js';
import { ping } from './ping.js';
import { query } from './query.js';
import { printableLines } from './terminal.js';
import { top } from './top.js';
import { topology } from './topology.js';
import { USAGE } from './usage.js';
import { text } from './words.js';

type Command = (args: readonly string[], console: Console) => Promise<ExitCode> | ExitCode;

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['doctor', doctor],
  ['libs', libs],
  ['ping', ping],
  ['query', query],
  ['top', top],
  ['build', build],
  ['init', init],
  ['topology', topology],
]);

/** The command-line program, without the process around it. */
export async function program(
  args: readonly string[],
  streams: Omit<Console, 'language'>,
): Promise<ExitCode> {
  const { stdout, stderr, environment } = streams;
  let language = languageOf([], environment);
  try {
    language = languageOf(args, environment);
    const [name, ...rest] = args;
    if (name === '--version') {
      stdout.write(`${packageVersion()}\n`);
      return ExitCode.ok;
    }
    const beforeEnd = args.slice(0, args.includes('--') ? args.indexOf('--') : args.length);
    if (beforeEnd.includes('--help') || beforeEnd.includes('-h') || name === 'help') {
      stdout.write(`${USAGE[language]}\n`);
      return ExitCode.ok;
    }
    const command = COMMANDS.get(name ?? '');
    if (command === undefined) {
      const names = [...COMMANDS.keys()];
      const meant = nearest(name ?? '', names);
      // What was typed is not shown: it can be a connection string in the place of the command.
      throw new ArgumentError(
        text(
          `The first argument must be a command: ${names.join(', ')}.${meant === undefined ? '' : ` Did you mean ${meant}?`}`,
          `第一个参数必须是命令：${names.join('、')}。${meant === undefined ? '' : `是否想写 ${meant}？`}`,
        ),
      );
    }
    return await command(rest, { ...streams, language });
  } catch (error) {
    if (error instanceof ArgumentError) {
      const more = language === 'zh' ? '用法见 kingbase-native --help。' : 'See kingbase-native --help.';
      stderr.write(`${printableLines(error.words[language])}\n${more}\n`);
      return ExitCode.usage;
    }
    if (error instanceof UsageError) {
      stderr.write(`${explanationOf(error, language)}\n`);
      return ExitCode.usage;
    }
    throw error;
  }
}
