import type { EventEmitter } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type pg from 'pg';
import type { PoolConfig, Submittable } from 'pg';

/** `pg`, or what stands in for it. */
export interface Module {
  pg: typeof pg;
  Cursor: new (
    text: string,
    values?: unknown[] | null,
    config?: { rowMode?: string; types?: unknown },
  ) => Cursor;
  QueryStream: new (
    text: string,
    values?: unknown[] | null,
    config?: { rowMode?: string; types?: unknown; batchSize?: number; highWaterMark?: number },
  ) => Submittable & Readable & { cursor: Cursor; callback?: (error: unknown, result: unknown) => void };
  copy: {
    from: (text: string, options?: object) => Submittable & Writable & { rowCount: number };
    to: (text: string, options?: object) => Submittable & Readable & { rowCount: number };
  };
}

/** pg-cursor's, as far as it is used here. */
export interface Cursor extends Submittable, EventEmitter {
  state: string;
  read(count: number): Promise<unknown[]>;
  read(count: number, callback: (error: unknown, rows: unknown[], result: CursorResult) => void): void;
  close(): Promise<void>;
  close(callback: (error?: unknown) => void): void;
}

export interface CursorResult {
  fields: { name: string }[];
  rows: unknown[];
  rowCount: number | null;
  command: string;
  addRow(row: unknown): void;
}

export interface Setting extends Module {
  /** Where the server is. */
  config: PoolConfig;
  /** Connects a client, and ends it after the program. */
  client: (config?: PoolConfig) => Promise<pg.Client>;
  /** Makes a pool, and ends it after the program. */
  pool: (config?: PoolConfig) => pg.Pool;
}

/** Does something and gives what can be seen of it. */
export type Program = (setting: Setting) => Promise<Record<string, unknown>>;

export type Programs = Record<string, Program>;

const FIELDS = [
  'name',
  'message',
  'severity',
  'code',
  'detail',
  'hint',
  'position',
  'internalPosition',
  'internalQuery',
  'where',
  'schema',
  'table',
  'column',
  'dataType',
  'constraint',
  'file',
  'line',
  'routine',
] as const;

/** What a program can see of an error. */
export function seen(error: unknown): Record<string, unknown> {
  const fields = error as Record<string, unknown>;
  return Object.fromEntries(FIELDS.map((name) => [name, fields[name]]));
}

/** What it rejects with. */
export async function failure(promise: Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    return seen(error);
  }
  return { none: true };
}

/** Waits until it is so. */
export async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error('It has not come to be within 10 s.');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** What a call told its callback, and what it gave back. */
export function called(
  ask: (callback: (...told: never[]) => void) => unknown,
): Promise<{ told: unknown[]; gave: unknown }> {
  return new Promise((resolve) => {
    const gave = ask((...told: unknown[]) => {
      setImmediate(() => {
        resolve({ told: told.map((each) => (each instanceof Error ? each.message : each)), gave });
      });
    });
  });
}

/** What it rejects with, in its words; what it resolves with otherwise. */
export async function words(promise: Promise<unknown>): Promise<unknown> {
  try {
    return { resolved: await promise };
  } catch (error) {
    return (error as Error).message;
  }
}

/** What it throws, in its words. */
export function thrown(run: () => unknown): unknown {
  try {
    run();
    return 'nothing';
  } catch (error) {
    return (error as Error).message;
  }
}

/** Notes the events of an emitter, in their order. */
export function heard(
  emitter: EventEmitter,
  events: readonly string[],
  view: (...told: unknown[]) => unknown = () => undefined,
): unknown[] {
  const all: unknown[] = [];
  for (const event of events) {
    emitter.on(event, (...told: unknown[]) => {
      const seen = view(...told);
      all.push(seen === undefined ? event : [event, seen]);
    });
  }
  return all;
}

export function nextEvent(emitter: EventEmitter, event: string): Promise<unknown> {
  return new Promise((resolve) => emitter.once(event, resolve));
}

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
