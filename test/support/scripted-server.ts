import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SecureVersion } from 'node:tls';
import { createCertificates } from '../../scripts/certificates.js';
import { fakeServer } from './fake-servers.js';
import {
  BodyReader,
  cString,
  encodeMessage,
  encodeReport,
  int16,
  int32,
  MessageReader,
  OpeningCode,
  type Message,
} from './protocol.js';
import { acceptWire, contextFor, type Encryption, type Wire } from './wire.js';

/**
 * A server whose every byte a test decides: it lets everybody in, understands a few statements, and hands the
 * right answer to the test, which sends that or something else.
 *
 * | statement               | answer                                                    |
 * | ----------------------- | --------------------------------------------------------- |
 * | `rows 3 of 20 as 17`    | three rows: `id` 17 (int4), `i` 0, 1, 2 (int4) and `v`, a text of 20 characters |
 * | `change 3 as 17`        | no rows, the command tag `UPDATE 3`                       |
 * | `select …`, `update …`  | the same two, as statements that always have the same columns |
 * | `copy (…) to stdout`    | three lines of COPY                                       |
 * | `copy … from stdin`     | takes the data                                            |
 * | any other               | its first word as the command tag                         |
 */
export interface ScriptedServer {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** All connections that have logged in. */
  readonly sessions: readonly ScriptedSession[];
  close(): Promise<void>;
}

/** One round: what a client sent up to where it waits, and the messages that are the right answer. */
export interface Exchange {
  /** How many the connection had before, the login not counted. */
  readonly number: number;
  readonly sql: string;
  readonly protocol: 'simple' | 'extended';
  readonly answer: readonly Buffer[];
}

export interface ScriptedSession {
  readonly wire: Wire;
  readonly processId: number;
}

/** Sends an answer. What is not given sends the right one. */
export type Respond = (exchange: Exchange, session: ScriptedSession) => Promise<void> | void;

export interface ScriptedServerOptions {
  encryption?: Encryption;
  respond?: Respond;
  /** Told of each exchange as soon as it has come, though those before it have not been answered. */
  asked?: (exchange: Exchange) => void;
  /** Sends the answer to a login, whose messages are given. */
  greet?: (answer: readonly Buffer[], session: ScriptedSession) => Promise<void> | void;
}

export async function startScriptedServer(options: ScriptedServerOptions = {}): Promise<ScriptedServer> {
  const { encryption = 'none' } = options;
  const context = encryption === 'none' ? undefined : contextOf(encryption);
  const sessions: Session[] = [];
  const server = await fakeServer((socket) => {
    void acceptWire(socket, context).then(
      (wire) => {
        new Session(wire, options, sessions);
      },
      () => socket.destroy(),
    );
  });
  return { host: '127.0.0.1', port: server.port, sessions, close: () => server.close() };
}

