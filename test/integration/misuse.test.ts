import fc from 'fast-check';
import { finished } from 'node:stream/promises';
import {
  ClientLibraryError,
  Connection,
  ConnectionError,
  Database,
  DatabaseError,
  isDatabaseError,
  KingbaseError,
  open,
  PoolError,
  quoteIdentifier,
  ReadOnly,
  Statement,
  TimeoutError,
  Transaction,
  UsageError,
} from 'kingbase-native';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CLIENT_LIBRARY_ERROR_CODES,
  CONNECTION_ERROR_CODES,
  POOL_ERROR_CODES,
  USAGE_ERROR_CODES,
} from '../../lib/errors/codes.js';
import { targets } from '../support/targets.js';

/** What a call gives: a promise, which may reject and never throws, or something at once, which may throw. */
type Gives = 'promise' | 'value' | 'stream';

interface Method {
  /** Good ones; each is replaced by what is wrong, one at a time. */
  readonly args: readonly unknown[];
  readonly gives: Gives;
  /** The names of its options, which are its last argument. */
  readonly options?: readonly string[];
  /** Runs it; by default as the method of that name. */
  readonly call?: (target: never, ...args: unknown[]) => unknown;
}

const LIMITS = ['signal', 'timeout'];
const QUERY = [...LIMITS, 'rowMode', 'types', 'traceContext', 'consistency', 'after', 'maxWait', 'maxLag'];
const SINGLE = [...QUERY, 'onSession', 'discardOnError'];
const BEGIN = [...LIMITS, 'isolation', 'readOnly', 'deferrable', 'traceContext'];
const TRANSACTION = [...BEGIN, 'retry'];
const COPY = [...LIMITS, 'traceContext', 'highWaterMark'];
const BATCH = [
  ...QUERY,
  ...['strategy', 'chunkRows', 'onConflict', 'returning', 'onProgress', 'transaction', 'onBadRow'],
];
const SQL = 'SELECT $1::text AS a';

interface Rows extends AsyncIterable<unknown> {
  toReadable(options?: unknown): unknown;
  close(): Promise<void>;
}

const drained = async (rows: Rows): Promise<void> => {
  for await (const row of rows) expect(row).toBeDefined();
};

const QUERYABLE: Record<string, Method> = {
  query: { args: [SQL, ['x'], {}], gives: 'promise', options: SINGLE },
  queryRow: { args: [SQL, ['x'], {}], gives: 'promise', options: SINGLE },
  exec: { args: [SQL, ['x'], {}], gives: 'promise', options: SINGLE },
  rows: {
    args: [SQL, ['x'], {}],
    gives: 'promise',
    options: [...QUERY, 'stallTimeout'],
    call: async (on: { rows(...args: unknown[]): Rows }, ...args) => drained(on.rows(...args)),
  },
  script: { args: ['SELECT 1', {}], gives: 'promise', options: [...LIMITS, 'traceContext'] },
  scriptRows: { args: ['SELECT 1', {}], gives: 'promise', options: QUERY },
  prepare: { args: ['SELECT 1', {}], gives: 'promise', options: LIMITS },
  batchInsert: {
    args: ['misuse', ['a'], [[1]], {}],
    gives: 'promise',
    options: BATCH,
  },
  copyFrom: { args: ['COPY misuse FROM STDIN', {}], gives: 'stream', options: COPY },
  copyTo: { args: ['COPY misuse TO STDOUT', {}], gives: 'stream', options: COPY },
  largeObjects: { args: [], gives: 'value' },
};

const SESSIONS: Record<string, Method> = {
  connect: { args: [{}], gives: 'promise', options: LIMITS },
  begin: { args: [{}], gives: 'promise', options: BEGIN },
  transaction: { args: [(): number => 1, {}], gives: 'promise', options: TRANSACTION },
};

const EVENTS: Record<string, Method> = {
  on: { args: ['close', (): void => undefined], gives: 'value' },
  off: { args: ['close', (): void => undefined], gives: 'value' },
};

