import { describe, expect, it } from 'vitest';
import { Oid } from '../../../lib/types/oids.js';
import { TypeCatalogue } from '../../../lib/types/type-catalogue.js';
import { TypeMaps } from '../../../lib/types/type-maps.js';
import type { TypeOptions } from '../../../lib/types/type-options.js';

const parse = (text: string): string => `<${text}>`;

describe('the type maps of a database', () => {
  const same: [string, () => TypeOptions, () => TypeOptions][] = [
    ['choices', () => ({ int8: 'number' }), () => ({ int8: 'number' })],
    ['the order', () => ({ int8: 'number', date: 'date' }), () => ({ date: 'date', int8: 'number' })],
    ['what is not given', () => ({ int8: 'number' }), () => ({ int8: 'number', date: undefined })],
    ['one and the same function', () => ({ uuid: { parse } }), () => ({ uuid: { parse } })],
  ];
  it.each(same)('are the same by their contents: %s', (_what, one, other) => {
    const maps = new TypeMaps(undefined, new TypeCatalogue());
    expect(maps.of(one())).toBe(maps.of(other()));
  });

  class Own {
    constructor(private readonly sign: string) {}
    parse(text: string): string {
      return this.sign + text;
    }
  }
  const different: [string, () => TypeOptions, () => TypeOptions][] = [
    ['choices', () => ({ int8: 'number' }), () => ({ int8: 'string' })],
    ['names', () => ({ uuid: { parse } }), () => ({ bool: { parse } })],
    ['functions', () => ({ uuid: { parse } }), () => ({ uuid: { parse: (text) => text } })],
    ['what a function is for', () => ({ uuid: { parse } }), () => ({ uuid: { serialize: parse } })],
    ['instances', () => ({ uuid: new Own('a') }), () => ({ uuid: new Own('b') })],
    ['names with signs in them', () => ({ 'a:"1"': { parse } }), () => ({ a: { parse } })],
  ];
  it.each(different)('differ by %s', (_what, one, other) => {
    const maps = new TypeMaps(undefined, new TypeCatalogue());
    expect(maps.of(one())).not.toBe(maps.of(other()));
  });

  it('are a bounded number, however many choices there are', () => {
    const maps = new TypeMaps(undefined, new TypeCatalogue());
    const first = { uuid: { parse } };
    const map = maps.of({ ...first });
    for (let i = 0; i < 1_000; i++) maps.of({ uuid: { parse: () => i } });
    expect(maps.of({ ...first })).not.toBe(map);
  });

  it('know what the catalogue has taught since, and keep the choices of the database', () => {
    const catalogue = new TypeCatalogue();
    const maps = new TypeMaps({ int8: 'string' }, catalogue);
    const choices = { mood: { parse } };
    expect(maps.of(choices).converterFor(70_000)).toBeUndefined();
    catalogue.learn([70_000], [[70_000, 'mood', 0, ',', 0, 4, 'public']]);
    expect(maps.of(choices).converterFor(70_000)?.('sad')).toBe('<sad>');
    expect(maps.of(choices).decoderOf(Oid.int8)).toBe(maps.of({ int8: 'string' }).decoderOf(Oid.int8));
  });

  it('are made of a bounded number of types, however many a program makes, and an array is known with its elements', () => {
    const catalogue = new TypeCatalogue();
    const maps = new TypeMaps(undefined, catalogue);
    const learn = (array: number): void => {
      const element = array + 1;
      catalogue.learn(catalogue.unasked([array]), [
        [array, '_hue', element, ',', 0, -1, 'public'],
        [element, 'hue', 0, ',', 0, 4, 'public'],
      ]);
    };
    let most = 0;
    for (let array = 100_000; array < 160_000; array += 2) {
      learn(array);
      if (array % 2_000 !== 0) continue;
      most = Math.max(most, catalogue.known.length);
      expect(maps.of(undefined).converterFor(array)?.('{red,NULL}')).toEqual(['red', null]);
    }
    expect(most).toBeLessThan(12_000);
    // Whatever is known of an array is known of its elements as well.
    const known = new Set(catalogue.known.map(({ oid }) => oid));
    for (const { elementOid } of catalogue.known)
      expect(elementOid === 0 || known.has(elementOid)).toBe(true);
    expect(catalogue.unasked([100_000, 159_998])).toEqual([100_000]);
  });

  it('refuse what is none', () => {
    const maps = new TypeMaps(undefined, new TypeCatalogue());
    for (const choices of [{ int8: 'x' }, { itn8: 'number' }]) {
      expect(() => maps.of(choices as never)).toThrow(expect.objectContaining({ code: 'KB_BAD_OPTION' }));
    }
  });
});
