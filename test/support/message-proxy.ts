import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { encodeReport, MessageReader, OpeningCode, type Message } from './protocol.js';
import type { Target } from './fault-proxy.js';

/**
 * A message on its way, in words: `>` to the server, `<` from it, then what it is. Of a query its first word (`>COMMIT`),
 * of an end of a command its tag (`<INSERT`), of a ReadyForQuery the tag before it (`<ready INSERT`), and for the rest
 * the letter of the protocol (`>P`, `<D`). `>look-up` is the question for unknown types, `>login` the startup packet.
 */
export type MessageName = `${'>' | '<'}${string}`;

/**
 * - `rst`, `fin`: the connection is lost, as by a crash or in order.
 * - `hold`: half-open; from here on nothing passes in either direction, and nobody is told.
 * - `delay`: everything waits for some ms.
 * - `end`: the server says that it was told to end the session (57P01) and does; only where it waits for a command.
 */
export type FaultAction = 'rst' | 'fin' | 'hold' | 'delay' | 'end';

/** What happens at which message. */
export interface Fault {
  readonly at: MessageName;
  /** The how manieth of such messages on all connections together, from 1. */
  readonly nth: number;
  readonly where: 'before' | 'behind';
  readonly action: FaultAction;
}

/** One connection of a client through the proxy. */
export interface Link {
  /** The server's process; 0 before the login has ended, and for a cancel request. */
  readonly processId: number;
  /** What was done to it, if anything. */
  readonly fault: Fault | undefined;
  /** Whether that was done before the login had ended. */
  readonly faultAtLogin: boolean;
  /** Whether LISTEN was sent on it. */
  readonly listens: boolean;
  /** Whether it is half-open now. */
  readonly held: boolean;
  /** The longest time, in ms, that the server took for all that was sent to it in one go. */
  readonly slowest: number;
}

/** A TCP proxy that knows the messages it passes on, and counts them, so that a fault needs no clock. */
export interface MessageProxy {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** All that there have been, cancel requests left out. */
  readonly links: readonly Link[];
  /** Connections that are there now, cancel requests included. */
  readonly open: number;
  /** Calls back when the next message of that name has been passed on. The result ends the waiting. */
  onNext(name: MessageName, then: () => void): () => void;
  /** Does no more faults. */
  disarm(): void;
  /** The network gives up on what is half-open: RST to both sides. */
  resetHeld(): void;
  stop(): Promise<void>;
}

/** ms. */
const DELAY = 15;
const LOOK_UP = 'pg_catalog.pg_type';

/** @param tell is told of each message before it passes, and the how manieth of its name it is */
export async function startMessageProxy(
  server: Target,
  faults: readonly Fault[],
  tell?: (name: MessageName, nth: number) => void,
): Promise<MessageProxy> {
  const proxy = new Proxy(server, faults, tell);
  await proxy.listen();
  return proxy;
}

class Proxy implements MessageProxy {
  readonly host = '127.0.0.1';
  readonly links: ProxyLink[] = [];
  private readonly present = new Set<ProxyLink>();
  private readonly counts = new Map<MessageName, number>();
  private readonly waiting = new Map<MessageName, Set<() => void>>();
  private armed = true;
  private readonly listener = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    const link = new ProxyLink(client, connect({ ...this.server, noDelay: true }), this, () => {
      this.present.delete(link);
    });
    this.present.add(link);
  });

  constructor(
    private readonly server: Target,
    private readonly faults: readonly Fault[],
    private readonly tell: ((name: MessageName, nth: number) => void) | undefined,
  ) {}

  async listen(): Promise<void> {
    this.listener.listen(0, this.host);
    await once(this.listener, 'listening');
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  get open(): number {
    return this.present.size;
  }

  onNext(name: MessageName, then: () => void): () => void {
    const waiting = this.waiting.get(name) ?? new Set();
    this.waiting.set(name, waiting.add(then));
    return () => void waiting.delete(then);
  }

  disarm(): void {
    this.armed = false;
  }

  resetHeld(): void {
    for (const link of this.present) if (link.held) link.end('rst');
  }

  async stop(): Promise<void> {
    if (!this.listener.listening) return;
    const closed = once(this.listener, 'close');
    this.listener.close();
    for (const link of this.present) link.end('rst');
    await closed;
  }

  /** Counts a message and gives the faults that it brings. */
  seen(name: MessageName): readonly Fault[] {
    const nth = (this.counts.get(name) ?? 0) + 1;
    this.counts.set(name, nth);
    this.tell?.(name, nth);
    return this.armed ? this.faults.filter((fault) => fault.at === name && fault.nth === nth) : [];
  }

  passed(name: MessageName): void {
    const waiting = this.waiting.get(name);
    if (waiting === undefined) return;
    this.waiting.delete(name);
    for (const then of waiting) then();
  }
}

class ProxyLink implements Link {
  processId = 0;
  fault: Fault | undefined;
  faultAtLogin = false;
  listens = false;
  held = false;
  private slowestSoFar = 0;
  /** When the first of what the server has not answered yet was passed on to it. */
  private askedAt: number | undefined;
  private ended = false;
  private loggedIn = false;
  /** The tag of the last command that has ended. */
  private tag = '';
  /** What waits for a delay to be over, in order. */
  private delayed: (() => void)[] | undefined;
  private delay: NodeJS.Timeout | undefined;