const METER = {
  createHistogram: () => ({ record: (): void => undefined }),
  createCounter: () => ({ add: (): void => undefined }),
  createObservableUpDownCounter: () => ({
    addCallback: (): void => undefined,
    removeCallback: (): void => undefined,
  }),
};

const METHODS = {
  Database: {
    ...QUERYABLE,
    ...SESSIONS,
    on: { args: ['connect', (): void => undefined], gives: 'value' },
    off: { args: ['connect', (): void => undefined], gives: 'value' },
    ping: { args: [{}], gives: 'promise', options: LIMITS },
    listen: { args: ['misuse', (): void => undefined, {}], gives: 'promise', options: LIMITS },
    position: { args: [{}], gives: 'promise', options: LIMITS },
    topology: { args: [], gives: 'value' },
    serverInfo: { args: [{}], gives: 'promise', options: LIMITS },
    clientLibrary: { args: [], gives: 'value' },
    disconnect: { args: [-1], gives: 'value' },
    refuseWaiting: { args: [new Error('enough')], gives: 'value' },
    stats: { args: [], gives: 'value' },
    recordMetrics: {
      args: [METER, {}],
      gives: 'value',
      options: ['poolName'],
      call: (db: Database, ...args): void => db.recordMetrics(...(args as [never])).stop(),
    },
    configurePool: { args: [{ max: 4 }], gives: 'value' },
    close: {
      args: [{}],
      gives: 'promise',
      options: ['timeout'],
      call: (_db, ...args) => open({ host: 'never.used' }).close(...(args as [object])),
    },
    toJSON: { args: [], gives: 'value' },
  },
  ReadOnly: {
    ...QUERYABLE,
    ...SESSIONS,
    with: { args: [{}], gives: 'value', options: QUERY.slice(-4) },
    session: { args: [{}], gives: 'value', options: QUERY.slice(-4) },
    toJSON: { args: [], gives: 'value' },
  },
  Connection: {
    ...QUERYABLE,
    ...EVENTS,
    begin: SESSIONS['begin'] as Method,
    transaction: SESSIONS['transaction'] as Method,
    release: { args: [{}], gives: 'promise', options: ['discard'] },
    toJSON: { args: [], gives: 'value' },
  },
  Transaction: {
    ...QUERYABLE,
    commit: { args: [{}], gives: 'promise', options: [...LIMITS, 'resolve'] },
    rollback: { args: [], gives: 'promise' },
    savepoint: { args: [(): number => 1], gives: 'promise' },
    toJSON: { args: [], gives: 'value' },
  },
  Statement: {
    query: { args: [['x'], {}], gives: 'promise', options: SINGLE },
    queryRow: { args: [['x'], {}], gives: 'promise', options: SINGLE },
    exec: { args: [['x'], {}], gives: 'promise', options: SINGLE },
    rows: {
      args: [['x'], {}],
      gives: 'promise',
      options: [...QUERY, 'stallTimeout'],
      call: async (on: { rows(...args: unknown[]): Rows }, ...args) => drained(on.rows(...args)),
    },
    close: { args: [], gives: 'promise' },
    toJSON: { args: [], gives: 'value' },
  },
  LargeObjects: {
    create: { args: [0, {}], gives: 'promise', options: [...LIMITS, 'traceContext'] },
    unlink: { args: [1, {}], gives: 'promise', options: [...LIMITS, 'traceContext'] },
    size: { args: [1, {}], gives: 'promise', options: [...LIMITS, 'traceContext'] },
    createReadStream: {
      args: [1, {}],
      gives: 'stream',
      options: [...LIMITS, 'traceContext', 'start', 'end', 'chunkSize'],
    },
    createWriteStream: {
      args: [1, {}],
      gives: 'stream',
      options: [...LIMITS, 'traceContext', 'start', 'chunkSize'],
    },
  },
  Rows: {
    toReadable: { args: [{}], gives: 'stream', options: ['highWaterMark'] },
  },
  Subscription: {
    on: { args: ['gap', (): void => undefined], gives: 'value' },
    off: { args: ['gap', (): void => undefined], gives: 'value' },
  },
  sql: {
    id: { args: ['a'], gives: 'value' },
    list: { args: [[1]], gives: 'value' },
    values: { args: [[[1]]], gives: 'value' },
    join: { args: [[1]], gives: 'value' },
    unsafe: { args: ['x'], gives: 'value' },
    tag: {
      args: [['x']],
      gives: 'value',
      call: (tag: (...args: unknown[]) => unknown, ...args) => tag(...args),
    },
  },
  functions: {
    open: { args: [{ host: 'never.used' }, {}], gives: 'value', call: (_, ...args) => open(...(args as [])) },
    quoteIdentifier: {
      args: ['a'],
      gives: 'value',
      call: (_, ...args) => quoteIdentifier(...(args as string[])),
    },
    isDatabaseError: {
      args: [1, 'unique_violation'],
      gives: 'value',
      call: (_, ...args) => isDatabaseError(...(args as [unknown])),
    },
  },
} as const satisfies Record<string, Record<string, Method>>;

