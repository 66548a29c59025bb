import type { EmulatedType, FormName } from './types.js';

/** What a form is made of: a type of PostgreSQL that values are stored as, and functions. */
interface Form {
  readonly like: string;
  /** What the server's own functions begin with: `int2` of `int2in`, `int2lt`. */
  readonly functions: string;
  /** Functions of values.c and times.c in their place. */
  readonly own?: Readonly<Partial<Record<'in' | 'out' | 'recv' | 'send', string>>>;
  readonly category: 'B' | 'D' | 'N' | 'S' | 'T' | 'U' | 'V';
  /** The server's input functions take the array's element type and a type modifier, too. */
  readonly modified?: boolean;
  /** The type's modifier is a length: `varcharbyte(10)`. */
  readonly hasLength?: boolean;
  /** Values are compared as those of the type that they are stored as: for sorting, grouping and unique indexes. */
  readonly compared?: boolean;
}

const ownText = (name: string): { readonly in: string; readonly out: string } => ({
  in: `${name}_in`,
  out: `${name}_out`,
});
const INTERVAL_BINARY = { recv: 'own_interval_recv', send: 'own_interval_send' };

const FORMS: Readonly<Record<FormName, Form>> = {
  tinyint: {
    like: '"char"',
    functions: 'int2',
    own: { in: 'tinyint_in', out: 'tinyint_out', recv: 'tinyint_recv', send: 'tinyint_send' },
    category: 'N',
    compared: true,
  },
  unsignedTinyint: {
    like: '"char"',
    functions: 'int2',
    own: {
      in: 'unsigned_tinyint_in',
      out: 'unsigned_tinyint_out',
      recv: 'tinyint_recv',
      send: 'tinyint_send',
    },
    category: 'N',
  },
  int2: { like: 'int2', functions: 'int2', category: 'N' },
  int4: { like: 'int4', functions: 'int4', category: 'N' },
  int8: { like: 'int8', functions: 'int8', category: 'N' },
  float4: { like: 'float4', functions: 'float4', category: 'N' },
  float8: { like: 'float8', functions: 'float8', category: 'N' },
  numeric: { like: 'numeric', functions: 'numeric_', category: 'N', modified: true },
  uint4: { like: 'int4', functions: 'int4', own: ownText('uint4'), category: 'N' },
  uint8: { like: 'int8', functions: 'int8', own: ownText('uint8'), category: 'N' },
  flag: { like: 'bool', functions: 'bool', own: ownText('flag'), category: 'B' },
  money: { like: 'int8', functions: 'int8', own: ownText('money'), category: 'N' },
  text: { like: 'text', functions: 'text', category: 'S' },
  bpchar: { like: 'bpchar', functions: 'bpchar', category: 'S', modified: true, hasLength: true },
  varchar: { like: 'varchar', functions: 'varchar', category: 'S', modified: true, hasLength: true },
  uuid: { like: 'uuid', functions: 'uuid_', category: 'U' },
  bytes: { like: 'bytea', functions: 'bytea', category: 'U' },
  hexBytes: { like: 'bytea', functions: 'bytea', own: ownText('hex'), category: 'U' },
  rowVersion: { like: 'int8', functions: 'int8', own: ownText('rowversion'), category: 'U' },
  bits: {
    like: 'varbit',
    functions: 'varbit_',
    own: { recv: 'bits_recv', send: 'bits_send' },
    category: 'V',
    modified: true,
  },
  date: { like: 'date', functions: 'date_', category: 'D' },
  timestamp: {
    like: 'timestamp',
    functions: 'timestamp_',
    category: 'D',
    modified: true,
    compared: true,
  },
  millisecondClock: {
    like: 'timestamp',
    functions: 'timestamp_',
    own: { out: 'millisecond_clock_out' },
    category: 'D',
    modified: true,
  },
  zonedClock: {
    like: 'timestamptz',
    functions: 'timestamptz_',
    own: { out: 'zoned_clock_out' },
    category: 'D',
    modified: true,
  },
  fineTimestamp: { like: 'int8', functions: 'int8', own: ownText('fine_timestamp'), category: 'D' },
  fineTime: { like: 'int8', functions: 'int8', own: ownText('fine_time'), category: 'D' },
  duration: { like: 'int8', functions: 'int8', own: ownText('duration'), category: 'T' },
  daySecond: {
    like: 'interval',
    functions: 'interval_',
    own: { ...ownText('day_second'), ...INTERVAL_BINARY },
    category: 'T',
  },
  yearMonth: {
    like: 'interval',
    functions: 'interval_',
    own: { ...ownText('year_month'), ...INTERVAL_BINARY },
    category: 'T',
  },
};

/** A superuser may change the catalogue; a type that is still a shell is referred to by next to nothing. */
export const SET_TYPE_OID = `
CREATE FUNCTION pg_temp.set_type_oid(type_schema text, type_name text, new_oid oid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  old_oid oid := t.oid FROM pg_type t WHERE typname = type_name AND typnamespace = type_schema::regnamespace;
BEGIN
  UPDATE pg_type SET oid = new_oid WHERE oid = old_oid;
  UPDATE pg_type SET typarray = new_oid WHERE typarray = old_oid;
  UPDATE pg_type SET typelem = new_oid WHERE typelem = old_oid;
  UPDATE pg_constraint SET contypid = new_oid WHERE contypid = old_oid;
  UPDATE pg_depend SET objid = new_oid WHERE classid = 'pg_type'::regclass AND objid = old_oid;
  UPDATE pg_depend SET refobjid = new_oid WHERE refclassid = 'pg_type'::regclass AND refobjid = old_oid;
END $$`;

