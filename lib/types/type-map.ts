import { Decoder } from '../addon/interface.js';
import { parseArray } from './array-text.js';
import type { Reading } from './families/family.js';
import { ELEMENT_TYPES, KNOWN_OIDS, Oid, TYPES_BY_OID, vendorType, type ElementType } from './oids.js';
import { readingRule, type Converter, type TypeRule } from './reading.js';
import { textParser } from './text-parsers.js';
import {
  resolveTypeOptions,
  USUAL_READINGS,
  type CustomType,
  type ResolvedTypeOptions,
  type SerializedValue,
  type TextParsers,
  type TypeOptions,
} from './type-options.js';

export type Serializer = (value: unknown) => SerializedValue;

/** A row of the server's pg_type, for a type whose OID is not fixed. */
export interface CatalogueType {
  oid: number;
  name: string;
  /** For an array type the type of its elements (typelem), else 0. */
  elementOid: number;
  /** Character between elements in an array's text: the element type's typdelim. */
  delimiter: string;
  /** For a domain the type beneath it (typbasetype), else 0. */
  baseOid: number;
  /** typlen: bytes in the server, negative where it varies. */
  length: number;
  schema: string;
}

/** How every type is read and written under one set of options. Immutable. */
export class TypeMap {
  /** Pairs of type OID and {@link Decoder}, for the core; every type not listed is `Decoder.Text`. */
  readonly decoders: Uint32Array;
  /** The caller's own types that were given by name, in lower case: what to look for in the server's catalogue. */
  readonly customByName: ReadonlyMap<string, CustomType>;
  /** Whether a parameter's encoding can depend on a caller's own function. */
  readonly hasSerializers: boolean;
  /** The program's functions that read what no `parse` of its own type reads. */
  readonly parsers: TextParsers | undefined;

  /** Nothing is made of a value's text. */
  private readonly readsText: boolean;
  private readonly rules: Map<number, TypeRule>;
  private readonly custom: Map<number, CustomType>;
  private readonly catalogue = new Map<number, CatalogueType>();
  /** Types whose bytes are `0x` and digits in text. */
  private readonly prefixed = new Set<number>();
  /** Of those found in the catalogue. */
  private readonly bytes = new Set<number>();
  private readonly arrayConverters = new Map<number, Converter>();

  /**
   * @param catalogue types that were looked up in the server's catalogue so far: those that
   *   {@link TypeMap.isKnown} denied, and their element types
   * @throws UsageError `KB_BAD_OPTION`
   */
  constructor(options?: TypeOptions, catalogue: readonly CatalogueType[] = []) {
    const resolved = resolveTypeOptions(options);
    const { customByOid, customByName } = resolved;
    this.readsText = resolved.all === 'text';
    const ruleOf = (reading: Reading): TypeRule | undefined =>
      this.readsText ? undefined : readingRule(reading, resolved);
    this.rules = new Map();
    for (const [oid, { reads }] of TYPES_BY_OID) setIfGiven(this.rules, oid, ruleOf(reads));
    this.parsers = resolved.parsers;
    for (const oid of resolved.parsers?.usual ?? []) setIfGiven(this.rules, oid, usualRule(oid, resolved));
    this.custom = customByOid;
    this.hasSerializers = [...customByOid.values(), ...customByName.values()].some(
      (t) => t.serialize !== undefined,
    );
    for (const [name, type] of customByName) {
      // An OID is the more exact way to name a type.
      if (Object.hasOwn(Oid, name)) setIfAbsent(customByOid, Oid[name as keyof typeof Oid], type);
    }
    this.customByName = customByName;
    for (const type of catalogue) this.addCatalogueType(type, ruleOf);
    for (const [oid, type] of customByOid) {
      if (type.parse !== undefined) {
        this.rules.set(oid, { decoder: Decoder.Text, converter: (text) => type.parse?.(text as string) });
      }
    }
    const pairs: number[] = [];
    for (const [oid, { decoder }] of this.rules) if (decoder !== Decoder.Text) pairs.push(oid, decoder);
    this.decoders = Uint32Array.from(pairs);
  }

  private addCatalogueType(type: CatalogueType, ruleOf: (reading: Reading) => TypeRule | undefined): void {
    const name = type.name.toLowerCase();
    this.catalogue.set(type.oid, type);
    const custom = this.customByName.get(name);
    if (custom !== undefined) setIfAbsent(this.custom, type.oid, custom);
    if (KNOWN_OIDS.has(type.oid) || type.baseOid !== 0) return;
    const vendors = vendorType(type.schema, name, type.length);
    if (vendors === undefined) return;
    if (vendors.reads === 'prefixedBytes') this.prefixed.add(type.oid);
    if (vendors.reads === 'prefixedBytes' || vendors.reads === 'bytes') this.bytes.add(type.oid);
    setIfGiven(this.rules, type.oid, ruleOf(vendors.reads));
  }

