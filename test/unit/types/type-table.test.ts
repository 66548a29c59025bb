import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Decoder } from '../../../lib/addon/interface.js';
import { READABLE, readsBinary } from '../../../lib/types/binary-results.js';
import { ArrayOid, FIXED_TYPES, KNOWN_OIDS, Oid, VENDOR_TYPES } from '../../../lib/types/oids.js';
import { listText } from '../../../lib/types/parameter-writer.js';
import { TypeMap, type CatalogueType } from '../../../lib/types/type-map.js';
import type { TypeOptions } from '../../../lib/types/type-options.js';

const native = join(__dirname, '../../../native');

/** Names as in native/decoder.h. */
const DECODERS: Readonly<Record<Decoder, string>> = {
  [Decoder.Text]: 'Text',
  [Decoder.Integer]: 'Integer',
  [Decoder.BigInt]: 'BigInt',
  [Decoder.SafeInteger]: 'SafeInteger',
  [Decoder.Float]: 'Float',
  [Decoder.Boolean]: 'Boolean',
  [Decoder.Instant]: 'Instant',
  [Decoder.WallClock]: 'WallClock',
  [Decoder.Bytes]: 'Bytes',
};

function type(given: Partial<CatalogueType> & { oid: number; name: string }): CatalogueType {
  return { elementOid: 0, delimiter: ',', baseOid: 0, length: -1, schema: 'sys', ...given };
}

/** What the text of a value of a type becomes that only the catalogue knows. */
function read(given: CatalogueType, text: string, options: TypeOptions = {}): unknown {
  const types = new TypeMap(options, [given]);
  return (types.textConverterFor(given.oid) ?? String)(text);
}

describe('what the core reads in binary', () => {
  const source = readFileSync(join(native, 'binary_value.cc'), 'utf8');

  it('is the same in native/binary_value.cc as in the table of types', () => {
    const oids = new Map(
      [...source.matchAll(/constexpr uint32_t k(\w+)Oid = (\d+);/g)].map(([, name, oid]) => [
        name,
        Number(oid),
      ]),
    );
    const body = /BinaryForm BinaryFormOf\([^]*?\n}/.exec(source)?.[0] ?? '';
    const forms = new Map<number, string>();
    let cases: number[] = [];
    for (const [, name, form] of body.matchAll(/case k(\w+)Oid:|BinaryForm::k(\w+)\)/g)) {
      if (name !== undefined) cases.push(oids.get(name) ?? NaN);
      else {
        for (const oid of cases) forms.set(oid, form ?? '');
        cases = [];
      }
    }
    const expected = Object.values(FIXED_TYPES).flatMap(({ oid, binary }) =>
      binary === undefined ? [] : [[oid, binary] as const],
    );
    expect(expected.length).toBeGreaterThan(15);
    expect([...forms].sort()).toEqual(expected.sort());
    expect([...oids.values()].sort()).toEqual(expected.map(([oid]) => oid).sort());
  });

  it('is read by the same decoders there as here', () => {
    const body = /BinaryForm BinaryFormOf\([^]*?\n}/.exec(source)?.[0] ?? '';
    const decoders = new Map(
      [...body.matchAll(/only\(([^]*?),\s+BinaryForm::k(\w+)\)/g)].map(([, condition = '', form = '']) => [
        form,
        [...condition.matchAll(/\btext\b|Decoder::k(\w+)/g)].map(([, name = 'Text']) => name).sort(),
      ]),
    );
    const here = Object.entries(READABLE).map(
      ([form, list]) => [form, list.map((decoder) => DECODERS[decoder]).sort()] as const,
    );
    expect([...decoders].sort()).toEqual([...here].sort());
  });

  it('is what the documents say', () => {
    const text = readFileSync(join(__dirname, '../../../docs/values.md'), 'utf8').replace(/\s+/g, ' ');
    const list = /where that of every column is known \(([^)]*)\)/.exec(text)?.[1] ?? '';
    const named = list
      .replace('time stamps read as Date', 'timestamp, timestamptz')
      .replace(/\bchar\b/, 'bpchar, name');
    const known = Object.entries(FIXED_TYPES).flatMap(([name, { binary }]) =>
      binary === undefined ? [] : [name],
    );
    expect(named.split(', ').sort()).toEqual(known.sort());
  });

  it('has the forms of native/binary_value.h', () => {
    const header = readFileSync(join(native, 'binary_value.h'), 'utf8');
    const body = /enum class BinaryForm[^]*?};/.exec(header)?.[0] ?? '';
    const names = [...body.matchAll(/^ {2}k(\w+),/gm)].map(([, name]) => name);
    expect(names.filter((name) => name !== 'None').sort()).toEqual(Object.keys(READABLE).sort());
  });

  it('is nothing that only the catalogue knows', () => {
    const own = VENDOR_TYPES.map(({ name, length = 8 }, i) => type({ oid: 30_000 + i, name, length }));
    const types = new TypeMap({}, own);
    for (const { oid } of own) expect(readsBinary(types, oid)).toBe(false);
    expect(readsBinary(types, Oid.int4)).toBe(true);
  });
});

