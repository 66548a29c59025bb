import { RELEASES, type DatabaseMode, type Release } from '../support/kingbase/servers.js';
import { typesOf, type EmulatedType, type FormName } from '../support/kingbase/types.js';

/** A value of a type: the server's text, what a program gets, and the server's binary form in hexadecimal. */
export interface KingbaseSample {
  readonly text: string;
  readonly value: unknown;
  /** Of forms that are Kingbase's own. */
  readonly binary?: string;
  /** It has more digits than what a program gets: it does not come back when that is written. */
  readonly finer?: true;
}

export interface SampledType {
  /** As it is written in SQL. */
  readonly type: string;
  readonly samples: readonly [KingbaseSample, ...KingbaseSample[]];
  readonly emulated?: EmulatedType;
}

const sample = (text: string, value: unknown, binary?: string): KingbaseSample => ({
  text,
  value,
  ...(binary !== undefined && { binary }),
});
const finer = (text: string, value: unknown, binary: string): KingbaseSample => ({
  ...{ text, value, binary },
  finer: true,
});
/** What comes as it is written. */
const same = (text: string, binary?: string): KingbaseSample => sample(text, text, binary);

const BY_FORM: Readonly<Record<FormName, SampledType['samples']>> = {
  tinyint: [sample('-128', -128, '80'), sample('127', 127, '7f')],
  unsignedTinyint: [sample('255', 255, 'ff'), sample('0', 0, '00')],
  int2: [sample('-32768', -32768, '8000')],
  int4: [sample('2024', 2024, '000007e8')],
  int8: [sample('9007199254740993', 9007199254740993n, '0020000000000001')],
  float4: [sample('0.1', 0.1, '3dcccccd'), sample('NaN', NaN)],
  float8: [sample('0.30000000000000004', 0.1 + 0.2, '3fd3333333333334'), sample('-Infinity', -Infinity)],
  numeric: [same('12345678901234567890.50')],
  uint4: [sample('4294967295', 4294967295, 'ffffffff'), sample('0', 0, '00000000')],
  uint8: [sample('18446744073709551615', 18446744073709551615n, 'ffffffffffffffff')],
  flag: [sample('1', true, '01'), sample('0', false, '00')],
  money: [same('-1,234,567.8900', 'fffffffd2023e3cc'), same('0.0100', '0000000000000064')],
  // What begins with a brace could be taken for an array.
  text: [same('{6F9619FF-8B86-D011}'), same('中文, "x" \\ {}')],
  bpchar: [same('{1,2}'), same('中文')],
  varchar: [same('{A}'), same('中文, "x" \\ {}')],
  uuid: [same('6f9619ff-8b86-d011-b42d-00c04fc964ff', '6f9619ff8b86d011b42d00c04fc964ff')],
  bytes: [sample('\\x00ff5c', Buffer.from('00ff5c', 'hex'), '00ff5c')],
  hexBytes: [sample('0x00FF5C', Buffer.from('00ff5c', 'hex'), '00ff5c'), sample('0x', Buffer.alloc(0), '')],
  rowVersion: [sample('0x00000000000007D1', Buffer.from('00000000000007d1', 'hex'), '00000000000007d1')],
  bits: [
    same('0101', '0000000100000003a0'),
    same('0000', '000000040000000000'),
    same('0001', '000000030000000180'),
    same('1111', '0000000000000004f0'),
  ],
  date: [same('2020-04-20', '00001cf7')],
  timestamp: [sample('2020-04-20 10:00:00', new Date(2020, 3, 20, 10), '000246b4bb120800')],
  millisecondClock: [
    sample('2020-04-20 10:00:00.120', new Date(2020, 3, 20, 10, 0, 0, 120), '000246b4bb13dcc0'),
  ],
  zonedClock: [same('2020-04-20 10:00:00')],
  fineTimestamp: [
    sample('2020-04-20 10:00:00.123', new Date(2020, 3, 20, 10, 0, 0, 123)),
    finer('2020-04-20 10:00:00.1234567', new Date(2020, 3, 20, 10, 0, 0, 123), '0016c30f4ec72687'),
    finer('1999-12-31 23:59:59.9999999', new Date(1999, 11, 31, 23, 59, 59, 999), 'ffffffffffffffff'),
  ],
  fineTime: [same('10:00:00.1234567', '00000053d1bee687'), same('00:00:00', '0000000000000000')],
  duration: [same('-838:59:59', 'fffffd40c230c640'), same('838:59:59.000001')],
  daySecond: [
    same('+000000001 02:03:04.5', '000006b7567fd5000000000100000000'),
    same('-000000002 17:10:03.47'),
  ],
  yearMonth: [same('+000000001-02', '0000000000000000000000000000000e')],
};