type Kind = keyof typeof METHODS;

/** An error of the program's own, which goes back as it came. */
class OwnError extends Error {}

const own = (): never => {
  throw new OwnError('of the program');
};

/** What somebody may give by mistake. Made anew each time, since a call may keep it. */
const MISTAKES: Readonly<Record<string, () => unknown>> = {
  null: () => null,
  zero: () => 0,
  'a negative number': () => -1,
  'a fraction': () => 0.5,
  NaN: () => NaN,
  Infinity: () => Infinity,
  'a number beyond all timers': () => 1e20,
  'an empty string': () => '',
  'a string': () => 'x',
  'a string with a NUL': () => 'a\0b',
  'half a character': () => '\ud800',
  true: () => true,
  false: () => false,
  'a bigint': () => 10n ** 40n,
  'a symbol': () => Symbol('s'),
  'an array': () => [],
  'an array of nothing': () => [undefined, null],
  'an array of symbols': () => [Symbol('s')],
  'an array of arrays': () => [[1], [1, 2]],
  'a deep array': () => Array.from({ length: 20_000 }).reduce<unknown[]>((inner) => [inner], []),
  'an object': () => ({}),
  'an object without a prototype': () => Object.create(null) as object,
  'an object with a mistaken name': () => ({ tiemout: 5 }),
  'a __proto__ of its own': () => JSON.parse('{"__proto__":{"timeout":1}}') as object,
  'a constructor of its own': () => ({ constructor: 1, toString: 1 }),
  'a circle': () => {
    const circle: { self?: object } = {};
    circle.self = circle;
    return circle;
  },
  'a getter that throws': () => ({
    get timeout() {
      return own();
    },
  }),
  'a Proxy that throws': () => new Proxy({}, { get: own, has: own, ownKeys: own }),
  'what cannot be made a string': () => ({ toString: own, toJSON: own, [Symbol.toPrimitive]: own }),
  'a value that throws': () => [{ [Symbol.for('kingbase.value')]: own }],
  'an array of what throws': () => [new Proxy({}, { get: own, has: own, ownKeys: own })],
  'an array of arrays that throw': () => [[new Proxy({}, { get: own, has: own, ownKeys: own })]],
  'a getter of a value that throws': () => [
    {
      get toJSON() {
        return own();
      },
    },
  ],
  'a Promise': () => Promise.resolve({}),
  'a thenable': () => ({ then: own }),
  'a function': () => () => undefined,
  'a Map': () => new Map([['timeout', 5]]),
  'a Set': () => new Set([1]),
  'a Date': () => new Date(NaN),
  'a RegExp': () => /x/,
  'an Error': () => new OwnError('given'),
  'a string object': () => new String('SELECT 1'),
  bytes: () => Buffer.from('x'),
  'an AbortController': () => new AbortController(),
  'a signal': () => new AbortController().signal,
  'a signal without a reason': () => ({ aborted: true, addEventListener: own, removeEventListener: own }),
};

