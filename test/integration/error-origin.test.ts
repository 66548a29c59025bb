import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DatabaseError, KingbaseError, open, TimeoutError, type Database } from 'kingbase-native';
import { targets } from '../support/targets.js';

let db: Database;

beforeAll(() => {
  const [target] = targets();
  if (target === undefined) throw new Error('There is a target.');
  db = open(target.config);
});

afterAll(() => db.close());

async function thrown(call: () => Promise<unknown>): Promise<KingbaseError> {
  try {
    await call();
  } catch (error) {
    if (error instanceof KingbaseError) return error;
    throw error;
  }
  throw new Error('The call did not reject.');
}

/** A function of the program with a name that no other has. */
async function repositoryFind(call: () => Promise<unknown>): Promise<unknown> {
  return await call();
}

const WRONG = 'SELECT * FROM no_such_table_here';

describe('the stack of a rejected call', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['query', () => db.query(WRONG)],
    ['queryRow', () => db.queryRow(WRONG)],
    ['exec', () => db.exec(WRONG)],
    ['script', () => db.script(WRONG)],
    ['scriptRows', () => db.scriptRows(WRONG)],
    ['a call with a limit', () => db.query(WRONG, [], { timeout: 10_000 })],
    ['a call whose parameter cannot be written', () => db.query('SELECT $1::int4', [Symbol('s')])],
    ['a call that runs out of time', () => db.query('SELECT pg_sleep(60)', [], { timeout: 50 })],
    ['a call of a transaction', () => db.transaction((tx) => tx.query(WRONG))],
    ['a tagged statement', async () => await db.sql`SELECT * FROM ${db.sql.id('no_such_table_here')}`],
  ])('of %s names the lines that wait for it', async (_what, call) => {
    const { stack } = await thrown(() => repositoryFind(call));
    // Vitest's own form of a stack has no "async".
    expect(stack).toMatch(/\n {4}at (async )?repositoryFind \(.*error-origin\.test\.ts:\d+:\d+\)/);
    expect(stack?.split('\n')[0]).toMatch(/^\w+Error: /);
  });

  it('keeps the frames that there were where nobody waits', async () => {
    const rejected = await new Promise<KingbaseError>((resolve) => {
      db.query(WRONG).then(undefined, resolve);
    });
    expect(rejected.stack).toMatch(/\n {4}at /);
  });
});

describe('the text of the statement', () => {
  it('is on the error, as it was sent and without its values', async () => {
    const error = await thrown(() => db.query('SELECT :what::int4', { what: 'card-4111-1111' }));
    expect(error).toBeInstanceOf(DatabaseError);
    expect(error.sql).toBe('SELECT $1::int4');
    expect(error.sql).not.toContain('4111');
  });

  it('is on the error of a script and of a call that ran out of time', async () => {
    expect((await thrown(() => db.script(`SELECT 1; ${WRONG}`))).sql).toBe(`SELECT 1; ${WRONG}`);
    const late = await thrown(() => db.query('SELECT pg_sleep(60)', [], { timeout: 50 }));
    expect(late).toBeInstanceOf(TimeoutError);
    expect(late.sql).toBe('SELECT pg_sleep(60)');
  });

  it('is shown neither by inspecting the error nor in JSON', async () => {
    const error = await thrown(() => db.exec("ALTER ROLE no_such_role PASSWORD 'Hunter2'"));
    expect(error.sql).toContain('Hunter2');
    for (const shown of [
      inspect(error),
      inspect(error, { showHidden: true, depth: 9 }),
      JSON.stringify(error),
      error.explain('en'),
      error.stack,
    ]) {
      expect(shown).not.toContain('Hunter2');
    }
    expect(Object.keys(error)).not.toContain('sql');
  });
});