function contextOf(version: SecureVersion): ReturnType<typeof contextFor> {
  const directory = mkdtempSync(join(tmpdir(), 'kingbase-native-certificates-'));
  try {
    return contextFor(createCertificates(directory), version);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

export const ready = (status = 'I'): Buffer => encodeMessage('Z', Buffer.from(status));
export const complete = (tag: string): Buffer => encodeMessage('C', cString(tag));
export const parameter = (name: string, value: string): Buffer =>
  encodeMessage('S', cString(name), cString(value));
export const notice = (text: string): Buffer =>
  encodeReport('N', [
    ['S', 'NOTICE'],
    ['V', 'NOTICE'],
    ['C', '00000'],
    ['M', text],
  ]);
export const failure = (code: string, text: string): Buffer =>
  encodeReport('E', [
    ['S', 'ERROR'],
    ['V', 'ERROR'],
    ['C', code],
    ['M', text],
  ]);
export const notification = (channel: string, payload: string, processId = 1): Buffer =>
  encodeMessage('A', int32(processId), cString(channel), cString(payload));

const INT4 = 23;
const TEXT = 25;

const COLUMNS = [
  { name: 'id', type: INT4, size: 4 },
  { name: 'i', type: INT4, size: 4 },
  { name: 'v', type: TEXT, size: -1 },
] as const;

const rowDescription = (binary: boolean): Buffer =>
  encodeMessage(
    'T',
    int16(COLUMNS.length),
    ...COLUMNS.flatMap(({ name, type, size }) => [
      cString(name),
      int32(0),
      int16(0),
      int32(type),
      int16(size),
      int32(-1),
      int16(binary ? 1 : 0),
    ]),
  );

export const valueText = (id: number, i: number, length: number): string =>
  `${id}:${i}:`.padEnd(length, 'x').slice(0, length);

function dataRow(id: number, i: number, length: number, binary: boolean): Buffer {
  const integer = (value: number): Buffer => (binary ? int32(value) : Buffer.from(String(value)));
  const values = [integer(id), integer(i), Buffer.from(valueText(id, i, length))];
  return encodeMessage('D', int16(values.length), ...values.flatMap((value) => [int32(value.length), value]));
}

/** The bytes that a result with these rows has before those of its texts. */
export const rowsStatement = (count: number, length: number, id: number): string =>
  `rows ${count} of ${length} as ${id}`;

/** What a statement does. */
function execute(sql: string, binary: boolean): { rows: boolean; messages: Buffer[] } {
  const rows = /^(?:rows|select) (\d+) of (\d+) as (\d+)$/.exec(sql);
  if (rows !== null) {
    const [count = 0, length = 0, id = 0] = rows.slice(1).map(Number);
    const messages = Array.from({ length: count }, (_, i) => dataRow(id, i, length, binary));
    return { rows: true, messages: [...messages, complete(`SELECT ${count}`)] };
  }
  const change = /^(?:change|update) (\d+) as \d+$/.exec(sql);
  if (change !== null) return { rows: false, messages: [complete(`UPDATE ${change[1]}`)] };
  const [word = ''] = /^\w*/.exec(sql) ?? [];
  return { rows: false, messages: [sql === '' ? encodeMessage('I') : complete(word.toUpperCase())] };
}

const COPY_LINES = ['first\n', 'second\n', 'third\n'];

const copyResponse = (type: 'G' | 'H'): Buffer => encodeMessage(type, Buffer.from([0]), int16(1), int16(0));

let nextProcessId = 1000;

class Session implements ScriptedSession {
  readonly processId = nextProcessId++;
  private readonly reader = new MessageReader(true);
  private readonly statements = new Map<string, string>();
  private answer: Buffer[] = [];
  private sql = '';
  private binary = false;
  private failed = false;
  private status = 'I';
  private exchanges = 0;
  /** Answers go out one after the other. */
  private sent: Promise<void> = Promise.resolve();

  constructor(
    readonly wire: Wire,
    private readonly options: ScriptedServerOptions,
    private readonly sessions: Session[],
  ) {
    wire.onReceived((bytes) => {
      for (const message of this.reader.push(bytes)) this.take(message);
    });
  }

  private take(message: Message): void {
    const { type, body } = message;
    if (type === '') this.open(body);
    else if (type === 'Q') this.simple(new BodyReader(body).cString());
    else if (type === 'X') this.wire.end();
    else if (type === 'S') this.finish('extended');
    else if (!this.failed) this.step(type, new BodyReader(body));
  }

  private open(body: Buffer): void {
    const code = body.readInt32BE(0);
    if (code === OpeningCode.gssEncRequest || code === OpeningCode.sslRequest) {
      void this.wire.write(Buffer.from('N'));
      return;
    }
    if (code === OpeningCode.cancelRequest) {
      this.wire.end();
      return;
    }
    this.sessions.push(this);
    const settings = {
      server_version: '12.1',
      server_encoding: 'UTF8',
      client_encoding: 'UTF8',
      DateStyle: 'ISO, MDY',
      IntervalStyle: 'postgres',
      TimeZone: 'UTC',
      integer_datetimes: 'on',
      standard_conforming_strings: 'on',
    };
    const messages = [
      encodeMessage('R', int32(0)),
      ...Object.entries(settings).map(([name, value]) => parameter(name, value)),
      encodeMessage('K', int32(this.processId), int32(1)),
      ready(),
    ];
    const { greet } = this.options;
    void (greet === undefined ? this.wire.write(Buffer.concat(messages)) : greet(messages, this));
  }

  private simple(sql: string): void {
    this.sql = sql;
    if (/^copy .* from stdin/i.test(sql)) {
      this.push(copyResponse('G'));
      void this.send('simple');
      return;
    }
    if (/^copy .* to stdout/i.test(sql)) {
      const lines = COPY_LINES.map((line) => encodeMessage('d', Buffer.from(line)));
      this.push(copyResponse('H'), ...lines, encodeMessage('c'), complete('COPY 3'));
    } else {
      for (const part of sql.split(';').map((text) => text.trim())) {
        const { rows, messages } = execute(part, false);
        this.push(...(rows ? [rowDescription(false)] : []), ...messages);
        this.follow(part);
      }
    }
    this.finish('simple');
  }

  private step(type: string, body: BodyReader): void {
    switch (type) {
      case 'P': {
        const name = body.cString();
        this.sql = body.cString();
        this.statements.set(name, this.sql);
        this.push(encodeMessage('1'));
        return;
      }
      case 'B': {
        body.cString();
        this.sql = this.statements.get(body.cString()) ?? '';
        body.bytes(2 * body.int16());
        for (let left = body.int16(); left > 0; left--) body.bytes(Math.max(body.int32(), 0));
        const formats = body.int16();
        this.binary = formats > 0 && body.int16() === 1;
        this.push(encodeMessage('2'));
        return;
      }
      case 'D': {
        const [kind] = body.bytes(1).toString('latin1');
        const sql = kind === 'S' ? (this.statements.get(body.cString()) ?? '') : this.sql;
        if (kind === 'S') this.push(encodeMessage('t', int16(0)));
        const { rows } = execute(sql, false);
        this.push(rows ? rowDescription(kind === 'P' && this.binary) : encodeMessage('n'));
        return;
      }
      case 'E':
        this.push(...execute(this.sql, this.binary).messages);
        this.follow(this.sql);
        return;
      case 'C':
        this.push(encodeMessage('3'));
        return;
      case 'c':
        this.push(complete('COPY 3'));
        this.finish('simple');
        return;
      case 'f':
        this.push(failure('57014', 'COPY from stdin failed'));
        this.finish('simple');
        return;
      default:
        return;
    }
  }

  private push(...messages: Buffer[]): void {
    this.answer.push(...messages);
  }

  private follow(sql: string): void {
    if (/^(begin|start)\b/i.test(sql)) this.status = 'T';
    if (/^(commit|rollback|end)\b/i.test(sql)) this.status = 'I';
  }

  private finish(protocol: Exchange['protocol']): void {
    this.push(ready(this.status));
    this.failed = false;
    void this.send(protocol);
  }

  private async send(protocol: Exchange['protocol']): Promise<void> {
    const exchange = { number: this.exchanges++, sql: this.sql, protocol, answer: this.answer };
    this.answer = [];
    const { respond, asked } = this.options;
    asked?.(exchange);
    this.sent = this.sent.then(() =>
      respond === undefined ? this.wire.write(Buffer.concat(exchange.answer)) : respond(exchange, this),
    );
    await this.sent;
  }
}
