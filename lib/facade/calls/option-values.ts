import { isRecord, itWas, kindOf } from '../../base/kind-of.js';
import { readPosition } from '../../cluster/position.js';
import { checkConsistency, checkMaxLag, checkTime } from '../../config/index.js';
import { UsageError } from '../../errors/index.js';
import { nearest } from '../../errors/nearest.js';
import { ISOLATION_LEVELS } from '../transactions/options.js';
import { isSignal } from './abort-signals.js';

/** Throws a UsageError (`KB_BAD_OPTION`) for a value that the option does not take. */
type Check = (value: unknown, call: string) => void;

/** Whatever it is, the program gets it back. It is not even read here, so that it costs nothing while nobody wants it. */
export const anything: Check = () => undefined;

/** What needs more than the value is checked where the call begins, before anything is sent. */
const elsewhere = anything;

const truth =
  (name: string): Check =>
  (value, call) => {
    if (typeof value !== 'boolean') throw badValue(name, call, 'true or false', itWas(value));
  };

const choice =
  (name: string, choices: readonly string[]): Check =>
  (value, call) => {
    if (typeof value === 'string' && choices.includes(value)) return;
    throw badValue(name, call, choices.map((each) => `'${each}'`).join(' or '), meantOf(value, choices));
  };

/**
 * How the value of each option of a call is looked at. An option that is not here does not compile, so that none is taken
 * unseen.
 */
export const OPTION_VALUES = {
  signal: (value, call) => {
    if (!isSignal(value)) throw badValue('signal', call, 'an AbortSignal', itWas(value));
  },
  timeout: (value, call) => {
    const isTime = typeof value === 'number' && (value > 0 || (value === 0 && call === 'close'));
    if (isTime) return;
    throw call === 'close'
      ? badValue(
          'timeout',
          call,
          'a number of milliseconds that is not negative',
          `${itWas(value)} 0 is no limit.`,
        )
      : badOption(
          'The option "timeout" must be a number of milliseconds greater than 0.',
          `${itWas(value)} Give Infinity for no limit, or leave it out for the database's own.`,
        );
  },
  rowMode: choice('rowMode', ['object', 'array']),
  types: (value, call) => {
    if (isRecord(value)) return;
    throw badValue('types', call, `an object such as { int8: 'number' }, not ${kindOf(value)}`);
  },
  traceContext: anything,
  onSession: (value, call) => {
    if (typeof value !== 'function')
      throw badValue('onSession', call, 'a function that takes the number of a server process', itWas(value));
  },
  discardOnError: truth('discardOnError'),
  consistency: (value) => checkConsistency('consistency', value),
  after: (value) => void readPosition(value),
  maxWait: (value) => checkTime('maxWait', value),
  maxLag: (value) => checkMaxLag('maxLag', value),
  stallTimeout: elsewhere,
  isolation: (value) => {
    if (typeof value === 'string' && Object.hasOwn(ISOLATION_LEVELS, value)) return;
    throw badOption(
      `The option "isolation" must be one of ${Object.keys(ISOLATION_LEVELS).join(', ')}.`,
      meantOf(value, Object.keys(ISOLATION_LEVELS)),
    );
  },
  readOnly: truth('readOnly'),
  deferrable: truth('deferrable'),
  retry: elsewhere,
  maxAttempts: (value) => {
    if (Number.isSafeInteger(value) && Number(value) > 0) return;
    throw badOption('The option "retry.maxAttempts" must be a whole number greater than 0.', itWas(value));
  },
  backoff: (value) => {
    if (typeof value !== 'function')
      throw badOption('The option "retry.backoff" must be a function that gives ms.', itWas(value));
  },
  resolve: truth('resolve'),
  discard: truth('discard'),
  poolName: (value, call) => {
    if (typeof value !== 'string') throw badValue('poolName', call, 'a string', itWas(value));
  },
  strategy: elsewhere,
  chunkRows: elsewhere,
  onConflict: elsewhere,
  returning: elsewhere,
  onProgress: elsewhere,
  transaction: elsewhere,
  onBadRow: elsewhere,
  highWaterMark: (value, call) => {
    if (Number.isSafeInteger(value) && Number(value) >= 0) return;
    throw badValue('highWaterMark', call, 'a whole number that is not negative', itWas(value));
  },
  start: elsewhere,
  end: elsewhere,
  chunkSize: elsewhere,
} as const satisfies Record<string, Check>;

export type CallOption = keyof typeof OPTION_VALUES;

/** What was likely meant of the choices, else of which kind it was. */
function meantOf(value: unknown, choices: readonly string[]): string {
  const meant = typeof value === 'string' ? nearest(value, choices) : undefined;
  return meant === undefined ? itWas(value) : `Did you mean "${meant}"?`;
}

function badValue(name: string, call: string, what: string, hint?: string): UsageError {
  return badOption(`The option "${name}" of ${call} must be ${what}.`, hint);
}

function badOption(message: string, hint?: string): UsageError {
  return new UsageError('KB_BAD_OPTION', message, hint === undefined ? {} : { hint });
}
