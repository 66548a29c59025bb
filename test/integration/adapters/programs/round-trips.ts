/** Values that go to the server and come back. */
import { runInNewContext } from 'node:vm';
import { failure, type Programs } from './program.js';

const TYPES: Record<string, readonly unknown[]> = {
  integer: [-2147483648, -1, 0, 1, 2147483647, null],
  smallint: [-32768, -1, 0, 1, 32767, null],
  bigint: [
    '-9223372036854775808',
    '-9007199254740992',
    '0',
    '72057594037928030',
    '9223372036854775807',
    null,
  ],
  'varchar(5)': ['yo', '', 'zomg!', null],
  oid: [0, 204410, null],
  bool: [true, false, null],
  numeric: [
    '-12.34',
    '0',
    '12.34',
    '3141592653589793238462643383279502.1618033988749894848204586834365638',
    null,
  ],
  real: [-101.3, -1.2, 0, 1.2, 101.1, null],
  'double precision': [-101.3, -1.2, 0, 1.2, 101.1, null],
  timestamptz: [null],
  timestamp: [null],
  timetz: ['13:11:12.1234-05:30', null],
  time: ['13:12:12.321', null],
  text: ['', ' ', 'NULL', '\\', "'", '中文'],
  json: ['1', '"a"', 'null', '{"a":[]}'],
  uuid: ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  interval: ['1 day', '-00:00:01'],
  'int4[]': [[], [1], [[1], [2]]],
  'text[]': [['a,b'], ['{', '}'], ['"'], [null, 'null'], ["joe'"], ['']],
};

const ARRAYS = [
  "'{}'::text[]",
  '\'{"joe,bob",jim}\'::text[]',
  '\'{"{","}"}\'::text[]',
  '\'{joe,null,bob,"NULL"}\'::text[]',
  "array['joe''', 'jim', 'bob\"']",
  "'{{1,joe},{2,bob}}'::text[]",
  "'{1,2,3}'::integer[]",
  "'{{1,100},{2,100},{3,100}}'::integer[]",
  "'{.1, 0.05, 3.654}'::double precision[]",
  'array(select g from generate_series(1, 3) g)',
  "array(select 'x' || g from generate_series(1, 3) g)",
  "'[2:3]={1,2}'::int[]",
  "'{08:00:2b:01:02:03}'::macaddr[]",
  '\'{"(1,2)"}\'::point[]',
  "'{1 day}'::interval[]",
  "'{12:00}'::time[]",
];

const MORE = [
  "'192.168.1.0/24'::cidr",
  "'(0,0),(1,1)'::lseg",
  "'((0,0),(1,0),(1,1))'::polygon",
  "'[(0,0),(1,1)]'::path",
  "'[2023-01-01,2023-12-31]'::daterange",
  "'(1.5,3.5]'::numrange",
  "'empty'::int4range",
  "'1 year 2 months 3 days'::interval",
  "'00:00:00.5'::interval",
  "'-1 year 1 day'::interval",
  "'P1Y2M'::interval",
  "'<a>1</a>'::text",
  "'a b'::tsvector",
  "'1'::bit",
  "'101'::varbit",
  'txid_current_snapshot() is null',
  "'2024-02-29'::date",
  "'0001-01-01'::date",
  "'9999-12-31'::date",
  "'-infinity'::date",
  "'2024-06-15 12:00:00'::timestamp",
  "'0099-01-01 00:00:00'::timestamp",
  "'10000-01-01 00:00:00'::timestamp",
  "'1900-01-01 00:00:00+08:05:43'::timestamptz",
  "'2024-06-15 12:00:00.1'::timestamptz",
  "'2024-06-15 12:00:00.123456'::timestamptz",
  '1e-7::float8',
  "'-0'::float8",
  "'-Infinity'::float4",
  '3.4028235e38::float4',
  "''::char(3)",
  '\'[1, 2.5, "x", null, true]\'::jsonb',
  '\'"text"\'::json',
  '\'{"a":1,"a":2}\'::json',
  '12345678901234567890::text',
  'pg_typeof(1)',
  "'public'::regnamespace",
  'void_in(null)',
];

