import type { Programs } from './program.js';

/** Expressions whose values are read as pg reads them. */
const EXPRESSIONS = [
  '1::int2',
  "'-2147483648'::int4",
  '9223372036854775807::int8',
  '1.5::float4',
  '0.1::float8',
  "'NaN'::float8",
  "'Infinity'::float8",
  '12345678901234567890.123456789::numeric',
  "'1.50'::numeric(10,2)",
  "'12.34'::money",
  'true',
  'false',
  "'text'::text",
  "'中文 😀'::text",
  "''::text",
  "'x'::char(5)",
  "'v'::varchar(7)",
  '\'c\'::"char"',
  "'name'::name",
  '17::oid',
  "'\\x00ff10'::bytea",
  "''::bytea",
  "'2024-02-29'::date",
  "'infinity'::date",
  "'0044-03-15 BC'::date",
  "'12:34:56.789'::time",
  "'12:34:56+02'::timetz",
  "'2024-02-29 12:34:56.789123'::timestamp",
  "'infinity'::timestamp",
  "'-infinity'::timestamptz",
  "'2024-02-29 12:34:56.789123+05:30'::timestamptz",
  "'1 year 2 mons 3 days 04:05:06.7'::interval",
  "'-1 day'::interval",
  '\'{"a": [1, null, "x"]}\'::json',
  '\'{"a": [1, null, "x"]}\'::jsonb',
  "'null'::jsonb",
  "'(1.5,-2)'::point",
  "'<(1,2),3>'::circle",
  "'((0,0),(1,1))'::box",
  "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid",
  "'192.168.0.1/24'::inet",
  "'08:00:2b:01:02:03'::macaddr",
  "'[1,5)'::int4range",
  "B'101'",
  "'a & b'::tsquery",
  "'pg_class'::regclass",
  'row(1, 2)',
  'null::int4',
  'null',
  "'{1,2,NULL}'::int4[]",
  "'{{1,2},{3,4}}'::int4[]",
  "'{9007199254740993}'::int8[]",
  "'{1.10}'::numeric[]",
  '\'{a,"b c",NULL,"NULL","q\\"q"}\'::text[]',
  "'{t,f}'::bool[]",
  "'{1.5}'::float8[]",
  "'{2024-02-29}'::date[]",
  "'{2024-02-29 12:00:00}'::timestamp[]",
  "'{2024-02-29 12:00:00+00}'::timestamptz[]",
  '\'{"{\\"a\\":1}"}\'::jsonb[]',
  '\'{"\\\\x00ff"}\'::bytea[]',
  "'{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'::uuid[]",
  "'{}'::text[]",
];

/** Parameters, and what the server makes of each. */
const PARAMETERS: [name: string, cast: string, value: unknown][] = [
  ['a number', 'int4', 42],
  ['a negative number', 'float8', -1.5],
  ['a large number', 'float8', 1e300],
  ['a bigint', 'int8', 9007199254740993n],
  ['a string', 'text', 'it\'s \\ "quoted"'],
  ['an empty string', 'text', ''],
  ['Chinese', 'text', '中文 😀'],
  ['true', 'bool', true],
  ['false', 'bool', false],
  ['null', 'text', null],
  ['undefined', 'text', undefined],
  ['a Buffer', 'bytea', Buffer.from([0, 1, 255])],
  ['a Uint8Array', 'bytea', new Uint8Array([1, 2, 3])],
  ['a Date for timestamptz', 'timestamptz', new Date(1_700_000_000_123)],
  ['a Date for timestamp', 'timestamp', new Date(1_700_000_000_123)],
  ['a Date for date', 'date', new Date(1_700_000_000_123)],
  ['an old Date', 'timestamptz', new Date(-62_200_000_000_000)],
  ['an array of numbers', 'int4[]', [1, 2, null]],
  ['an array of strings', 'text[]', ['a', 'b "c"', '\\', '', 'NULL']],
  ['a nested array', 'int4[]', [[1, 2], [3, 4]]], // prettier-ignore
  ['an array of Buffers', 'bytea[]', [Buffer.from([0, 255])]],
  ['an array of dates', 'timestamptz[]', [new Date(0)]],
  ['an empty array', 'int4[]', []],
  ['an array of objects', 'jsonb[]', [{ a: 1 }, { b: 'x' }]],
  ['an object', 'jsonb', { a: [1, 'x', null] }],
  ['a string of JSON', 'json', '{"a":1}'],
  ['toPostgres', 'text', { toPostgres: () => 'said itself' }],
  [
    'toPostgres with prepareValue',
    'int4[]',
    { toPostgres: (prepare: (v: unknown) => unknown) => prepare([1, 2]) },
  ],
  ['toJSON', 'json', { toJSON: () => ({ said: 'itself' }) }],
];

