import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { freePort } from '../../scripts/embedded-server.js';

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** Which connections a fault hits: all, or so many that are chosen by chance. */
export type Selection = 'all' | number;

export interface FaultProxyCounters {
  /** Connections that clients have made. */
  readonly accepted: number;
  /** Of these, those that are there now. */
  readonly open: number;
  /** Those that `cut` ended. */
  readonly cut: number;
  /** Those that could not be passed on, because nothing took them at the target. */
  readonly unreachable: number;
  readonly bytesToServer: number;
  readonly bytesToClient: number;
}

/** A TCP proxy in front of a server that does to connections what networks do to them. */
export interface FaultProxy {
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly counters: FaultProxyCounters;
  /**
   * Ends connections on both sides: `rst` as a crash or a firewall does, `fin` in order. What is under way is lost.
   * Gives how many were ended.
   */
  cut(how: 'rst' | 'fin', which?: Selection): number;
  /**
   * Takes everything and passes nothing on, not even the end of a connection, as when packets are dropped. For all, new
   * connections are accepted and stay silent, too. Turned off, what was held up goes its way.
   */
  blackHole(on: boolean, which?: Selection): void;
  /** Holds everything up by so many ms in each direction, in order. 0: not at all. */
  delay(ms: number): void;
  /**
   * Passes on in pieces of `n` bytes or, with `every`, cuts each chunk in two: the first after its first byte, the next
   * after its second, and so on. 0: as it comes. The pieces are written one by one; the receiving system may join them.
   */
  split(how: 'every' | number): void;
  /** Stops listening, so that connecting is refused; connections that are there go on. */
  refuse(on: boolean): Promise<void>;
  /** Where connections lead that are made from now on. */
  retarget(host: string, port: number): void;
  /** Ends everything. */
  stop(): Promise<void>;
}

/** @param random gives numbers from 0 to 1, for choosing connections; one with a seed makes a run repeatable */
export async function startFaultProxy(
  target: Target,
  random: () => number = Math.random,
): Promise<FaultProxy> {
  const proxy = new Proxy(target, random, await freePort());
  await proxy.refuse(false);
  return proxy;
}

interface Faults {
  delay: number;
  split: 'every' | number;
}

class Proxy implements FaultProxy {
  readonly host = '127.0.0.1';
  readonly counters = { accepted: 0, open: 0, cut: 0, unreachable: 0, bytesToServer: 0, bytesToClient: 0 };
  private readonly faults: Faults = { delay: 0, split: 0 };
  private readonly links = new Set<Link>();
  private readonly listener = createServer({ noDelay: true, pauseOnConnect: true }, (client) => {
    this.accept(client);
  });
  private silent = false;

  constructor(
    private target: Target,
    private readonly random: () => number,
    // Not one that the system gives out: while nothing listens there, it could give it to a client.
    readonly port: number,
  ) {}

  cut(how: 'rst' | 'fin', which: Selection = 'all'): number {
    const links = this.select(which);
    for (const link of links) link.cut(how);
    this.counters.cut += links.length;
    return links.length;
  }

  blackHole(on: boolean, which: Selection = 'all'): void {
    if (which === 'all') this.silent = on;
    for (const link of this.select(which)) link.hold(on);
  }

  delay(ms: number): void {
    this.faults.delay = ms;
  }

  split(how: 'every' | number): void {
    this.faults.split = how;
  }

  async refuse(on: boolean): Promise<void> {
    if (on === !this.listener.listening) return;
    if (on) {
      // The listening socket is gone at once; the event `close` would wait for the connections.
      this.listener.close();
    } else {
      this.listener.listen(this.port, this.host);
      await once(this.listener, 'listening');
    }
  }

  retarget(host: string, port: number): void {
    this.target = { host, port };
  }

  async stop(): Promise<void> {
    this.listener.close();
    await Promise.all([...this.links].map((link) => link.destroy()));
  }

  private accept(client: Socket): void {
    this.counters.accepted++;
    this.counters.open++;
    let counted = true;
    const over = (): void => {
      if (counted) this.counters.open--;
      counted = false;
    };
    const closed = (link: Link): void => {
      this.links.delete(link);
      over();
    };
    const link = new Link(client, () => this.target, this.faults, this.counters, closed, over);
    this.links.add(link);
    link.hold(this.silent);
  }

  private select(which: Selection): Link[] {
    const links = [...this.links].filter((link) => !link.ending);
    if (which === 'all') return links;
    const chosen: Link[] = [];
    while (chosen.length < which && links.length > 0) {
      chosen.push(...links.splice(Math.floor(this.random() * links.length), 1));
    }
    return chosen;
  }
}

