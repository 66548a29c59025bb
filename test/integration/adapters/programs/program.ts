import type { Readable, Writable } from 'node:stream';
import type pg from 'pg';
import type { PoolConfig, Submittable } from 'pg';

/** `pg`, or what stands in for it. */
export interface Module {
  pg: typeof pg;
  Cursor: new (text: string, values?: unknown[], config?: { rowMode?: string }) => Cursor;
  QueryStream: new (text: string, values?: unknown[]) => Submittable & Readable;
  copy: {
    from: (text: string) => Submittable & Writable;
    to: (text: string) => Submittable & Readable;
  };
}

/** pg-cursor's, as far as it is used here. */
interface Cursor extends Submittable {
  read(count: number): Promise<unknown[]>;
  read(
    count: number,
    callback: (error: unknown, rows: unknown[], result: { fields: { name: string }[] }) => void,
  ): void;
  close(): Promise<void>;
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
