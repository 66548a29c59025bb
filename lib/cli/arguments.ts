import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { ConnectionConfig } from '../config/index.js';
import type { Language } from '../errors/index.js';
import { systemLanguage } from '../errors/explain/language.js';
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
    // parseArgs quotes the option, never a value that follows it; a positional here can be a connection string.
    const words =
      error instanceof Error && 'code' in error && error.code !== 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL'
        ? error.message
        : 'There is an argument too many.';
    throw new ArgumentError(text(words, `参数有误：${words}`));
  }
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
    throw new ArgumentError(text(`--${name} must be a whole number.`, `--${name} 必须是非负整数。`));
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