describe('OIDs', () => {
  it('that PostgreSQL has given since 12 are not taken for known, since KingbaseES has some of them for others', () => {
    for (const oid of [5038, 5039, 5069, 271, 4191, 4192, 4451, 4532, 6150, 6157]) {
      expect(KNOWN_OIDS.has(oid)).toBe(false);
    }
  });

  it('that mean several things are not taken for known either', () => {
    for (const oid of [
      7944, 7754, 8020, 8021, 4655, 7950, 7952, 7954, 7024, 7025, 4189, 6123, 6144, 5026, 5063,
    ]) {
      expect(KNOWN_OIDS.has(oid)).toBe(false);
    }
  });

  it('are there once', () => {
    const all = [...Object.values(Oid), ...Object.values(ArrayOid)];
    expect(new Set(all).size).toBe(all.length);
  });
});

describe("KingbaseES's types by what its catalogue says", () => {
  const local = new Date(2020, 3, 20, 10, 0, 0);
  it.each([
    ['date of mysql mode', { oid: 7944, name: 'date', length: 4 }, '2020-04-20', '2020-04-20'],
    ['date of sqlserver mode', { oid: 7754, name: 'date', length: 4 }, '2020-04-20', '2020-04-20'],
    ['date of oracle mode', { oid: 8020, name: 'date', length: 8 }, '2020-04-20 10:00:00', local],
    [
      'date of oracle mode, upper case',
      { oid: 99_123, name: 'DATE', length: 8 },
      '2020-04-20 10:00:00',
      local,
    ],
    ['datetime of mysql mode', { oid: 7952, name: 'datetime', length: 8 }, '2020-04-20 10:00:00', local],
    ['datetime of another build', { oid: 4189, name: 'datetime', length: 8 }, '2020-04-20 10:00:00', local],
    ['smalldatetime', { oid: 5045, name: 'smalldatetime', length: 8 }, '2020-04-20 10:00:00', local],
    [
      'datetime2',
      { oid: 7690, name: 'datetime2', length: 8 },
      '2020-04-20 10:00:00.1234567',
      new Date(2020, 3, 20, 10, 0, 0, 123),
    ],
    [
      'timestamp of mysql mode',
      { oid: 7954, name: 'timestamp', length: 8 },
      '2020-04-20 10:00:00',
      '2020-04-20 10:00:00',
    ],
    ['time of mysql mode', { oid: 7950, name: 'time', length: 8 }, '-838:59:59', '-838:59:59'],
    ['bit of sqlserver mode', { oid: 7915, name: 'bit', length: 1 }, '1', true],
    ['bit of sqlserver mode, not set', { oid: 7915, name: 'bit', length: 1 }, '0', false],
    ['bit of mysql mode', { oid: 4655, name: 'bit' }, '1', '1'],
    ['tinyint of sqlserver mode', { oid: 5026, name: 'tinyint', length: 1 }, '255', 255],
    ['int of sqlserver mode', { oid: 5063, name: 'int', length: 4 }, '-5', -5],
    [
      'bigint of sqlserver mode',
      { oid: 5065, name: 'bigint', length: 8 },
      '9007199254740993',
      9007199254740993n,
    ],
    ['numeric of sqlserver mode', { oid: 5067, name: 'numeric' }, '1.50', '1.50'],
    ['float of sqlserver mode', { oid: 6071, name: 'float', length: 8 }, '1.5', 1.5],
    ['uint4', { oid: 7082, name: 'uint4', length: 4 }, '4294967295', 4294967295],
    ['uint8', { oid: 7084, name: 'uint8', length: 8 }, '18446744073709551615', 18446744073709551615n],
    ['money of sqlserver mode', { oid: 5069, name: 'money', length: 8 }, '1,234.5000', '1,234.5000'],
    ['nchar', { oid: 5039, name: 'nchar' }, '{6F9619FF}', '{6F9619FF}'],
    ['nchar that looks like an array', { oid: 5039, name: 'nchar' }, '{1,2}', '{1,2}'],
    ['varbinary', { oid: 5024, name: 'varbinary' }, '0x00FF', Buffer.from([0, 255])],
    [
      'rowversion',
      { oid: 5043, name: 'rowversion', length: 8 },
      'what we do not know',
      'what we do not know',
    ],
    ['a set of mysql mode', { oid: 99_124, name: 'Set_t_c', length: 8 }, 'a,b', 'a,b'],
  ] as const)('%s', (_what, given, text, expected) => {
    expect(read(type(given), text)).toEqual(expected);
    const array = type({ oid: 99_999, name: `_${given.name}`, elementOid: given.oid });
    const types = new TypeMap({}, [type(given), array]);
    expect(types.converterFor(array.oid)?.(`{"${text}",NULL}`)).toEqual([expected, null]);
  });

  it('follow the choices for the types that they are like', () => {
    const options = { int8: 'number', numeric: 'number', date: 'date', timestamp: 'string' } as const;
    expect(read(type({ oid: 7084, name: 'uint8' }), '5', options)).toBe(5);
    expect(() => read(type({ oid: 7084, name: 'uint8' }), '18446744073709551615', options)).toThrow(/exact/);
    expect(read(type({ oid: 7944, name: 'date', length: 4 }), '2020-04-20', options)).toEqual(
      new Date(2020, 3, 20),
    );
    expect(read(type({ oid: 8020, name: 'date', length: 8 }), '2020-04-20 10:00:00', options)).toBe(
      '2020-04-20 10:00:00',
    );
    expect(read(type({ oid: 5067, name: 'numeric' }), '1.50', options)).toBe(1.5);
  });

  it("are not a user's types of the same names", () => {
    for (const { name, length = 8 } of VENDOR_TYPES) {
      const text = '0x00';
      expect(read(type({ oid: 99_000, name, length, schema: 'public' }), text)).toBe(text);
    }
  });
});

