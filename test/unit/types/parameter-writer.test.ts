import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { UsageError } from '../../../lib/errors/index.js';
import { parseArray } from '../../../lib/types/array-text.js';
import { formatDate } from '../../../lib/types/calendar.js';
import { ArrayOid, Oid } from '../../../lib/types/oids.js';
import { ParameterWriter, needsParameterTypes } from '../../../lib/types/parameter-writer.js';
import { TypeMap } from '../../../lib/types/type-map.js';
import type { TypeOptions } from '../../../lib/types/type-options.js';

interface Parameter {
  oid: number;
  format: number;
  bytes: Buffer | null;
}

/** Reads as the core does. */
function read(writer: ParameterWriter): Parameter[] {
  const parameters: Parameter[] = [];
  const buffer = Buffer.from(writer.bytes.buffer, writer.bytes.byteOffset, writer.length);
  let at = 0;
  while (at < buffer.length) {
    const length = buffer.readInt32LE(at);
    const oid = buffer.readUInt32LE(at + 4);
    const format = buffer.readUInt8(at + 8);
    at += 9;
    if (length < 0) {
      expect(length).toBe(-1);
      parameters.push({ oid, format, bytes: null });
      continue;
    }
    const bytes = Buffer.from(buffer.subarray(at, at + length));
    expect(bytes).toHaveLength(length);
    expect(buffer[at + length]).toBe(0);
    at += length + 1;
    parameters.push({ oid, format, bytes });
  }
  expect(parameters).toHaveLength(writer.count);
  return parameters;
}

const plain = new TypeMap();

function write(value: unknown, oid = 0, types = plain): Parameter {
  const writer = new ParameterWriter();
  writer.write(value, oid, 0, types);
  return read(writer)[0] as Parameter;
}

function text(value: unknown, oid = 0, options?: TypeOptions): string | null {
  const parameter = write(value, oid, new TypeMap(options));
  expect(parameter.format).toBe(0);
  return parameter.bytes === null ? null : parameter.bytes.toString();
}

function refusal(
  value: unknown,
  index = 0,
  options?: TypeOptions,
  oid = 0,
  code = 'KB_BAD_PARAMETER',
): UsageError {
  const writer = new ParameterWriter();
  writer.write('first', 0, 0, plain);
  const before = writer.length;
  try {
    writer.write(value, oid, index, new TypeMap(options));
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code, parameterIndex: index });
    expect((error as UsageError).message).toContain(`Parameter $${index + 1} `);
    expect(writer.length).toBe(before);
    expect(read(writer)).toHaveLength(1);
    return error as UsageError;
  }
  return expect.fail('was not refused');
}

const own = (value: unknown): object => ({ [Symbol.for('kingbase.value')]: () => value });