const CODES: readonly string[] = [
  ...CONNECTION_ERROR_CODES,
  ...CLIENT_LIBRARY_ERROR_CODES,
  ...POOL_ERROR_CODES,
  ...USAGE_ERROR_CODES,
  'KB_TIMEOUT',
];
const CLASSES = [ClientLibraryError, ConnectionError, DatabaseError, PoolError, TimeoutError, UsageError];

/** What is not as it must be of how a call has failed; undefined where all is. */
function faultOf(error: unknown): string | undefined {
  if (error instanceof OwnError) return undefined;
  if (error instanceof DOMException && error.name === 'AbortError') return undefined;
  if (!(error instanceof KingbaseError))
    return `not of the package: ${error instanceof Error ? (error.stack ?? '') : String(error)}`;
  if (!CLASSES.some((each) => error.constructor === each)) return `of no public class: ${error.name}`;
  if (!(error instanceof DatabaseError) && !CODES.includes(error.code))
    return `a code that is none: ${error.code}`;
  if (error.code === 'KB_PROTOCOL' || error.code === 'KB_CONNECTION_LOST')
    return `a connection is ended: ${error.message}`;
  if (error.code === 'KB_POOL_ACQUIRE_TIMEOUT') return `a connection is lost: ${error.message}`;
  if (error.message.length > 2_000) return `a message of ${error.message.length} characters`;
  if (!/[。：]/.test(error.explain('zh')) || error.explain('en') === '')
    return `not explained: ${error.code}`;
  return undefined;
}

interface Stream extends NodeJS.EventEmitter {
  resume?: () => void;
  end?: () => void;
  destroy(): void;
}

