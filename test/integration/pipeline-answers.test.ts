import { afterEach, describe, expect, inject, it } from 'vitest';
import { open, type Connection } from 'kingbase-native';
import { encodeReport } from '../support/protocol.js';
import {
  failure,
  notice,
  notification,
  parameter,
  startScriptedServer,
  type Exchange,
  type ScriptedSession,
} from '../support/scripted-server.js';

// The one of them that can send several commands together.
const library = inject('libraries').find(
  ({ path }) => open({ clientLibrary: path }).clientLibrary().capabilities.pipeline,
);
const closing: { close: (options: { timeout: number }) => Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of closing.splice(0).reverse()) await one.close({ timeout: 100 });
});

const FIRST = 'update 7 as 7';
const SQL = ['select 2 of 6 as 1', 'update 3 as 2', 'select 1 of 9 as 3', 'update 5 as 4'];
const RESULTS = [
  [
    { id: 1, i: 0, v: '1:0:xx' },
    { id: 1, i: 1, v: '1:1:xx' },
  ],
  3,
  [{ id: 3, i: 0, v: '3:0:xxxxx' }],
  5,
];

type Encryption = 'none' | 'TLSv1.2';
/** Answers what is sent together: all the answers are there, and nothing of them has been sent. */
type Answer = (answers: Buffer[][], session: ScriptedSession) => Promise<void> | void;

interface Started {
  connection: Connection;
  /** Makes the calls: one by itself, those that are sent together, and one that waits for all of these. */
  call: () => Promise<PromiseSettledResult<unknown>[]>;
  /** Closes the database, and its connections without waiting for what is under way. */
  close: () => Promise<unknown>;
  /** Tells what the server had been asked when it began to answer. */
  asked: string[];
}

async function start(answer: Answer, encryption: Encryption = 'none'): Promise<Started> {
  const asked: string[] = [];
  const answers: Buffer[][] = [];
  let ready = false;
  let together = Infinity;
  let whenAsked: (() => void) | undefined;
  const server = await startScriptedServer({
    encryption,
    asked: ({ sql }) => {
      if (!ready) return;
      asked.push(sql);
      if (asked.length === 1 + SQL.length) whenAsked?.();
    },
    respond: async (exchange: Exchange, session) => {
      if (!ready || exchange.sql === FIRST || answers.length >= SQL.length)
        return session.wire.write(Buffer.concat(exchange.answer));
      together = Math.min(together, exchange.number);
      answers.push([...exchange.answer]);
      // It answers nothing before all have come: a client that waits for the first answer waits for ever.
      if (asked.length < 1 + SQL.length) await new Promise<void>((resolve) => (whenAsked = resolve));
      if (answers.length === SQL.length) await answer(answers, session);
    },
  });
  const db = open({
    user: 'somebody',
    database: 'any',
    host: server.host,
    port: server.port,
    sslmode: encryption === 'none' ? 'disable' : 'require',
    clientLibrary: library?.path,
    pipeline: true,
    pool: { max: 1 },
  });
  closing.push(server, db);
  const connection = await db.connect();
  closing.push({ close: () => Promise.resolve(void connection.release()) });
  for (const sql of [FIRST, ...SQL]) for (let i = 0; i < 3; i++) await connection.query(sql);
  ready = true;
  const call = async (): Promise<PromiseSettledResult<unknown>[]> => {
    const run = async (sql: string, timeout?: number): Promise<unknown> => {
      const { rows, rowCount } = await connection.query(sql, [], timeout === undefined ? {} : { timeout });
      return sql.startsWith('select') ? rows : rowCount;
    };
    return Promise.allSettled([run(FIRST), ...SQL.map((sql) => run(sql)), run(FIRST, 20_000)]);
  };
  return { connection, call, close: () => db.close({ timeout: 1 }), asked };
}

const fulfilled = (value: unknown): unknown => ({ status: 'fulfilled', value });
const rejected = (reason: object): unknown => ({
  status: 'rejected',
  reason: expect.objectContaining(reason) as unknown,
});
const ALL = [7, ...RESULTS, 7].map(fulfilled);
const LOST = { code: 'KB_CONNECTION_LOST', outcome: 'unknown' };
const NOT_SENT = { code: 'KB_CONNECTION_LOST', outcome: 'not-sent' };