it('a type that the server leaves open is not looked up', () => {
  expect(new TypeMap().isKnown(0)).toBe(true);
  expect(new TypeMap().isKnown(99_999)).toBe(false);
});

describe('domains', () => {
  const types = new TypeMap(
    {
      hue: { serialize: () => 'written', parse: (text) => text.toUpperCase() },
      uuid: { serialize: () => 'uuid' },
    },
    [
      type({ oid: 70_001, name: 'jdoc', baseOid: Oid.jsonb, schema: 'public' }),
      type({ oid: 70_002, name: 'jdoc2', baseOid: 70_001, schema: 'public' }),
      type({ oid: 70_003, name: '_jdoc2', elementOid: 70_002, schema: 'public' }),
      type({ oid: 70_004, name: 'posint', baseOid: Oid.int4, schema: 'public' }),
      type({ oid: 70_005, name: '_posint', elementOid: 70_004, schema: 'public' }),
      type({ oid: 70_006, name: 'tags', baseOid: ArrayOid.int4, schema: 'public' }),
      type({ oid: 70_007, name: '_tags', elementOid: 70_006, schema: 'public' }),
      type({ oid: 70_008, name: 'hue', schema: 'public' }),
      type({ oid: 70_009, name: 'huedom', baseOid: 70_008, schema: 'public' }),
      type({ oid: 70_010, name: '_huedom', elementOid: 70_009, schema: 'public' }),
      type({ oid: 70_011, name: 'id', baseOid: Oid.uuid, schema: 'public' }),
      type({ oid: 70_012, name: 'loop', baseOid: 70_013, schema: 'public' }),
      type({ oid: 70_013, name: 'loop2', baseOid: 70_012, schema: 'public' }),
      type({ oid: 70_014, name: 'geom', delimiter: ':', schema: 'public' }),
      type({ oid: 70_015, name: '_geom', elementOid: 70_014, delimiter: ':', schema: 'public' }),
    ],
  );

  it('in arrays are read as what is beneath', () => {
    expect(types.converterFor(70_005)?.('{1,NULL}')).toEqual([1, null]);
    expect(types.converterFor(70_003)?.('{"{\\"a\\": 1}"}')).toEqual([{ a: 1 }]);
    expect(types.converterFor(70_007)?.('{"{1,2}",NULL}')).toEqual([[1, 2], null]);
    expect(types.converterFor(70_010)?.('{red}')).toEqual(['RED']);
  });

  it('as parameters are written as what is beneath', () => {
    expect(listText([1, { a: 2 }], 70_001, 0, types)).toBe('[1,{"a":2}]');
    expect(listText([1, { a: 2 }], 70_002, 0, types)).toBe('[1,{"a":2}]');
    expect(listText([1, 2], 70_006, 0, types)).toBe('{1,2}');
    expect(listText(['a', 'b'], 70_015, 0, types)).toBe('{"a":"b"}');
    expect(types.serializerFor(70_009)?.('x')).toBe('written');
    expect(types.serializerFor(70_011)?.('x')).toBe('uuid');
  });

  it('end where a catalogue that makes no sense has no end', () => {
    expect(types.decoderOf(70_012)).toBe(Decoder.Text);
    expect(types.baseOf(70_012)).toBeTypeOf('number');
  });
});
