import { readPosition } from '../../cluster/position.js';
import type { ReadTerms } from '../../cluster/terms.js';
import { checkConsistency, checkMaxLag, checkTime } from '../../config/index.js';
import { nearest } from '../../errors/nearest.js';
import { UsageError } from '../../errors/index.js';

const LIMITS = ['signal', 'timeout'] as const;
const READ = ['consistency', 'after', 'maxWait', 'maxLag'] as const;
const QUERY = [...LIMITS, 'rowMode', 'types', 'traceContext', ...READ] as const;
const BEGIN = [...LIMITS, 'isolation', 'readOnly', 'deferrable', 'traceContext'] as const;
const COPY = [...LIMITS, 'traceContext', 'highWaterMark'] as const;
const LARGE_OBJECT = [...LIMITS, 'traceContext'] as const;

/** The options that each call takes. A call that takes none is not here. */
const NAMES = {
  'a query': QUERY,
  rows: [...QUERY, 'stallTimeout'],
  script: [...LIMITS, 'traceContext'],
  'a read-only view': READ,
  prepare: LIMITS,
  ping: LIMITS,
  connect: LIMITS,
  listen: LIMITS,
  begin: BEGIN,
  transaction: [...BEGIN, 'retry'],
  'retry of transaction': ['maxAttempts', 'backoff', 'resolve'],
  commit: [...LIMITS, 'resolve'],
  release: ['discard'],
  close: ['timeout'],
  recordMetrics: ['poolName'],
  batchInsert: [
    ...QUERY,
    'strategy',
    'chunkRows',
    'onConflict',
    'returning',
    'onProgress',
    'transaction',
    'onBadRow',
  ],
  copyFrom: COPY,
  copyTo: COPY,
  'a large object': LARGE_OBJECT,
  createReadStream: [...LARGE_OBJECT, 'start', 'end', 'chunkSize'],
  createWriteStream: [...LARGE_OBJECT, 'start', 'chunkSize'],
  toReadable: ['highWaterMark'],
} as const satisfies Record<string, readonly string[]>;

export type Call = keyof typeof NAMES;

const SETS = new Map(Object.entries(NAMES).map(([call, names]) => [call, new Set<string>(names)]));

/** What other drivers call these options, where the spelling does not lead to the name. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  abortSignal: 'signal',
  cancellationToken: 'signal',
  queryTimeout: 'timeout',
  query_timeout: 'timeout',
  statementTimeout: 'timeout',
  statement_timeout: 'timeout',
  commandTimeout: 'timeout',
  outFormat: 'rowMode',
  rowsAsArray: 'rowMode',
  typeCast: 'types',
  accessMode: 'readOnly',
  retries: 'retry',
  maxRetries: 'retry',
  attempts: 'maxAttempts',
  batchSize: 'chunkRows',
  destroy: 'discard',
};

/**
 * Refuses an option that the call does not have, with the name that was most likely meant: an option that is misspelled
 * would be ignored without a word. Costs nothing where no options are given.
 *
 * @throws UsageError `KB_BAD_OPTION`
 */
export function checkOptions(call: Call, options: unknown): void {
  if (options === undefined) return;
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw notOptions(call, options);
  const names = SETS.get(call) as ReadonlySet<string>;
  for (const name in options) {
    if (!names.has(name)) throw unknownOption(call, name, names);
  }
  const { rowMode, signal } = options as { rowMode?: unknown; signal?: unknown };
  if (rowMode !== undefined && rowMode !== 'object' && rowMode !== 'array') {
    throw badOption(`The option "rowMode" of ${call} must be 'object' or 'array'.`);
  }
  const { resolve } = options as { resolve?: unknown };
  if (resolve !== undefined && typeof resolve !== 'boolean') {
    throw badOption(`The option "resolve" of ${call} must be true or false.`);
  }
  checkReadTerms(options);
  if (signal !== undefined && !isSignal(signal)) {
    throw badOption(`The option "signal" of ${call} must be an AbortSignal.`);
  }
}

/** Throws a UsageError (`KB_BAD_OPTION`) for what a call cannot say of a read. */
function checkReadTerms({ consistency, after, maxWait, maxLag }: ReadTerms): void {
  if ((consistency ?? after ?? maxWait ?? maxLag) === undefined) return;
  checkConsistency('consistency', consistency);
  checkTime('maxWait', maxWait);
  checkMaxLag('maxLag', maxLag);
  if (after !== undefined) readPosition(after);
}

/** `checkOptions` for a transaction, whose `retry` has options of its own. */
export function checkTransactionOptions(call: 'begin' | 'transaction', options: unknown): void {
  if (options === undefined) return;
  checkOptions(call, options);
  const given = options as Record<string, unknown>;
  for (const name of ['readOnly', 'deferrable'] as const) {
    if (given[name] !== undefined && typeof given[name] !== 'boolean') {
      throw badOption(`The option "${name}" of ${call} must be true or false.`);
    }
  }
  const { retry } = given;
  checkOptions('retry of transaction', retry);
  const { maxAttempts, backoff } = (retry ?? {}) as Record<string, unknown>;
  if (maxAttempts !== undefined && !(Number.isSafeInteger(maxAttempts) && Number(maxAttempts) > 0)) {
    throw badOption('The option "retry.maxAttempts" must be a whole number greater than 0.');
  }
  if (backoff !== undefined && typeof backoff !== 'function') {
    throw badOption('The option "retry.backoff" must be a function that gives ms.');
  }
}

/** By what it can do: a signal may be of another realm, or of a package that stands in for Node's. */
function isSignal(signal: unknown): boolean {
  if (signal instanceof AbortSignal) return true;
  return (
    typeof signal === 'object' &&
    signal !== null &&
    'aborted' in signal &&
    typeof (signal as AbortSignal).addEventListener === 'function'
  );
}

function notOptions(call: Call, options: unknown): UsageError {
  const given = options === null ? 'null' : Array.isArray(options) ? 'an array' : `a ${typeof options}`;
  const hint =
    typeof options === 'function'
      ? 'No callback is taken: use the promise that the call gives.'
      : Array.isArray(options) && call === 'script'
        ? 'A script takes no parameters: run each statement by query() or exec().'
        : undefined;
  return badOption(`The options of ${call} must be an object, not ${given}.`, hint);
}

function unknownOption(call: Call, name: string, names: ReadonlySet<string>): UsageError {
  const said = `Unknown option "${name}" of ${call}`;
  const foreign = Object.hasOwn(ELSEWHERE, name) ? ELSEWHERE[name] : undefined;
  const meant = foreign !== undefined && names.has(foreign) ? foreign : nearest(name, names);
  if (meant !== undefined)
    return badOption(`${said}; did you mean "${meant}"?`, `It takes ${listed(names)}.`);
  const elsewhere = foreign ?? nearest(name, Object.values(NAMES).flat());
  const takers = Object.keys(NAMES).filter(
    (other) => elsewhere !== undefined && SETS.get(other)?.has(elsewhere),
  );
  return badOption(
    `${said}.`,
    (takers.length > 0 ? `"${elsewhere}" is an option of ${takers.join(', ')}. ` : '') +
      `It takes ${listed(names)}.`,
  );
}

function listed(names: ReadonlySet<string>): string {
  return [...names].join(', ');
}

function badOption(message: string, hint?: string): UsageError {
  return new UsageError('KB_BAD_OPTION', message, hint === undefined ? {} : { hint });
}
