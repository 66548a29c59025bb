import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { open, type Database } from 'kingbase-native';
import { startScriptedServer } from '../support/scripted-server.js';
import { targets, withDatabase } from '../support/targets.js';
import { ReferenceClient } from './reference-client.js';
import { withConnection } from './with-connection.js';

let reference: ReferenceClient;
beforeAll(async () => {
  reference = await ReferenceClient.connect();
});
afterAll(() => reference.end());

/** Zones of the process and of the session, with changes of the clock worth a test, as UTC instants. */
const ZONES: Record<string, string[]> = {
  UTC: ['2024-02-29T12:00:00Z'],
  // Summer time from 1986 to 1991; local mean time (+08:05:43) until 1901.
  'Asia/Shanghai': ['1986-05-03T18:00:00Z', '1986-09-13T17:00:00Z', '1900-12-31T15:54:17Z'],
  'America/New_York': ['2024-03-10T07:00:00Z', '2024-11-03T06:00:00Z', '1883-11-18T17:00:00Z'],
  // A change of half an hour only.
  'Australia/Lord_Howe': ['2024-04-06T15:00:00Z', '2024-10-05T15:30:00Z'],
  // A whole day, 2011-12-30, is left out.
  'Pacific/Apia': ['2011-12-30T10:00:00Z'],
  // East of the date line with a quarter of an hour.
  'Pacific/Chatham': ['2024-04-06T14:00:00Z', '2024-09-28T14:00:00Z'],
  'Africa/Monrovia': ['1972-01-07T00:44:30Z'],
};

const MINUTE = 60_000;
/** Around each change: every quarter of an hour for two hours and a half, and the very last moment before it. */
const AROUND = [...Array.from({ length: 21 }, (_, i) => (i - 10) * 15 * MINUTE), -1, 1, 1_234];

const instantsOf = (zone: string): Date[] =>
  ZONES[zone]!.flatMap((change) => AROUND.map((distance) => new Date(Date.parse(change) + distance)));

