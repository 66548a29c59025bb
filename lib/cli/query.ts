import { text as readAll } from 'node:stream/consumers';
import { open, type Connection, type QueryResult, type TypeOptions } from '../index.js';
import {
  ArgumentError,
  CONNECTION_OPTIONS,
  connectionOf,
  flagOf,
  listOf,
  numberOf,
  overridesOf,
  parse,
  stringOf,
} from './arguments.js';
import { connectExitCode, connectOnce, explanationOf, SINGLE } from './connect.js';
import { askPassword, type Console } from './console.js';
import { ExitCode } from './exit-codes.js';
import { asCsv, asTable, asTsv, cellOf, jsonOf, withoutFormulas, type Table } from './table.js';
import { printableFields } from './terminal.js';
import { text } from './words.js';

const OPTIONS = {
  ...CONNECTION_OPTIONS,
  command: { type: 'string', short: 'c' },
  parameter: { type: 'string', short: 'p', multiple: true },
  format: { type: 'string', short: 'f' },
  'escape-formulas': { type: 'boolean' },
} as const;

const FORMATS = ['table', 'json', 'csv', 'tsv'] as const;
type Format = (typeof FORMATS)[number];

interface Shape<F extends Format = Format> {
  readonly format: F;
  /** Whether no cell may be one that a spreadsheet runs. Default: false, cells are as the server said. */
  readonly escapeFormulas?: boolean;
  /** Whether a terminal gets it, which obeys what it reads. Default: false. */
  readonly forTerminal?: boolean;
}

/** Runs one statement, from `--command` or the standard input, and prints what it gives. */
export async function query(args: readonly string[], console: Console): Promise<ExitCode> {
  const parsed = parse(args, OPTIONS);
  const connection = connectionOf(parsed);
  const format = formatOf(stringOf(parsed, 'format') ?? 'table');
  const { stdin, stdout, stderr, language } = console;
  const shape: Shape = {
    format,
    escapeFormulas: flagOf(parsed, 'escape-formulas'),
    forTerminal: stdout.isTTY,
  };
  if (shape.escapeFormulas === true && format !== 'csv' && format !== 'tsv') {
    throw new ArgumentError(
      text(
        '--escape-formulas is for --format csv and tsv.',
        '--escape-formulas 只用于 --format csv 和 tsv。',
      ),
    );
  }
  const command = stringOf(parsed, 'command');
  if (command === undefined && stdin.isTTY) {
    throw new ArgumentError(
      text(
        'Give a statement by --command, or on the standard input.',
        '请用 --command 给出语句，或从标准输入传入。',
      ),
    );
  }
  if (command === undefined && flagOf(parsed, 'password')) {
    throw new ArgumentError(
      text(
        'With --password the statement must be given by --command: the standard input is for the password.',
        '使用 --password 时须用 --command 给出语句，因为标准输入用于输入密码。',
      ),
    );
  }
  const password = flagOf(parsed, 'password') ? await askPassword(console) : undefined;
  const sql = command ?? (await readAll(stdin));
  const limit = numberOf(parsed, 'timeout');
  if (sql.trim() === '') throw empty();
  const db = open(connection ?? {}, { ...overridesOf(parsed, password), pool: SINGLE });
  try {
    let session: Connection;
    try {
      session = await connectOnce(db);
    } catch (error) {
      stderr.write(`${explanationOf(error, language)}\n`);
      return connectExitCode(error);
    }
    try {
      stdout.write(await run(session, sql, listOf(parsed, 'parameter'), shape, limit));
      return ExitCode.ok;
    } catch (error) {
      if (error instanceof ArgumentError) throw error;
      stderr.write(`${explanationOf(error, language)}\n`);
      return ExitCode.failed;
    } finally {
      await session.release();
    }
  } finally {
    await db.close({ timeout: 1_000 });
  }
}

function formatOf(given: string): Format {
  const format = FORMATS.find((each) => each === given);
  if (format !== undefined) return format;
  const list = FORMATS.join(', ');
  throw new ArgumentError(text(`--format must be one of ${list}.`, `--format 必须是以下之一：${list}。`));
}

/** A pipe that broke, or a variable that is not set, is not to count as a success. */
function empty(): ArgumentError {
  return new ArgumentError(text('The statement is empty.', '语句为空。'));
}

/** As the server writes them: times with their microseconds, numbers with all digits. */
const AS_TEXT: TypeOptions = { int8: 'string', timestamp: 'string', json: 'string' };

async function run(
  session: Connection,
  sql: string,
  parameters: string[],
  shape: Shape,
  timeout: number | undefined,
): Promise<string> {
  // Of this program 0 is no limit, as it is for connecting.
  const limit = timeout === undefined || timeout === 0 ? {} : { timeout };
  if (shape.format === 'json') {
    const result = await session.query(sql, parameters, { ...limit, types: { timestamp: 'string' } });
    if (isEmpty(result)) throw empty();
    const { rows, fields, command, rowCount } = result;
    return `${jsonOf(fields.length > 0 ? rows : { command, rowsAffected: rowCount }, 2)}\n`;
  }
  const result = await session.query(sql, parameters, { ...limit, rowMode: 'array', types: AS_TEXT });
  if (isEmpty(result)) throw empty();
  return formatted(result, { ...shape, format: shape.format });
}

/** The server found no statement in the text: only a comment, or a semicolon. */
function isEmpty({ command, fields }: QueryResult<unknown>): boolean {
  return command === '' && fields.length === 0;
}

/** What rows are printed as. */
export function formatted(
  { rows, fields, command, rowCount }: QueryResult<unknown[]>,
  { format, escapeFormulas = false, forTerminal = false }: Shape<Exclude<Format, 'json'>>,
): string {
  // What changes rows and returns none has no line of names either.
  if (fields.length === 0) return format === 'table' ? `${command} ${rowCount}\n` : '';
  const asSaid: Table = { names: fields.map(({ name }) => name), rows: rows.map((row) => row.map(cellOf)) };
  if (format === 'table') return `${asTable(asSaid)}\n(${rowCount})\n`;
  const table = escapeFormulas ? withoutFormulas(asSaid) : asSaid;
  const written = format === 'csv' ? asCsv(table) : asTsv(table);
  return `${forTerminal ? printableFields(written) : written}\n`;
}
