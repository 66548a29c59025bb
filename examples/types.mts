/**
 * Values both ways: the defaults, the choices for one call, and a type of the program's own.
 *
 *     npx tsx examples/types.mts kingbase://system@127.0.0.1:54321/test
 */
import { open } from 'kingbase-native';

const db = open(process.argv[2] ?? process.env['KINGBASE_URL'] ?? {});

const SQL = `SELECT 9007199254740993::int8 AS id, 19.90::numeric AS price,
  timestamptz '2026-02-17 08:00:00.123456+08' AS opened, '{"tags": ["新", "热"]}'::jsonb AS data,
  ARRAY[1, NULL, 3]::int4[] AS numbers, '\\x4b42'::bytea AS bytes, date '2026-02-17' AS day`;

/** An amount in fen, which the server keeps as numeric. */
class Money {
  constructor(readonly fen: bigint) {}

  /** What is sent when a Money is a parameter. */
  [Symbol.for('kingbase.value')](): string {
    return `${this.fen / 100n}.${String(this.fen % 100n).padStart(2, '0')}`;
  }
}

try {
  console.log('defaults:', await db.queryRow(SQL));
  console.log(
    'choices:',
    await db.queryRow(SQL, [], {
      types: { int8: 'string', numeric: 'number', timestamp: 'string', json: 'string', date: 'date' },
    }),
  );

  const sent = await db.queryRow('SELECT $1::numeric AS price, $2::jsonb AS data, $3::text[] AS names', [
    new Money(1990n),
    { size: [1, 2] },
    ['张三', null, '李 "四"'],
  ]);
  console.log('parameters:', sent);

  const parsed = await db.queryRow<{ price: Money }>('SELECT 19.90::numeric AS price', [], {
    types: { numeric: { parse: (text) => new Money(BigInt(text.replace('.', ''))) } },
  });
  console.log('own type:', parsed?.price.fen);
} finally {
  await db.close();
}
