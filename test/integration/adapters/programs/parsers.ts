import type { Client, QueryConfig } from 'pg';
import { failure, type Module, type Programs } from './program.js';

const TEXT = 25;
const DATE = 1082;
const FLOAT8 = 701;
const INT4 = 23;

type Parser = (text: string) => unknown;

/** The parsers of the process or of a client, for types of any number. */
const untyped = (types: Module['pg']['types'] | Client) =>
  types as unknown as {
    getTypeParser: (oid: number) => Parser;
    setTypeParser: (oid: number, parser: Parser) => void;
  };

/** Values that a driver may read by itself where they have their usual form: every form that the server writes. */
const USUAL: Record<string, readonly string[]> = {
  date: [
    '2024-02-29',
    '0001-01-01',
    '0099-12-31',
    '1900-03-01',
    '10000-01-01',
    '0001-06-15 BC',
    '0044-03-15 BC',
  ],
  timestamp: [
    '2024-02-29 12:34:56',
    '1969-12-31 23:59:59.999999',
    '1970-01-01 00:00:00.000001',
    '0001-01-01 00:00:00',
    '0050-07-01 01:02:03.456',
    '9999-12-31 23:59:59.9995',
    '12345-06-07 08:09:10.5',
    '0044-03-15 12:00:00 BC',
    '2024-03-31 02:30:00',
    '-infinity',
  ],
  timestamptz: [
    '2024-02-29 12:34:56+00',
    '1969-12-31 23:59:59.999999+00',
    '1883-11-18 12:03:57.9+00',
    '0050-07-01 01:02:03.456+00',
    '0044-03-15 12:00:00+00 BC',
    '12345-06-07 08:09:10.5+00',
    'infinity',
  ],
  float4: ['0.1', '1e30', '-1e-30', '16777217', 'NaN', '-Infinity', '-0'],
  float8: [
    '0.1',
    '1e300',
    '4.9e-324',
    '1.7976931348623157e308',
    '12345678901234567',
    'NaN',
    'Infinity',
    '-0',
  ],
  int2: ['-32768', '32767'],
  int4: ['-2147483648', '0', '2147483647'],
  oid: ['0', '4294967295'],
  bool: ['t', 'f'],
};
const EXPRESSIONS = Object.entries(USUAL).flatMap(([type, texts]) =>
  texts.map((text) => `'${text}'::${type}`),
);
const ZONES = ['UTC', 'Asia/Shanghai', 'America/New_York', 'Asia/Kolkata', 'Africa/Monrovia'];

/** -0 and NaN are seen, too. */
const exactly = (value: unknown): unknown => {
  if (value instanceof Date) return [value.getTime(), value.getTimezoneOffset()];
  return typeof value === 'number' ? [Object.is(value, -0) ? '-0' : String(value)] : value;
};

