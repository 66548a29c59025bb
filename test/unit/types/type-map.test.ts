import { describe, expect, it, vi } from 'vitest';
import { Decoder } from '../../../lib/addon/interface.js';
import { UsageError } from '../../../lib/errors/index.js';
import { ArrayOid, ELEMENT_TYPES, KNOWN_OIDS, Oid } from '../../../lib/types/oids.js';
import { TypeMap, type CatalogueType } from '../../../lib/types/type-map.js';
import type { TypeOptions } from '../../../lib/types/type-options.js';

/** An ordinary type of a user's; what is not told of it does not matter. */
function catalogueType(given: Partial<CatalogueType> & { oid: number; name: string }): CatalogueType {
  return { elementOid: 0, delimiter: ',', baseOid: 0, length: -1, schema: 'public', ...given };
}

function decoderOf(types: TypeMap, oid: number): number {
  for (let i = 0; i < types.decoders.length; i += 2) {
    if (types.decoders[i] === oid) return types.decoders[i + 1] as number;
  }
  return Decoder.Text;
}

function convert(options: TypeOptions | undefined, oid: number, value: unknown): unknown {
  const converter = new TypeMap(options).converterFor(oid);
  return converter === undefined ? value : converter(value);
}

const usageError = (code: string, message: RegExp): unknown =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string });

function thrownBy(f: () => unknown): unknown {
  try {
    f();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return error;
  }
  return expect.fail('nothing was thrown');
}

describe('the tables of OIDs', () => {
  it('have no number twice', () => {
    expect(KNOWN_OIDS.size).toBe(Object.keys(Oid).length + Object.keys(ArrayOid).length);
  });

  it('pair elements with arrays', () => {
    expect(ELEMENT_TYPES.get(1007)).toEqual({ oid: 23, delimiter: ',' });
    expect(ELEMENT_TYPES.get(1020)).toEqual({ oid: 603, delimiter: ';' });
    expect(ELEMENT_TYPES.get(8101)).toEqual({ oid: 8100, delimiter: ',' });
  });
});

describe('decoders', () => {
  it.each([
    ['int2', Decoder.Integer],
    ['int4', Decoder.Integer],
    ['oid', Decoder.Integer],
    ['tinyint', Decoder.Integer],
    ['mediumint', Decoder.Integer],
    ['int8', Decoder.BigInt],
    ['float4', Decoder.Float],
    ['float8', Decoder.Float],
    ['numeric', Decoder.Text],
    ['money', Decoder.Text],
    ['bool', Decoder.Boolean],
    ['bytea', Decoder.Bytes],
    ['blob', Decoder.Bytes],
    ['clob', Decoder.Text],
    ['date', Decoder.Text],
    ['timestamp', Decoder.WallClock],
    ['timestamptz', Decoder.Instant],
    ['uuid', Decoder.Text],
    ['json', Decoder.Text],
  ] as const)('default of %s', (name, decoder) => {
    expect(decoderOf(new TypeMap(), Oid[name])).toBe(decoder);
  });

  it.each([
    [{ int8: 'number' }, 'int8', Decoder.SafeInteger],
    [{ int8: 'string' }, 'int8', Decoder.Text],
    [{ numeric: 'number' }, 'numeric', Decoder.Float],
    [{ date: 'date' }, 'date', Decoder.WallClock],
    [{ timestamp: 'string' }, 'timestamp', Decoder.Text],
    [{ timestamp: 'string' }, 'timestamptz', Decoder.Text],
    [{ 23: { parse: Number } }, 'int4', Decoder.Text],
    [{ bool: { parse: Boolean } }, 'bool', Decoder.Text],
  ] as const)('%o', (options, name, decoder) => {
    expect(decoderOf(new TypeMap(options), Oid[name])).toBe(decoder);
  });
});

