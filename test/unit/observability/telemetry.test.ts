import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DatabaseError, TimeoutError } from '../../../lib/errors/index.js';
import { channels, TRACED, type TraceContext } from '../../../lib/observability/channels.js';
import { Telemetry, type LogEntry, type LogOptions } from '../../../lib/observability/telemetry.js';

const undo: (() => unknown)[] = [];
afterEach(() => {
  for (const each of undo.splice(0)) each();
  vi.useRealTimers();
});

type Told = [event: string, context: TraceContext & { result?: unknown; error?: unknown }];

/** Everything that is told on a channel; contexts as they were at that moment. */
function listen(name: string): Told[] {
  const told: Told[] = [];
  const note =
    (event: string) =>
    (message: unknown): void =>
      void told.push([event, { ...(message as TraceContext) }]);
  const subscribers = {
    start: note('start'),
    end: note('end'),
    asyncStart: note('asyncStart'),
    asyncEnd: note('asyncEnd'),
    error: note('error'),
  };
  const channel = tracingChannel<string, TraceContext>(name);
  channel.subscribe(subscribers);
  undo.push(() => channel.unsubscribe(subscribers));
  return told;
}

function telemetry(log?: LogOptions, traceParameters = false): Telemetry {
  return new Telemetry({
    database: 'test',
    user: 'app',
    address: 'server',
    port: 54321,
    log,
    traceParameters,
  });
}

const database = (C: string): DatabaseError => DatabaseError.fromFields({ C, M: 'no', V: 'ERROR' });

const query = (on: Telemetry, run: () => Promise<unknown>, traceContext?: unknown): Promise<unknown> =>
  on.query('SELECT $1', ['secret'], traceContext, (rows) => (rows as unknown[]).length, run);

describe('while nobody listens', () => {
  it('a call is made as if there were no telemetry', () => {
    const quiet = telemetry();
    expect(quiet.watchesQueries).toBe(false);
    for (const call of ['connect', 'acquire'] as const) {
      const promise = Promise.resolve();
      expect(quiet[call](() => promise)).toBe(promise);
    }
    const promise = Promise.resolve([]);
    expect(query(quiet, () => promise)).toBe(promise);
    expect(quiet.transaction('context', () => promise)).toBe(promise);
  });

  it('and no longer once somebody does, who may stop', () => {
    const each = telemetry();
    const told = listen(TRACED.query);
    expect(each.watchesQueries).toBe(true);
    expect(told).toEqual([]);
    for (const each of undo.splice(0)) each();
    expect(each.watchesQueries).toBe(false);
  });

  it.each(['start', 'asyncEnd', 'error'] as const)('but to %s alone, that is enough', (event) => {
    const name = `tracing:${TRACED.query}:${event}`;
    const subscriber = (): void => undefined;
    subscribe(name, subscriber);
    undo.push(() => unsubscribe(name, subscriber));
    expect(channels.query.active).toBe(true);
    expect(channels.connect.active).toBe(false);
  });
});

describe('the query channel', () => {
  const common = {
    'db.system.name': 'kingbase',
    'db.namespace': 'test',
    'server.address': 'server',
    'server.port': 54321,
    'db.query.text': 'SELECT $1',
    'db.query.summary': 'SELECT',
  };

  it('tells of a call from its start to its end, under the names of OpenTelemetry', async () => {
    const told = listen(TRACED.query);
    const result = [1, 2];
    expect(await query(telemetry(), () => Promise.resolve(result))).toBe(result);
    expect(told.map(([event]) => event)).toEqual(['start', 'end', 'asyncStart', 'asyncEnd']);
    expect(told[0]![1]).toStrictEqual(common);
    expect(told.at(-1)![1]).toStrictEqual({ ...common, 'db.response.returned_rows': 2, result });
  });

  it('tells of a failure by its SQLSTATE, or by the stable code of the driver', async () => {
    const told = listen(TRACED.query);
    const each = telemetry();
    for (const [error, expected] of [
      [database('23505'), { 'db.response.status_code': '23505', 'error.type': '23505' }],
      [new TimeoutError('query', 5, 'Too long.'), { 'error.type': 'KB_TIMEOUT' }],
      [new TypeError('no'), { 'error.type': 'TypeError' }],
      ['aborted', { 'error.type': '_OTHER' }],
    ] as const) {
      told.length = 0;
      await expect(query(each, () => Promise.reject(error as Error))).rejects.toBe(error);
      expect(told.map(([event]) => event)).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
      expect(told.find(([event]) => event === 'error')![1]).toStrictEqual({ ...common, ...expected, error });
    }
  });

  it('has the parameters only where they were asked for, and what the caller gave', async () => {
    const told = listen(TRACED.query);
    await query(telemetry(), () => Promise.resolve([]));
    expect(JSON.stringify(told)).not.toContain('secret');
    told.length = 0;
    const given = { request: 7 };
    await query(telemetry(undefined, true), () => Promise.resolve([]), given);
    expect(told[0]![1]).toStrictEqual({ ...common, 'db.query.parameters': ['secret'], traceContext: given });
    expect(told[0]![1].traceContext).toBe(given);
  });

  it('gives the same object with every event, so that a subscriber can keep its span there', async () => {
    const seen: unknown[] = [];
    const subscribers = {
      start: (context: object) => void seen.push(context),
      asyncEnd: (context: object) => void seen.push(context),
    };
    const channel = tracingChannel<string, TraceContext>(TRACED.query);
    channel.subscribe(subscribers as never);
    undo.push(() => channel.unsubscribe(subscribers as never));
    await query(telemetry(), () => Promise.resolve([]));
    expect(seen).toHaveLength(2);
    expect(seen[0]).toBe(seen[1]);
  });
});

