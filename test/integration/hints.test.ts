import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DatabaseError, open, type Database } from 'kingbase-native';
import { rejectionOf } from '../support/rejections.js';
import { targets } from '../support/targets.js';

describe.each(targets().filter(({ transport }) => transport === 'TCP'))('$name', (target) => {
  let db: Database;
  beforeAll(() => {
    db = open({ ...target.config, pool: { max: 1 } });
  });
  afterAll(() => db.close({ timeout: 1_000 }));

  it('a dump with the rows of a COPY says how to send them', async () => {
    const dump = `CREATE TEMP TABLE dumped (id int4, name text);
COPY dumped (id, name) FROM stdin;
1\t张三
\\.
`;
    expect(await rejectionOf(db.script(dump))).toMatchObject({
      code: '42601',
      hint: expect.stringContaining('copyFrom()') as string,
    });
    // Another mistake is another matter.
    expect(await rejectionOf(db.script('SELEC 1'))).not.toHaveProperty('hint');
  });

  it('bytes for jsonb say what they are taken for', async () => {
    const sent = db.query('SELECT $1::jsonb', [Buffer.from('{"a":1}')]);
    expect(await rejectionOf(sent)).toMatchObject({
      code: 'XX000',
      hint: expect.stringContaining('string or an object') as string,
    });
  });

  it.each<[string, string, string, readonly unknown[] | object | undefined]>([
    ['= ANY ($1)', 'an array after IN', 'SELECT 1 WHERE 1 IN (?)', [[1, 2]]],
    ['of its properties', 'an object for a number', 'SELECT $1::int4', [{ a: 1 }]],
    ['JSON.stringify', 'a string for jsonb', 'SELECT $1::jsonb', ['杭州']],
    ['JSON.stringify', 'a Date for json', 'SELECT $1::json', [new Date(0)]],
    ['differs', 'too few values', 'SELECT $1::int4, $2::int4', [1]],
    ['differs', 'no values', 'SELECT $1::int4', undefined],
    ['in quotes', 'a placeholder in quotes', "SELECT '$1'", ['x']],
    ['query(sql, [value])', 'a ? without a value, at the end', 'SELECT 1 WHERE 1 = ?', undefined],
    ['query(sql, [value])', 'a ? without a value', 'SELECT (?), 1', []],
    ['query(sql, { name: value })', 'a :name without a value', 'SELECT 1 WHERE 1 = :id', undefined],
    ['query(sql, { name: value })', 'a :name with an array', 'SELECT 1 WHERE 1 = :id', [1]],
    ['of one kind', 'two kinds of placeholders', 'SELECT $1::int4 + ?::int4', [1, 2]],
    ['a type is written', 'a placeholder for a name', 'SELECT * FROM $1', ['town']],
    ['a type is written', 'a placeholder behind a type', 'SELECT interval $1', ['1 day']],
  ])('%s is said of %s', async (said, _, sql, parameters) => {
    const error = await rejectionOf(db.query(sql, parameters as unknown[]));
    if (!(error instanceof DatabaseError)) throw error;
    expect(error).toMatchObject({ hint: expect.stringContaining(said) as string });
    expect(error.explain('en')).toContain(error.hint);
    // In the reader's language as well.
    expect(error.explain('zh')).toMatch(/提示：[^\n]*\p{Script=Han}/u);
  });

  it.each<[string, string, readonly unknown[] | undefined]>([
    ['another syntax error', 'SELECT 1 AND', undefined],
    ['a ? that is an operator', "SELECT '{}'::jsonb ? 'a' AND", undefined],
    ['a text that is no number', 'SELECT $1::int4', ['{1,2']],
    ['an array that is none', 'SELECT $1::int4[]', [1]],
  ])('nothing is said of %s', async (_, sql, parameters) => {
    expect(await rejectionOf(db.query(sql, parameters as unknown[]))).not.toHaveProperty('hint');
  });

  it('a COPY with a placeholder says that it takes none', async () => {
    const rows = db.copyTo('COPY (SELECT $1::int4) TO STDOUT').toArray();
    expect(await rejectionOf(rows)).toMatchObject({
      code: '42P02',
      hint: expect.stringContaining('COPY takes no parameters') as string,
    });
  });

  it('BEGIN on the database is warned of, once', async () => {
    const warned = once(process, 'warning');
    await db.exec('BEGIN');
    const [warning] = (await warned) as [Error & { code?: string }];
    expect(warning).toMatchObject({ code: 'KINGBASE_TRANSACTION_LEFT_OPEN' });
    expect(warning.message).toContain('db.transaction()');
    let more = 0;
    const count = (): void => {
      more++;
    };
    process.on('warning', count);
    await db.exec('BEGIN');
    // What ends its transaction, or is one of the driver's own, is no mistake.
    await db.script('BEGIN; SELECT 1; COMMIT');
    await db.transaction((tx) => tx.query('SELECT 1'));
    const connection = await db.connect();
    await connection.begin();
    await connection.release();
    await db.query('SELECT 1');
    process.off('warning', count);
    expect(more).toBe(0);
  });
});