const BENEATH: readonly (readonly [RegExp, SampledType['samples']])[] = [
  [/int4/, [sample('2024', 2024)]],
  [/bytea|blob/, [sample('\\x00ff5c', Buffer.from('00ff5c', 'hex'))]],
  [/jsonb/, [sample('{"a": [1, "中"]}', { a: [1, '中'] })]],
  [/timestamp/, [sample('2020-04-20 10:00:00', new Date(2020, 3, 20, 10))]],
  [/pg_lsn/, [same('16/B374D848')]],
  [/text|char/, [same('{6F9619FF}'), same('中文, "x" \\ {}')]],
];

function samplesOf(type: EmulatedType): SampledType['samples'] {
  switch (type.kind) {
    case 'base':
      return BY_FORM[type.form];
    case 'enum':
      return [same(type.labels[0] ?? ''), same(type.labels[1] ?? '')];
    case 'set':
      return [same('red,blue'), same('')];
    case 'domain': {
      const found = BENEATH.find(([over]) => over.test(type.over));
      if (found === undefined) throw new Error(`There is no sample for ${type.over}.`);
      return found[1];
    }
  }
}

/** What every mode has from PostgreSQL. */
const OF_POSTGRES: readonly SampledType[] = [
  { type: 'pg_catalog.bool', samples: [sample('t', true)] },
  { type: 'pg_catalog.int2', samples: BY_FORM.int2 },
  { type: 'pg_catalog.int8', samples: BY_FORM.int8 },
  { type: 'pg_catalog.float4', samples: [sample('0.1', 0.1)] },
  { type: 'pg_catalog.float8', samples: BY_FORM.float8 },
  { type: 'pg_catalog."numeric"', samples: BY_FORM.numeric },
  { type: 'pg_catalog.text', samples: BY_FORM.text },
  { type: 'pg_catalog."varchar"', samples: BY_FORM.varchar },
  { type: 'pg_catalog.date', samples: BY_FORM.date },
  { type: 'pg_catalog."time"', samples: [same('10:00:00.5')] },
  { type: 'pg_catalog."timestamp"', samples: BY_FORM.timestamp },
  {
    type: 'pg_catalog.timestamptz',
    samples: [sample('2020-04-20 10:00:00+00', new Date('2020-04-20T10:00:00Z'))],
  },
  { type: 'pg_catalog.jsonb', samples: [sample('{"a": [1, "中"]}', { a: [1, '中'] })] },
  { type: 'pg_catalog.bytea', samples: BY_FORM.bytes },
  { type: 'pg_catalog.uuid', samples: BY_FORM.uuid },
];

/** All types of a server, its own and those of PostgreSQL. */
export function sampledTypes(release: Release, mode: DatabaseMode): SampledType[] {
  const own = typesOf(release, mode).map((emulated): SampledType => ({
    type: `${emulated.schema}."${emulated.name}"`,
    samples: samplesOf(emulated),
    emulated,
  }));
  return [...own, ...OF_POSTGRES];
}

/** Every server that is imitated. */
export const SERVERS = Object.entries(RELEASES).flatMap(([release, { modes }]) =>
  modes.map((mode) => ({ release: release as Release, mode })),
);
