import fc from 'fast-check';
import type { Fault, FaultAction, MessageName } from '../support/message-proxy.js';

/** What ends a call before its time. Times are in ms, from the call. */
export type Limit =
  | { readonly by: 'nothing' }
  | { readonly by: 'timeout'; readonly ms: number }
  | { readonly by: 'signal'; readonly ms: number }
  /** Aborted when the next message of that name has been passed on. */
  | { readonly by: 'signal'; readonly at: MessageName };

export type Way = 'query' | 'queryRow' | 'exec' | 'rows' | 'prepare';

/** What a statement gives back of the rows that it inserts. The types after `id` are not the server's own. */
export type Returning = 'nothing' | 'id' | 'mood' | 'moods' | 'level' | 'fresh';

export type Step =
  | {
      readonly do: 'insert';
      readonly by: Way;
      readonly rows: number;
      readonly returning: Returning;
      /** Which of some texts that do the same, so that statements fall out of the cache. */
      readonly text: number;
      /** ms that the server takes. */
      readonly takes: number;
      readonly limit: Limit;
    }
  | { readonly do: 'mistake'; readonly by: Exclude<Way, 'rows'>; readonly limit: Limit }
  /** Rows as a stream, of which so many are read. `leave`: and then the loop is left, or the rows are just forgotten. */
  | {
      readonly do: 'read';
      readonly rows: number;
      readonly take: number;
      readonly limit: Limit;
    }
  | { readonly do: 'copy in'; readonly rows: number; readonly destroy: boolean; readonly limit: Limit }
  | { readonly do: 'copy out'; readonly rows: number; readonly destroy: boolean; readonly limit: Limit }
  | {
      readonly do: 'batch';
      readonly strategy: 'auto' | 'copy' | 'unnest' | 'values';
      readonly rows: number;
      readonly chunk: number | undefined;
      /** Which row the server refuses, if any. */
      readonly bad: number | undefined;
      readonly collect: boolean;
      readonly perChunk: boolean;
      readonly returning: boolean;
      /** Whether the rows come one after the other, with time between them. */
      readonly slow: boolean;
      readonly limit: Limit;
    }
  | { readonly do: 'notify'; readonly channel: number; readonly limit: Limit }
  | { readonly do: 'pause'; readonly ms: number }
  | { readonly do: 'new type' }
  /** All at once, on one connection or in one transaction. */
  | { readonly do: 'together'; readonly steps: readonly Step[] }
  | { readonly do: 'savepoint'; readonly steps: readonly Step[]; readonly throws: boolean }
  | TransactionStep
  | {
      readonly do: 'connect';
      readonly steps: readonly Step[];
      readonly end: 'release' | 'discard';
      /** A transaction that is open when the connection is released, and what is done with its handle then. */
      readonly left:
        | {
            readonly steps: readonly Step[];
            readonly after: number;
            readonly then: 'nothing' | 'commit' | 'rollback' | 'insert';
            readonly limit: Limit;
          }
        | undefined;
      readonly limit: Limit;
    }
  | { readonly do: 'listen'; readonly channel: number }
  | { readonly do: 'unlisten' };

export interface TransactionStep {
  readonly do: 'transaction';
  readonly by: 'function' | 'hand';
  readonly steps: readonly Step[];
  readonly end: 'commit' | 'rollback' | 'refused at commit';
  /** By hand: whether the server is asked what became of a COMMIT without an answer. */
  readonly resolve: boolean;
  /** Another one on the same connection, inside. */
  readonly inner: TransactionStep | undefined;
  readonly limit: Limit;
}

export interface Program {
  readonly pool: { readonly max: number; readonly cache: number; readonly reset: boolean };
  /** Run next to each other; the steps of each one after the other. */
  readonly actors: readonly (readonly Step[])[];
  readonly faults: readonly Fault[];
  /** Whether the database is closed when the first actor has ended, with that many ms for the others. */
  readonly close: number | undefined;
}

// Most calls of a program run without a limit, except where something becomes half-open.
const milliseconds = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 40 }) },
  { weight: 2, arbitrary: fc.constant(300) },
);

const ABORTING_MESSAGES: readonly MessageName[] = [
  '>look-up',
  '<INSERT',
  '<D',
  '>B',
  '>COMMIT',
  '<ready INSERT',
  '>d',
];

