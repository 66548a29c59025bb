import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { ConnectionConfig } from '../config/index.js';
import type { Language } from '../errors/index.js';
import { systemLanguage } from '../errors/explain/language.js';
import { nearest } from '../errors/nearest.js';
import { text, type Text } from './words.js';

/** The program was called wrongly. */
export class ArgumentError extends Error {
  override readonly name = 'ArgumentError';

  constructor(readonly words: Text) {
    super(words.en);
  }
}

type OptionTable = NonNullable<ParseArgsConfig['options']>;

/** What every command that connects takes. */
export const CONNECTION_OPTIONS = {
  library: { type: 'string' },
  timeout: { type: 'string' },
  password: { type: 'boolean', short: 'W' },
} as const satisfies OptionTable;

export const COMMON_OPTIONS = {
  lang: { type: 'string' },
} as const satisfies OptionTable;

export interface Parsed {
  readonly values: Readonly<Partial<Record<string, string | boolean | (string | boolean)[]>>>;
  readonly positionals: readonly string[];
}

/** Throws an ArgumentError. */
export function parse(args: readonly string[], options: OptionTable): Parsed {
  try {
    return parseArgs({ args: [...args], options: { ...COMMON_OPTIONS, ...options }, allowPositionals: true });
  } catch (error) {
    throw new ArgumentError(complaint(error, { ...COMMON_OPTIONS, ...options }));
  }
}

/** What other programs call these, where the spelling does not lead to the name. */
const ELSEWHERE: Readonly<Record<string, string>> = { '--json': '--format json', '--execute': '--command' };

/** What is wrong, in our own words: Node.js's are English only, and do not know what was meant. */
function complaint(error: unknown, options: OptionTable): Text {
  const { code, message = '' } = error as { code?: unknown; message?: string };
  // parseArgs quotes the option, never a value that follows it. What looks like none can be a connection string.
  const written = /'(?:-\w, )?(--?[\w-]{1,40})[ ']/.exec(message)?.[1] ?? '';
  const long = Object.entries(options).find(
    ([, { short }]) => short !== undefined && written === `-${short}`,
  )?.[0];
  const option = long === undefined ? written : `--${long}`;
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
    const names = Object.keys(options).map((name) => `--${name}`);
    const other = Object.hasOwn(ELSEWHERE, option) ? ELSEWHERE[option] : undefined;
    const known = other !== undefined && names.includes(other.split(' ')[0] ?? '') ? other : undefined;
    const meant = known ?? nearest(option, names);
    return text(
      `There is no option ${option} here${meant === undefined ? '.' : `; did you mean ${meant}?`}`,
      `没有选项 ${option}${meant === undefined ? '。' : `，是否指 ${meant}？`}`,
    );
  }
  if (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE') {
    return message.includes('does not take an argument')
      ? text(`The option ${option} takes no value.`, `选项 ${option} 不带值。`)
      : text(
          `The option ${option} needs a value. One that begins with "-" is given as ${option}=VALUE.`,
          `选项 ${option} 需要一个值。以“-”开头的值写作 ${option}=值。`,
        );
  }
  return text('There is an argument too many.', '参数过多。');
}

export function stringOf({ values }: Parsed, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

export function flagOf({ values }: Parsed, name: string): boolean {
  return values[name] === true;
}

export function listOf({ values }: Parsed, name: string): string[] {
  const value = values[name];
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

/** A whole number that is not negative. */
export function numberOf(parsed: Parsed, name: string): number | undefined {
  const given = stringOf(parsed, name);
  if (given === undefined) return undefined;
  if (!/^\d{1,9}$/.test(given)) {
    throw new ArgumentError(
      text(`--${name} must be a whole number that is not negative.`, `--${name} 必须是非负整数。`),
    );
  }
  return Number(given);
}

/** The connection string, if one is given; more than one argument is a mistake. */
export function connectionOf({ positionals }: Parsed): string | undefined {
  if (positionals.length > 1) {
    // The arguments are not shown: a connection string can hold a password.
    throw new ArgumentError(
      text(
        'Only one argument is taken, the connection string. One with spaces must be quoted.',
        '只接受一个参数，即连接字符串；含空格的连接字符串须加引号。',
      ),
    );
  }
  return positionals[0];
}

/** What options of the command line say about the connection. */
export function overridesOf(parsed: Parsed, password: string | undefined): Partial<ConnectionConfig> {
  const library = stringOf(parsed, 'library');
  const timeout = numberOf(parsed, 'timeout');
  return {
    ...(library === undefined ? {} : { clientLibrary: library }),
    ...(timeout === undefined ? {} : { connectTimeout: timeout }),
    ...(password === undefined ? {} : { password }),
  };
}

/** `--lang`, else that of the locale. Looked for by hand, so that complaints about arguments are in it as well. */
export function languageOf(args: readonly string[], environment: NodeJS.ProcessEnv): Language {
  const at = args.findIndex((argument) => argument === '--lang' || argument.startsWith('--lang='));
  const given = at < 0 ? undefined : (args[at]?.split('=')[1] ?? args[at + 1]);
  if (given === undefined) return systemLanguage(environment);
  if (given !== 'en' && given !== 'zh') {
    throw new ArgumentError(text('--lang must be en or zh.', '--lang 必须是 en 或 zh。'));
  }
  return given;
}
