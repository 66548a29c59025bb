import { inspect } from 'node:util';
import { open, type Database } from 'kingbase-native';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { targets } from '../support/targets.js';

const password = 's3cret-of-the-test';

describe.each(targets().slice(0, 1))('$name', (target) => {
  let db: Database;
  beforeAll(() => {
    db = open(target.config, { password });
  });
  afterAll(() => db.close());

  it('an option that a call does not have is refused, and nothing is sent', async () => {
    await db.exec('CREATE TEMPORARY TABLE IF NOT EXISTS never_mind (a int4)');
    const before = db.stats();
    const wrong = { timout: 100 } as never;
    await using statement = await db.prepare('SELECT 1 AS v');
    const calls: Record<string, () => Promise<unknown>> = {
      query: () => db.query('SELECT 1', [], wrong),
      queryRow: () => db.queryRow('SELECT 1', [], wrong),
      exec: () => db.exec('SELECT 1', [], wrong),
      rows: () => db.rows('SELECT 1', [], wrong).fields(),
      script: () => db.script('SELECT 1', wrong),
      prepare: () => db.prepare('SELECT 1', wrong),
      ping: () => db.ping(wrong),
      serverInfo: () => db.serverInfo(wrong),
      position: () => db.position(wrong),
      connect: () => db.connect(wrong),
      begin: () => db.begin(wrong),
      transaction: () => db.transaction(() => 1, wrong),
      batchInsert: () => db.batchInsert('t', ['a'], [[1]], wrong),
      'statement.query': () => statement.query([], wrong),
      'statement.rows': () => statement.rows([], wrong).fields(),
      'largeObjects.create': () => db.largeObjects().create(0, wrong),
      close: () => db.close(wrong),
    };
    for (const [name, call] of Object.entries(calls)) {
      await expect(call(), name).rejects.toMatchObject({
        name: 'UsageError',
        code: 'KB_BAD_OPTION',
        message: expect.stringMatching(/did you mean "timeout"/) as string,
      });
    }
    for (const call of [
      () => db.copyFrom('COPY t FROM STDIN', wrong),
      () => db.copyTo('COPY t TO STDOUT', wrong),
    ]) {
      expect(call).toThrow(expect.objectContaining({ code: 'KB_BAD_OPTION' }));
    }
    expect(db.stats()).toMatchObject({ inUse: 0, waitCount: before.waitCount });
  });

  it('a callback is refused where it would never be called', async () => {
    const callback = (() => undefined) as never;
    for (const call of [
      () => db.query('SELECT 1', [], callback),
      () => db.begin(callback),
      () => db.connect(callback),
      () => db.close(callback),
      () => db.script('SELECT 1', callback),
    ]) {
      await expect(call()).rejects.toMatchObject({
        code: 'KB_BAD_OPTION',
        hint: expect.stringMatching(/promise/) as string,
      });
    }
  });

  it('a mistaken isolation level does not pass in silence', async () => {
    const options = { isolationLevel: 'serializable' } as never;
    await expect(db.transaction(() => 1, options)).rejects.toMatchObject({
      message: 'Unknown option "isolationLevel" of transaction; did you mean "isolation"?',
    });
  });

  it('what the package makes is shown in a line, without secrets and without internals', async () => {
    await using connection = await db.connect();
    await using statement = await connection.prepare('SELECT 1 AS v');
    await using subscription = await db.listen('call_options', () => undefined);
    await using transaction = await db.begin();
    for (const shown of [db, connection, statement, subscription, transaction]) {
      const { name } = shown.constructor;
      for (const text of [inspect(shown, { depth: 9 }), JSON.stringify({ shown })]) {
        expect(text.length, name).toBeLessThan(400);
        expect(text).not.toContain(password);
      }
      expect(inspect(shown)).toMatch(new RegExp(`^${name} \\{`));
      expect(inspect({ a: { b: { c: shown } } })).toContain(`[${name}]`);
    }
    expect(JSON.parse(JSON.stringify(connection))).toEqual({
      backendPid: connection.backendPid,
      closed: false,
    });
    expect(JSON.parse(JSON.stringify(db))).toMatchObject({ database: target.config.database, inUse: 2 });
  });
});
