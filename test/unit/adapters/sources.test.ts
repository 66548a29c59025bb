import { describe, expect, it } from 'vitest';
import { KingbaseDialect } from '../../../lib/adapters/kysely/dialect.mjs';
import { Pool } from '../../../lib/adapters/pg/index.js';
import { PrismaKingbase } from '../../../lib/adapters/prisma/index.js';
import { open, UsageError } from '../../../lib/index.js';

const ADAPTERS: Readonly<Record<string, (source: never) => unknown>> = {
  open: (source) => open(source),
  KingbaseDialect: (source) => new KingbaseDialect(source).createDriver(),
  PrismaKingbase: (source) => new PrismaKingbase(source).connect(),
  'PrismaKingbase for a shadow': (source) => new PrismaKingbase(source).connectToShadowDb(),
};

async function refusal(call: () => unknown): Promise<UsageError> {
  const error = await new Promise((resolve) => resolve(call())).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UsageError);
  return error as UsageError;
}

describe.each(Object.entries(ADAPTERS))('%s', (_, call) => {
  /** As another copy of the package would give. */
  const foreign = (): object => ({ config: {}, query: () => undefined, connect: () => undefined });

  it.each<[string, () => unknown, RegExp]>([
    ['a pool', () => new Pool(), /not what is open already/],
    ['a Database of another copy of the package', foreign, /not what is open already/],
    ["a pool under Kysely's name", () => ({ pool: new Pool() }), /"pool" must be an object of options/],
    ['a pool under the name of another', () => ({ pool: foreign() }), /"pool" must be an object of options/],
    [
      'a string under a name',
      () => ({ connectionString: 'kingbase://h/d' }),
      /a connection string as the first/,
    ],
    ['a misspelt option', () => ({ hots: 'h' }), /did you mean "host"/],
    ['a number', () => 5, /must be a connection string or an object, not a number/],
    ['null', () => null, /must be a connection string or an object, not null/],
    ['a list', () => ['kingbase://h/d'], /not an array/],
  ])('refuses %s', async (_what, given, message) => {
    const error = await refusal(() => call(given() as never));
    expect(error.code).toBe('KB_BAD_OPTION');
    expect(error.message).toMatch(message);
  });
});

describe('PrismaKingbase', () => {
  const make = (options: unknown): unknown => new PrismaKingbase('kingbase://h/d', options as object);

  it.each<[unknown, string]>([
    [{ schema: 5 }, 'The option "schema" of PrismaKingbase must be a string.'],
    [{ schema: '' }, 'The option "schema" of PrismaKingbase must be a string.'],
    [{ shema: 'x' }, 'Unknown option "shema" of PrismaKingbase.'],
    [null, 'The options of PrismaKingbase must be an object, not null.'],
    ['public', 'The options of PrismaKingbase must be an object, not a string.'],
    [['public'], 'The options of PrismaKingbase must be an object, not an array.'],
  ])('refuses the options %j', async (options, message) => {
    const error = await refusal(() => make(options));
    expect(error).toMatchObject({ code: 'KB_BAD_OPTION', message });
    expect(error.explain('zh')).toContain('PrismaKingbase');
  });

  it('has options that may be absent', () => {
    for (const options of [undefined, {}, { schema: undefined }, { schema: 'shop' }])
      expect(make(options)).toBeInstanceOf(PrismaKingbase);
  });
});