export const values: Programs = {
  'reads values by the simple protocol': async ({ client }) => {
    const session = await client();
    const found: Record<string, unknown> = {};
    for (const expression of EXPRESSIONS) {
      const { rows, fields } = await session.query(`select ${expression} as v`);
      found[expression] = { rows, fields: fields.map((field) => ({ ...field })) };
    }
    return found;
  },
  'reads values by the extended protocol': async ({ client }) => {
    const session = await client();
    const found: Record<string, unknown> = {};
    for (const expression of EXPRESSIONS) {
      const { rows } = await session.query(`select ${expression} as v where $1`, [true]);
      found[expression] = rows;
    }
    return found;
  },
  'writes parameters': async ({ client }) => {
    const session = await client();
    const found: Record<string, unknown> = {};
    for (const [name, cast, value] of PARAMETERS) {
      const { rows } = await session.query(`select $1::${cast} as v, $1::${cast}::text as t`, [value]);
      found[name] = rows;
    }
    return found;
  },
  'writes dates as UTC where that is asked for': async ({ pg, client }) => {
    const session = await client();
    pg.defaults.parseInputDatesAsUTC = true;
    try {
      const { rows } = await session.query('select $1::timestamp::text as t', [new Date(1_700_000_000_123)]);
      return { rows };
    } finally {
      pg.defaults.parseInputDatesAsUTC = false;
    }
  },
  'reads by parsers of the process, the client and the query': async ({ pg, client }) => {
    const { INT8 } = pg.types.builtins;
    const before: unknown = pg.types.getTypeParser(INT8);
    pg.types.setTypeParser(INT8, (text) => `process ${text}`);
    try {
      const session = await client();
      const first = await session.query('select 1::int8 as v, array[1::int8] as a');
      session.setTypeParser(INT8, (text: string) => `client ${text}`);
      const second = await session.query('select 1::int8 as v');
      const getTypeParser = (oid: number, format?: string) => (text: string) => `${oid} ${format} ${text}`;
      const types = { getTypeParser } as never;
      const third = await session.query({ text: 'select 1::int8 as v, true as b, null as n', types });
      return { first: first.rows, second: second.rows, third: third.rows };
    } finally {
      pg.types.setTypeParser(INT8, before as (text: string) => unknown);
    }
  },
  'reads int8 as numbers by parseInt8': async ({ pg, client }) => {
    const session = await client();
    pg.defaults.parseInt8 = true;
    try {
      return { rows: (await session.query("select 5::int8 as v, '{5,6}'::int8[] as a")).rows };
    } finally {
      pg.defaults.parseInt8 = false;
    }
  },
  'has what a parser throws reject the query': async ({ pg, client }) => {
    const session = await client();
    session.setTypeParser(pg.types.builtins.INT4, () => {
      throw new Error('unreadable');
    });
    const message = await session.query('select 1 as v').catch((error: unknown) => (error as Error).message);
    return { message, after: (await session.query("select 'x' as v")).rows };
  },
  'has literals and identifiers': async ({ pg }) => {
    const texts = ['', 'a', "it's", 'back\\slash', 'quote"d', '中文'];
    return Promise.resolve({
      literals: texts.map((text) => pg.escapeLiteral(text)),
      identifiers: texts.map((text) => pg.escapeIdentifier(text)),
      none: pg.escapeLiteral(null as never),
      builtins: pg.types.builtins,
    });
  },
};