export const parsers: Programs = {
  'reads each usual value': async ({ client }) => {
    const one = await client();
    const seen: Record<string, unknown> = {};
    for (const expression of EXPRESSIONS) {
      const simple = await one.query<{ v: unknown }>(`select ${expression} as v`);
      const extended = await one.query<{ v: unknown }>(`select ${expression} as v where $1`, [true]);
      seen[expression] = [exactly(simple.rows[0]?.v), exactly(extended.rows[0]?.v)];
    }
    return seen;
  },
  'reads times in every zone of the session': async ({ client }) => {
    const one = await client();
    const seen: Record<string, unknown> = {};
    for (const zone of ZONES) {
      await one.query(`set timezone to '${zone}'`);
      const list = (USUAL['timestamptz'] ?? []).map((text) => `('${text}'::timestamptz)`);
      const { rows } = await one.query<{ v: unknown }>(`select v from (values ${list.join()}) as t (v)`);
      seen[zone] = rows.map(({ v }) => exactly(v));
    }
    return seen;
  },
  'reads many rows of all usual types': async ({ client }) => {
    const one = await client();
    const columns = `i::int2 % 100 as a, i as b, i::oid as c, i / 7::float4 as d, i / 7::float8 as e, i % 2 = 0 as f,
      date '2024-01-01' + i as g, timestamp '2024-01-01' + i * interval '1.234567 s' as h,
      case when i % 5 > 0 then timestamptz '2024-01-01 00:00+00' + i * interval '1.234567 s' end as i`;
    const text = `select ${columns} from generate_series(1, 3000) as i`;
    const objects = await one.query(text);
    const arrays = await one.query({ text: `${text} where $1`, values: [true], rowMode: 'array' });
    return { objects: objects.rows, arrays: arrays.rows, fields: arrays.fields };
  },
  'asks parsers again for each result': async ({ pg, client }) => {
    const one = await client();
    const text =
      "select 5::int4 as a, '7'::int8 as b, 1.5::float8 as c, date '2024-02-29' as d, 'x'::text as e";
    const ask = async (values: unknown[] = []): Promise<unknown> =>
      (await one.query<object>(values.length === 0 ? text : `${text} where $1`, values)).rows[0];
    const seen: Record<string, unknown> = { before: [await ask(), await ask([true]), await ask([true])] };
    const { getTypeParser, setTypeParser } = untyped(pg.types);
    const oids = [INT4, 20, FLOAT8, DATE, TEXT];
    const usual = oids.map((oid) => getTypeParser(oid));
    for (const oid of oids) setTypeParser(oid, (value) => `of the process ${value}`);
    seen['process'] = [await ask(), await ask([true]), await ask([true])];
    oids.forEach((oid, i) => {
      setTypeParser(oid, usual[i] as Parser);
    });
    seen['after'] = [await ask(), await ask([true])];
    for (const oid of oids) untyped(one).setTypeParser(oid, (value) => `of the client ${value}`);
    seen['client'] = [await ask(), await ask([true])];
    const other = await client();
    seen['another client'] = (await other.query(text)).rows;
    return seen;
  },
  'asks parsers when the answer is there': async ({ pg, client }) => {
    const one = await client();
    const { getTypeParser, setTypeParser } = untyped(pg.types);
    const usual = getTypeParser(20);
    const underWay = one.query("select '7'::int8 as big, 'x'::text as word, 5 as number");
    const waiting = one.query("select '8'::int8 as big, date '2024-02-29' as day");
    setTypeParser(20, (value) => `big ${value}`);
    untyped(one).setTypeParser(DATE, (value) => `day ${value}`);
    const seen = { underWay: (await underWay).rows, waiting: (await waiting).rows };
    setTypeParser(20, usual);
    return seen;
  },
  'asks the parsers of a client when the answer is there': async ({ client }) => {
    const one = await client();
    const word = one.query("select 'x'::text as word");
    untyped(one).setTypeParser(TEXT, (value) => `word ${value}`);
    const seen = { word: (await word).rows, next: (await one.query("select 'x'::text as word")).rows };
    const ratio = one.query('select 1.5::float8 as ratio');
    untyped(one).setTypeParser(FLOAT8, (value) => `ratio ${value}`);
    return { ...seen, ratio: (await ratio).rows };
  },
  'asks parsers of a query': async ({ client }) => {
    const one = await client();
    const asked: unknown[] = [];
    const types = {
      getTypeParser: (oid: number, format: unknown) => {
        asked.push([oid, format]);
        return (value: string) => `${oid} ${value}`;
      },
    };
    const text = "select 5 as a, null::text as b, date '2024-02-29' as c, 6 as a";
    const rows: unknown[] = [];
    for (const rowMode of ['object', 'array']) {
      rows.push((await one.query<object>({ text, types, rowMode } as QueryConfig)).rows);
    }
    const own = await client({ types });
    return { asked, rows, own: (await own.query<object>(text)).rows };
  },
  'has what a parser throws': async ({ pg, client }) => {
    const one = await client();
    untyped(one).setTypeParser(INT4, (value) => {
      if (value === '3') throw new RangeError('not this one');
      return Number(value);
    });
    const text = 'select i from generate_series(1, 5) as i';
    const rejected = [await failure(one.query(text)), await failure(one.query(`${text} where $1`, [true]))];
    const query = new pg.Query<object>(text);
    const heard: unknown[] = [];
    query.on('row', (row) => heard.push(row));
    await new Promise<void>((resolve) => {
      query.on('error', (error: Error) => {
        heard.push(error.message);
        resolve();
      });
      query.on('end', () => {
        heard.push('end');
        resolve();
      });
      one.query(query);
    });
    return { rejected, heard, goesOn: (await one.query("select 'x' as v")).rows };
  },
};
