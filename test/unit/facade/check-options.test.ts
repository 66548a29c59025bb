import { describe, expect, it } from 'vitest';
import { checkOptions, checkTransactionOptions, type Call } from '../../../lib/facade/calls/check-options.js';
import { UsageError } from '../../../lib/errors/index.js';

function refusal(call: Call, options: unknown): UsageError {
  try {
    if (call === 'begin' || call === 'transaction') checkTransactionOptions(call, options);
    else checkOptions(call, options);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('options of calls', () => {
  it('are taken by their names', () => {
    const { signal } = new AbortController();
    checkOptions('a query', undefined);
    checkOptions('a query', {});
    checkOptions('a query', { signal, timeout: 5, rowMode: 'array', types: {}, traceContext: 1 });
    checkOptions('a query', { signal: undefined, rowMode: undefined });
    checkTransactionOptions('transaction', {
      isolation: 'serializable',
      readOnly: true,
      deferrable: false,
      timeout: 5,
      retry: { maxAttempts: 3, backoff: () => 1 },
    });
    checkOptions('release', { discard: true });
  });

  it.each<[Call, object, string]>([
    ['a query', { timout: 100 }, 'timeout'],
    ['a query', { timeoutMs: 100 }, 'timeout'],
    ['a query', { queryTimeout: 100 }, 'timeout'],
    ['a query', { abortSignal: 1 }, 'signal'],
    ['a query', { rowmode: 'array' }, 'rowMode'],
    ['begin', { isolationLevel: 'serializable' }, 'isolation'],
    ['begin', { readonly: true }, 'readOnly'],
    ['transaction', { retries: 3 }, 'retry'],
    ['transaction', { retry: { maxAttempt: 3 } }, 'maxAttempts'],
    ['batchInsert', { batchSize: 3 }, 'chunkRows'],
    ['copyFrom', { highWatermark: 3 }, 'highWaterMark'],
    ['createReadStream', { chunksize: 3 }, 'chunkSize'],
    ['close', { timeot: 3 }, 'timeout'],
    ['release', { destroy: true }, 'discard'],
  ])('of %s: %j leads to %s', (call, options, meant) => {
    const error = refusal(call, options);
    expect(error.code).toBe('KB_BAD_OPTION');
    expect(error.message).toContain(`did you mean "${meant}"?`);
  });

  it('that belong to another call lead there', () => {
    const error = refusal('a query', { isolationLevel: 'serializable' });
    expect(error.message).toBe('Unknown option "isolationLevel" of a query.');
    expect(error.hint).toContain('"isolation" is an option of begin, transaction.');
    expect(refusal('begin', { retry: {} }).hint).toContain('"retry" is an option of transaction.');
  });

  it.each<[unknown, string]>([
    [() => undefined, 'a function'],
    [null, 'null'],
    [[1], 'an array'],
    [5000, 'a number'],
    ['array', 'a string'],
  ])('are an object, and not %s', (options, given) => {
    for (const call of ['a query', 'script', 'begin', 'close', 'listen', 'batchInsert'] as const) {
      expect(refusal(call, options).message).toBe(`The options of ${call} must be an object, not ${given}.`);
    }
  });

  it('say what to do in place of a callback', () => {
    expect(refusal('a query', () => undefined).hint).toContain('promise');
  });

  it.each<[Call, object]>([
    ['a query', { rowMode: 'arrays' }],
    ['a query', { signal: {} }],
    ['a query', { signal: 5 }],
    ['begin', { readOnly: 'true' }],
    ['transaction', { retry: 3 }],
    ['transaction', { retry: { maxAttempts: 0 } }],
    ['transaction', { retry: { backoff: 5 } }],
  ])('of %s have values that can be meant: %j', (call, options) => {
    expect(refusal(call, options).code).toBe('KB_BAD_OPTION');
  });

  it('of no name that leads nowhere show nothing of their value', () => {
    const error = refusal('a query', { zzzzzzzz: 's3cret' });
    expect(`${error.message} ${error.hint ?? ''}`).not.toContain('s3cret');
    expect(error.message).toBe('Unknown option "zzzzzzzz" of a query.');
  });
});
