import { open, type ConnectionConfig, type Database } from 'kingbase-native';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { encodeMessage } from '../support/protocol.js';
import { startScriptedServer, type Respond, type ScriptedServer } from '../support/scripted-server.js';

const closing: (Database | ScriptedServer)[] = [];
afterEach(async () => {
  for (const one of closing.splice(0).reverse()) await one.close();
});

const typeOf = (message: Buffer): string => message.toString('latin1', 0, 1);
const ROWS = 'rows 3 of 20 as 17';
const RIGHT = { rows: [{ i: 0 }, { i: 1 }, { i: 2 }], command: 'SELECT' };

// A server (or whatever stands before it) whose answers cannot be right.
describe.each(inject('libraries'))('$name', ({ path, flavour }) => {
  /** A database of one connection, whose statements are answered by what `change` makes of the right answer. */
  async function answering(
    change: (answer: readonly Buffer[]) => readonly Buffer[],
    more: ConnectionConfig = {},
  ): Promise<Database> {
    let wrong = true;
    const respond: Respond = ({ answer, sql }, { wire }) => {
      const changed = wrong && /^(rows|change)/.test(sql) && answer.some((each) => typeOf(each) === 'C');
      if (changed) wrong = false;
      return wire.write(Buffer.concat(changed ? change(answer) : answer));
    };
    const server = await startScriptedServer({ respond });
    const db = open({
      user: 'somebody',
      database: 'any',
      clientLibrary: path,
      host: server.host,
      port: server.port,
      sslmode: 'disable',
      pool: { max: 1 },
      ...more,
    });
    closing.push(server, db);
    return db;
  }

  const without = (type: string) => (answer: readonly Buffer[]) =>
    answer.filter((each) => typeOf(each) !== type);
  const incomplete: Record<string, (answer: readonly Buffer[]) => readonly Buffer[]> = {
    'without its end': without('C'),
    'of which only the end of the command comes': (answer) => answer.filter((each) => typeOf(each) === 'Z'),
    'whose columns come twice': (answer) =>
      answer.flatMap((each) => (typeOf(each) === 'T' ? [each, each] : [each])),
  };
  describe.each(Object.keys(incomplete))('an answer %s', (name) => {
    const calls: Record<string, (db: Database) => Promise<unknown>> = {
      query: (db) => db.query(ROWS),
      queryRow: (db) => db.queryRow(ROWS),
      exec: (db) => db.exec('change 7 as 1'),
      script: (db) => db.script('change 7 as 1'),
      rows: async (db) => {
        for await (const row of db.rows(ROWS)) expect(row).toBeDefined();
      },
    };
    it.each(Object.keys(calls))(
      'is no success of %s: the connection is closed, the next call is right',
      async (call) => {
        // A command without rows has no columns.
        if (name.includes('columns') && /exec|script/.test(call)) return;
        const db = await answering(incomplete[name] as (answer: readonly Buffer[]) => readonly Buffer[]);
        await expect(calls[call]?.(db)).rejects.toMatchObject({
          code: expect.stringMatching(/^KB_(PROTOCOL|CONNECTION_LOST)$/) as string,
          outcome: 'unknown',
        });
        expect(await db.query(ROWS)).toMatchObject(RIGHT);
      },
    );
  });

  it('gives several results of one execution, and all to the call that they belong to', async () => {
    const twice = (answer: readonly Buffer[]): readonly Buffer[] => {
      const from = answer.findIndex((each) => typeOf(each) === 'T');
      const to = answer.findIndex((each) => typeOf(each) === 'C') + 1;
      return [...answer.slice(0, to), ...answer.slice(from, to), ...answer.slice(to)];
    };
    const db = await answering(twice);
    const [first, second, third] = await Promise.allSettled([
      db.query(ROWS),
      db.query('rows 1 of 5 as 18'),
      db.exec('change 4 as 19'),
    ]);
    // libpq 18 itself refuses a second result of one execution.
    if (flavour === 'kci') expect(first).toMatchObject({ value: { ...RIGHT, results: [RIGHT, RIGHT] } });
    else expect(first).toMatchObject({ reason: { code: 'KB_PROTOCOL', outcome: 'unknown' } });
    expect(second).toMatchObject({ value: { rows: [{ id: 18 }] } });
    expect(second).not.toHaveProperty('value.results');
    expect(third).toMatchObject({ value: { rowsAffected: 4 } });
  });

  // Calls on several connections are read beside JavaScript, which could be told of the first answer before the second comes.
  it.each(['T', 't'])(
    'ends the connection at a second %s for one Describe, and runs nothing else on it',
    async (type) => {
      const asked = new Set<unknown>();
      let left = 4;
      const respond: Respond = ({ answer, sql }, session) => {
        const wrong = /^rows/.test(sql) && left > 0 && answer.some((each) => typeOf(each) === 't');
        if (!wrong) {
          if (asked.has(session)) throw new Error(`${sql} on a connection that was answered wrongly`);
          return session.wire.write(Buffer.concat(answer));
        }
        left--;
        asked.add(session);
        // The end of the answer does not come.
        const twice = answer.filter((each) => typeOf(each) !== 'Z');
        return session.wire.write(
          Buffer.concat([...twice, ...twice.filter((each) => type === 't' || typeOf(each) === type)]),
        );
      };
      const server = await startScriptedServer({ respond });
      const db = open({
        ...{ user: 'somebody', database: 'any', clientLibrary: path, sslmode: 'disable' },
        ...{ host: server.host, port: server.port, pool: { max: 3 } },
      });
      closing.push(server, db);
      const read = async (id: number): Promise<number> => {
        const rows: unknown[] = [];
        for await (const row of db.rows(`rows 3 of 20 as ${id}`)) rows.push(row);
        return rows.length;
      };
      const ends = await Promise.allSettled(Array.from({ length: 12 }, (_, id) => read(id)));
      expect(ends.filter(({ status }) => status === 'rejected')).toHaveLength(4);
      for (const end of ends) {
        if (end.status === 'fulfilled') expect(end.value).toBe(3);
        else expect(end.reason).toMatchObject({ code: 'KB_PROTOCOL', outcome: 'unknown' });
      }
    },
  );

  describe('a message behind the end of an answer', () => {
    const behind = (answer: readonly Buffer[]): readonly Buffer[] => [
      ...answer,
      encodeMessage('C', Buffer.from('SELECT 1\0')),
    ];
    const calls: Record<string, (db: Database) => Promise<unknown>> = {
      query: (db) => db.query(ROWS),
      queryRow: (db) => db.queryRow(ROWS),
      exec: (db) => db.exec('change 7 as 1'),
      script: (db) => db.script('change 7 as 1'),
    };

    it.each(Object.keys(calls))('fails %s: the answer may be cut', async (call) => {
      const db = await answering(behind);
      await expect(calls[call]?.(db)).rejects.toMatchObject({ code: 'KB_PROTOCOL', outcome: 'unknown' });
      expect(await db.query(ROWS)).toMatchObject(RIGHT);
    });

    it.each(Object.keys(calls))('ends the session after %s with strictAnswers: false', async (call) => {
      const db = await answering(behind, { strictAnswers: false });
      const ended = new Promise<unknown>((resolve) => {
        db.on('disconnect', resolve);
      });
      const right = await calls[call]?.(await answering((answer) => answer));
      expect(await calls[call]?.(db)).toEqual(right);
      expect(await ended).toMatchObject({ error: { code: 'KB_PROTOCOL' } });
      expect(await db.query(ROWS)).toMatchObject(RIGHT);
    });

    it('is no excuse for an answer without its end', async () => {
      const cut = (answer: readonly Buffer[]): readonly Buffer[] => behind(without('C')(answer));
      const db = await answering(cut, { strictAnswers: false });
      await expect(db.query(ROWS)).rejects.toMatchObject({ code: 'KB_PROTOCOL', outcome: 'unknown' });
    });
  });

  it('never lets a wrong message become an uncaught exception or a call that does not settle', async () => {
    const stray = [encodeMessage('1', Buffer.alloc(0)), encodeMessage('C', Buffer.from('SELECT 1\0'))];
    for (const message of stray) {
      for (const at of [0, 2, -1]) {
        const db = await answering((answer) => {
          const changed = [...answer];
          changed.splice(at, 0, message);
          return changed;
        });
        const calls = [1, 2, 3, 4].map((id) => db.query(`rows 2 of 3 as ${id}`));
        await Promise.allSettled(calls);
        await db.close({ timeout: 300 });
      }
    }
  });
});