describe('converters', () => {
  it('make Dates of times, and let text pass', () => {
    expect(convert({}, Oid.timestamptz, 1.7e12)).toEqual(new Date(1.7e12));
    expect(convert({}, Oid.timestamptz, 'infinity')).toBe('infinity');
    expect(convert({}, Oid.timestamp, Date.UTC(2024, 0, 2, 3, 4, 5, 6))).toEqual(
      new Date(2024, 0, 2, 3, 4, 5, 6),
    );
    expect(convert({}, Oid.timestamp, '-infinity')).toBe('-infinity');
    expect(convert({ date: 'date' }, Oid.date, Date.UTC(2024, 0, 2))).toEqual(new Date(2024, 0, 2));
  });

  it('parse JSON unless told not to', () => {
    expect(convert({}, Oid.jsonb, '{"a":[1,null]}')).toEqual({ a: [1, null] });
    expect(convert({}, Oid.json, 'null')).toBe(null);
    expect(convert({ json: 'string' }, Oid.json, 'null')).toBe('null');
  });

  it('refuse an int8 that has no exact number', () => {
    expect(convert({ int8: 'number' }, Oid.int8, 5)).toBe(5);
    expect(thrownBy(() => convert({ int8: 'number' }, Oid.int8, 9007199254740993n))).toEqual(
      usageError('KB_VALUE_NOT_EXACT', /9007199254740993/),
    );
    expect(thrownBy(() => convert({ int8: 'number' }, ArrayOid.int8, '{1,9007199254740993}'))).toEqual(
      usageError('KB_VALUE_NOT_EXACT', /9007199254740993/),
    );
  });

  it('are absent where the core does all', () => {
    const types = new TypeMap();
    for (const oid of [Oid.int4, Oid.text, Oid.bytea, Oid.numeric, 99_999]) {
      expect(types.converterFor(oid)).toBeUndefined();
    }
  });

  it('read arrays by the rule of their elements', () => {
    expect(convert({}, ArrayOid.int4, '{1,NULL,-3}')).toEqual([1, null, -3]);
    expect(convert({}, ArrayOid.int8, '{{1,2},{3,NULL}}')).toEqual([
      [1n, 2n],
      [3n, null],
    ]);
    expect(convert({}, ArrayOid.float8, '{NaN,Infinity,1e+300}')).toEqual([NaN, Infinity, 1e300]);
    expect(convert({}, ArrayOid.bool, '[0:1]={t,f}')).toEqual([true, false]);
    expect(convert({}, ArrayOid.text, '{"a b","NULL",NULL,""}')).toEqual(['a b', 'NULL', null, '']);
    expect(convert({}, ArrayOid.numeric, '{1.50}')).toEqual(['1.50']);
    expect(convert({ numeric: 'number' }, ArrayOid.numeric, '{1.50}')).toEqual([1.5]);
    expect(convert({}, ArrayOid.bytea, '{"\\\\x00ff"}')).toEqual([Buffer.from([0, 255])]);
    expect(convert({}, ArrayOid.jsonb, '{"{\\"a\\": 1}","null"}')).toEqual([{ a: 1 }, null]);
    expect(convert({}, ArrayOid.box, '{(1,1),(0,0);(2,2),(0,0)}')).toEqual(['(1,1),(0,0)', '(2,2),(0,0)']);
    expect(convert({}, ArrayOid.timestamptz, '{"2024-01-01 00:00:00+00",infinity}')).toEqual([
      new Date('2024-01-01T00:00:00Z'),
      'infinity',
    ]);
    expect(convert({}, ArrayOid.timestamp, '{"2024-07-01 12:00:00.5"}')).toEqual([
      new Date(2024, 6, 1, 12, 0, 0, 500),
    ]);
    expect(convert({}, ArrayOid.date, '{2024-01-01}')).toEqual(['2024-01-01']);
    expect(convert({ date: 'date' }, ArrayOid.date, '{2024-01-01}')).toEqual([new Date(2024, 0, 1)]);
  });
});

