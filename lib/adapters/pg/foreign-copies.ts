/**
 * The streams of pg-copy-streams. They write and read messages of the protocol themselves, which only the client library
 * can do here; so one that is given to a client writes into, or reads from, a stream of ours from then on.
 */
import type { Readable, Writable } from 'node:stream';
import { CopyFrom, CopyTo } from './copy.js';
import type { Work } from './work.js';

type Done = (error?: Error | null) => void;

/** What pg-copy-streams' `from` has, as far as it is used here. */
interface ForeignCopyFrom extends Omit<Writable, '_writev'> {
  readonly text: string;
  rowCount: number;
  _gotCopyInResponse: boolean;
  /** What was written, and who waits for it, if the stream was ended before it was given to a client. */
  chunks: { chunk: Buffer; encoding: BufferEncoding }[];
  cb_CopyInResponse: Done | null;
  cb_ReadyForQuery: Done | null;
  _writev: null;
}

/** What its `to` has. */
interface ForeignCopyTo extends Readable {
  readonly text: string;
  rowCount: number;
  /** It has been asked for bytes. */
  _drained: boolean;
  _forwarding: boolean;
}

/** What is to be run for a stream of that package; undefined for anything else. */
export function workOfForeignCopy(given: object): Work | undefined {
  if (typeof (given as { text?: unknown }).text !== 'string') return undefined;
  if ('_gotCopyInResponse' in given) return adoptFrom(given as ForeignCopyFrom);
  if ('_drained' in given && '_forwarding' in given) return adoptTo(given as ForeignCopyTo);
  return undefined;
}

function adoptFrom(foreign: ForeignCopyFrom): Work {
  const ours = new CopyFrom(foreign.text);
  const end = (done: Done): void => {
    ours.end((error?: Error | null) => {
      foreign.rowCount = ours.rowCount;
      done(error);
    });
  };
  foreign._write = (chunk: Buffer, encoding, done): void => {
    ours.write(chunk, encoding, done);
  };
  foreign._writev = null;
  foreign._final = end;
  foreign._destroy = (error, done): void => {
    destroyWith(ours, error, done);
  };
  ours.on('error', (error) => foreign.destroy(error));
  for (const { chunk, encoding } of foreign.chunks.splice(0)) ours.write(chunk, encoding);
  const { cb_ReadyForQuery: finished, cb_CopyInResponse: written } = foreign;
  if (finished) end(finished);
  else written?.();
  foreign.uncork();
  return ours;
}

function adoptTo(foreign: ForeignCopyTo): Work {
  const ours = new CopyTo(foreign.text);
  foreign._read = (): void => {
    ours.resume();
  };
  foreign._destroy = (error, done): void => {
    destroyWith(ours, error, done);
  };
  ours.on('data', (bytes) => {
    if (!foreign.push(bytes)) ours.pause();
  });
  ours.once('end', () => {
    foreign.rowCount = ours.rowCount;
    foreign.push(null);
  });
  ours.on('error', (error) => foreign.destroy(error));
  if (!foreign._drained) ours.pause();
  return ours;
}

/** Once ours is gone, and with it what it held, the other is. */
function destroyWith(ours: Readable | Writable, error: Error | null, done: Done): void {
  if (ours.closed) {
    done(error);
    return;
  }
  ours.once('close', () => {
    done(error);
  });
  ours.destroy();
}
