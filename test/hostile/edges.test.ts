import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { open, type Connection, type Database } from 'kingbase-native';
import {
  notice,
  notification,
  ready,
  rowsStatement,
  startScriptedServer,
  valueText,
  type Exchange,
  type ScriptedServer,
} from '../support/scripted-server.js';
import type { Encryption, Segment } from '../support/wire.js';

/**
 * Client libraries read in pieces of 8 and 16 KB, TLS in records of up to 16 KB, and what is behind the piece that was
 * asked for may lie in the system, in TLS or in the library. Nothing more comes after it, so what is overlooked shows.
 */
const BORDERS = [8192, 16384];
/** More than a message's header and a short notice. */
const AROUND = 32;

const offsets = BORDERS.flatMap((border) =>
  Array.from({ length: 2 * AROUND }, (_, i) => border - AROUND + i),
);

/** How an answer and what is behind it are laid on the wire. */
const LAYOUTS: Record<string, (answer: Buffer, behind: Buffer, offset: number) => Segment[]> = {
  'in one piece': (answer, behind) => [[Buffer.concat([answer, behind])]],
  'as two TLS records that come together': (answer, behind) => [[answer, behind]],
  'in two pieces': (answer, behind) => [[answer], [behind]],
  'in two pieces, cut behind the first byte of the message': (answer, behind) => [
    [Buffer.concat([answer, behind.subarray(0, 1)])],
    [behind.subarray(1)],
  ],
};

const ENCRYPTIONS: readonly Encryption[] = ['none', 'TLSv1.2', 'TLSv1.3'];

/** Far above what it takes; in ms. */
const LIMIT = 10_000;

function within<T>(what: string, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`This has not happened in ${LIMIT} ms: ${what}.`)),
      LIMIT,
    );
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

describe.each(
  inject('libraries').flatMap((library) => ENCRYPTIONS.map((encryption) => ({ ...library, encryption }))),
)('$name, encryption $encryption', ({ path, encryption, flavour }) => {
  let server: ScriptedServer;
  let respond: (exchange: Exchange) => Segment[] | undefined = () => undefined;
  let db: Database;
  let connection: Connection;
  const notices = new Set<string>();
  let noticed: () => void = () => undefined;

  beforeAll(async () => {
    server = await startScriptedServer({
      encryption,
      respond: (exchange, { wire }) => wire.send(respond(exchange) ?? [[Buffer.concat(exchange.answer)]]),
    });
    db = open({
      host: server.host,
      port: server.port,
      user: 'somebody',
      database: 'any',
      clientLibrary: path,
      sslmode: encryption === 'none' ? 'disable' : 'require',
      binaryResults: false,
    });
    db.on('notice', ({ message }) => {
      notices.add(message);
      noticed();
    });
    connection = await db.connect();
  });

  afterAll(async () => {
    await connection.release();
    await db.close();
    await server.close();
  });

  /** How long the answer to `rows 1 of 0` is. */
  async function overhead(): Promise<number> {
    let length = 0;
    respond = ({ answer }) => {
      length = Buffer.concat(answer).length;
      return undefined;
    };
    await connection.query(rowsStatement(1, 0, 1000));
    return length;
  }

  async function noticeWith(text: string): Promise<void> {
    while (!notices.delete(text)) await new Promise<void>((resolve) => (noticed = resolve));
  }

  async function ask(length: number, text: string, count = 1): Promise<void> {
    const asked = connection.query(rowsStatement(count, length, 1000));
    const { rows } = await within(`an answer of ${count} times ${length} bytes`, asked);
    expect(rows).toEqual(
      Array.from({ length: count }, (_, i) => ({ id: 1000, i, v: valueText(1000, i, length) })),
    );
    await within(`the message "${text}"`, noticeWith(text));
  }

  describe.each(Object.keys(LAYOUTS))('%s', (name) => {
    const layout = LAYOUTS[name]!;

    it('a message behind an answer that ends at every offset around a border', async () => {
      const base = await overhead();
      for (const offset of offsets) {
        const text = `behind ${offset}`;
        respond = ({ answer }) => layout(Buffer.concat(answer), notice(text), offset);
        await ask(offset - base, text);
      }
    });

    it('a message between the rows and the end that begins at every offset', async () => {
      const base = (await overhead()) - ready().length;
      for (const offset of offsets) {
        const text = `before ${offset}`;
        respond = ({ answer }) =>
          layout(
            Buffer.concat(answer.slice(0, -1)),
            Buffer.concat([notice(text), answer.at(-1) ?? ready()]),
            offset,
          );
        await ask(offset - base, text);
      }
    });
  });

  it.each<[string, (bytes: Buffer, at: number) => Segment[]]>([
    ['into two records', (bytes, at) => [[bytes.subarray(0, at), bytes.subarray(at)]]],
    ['into two pieces', (bytes, at) => [[bytes.subarray(0, at)], [bytes.subarray(at)]]],
  ])('an answer and a message behind it, cut %s at every offset', async (_name, cut) => {
    for (const offset of offsets) {
      const text = `cut at ${offset}`;
      respond = ({ answer }) => cut(Buffer.concat([...answer, notice(text)]), offset);
      await ask(17_000, text);
    }
  });

  // For a message that is longer than what has come, the library makes room; for many that are shorter it does not.
  it('records that the library has no room for: many rows in records of 16 KB', async () => {
    respond = ({ answer }) => [[Buffer.concat([...answer, notice('behind')])]];
    for (let length = 10; length < 4000; length += 23) await ask(length, 'behind', 40);
  });

  it('a notification behind the answer to LISTEN, at every offset', async () => {
    let base = 0;
    respond = ({ answer }) => {
      base = Buffer.concat([notice(''), ...answer]).length;
      return undefined;
    };
    const subscriptions = [await db.listen('first', () => undefined)];
    for (const offset of offsets) {
      const channel = `at ${offset}`;
      respond = ({ answer, sql }) =>
        sql.toLowerCase().startsWith('listen')
          ? [
              [
                Buffer.concat([
                  notice('x'.repeat(offset - base)),
                  ...answer,
                  notification(channel, 'payload'),
                ]),
              ],
            ]
          : undefined;
      let notified: (payload: string) => void = () => undefined;
      const payload = new Promise<string>((resolve) => (notified = resolve));
      const subscribed = within(
        channel,
        db.listen(channel, (event) => notified(event.payload)),
      );
      expect(await within(`a notification of "${channel}"`, payload)).toBe('payload');
      subscriptions.push(await subscribed);
    }
    respond = () => undefined;
    for (const subscription of subscriptions) await subscription.close();
  });

  it('an answer, a message behind it and the end of the connection', async () => {
    for (const offset of offsets.filter((_, i) => i % 8 === 0)) {
      const text = `last words ${offset}`;
      const other = await db.connect();
      respond = () => undefined;
      const base = await overhead();
      let closes = false;
      respond = ({ answer }) => {
        closes = true;
        return [[Buffer.concat([...answer, notice(text)])]];
      };
      const last = server.sessions.at(-1)!;
      const length = offset - base;
      const query = other.query(rowsStatement(1, length, 1000)).finally(() => {
        if (closes) last.wire.end();
      });
      const { rows } = await within(`an answer of ${length} bytes`, query);
      expect(rows).toHaveLength(1);
      await within(`the message "${text}"`, noticeWith(text));
      await expect(within('the end', other.query('rows 0 of 0 as 1'))).rejects.toMatchObject({
        code: 'KB_CONNECTION_LOST',
      });
      await other.release();
    }
    expect(flavour).not.toBe('');
  });
});