describe("the caller's own types", () => {
  const upper = { parse: (text: string) => text.toUpperCase(), serialize: () => 'written' };

  it('go by OID and by name, and hold for arrays', () => {
    expect(convert({ 2950: upper }, Oid.uuid, 'ab')).toBe('AB');
    expect(convert({ uuid: upper }, Oid.uuid, 'ab')).toBe('AB');
    expect(convert({ uuid: upper }, ArrayOid.uuid, '{ab,NULL}')).toEqual(['AB', null]);
    expect(convert({ json: upper }, Oid.json, 'ab')).toBe('AB');
    expect(convert({ [ArrayOid.uuid]: upper }, ArrayOid.uuid, '{ab}')).toBe('{AB}');
  });

  it('keep their this', () => {
    class Prefix {
      constructor(private readonly prefix: string) {}
      parse(text: string): string {
        return this.prefix + text;
      }
      serialize(value: unknown): string {
        return this.prefix + String(value);
      }
    }
    const types = new TypeMap({ uuid: new Prefix('x') });
    expect(types.converterFor(Oid.uuid)?.('1')).toBe('x1');
    expect(types.serializerFor(Oid.uuid)?.('1')).toBe('x1');
  });

  it('serialize', () => {
    const types = new TypeMap({ uuid: upper });
    expect(types.hasSerializers).toBe(true);
    expect(types.serializerFor(Oid.uuid)?.('a')).toBe('written');
    expect(types.serializerFor(Oid.int4)).toBeUndefined();
    expect(new TypeMap({ uuid: { parse: String } }).hasSerializers).toBe(false);
  });

  it('are found in the catalogue by name', () => {
    const point3 = catalogueType({ oid: 70_001, name: 'POINT3' });
    const array = catalogueType({ oid: 70_000, name: '_point3', elementOid: 70_001 });
    const before = new TypeMap({ point3: upper });
    expect([...before.customByName.keys()]).toEqual(['point3']);
    expect(before.isKnown(70_001)).toBe(false);
    const types = new TypeMap({ point3: upper }, [array, point3]);
    expect(types.isKnown(70_001)).toBe(true);
    expect(types.converterFor(70_001)?.('ab')).toBe('AB');
    expect(types.converterFor(70_000)?.('{ab}')).toEqual(['AB']);
    expect(types.serializerFor(70_001)?.('x')).toBe('written');
  });
});

describe('the catalogue', () => {
  it("gives Kingbase's types their rule by name", () => {
    const types = new TypeMap({}, [
      catalogueType({ oid: 9, name: 'TINYINT', schema: 'sys_catalog', length: 1 }),
      catalogueType({ oid: 972, name: '_tinyint', elementOid: 9, schema: 'sys_catalog' }),
      catalogueType({ oid: 11_659, name: 'blob', schema: 'pg_catalog' }),
      catalogueType({ oid: 12_345, name: 'date', schema: 'sys', length: 8 }),
      catalogueType({ oid: 70_000, name: 'mood', length: 4 }),
      catalogueType({ oid: 70_001, name: '_mood', elementOid: 70_000 }),
    ]);
    expect(decoderOf(types, 9)).toBe(Decoder.Integer);
    expect(decoderOf(types, 11_659)).toBe(Decoder.Bytes);
    expect(decoderOf(types, 12_345)).toBe(Decoder.WallClock);
    expect(types.converterFor(972)?.('{1,2}')).toEqual([1, 2]);
    expect(types.converterFor(70_000)).toBeUndefined();
    expect(types.converterFor(70_001)?.('{sad,"ok"}')).toEqual(['sad', 'ok']);
  });
});

describe('options', () => {
  it.each([
    [{ int8: 'int' }, /types\.int8 is 'int', but must be 'bigint', 'number' or 'string'/],
    [{ int8: 'bigin' }, /Did you mean 'bigint'\?/],
    [{ itn8: 'number' }, /types\.itn8.*Did you mean 'int8'\?/],
    [{ timestmap: 'string' }, /Did you mean 'timestamp'\?/],
    [{ JSON: 'parse' }, /Did you mean 'json'\?/],
    [
      { uuid: 'string' },
      /types\.uuid.*'int8', 'numeric', 'date', 'timestamp', 'json' or 'all'.*\{ parse, serialize \}/,
    ],
    [{ int8: 5 }, /types\.int8 is 5/],
    [{ int8: null }, /types\.int8 is null/],
    [{ uuid: {} }, /types\.uuid needs a function/],
    [{ uuid: { pars: String } }, /'pars'.*Did you mean 'parse'\?/],
    [{ uuid: { parse: 'x' } }, /types\.uuid\.parse must be a function/],
    [{ uuid: String }, /takes a function/],
    [{ 0: { parse: String } }, /types\[0\] is not a type OID/],
    [{ 4294967296: { parse: String } }, /is not a type OID/],
    [[], /must be an object/],
    ['x', /must be an object/],
  ])('%o is refused', (options, message) => {
    expect(thrownBy(() => new TypeMap(options as never))).toEqual(usageError('KB_BAD_OPTION', message));
  });

  it('ignore undefined', () => {
    expect(decoderOf(new TypeMap({ int8: undefined } as never), Oid.int8)).toBe(Decoder.BigInt);
  });

  it('do not call anything yet', () => {
    const parse = vi.fn();
    new TypeMap({ uuid: { parse } });
    expect(parse).not.toHaveBeenCalled();
  });
});