  constructor(
    private readonly client: Socket,
    private readonly server: Socket,
    private readonly proxy: Proxy,
    closed: () => void,
  ) {
    this.read(client, new MessageReader(true), (message) => this.toServer(message));
    this.read(server, new MessageReader(false), (message) => this.toClient(message));
    client
      .on('error', () => undefined)
      .on('end', () => {
        if (this.held) client.destroy();
        else this.inOrder(() => server.end());
      });
    server.on('error', () => undefined);
    server.on('end', () => this.inOrder(() => client.end()));
    // However a side ends: what it was connected to goes, too. To a server a half-open client is gone at last.
    client.on('close', () => {
      this.answered();
      server.destroy();
      if (server.closed) closed();
    });
    server.on('close', () => {
      if (!this.held) this.inOrder(() => client.end());
      if (client.closed) closed();
    });
  }

  get slowest(): number {
    const { askedAt, held } = this;
    return askedAt === undefined || held
      ? this.slowestSoFar
      : Math.max(this.slowestSoFar, performance.now() - askedAt);
  }

  private answered(): void {
    this.slowestSoFar = this.slowest;
    this.askedAt = undefined;
  }

  private read(from: Socket, reader: MessageReader, pass: (message: Message) => void): void {
    from.on('data', (bytes: Buffer) => {
      if (this.ended) {
        // So does a system whose program has closed the socket.
        this.client.resetAndDestroy();
        return;
      }
      this.inOrder(() => {
        for (const message of reader.push(bytes)) pass(message);
      });
    });
  }

  private inOrder(work: () => void): void {
    if (this.held || this.ended) return;
    if (this.delayed === undefined) work();
    else this.delayed.push(work);
  }

  private toServer(message: Message): void {
    const isCancel = message.type === '' && message.body.readInt32BE(0) === OpeningCode.cancelRequest;
    if (isCancel) {
      this.server.write(bytesOf(message));
      return;
    }
    if (message.type === '') this.proxy.links.push(this);
    const name = nameOfRequest(message);
    if (name === '>LISTEN') this.listens = true;
    if (message.type !== 'X') this.askedAt ??= performance.now();
    this.pass(name, message, this.server);
  }

  private toClient(message: Message): void {
    if (message.type === 'K') this.processId = message.body.readInt32BE(0);
    const name = this.nameOfAnswer(message);
    if (message.type === 'Z') this.answered();
    this.pass(name, message, this.client);
    if (message.type === 'Z') this.loggedIn = true;
  }

  private pass(name: MessageName, message: Message, to: Socket): void {
    this.inOrder(() => {
      const faults = this.proxy.seen(name);
      for (const fault of faults) if (fault.where === 'before') this.happen(fault, message);
      this.inOrder(() => {
        to.write(bytesOf(message));
        for (const fault of faults) if (fault.where === 'behind') this.happen(fault, message);
        this.proxy.passed(name);
      });
    });
  }

  private happen(fault: Fault, { type }: Message): void {
    if (this.ended || this.held) return;
    const { action } = fault;
    const waitsForCommand = type === 'Z' && fault.where === 'behind';
    if (action === 'end' && !waitsForCommand) return;
    if (action !== 'delay') {
      this.fault = fault;
      this.faultAtLogin = !this.loggedIn;
    }
    switch (action) {
      case 'hold':
        this.held = true;
        break;
      case 'delay':
        this.delayed ??= [];
        clearTimeout(this.delay);
        this.delay = setTimeout(() => this.goOn(), DELAY);
        break;
      case 'end':
        this.client.write(TERMINATED);
        this.end('fin');
        break;
      default:
        this.end(action);
    }
  }

  private goOn(): void {
    const works = this.delayed ?? [];
    this.delayed = undefined;
    // One of them may bring the next delay.
    for (const work of works) this.inOrder(work);
  }

  end(how: 'rst' | 'fin'): void {
    this.ended = true;
    this.held = false;
    clearTimeout(this.delay);
    if (how === 'rst') this.client.resetAndDestroy();
    else this.client.end();
    this.server.destroy();
  }

  private nameOfAnswer({ type, body }: Message): MessageName {
    if (type === 'C') {
      this.tag = firstWord(body);
      return `<${this.tag}`;
    }
    if (type !== 'Z') return `<${type}`;
    const { tag } = this;
    this.tag = '';
    return `<ready ${tag}`.trimEnd() as MessageName;
  }
}

function nameOfRequest({ type, body }: Message): MessageName {
  if (type === '') return '>login';
  if (type === 'Q') return `>${firstWord(body)}`;
  if (type === 'P' && body.includes(LOOK_UP)) return '>look-up';
  return `>${type}`;
}

function firstWord(body: Buffer): string {
  return (/^\w+/.exec(body.toString('latin1', 0, 40))?.[0] ?? '').toUpperCase();
}

function bytesOf({ type, body }: Message): Buffer {
  const header = Buffer.allocUnsafe(type.length + 4);
  header.write(type, 'latin1');
  header.writeInt32BE(body.length + 4, type.length);
  return Buffer.concat([header, body]);
}

const TERMINATED = encodeReport('E', [
  ['S', 'FATAL'],
  ['V', 'FATAL'],
  ['C', '57P01'],
  ['M', 'terminating connection due to administrator command'],
]);