function limits(unlimited: number): fc.Arbitrary<Limit> {
  return fc.oneof(
    { weight: unlimited, arbitrary: fc.constant<Limit>({ by: 'nothing' }) },
    { weight: 2, arbitrary: milliseconds.map((ms): Limit => ({ by: 'timeout', ms: ms + 1 })) },
    { weight: 1, arbitrary: milliseconds.map((ms): Limit => ({ by: 'signal', ms })) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(...ABORTING_MESSAGES).map((at): Limit => ({ by: 'signal', at })),
    },
  );
}

interface Steps {
  readonly onDatabase: fc.Arbitrary<Step>;
}

function stepsWith(limit: fc.Arbitrary<Limit>): Steps {
  const rows = fc.integer({ min: 1, max: 4 });
  const insert = fc.record({
    do: fc.constant('insert' as const),
    by: fc.constantFrom<Way>('query', 'queryRow', 'exec', 'rows', 'prepare'),
    rows,
    returning: fc.constantFrom<Returning>('nothing', 'id', 'mood', 'moods', 'level', 'fresh'),
    text: fc.nat(3),
    takes: fc.constantFrom(0, 0, 0, 5, 30),
    limit,
  });
  const mistake = fc.record({
    do: fc.constant('mistake' as const),
    by: fc.constantFrom('query' as const, 'queryRow' as const, 'exec' as const, 'prepare' as const),
    limit,
  });
  const read = fc
    .tuple(fc.constantFrom(1, 5, 300, 3000), fc.nat(3000), limit)
    .map(([count, take, each]): Step => ({
      do: 'read',
      rows: count,
      take: Math.min(take, count),
      limit: each,
    }));
  const copyIn = fc.record({ do: fc.constant('copy in' as const), rows, destroy: fc.boolean(), limit });
  const copyOut = fc.record({
    do: fc.constant('copy out' as const),
    rows: fc.constantFrom(1, 10, 2000),
    destroy: fc.boolean(),
    limit,
  });
  const batch = fc.record({
    do: fc.constant('batch' as const),
    strategy: fc.constantFrom('auto' as const, 'copy' as const, 'unnest' as const, 'values' as const),
    rows: fc.integer({ min: 1, max: 8 }),
    chunk: fc.constantFrom(undefined, 1, 3),
    bad: fc.constantFrom(undefined, undefined, 0, 3, 7),
    collect: fc.boolean(),
    perChunk: fc.boolean(),
    returning: fc.boolean(),
    slow: fc.boolean(),
    limit,
  });
  const notify = fc.record({ do: fc.constant('notify' as const), channel: fc.nat(1), limit });
  const pause = fc.record({ do: fc.constant('pause' as const), ms: fc.nat(20) });
  const newType = fc.record({ do: fc.constant('new type' as const) });

  const call = fc.oneof<{ weight: number; arbitrary: fc.Arbitrary<Step> }[]>(
    { weight: 8, arbitrary: insert },
    { weight: 1, arbitrary: mistake },
    { weight: 1, arbitrary: read },
    { weight: 1, arbitrary: copyIn },
    { weight: 1, arbitrary: copyOut },
    { weight: 3, arbitrary: batch },
    { weight: 1, arbitrary: pause },
  );
  // What is on one connection with others fails alone: in a transaction a mistake is everybody's.
  const harmless = fc.oneof<{ weight: number; arbitrary: fc.Arbitrary<Step> }[]>(
    { weight: 4, arbitrary: insert.map((step) => ({ ...step, limit: { by: 'nothing' as const } })) },
    { weight: 2, arbitrary: batch },
  );
  const together = (of: fc.Arbitrary<Step>): fc.Arbitrary<Step> =>
    fc.record({ do: fc.constant('together' as const), steps: fc.array(of, { minLength: 2, maxLength: 4 }) });
  const savepoint = (of: fc.Arbitrary<Step>): fc.Arbitrary<Step> =>
    fc.record({
      do: fc.constant('savepoint' as const),
      steps: fc.array(of, { minLength: 1, maxLength: 3 }),
      throws: fc.boolean(),
    });

  const inSavepoint = fc.oneof({ weight: 3, arbitrary: call }, { weight: 1, arbitrary: savepoint(call) });
  const inTransaction = fc.oneof<{ weight: number; arbitrary: fc.Arbitrary<Step> }[]>(
    { weight: 5, arbitrary: call },
    { weight: 2, arbitrary: savepoint(inSavepoint) },
    { weight: 1, arbitrary: together(fc.oneof(harmless, savepoint(call))) },
  );
  const transaction = (inner: fc.Arbitrary<TransactionStep | undefined>): fc.Arbitrary<TransactionStep> =>
    fc.record({
      do: fc.constant('transaction' as const),
      by: fc.constantFrom('function' as const, 'hand' as const),
      steps: fc.array(inTransaction, { minLength: 1, maxLength: 3 }),
      end: fc.oneof(
        { weight: 4, arbitrary: fc.constant('commit' as const) },
        { weight: 1, arbitrary: fc.constant('rollback' as const) },
        { weight: 1, arbitrary: fc.constant('refused at commit' as const) },
      ),
      resolve: fc.boolean(),
      inner,
      limit,
    });
  const plainTransaction = transaction(fc.constant(undefined));
  const onConnection = fc.oneof<{ weight: number; arbitrary: fc.Arbitrary<Step> }[]>(
    { weight: 4, arbitrary: call },
    { weight: 2, arbitrary: together(fc.oneof(call, harmless)) },
    { weight: 2, arbitrary: transaction(fc.option(plainTransaction, { nil: undefined, freq: 2 })) },
  );
  const connection = fc.record({
    do: fc.constant('connect' as const),
    steps: fc.array(onConnection, { maxLength: 3 }),
    end: fc.constantFrom('release' as const, 'release' as const, 'discard' as const),
    left: fc.option(
      fc.record({
        steps: fc.array(call, { maxLength: 2 }),
        after: fc.nat(40),
        then: fc.constantFrom('nothing' as const, 'commit' as const, 'rollback' as const, 'insert' as const),
        limit,
      }),
      { nil: undefined, freq: 2 },
    ),
    limit,
  });
  return {
    onDatabase: fc.oneof<{ weight: number; arbitrary: fc.Arbitrary<Step> }[]>(
      { weight: 8, arbitrary: call },
      { weight: 4, arbitrary: plainTransaction },
      { weight: 4, arbitrary: connection },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('listen' as const), channel: fc.nat(1) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('unlisten' as const) }) },
      { weight: 2, arbitrary: notify },
      { weight: 1, arbitrary: newType },
    ),
  };
}