/** One client's connection and the one that is made for it to the target. */
class Link {
  ending = false;
  /** How many chunks were cut in two. */
  private chunks = 0;
  private held: { readonly promise: Promise<void>; readonly release: () => void } | undefined;
  private server: Socket | undefined;

  constructor(
    private readonly client: Socket,
    private readonly target: () => Target,
    private readonly faults: Faults,
    private readonly counters: Proxy['counters'],
    private readonly closed: (link: Link) => void,
    private readonly over: () => void,
  ) {
    this.watch(client);
  }

  hold(on: boolean): void {
    if (on && this.held === undefined) {
      let release = (): void => undefined;
      const promise = new Promise<void>((resolve) => {
        release = resolve;
      });
      this.held = { promise, release };
    } else if (!on) {
      this.held?.release();
      this.held = undefined;
    }
    if (!on && this.server === undefined && !this.ending) this.connect();
  }

  cut(how: 'rst' | 'fin'): void {
    this.ending = true;
    for (const socket of [this.client, this.server]) {
      if (how === 'rst') socket?.resetAndDestroy();
      else socket?.end();
    }
    // Closing with unread bytes would reset the connection: the pumps go on reading, and throw away what they read.
    if (this.server === undefined) this.client.resume();
    this.hold(false);
  }

  async destroy(): Promise<void> {
    this.ending = true;
    this.hold(false);
    await Promise.all([this.client, this.server].map(destroyed));
  }

  private connect(): void {
    const server = connect({ ...this.target(), noDelay: true });
    this.server = server;
    this.watch(server);
    server.once('connect', () => {
      void this.pump(this.client, server, 'bytesToServer');
      void this.pump(server, this.client, 'bytesToClient');
    });
    server.once('error', () => {
      if (server.bytesRead > 0 || server.bytesWritten > 0 || this.ending) return;
      this.counters.unreachable++;
      this.client.resetAndDestroy();
    });
  }

  private watch(socket: Socket): void {
    // The pumps learn of errors by reading.
    socket.on('error', () => undefined);
    const look = (): void => {
      if (this.client.closed && this.server?.closed !== false) this.closed(this);
      // After the server's own end a client's socket may outlive its client: libpq's cancel requests leave theirs to
      // processes that are begun meanwhile.
      else if (!this.ending && this.client.writableFinished && this.server?.closed === true) this.over();
    };
    socket.once('close', look).once('finish', look);
  }

  private async passable(): Promise<void> {
    while (this.held !== undefined) await this.held.promise;
  }

  /** Passes on what one side sends, and how it ends. */
  private async pump(from: Socket, to: Socket, counter: 'bytesToServer' | 'bytesToClient'): Promise<void> {
    let passed = Promise.resolve();
    let backlog = 0;
    let inOrder = true;
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        const due = performance.now() + this.faults.delay;
        backlog += chunk.length;
        passed = passed.then(async () => {
          await this.pass(chunk, due, to, counter);
          backlog -= chunk.length;
        });
        if (backlog > MAX_BACKLOG) await passed;
      }
    } catch {
      inOrder = false;
    }
    await passed;
    await this.passable();
    if (this.ending) return;
    if (inOrder) to.end();
    else to.resetAndDestroy();
  }

  private async pass(
    chunk: Buffer,
    due: number,
    to: Socket,
    counter: 'bytesToServer' | 'bytesToClient',
  ): Promise<void> {
    const wait = due - performance.now();
    if (wait > 0) await setTimeout(wait, undefined, { ref: false });
    for (const piece of this.pieces(chunk)) {
      await this.passable();
      if (this.ending || !to.writable) return;
      this.counters[counter] += piece.length;
      if (!to.write(piece)) await drained(to);
      else if (piece.length < chunk.length) await setImmediate();
    }
  }

  private pieces(chunk: Buffer): Buffer[] {
    const { split } = this.faults;
    if (split === 0 || chunk.length < 2) return [chunk];
    if (split === 'every') {
      const at = 1 + (this.chunks++ % (chunk.length - 1));
      return [chunk.subarray(0, at), chunk.subarray(at)];
    }
    const pieces: Buffer[] = [];
    for (let at = 0; at < chunk.length; at += split) pieces.push(chunk.subarray(at, at + split));
    return pieces;
  }
}

/** What may wait to be passed on in each direction, so that a sender feels that the other side does not read. */
const MAX_BACKLOG = 1 << 20;

/** Not by `once`, which would reject where an error comes first. */
function destroyed(socket: Socket | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (socket === undefined || socket.closed) resolve();
    else socket.once('close', () => resolve()).destroy();
  });
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}
