import { execFile } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { inChinese } from './chinese-messages.js';
import { dialect } from './kingbase/dialect.js';
import type { DatabaseMode, Release } from './kingbase/servers.js';
import { KingbaseWire } from './kingbase/wire.js';
import {
  BodyReader,
  cString,
  encodeMessage,
  encodeReport,
  encodeStartup,
  int16,
  int32,
  MessageReader,
  OpeningCode,
  readReport,
  readStartup,
  type Message,
} from './protocol.js';

export type { DatabaseMode, Release } from './kingbase/servers.js';

export interface EmulatorOptions {
  /** One that has the mode; see `RELEASES`. */
  release: Release;
  databaseMode: DatabaseMode;
  /** Language of the server's messages. */
  messages: 'en' | 'zh';
  /** `sm3`: asks for the authentication that PostgreSQL does not have (code 13). Default: none. */
  authentication?: 'sm3';
  /** The password that `sm3` accepts, of any user. Default: `kingbase`. */
  password?: string;
  /** `refuse`: as a pooler or proxy that does not serve the extended protocol; no server is known to do so. */
  extendedProtocol?: 'refuse';
}

/** What looks like a KingbaseES server. */
export interface Emulator {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** A database of its own, so that the server behind stays a plain PostgreSQL. */
  readonly database: string;
  /** The superuser of the server behind. */
  readonly user: string;
  /** Ends all connections and removes the database. The server behind must still be up. */
  stop(): Promise<void>;
}

/** The server behind: PostgreSQL 12, which trusts the superuser. */
export interface BackingServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** A directory that the server can read files in, and that is removed with it. */
  readonly socketDirectory: string;
}

/**
 * Starts what looks like a KingbaseES server of a release and mode: a new database of a PostgreSQL 12, changed by SQL
 * and by a small library for what SQL can do (types, settings, versions), and a proxy in front of it for what only
 * shows in the protocol (authentication, messages, TLS, which it does not have).
 */