/** Where the driver sends or awaits something of its own accord. */
const SEAMS: readonly MessageName[] = ['>COMMIT', '<ready INSERT', '>look-up', '>DEALLOCATE', '>LISTEN'];

const FAULT_MESSAGES: readonly MessageName[] = [
  '>COMMIT',
  '<COMMIT',
  '<ready COMMIT',
  '<INSERT',
  '<ready INSERT',
  '>look-up',
  '>DEALLOCATE',
  '<ready DEALLOCATE',
  '>LISTEN',
  '<ready LISTEN',
  '>UNLISTEN',
  '>ROLLBACK',
  '<ready ROLLBACK',
  '>BEGIN',
  '<ready BEGIN',
  '>SAVEPOINT',
  '>RELEASE',
  '>DISCARD',
  '>COPY',
  '<ready COPY',
  '>d',
  '>c',
  '>P',
  '>B',
  '<1',
  '<T',
  '<D',
  '<G',
  '<C',
  '<E',
  '<A',
  '<ready SELECT',
  '<ready',
  '>login',
];

function faults(actions: readonly FaultAction[]): fc.Arbitrary<Fault> {
  return fc.record({
    at: fc.oneof(
      { weight: 1, arbitrary: fc.constantFrom(...SEAMS) },
      { weight: 2, arbitrary: fc.constantFrom(...FAULT_MESSAGES) },
    ),
    nth: fc.oneof(
      { weight: 2, arbitrary: fc.constant(1) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 4 }) },
    ),
    where: fc.constantFrom('before' as const, 'behind' as const),
    action: fc.constantFrom(...actions),
  });
}

/** @param half whether connections become half-open: then nearly every call has a limit, since one without waits for ever */
function programs(half: boolean): fc.Arbitrary<Program> {
  const { onDatabase } = stepsWith(limits(half ? 1 : 12));
  return fc.record({
    pool: fc.record({
      max: fc.integer({ min: 1, max: 4 }),
      cache: fc.constantFrom(20, 2, 0),
      reset: fc.boolean(),
    }),
    actors: fc.array(fc.array(onDatabase, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 }),
    faults: fc.array(faults(half ? ['hold'] : ['rst', 'fin', 'end', 'delay']), {
      minLength: half ? 1 : 0,
      maxLength: 3,
    }),
    close: fc.option(fc.constantFrom(0, 200), { nil: undefined, freq: 8 }),
  });
}

export const program: fc.Arbitrary<Program> = fc.oneof(
  { weight: 3, arbitrary: programs(false) },
  { weight: 1, arbitrary: programs(true) },
);
