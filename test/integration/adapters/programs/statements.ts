/** Named statements, options of queries, results and their rows. */
import type pg from 'pg';
import { failure, heard, nextEvent, until, words, type Programs } from './program.js';

const LONG_NAME = 'a name that is longer than what the server keeps of the names of prepared statements';

interface Shown {
  command: unknown;
  rowCount: unknown;
  oid: unknown;
  rows: unknown;
  fields: { name: string; dataTypeID: number; format: string }[];
}

function shown(given: unknown): unknown {
  if (Array.isArray(given)) return given.map(shown);
  const { command, rowCount, oid, rows, fields } = given as Shown;
  return {
    command,
    rowCount,
    oid,
    rows,
    fields: fields.map(({ name, dataTypeID }) => [name, dataTypeID]),
  };
}

export const statements: Programs = {
  'runs a named statement by its name alone': async ({ client }) => {
    const session = await client();
    const name = 'towns by number';
    const text = 'select g as v from generate_series(1, $1::int) g where g > $2';
    const first = await session.query({ name, text, values: [3, 0] });
    const again = await session.query({ name, text, values: [4, 2] });
    const alone = await session.query({ name, values: [2, 0] } as never as pg.QueryConfig);
    const other = await failure(session.query({ name, text: 'select 1 as other' }));
    const after = await session.query({ name, values: [1, 0] } as never as pg.QueryConfig);
    return {
      first: shown(first),
      again: shown(again),
      alone: shown(alone),
      other: other['message'],
      after: shown(after),
    };
  },
  'has names for each client': async ({ client }) => {
    const one = await client();
    const two = await client();
    const first = await one.query({ name: 'same', text: 'select 1 as v' });
    const second = await two.query({ name: 'same', text: 'select $1::int as v', values: [2] });
    return { first: first.rows, second: second.rows };
  },
  'tells rows of named statements by events': async ({ pg, client }) => {
    const session = await client();
    const runs: unknown[] = [];
    for (const limit of [2, 1]) {
      const query = session.query(
        new pg.Query({
          name: 'by events',
          text: 'select g as v from generate_series(1, $1::int) g',
          values: [limit],
        }),
      );
      const told = heard(query, ['row', 'end'], (row) => (row as { v?: number }).v);
      await nextEvent(query, 'end');
      runs.push(told);
    }
    return { runs };
  },
  'forgets a named statement that failed': async ({ client }) => {
    const session = await client();
    const name = 'fails';
    const parse = await failure(session.query({ name, text: 'select $1::no_such_type', values: [1] }));
    const better = await session.query({ name, text: 'select $1::int as v', values: [42] });
    const bind = await failure(session.query({ name, text: 'select $1::int as v', values: ['brian'] }));
    const again = await session.query({ name, text: 'select $1::int as v', values: [1] });
    return { parse: parse['code'], better: better.rows, bind: bind['code'], again: again.rows };
  },
  'goes on with named statements in failed transactions': async ({ client }) => {
    const session = await client();
    await session.query('create temp table numbers (a int, b int)');
    await session.query('create temp table words (a text, b text)');
    const told: unknown[] = [await words(session.query('begin').then(() => 'begun'))];
    const insert = (name: string, table: string): Promise<unknown> =>
      words(
        session
          .query({ name, text: `insert into ${table} values ($1, $2)`, values: ['one', 'two'] })
          .then(({ rowCount }) => rowCount),
      );
    told.push(await insert('numbers', 'numbers'), await insert('words', 'words'));
    told.push((await session.query('commit')).command, await insert('words', 'words'));
    return { told };
  },
  'takes names of any length': async ({ client }) => {
    const session = await client();
    const first = await session.query({ name: LONG_NAME, text: 'select $1::int as v', values: [1] });
    const second = await session.query({ name: LONG_NAME, text: 'select $1::int as v', values: [2] });
    return { first: first.rows, second: second.rows };
  },
  'takes texts without anything in them': async ({ client }) => {
    const session = await client();
    const results: Record<string, unknown> = {};
    for (const text of ['', '   ', '-- only a remark', '/* the same */', ';']) {
      results[`simple ${text}`] = shown(await session.query(text));
      results[`named ${text}`] = shown(await session.query({ name: `of ${text}`, text }));
      results[`extended ${text}`] = shown(
        await session.query({ text, queryMode: 'extended' } as pg.QueryConfig),
      );
    }
    return results;
  },
  'runs everything by the extended protocol where that is asked for': async ({ client }) => {
    const session = await client();
    const run = async (text: string): Promise<unknown> => {
      const query = { text, queryMode: 'extended' } as pg.QueryConfig;
      return session
        .query(query)
        .then(shown, (error: unknown) => [
          (error as { code: string }).code,
          (error as Error).message,
          (error as { severity: string }).severity,
        ]);
    };
    const results: Record<string, unknown> = {};
    for (const text of [
      'create temp table by_extended (id int, name text)',
      "insert into by_extended values (1, 'a')",
      'select * from by_extended',
      'update by_extended set name = null',
      'select 1 as a; select 2 as b',
      'begin',
      'commit',
      'select wrong',
    ]) {
      results[text] = await run(text);
    }
    return results;
  },
  'takes how many rows are to be fetched at a time': async ({ client, pg }) => {
    const session = await client();
    const run = (rows: number): Promise<unknown> =>
      session
        .query({ text: 'select g as v from generate_series(1, 5) g', rows } as never as pg.QueryConfig)
        .then((result: pg.QueryResult) => result.rows as unknown[]);
    const query = session.query(
      new pg.Query({ name: 'few', text: 'select g as v from generate_series(1, 3) g', rows: 1 } as never),
    );
    const told = heard(query, ['row', 'end'], (row) => (row as { v?: number }).v);
    await nextEvent(query, 'end');
    const none = await session.query({
      name: 'none',
      text: '',
      values: [],
      rows: 1,
    } as never as pg.QueryConfig);
    return {
      one: await run(1),
      three: await run(3),
      many: await run(1000),
      told,
      none: none.rows,
      after: (await session.query('select 1 as v')).rows,
    };
  },
  'counts rows that were fetched so many at a time': async ({ client }) => {
    const session = await client();
    const counts: unknown[] = [];
    for (const rows of [1, 2, 5, 100]) {
      const query = { text: 'select g as v from generate_series(1, 5) g', rows } as never as pg.QueryConfig;
      counts.push((await session.query(query)).rowCount);
    }
    return { counts };
  },
  'takes portals': async ({ client }) => {
    const session = await client();
    const query = { text: 'select $1::int as v', values: [1], portal: 'of mine' } as never as pg.QueryConfig;
    return { rows: (await session.query(query)).rows, again: (await session.query(query)).rows };
  },
  'gives the same values where binary ones are asked for': async ({ client }) => {
    const session = await client({ binary: true } as never);
    const found: Record<string, unknown> = {};
    for (const expression of [
      '1::int2',
      '16909060::int4',
      '72623859790382856::int8',
      'true',
      "'日本語 🐘'::text",
      "'v'::varchar",
      'null::int4',
      "'{1,2}'::int4[]",
      "'{{1,2},{3,4}}'::int4[]",
      '\'{a,"b c"}\'::text[]',
    ]) {
      found[expression] = (await session.query(`select ${expression} as v where $1::bool`, [true])).rows;
    }
    const text = 'select $1::int as v';
    const plain = await session.query({ text, values: [1], binary: false } as never as pg.QueryConfig);
    return {
      ...found,
      plain: plain.rows,
      binary: (session as never as { binary: unknown }).binary,
    };
  },
  'gives arrays of values': async ({ client }) => {
    const session = await client();
    const text = 'select 1 as a, 2 as a, null as b, $1::text as c';
    const simple = await session.query({ text: 'select 1 as a, 2 as a, null as b', rowMode: 'array' });
    const extended = await session.query({ text, values: ['x'], rowMode: 'array' });
    const named = await session.query({ name: 'arrays', text, values: ['y'], rowMode: 'array' });
    const several = await session.query({ text: 'select 1 as a; select 2 as a, 3 as a', rowMode: 'array' });
    const objects = await session.query({ name: 'arrays', text, values: ['z'] });
    return {
      simple: shown(simple),
      extended: shown(extended),
      named: shown(named),
      several: shown(several),
      objects: shown(objects),
    };
  },
  'takes the last of columns of one name': async ({ client }) => {
    const session = await client();
    const rows = async (text: string): Promise<unknown> => (await session.query(text)).rows;
    return {
      null: await rows('select null as test, 10 as test, null as test'),
      value: await rows('select null as test, 10 as test, 12 as test'),
      text: await rows("select null as test, 10 as test, 12 as test, 'ABC' as test"),
      proto: await rows('select 1 as "__proto__", 2 as "constructor", 3 as "toString"').then((all) =>
        JSON.stringify((all as object[]).map((row) => Object.keys(row))),
      ),
    };
  },
  'names columns as the server does': async ({ client }) => {
    const session = await client();
    await session.query(`create temp table odd ("complex''column" text, "baz's" int, "引用" int)`);
    await session.query(`insert into odd values ('a', 1, 2)`);
    const odd = await session.query('select * from odd');
    const wild = await session.query('select 1 as "\\\'/*", 2 as "\\\'*/\n + process.exit(-1)] = null;\n//"');
    const none = await session.query('select 1, 2, current_date is null, $1::text', ['x']);
    return {
      odd: [odd.fields.map(({ name }) => name), odd.rows],
      wild: [wild.fields.map(({ name }) => name), wild.rows],
      none: [none.fields.map(({ name }) => name), none.rows],
    };
  },
  'describes results without rows': async ({ pg, client }) => {
    const session = await client();
    const text = 'select now() as now, 1::int as num, $1::text as texty limit 0';
    const promised = await session.query(text, ['hello']);
    const query = session.query(new pg.Query('select $1::text as val limit 0', ['hi']));
    const ended = (await nextEvent(query, 'end')) as pg.QueryResult;
    const all = await Promise.all([
      session.query('create temp table described (bar text)'),
      session.query('insert into described values ($1)', ['qux']),
      session.query('select * from described where bar = $1', ['foo']),
    ]);
    return {
      promised: shown(promised),
      ended: shown(ended),
      all: all.map(({ rows, fields }) => [Array.isArray(rows), Array.isArray(fields)]),
    };
  },
  'tells the rows of several statements by events': async ({ pg, client }) => {
    const session = await client();
    const query = session.query(
      new pg.Query('select 1 as age; select null as name; select 2 as b where false'),
    );
    const told = heard(query, ['row', 'end'], (given, result) =>
      Array.isArray(given)
        ? given.length
        : [given, (result as { fields?: { name: string }[] }).fields?.length],
    );
    await nextEvent(query, 'end');
    const wrong = session.query(new pg.Query('select 1 as v; select wrong'));
    const failed = heard(wrong, ['row', 'end', 'error'], (given) => (given as Error).message);
    await until(
      () => failed.includes('error') || failed.some((each) => Array.isArray(each) && each[0] === 'error'),
    );
    return { told, failed: failed.slice(-1) };
  },
  'runs several statements together or not at all': async ({ client }) => {
    const session = await client();
    const mixed = await session.query(
      "create temp table weather (type text); insert into weather values ('rain'); select * from weather;",
    );
    const rolled = await failure(
      session.query("insert into weather values ('sun'); select 1/0; insert into weather values ('fog')"),
    );
    const parted = await session.query(
      "begin; insert into weather values ('ice'); rollback; select * from weather",
    );
    return {
      mixed: shown(mixed),
      rolled: rolled['code'],
      parted: shown(parted),
      text: (await words(session.query('select $1::int as v; select 2', [1]))) as string,
    };
  },
  'sends long texts and many parameters': async ({ client }) => {
    const session = await client();
    const long = 'a'.repeat(100_000);
    const all = await Promise.all(
      Array.from({ length: 10 }, () => session.query(`select '${long}' as v where $1 = ''`, [''])),
    );
    const values = Array.from({ length: 1000 }, (_, at) => at);
    const sum = await session.query(
      `select ${values.map((_, at) => `$${at + 1}::int`).join(' + ')} as v`,
      values,
    );
    return {
      same: all.every(({ rows }) => (rows as { v: string }[])[0]?.v === long),
      sum: sum.rows,
    };
  },
  'has rows that are plain objects': async ({ client }) => {
    const session = await client();
    const { rows } = await session.query('select 1 as b, 2 as a, null as c');
    const [row = {}] = rows as object[];
    return {
      keys: Object.keys(row),
      json: JSON.stringify(row),
      length: 'length' in row,
      copy: { ...row },
      result: Object.keys(await session.query('select 1')).filter((name) =>
        ['command', 'rowCount', 'oid', 'rows', 'fields'].includes(name),
      ),
    };
  },
};