export async function startEmulator(server: BackingServer, options: EmulatorOptions): Promise<Emulator> {
  const id = randomBytes(4).toString('hex');
  const database = `kes_${options.databaseMode}_${id}`;
  const library = await libraryIn(server.socketDirectory);
  await administer(server, server.database, [`CREATE DATABASE ${database} TEMPLATE template0`]);
  await administer(server, database, [dialect(database, options.release, options.databaseMode, library)]);

  const clients = new Set<EmulatedConnection>();
  const listener = createServer({ noDelay: true }, (socket) => {
    const connection = new EmulatedConnection(socket, server, options);
    clients.add(connection);
    socket.once('close', () => clients.delete(connection));
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');

  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    const closed = once(listener, 'close');
    listener.close();
    for (const client of clients) client.destroy();
    await closed;
    await administer(server, server.database, [
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`,
      `DROP DATABASE ${database}`,
    ]);
  };
  return {
    host: '127.0.0.1',
    port: portOf(listener),
    database,
    user: server.user,
    stop: () => (stopped ??= stop()),
  };
}

const portOf = (listener: Server): number => (listener.address() as AddressInfo).port;

const built = new Map<string, Promise<string>>();

/** The small library, built once for each server; it is removed with the server's directory. */
function libraryIn(directory: string): Promise<string> {
  let library = built.get(directory);
  if (library === undefined) {
    library = buildLibrary(join(directory, `kingbase-${randomBytes(4).toString('hex')}.so`));
    built.set(directory, library);
  }
  return library;
}

async function buildLibrary(path: string): Promise<string> {
  const sources = ['settings.c', 'values.c', 'times.c'].map((name) => join(__dirname, 'kingbase', name));
  await promisify(execFile)(process.env['CC'] ?? 'cc', ['-shared', '-fPIC', '-o', path, ...sources]);
  return path;
}

async function administer(
  { host, port, user }: BackingServer,
  database: string,
  statements: readonly string[],
): Promise<void> {
  const client = new Client({ host, port, user, database });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** The name that nothing has: what the server says of it shows that it is the answer to a refused message. */
const REFUSED = 'refused_by_the_emulator';

/** One client, and the connection to the server that is made for it once it has logged in. */
class EmulatedConnection {
  private readonly fromClient = new MessageReader(true);
  private readonly fromServer = new MessageReader(false);
  private upstream: Socket | undefined;
  private readonly wire: KingbaseWire;
  private login: { readonly startup: Map<string, string>; readonly salt: Buffer } | undefined;

  constructor(
    private readonly client: Socket,
    private readonly server: BackingServer,
    private readonly options: EmulatorOptions,
  ) {
    this.wire = new KingbaseWire(options.release, options.databaseMode);
    client.on('data', (bytes) => {
      this.handle(() => {
        for (const message of this.fromClient.push(bytes)) this.clientSays(message);
      });
    });
    client.on('error', () => client.destroy());
    client.on('close', () => this.upstream?.destroySoon());
  }

  destroy(): void {
    this.client.destroy();
    this.upstream?.destroy();
  }

  /** A client that does not keep to the protocol loses its connection, as with a real server. */
  private handle(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.refuse('FATAL', '08P01', error instanceof Error ? error.message : String(error));
      this.client.destroySoon();
    }
  }

  private clientSays(message: Message): void {
    if (message.type === '') this.opens(message.body);
    else if (this.upstream !== undefined) this.forward(this.upstream, this.client, this.asServed(message));
    else this.answers(message);
  }

  private opens(body: Buffer): void {
    const code = body.readInt32BE(0);
    if (code === OpeningCode.sslRequest || code === OpeningCode.gssEncRequest) {
      this.client.write('N');
    } else if (code === OpeningCode.cancelRequest) {
      this.connectUpstream(encodeMessage('', body));
    } else if (this.options.authentication === 'sm3') {
      this.login = { startup: readStartup(body), salt: randomBytes(4) };
      this.client.write(encodeMessage('R', int32(13), this.login.salt));
    } else {
      this.connectUpstream(encodeStartup(readStartup(body)));
    }
  }

  private answers({ type, body }: Message): void {
    const { login, options } = this;
    if (type !== 'p' || login === undefined)
      throw new Error(`expected password response, got message type "${type}"`);
    const reader = new BodyReader(body);
    const answer = reader.cString();
    reader.end();
    const user = login.startup.get('user') ?? '';
    if (answer === sm3Answer(user, options.password ?? 'kingbase', login.salt)) {
      this.connectUpstream(encodeStartup(login.startup));
    } else {
      this.refuse('FATAL', '28P01', `password authentication failed for user "${user}"`);
      this.client.destroySoon();
    }
  }

  private connectUpstream(first: Buffer): void {
    const { host, port } = this.server;
    const upstream = connect({ host, port, noDelay: true });
    this.upstream = upstream;
    upstream.write(first);
    upstream.on('data', (bytes) => {
      this.handle(() => {
        const out = this.fromServer.push(bytes).flatMap((message) => this.asKingbase(message));
        this.forward(this.client, upstream, Buffer.concat(out));
      });
    });
    upstream.on('end', () => this.client.end());
    upstream.on('error', () => this.client.destroy());
    upstream.on('close', () => this.client.destroySoon());
  }

  /** Stops reading from `source` while what was read from it waits to be taken. */
  private forward(target: Socket, source: Socket, bytes: Buffer): void {
    if (target.write(bytes)) return;
    source.pause();
    target.once('drain', () => source.resume());
  }

  /**
   * What the server gets of a message from the client. To be refused, a message is changed so that the server refuses
   * it: then its state (a failed transaction, what is skipped until Sync) is right by itself.
   */
  private asServed(message: Message): Buffer {
    if (this.options.extendedProtocol === 'refuse') {
      const none = int16(0);
      if (message.type === 'P') return encodeMessage('P', cString(''), cString(REFUSED), none);
      if (message.type === 'B') return encodeMessage('B', cString(''), cString(REFUSED), none, none, none);
      if (message.type === 'D') return encodeMessage('D', Buffer.from('S'), cString(REFUSED));
      if (message.type === 'E') return encodeMessage('E', cString(REFUSED), int32(0));
    }
    const { type, body } = this.wire.asServed(message);
    return encodeMessage(type, body);
  }

  private asKingbase(message: Message): Buffer[] {
    if (message.type === 'E' || message.type === 'N')
      return [this.report(message.type, readReport(message.body))];
    return this.wire.asAnswered(message).map(({ type, body }) => encodeMessage(type, body));
  }

  private refuse(severity: string, code: string, message: string): void {
    const fields = { S: severity, V: severity, C: code, M: message };
    this.client.write(this.report('E', new Map(Object.entries(fields))));
  }

  private report(type: 'E' | 'N', given: Map<string, string>): Buffer {
    const fields = this.wire.asReported(given);
    if (fields.get('M')?.includes(REFUSED) === true) {
      fields.set('C', '0A000').set('M', 'extended query protocol is not supported');
      // Where in the statement, which is not the client's.
      fields.delete('P');
    }
    return encodeReport(type, this.options.messages === 'zh' ? inChinese(fields) : fields);
  }
}

/**
 * What a client answers to authentication code 13, as V8R6's client library does: the stored form of a password is
 * `sm3` and HMAC-SM3 in hexadecimal with the user's name as its key; the answer is that once more with the salt.
 */
export function sm3Answer(user: string, password: string, salt: Buffer): string {
  const stored = createHmac('sm3', user).update(password).digest('hex');
  return `sm3${createHmac('sm3', salt).update(stored).digest('hex')}`;
}
