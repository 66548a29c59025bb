import { failure, seen, type Programs } from './program.js';

const STATEMENTS = [
  'select 1 as one',
  'select 1 as a, 2 as a',
  'select',
  '',
  ';',
  '-- a remark',
  'begin',
  'savepoint s',
  'release savepoint s',
  'create temp table result_shapes (id int primary key, name varchar(20), amount numeric(10,2))',
  "insert into result_shapes values (1, 'a', 1.5), (2, 'b', 2.5)",
  "insert into result_shapes values (3, 'c', 3) returning id, name",
  'update result_shapes set amount = 0 where id < 3',
  'update result_shapes set amount = 0 where id > 100',
  'delete from result_shapes where id = 3 returning *',
  'select * from result_shapes order by id',
  'select * from result_shapes where false',
  'create temp table copied_shapes as select * from result_shapes',
  'explain (costs off) select 1',
  'show server_encoding',
  "set application_name = 'x'",
  'declare shapes cursor for select * from result_shapes',
  'fetch 1 from shapes',
  'move 1 from shapes',
  'close shapes',
  'truncate result_shapes',
  'commit',
  'select 1 as a; select 2 as b, 3 as c',
  'select 1 as a; select 1 as b where false; begin; commit',
  ';;select 7 as v;;',
];

export const results: Programs = {
  'gives results of all commands': async ({ client }) => {
    const session = await client();
    const found: Record<string, unknown> = {};
    for (const text of STATEMENTS) {
      const result: unknown = await session.query(text);
      const all = Array.isArray(result) ? (result as object[]) : [result as object];
      found[text] = {
        many: Array.isArray(result),
        results: all.map((each) => {
          const { command, rowCount, oid, rows, fields } = each as Record<string, unknown>;
          // Of a temporary table's columns the table's number is another each time.
          const described = (fields as Record<string, unknown>[]).map(({ tableID, ...field }) => ({
            ...field,
            ofTable: tableID !== 0,
          }));
          return { command, rowCount, oid, rows, described };
        }),
      };
    }
    return found;
  },
  'gives the same by the extended protocol': async ({ client }) => {
    const session = await client();
    await session.query('create temp table extended_shapes (id int, name text)');
    const insert = await session.query('insert into extended_shapes values ($1, $2)', [1, 'a']);
    const select = await session.query('select * from extended_shapes where id = $1', [1]);
    const update = await session.query('update extended_shapes set name = $1', ['b']);
    const none = await session.query('select * from extended_shapes where id = $1', [7]);
    const array = await session.query({
      text: 'select 1 as a, 2 as a, $1::text as t',
      values: ['x'],
      rowMode: 'array',
    });
    const extended = await session.query({ text: 'select 1 as a', queryMode: 'extended' } as {
      text: string;
    });
    return Object.fromEntries(
      Object.entries({ insert, select, update, none, array, extended }).map(([name, result]) => {
        const { command, rowCount, oid, rows } = result as {
          command: string;
          rowCount: number;
          oid: number;
          rows: unknown[];
        };
        return [name, { command, rowCount, oid, rows }];
      }),
    );
  },
  'has properties of its own that can be enumerated': async ({ client }) => {
    const session = await client();
    const result = await session.query('select 1 as v');
    return {
      own: ['command', 'rowCount', 'oid', 'rows', 'fields'].map((name) => Object.hasOwn(result, name)),
      row: Object.keys((result.rows as object[])[0] ?? {}),
      prototype: Object.getPrototypeOf((result.rows as object[])[0]) === Object.prototype,
    };
  },
  'uses names for statements': async ({ client }) => {
    const session = await client();
    const name = 'a name';
    const first = await session.query({ name, text: 'select $1::int as v', values: [1] });
    const second = await session.query({ name, text: 'select $1::int as v', values: [2] });
    const other = await failure(session.query({ name, text: 'select 1', values: [] }));
    const third = await session.query({ name, text: 'select $1::int as v', values: [3] });
    return { first: first.rows, second: second.rows, other: other['message'], third: third.rows };
  },
  'refuses what is no query': async ({ client }) => {
    const session = await client();
    const thrown = (given: unknown): string => {
      try {
        void (session.query as (query: unknown) => Promise<unknown>)(given).catch(() => undefined);
      } catch (error) {
        return String(error);
      }
      return 'nothing';
    };
    return {
      none: thrown(null),
      absent: thrown(undefined),
      empty: await failure(session.query({} as never)),
      values: await failure(session.query('select $1', 'x' as never)),
    };
  },
  'has row, end and error of Query objects': async ({ pg, client }) => {
    const session = await client();
    const told: unknown[] = [];
    const query = session.query(new pg.Query('select g as v from generate_series(1, 3) g'));
    await new Promise<void>((resolve) => {
      query.on('row', (row, result) =>
        told.push(['row', row, (result as { fields: unknown[] }).fields.length]),
      );
      query.on('error', (error) => told.push(['error', error.message]));
      query.on('end', (result) => {
        told.push(['end', result.command, result.rowCount, result.rows]);
        resolve();
      });
    });
    const wrong = session.query(new pg.Query('select nothing_of_this_name'));
    const error = await new Promise((resolve) => wrong.on('error', resolve));
    const called: unknown[] = [];
    await new Promise<void>((resolve) => {
      session.query(
        new pg.Query('select $1::int as v', [5], (failed, result) => {
          called.push(failed, result.rows);
          resolve();
        }),
      );
    });
    return { told, error: seen(error), called };
  },
  'takes callbacks in every place': async ({ client }) => {
    const session = await client();
    const asked = <T>(ask: (callback: (error: unknown, result?: T) => void) => unknown): Promise<unknown> =>
      new Promise((resolve) => {
        const answer = ask((error, result) => {
          resolve([
            error instanceof Error ? error.message : error,
            (result as { rows?: unknown } | undefined)?.rows,
            answer,
          ]);
        });
      });
    return {
      text: await asked((callback) => session.query('select 1 as v', callback as never)),
      values: await asked((callback) => session.query('select $1::int as v', [2], callback as never)),
      config: await asked((callback) => session.query({ text: 'select 3 as v' }, callback as never)),
      error: await asked((callback) => session.query('select x', callback as never)),
      inside: await asked((callback) => session.query({ text: 'select 4 as v', callback } as never)),
    };
  },
};
