import { isRecord, kindOf } from '../../base/kind-of.js';
import { shown } from '../../base/shown.js';
import { nearest } from '../../errors/nearest.js';
import { UsageError } from '../../errors/index.js';
import { anything, OPTION_VALUES, type CallOption } from './option-values.js';

const LIMITS = ['signal', 'timeout'] as const;
const READ = ['consistency', 'after', 'maxWait', 'maxLag'] as const;
const QUERY = [...LIMITS, 'rowMode', 'types', 'traceContext', ...READ] as const;
const BEGIN = [...LIMITS, 'isolation', 'readOnly', 'deferrable', 'traceContext'] as const;
const COPY = [...LIMITS, 'traceContext', 'highWaterMark'] as const;
const LARGE_OBJECT = [...LIMITS, 'traceContext'] as const;

/** The options that each call takes. A call that takes none is not here. */
const NAMES = {
  'a query': [...QUERY, 'onSession', 'discardOnError'],
  scriptRows: QUERY,
  rows: [...QUERY, 'stallTimeout'],
  script: [...LIMITS, 'traceContext'],
  'a read-only view': READ,
  prepare: LIMITS,
  ping: LIMITS,
  serverInfo: LIMITS,
  position: LIMITS,
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
} as const satisfies Record<string, readonly CallOption[]>;

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
 * would be ignored without a word; and a value that the option does not take. Costs nothing where no options are given.
 *
 * @throws UsageError `KB_BAD_OPTION`
 */
export function checkOptions(call: Call, options: unknown): void {
  if (options === undefined) return;
  if (!isRecord(options)) throw notOptions(call, options);
  const names = SETS.get(call) as ReadonlySet<string>;
  const given = options as Readonly<Record<string, unknown>>;
  for (const name in given) {
    if (!names.has(name)) throw unknownOption(call, name, names);
    const check = OPTION_VALUES[name as CallOption];
    if (check === anything) continue;
    const value = given[name];
    if (value !== undefined) check(value, call);
  }
}

/** `checkOptions` for a transaction, whose `retry` has options of its own. */
export function checkTransactionOptions(call: 'begin' | 'transaction', options: unknown): void {
  if (options === undefined) return;
  checkOptions(call, options);
  checkOptions('retry of transaction', (options as { retry?: unknown }).retry);
}

const IN_ONE_ARRAY = 'Values are given together, in one array: query(sql, [a, b]).';
const COPY_HAS_NONE =
  'COPY takes no parameters: write numbers and texts into the statement, texts by a function that quotes them, or read the rows by rows().';

function notOptions(call: Call, options: unknown): UsageError {
  const given = kindOf(options);
  const hint =
    typeof options === 'function'
      ? 'No callback is taken: use the promise that the call gives.'
      : Array.isArray(options) && call === 'script'
        ? 'A script takes no parameters: run each statement by query() or exec().'
        : given === 'an AbortSignal'
          ? 'Give it by its name: { signal }.'
          : call === 'release'
            ? 'Write release({ discard: true }) to have the session closed.'
            : typeof options === 'number'
              ? `${call === 'a query' || call === 'rows' ? `${IN_ONE_ARRAY} ` : ''}Give a limit by its name: { timeout: 5_000 }.`
              : Array.isArray(options) && (call === 'copyFrom' || call === 'copyTo')
                ? COPY_HAS_NONE
                : (call === 'a query' || call === 'rows') && typeof options !== 'object'
                  ? IN_ONE_ARRAY
                  : undefined;
  return badOption(`The options of ${call} must be an object, not ${given}.`, hint);
}

function unknownOption(call: Call, name: string, names: ReadonlySet<string>): UsageError {
  const said = `Unknown option "${shown(name)}" of ${call}`;
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