describe('the other channels', () => {
  it.each(['connect', 'acquire'] as const)('%s', async (call) => {
    const told = listen(TRACED[call]);
    await telemetry()[call](() => Promise.resolve(1));
    await expect(telemetry()[call](() => Promise.reject(database('28P01')))).rejects.toThrow('no');
    expect(told.map(([event]) => event)).toEqual([
      ...['start', 'end', 'asyncStart', 'asyncEnd'],
      ...['start', 'end', 'error', 'asyncStart', 'asyncEnd'],
    ]);
    expect(told.at(-1)![1]).toMatchObject({ 'db.response.status_code': '28P01' });
    expect(told[0]![1]).not.toHaveProperty('db.query.text');
  });

  it('transaction', async () => {
    const told = listen(TRACED.transaction);
    await telemetry().transaction('mine', () => Promise.resolve(1));
    expect(told[0]![1]).toMatchObject({ 'db.namespace': 'test', traceContext: 'mine' });
  });
});

describe('the log', () => {
  const slow = (limit: number): { entries: LogEntry[]; each: Telemetry } => {
    const entries: LogEntry[] = [];
    return { entries, each: telemetry({ write: (entry) => entries.push(entry), slowStatement: limit }) };
  };

  it('has statements that take as long as slowStatement, and no others', async () => {
    vi.useFakeTimers();
    const { entries, each } = slow(100);
    const lasting = (ms: number) => (): Promise<unknown> =>
      new Promise((resolve) => setTimeout(() => resolve([1]), ms));
    const calls = [query(each, lasting(99)), query(each, lasting(100))];
    await vi.advanceTimersByTimeAsync(100);
    await Promise.all(calls);
    expect(entries).toEqual([{ event: 'slow', sql: 'SELECT $1', duration: 100, rows: 1, error: undefined }]);
  });

  it('says what a slow statement failed with, and never its parameters', async () => {
    const { entries, each } = slow(0);
    await expect(query(each, () => Promise.reject(database('57014')))).rejects.toThrow('no');
    expect(entries).toMatchObject([{ event: 'slow', sql: 'SELECT $1', rows: undefined, error: '57014' }]);
    expect(JSON.stringify(entries)).not.toContain('secret');
  });

  it('says of an error of the program only its name, since its words can hold what the program keeps secret', async () => {
    const { entries, each } = slow(0);
    class VaultError extends Error {
      override readonly name = 'VaultError';
    }
    const error = new VaultError('token Zq7Kv was refused');
    await expect(query(each, () => Promise.reject(error))).rejects.toBe(error);
    expect(entries).toMatchObject([{ event: 'slow', error: 'VaultError' }]);
  });

  it('has no statements without slowStatement, and is told the rest', () => {
    const entries: LogEntry[] = [];
    const each = telemetry({ write: (entry) => entries.push(entry) });
    expect(each.watchesQueries).toBe(false);
    const entry = {
      event: 'connect',
      processId: 1,
      address: 'server',
      user: 'app',
      database: 'test',
    } as const;
    each.log(entry);
    expect(entries).toEqual([entry]);
    telemetry().log(entry);
  });

  it('goes together with the channel', async () => {
    const { entries, each } = slow(0);
    const told = listen(TRACED.query);
    await query(each, () => Promise.resolve([]));
    expect([entries.length, told.length]).toEqual([1, 4]);
  });
});

describe('a statement that speaks of a password', () => {
  it('is told of without its literals, on the channel and in the log', async () => {
    const told = listen('kingbase:query');
    const entries: LogEntry[] = [];
    const slow = telemetry({ write: (entry) => entries.push(entry), slowStatement: 0 });
    const sql = "ALTER ROLE app PASSWORD 'Hunter2'";
    await slow.query(
      sql,
      [],
      undefined,
      () => 0,
      () => Promise.resolve([]),
    );
    expect(JSON.stringify([told, entries])).not.toContain('Hunter2');
    expect(entries).toMatchObject([{ event: 'slow', sql: "ALTER ROLE app PASSWORD '…'" }]);
    expect(told[0]).toMatchObject(['start', { 'db.query.text': "ALTER ROLE app PASSWORD '…'" }]);
  });
});
