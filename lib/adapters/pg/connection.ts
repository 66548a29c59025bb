/** What `pg` has as `client.connection`. The client library owns the connection, so that no message can be sent on this one. */
import { EventEmitter } from 'node:events';
import { Duplex } from 'node:stream';
import type { FieldDef } from './result.js';
import { telling } from './work.js';

/** What it stands for. */
export interface Wire {
  /** Ends the session at once. */
  sever(error: Error | undefined): void;
  ref(): void;
  unref(): void;
}

const NOBODY: Wire = {
  sever: () => undefined,
  ref: () => undefined,
  unref: () => undefined,
};

/** In place of the socket: to end or to destroy it ends the session, and it ends with it. Nothing is read or written. */
class Stream extends Duplex {
  constructor(private readonly wire: Wire) {
    super({ autoDestroy: true });
    // What nobody reads would not come to its end.
    this.resume();
    // As with a socket, an error is told by the connection.
    this.on('error', () => undefined);
  }

  ref(): this {
    this.wire.ref();
    return this;
  }

  unref(): this {
    this.wire.unref();
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  override _read(): void {
    // Nothing comes.
  }

  override _write(_chunk: unknown, _encoding: string, done: (error: Error) => void): void {
    done(noMessages());
  }

  override _final(done: () => void): void {
    this.wire.sever(undefined);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.wire.sever(error ?? undefined);
    done(error);
  }
}

/**
 * Tells the parameters that the server reported (`parameterStatus`), the columns of each result (`rowDescription`) and the
 * end of the session (`end`).
 */
export class Connection extends EventEmitter {
  _ending = false;
  private wire: Wire = NOBODY;
  private made: Stream | undefined;
  private over = false;

  /** @internal */
  static of(wire: Wire): Connection {
    const connection = new Connection();
    Object.defineProperty(connection, 'wire', { value: wire, enumerable: false });
    return connection;
  }

  constructor() {
    super();
    for (const hidden of ['wire', 'made', 'over'] as const) {
      Object.defineProperty(this, hidden, {
        value: this[hidden],
        writable: true,
        configurable: true,
        enumerable: false,
      });
    }
  }

  get stream(): Duplex {
    if (this.made === undefined) {
      const stream = new Stream(this.wire);
      stream.on('error', (error) => this.emit('error', error));
      this.made = stream;
      if (this.over) finish(stream);
    }
    return this.made;
  }

  /** @internal Columns of a result, whose rows are told next. */
  described(fields: readonly FieldDef[]): void {
    if (this.listenerCount('rowDescription') === 0) return;
    const message = { name: 'rowDescription', length: undefined, fieldCount: fields.length, fields };
    telling(() => this.emit('rowDescription', message));
  }

  /** @internal Whether anybody but the client listens to it. */
  isHeard(): boolean {
    return this.eventNames().length > 1 || this.listenerCount('error') > 1;
  }

  /** @internal The session is over. */
  ended(): void {
    if (this.over) return;
    this.over = true;
    this._ending = true;
    const { made } = this;
    if (made !== undefined) finish(made);
    this.emit('end');
  }

  /** @internal The session is given up, and nothing more comes of it. */
  destroyed(): void {
    this.made?.destroy();
  }

  end(): void {
    this.wire.sever(undefined);
  }

  ref(): void {
    this.wire.ref();
  }

  unref(): void {
    this.wire.unref();
  }

  parse(_query: unknown, _more?: boolean): void {
    throw noMessages();
  }

  bind(_config: unknown, _more?: boolean): void {
    throw noMessages();
  }

  execute(_config: unknown, _more?: boolean): void {
    throw noMessages();
  }

  describe(_message: unknown, _more?: boolean): void {
    throw noMessages();
  }

  close(_message: unknown, _more?: boolean): void {
    throw noMessages();
  }

  query(_text: string): void {
    throw noMessages();
  }

  flush(): void {
    throw noMessages();
  }

  sync(): void {
    throw noMessages();
  }
}

function finish(stream: Duplex): void {
  if (stream.destroyed) return;
  stream.push(null);
  stream.end();
}

function noMessages(): Error {
  return new Error('No message can be sent here: the client library owns the connection.');
}