function setOid(schema: string, name: string, oid: number | undefined): string[] {
  return oid === undefined ? [] : [`SELECT pg_temp.set_type_oid('${schema}', '${name}', ${oid})`];
}

type BaseType = Extract<EmulatedType, { kind: 'base' }>;

/** The function of a type's own that stands for one of the server's. */
const functionOf = ({ name }: BaseType, suffix: string): string => `pg_catalog."kes_${name}_${suffix}"`;

const quoted = ({ schema, name }: EmulatedType): string => `${schema}."${name}"`;

function createBase(type: BaseType, library: string): string[] {
  const { schema, name } = type;
  const { like, functions, own = {}, category, modified, hasLength } = FORMS[type.form];
  const self = quoted(type);
  const create = (suffix: 'in' | 'out' | 'recv' | 'send', parameter: string, result: string): string => {
    const symbol = own[suffix];
    const modifiers =
      modified === true && symbol === undefined && /in|recv/.test(suffix) ? ', oid, int4' : '';
    const body =
      symbol === undefined
        ? `internal IMMUTABLE STRICT AS '${functions}${suffix}'`
        : `c IMMUTABLE STRICT AS '${library}', '${symbol}'`;
    return `CREATE FUNCTION ${functionOf(type, suffix)}(${parameter}${modifiers}) RETURNS ${result} LANGUAGE ${body}`;
  };
  return [
    `CREATE TYPE ${self}`,
    ...setOid(schema, name, type.oid),
    create('in', 'cstring', self),
    create('out', self, 'cstring'),
    create('recv', 'internal', self),
    create('send', self, 'bytea'),
    `CREATE TYPE ${self} (
       INPUT = ${functionOf(type, 'in')}, OUTPUT = ${functionOf(type, 'out')}, RECEIVE = ${functionOf(type, 'recv')},
       SEND = ${functionOf(type, 'send')},
       ${hasLength === true ? `TYPMOD_IN = ${functions}typmodin, TYPMOD_OUT = ${functions}typmodout,` : ''}
       LIKE = pg_catalog.${like}, CATEGORY = '${category}'${category === 'S' ? ', COLLATABLE = true' : ''})`,
    ...setOid(schema, `_${name}`, type.array),
  ];
}

/** The statements that create a type. */
export function createType(type: EmulatedType, library: string): string[] {
  const { schema, name } = type;
  const self = quoted(type);
  const kind = (letter: string): string =>
    `UPDATE pg_catalog.pg_type SET typtype = '${letter}' WHERE oid = '${self}'::pg_catalog.regtype`;
  switch (type.kind) {
    case 'base':
      return createBase(type, library);
    case 'domain':
      return [
        `CREATE DOMAIN ${self} AS ${type.over}`,
        ...setOid(schema, name, type.oid),
        ...setOid(schema, `_${name}`, type.array),
      ];
    case 'enum':
      return [`CREATE TYPE ${self} AS ENUM (${type.labels.map((label) => `'${label}'`).join()})`, kind('l')];
    case 'set':
      return [
        ...createBase({ ...type, kind: 'base', form: 'text', oid: undefined, array: undefined }, library),
        kind('y'),
      ];
  }
}

const OPERATORS = [
  { symbol: '<', word: 'lt', commutator: '>', negator: '>=' },
  { symbol: '<=', word: 'le', commutator: '>=', negator: '>' },
  { symbol: '=', word: 'eq', commutator: '=', negator: '<>' },
  { symbol: '>=', word: 'ge', commutator: '<=', negator: '<' },
  { symbol: '>', word: 'gt', commutator: '<', negator: '<=' },
  { symbol: '<>', word: 'ne', commutator: '<>', negator: '=' },
];

/** Comparison, sorting, grouping and unique indexes, for the types that have them here. */
export function createOperators(type: EmulatedType): string[] {
  if (type.kind !== 'base' || FORMS[type.form].compared !== true) return [];
  const { name } = type;
  const { functions } = FORMS[type.form];
  const self = quoted(type);
  const family = functions.replace(/_$/, '');
  const [compare, hash] = family === 'int2' ? ['btint2cmp', 'hashint2'] : [`${family}_cmp`, `${family}_hash`];
  const internal = (suffix: string, source: string, parameters: string, result: string): string =>
    `CREATE FUNCTION ${functionOf(type, suffix)}(${parameters}) RETURNS ${result} LANGUAGE internal IMMUTABLE STRICT ` +
    `AS '${source}'`;
  return [
    ...OPERATORS.flatMap(({ symbol, word, commutator, negator }) => [
      internal(word, functions + word, `${self}, ${self}`, 'bool'),
      `CREATE OPERATOR pg_catalog.${symbol} (LEFTARG = ${self}, RIGHTARG = ${self}, FUNCTION = ${functionOf(type, word)},
         COMMUTATOR = ${commutator}, NEGATOR = ${negator}${symbol === '=' ? ', HASHES, MERGES' : ''})`,
    ]),
    internal('cmp', compare, `${self}, ${self}`, 'int4'),
    internal('hash', hash, self, 'int4'),
    `CREATE OPERATOR CLASS pg_catalog."kes_${name}_ops" DEFAULT FOR TYPE ${self} USING btree AS OPERATOR 1 <,
       OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 ${functionOf(type, 'cmp')}(${self}, ${self})`,
    `CREATE OPERATOR CLASS pg_catalog."kes_${name}_ops" DEFAULT FOR TYPE ${self} USING hash AS OPERATOR 1 =,
       FUNCTION 1 ${functionOf(type, 'hash')}(${self})`,
  ];
}
