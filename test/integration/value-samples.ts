/** A value as the server takes and writes it, and as JavaScript gets and sends it. */
export interface Sample {
  text: string;
  value: unknown;
  /** What to send, where that is not the value that was read. */
  parameter?: unknown;
}

export interface TypeSamples {
  type: string;
  samples: Sample[];
  /** The type in whose text equal values are equal; where absent, the type itself. */
  canonical?: string;
  /** The array type's text has semicolons between elements, which the reference driver does not read. */
  semicolons?: true;
}

/** A time on this process's clock; unlike the constructor's, years from 0 to 99 are meant literally. */
export function local(
  year: number,
  month: number,
  day: number,
  hours = 0,
  minutes = 0,
  seconds = 0,
  milliseconds = 0,
): Date {
  const date = new Date(2000, 0, 1);
  date.setFullYear(year, month - 1, day);
  date.setHours(hours, minutes, seconds, milliseconds);
  return date;
}

/** Values whose JavaScript form is the server's text. */
function texts(type: string, ...values: string[]): TypeSamples {
  return { type, samples: values.map((text) => ({ text, value: text })) };
}

function pairs(type: string, ...values: [text: string, value: unknown, parameter?: unknown][]): TypeSamples {
  return {
    type,
    samples: values.map(([text, value, ...rest]) =>
      rest.length === 0 ? { text, value } : { text, value, parameter: rest[0] },
    ),
  };
}

function numbers(type: string, ...values: number[]): TypeSamples {
  return pairs(type, ...values.map((value): [string, number] => [String(value), value]));
}

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
const everyPrintable = String.fromCharCode(...Array.from({ length: 95 }, (_, i) => 32 + i));

export const NUMBERS: TypeSamples[] = [
  numbers('int2', 0, 1, -1, 32767, -32768),
  numbers('int4', 0, 42, -42, 2147483647, -2147483648),
  numbers('oid', 0, 26, 2147483648, 4294967295),
  pairs(
    'int8',
    ['0', 0n],
    ['-1', -1n],
    ['9007199254740993', 9007199254740993n],
    ['9223372036854775807', 9223372036854775807n],
    ['-9223372036854775808', -9223372036854775808n],
  ),
  pairs(
    'float4',
    ['0', 0],
    ['-0', -0],
    ['1.1', 1.1],
    ['-3.4028235e+38', -3.4028235e38],
    ['1e-45', 1e-45],
    ['1.1754942e-38', 1.1754942e-38],
    ['16777216', 16777216],
    ['NaN', NaN],
    ['Infinity', Infinity],
    ['-Infinity', -Infinity],
  ),
  pairs(
    'float8',
    ['0', 0],
    ['-0', -0],
    ['0.1', 0.1],
    ['0.30000000000000004', 0.1 + 0.2],
    ['1.7976931348623157e+308', Number.MAX_VALUE],
    ['-1.7976931348623157e+308', -Number.MAX_VALUE],
    ['5e-324', Number.MIN_VALUE],
    ['2.2250738585072014e-308', 2.2250738585072014e-308],
    ['2.225073858507201e-308', 2.225073858507201e-308],
    ['123456789012345680', 123456789012345680],
    ['1e+22', 1e22],
    ['1e+23', 1e23],
    ['9007199254740993', 9007199254740992],
    ['NaN', NaN],
    ['Infinity', Infinity],
    ['-Infinity', -Infinity],
  ),
  texts(
    'numeric',
    '0',
    '0.00',
    '1.10',
    '123456789012345678901234567890.123456789012345678901234567890',
    '0.000000000000000000000000000000000000000001',
    `-${'9'.repeat(1000)}`,
    'NaN',
  ),
  // As lc_monetary 'C' has it.
  texts('money', '$0.00', '$1,234.50', '-$92,233,720,368,547,758.08', '$92,233,720,368,547,758.07'),
];