describe('records', () => {
  it('hold any sequence of values', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 100 }).map((s) => s.replaceAll('\0', '')),
      fc.string({ unit: 'binary', maxLength: 20 }).map((s) => s.replaceAll('\0', '').repeat(4000)),
      fc.string(),
      fc.constant(null),
      fc.constant(undefined),
      fc.integer(),
      fc.double(),
      fc.bigInt(),
      fc.boolean(),
      fc.uint8Array({ maxLength: 300 }),
    );
    const oid = fc.integer({ min: 0, max: 0xffff_ffff });
    const writer = new ParameterWriter();
    fc.assert(
      fc.property(fc.array(fc.tuple(value, oid), { maxLength: 30 }), (parameters) => {
        writer.reset();
        parameters.forEach(([v, o], i) => writer.write(v, o, i, plain));
        const records = read(writer);
        expect(records).toHaveLength(parameters.length);
        records.forEach(({ oid: o, format, bytes }, i) => {
          const [v, expectedOid] = parameters[i]!;
          expect(o).toBe(expectedOid);
          if (v === null || v === undefined) {
            expect(bytes).toBeNull();
          } else if (v instanceof Uint8Array) {
            expect(format).toBe(1);
            expect(bytes).toEqual(Buffer.from(v));
          } else {
            expect(format).toBe(0);
            expect(bytes?.equals(Buffer.from(Object.is(v, -0) ? '-0' : String(v)))).toBe(true);
          }
        });
      }),
      { numRuns: 200 },
    );
  });

  it('keep what was written when the buffer grows', () => {
    const writer = new ParameterWriter();
    expect(writer.bytes).toHaveLength(65_536);
    const { bytes } = writer;
    writer.write('small', 1, 0, plain);
    expect(writer.bytes).toBe(bytes);
    writer.write('x'.repeat(2_000_000), 2, 1, plain);
    expect(writer.bytes).not.toBe(bytes);
    expect(read(writer).map((p) => p.bytes?.length)).toEqual([5, 2_000_000]);
    writer.trim();
    expect(writer).toMatchObject({ length: 0, count: 0 });
    expect(writer.bytes).toHaveLength(65_536);
    writer.write(7, 0, 0, plain);
    expect(read(writer)[0]?.bytes?.toString()).toBe('7');
  });

  it('end exactly at the end of the buffer', () => {
    for (let spare = 0; spare < 60; spare++) {
      const writer = new ParameterWriter();
      writer.write(Buffer.alloc(65_536 - 10 - spare), 0, 0, plain);
      writer.write(-2147483648, 0, 1, plain);
      writer.write(null, 0, 2, plain);
      writer.write('abc', 0, 3, plain);
      writer.write('国', 0, 4, plain);
      expect(
        read(writer)
          .map((p) => p.bytes?.toString())
          .slice(1),
      ).toEqual(['-2147483648', undefined, 'abc', '国']);
    }
  });

  it('are not trimmed while small', () => {
    const writer = new ParameterWriter();
    writer.write('x'.repeat(500_000), 0, 0, plain);
    const { bytes } = writer;
    writer.trim();
    expect(writer.bytes).toBe(bytes);
    expect(writer.length).toBe(0);
  });

  it('stay below 1 GiB', () => {
    // Zeroed pages take no memory until they are written to, and nothing writes to these.
    const huge = new Uint8Array(0x3fff_ffff);
    expect(refusal(huge, 0, undefined, 0, 'KB_VALUE_TOO_LARGE').message).toMatch(/larger than 1 GiB/);
  });
});

describe('numbers', () => {
  it.each([
    [0, '0'],
    [-0, '-0'],
    [7, '7'],
    [-10, '-10'],
    [999, '999'],
    [1000, '1000'],
    [2147483647, '2147483647'],
    [-2147483648, '-2147483648'],
    [2147483648, '2147483648'],
    [1.5, '1.5'],
    [1e21, '1e+21'],
    [5e-324, '5e-324'],
    [NaN, 'NaN'],
    [Infinity, 'Infinity'],
    [-Infinity, '-Infinity'],
    [-(2n ** 63n), '-9223372036854775808'],
    [true, 'true'],
    [false, 'false'],
  ])('%s', (value, expected) => {
    expect(text(value)).toBe(expected);
  });

  it('writes every int32', () => {
    fc.assert(
      fc.property(fc.integer(), (n) => {
        expect(text(n)).toBe(String(n));
      }),
      { numRuns: 500 },
    );
  });
});

describe('strings', () => {
  it.each([
    '',
    'abc',
    '中文',
    'x'.repeat(31) + '国',
    'x'.repeat(32),
    'x'.repeat(33),
    '😀'.repeat(40),
    '国'.repeat(30_000),
  ])('are UTF-8', (value) => {
    expect(text(value)).toBe(value);
  });

  it('have U+FFFD for a lone surrogate, as UTF-8 has none', () => {
    for (const length of [1, 200, 70_000]) {
      const filler = 'a'.repeat(length);
      expect(text(`${filler}\ud800b\udc00`)).toBe(`${filler}\ufffdb\ufffd`);
    }
  });

  it('may not contain U+0000', () => {
    for (const value of ['\0', 'a\0b', `${'x'.repeat(1000)}\0`, '国\0', ['a\0'], own('\0')]) {
      expect(refusal(value, 2).message).toMatch(/^Parameter \$3 contains the character U\+0000/);
    }
  });
});

