/** Cursors. */
import { called, failure, nextEvent, until, type CursorResult, type Programs } from './program.js';

const SIX = 'select g as num from generate_series(0, 5) g';
const FOO = { getTypeParser: () => () => 'foo' };

export const cursors: Programs = {
  'reads a cursor in pieces of any size': async ({ client, Cursor }) => {
    const session = await client();
    const sizes = async (pieces: number[]): Promise<unknown> => {
      const cursor = session.query(new Cursor(SIX));
      const lengths: number[] = [];
      for (const piece of pieces) lengths.push((await cursor.read(piece)).length);
      await cursor.close();
      return lengths;
    };
    return {
      more: await sizes([10]),
      partly: await sizes([3]),
      exactly: await sizes([6, 6]),
      pieces: await sizes([2, 3, 1, 1]),
      past: await sizes([2, 100, 100]),
      after: (await session.query('select 1 as v')).rows,
    };
  },
  'gives the result of a cursor with its rows': async ({ client, Cursor }) => {
    const session = await client();
    const cursor = session.query(new Cursor(SIX));
    const read = (count: number): Promise<unknown> =>
      new Promise((resolve) => {
        cursor.read(count, (error, rows, result) => {
          resolve([error ?? null, rows, rows === result.rows, result.fields.map(({ name }) => name)]);
        });
      });
    const first = await read(1);
    const rest = await read(10);
    await cursor.close();
    return { first, rest };
  },
  'tells rows and the end of a cursor by events': async ({ client, Cursor }) => {
    const session = await client();
    const whole = session.query(new Cursor(SIX));
    whole.on('row', (row: unknown, result: CursorResult) => {
      result.addRow(row);
    });
    whole.read(10).catch(() => undefined);
    const ended = (await nextEvent(whole, 'end')) as CursorResult;
    const seen = [ended.rows.length, ended.command, ended.rowCount];
    const early = session.query(new Cursor(SIX));
    let count = 0;
    early.on('row', () => count++);
    const end = nextEvent(early, 'end');
    early.read(3, () => {
      void early.close();
    });
    await end;
    return { seen, count, after: (await session.query('select 1 as v')).rows };
  },
  'counts what a cursor changes': async ({ client, Cursor }) => {
    const session = await client();
    await session.query('create temp table changed (foo text, bar text)');
    const run = async (text: string, values: unknown[] = []): Promise<unknown> => {
      const cursor = session.query(new Cursor(text, values));
      const { told } = await called((callback) => {
        cursor.read(10, callback as never);
      });
      const [error, rows, result] = told as [unknown, unknown, CursorResult];
      await cursor.close();
      return [error, rows, result.rowCount, result.command];
    };
    return {
      insert: await run('insert into changed values ($1, $2)', ['a', 'b']),
      more: await run("insert into changed select 'c', 'd' from generate_series(1, 4)"),
      returning: await run('update changed set foo = bar returning foo'),
      delete: await run('delete from changed'),
      create: await run('create temp table by_cursor (thing int)'),
    };
  },
  'takes cursors without rows': async ({ client, Cursor }) => {
    const session = await client();
    const read = async (text: string): Promise<unknown> => session.query(new Cursor(text)).read(100);
    return {
      create: await read('create temp table whatwhat (thing int)'),
      remark: await read('-- this is a comment'),
      empty: await read(''),
      none: await read('select 1 as v where false'),
      after: (await session.query('select 1 as v')).rows,
    };
  },
  'closes cursors at any time': async ({ client, Cursor }) => {
    const session = await client();
    const order: unknown[] = [];
    const finishedOne = session.query(new Cursor(SIX));
    const behind = session.query('select 1 as v').then(({ rows }) => order.push(rows));
    await finishedOne.read(100);
    await finishedOne.close();
    await behind;
    const early = session.query(new Cursor('select g from generate_series(1, 100000) g'));
    const behindEarly = session.query('select 2 as v').then(({ rows }) => order.push(rows));
    await early.read(25);
    const byCallback = (await called((callback) => early.close(callback as never))).told;
    await behindEarly;
    const unread = session.query(new Cursor(SIX));
    await unread.close();
    const twice = session.query(new Cursor(SIX));
    await twice.read(1);
    await twice.close();
    await twice.close();
    const never = new Cursor(SIX);
    const submitted = (await called((callback) => never.close(callback as never))).told;
    return {
      order,
      byCallback: byCallback.filter((each) => each !== undefined),
      submitted: submitted.filter((each) => each !== undefined),
      closed: await twice.read(1),
      after: (await session.query('select 3 as v')).rows,
    };
  },
  'tells the errors of cursors': async ({ client, Cursor }) => {
    const session = await client();
    const cursor = session.query(new Cursor('asdfdffsdf'));
    const order: unknown[] = [];
    let after = false;
    await new Promise<void>((resolve) => {
      cursor.read(1, (error) => {
        order.push([(error as Error).message, after]);
        after = false;
        cursor.read(1, (again) => {
          order.push([(again as Error).message, after]);
          resolve();
        });
        after = true;
      });
      after = true;
    });
    const emits = session.query(new Cursor('select asdfasdf'));
    const event = nextEvent(emits, 'error');
    emits.read(1).catch(() => undefined);
    const late = session.query(new Cursor('select 10 / (3 - g) as v from generate_series(1, 5) g'));
    const reads = [(await failure(late.read(5)))['code'], (await failure(late.read(1)))['code']];
    return {
      order,
      event: ((await event) as Error).message,
      reads,
      after: (await session.query('select 1 as v')).rows,
    };
  },
  'writes and reads values of cursors as of queries': async ({ pg, client, Cursor }) => {
    const session = await client();
    const read = (text: string, values: unknown[] | null, config?: object): Promise<unknown> =>
      session.query(new Cursor(text, values, config)).read(10);
    session.setTypeParser(pg.types.builtins.BOOL, () => 'of the client');
    return {
      json: await read('select $1::json as me', [{ name: 'brian' }]),
      array: await read('select $1::int[] as v', [[1, 2, null]]),
      date: await read('select $1::timestamptz as v', [new Date(1_700_000_000_000)]),
      rowMode: await read(SIX, null, { rowMode: 'array' }),
      types: await read('select 1 as a, null as b', null, { types: FOO }),
      client: await read('select true as v', null),
    };
  },
  'gives the rows of cursors away': async ({ client, Cursor }) => {
    const session = await client();
    const text = `select g, g::int8 as big, g * 1.5::float8 as half, g % 2 = 0 as even, g::text as word,
      date '2024-02-29' + g as day, timestamp '2024-02-29 23:59:59.5' as at, null as nothing
      from generate_series(1, 1000) as g`;
    const counts: number[] = [];
    const told: unknown[] = [];
    const rows: unknown[] = [];
    for (const rowMode of ['object', 'array']) {
      const cursor = session.query(new Cursor(text, null, { rowMode }));
      cursor.on('row', (row) => told.push(row));
      for (;;) {
        const read = await cursor.read(rowMode === 'array' ? 333 : 7);
        counts.push(read.length);
        if (read.length === 0) break;
        // They are the program's, which may do with them as it likes.
        rows.push(...read.splice(0));
      }
    }
    const same = rows.every((row, at) => row === told[at]);
    return { counts, same, told: told.length, first: rows[0], last: rows[999], array: rows[1999] };
  },
  'has cursors in transactions': async ({ client, Cursor }) => {
    const session = await client();
    await session.query('begin');
    await session.query('create temp table foobar (id serial primary key)');
    const none = await session.query(new Cursor('select * from foobar')).read(10);
    await session.query('alter table foobar add column name text');
    await session.query('insert into foobar default values');
    const early = session.query(new Cursor('select * from foobar'));
    await early.close();
    await session.query('alter table foobar add column other text');
    const one = session.query(new Cursor('select * from foobar'));
    const read = await one.read(1);
    await one.close();
    await session.query('alter table foobar add column third text');
    const status = session.getTransactionStatus();
    await session.query('rollback');
    return { none, read, status };
  },
  'lends clients to cursors': async ({ pool, Cursor }) => {
    const one = pool({ max: 1 });
    const run = async (count: number): Promise<unknown> => {
      const client = await one.connect();
      const cursor = client.query(new Cursor(SIX));
      const rows = await cursor.read(count);
      await cursor.close();
      client.release();
      return rows.length;
    };
    return {
      early: await Promise.all([run(2), run(3), run(4)]),
      whole: await Promise.all([run(100), run(100)]),
      total: one.totalCount,
    };
  },
  'answers a read from before it was given to a client': async ({ client, Cursor }) => {
    const session = await client();
    const before = new Cursor('select 7 as v');
    const early = before.read(1);
    session.query(before);
    const seen = await early;
    await before.close();
    return { seen, after: (await session.query('select 1 as v')).rows };
  },
  'has states of cursors': async ({ client, Cursor }) => {
    const session = await client();
    const cursor = new Cursor(SIX);
    const states = [cursor.state];
    session.query(cursor);
    await cursor.read(100);
    await until(() => cursor.state === 'done');
    states.push(cursor.state);
    const wrong = session.query(new Cursor('select wrong'));
    await failure(wrong.read(1));
    states.push(wrong.state);
    return { states };
  },
};
