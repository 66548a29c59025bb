import { afterAll, describe, expect, it } from 'vitest';
import { open, UsageError } from '../../../lib/index.js';

/** No connection is made to it: what is wrong with an argument is found before. */
const db = open({ host: '127.0.0.1', port: 1, user: 'nobody' });
afterAll(() => db.close());

const WRONG: readonly (readonly [unknown, string])[] = [
  [5, 'number'],
  [true, 'boolean'],
  [null, 'null'],
  [Symbol('s'), 'symbol'],
  [10n, 'bigint'],
  [(): undefined => undefined, 'function'],
  [new Date(0), 'Date'],
  [new Map(), 'Map'],
  [Promise.resolve([]), 'Promise'],
];

type Given = never;
const CALLS: Readonly<Record<string, (given: Given) => unknown>> = {
  'query(sql)': (given) => db.query(given),
  'query(parameters)': (given) => db.query('SELECT 1', given),
  'query(options)': (given) => db.query('SELECT 1', [], given),
  'queryRow(sql)': (given) => db.queryRow(given),
  'exec(parameters)': (given) => db.exec('SELECT 1', given),
  'script(sql)': (given) => db.script(given),
  'script(options)': (given) => db.script('SELECT 1', given),
  'prepare(sql)': (given) => db.prepare(given),
  'batchInsert(table)': (given) => db.batchInsert(given, ['a'], [[1]]),
  'batchInsert(columns)': (given) => db.batchInsert('t', given, [[1]]),
  'batchInsert(a column)': (given) => db.batchInsert('t', [given], [[1]]),
  'batchInsert(rows)': (given) => db.batchInsert('t', ['a'], given),
  'batchInsert(options)': (given) => db.batchInsert('t', ['a'], [[1]], given),
  'copyFrom(sql)': (given) => db.copyFrom(given),
  'copyTo(options)': (given) => db.copyTo('COPY t TO STDOUT', given),
  'begin(options)': (given) => db.begin(given),
  'transaction(options)': (given) => db.transaction(() => 1, given),
  'listen(channel)': (given) => db.listen(given, () => undefined),
  'listen(options)': (given) => db.listen('c', () => undefined, given),
  'connect(options)': (given) => db.connect(given),
  'ping(options)': (given) => db.ping(given),
  'serverInfo(options)': (given) => db.serverInfo(given),
  'position(options)': (given) => db.position(given),
  'on(event)': (given) => db.on(given, () => undefined),
  'configurePool(options)': (given) => db.configurePool(given),
  'disconnect(processId)': (given) => db.disconnect(typeof given === 'number' ? 0.5 : given),
  'disconnect(address)': (given) => db.disconnect(1, given ?? null),
  'refuseWaiting(error)': (given) => db.refuseWaiting(given),
  'query(onSession)': (given) =>
    db.query('SELECT 1', [], { onSession: typeof given === 'function' ? 'function' : given } as never),
  'recordMetrics(meter)': (given) => db.recordMetrics(given),
  'sql.id(name)': (given) => db.sql.id(given),
};

describe('a call with an argument of the wrong kind', () => {
  it.each(Object.entries(CALLS))('says what was given: %s', async (what, call) => {
    for (const [given, kind] of WRONG) {
      // It is iterable.
      if (what === 'batchInsert(rows)' && given instanceof Map) continue;
      const error = await new Promise((resolve) => resolve(call(given as Given))).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error, String(given)).toBeInstanceOf(UsageError);
      const { message, hint = '' } = error as UsageError;
      expect(`${message} ${hint}`.replace('It was true', 'a boolean')).toContain(kind);
    }
  });
});