  /** Whether the type needs no look-up in the server's catalogue (again). */
  isKnown(oid: number): boolean {
    // A server may leave the type of a parameter open.
    if (oid === 0) return true;
    return (this.readsText && this.customByName.size === 0) || KNOWN_OIDS.has(oid) || this.catalogue.has(oid);
  }

  /** What the core makes of a value of this type. The server reports a column of a domain as one of the type beneath. */
  decoderOf(oid: number): Decoder {
    return this.rules.get(oid)?.decoder ?? Decoder.Text;
  }

  /** What is beneath a domain, or a domain over a domain; the type itself for any other. */
  baseOf(oid: number): number {
    let base = oid;
    // As often as there are types at most: what the catalogue says comes from the server.
    for (let left = this.catalogue.size; left > 0; left--) {
      const next = this.catalogue.get(base)?.baseOid ?? 0;
      if (next === 0) break;
      base = next;
    }
    return base;
  }

  /** The rule for a type, or for the first type beneath it that has one: a domain may have one of its own. */
  private ruleFor(oid: number): TypeRule | undefined {
    return this.rules.get(oid) ?? this.rules.get(this.baseOf(oid));
  }

  /** What is to be done with the core's value of this type; undefined: nothing. */
  converterFor(oid: number): Converter | undefined {
    const rule = this.rules.get(oid);
    if (rule !== undefined) return rule.converter;
    if (this.readsText) return undefined;
    const base = this.baseOf(oid);
    if (base !== oid) return this.converterFor(base);
    let converter = this.arrayConverters.get(oid);
    if (converter === undefined) {
      const type = this.elementType(oid);
      if (type === undefined) return undefined;
      const { delimiter } = type;
      const element = this.textConverter(type.oid);
      converter = (text) => (typeof text === 'string' ? parseArray(text, delimiter, element) : text);
      this.arrayConverters.set(oid, converter);
    }
    return converter;
  }

  /** Whether the program's functions are asked how values of this type are read. */
  asksParsers(oid: number): boolean {
    return this.parsers !== undefined && this.custom.get(oid)?.parse === undefined;
  }

  /** From the server's text to what the caller gets, for a value that the core has not decoded; undefined: nothing. */
  textConverterFor(oid: number): ((text: string) => unknown) | undefined {
    return this.elementType(oid) === undefined ? this.textConverter(oid) : this.converterFor(oid);
  }

  /** Whether a type is json or jsonb, or a domain over one. */
  isJson(oid: number): boolean {
    const base = this.baseOf(oid);
    return base === Oid.json || base === Oid.jsonb;
  }

  /** Whether a type's values are bytes. */
  isBytes(oid: number): boolean {
    const base = this.baseOf(oid);
    return this.bytes.has(base) || TYPES_BY_OID.get(base)?.reads === 'bytes';
  }

  /** What the text of bytes begins with, where a type takes them. */
  bytesPrefix(oid: number): string {
    return this.prefixed.has(this.baseOf(oid)) ? '0x' : '\\x';
  }

  /** The caller's own way to write a parameter of this type; undefined: the usual one. */
  serializerFor(oid: number): Serializer | undefined {
    if (!this.hasSerializers) return undefined;
    const type = this.custom.get(oid) ?? this.custom.get(this.baseOf(oid));
    return type?.serialize?.bind(type);
  }

  /** What an array type, or a domain over one, is an array of; undefined for any other type. */
  elementType(oid: number): ElementType | undefined {
    const array = this.baseOf(oid);
    const known = ELEMENT_TYPES.get(array);
    if (known !== undefined) return known;
    const type = this.catalogue.get(array);
    return type === undefined || type.elementOid === 0
      ? undefined
      : { oid: type.elementOid, delimiter: type.delimiter };
  }

  /** From the text of an array element, which the core does not decode. */
  private textConverter(oid: number): ((text: string) => unknown) | undefined {
    // An array of domains over arrays: its elements are the text of arrays.
    if (this.elementType(oid) !== undefined) return this.converterFor(oid);
    const rule = this.ruleFor(oid);
    if (rule === undefined) return undefined;
    const { converter } = rule;
    const parse = textParser(rule.decoder);
    if (parse === undefined || converter === undefined) return parse ?? converter;
    return (text) => converter(parse(text));
  }
}

function usualRule(oid: number, resolved: ResolvedTypeOptions): TypeRule | undefined {
  const reading = USUAL_READINGS.get(oid);
  return reading && readingRule(reading, { ...resolved, date: 'date', timestamp: 'date' });
}

function setIfAbsent<K, V>(map: Map<K, V>, key: K, value: V): void {
  if (!map.has(key)) map.set(key, value);
}

function setIfGiven<K, V>(map: Map<K, V>, key: K, value: V | undefined): void {
  if (value !== undefined) map.set(key, value);
}
