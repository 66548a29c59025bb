import { Decoder } from '../addon/interface.js';
import { UsageError } from '../errors/index.js';
import { parseArray } from './array-text.js';
import { dateFromWallClock } from './calendar.js';
import { ELEMENT_TYPES, KINGBASE_TYPE_NAMES, KNOWN_OIDS, Oid, type ElementType } from './oids.js';
import { textParser } from './text-parsers.js';
import {
  resolveTypeOptions,
  type CustomType,
  type ResolvedTypeOptions,
  type SerializedValue,
  type TypeOptions,
} from './type-options.js';

/** From what the core gives for a value that is not NULL to what the caller gets. */
export type Converter = (value: unknown) => unknown;

export type Serializer = (value: unknown) => SerializedValue;

/** A row of the server's pg_type, for a type whose OID is not fixed. */
export interface CatalogueType {
  oid: number;
  name: string;
  /** For an array type the type of its elements (typelem), else 0. */
  elementOid: number;
  /** Character between elements in an array's text: the element type's typdelim. */
  delimiter: string;
}

/** How one type is read: what the core does, then what is done here. */
interface TypeRule {
  decoder: Decoder;
  converter?: Converter | undefined;
}

/** How every type is read and written under one set of options. Immutable. */
export class TypeMap {
  /** Pairs of type OID and {@link Decoder}, for the core; every type not listed is `Decoder.Text`. */
  readonly decoders: Uint32Array;
  /** The caller's own types that were given by name, in lower case: what to look for in the server's catalogue. */
  readonly customByName: ReadonlyMap<string, CustomType>;
  /** Whether a parameter's encoding can depend on a caller's own function. */
  readonly hasSerializers: boolean;

  private readonly rules: Map<number, TypeRule>;
  private readonly custom: Map<number, CustomType>;
  private readonly catalogue = new Map<number, CatalogueType>();
  private readonly arrayConverters = new Map<number, Converter>();

  /**
   * @param catalogue types that were looked up in the server's catalogue so far: those that
   *   {@link TypeMap.isKnown} denied, and their element types
   * @throws UsageError `KB_BAD_OPTION`
   */
  constructor(options?: TypeOptions, catalogue: readonly CatalogueType[] = []) {
    const resolved = resolveTypeOptions(options);
    const { customByOid, customByName } = resolved;
    this.rules = builtInRules(resolved);
    this.custom = customByOid;
    this.hasSerializers = [...customByOid.values(), ...customByName.values()].some(
      (t) => t.serialize !== undefined,
    );
    for (const [name, type] of customByName) {
      // An OID is the more exact way to name a type.
      if (Object.hasOwn(Oid, name)) setIfAbsent(customByOid, Oid[name as keyof typeof Oid], type);
      if (name === 'date') setIfAbsent(customByOid, Oid.oracleDate, type);
    }
    this.customByName = customByName;
    for (const type of catalogue) this.addCatalogueType(type);
    for (const [oid, type] of customByOid) {
      if (type.parse !== undefined) {
        this.rules.set(oid, { decoder: Decoder.Text, converter: (text) => type.parse?.(text as string) });
      }
    }
    const pairs: number[] = [];
    for (const [oid, { decoder }] of this.rules) if (decoder !== Decoder.Text) pairs.push(oid, decoder);
    this.decoders = Uint32Array.from(pairs);
  }

  private addCatalogueType(type: CatalogueType): void {
    const name = type.name.toLowerCase();
    this.catalogue.set(type.oid, type);
    const custom = this.customByName.get(name);
    if (custom !== undefined) setIfAbsent(this.custom, type.oid, custom);
    if (KNOWN_OIDS.has(type.oid)) return;
    const sameAs = KINGBASE_TYPE_NAMES.get(name);
    const rule = sameAs === undefined ? undefined : this.rules.get(sameAs);
    if (rule !== undefined) this.rules.set(type.oid, rule);
  }

  /** Whether the type needs no look-up in the server's catalogue (again). */
  isKnown(oid: number): boolean {
    return KNOWN_OIDS.has(oid) || this.catalogue.has(oid);
  }

