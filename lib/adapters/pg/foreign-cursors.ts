/**
 * The cursors of pg-cursor and the streams of pg-query-stream. They send messages of the protocol themselves, which only
 * the client library can do here; but query builders load them by their names and give them to any client of `pg`. So
 * one that is given to a client reads from a cursor of ours from then on.
 */
import type { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { Cursor, type CursorConfig, type ReadCallback } from './cursor.js';
import type { PreparedValue } from './values.js';
import { RUN, type Work } from './work.js';

/** What pg-cursor's Cursor has, as far as it is used here. */
interface ForeignCursor extends EventEmitter {
  readonly text: string;
  readonly values: readonly PreparedValue[] | null;
  readonly _conf: CursorConfig;
  /** What was read before the cursor was given to a client. */
  readonly _queue: [count: number, callback: ReadCallback<unknown>][];
  read: Cursor['read'];
  close: Cursor['close'];
}

function isForeignCursor(given: unknown): given is ForeignCursor {
  if (typeof given !== 'object' || given === null) return false;
  const { text, read, close, _conf, _queue, emit } = given as Partial<ForeignCursor>;
  return (
    typeof text === 'string' &&
    [read, close, emit].every((method) => typeof method === 'function') &&
    typeof _conf === 'object' &&
    Array.isArray(_queue)
  );
}

/** What is to be run for an object of one of these packages; undefined for any other. */
export function workOfForeign(given: object): Work | undefined {
  const foreign: unknown = 'cursor' in given ? given.cursor : given;
  if (!isForeignCursor(foreign)) return undefined;
  const stream = given instanceof Readable ? given : undefined;
  const cursor = new Cursor(foreign.text, foreign.values, foreign._conf);
  foreign.read = cursor.read.bind(cursor);
  foreign.close = cursor.close.bind(cursor);
  Object.defineProperty(foreign, 'state', { get: () => (cursor.state === 'open' ? 'idle' : cursor.state) });
  for (const event of ['row', 'end'] as const) {
    cursor.on(event, (...told: unknown[]) => foreign.emit(event, ...told));
  }
  cursor.on('error', (error: Error) => {
    // An emitter without a listener for errors throws them, and who reads has got the error already.
    if (foreign.listenerCount('error') > 0) foreign.emit('error', error);
  });
  cursor.hearsErrors = (): boolean => foreign.listenerCount('error') > 0;
  for (const [count, callback] of foreign._queue.splice(0)) cursor.read(count, callback);
  return {
    [RUN]: (host, done): void => {
      cursor[RUN](host, done);
    },
    handleError: (error): void => {
      if (stream === undefined || !cursor.closesStream(stream, error)) cursor.handleError(error);
    },
  };
}
