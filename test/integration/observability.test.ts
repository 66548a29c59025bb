import { AsyncLocalStorage } from 'node:async_hooks';
import diagnostics, { tracingChannel } from 'node:diagnostics_channel';
import {
  context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type AttributeValue,
  type Span,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { open, type Database, type LogEntry, type TraceContext } from 'kingbase-native';
import { startFaultProxy } from '../support/fault-proxy.js';
import { PASSWORD, rejectionOf, until } from '../support/rejections.js';
import { targets } from '../support/targets.js';

const target = targets().find(({ transport }) => transport === 'TCP')!;
const { host, port, database } = target.config;

const COMMON = {
  'db.system.name': 'kingbase',
  'db.namespace': database,
  'server.address': host,
  'server.port': port,
};

let db: Database;
const unsubscribe: (() => void)[] = [];
beforeEach(() => {
  db = open({ ...target.config, password: PASSWORD, pool: { max: 2 } });
});
afterEach(async () => {
  for (const undo of unsubscribe.splice(0)) undo();
  await db.close({ timeout: 1_000 });
});

type Told = TraceContext & { result?: unknown; error?: unknown };
type Subscribers = Partial<
  Record<'start' | 'end' | 'asyncStart' | 'asyncEnd' | 'error', (told: Told) => void>
>;

function subscribe(name: string, subscribers: Subscribers): void {
  const channel = tracingChannel<string, TraceContext>(name);
  const nothing = (): void => undefined;
  const all = { start: nothing, end: nothing, asyncStart: nothing, asyncEnd: nothing, error: nothing };
  channel.subscribe({ ...all, ...subscribers });
  const added = { ...all, ...subscribers };
  unsubscribe.push(() => channel.unsubscribe(added));
}

/** The calls that end on a channel, in their order. */
function endsOf(name: string): Told[] {
  const ends: Told[] = [];
  subscribe(name, { asyncEnd: (told) => void ends.push({ ...told }) });
  return ends;
}

describe('kingbase:query', () => {
  it('tells of every statement, however it is run', async () => {
    const ends = endsOf('kingbase:query');
    await db.query('SELECT $1::int4 AS v', [1]);
    await db.queryRow('SELECT generate_series(1, 3)');
    await db.exec('SELECT ?::text', ['x']);
    await db.script('SELECT 1; SELECT 2');
    await using connection = await db.connect();
    await connection.query('SELECT 4');
    await using statement = await db.prepare('SELECT :v::int4');
    await statement.query({ v: 5 });
    await db.transaction((transaction) => transaction.query('SELECT 6'));
    expect(ends.map((told) => [told['db.query.text'], told['db.response.returned_rows']])).toEqual([
      ['SELECT $1::int4 AS v', 1],
      ['SELECT generate_series(1, 3)', 3],
      ['SELECT $1::text', 1],
      ['SELECT 1; SELECT 2', undefined],
      ['SELECT 4', 1],
      ['SELECT $1::int4', 1],
      ['SELECT 6', 1],
    ]);
    for (const told of ends) expect(told).toMatchObject(COMMON);
  });

  it('tells of reading streams, of large objects and of the driver’s short questions', async () => {
    const ends = endsOf('kingbase:query');
    for await (const row of db.rows('SELECT 1 AS one')) expect(row).toEqual({ one: 1 });
    for await (const piece of db.copyTo('COPY (SELECT 2) TO STDOUT')) expect(String(piece)).toBe('2\n');
    await db.sql`SELECT ${3}::int4`;
    await db.ping();
    await db.serverInfo();
    await db.transaction(async (transaction) => {
      await transaction.largeObjects().unlink(await transaction.largeObjects().create());
    });
    expect(ends.map((told) => told['db.query.text'])).toEqual([
      'SELECT 1 AS one',
      'COPY (SELECT 2) TO STDOUT',
      'SELECT $1::int4',
      'SELECT 1',
      expect.stringContaining('version()'),
      expect.stringContaining('lo_create'),
      expect.stringContaining('lo_unlink'),
    ]);
  });

  it('tells of failures with their SQLSTATE and of timeouts with their code', async () => {
    const errors: Told[] = [];
    subscribe('kingbase:query', { error: (told) => void errors.push({ ...told }) });
    const failed = await rejectionOf(db.query('SELECT 1 / $1::int4', [0]));
    const timedOut = await rejectionOf(db.query('SELECT pg_sleep(600)', [], { timeout: 20 }));
    const misused = await rejectionOf(db.query('SELECT $1::text', ['\0']));
    expect(errors).toMatchObject([
      { ...COMMON, 'error.type': '22012', 'db.response.status_code': '22012', error: failed },
      { 'error.type': 'KB_TIMEOUT', error: timedOut },
      { 'error.type': 'KB_BAD_PARAMETER', error: misused },
    ]);
  });

  it('has the parameters only with traceParameters, and never a password', async () => {
    const ends = endsOf('kingbase:query');
    const connects = endsOf('kingbase:connect');
    await db.query('SELECT $1::text', ['private']);
    expect(ends[0]).not.toHaveProperty(['db.query.parameters']);
    await using telling = open({ ...target.config, traceParameters: true });
    await telling.query('SELECT $1::text', ['private']);
    await telling.query('SELECT :v::text', { v: 'private' });
    expect(ends.slice(1).map((told) => told['db.query.parameters'])).toEqual([['private'], ['private']]);
    expect(connects).toHaveLength(2);
    expect(JSON.stringify(connects.map(({ result: _result, ...told }) => told))).not.toContain(PASSWORD);
  });

  it('builds nothing while nobody listens', async () => {
    let asked = 0;
    const options = {
      get traceContext() {
        asked++;
        return 'context';
      },
    };
    const use = async (): Promise<void> => {
      await db.query('SELECT 1', [], options);
      await db.script('SELECT 1', options);
      await db.transaction((transaction) => transaction.query('SELECT 1', [], options));
    };
    await use();
    expect(asked).toBe(0);
    const ends = endsOf('kingbase:query');
    await use();
    expect(asked).toBe(3);
    expect(ends.map(({ traceContext }) => traceContext)).toEqual(['context', 'context', 'context']);
    for (const undo of unsubscribe.splice(0)) undo();
    await use();
    expect(asked).toBe(3);
  });

  it('does not lose a call to a subscriber that throws', async () => {
    const thrown = new Promise<unknown>((resolve) => {
      const listeners = process.listeners('uncaughtException');
      process.removeAllListeners('uncaughtException');
      process.once('uncaughtException', (error) => {
        for (const listener of listeners) process.on('uncaughtException', listener);
        resolve(error);
      });
    });
    const error = new Error('of the subscriber');
    subscribe('kingbase:query', {
      start: () => {
        throw error;
      },
    });
    expect(await db.queryRow('SELECT 1 AS v')).toEqual({ v: 1 });
    expect(await thrown).toBe(error);
  });
});

describe('the other channels', () => {
  it('tell of connecting, of acquiring and of transactions', async () => {
    const connects = endsOf('kingbase:connect');
    const acquires = endsOf('kingbase:pool:acquire');
    const transactions = endsOf('kingbase:transaction');
    await (await db.connect()).release();
    await db.transaction((transaction) => transaction.query('SELECT 1'), { traceContext: 'mine' });
    const error = await rejectionOf(db.transaction((transaction) => transaction.query('SELECT 1 / 0')));
    expect([connects.length, acquires.length, transactions.length]).toEqual([1, 3, 2]);
    expect(transactions[0]).toMatchObject({ ...COMMON, traceContext: 'mine' });
    expect(transactions[1]).toMatchObject({ 'error.type': '22012', error });
  });

  it('tell of batches as one call each', async () => {
    const batches = endsOf('kingbase:batch');
    const queries = endsOf('kingbase:query');
    const rows = [[1], [2], [null]];
    await db.script('CREATE TABLE IF NOT EXISTS observed_batch (id int4 NOT NULL)');
    queries.length = 0;
    await db.batchInsert('observed_batch', ['id'], rows.slice(0, 2), {
      traceContext: 'mine',
      returning: true,
    });
    await db.batchInsert('observed_batch', ['id'], rows.slice(0, 1), { strategy: 'copy' });
    const error = await rejectionOf(db.batchInsert('observed_batch', ['id'], rows));
    expect(queries).toEqual([]);
    const common = {
      ...COMMON,
      'db.operation.name': 'BATCH INSERT',
      'db.collection.name': '"observed_batch"',
    };
    expect(batches).toMatchObject([
      { ...common, 'db.operation.batch.size': 2, 'db.response.returned_rows': 2, traceContext: 'mine' },
      common,
      { ...common, 'error.type': '23502', 'db.response.status_code': '23502', error },
    ]);
    expect(batches[1]).not.toHaveProperty(['db.operation.batch.size']);
    await db.script('DROP TABLE observed_batch');
  });

  it('tell of connections that cannot be made', async () => {
    const connects = endsOf('kingbase:connect');
    await using nowhere = open({ ...target.config, database: 'does not exist' });
    await rejectionOf(nowhere.ping());
    expect(connects).toMatchObject([
      { 'db.namespace': 'does not exist', 'error.type': '3D000', 'db.response.status_code': '3D000' },
    ]);
  });

  it('tell of each attempt of a transaction that is run again', async () => {
    const transactions = endsOf('kingbase:transaction');
    let attempts = 0;
    await db.transaction(
      async (transaction) => {
        if (++attempts < 3) {
          await transaction.script("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$");
        }
      },
      { retry: { backoff: () => 0 } },
    );
    expect(transactions.map((told) => told['error.type'])).toEqual(['40001', '40001', undefined]);
  });
});

describe('log', () => {
  it('has slow statements, without their parameters, and what the pool does', async () => {
    const entries: LogEntry[] = [];
    const proxy = await startFaultProxy(inject('server'));
    const logged = open({
      ...target.config,
      host: proxy.host,
      port: proxy.port,
      password: PASSWORD,
      log: { write: (entry) => entries.push(entry), slowStatement: 50 },
    });
    await logged.query('SELECT $1::text', ['private']);
    await logged.query('SELECT $1::text FROM pg_sleep(0.06)', ['private']);
    await rejectionOf(logged.query('SELECT pg_sleep(600)', [], { timeout: 60 }));
    await proxy.refuse(true);
    proxy.cut('rst');
    await until('the loss is noticed', () => entries.some(({ event }) => event === 'disconnect'));
    const call = logged.ping();
    await until('it was tried again', () => entries.some(({ event }) => event === 'unreachable'));
    await proxy.refuse(false);
    await call;
    await logged.close();
    await proxy.stop();
    const of = (event: LogEntry['event']): LogEntry[] => entries.filter((entry) => entry.event === event);
    // On a machine that is busy any other may be slow, too.
    expect(of('slow').filter((entry) => 'sql' in entry && entry.sql.includes('pg_sleep'))).toMatchObject([
      { sql: 'SELECT $1::text FROM pg_sleep(0.06)', rows: 1, error: undefined },
      { sql: 'SELECT pg_sleep(600)', rows: undefined, error: 'KB_TIMEOUT' },
    ]);
    expect(of('connect')).toHaveLength(2);
    expect(of('disconnect').map((entry) => 'reason' in entry && entry.reason)).toEqual([
      'it was lost',
      'the database was closed',
    ]);
    expect(of('unreachable')[0]).toMatchObject({ attempt: 0 });
    expect(JSON.stringify(entries)).not.toMatch(new RegExp(`private|${PASSWORD}`));
  });

  it('has who is logged in where, and who was not let in, which a channel tells too', async () => {
    const entries: LogEntry[] = [];
    const published: unknown[] = [];
    const publish = (entry: unknown): void => void published.push(entry);
    diagnostics.subscribe('kingbase:refused', publish);
    const log = (entry: LogEntry): void => void entries.push(entry);
    const { user, database, host } = target.config;
    await using logged = open({ ...target.config, log });
    await logged.ping();
    expect(entries).toMatchObject([{ event: 'connect', user, database }]);
    entries.length = 0;
    await using stranger = open({ ...target.config, user: 'nobody of that name', password: PASSWORD, log });
    await rejectionOf(stranger.ping());
    const refused = {
      event: 'refused',
      reason: 'login',
      code: '28000',
      user: 'nobody of that name',
      database,
      host,
    };
    expect(entries.filter(({ event }) => event === 'refused')[0]).toEqual(refused);
    entries.length = 0;
    await using unsafe = open({ ...target.config, sslMode: 'verify-full', log });
    const error = await rejectionOf(unsafe.ping());
    // Over a Unix socket there is no TLS to be refused.
    if (error.code.startsWith('KB_CONNECT_TLS')) {
      expect(entries).toContainEqual({
        event: 'refused',
        reason: 'policy',
        code: error.code,
        user,
        database,
        host,
      });
    }
    diagnostics.unsubscribe('kingbase:refused', publish);
    expect(published[0]).toEqual(refused);
    expect(JSON.stringify([entries, published])).not.toContain(PASSWORD);
  });

  it('may be just a function', async () => {
    const entries: LogEntry[] = [];
    const logged = open({ ...target.config, log: (entry) => void entries.push(entry) });
    await logged.query('SELECT 1');
    await logged.close();
    expect(entries.map(({ event }) => event)).toEqual(['connect', 'disconnect']);
  });
});

/** What a user of OpenTelemetry writes to have a span for every statement. */
function traceQueries(): void {
  const tracer = trace.getTracer('kingbase');
  const spans = new WeakMap<Told, Span>();
  subscribe('kingbase:query', {
    start(told) {
      const { traceContext } = told;
      const named = Object.entries(told).filter(([name]) => name.includes('.'));
      const attributes = Object.fromEntries<AttributeValue>(named as [string, AttributeValue][]);
      const parent = traceContext === undefined ? context.active() : (traceContext as typeof ROOT_CONTEXT);
      spans.set(
        told,
        tracer.startSpan(told['db.query.text'] ?? '', { kind: SpanKind.CLIENT, attributes }, parent),
      );
    },
    error(told) {
      const span = spans.get(told);
      span?.recordException(told.error as Error);
      span?.setStatus({ code: SpanStatusCode.ERROR });
      span?.setAttribute('error.type', told['error.type'] ?? '_OTHER');
    },
    asyncEnd(told) {
      const rows = told['db.response.returned_rows'];
      if (rows !== undefined) spans.get(told)?.setAttribute('db.response.returned_rows', rows);
      spans.get(told)?.end();
    },
  });
}

describe('OpenTelemetry', () => {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const tracer = provider.getTracer('program');
  beforeAll(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    trace.setGlobalTracerProvider(provider);
  });
  afterAll(async () => {
    trace.disable();
    context.disable();
    await provider.shutdown();
  });
  beforeEach(() => {
    exporter.reset();
    traceQueries();
  });

  const span = (name: string): ReadableSpan =>
    exporter.getFinishedSpans().find((each) => each.name === name)!;

  it('has a span of each query under that of its caller, with the trace id', async () => {
    await tracer.startActiveSpan('request', async (request) => {
      await db.query('SELECT $1::int4 AS v', [1]);
      await rejectionOf(db.query('SELECT 1 / 0'));
      request.end();
    });
    const request = span('request').spanContext();
    const query = span('SELECT $1::int4 AS v');
    expect(query.spanContext().traceId).toBe(request.traceId);
    expect(query.parentSpanContext?.spanId).toBe(request.spanId);
    expect(query.kind).toBe(SpanKind.CLIENT);
    expect(query.attributes).toEqual({
      ...COMMON,
      'db.query.text': 'SELECT $1::int4 AS v',
      'db.query.summary': 'SELECT',
      'db.response.returned_rows': 1,
    });
    const failed = span('SELECT 1 / 0');
    expect(failed.parentSpanContext?.spanId).toBe(request.spanId);
    expect(failed.status.code).toBe(SpanStatusCode.ERROR);
    expect(failed.attributes).toMatchObject({ 'error.type': '22012' });
    expect(failed.events).toMatchObject([{ name: 'exception' }]);
  });

  it('keeps callers apart, though their queries wait for and share the connections', async () => {
    const requests = Array.from({ length: 40 }, (_, i) =>
      tracer.startActiveSpan(`request ${i}`, async (request) => {
        await db.query(`SELECT ${i}`);
        await db.transaction(async (transaction) => {
          await transaction.query(`SELECT ${i}, 'in a transaction'`);
        });
        await Promise.resolve();
        await db.query(`SELECT ${i}, 'at the end'`);
        request.end();
      }),
    );
    await Promise.all(requests);
    for (let i = 0; i < 40; i++) {
      const parent = span(`request ${i}`).spanContext();
      for (const name of [`SELECT ${i}`, `SELECT ${i}, 'in a transaction'`, `SELECT ${i}, 'at the end'`]) {
        expect(span(name).parentSpanContext).toMatchObject({
          spanId: parent.spanId,
          traceId: parent.traceId,
        });
      }
    }
  });

  it('takes a parent that is handed over by traceContext', async () => {
    const parent = tracer.startSpan('far away', {}, ROOT_CONTEXT);
    await db.query('SELECT 7', [], { traceContext: trace.setSpan(ROOT_CONTEXT, parent) });
    parent.end();
    expect(span('SELECT 7').parentSpanContext?.spanId).toBe(parent.spanContext().spanId);
  });

  it('has queries under the transaction that they are in, by a store bound to the channel', async () => {
    const current = new AsyncLocalStorage<string>();
    const { start } = tracingChannel<string, TraceContext>('kingbase:transaction');
    start.bindStore(current, (told) => (told as Told).traceContext as string);
    unsubscribe.push(() => start.unbindStore(current));
    const seen: unknown[] = [];
    subscribe('kingbase:query', { start: () => void seen.push(current.getStore()) });
    await Promise.all(
      ['a', 'b'].map((name) =>
        db.transaction((transaction) => transaction.query('SELECT 1'), { traceContext: name }),
      ),
    );
    await db.query('SELECT 1');
    expect(seen.sort()).toEqual(['a', 'b', undefined]);
  });
});