  /** What the core makes of a value of this type. */
  decoderOf(oid: number): Decoder {
    return this.rules.get(oid)?.decoder ?? Decoder.Text;
  }

  /** What is to be done with the core's value of this type; undefined: nothing. */
  converterFor(oid: number): Converter | undefined {
    const rule = this.rules.get(oid);
    if (rule !== undefined) return rule.converter;
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

  /** From the server's text to what the caller gets, for a value that the core has not decoded; undefined: nothing. */
  textConverterFor(oid: number): ((text: string) => unknown) | undefined {
    return this.elementType(oid) === undefined ? this.textConverter(oid) : this.converterFor(oid);
  }

  /** The caller's own way to write a parameter of this type; undefined: the usual one. */
  serializerFor(oid: number): Serializer | undefined {
    if (!this.hasSerializers) return undefined;
    const type = this.custom.get(oid);
    return type?.serialize?.bind(type);
  }

  /** What an array type is an array of; undefined for any other type. */
  elementType(oid: number): ElementType | undefined {
    const known = ELEMENT_TYPES.get(oid);
    if (known !== undefined) return known;
    const type = this.catalogue.get(oid);
    return type === undefined || type.elementOid === 0
      ? undefined
      : { oid: type.elementOid, delimiter: type.delimiter };
  }

  /** From the text of an array element, which the core does not decode. */
  private textConverter(oid: number): ((text: string) => unknown) | undefined {
    const rule = this.rules.get(oid);
    if (rule === undefined) return undefined;
    const { converter } = rule;
    const parse = textParser(rule.decoder);
    if (parse === undefined || converter === undefined) return parse ?? converter;
    return (text) => converter(parse(text));
  }
}

function setIfAbsent<K, V>(map: Map<K, V>, key: K, value: V): void {
  if (!map.has(key)) map.set(key, value);
}

function builtInRules(options: ResolvedTypeOptions): Map<number, TypeRule> {
  const rules = new Map<number, TypeRule>();
  const read = (rule: TypeRule, ...oids: number[]): void => {
    for (const oid of oids) rules.set(oid, rule);
  };
  read({ decoder: Decoder.Integer }, Oid.int2, Oid.int4, Oid.oid);
  read({ decoder: Decoder.Integer }, Oid.tinyint, Oid.int1, Oid.int3, Oid.mediumint, Oid.middleint);
  read({ decoder: Decoder.Float }, Oid.float4, Oid.float8);
  read({ decoder: Decoder.Boolean }, Oid.bool);
  read({ decoder: Decoder.Bytes }, Oid.bytea);
  read({ decoder: Decoder.Bytes }, Oid.blob, Oid.longblob, Oid.mediumblob, Oid.tinyblob);
  if (options.int8 === 'bigint') read({ decoder: Decoder.BigInt }, Oid.int8);
  if (options.int8 === 'number') read({ decoder: Decoder.SafeInteger, converter: exactNumber }, Oid.int8);
  if (options.numeric === 'number') read({ decoder: Decoder.Float }, Oid.numeric);
  if (options.date === 'date') read({ decoder: Decoder.WallClock, converter: localDate }, Oid.date);
  if (options.timestamp === 'date') {
    read({ decoder: Decoder.Instant, converter: instantDate }, Oid.timestamptz);
    read({ decoder: Decoder.WallClock, converter: localDate }, Oid.timestamp, Oid.oracleDate);
  }
  if (options.json === 'parse') read({ decoder: Decoder.Text, converter: parseJson }, Oid.json, Oid.jsonb);
  return rules;
}

function exactNumber(value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  throw new UsageError(
    'KB_VALUE_NOT_EXACT',
    `The int8 value ${value} has no exact JavaScript number; read it with types: { int8: 'bigint' } or 'string'.`,
  );
}

function instantDate(value: unknown): unknown {
  return typeof value === 'number' ? new Date(value) : value;
}

function localDate(value: unknown): unknown {
  return typeof value === 'number' ? dateFromWallClock(value) : value;
}

function parseJson(value: unknown): unknown {
  return JSON.parse(value as string);
}