export const roundTrips: Programs = {
  'gives back what was stored': async ({ client }) => {
    const session = await client();
    const found: Record<string, unknown> = {};
    for (const [type, values] of Object.entries(TYPES)) {
      await session.query(`create temp table stored (at serial, col ${type})`);
      for (const value of values) await session.query('insert into stored (col) values ($1)', [value]);
      const { rows } = await session.query<{ col: unknown }>({
        name: `stored ${type}`,
        text: 'select col from stored order by at',
      });
      found[type] = rows.map(({ col }) => col);
      await session.query('drop table stored');
    }
    return found;
  },
  'reads arrays': async ({ client }) => {
    const session = await client();
    const found: Record<string, unknown> = {};
    for (const expression of ARRAYS)
      found[expression] = (await session.query(`select ${expression} as v`)).rows;
    return found;
  },
  'reads more values': async ({ client }) => {
    const session = await client();
    const found: Record<string, unknown> = {};
    for (const expression of MORE) {
      found[expression] = await session.query(`select ${expression} as v`).then(
        ({ rows }) => rows as unknown[],
        (error: unknown) => (error as Error).message,
      );
    }
    return found;
  },
  'reads times in the zone of the process': async ({ client }) => {
    const before = process.env['TZ'];
    const found: Record<string, unknown> = {};
    try {
      for (const zone of ['Europe/Berlin', 'America/Sao_Paulo', 'Asia/Kolkata', 'UTC']) {
        process.env['TZ'] = zone;
        const session = await client();
        const date = new Date(1_718_452_800_123);
        const { rows } = await session.query<Record<string, Date>>(
          `select $1::timestamp as local, $1::timestamptz as zoned, '2024-06-15'::date as day,
            '1700-01-01 12:00'::timestamp as old, $1::text as text, $1::date::text as date`,
          [date],
        );
        found[zone] = rows;
      }
    } finally {
      if (before === undefined) Reflect.deleteProperty(process.env, 'TZ');
      else process.env['TZ'] = before;
    }
    return found;
  },
  'reads the first and last of times': async ({ client }) => {
    const session = await client();
    await session.query('set timezone to gmt');
    const found: Record<string, unknown> = {};
    for (const text of [
      '275760-09-13 00:00:00 GMT',
      '4713-12-31 12:31:59 BC GMT',
      '275760-09-13 00:00:00 -15:00',
      '0001-12-31 23:59:59 BC GMT',
    ]) {
      const { rows } = await session.query<{ v: Date }>('select $1::timestamptz as v', [text]);
      found[text] = rows[0]?.v.getTime();
    }
    return found;
  },
  'takes dates of other realms': async ({ client }) => {
    const session = await client();
    const foreign = runInNewContext('new Date(1700000000123)') as unknown;
    const array = runInNewContext('[1, 2, 3]') as unknown;
    const { rows } = await session.query(
      'select $1::timestamptz as v, $2::timestamptz as w, $3::int[] as a',
      [new Date(1_700_000_000_123), foreign, array],
    );
    return { rows };
  },
  'sends bytes as bytes, whatever the column is': async ({ client }) => {
    const session = await client();
    await session.query('create temp table bodies (body text, bytes bytea)');
    const insert = 'insert into bodies values ($1, $2) returning *';
    const bytes = Buffer.from([0, 127, 128, 255]);
    return {
      foo: (await session.query(insert, [Buffer.from('foo'), Buffer.from('foo')])).rows,
      none: (await session.query(insert, [Buffer.alloc(0), Buffer.alloc(0)])).rows,
      chinese: (await session.query(insert, [Buffer.from('中文'), bytes])).rows,
      view: (await session.query('select $1::bytea as v', [new Uint16Array([1, 2])])).rows,
      data: (await session.query('select $1::bytea as v', [new DataView(bytes.buffer, bytes.byteOffset, 2)]))
        .rows,
      large: (await session.query<{ v: number }>('select length($1::bytea) as v', [Buffer.alloc(300_000, 7)]))
        .rows,
    };
  },
  'sends control characters and what JSON escapes': async ({ client }) => {
    const session = await client();
    let odd = '\\"\\"';
    for (let i = 1; i <= 0x1f; i++) odd += String.fromCharCode(i);
    const { rows } = await session.query('select $1::text as t, $2::text[] as a, $3::jsonb as j', [
      odd,
      [odd, null],
      { odd },
    ]);
    const nul = await failure(session.query('select $1::text', ['a\u0000b']));
    return { rows, nul: nul['code'], after: (await session.query('select 1 as v')).rows };
  },
  'sends objects as JSON': async ({ client }) => {
    const session = await client();
    const now = new Date(1_700_000_000_000);
    const json = async (value: unknown): Promise<unknown> =>
      (await session.query('select $1::jsonb as v', [value])).rows;
    class Town {
      constructor(readonly name: string) {}
      toJSON(): object {
        return { town: this.name };
      }
    }
    return {
      object: await json({ name: 'Brian', age: 250, alive: true, now }),
      nested: await json({ a: { b: [{ c: null }] } }),
      class: await json(new Town('杭州')),
      map: await json(new Map([[1, 2]])),
      absent: await json({ a: undefined }),
      none: await json({ toJSON: () => undefined }),
      array: (await session.query('select $1::jsonb[] as v', [[{ a: 1 }, { b: now }]])).rows,
      text: (await session.query('select $1::text as v', [{ a: 1 }])).rows,
    };
  },
  'sends what prepares itself': async ({ client, pg }) => {
    const session = await client();
    const one = async (value: unknown, cast = 'text'): Promise<unknown> =>
      (await session.query(`select $1::${cast} as v`, [value])).rows;
    class Money {
      constructor(readonly cents: number) {}
      toPostgres(): string {
        return (this.cents / 100).toFixed(2);
      }
    }
    const prepare = (pg as unknown as { utils: { prepareValue: (value: unknown) => unknown } }).utils
      .prepareValue;
    return {
      money: await one(new Money(1234), 'numeric'),
      moneys: await one([new Money(1), new Money(250)], 'numeric[]'),
      chain: await one({ toPostgres: () => ({ toPostgres: () => 'inner' }) }),
      null: await one({ toPostgres: () => null }),
      buffer: await one({ toPostgres: () => Buffer.from('x') }, 'bytea'),
      date: await one({ toPostgres: () => new Date(0) }, 'timestamptz'),
      prepared: [1, 'a', null, undefined, true, 10n, { a: 1 }, [1, [2]], new Date(Number.NaN)].map(prepare),
    };
  },
  'has parsers of the configuration': async ({ client, pg }) => {
    const types = { getTypeParser: () => () => 'okay!' };
    const session = await client({ types });
    const plain = await client();
    const overrides = new pg.TypeOverrides();
    overrides.setTypeParser(pg.types.builtins.INT4, (text: string) => `int ${text}`);
    const over = await client({ types: overrides });
    const before: unknown = pg.types.getTypeParser(pg.types.builtins.NUMERIC);
    pg.types.setTypeParser(pg.types.builtins.NUMERIC, () => 'yes');
    try {
      return {
        client: (await session.query('select 1 as a, now() as b, null as c')).rows,
        query: (await plain.query<object>({ text: 'select now() as v', types })).rows,
        overrides: (await over.query('select 1 as a, true as b')).rows,
        global: (await plain.query('select 294733346389144765940638005275322203805::numeric as v')).rows,
        parser: plain.constructor.name === 'Client',
        own: typeof (plain as unknown as { getTypeParser: (oid: number) => unknown }).getTypeParser(23),
      };
    } finally {
      pg.types.setTypeParser(pg.types.builtins.NUMERIC, before as (text: string) => unknown);
    }
  },
};