describe('objects', () => {
  it('Date', () => {
    const date = new Date(2024, 1, 29, 23, 59, 58, 7);
    expect(text(date)).toBe(formatDate(date));
    expect(text(date)).toMatch(/^2024-02-29T23:59:58\.007[+-]\d\d:\d\d$/);
    expect(refusal(new Date(NaN)).message).toMatch(/invalid Date/);
  });

  it('binary', () => {
    const bytes = Uint8Array.from([0, 1, 2, 255]);
    const inside = new Uint8Array([9, 0, 1, 2, 255, 9]);
    for (const value of [
      bytes,
      Buffer.from(bytes),
      inside.subarray(1, 5),
      bytes.buffer,
      new DataView(inside.buffer, 1, 4),
      new Uint16Array(bytes.buffer),
      new Int8Array(bytes.buffer),
    ]) {
      expect(write(value, 17)).toEqual({ oid: 17, format: 1, bytes: Buffer.from(bytes) });
    }
    expect(write(new Uint8Array(0))).toMatchObject({ format: 1, bytes: Buffer.alloc(0) });
  });

  it('JSON', () => {
    expect(text({ a: [1, '"'], b: null })).toBe('{"a":[1,"\\""],"b":null}');
    expect(text(Object.create(null))).toBe('{}');
    expect(text({ toJSON: () => ({ x: 1 }) })).toBe('{"x":1}');
    expect(
      text(
        new (class Point {
          x = 1;
        })(),
      ),
    ).toBe('{"x":1}');
  });

  it('boxed primitives are their value', () => {
    expect(text(Object('abc'))).toBe('abc');
    expect(text(Object(-0))).toBe('-0');
    expect(text(Object(5n))).toBe('5');
    expect(refusal(Object(Symbol('s'))).message).toMatch(/is a symbol/);
  });

  it("an object's own value", () => {
    expect(text(own(5))).toBe('5');
    expect(text(own(own('x')))).toBe('x');
    expect(text(own(null))).toBeNull();
    expect(text(own([1]))).toBe('{1}');
    expect(text([own('a'), own(own([1]))])).toBe('{"a",{1}}');
    const itself: Record<symbol, unknown> = {};
    itself[Symbol.for('kingbase.value')] = () => itself;
    expect(refusal(itself).message).toMatch(/more than 8 times/);
    const cause = new Error('no');
    const throwing = {
      [Symbol.for('kingbase.value')]: () => {
        throw cause;
      },
    };
    expect(refusal(throwing).cause).toBe(cause);
    expect(refusal(own(Promise.resolve())).message).toMatch(/forget await/);
  });
});

describe('arrays', () => {
  it('are array literals', () => {
    const date = new Date(2024, 0, 1);
    expect(text([1, -0, 2.5, NaN, 5n, true, null, undefined])).toBe('{1,-0,2.5,NaN,5,true,NULL,NULL}');
    expect(text(['a', '', 'NULL', '"', '\\', '{,}'])).toBe('{"a","","NULL","\\"","\\\\","{,}"}');
    expect(
      text([
        [1, 2],
        [3, 4],
      ]),
    ).toBe('{{1,2},{3,4}}');
    expect(text([])).toBe('{}');
    expect(text([Buffer.from([0, 255])])).toBe('{"\\\\x00ff"}');
    expect(text([date])).toBe(`{"${formatDate(date)}"}`);
    expect(text([{ a: 'x' }])).toBe('{"{\\"a\\":\\"x\\"}"}');
    const sparse = [1];
    sparse[2] = 2;
    expect(text(sparse)).toBe('{1,NULL,2}');
  });

  it('are read back as they were', () => {
    const element = fc.option(
      fc.string({ unit: 'binary' }).map((s) => s.replaceAll('\0', '')),
      { nil: null },
    );
    fc.assert(
      fc.property(
        fc.oneof(fc.array(element), fc.array(fc.array(element, { minLength: 1 }), { minLength: 1 })),
        (value) => {
          expect(parseArray(text(value) ?? '', ',')).toEqual(value);
        },
      ),
    );
  });

  it('are JSON for a json parameter', () => {
    expect(text([1, 'a', null, [2]], Oid.json)).toBe('[1,"a",null,[2]]');
    expect(text([{ a: 1 }], Oid.jsonb)).toBe('[{"a":1}]');
    expect(text([{ a: 1 }], ArrayOid.jsonb)).toBe('{"{\\"a\\":1}"}');
  });

  it('use the delimiter of their element type', () => {
    expect(text(['(1,1),(0,0)', '(2,2),(0,0)'], ArrayOid.box)).toBe('{"(1,1),(0,0)";"(2,2),(0,0)"}');
  });

  it('end', () => {
    const circular: unknown[] = [];
    circular.push(circular);
    expect(refusal(circular).message).toMatch(/nested more than 6 deep/);
    expect(text([[[[[[1]]]]]])).toBe('{{{{{{1}}}}}}');
  });
});