describe.each(targets().slice(0, 1))('$name', (target) => {
  let db: Database;
  beforeAll(async () => {
    db = open(target.config, { pool: { max: 4, acquireTimeout: 5_000 } });
    await db.script('DROP TABLE IF EXISTS misuse; CREATE TABLE misuse (a int4)');
    // Metrics look at each statement's text.
    db.recordMetrics(METER);
  });
  afterAll(async () => {
    await db.exec('DROP TABLE IF EXISTS misuse');
    await db.close();
  });

  const MAKERS: Record<Kind, () => Promise<object> | object> = {
    Database: () => db,
    ReadOnly: () => db.readOnly,
    Connection: () => db.connect(),
    Transaction: () => db.begin(),
    Statement: () => db.prepare(SQL),
    LargeObjects: () => db.largeObjects(),
    Rows: () => db.rows('SELECT 1'),
    Subscription: () => db.listen('misuse_events', () => undefined),
    sql: () => db.sql,
    functions: () => ({}),
  };

  /** Gives what is wrong with how the call ends, if anything. */
  async function tryOut(kind: Kind, name: string, args: readonly unknown[]): Promise<string | undefined> {
    const method = (METHODS[kind] as Record<string, Method>)[name] as Method;
    const on = await MAKERS[kind]();
    const call =
      method.call ??
      ((object: never, ...given: unknown[]) =>
        (object as Record<string, (...all: unknown[]) => unknown>)[name]?.(...given));
    try {
      let given: unknown;
      try {
        given = call(on as never, ...args);
      } catch (error) {
        return method.gives === 'promise' ? `threw: ${String(error)}` : faultOf(error);
      }
      if (method.gives === 'promise' && !(given instanceof Promise)) return 'gave no promise';
      if (method.gives === 'value') return undefined;
      if (method.gives === 'promise') {
        const result = await (given as Promise<
          | {
              release?: () => Promise<void>;
              rollback?: () => Promise<void>;
              handler?: unknown;
              close?: () => Promise<void>;
            }
          | undefined
        >);
        if (result instanceof Connection) await result.release();
        else if (result instanceof Transaction) await result.rollback();
        else if (result !== on) await result?.close?.();
        return undefined;
      }
      const stream = given as Stream;
      const ended = finished(stream as never);
      stream.resume?.();
      if ('write' in stream) stream.end?.();
      await ended;
      return undefined;
    } catch (error) {
      return faultOf(error);
    } finally {
      if (on instanceof Connection) await on.release().catch(() => undefined);
      else if (on instanceof Transaction) await on.rollback().catch(() => undefined);
      else if (on instanceof Statement || kind === 'Rows' || kind === 'Subscription')
        await (on as Rows).close();
    }
  }

  interface Case {
    kind: Kind;
    name: string;
    place: number | string;
    mistake: string;
  }

  const CASES: Case[] = (Object.keys(METHODS) as Kind[]).flatMap((kind) =>
    Object.entries<Method>(METHODS[kind]).flatMap(([name, { args, options = [] }]) =>
      [...args.keys(), ...options].flatMap((place) =>
        Object.keys(MISTAKES).map((mistake) => ({ kind, name, place, mistake })),
      ),
    ),
  );

  const argumentsOf = ({ kind, name, place, mistake }: Case): unknown[] => {
    const { args } = (METHODS[kind] as Record<string, Method>)[name] as Method;
    const wrong = MISTAKES[mistake]?.();
    return args.map((arg, index) => {
      if (index === place) return wrong;
      return typeof place === 'string' && index === args.length - 1 ? { [place]: wrong } : arg;
    });
  };

  it('every public method is tried', () => {
    const classes = { Database, ReadOnly, Connection, Transaction, Statement };
    for (const [kind, { prototype }] of Object.entries(classes)) {
      const names = new Set<string>();
      for (let of: object = prototype; of !== Object.prototype; of = Object.getPrototypeOf(of) as object) {
        for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(of))) {
          if (typeof value === 'function' && name !== 'constructor') names.add(name);
        }
      }
      // What the declarations leave out, or have as private.
      const hidden = [
        'batchPlace',
        'beginWithin',
        'checkOut',
        'checkOutOf',
        'clusterHost',
        'complete',
        'loadLibrary',
        'makePool',
        'openSession',
        'openUnaudited',
        'tell',
        'forgetClosed',
        'work',
        'abandon',
        'askForNumber',
        'commitLimit',
        'commitWithin',
        'discardIfUnused',
        'end',
        'endBy',
        'request',
        'rollBackAndRelease',
        'runCommit',
        'undo',
      ];
      const tried = Object.keys(METHODS[kind as Kind]);
      expect([...names].filter((name) => !hidden.includes(name)).sort(), kind).toEqual([...tried].sort());
    }
  });

  it('a call without its arguments rejects, or throws where it gives no promise', async () => {
    for (const kind of Object.keys(METHODS) as Kind[]) {
      for (const [name, { args }] of Object.entries<Method>(METHODS[kind])) {
        for (let count = 0; count < args.length; count++) {
          expect(
            await tryOut(kind, name, args.slice(0, count)),
            `${kind}.${name} with ${count} arguments`,
          ).toBeUndefined();
        }
      }
    }
  });

  // Each wrong value at each place is one of some ten thousand cases. A run takes a sample, whose seed is printed.
  it(
    'whatever a call is given, it fails as documented, and nothing is lost',
    { timeout: 120_000 },
    async () => {
      const faults: string[] = [];
      await fc
        .assert(
          fc.asyncProperty(fc.constantFrom(...CASES), async (chosen) => {
            const fault = await tryOut(chosen.kind, chosen.name, argumentsOf(chosen));
            if (fault !== undefined)
              faults.push(`${chosen.kind}.${chosen.name}, ${chosen.place}: ${chosen.mistake}: ${fault}`);
            return fault === undefined;
          }),
          { numRuns: Number(process.env['KINGBASE_TEST_MISUSES'] ?? 1_500) },
        )
        .catch((error: unknown) => {
          throw new Error(`${faults.join('\n')}\n${String(error)}`);
        });
      expect(db.stats()).toMatchObject({ inUse: 0 });
    },
  );
});