export const TEXTS: TypeSamples[] = [
  texts(
    'text',
    '',
    ' ',
    everyPrintable,
    '中文',
    '😀 🇨🇳',
    '"',
    '\\',
    '{}',
    'NULL',
    'a,b',
    "it's",
    '\u0001\n\t\u2028\uffff',
  ),
  texts('varchar', '', 'character varying', '简体中文', 'null'),
  pairs('char(4)', ['ab', 'ab  '], ['中文', '中文  '], ['full', 'full']),
  texts('"char"', 'a', '"', ','),
  texts('name', 'pg_class', '名字'),
  texts('uuid', '00000000-0000-0000-0000-000000000000', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'),
  texts('inet', '192.168.0.1', '10.0.0.0/8', '::1', '2001:db8::/32'),
  texts('cidr', '10.0.0.0/8', '2001:db8::/32'),
  texts('macaddr', '08:00:2b:01:02:03'),
  texts('bit(8)', '10101010', '00000000'),
  texts('varbit', '', '1', '101010101010101010'),
  texts('tsvector', "'fat' 'rat'", "'a':1A,2B"),
  texts('tsquery', "'fat' & ( 'rat' | 'cat' )"),
  texts('pg_lsn', '16/B374D848'),
  texts('regclass', 'pg_class', 'pg_type'),
];

export const OTHERS: TypeSamples[] = [
  pairs('bool', ['true', true], ['false', false]),
  pairs(
    'bytea',
    ['', Buffer.alloc(0)],
    ['\\x00', Buffer.of(0)],
    [`\\x${everyByte.toString('hex')}`, everyByte],
    ['\\x5c785c5c', Buffer.from('\\x\\\\')],
  ),
  texts('int4range', 'empty', '[1,10)', '(,5)', '[5,)'),
  texts('int8range', '[1,9223372036854775807)'),
  texts('numrange', '[1.50,2.5]', '(,)'),
  texts('daterange', '[2024-01-01,2024-02-01)'),
  texts('tsrange', '["2024-01-01 00:00:00","2024-01-01 12:00:00.123456")'),
  texts('tstzrange', '["2024-01-01 00:00:00+00","2024-01-02 00:00:00+00")'),
  texts('point', '(1.5,-2)'),
  texts('circle', '<(1,2),3>'),
  texts('lseg', '[(0,0),(1,1)]'),
  texts('path', '((0,0),(1,1),(2,0))', '[(0,0),(1,1)]'),
  texts('polygon', '((0,0),(1,1),(2,0))'),
  { ...texts('box', '(2,2),(0,0)', '(1.5,1),(-1,-1)'), semicolons: true },
];

/** The text of a json value is read as JSON and an object is written as such; a string is taken for JSON text. */
export const JSONS: TypeSamples[] = ['json', 'jsonb'].map((type) => ({
  ...pairs(
    type,
    ['{"a": [1, 2.5, null, true], "b": {"c": "中文"}}', { a: [1, 2.5, null, true], b: { c: '中文' } }],
    ['{}', {}],
    ['[]', []],
    ['[1, [2, {"three": 3}]]', [1, [2, { three: 3 }]]],
    ['"text"', 'text', '"text"'],
    ['"\\u0001\\"\\\\😀"', '\u0001"\\😀', JSON.stringify('\u0001"\\😀')],
    ['1.5', 1.5],
    ['true', true],
    ['null', null, 'null'],
  ),
  canonical: 'jsonb',
}));

export const TIMES: TypeSamples[] = [
  texts(
    'date',
    '2024-02-29',
    '1970-01-01',
    '0001-01-01',
    '0044-03-15 BC',
    '4713-01-01 BC',
    '10000-01-01',
    '5874897-12-31',
    'infinity',
    '-infinity',
  ),
  texts('time', '00:00:00', '23:59:59.999999', '24:00:00', '12:34:56.7'),
  texts('timetz', '00:00:00+00', '23:59:59.999999+08', '12:00:00-03:30', '12:00:00+15:59:59'),
  texts(
    'interval',
    '00:00:00',
    '1 year 2 mons 3 days 04:05:06.789',
    '-1 years -2 mons +3 days -04:05:06',
    '00:00:00.000001',
    '-00:00:01',
    '178000000 years',
  ),
  pairs(
    'timestamp',
    ['2024-02-29 23:59:58', local(2024, 2, 29, 23, 59, 58)],
    ['2024-02-29 23:59:58.123', local(2024, 2, 29, 23, 59, 58, 123)],
    ['1969-12-31 23:59:59.999', local(1969, 12, 31, 23, 59, 59, 999)],
    ['1970-01-01 00:00:00', local(1970, 1, 1)],
    ['0001-01-01 00:00:00', local(1, 1, 1)],
    ['0099-12-31 00:00:00', local(99, 12, 31)],
    ['0001-12-31 12:00:00 BC', local(0, 12, 31, 12)],
    ['0044-03-15 12:00:00.5 BC', local(-43, 3, 15, 12, 0, 0, 500)],
    ['4713-01-01 00:00:00 BC', local(-4712, 1, 1)],
    ['9999-12-31 23:59:59.999', local(9999, 12, 31, 23, 59, 59, 999)],
    ['10000-01-01 00:00:00', local(10000, 1, 1)],
    ['99999-06-15 12:00:00', local(99999, 6, 15, 12)],
    ['275760-09-11 00:00:00', local(275760, 9, 11)],
    ['294276-12-31 23:59:59.999999', '294276-12-31 23:59:59.999999'],
    ['infinity', 'infinity'],
    ['-infinity', '-infinity'],
  ),
  pairs(
    'timestamptz',
    ['2024-02-29 23:59:58+00', new Date('2024-02-29T23:59:58Z')],
    ['2024-02-29 23:59:58.123+08', new Date('2024-02-29T23:59:58.123+08:00')],
    ['1969-12-31 23:59:59.999+00', new Date(-1)],
    ['1970-01-01 00:00:00+00', new Date(0)],
    ['0001-01-01 00:00:00+00', new Date('0001-01-01T00:00:00Z')],
    ['0044-03-15 12:00:00.5+00 BC', new Date('-000043-03-15T12:00:00.500Z')],
    ['4713-01-02 00:00:00+00 BC', new Date('-004712-01-02T00:00:00Z')],
    ['9999-12-31 23:59:59.999+00', new Date('9999-12-31T23:59:59.999Z')],
    ['10000-01-01 00:00:00+00', new Date('+010000-01-01T00:00:00Z')],
    ['275760-09-11 00:00:00+00', new Date('+275760-09-11T00:00:00Z')],
    ['294276-12-31 23:59:59.999999+00', '294276-12-31 23:59:59.999999+00'],
    ['infinity', 'infinity'],
    ['-infinity', '-infinity'],
  ),
];

export const ALL_SAMPLES: TypeSamples[] = [...NUMBERS, ...TEXTS, ...OTHERS, ...JSONS, ...TIMES];