describe('what cannot be sent', () => {
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  it.each([
    [() => 0, /is a function/],
    [Symbol('secret'), /is a symbol/],
    [Promise.resolve('secret'), /is a Promise: did you forget await\?/],
    [{ then: () => 0 }, /forget await/],
    [new Map([['secret', 1]]), /is a Map/],
    [new Set(['secret']), /is a Set/],
    [new WeakMap(), /weak/],
    [new WeakSet(), /weak/],
    [new WeakRef({}), /weak/],
    [/secret/, /is a RegExp/],
    [new Error('secret'), /is an Error/],
    [new Map().keys(), /is an iterator/],
    [circular, /JSON/],
    [{ a: 5n }, /JSON/],
    [{ toJSON: () => undefined }, /toJSON returned nothing/],
    [[Symbol('secret')], /is a symbol/],
    [[[new Map()]], /is a Map/],
  ])('%o', (value, message) => {
    const error = refusal(value, 4);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('secret');
  });

  it('keeps the cause', () => {
    expect(refusal({ a: 5n }).cause).toBeInstanceOf(TypeError);
  });
});

describe("the caller's serializers", () => {
  const options: TypeOptions = {
    uuid: { serialize: (v) => (v === 'null' ? null : `<${String(v)}>`) },
    bytea: { serialize: (v) => Buffer.from(String(v)) },
  };

  it('come first', () => {
    expect(text('a', Oid.uuid, options)).toBe('<a>');
    expect(text(own('a'), Oid.uuid, { uuid: { serialize: (v) => typeof v } })).toBe('object');
    expect(text(null, Oid.uuid, options)).toBeNull();
    expect(text('null', Oid.uuid, options)).toBeNull();
    expect(text('a', Oid.text, options)).toBe('a');
    expect(text('a', 0, options)).toBe('a');
    expect(write('ab', Oid.bytea, new TypeMap(options))).toEqual({
      oid: 17,
      format: 1,
      bytes: Buffer.from('ab'),
    });
  });

  it('write the elements of arrays', () => {
    expect(text(['a', null, 'null', ['b']], ArrayOid.uuid, options)).toBe('{"<a>",NULL,NULL,{"<b>"}}');
    expect(text(['a'], ArrayOid.bytea, options)).toBe('{"\\\\x61"}');
  });

  it('must return what they may', () => {
    const cause = new Error('no');
    const throws = (): never => {
      throw cause;
    };
    expect(refusal('a', 1, { uuid: { serialize: throws } }, Oid.uuid).cause).toBe(cause);
    expect(refusal('a', 1, { uuid: { serialize: () => undefined as never } }, Oid.uuid).message).toMatch(
      /must return a string, a Uint8Array or null/,
    );
    expect(refusal(['a'], 1, { uuid: { serialize: () => 5 as never } }, ArrayOid.uuid).message).toMatch(
      /must return/,
    );
  });
});

describe('needsParameterTypes', () => {
  it('is true for arrays, own values and serializers', () => {
    expect(needsParameterTypes([1, 'a', null, {}, new Date(), Buffer.alloc(1)], plain)).toBe(false);
    expect(needsParameterTypes([], plain)).toBe(false);
    expect(needsParameterTypes([1, []], plain)).toBe(true);
    expect(needsParameterTypes([own(1)], plain)).toBe(true);
    const custom = new TypeMap({ uuid: { serialize: String } });
    expect(needsParameterTypes([1], custom)).toBe(true);
    expect(needsParameterTypes([null, undefined], custom)).toBe(false);
  });
});
