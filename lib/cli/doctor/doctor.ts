import { writeFile } from 'node:fs/promises';
import type { ResolvedConfig } from '../../config/index.js';
import { UsageError } from '../../errors/index.js';
import {
  ArgumentError,
  CONNECTION_OPTIONS,
  connectionOf,
  flagOf,
  overridesOf,
  parse,
  stringOf,
} from '../arguments.js';
import { askPassword, type Console } from '../console.js';
import type { ExitCode } from '../exit-codes.js';
import { packageVersion } from '../package-version.js';
import { jsonOf } from '../table.js';
import { paintFor } from '../terminal.js';
import { bounded } from './bounded.js';
import { checklist } from './checklist.js';
import { resolve, targetOf, type Given } from './configuration.js';
import { LibraryProcess } from './library-client.js';
import { text } from '../words.js';
import { htmlReport } from './html.js';
import { redacted } from './redact.js';
import type { Step } from './step.js';
import { jsonReport, stepAsText, summaryAsText, type Layout } from './report.js';
import { exitCodeOf, runChecks } from './runner.js';
import { typesReport } from './types.js';

const OPTIONS = {
  ...CONNECTION_OPTIONS,
  json: { type: 'boolean' },
  html: { type: 'string' },
  redact: { type: 'boolean' },
  types: { type: 'boolean' },
} as const;

/** Columns where the report goes into a file. */
const WIDTH = 110;

/**
 * Looks at everything that a connection needs, in order, and says of each what it found and what to do; with `--types`
 * at the catalogue's types instead.
 */
export async function doctor(args: readonly string[], console: Console): Promise<ExitCode> {
  const parsed = parse(args, OPTIONS);
  const connection = connectionOf(parsed);
  const password = flagOf(parsed, 'password') ? await askPassword(console) : undefined;
  if (flagOf(parsed, 'types')) {
    return typesReport(connection ?? {}, overridesOf(parsed, password), flagOf(parsed, 'json'), console);
  }
  const { environment, language, stdout } = console;
  const given: Given = { connection, overrides: overridesOf(parsed, password), environment };
  const config = resolved(given);
  const json = flagOf(parsed, 'json');
  const file = stringOf(parsed, 'html');
  const target = config instanceof UsageError ? undefined : targetOf(config);
  const redact = flagOf(parsed, 'redact');
  const paint = paintFor(stdout, environment);
  const layout: Layout = {
    language,
    paint,
    columns: stdout.isTTY ? stdout.columns : WIDTH,
    subjects: !(config instanceof UsageError) && config.hosts.length > 1,
  };

  if (!json) stdout.write(`kingbase-native ${packageVersion()} doctor, ${new Date().toISOString()}\n\n`);
  const library = new LibraryProcess(environment, requestLimit(config));
  try {
    const write = (step: Step): void => {
      if (!json) stdout.write(`${stepAsText(bounded(step), layout)}\n`);
    };
    const found = await runChecks(checklist(given, config, library), redact ? undefined : write);
    // Names are replaced first: of one that is cut in two, the rest would stay.
    const whole = redact ? redacted(found, target) : { steps: found, target };
    const shown = { ...whole, steps: whole.steps.map(bounded) };
    if (redact) shown.steps.forEach(write);
    const version = packageVersion();
    if (json) {
      stdout.write(`${jsonOf(jsonReport(shown.steps, shown.target, version, language), 2)}\n`);
    } else {
      stdout.write(`\n${summaryAsText(shown.steps, language, paint)}\n`);
    }
    if (file !== undefined) {
      await writePage(file, htmlReport({ ...shown, version, time: new Date(), language }));
    }
    return exitCodeOf(found);
  } finally {
    await library.end();
  }
}

async function writePage(file: string, page: string): Promise<void> {
  try {
    await writeFile(file, page);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new ArgumentError(
      text(
        `The file named by --html cannot be written (${code}).`,
        `无法写入 --html 指定的文件（${code}）。`,
      ),
    );
  }
}

/** Each host may have several addresses, and the library may try each with and without TLS. */
function requestLimit(config: ResolvedConfig | UsageError): number {
  return 30_000 + (config instanceof UsageError ? 0 : config.connectTimeout * config.hosts.length * 4);
}

function resolved(given: Given): ResolvedConfig | UsageError {
  try {
    return resolve(given);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
}