describe.skipIf(library === undefined).each(['none', 'TLSv1.2'] as const)(
  'calls that are sent together, encryption %s',
  (encryption) => {
    it('are sent before any answer, in their order, and the next call behind the last answer', async () => {
      const { call, asked } = await start(async (answers, { wire }) => {
        expect(asked).toEqual([FIRST, ...SQL]);
        await wire.write(Buffer.concat(answers.flat()));
      }, encryption);
      expect(await call()).toEqual(ALL);
      expect(asked).toEqual([FIRST, ...SQL, FIRST]);
    });

    it('are answered message by message', async () => {
      const { call } = await start(async (answers, { wire }) => {
        for (const message of answers.flat()) await wire.write(message);
      }, encryption);
      expect(await call()).toEqual(ALL);
    });

    it('are answered byte by byte', async () => {
      const { call } = await start(async (answers, { wire }) => {
        for (const byte of Buffer.concat(answers.flat())) await wire.write(Buffer.from([byte]));
      }, encryption);
      expect(await call()).toEqual(ALL);
    });

    it('have notices and notifications between them', async () => {
      const { call, connection } = await start(async (answers, { wire }) => {
        for (const [n, answer] of answers.entries()) {
          await wire.write(
            Buffer.concat([notification('channel', String(n)), notice('hear'), ...answer, notice('hear')]),
          );
        }
      }, encryption);
      const told: string[] = [];
      connection.on('notification', ({ payload }) => told.push(payload));
      expect(await call()).toEqual(ALL);
      expect(told).toEqual(['0', '1', '2', '3']);
    });

    it('fail each by itself', async () => {
      const { call } = await start(async (answers, { wire }) => {
        for (const n of [0, 2]) {
          const answer = answers[n] ?? [];
          answer.splice(0, answer.length - 1, failure('22012', `of ${n}`));
        }
        await wire.write(Buffer.concat(answers.flat()));
      }, encryption);
      const error = (n: number): unknown => rejected({ code: '22012', message: `of ${n}` });
      expect(await call()).toEqual([ALL[0], error(0), ALL[2], error(2), ...ALL.slice(4)]);
    });

    it('are lost at each message with what has not been answered, and what waits is not sent', async () => {
      // 0 messages, and as many more each time until all have been answered.
      for (let some = 0, total = 1; some < total; some++) {
        let ended = 0;
        const { call } = await start(async (answers, { wire }) => {
          const messages = answers.flat();
          total = messages.length;
          let left = some;
          ended = answers.filter(({ length }) => (left -= length) >= 0).length;
          if (some > 0) await wire.write(Buffer.concat(messages.slice(0, some)));
          wire.end();
        }, encryption);
        const results = await call();
        expect(results, `after ${some} of ${total} messages`).toEqual([
          ...ALL.slice(0, 1 + ended),
          ...SQL.slice(ended).map(() => rejected(LOST)),
          rejected(NOT_SENT),
        ]);
      }
    });

    it('are lost when the server says farewell in the middle', async () => {
      const farewell = encodeReport('E', [
        ['S', 'FATAL'],
        ['V', 'FATAL'],
        ['C', '57P01'],
        ['M', 'it ends'],
      ]);
      const { call } = await start(async (answers, { wire }) => {
        await wire.write(Buffer.concat([...(answers[0] ?? []), farewell]));
        wire.end();
      }, encryption);
      const lost = rejected({ ...LOST, cause: expect.objectContaining({ code: '57P01' }) as unknown });
      expect(await call()).toEqual([...ALL.slice(0, 2), lost, lost, lost, rejected(NOT_SENT)]);
    });

    it('are lost behind one that has altered a setting that values are read by', async () => {
      const { call } = await start(async (answers, { wire }) => {
        answers[1]?.splice(-1, 0, parameter('DateStyle', 'German, DMY'));
        await wire.write(Buffer.concat(answers.flat()));
      }, encryption);
      const refused = rejected({ code: 'KB_PROTOCOL', outcome: 'unknown' });
      expect(await call()).toEqual([...ALL.slice(0, 3), refused, refused, rejected(NOT_SENT)]);
    });

    it.each([
      ['lacks its end', (answer: Buffer[]) => answer.splice(-2, 1)],
      [
        'has a message that no answer has',
        (answer: Buffer[]) => answer.splice(1, 0, Buffer.from('W\0\0\0\x04')),
      ],
    ])('are lost from one on whose answer %s', async (_, spoil) => {
      const { call } = await start(async (answers, { wire }) => {
        spoil(answers[1] ?? []);
        await wire.write(Buffer.concat(answers.flat()));
      }, encryption);
      const results = await call();
      expect(results.slice(0, 2)).toEqual(ALL.slice(0, 2));
      const wrong = rejected({
        code: expect.stringMatching(/KB_PROTOCOL|KB_CONNECTION_LOST/) as unknown,
        outcome: 'unknown',
      });
      expect(results.slice(2)).toEqual([wrong, wrong, wrong, rejected(NOT_SENT)]);
    });

    it('end with their connection when the program closes it, and what waits is not sent', async () => {
      const { call, close } = await start(() => void close(), encryption);
      const results = await call();
      const refused = rejected({ code: expect.stringMatching(/^KB_/) as unknown });
      expect(results).toEqual([ALL[0], ...SQL.map(() => rejected(LOST)), refused]);
    });
  },
);
