import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConnectionError } from 'kingbase-native';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import { targets, withDatabase } from '../support/targets.js';

/** A server that sends back what it gets, behind its own name. */
class EchoServer {
  readonly sockets: Socket[] = [];
  private readonly server: Server;

  private constructor(name: string) {
    this.server = createServer((socket) => {
      this.sockets.push(socket);
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        if (bytes.toString() === 'end') socket.end();
        else socket.write(`${name}:${bytes.toString()};`);
      });
    });
  }

  static async start(name: string): Promise<EchoServer> {
    const echo = new EchoServer(name);
    echo.server.listen(0, '127.0.0.1');
    await once(echo.server, 'listening');
    return echo;
  }

  get port(): number {
    return portOf(this.server);
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

class EchoClient {
  received = '';
  /** How the connection ended: `end`, or the code of an error. */
  ended: string | undefined;
  private readonly closed: Promise<unknown>;
  private constructor(readonly socket: Socket) {
    socket.on('data', (bytes) => (this.received += bytes.toString()));
    socket.on('end', () => (this.ended ??= 'end'));
    socket.on('error', (error: NodeJS.ErrnoException) => (this.ended ??= error.code));
    this.closed = new Promise((resolve) => socket.on('close', resolve));
  }

  static async connect(port: number): Promise<EchoClient> {
    const client = new EchoClient(connect({ port, host: '127.0.0.1', noDelay: true }));
    await once(client.socket, 'connect');
    return client;
  }

  /** Waits until so much has come back. */
  async gets(text: string): Promise<void> {
    while (this.received !== text) {
      if (!text.startsWith(this.received)) throw new Error(`Got ${this.received}, expected ${text}.`);
      await once(this.socket, 'data');
    }
  }

  async closes(): Promise<string | undefined> {
    await this.closed;
    return this.ended;
  }
}

describe('bytes', () => {
  let echo: EchoServer;
  let proxy: FaultProxy;
  const connectEcho = async (): Promise<EchoClient> => {
    const client = await EchoClient.connect(proxy.port);
    client.socket.write('hello');
    await client.gets('a:hello;');
    return client;
  };
  beforeEach(async () => {
    echo = await EchoServer.start('a');
    proxy = await startFaultProxy({ host: '127.0.0.1', port: echo.port }, () => 0);
  });
  afterEach(async () => {
    await proxy.stop();
    echo.close();
  });

  it('passes both ways and counts', async () => {
    await connectEcho();
    expect(proxy.counters).toEqual({
      accepted: 1,
      open: 1,
      cut: 0,
      unreachable: 0,
      bytesToServer: 5,
      bytesToClient: 8,
    });
  });

  it('passes on the end of a connection from the server, and from the client', async () => {
    const [first, second] = [await connectEcho(), await connectEcho()];
    first.socket.write('end');
    expect(await first.closes()).toBe('end');
    second.socket.end();
    await once(echo.sockets[1]!, 'end');
    expect(await second.closes()).toBe('end');
  });

  it.each([
    ['rst', 'ECONNRESET'],
    ['fin', 'end'],
  ] as const)('cuts by %s: the client sees %s', async (how, seen) => {
    const clients = [await connectEcho(), await connectEcho()];
    expect(proxy.cut(how)).toBe(2);
    expect(await Promise.all(clients.map((client) => client.closes()))).toEqual([seen, seen]);
    expect(proxy.counters.cut).toBe(2);
  });

  it('cuts as many as it is told to, chosen by the given source of chance', async () => {
    const [first, second] = [await connectEcho(), await connectEcho()];
    expect(proxy.cut('rst', 1)).toBe(1);
    expect(await first.closes()).toBe('ECONNRESET');
    second.socket.write('still');
    await second.gets('a:hello;a:still;');
  });

  it('lets nothing through in a black hole, not even the end, and everything afterwards', async () => {
    const [held, free] = [await connectEcho(), await connectEcho()];
    proxy.blackHole(true, 1);
    held.socket.write('end');
    free.socket.write('through');
    await free.gets('a:hello;a:through;');
    expect(proxy.counters.bytesToServer).toBe(17);
    expect(held.ended).toBeUndefined();
    proxy.blackHole(false);
    expect(await held.closes()).toBe('end');
    expect(proxy.counters.bytesToServer).toBe(20);
  });

  it('keeps the end of the server side from a client in a black hole', async () => {
    const [held, free] = [await connectEcho(), await connectEcho()];
    proxy.blackHole(true, 1);
    for (const socket of echo.sockets) socket.end();
    expect(await free.closes()).toBe('end');
    expect(held.ended).toBeUndefined();
    proxy.blackHole(false);
    expect(await held.closes()).toBe('end');
  });

  it('accepts in a black hole and stays silent', async () => {
    proxy.blackHole(true);
    const client = await EchoClient.connect(proxy.port);
    client.socket.write('hello');
    while (proxy.counters.open === 0) await new Promise(setImmediate);
    const direct = await EchoClient.connect(echo.port);
    direct.socket.write('hello');
    await direct.gets('a:hello;');
    expect(echo.sockets).toHaveLength(1);
    proxy.blackHole(false);
    await client.gets('a:hello;');
  });

  it('ends by fin a connection that it has not passed on yet', async () => {
    proxy.blackHole(true);
    const client = await EchoClient.connect(proxy.port);
    client.socket.write('hello');
    while (proxy.counters.open === 0) await new Promise(setImmediate);
    proxy.cut('fin');
    expect(await client.closes()).toBe('end');
  });

  it('delays, and keeps the order', async () => {
    const client = await connectEcho();
    proxy.delay(40);
    const start = performance.now();
    client.socket.write('slow');
    await client.gets('a:hello;a:slow;');
    // Timers may be early by less than 1 ms; that it is not sooner is all that can be told of a shared machine.
    expect(performance.now() - start).toBeGreaterThan(78);
  });

  it('reaches another target after retarget', async () => {
    const other = await EchoServer.start('b');
    const before = await connectEcho();
    proxy.retarget('127.0.0.1', other.port);
    const after = await EchoClient.connect(proxy.port);
    after.socket.write('hello');
    await after.gets('b:hello;');
    before.socket.write('again');
    await before.gets('a:hello;a:again;');
    other.close();
    proxy.cut('fin');
  });

  it('resets clients whose target is not there', async () => {
    echo.close();
    const client = await EchoClient.connect(proxy.port);
    expect(await client.closes()).toBe('ECONNRESET');
    expect(proxy.counters.unreachable).toBe(1);
  });

  it('refuses connections and takes them again, while others go on', async () => {
    const client = await connectEcho();
    await proxy.refuse(true);
    await expect(EchoClient.connect(proxy.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    client.socket.write('on');
    await client.gets('a:hello;a:on;');
    await proxy.refuse(false);
    await connectEcho();
  });

  it('holds a sender back whose receiver does not read', async () => {
    const receiving: Socket[] = [];
    const sink = createServer({ pauseOnConnect: true }, (socket) => {
      receiving.push(socket);
      socket.on('error', () => undefined);
    });
    sink.listen(0, '127.0.0.1');
    await once(sink, 'listening');
    proxy.retarget('127.0.0.1', portOf(sink));
    const client = await EchoClient.connect(proxy.port);
    const chunk = Buffer.alloc(1 << 20, 1);
    // What the systems' and the proxy's buffers take is far less than this.
    const total = 64;
    for (let i = 0; i < total; i++) client.socket.write(chunk);
    while (receiving.length === 0) await new Promise(setImmediate);
    expect(client.socket.writableLength).toBeGreaterThan(0);
    let received = 0;
    const receiver = receiving[0]!;
    receiver.on('data', (bytes) => (received += bytes.length));
    receiver.resume();
    while (received < total * chunk.length) await once(receiver, 'data');
    expect(proxy.counters.bytesToServer).toBe(total * chunk.length);
    sink.close();
    proxy.cut('rst');
  });

  it('ends everything when stopped', async () => {
    const client = await connectEcho();
    proxy.blackHole(true);
    const silent = await EchoClient.connect(proxy.port);
    await proxy.stop();
    await Promise.all([client.closes(), silent.closes()]);
    await expect(EchoClient.connect(proxy.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(proxy.counters.open).toBe(0);
  });
});

describe.each(targets().filter(({ transport }) => transport === 'TCP'))('$name', (target) => {
  let proxy: FaultProxy;
  beforeEach(async () => {
    proxy = await startFaultProxy(target.config);
  });
  afterEach(() => proxy.stop());
  const through = (): { port: number } => ({ port: proxy.port });

  it.each(['rst', 'fin'] as const)('loses its connection by %s and makes another', async (how) => {
    await withDatabase(
      target,
      async (db) => {
        await using connection = await db.connect();
        const sleeping = connection.query('SELECT pg_sleep(600)').catch((error: unknown) => error);
        const watching = `SELECT count(*) AS n FROM pg_stat_activity WHERE pid = ${connection.backendPid} AND wait_event = 'PgSleep'`;
        while ((await db.queryRow<{ n: bigint }>(watching))?.n !== 1n);
        proxy.cut(how);
        const error = await sleeping;
        expect(error).toBeInstanceOf(ConnectionError);
        expect(error).toMatchObject({ code: 'KB_CONNECTION_LOST', outcome: 'unknown' });
        await expect(db.queryRow('SELECT 1 AS one')).resolves.toEqual({ one: 1 });
      },
      through(),
    );
  });

  it('reads and writes the same however the network cuts it up', async () => {
    const text = '数据库'.repeat(50);
    await withDatabase(
      target,
      async (db) => {
        const sql = 'SELECT n, $1::text AS text FROM generate_series(1, 3) n';
        const rows = [1, 2, 3].map((n) => ({ n, text }));
        for (const split of [1, 2, 7] as const) {
          proxy.split(split);
          expect((await db.query(sql, [text])).rows).toEqual(rows);
        }
        proxy.split('every');
        for (let i = 0; i < 200; i++) expect((await db.query(sql, [text])).rows).toEqual(rows);
        await expect(db.query('SELECT nothing')).rejects.toMatchObject({ code: '42703' });
      },
      through(),
    );
  });

  it('is refused, and reports it', async () => {
    await proxy.refuse(true);
    await withDatabase(
      target,
      (db) => expect(db.ping()).rejects.toMatchObject({ code: 'KB_CONNECT_REFUSED' }),
      through(),
    );
  });

  it('gives up connecting to what accepts and stays silent', async () => {
    proxy.blackHole(true);
    await withDatabase(
      target,
      (db) => expect(db.ping()).rejects.toMatchObject({ code: 'KB_CONNECT_TIMEOUT' }),
      { ...through(), connectTimeout: 200 },
    );
  });
});
