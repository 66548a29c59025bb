import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, type Database } from 'kingbase-native';
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