const originalZone = process.env['TZ'];
afterEach(() => {
  if (originalZone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = originalZone;
});

function setProcessZone(zone: string): void {
  process.env['TZ'] = zone;
  expect(Intl.DateTimeFormat().resolvedOptions().timeZone).toBe(zone);
}

describe.each(targets())('$name', (target) => {
  let db: Database;
  beforeAll(() => {
    db = open(target.config);
  });
  afterAll(() => db.close());

  describe.each(Object.keys(ZONES))('process in %s', (processZone) => {
    it.each(Object.keys(ZONES))(
      'timestamptz is the same instant with a session in %s',
      async (sessionZone) => {
        setProcessZone(processZone);
        const instants = [...instantsOf(processZone), ...instantsOf(sessionZone)];
        await withConnection(db, async (connection) => {
          await connection.exec(`SET timezone TO '${sessionZone}'`);
          await reference.rows(`SET timezone TO '${sessionZone}'`);
          const sql = `SELECT t, ARRAY[t], extract(epoch FROM t)::text
        FROM unnest($1::timestamptz[]) WITH ORDINALITY AS _(t, i) ORDER BY i`;
          const { rows } = await connection.query<[Date, Date[], string]>(sql, [instants], {
            rowMode: 'array',
          });
          expect(rows.map(([time]) => time)).toStrictEqual(instants);
          expect(rows.map(([, [time]]) => time)).toStrictEqual(instants);
          // What the server understood, in a form that knows no zones.
          expect(rows.map(([, , seconds]) => Math.round(Number(seconds) * 1000))).toStrictEqual(
            instants.map(Number),
          );
          for (const instant of instants) {
            expect(await connection.queryRow('SELECT $1::timestamptz AS t', [instant])).toStrictEqual({
              t: instant,
            });
          }
          const literal = `'{${instants.map((instant) => instant.toISOString()).join()}}'`;
          const sqlOfLiteral = `SELECT unnest(${literal}::timestamptz[])`;
          const { rows: read } = await connection.query(sqlOfLiteral, [], { rowMode: 'array' });
          expect(read).toStrictEqual(instants.map((instant) => [instant]));
          expect(await reference.rows(sqlOfLiteral)).toStrictEqual(read);
          await connection.exec('RESET timezone');
        });
      },
    );

    it('timestamp is what the clock of the process shows', async () => {
      setProcessZone(processZone);
      // Wall-clock times, of which some do not exist and some exist twice.
      const texts = instantsOf(processZone).flatMap((instant) => {
        const offset = instant.getTimezoneOffset() * MINUTE;
        return [0, -offset, -offset - 60 * MINUTE, -offset + 60 * MINUTE].map((shift) =>
          new Date(instant.getTime() + shift).toISOString().slice(0, -1).replace('T', ' '),
        );
      });
      const sql = `SELECT t, t::text FROM unnest('{${texts.join()}}'::timestamp[]) WITH ORDINALITY AS _(t, i) ORDER BY i`;
      const { rows } = await db.query<[Date, string]>(sql, [], { rowMode: 'array' });
      expect(await reference.rows(sql)).toStrictEqual(rows);
      for (const [date, text] of rows) {
        const [year, month, day, hour, minute, second] = text.split(/\D/).map(Number);
        const milliseconds = Number((text.split('.')[1] ?? '').padEnd(3, '0'));
        expect(date, text).toStrictEqual(
          new Date(year!, month! - 1, day, hour, minute, second, milliseconds),
        );
        // A Date has gone through the clock of the process both ways, so it comes back as it went.
        expect(await db.queryRow('SELECT $1::timestamp AS t', [date]), text).toStrictEqual({ t: date });
      }
    });

    it('a Date as a date is the day on the clock of the process', async () => {
      setProcessZone(processZone);
      for (const date of [
        new Date(2024, 1, 29),
        new Date(2024, 1, 29, 23, 59, 59, 999),
        new Date(-43, 2, 15),
      ]) {
        const year = date.getFullYear();
        const text = year > 0 ? `${year}-02-29` : `00${1 - year}-03-15 BC`;
        const row = await db.queryRow('SELECT $1::date AS day, ARRAY[$1::date] AS days', [date]);
        expect(row).toStrictEqual({ day: text, days: [text] });
        const asDate = await db.queryRow('SELECT $1::date AS day', [date], { types: { date: 'date' } });
        expect(asDate).toStrictEqual({ day: new Date(year, date.getMonth(), date.getDate()) });
      }
    });
  });

  it('sets another DateStyle back, and understands parameters under any', async () => {
    await withConnection(db, async (connection) => {
      const date = new Date(2024, 1, 3, 4, 5, 6, 789);
      for (const style of ['German', 'SQL, DMY', 'Postgres, MDY', 'ISO, YMD']) {
        await connection.exec(`SET datestyle TO ${style}`);
        expect(
          await connection.queryRow(
            `SELECT $1::timestamp AS t, $1::date AS d, ARRAY[$1::timestamp] AS a,
             to_char($1::timestamp, 'YYYY-MM-DD HH24:MI:SS.MS') AS text`,
            [date],
          ),
        ).toStrictEqual({ t: date, d: '2024-02-03', a: [date], text: '2024-02-03 04:05:06.789' });
      }
      await connection.exec('RESET datestyle');
    });
  });

  it('reads ISO where the role or the database has another default', async () => {
    const name = `styled_${target.flavour}_${target.transport === 'TCP' ? 'tcp' : 'unix'}`;
    await db.exec(`CREATE DATABASE ${name}`);
    await db.exec(`ALTER DATABASE ${name} SET datestyle TO 'German'`);
    try {
      await withDatabase(
        target,
        async (styled) => {
          expect(await styled.queryRow(`SELECT '2024-02-29 01:02:03'::timestamp AS t`)).toStrictEqual({
            t: new Date(2024, 1, 29, 1, 2, 3),
          });
        },
        { database: name },
      );
    } finally {
      await db.exec(`DROP DATABASE ${name}`);
    }
  });

  it('keeps microseconds as text and cuts them from a Date', async () => {
    const sql = `SELECT '2024-02-29 01:02:03.456789'::timestamp AS t, '1969-12-31 23:59:59.999999+00'::timestamptz AS z`;
    expect(await db.queryRow(sql)).toStrictEqual({ t: new Date(2024, 1, 29, 1, 2, 3, 456), z: new Date(-1) });
    expect(await db.queryRow(sql, [], { types: { timestamp: 'string' } })).toStrictEqual({
      t: '2024-02-29 01:02:03.456789',
      z: '1969-12-31 23:59:59.999999+00',
    });
  });
});

describe.each(inject('libraries'))(
  'where the login does not tell the style of dates, with $name',
  ({ path }) => {
    it.each([
      ['sets it', true, ['SET datestyle TO ISO;SET extra_float_digits TO 3', 'rows 3 of 20 as 17']],
      ['leaves it alone where no command is to follow the login', false, ['rows 3 of 20 as 17']],
    ])('%s', async (_what, exactFloats, expected) => {
      const asked: string[] = [];
      const server = await startScriptedServer({
        asked: ({ sql }) => void asked.push(sql),
        greet: (messages, { wire }) =>
          wire.write(Buffer.concat(messages.filter((message) => !message.includes('DateStyle')))),
      });
      try {
        const { host, port } = server;
        const address = { host, port, user: 'u', database: 'd', sslMode: 'disable' } as const;
        await using db = open({ ...address, clientLibrary: path, exactFloats });
        await db.query('rows 3 of 20 as 17');
        expect(asked).toEqual(expected);
      } finally {
        await server.close();
      }
    });
  },
);
