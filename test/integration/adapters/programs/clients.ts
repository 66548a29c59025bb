import { finished } from 'node:stream/promises';
import type { PoolConfig } from 'pg';
import { failure, until, type Programs } from './program.js';

export const clients: Programs = {
  'runs what was asked before it had connected, in its order': async ({ pg, config }) => {
    const client = new pg.Client(config);
    const told: unknown[] = [];
    client.on('connect', () => told.push('connect'));
    client.on('drain', () => told.push('drain'));
    client.on('end', () => told.push('end'));
    const first = client.query('select 1 as v').then(({ rows }) => told.push(['first', rows]));
    const second = client.query('select $1::int as v', [2]).then(({ rows }) => told.push(['second', rows]));
    await client.connect();
    told.push('connected');
    await Promise.all([first, second]);
    await client.end();
    told.push('ended');
    await until(() => told.includes('end'));
    return {
      told: told.filter((each) => each !== 'end' && each !== 'ended'),
      ends: told.filter((e) => e === 'end'),
    };
  },
  'connects by promise and by callback, once': async ({ pg, config }) => {
    const client = new pg.Client(config);
    const given = await client.connect();
    const again = await failure(client.connect());
    await client.end();
    const other = new pg.Client(config);
    const called = await new Promise((resolve) => {
      other.connect(((error: unknown, connected: unknown) => {
        resolve([error, connected === other]);
      }) as never);
    });
    const ended = await new Promise((resolve) => {
      other.end((...all: unknown[]) => {
        resolve(all.length === 0 || all[0] === undefined || all[0] === null);
      });
    });
    return { same: given === client, again: again['message'], called, ended };
  },
  'takes no queries after its end': async ({ pg, config }) => {
    const client = new pg.Client(config);
    await client.connect();
    await client.end();
    const after = await failure(client.query('select 1'));
    await client.end();
    return { after: after['message'] };
  },
  'ends without having connected': async ({ pg, config }) => {
    const client = new pg.Client(config);
    await client.end();
    return { ended: true };
  },
  'refuses what is under way when it is ended': async ({ pg, config }) => {
    const client = new pg.Client(config);
    client.on('error', () => undefined);
    await client.connect();
    const slow = failure(client.query('select pg_sleep(20)'));
    const waiting = failure(client.query('select 1'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    await client.end();
    return { slow: (await slow)['message'], waiting: (await waiting)['message'] };
  },
  'tells notices': async ({ client }) => {
    const session = await client();
    const notices: unknown[] = [];
    session.on('notice', (notice) => {
      const { name, message, severity, code, detail, hint, where, routine } = notice as unknown as Record<
        string,
        unknown
      >;
      notices.push({ name, message, severity, code, detail, hint, where, routine });
    });
    await session.query(
      "do $$ begin raise notice 'one'; raise warning 'two' using detail = 'd', hint = 'h'; end $$",
    );
    await session.query('drop table if exists nothing_of_this_name');
    await until(() => notices.length >= 3);
    return { notices };
  },
  'tells notifications': async ({ client }) => {
    const session = await client();
    const other = await client();
    const heard: unknown[] = [];
    session.on('notification', ({ channel, payload, processId }) => {
      heard.push([channel, payload, processId === (other as unknown as { processID: number }).processID]);
    });
    await session.query('listen comparison');
    await other.query("notify comparison, 'a payload'");
    await other.query('notify comparison');
    await until(() => heard.length >= 2);
    return { heard };
  },
  'knows its process and where it is': async ({ client }) => {
    const session = await client({ application_name: 'comparison' });
    const { rows } = await session.query<{ pid: number; name: string }>(
      "select pg_backend_pid() as pid, current_setting('application_name') as name",
    );
    const { user, database, port, host } = session;
    const { processID } = session as unknown as { processID: number };
    return { same: rows[0]?.pid === processID, name: rows[0]?.name, user, database, port, host };
  },
  'is configured by strings and the environment': async ({ pg, config }) => {
    const { host, port, user, database } = config;
    const about = async (given: unknown): Promise<unknown> => {
      const { kingbase } = config as { kingbase?: object };
      const client = new pg.Client({ ...(given as object), ...(kingbase && { kingbase }) } as PoolConfig);
      await client.connect();
      const { rows } = await client.query(
        "select current_user as u, current_database() as d, current_setting('application_name') as a, current_setting('work_mem') as w",
      );
      await client.end();
      return rows;
    };
    const url = `postgres://${user}@${host}:${port}/${database}`;
    const before = { ...process.env };
    Object.assign(process.env, {
      PGHOST: host,
      PGPORT: String(port),
      PGUSER: user,
      PGDATABASE: database,
      PGAPPNAME: 'by variable',
    });
    try {
      return {
        environment: await about({}),
        url: await about({ connectionString: `${url}?application_name=by-url` }),
        options: await about({ connectionString: url, options: '-c work_mem=7MB', application_name: 'x' }),
        over: await about({
          connectionString: `${url}?application_name=by-url`,
          application_name: 'by option',
        }),
      };
    } finally {
      for (const name of ['PGHOST', 'PGPORT', 'PGUSER', 'PGDATABASE', 'PGAPPNAME']) {
        if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = before[name];
      }
    }
  },
  'reads by cursors': async ({ client, Cursor }) => {
    const session = await client();
    const cursor = session.query(new Cursor('select g as v from generate_series(1, $1::int) g', [7]));
    const reads: unknown[] = [
      await cursor.read(3),
      await cursor.read(3),
      await cursor.read(3),
      await cursor.read(3),
    ];
    const array = session.query(new Cursor('select 1 as a, 2 as a', [], { rowMode: 'array' }));
    const called = await new Promise((resolve) => {
      array.read(1, (error, rows, result) => {
        resolve([error ?? null, rows, result.fields.map(({ name }) => name)]);
      });
    });
    await array.close();
    const closed = session.query(new Cursor('select g as v from generate_series(1, 100000) g'));
    await closed.read(2);
    await closed.close();
    const wrong = await failure(session.query(new Cursor('select wrong')).read(1));
    return { reads, called, after: (await session.query('select 1 as v')).rows, wrong };
  },
  'reads by streams': async ({ client, QueryStream }) => {
    const session = await client();
    const all: unknown[] = [];
    for await (const row of session.query(
      new QueryStream('select g as v from generate_series(1, $1::int) g', [250]),
    )) {
      all.push(row);
    }
    const some: unknown[] = [];
    for await (const row of session.query(
      new QueryStream('select g as v from generate_series(1, 100000) g'),
    )) {
      some.push(row);
      if (some.length === 3) break;
    }
    const wrong = session.query(new QueryStream('select wrong'));
    const failed = await new Promise((resolve) => {
      wrong.on('error', (error) => {
        resolve(error.message);
      });
      wrong.resume();
    });
    return { all, some, failed, after: (await session.query('select 1 as v')).rows };
  },
  'has a name where none is given': async ({ client }) => {
    const session = await client();
    return { rows: (await session.query("select current_setting('application_name') as v")).rows };
  },
  'refuses COPY without a stream': async ({ client }) => {
    const session = await client();
    await session.query('create temp table copied (v int)');
    const { message } = await failure(session.query('copy copied from stdin'));
    return { message, after: (await session.query('select count(*) from copied')).rows };
  },
  'copies by streams': async ({ client, copy }) => {
    const session = await client();
    await session.query('create temp table copied (v int, t text)');
    const into = session.query(copy.from('copy copied from stdin'));
    for (let i = 0; i < 5000; i++) into.write(`${i}\trow ${i} 中文\n`);
    into.end();
    await finished(into);
    const out = session.query(copy.to('copy (select * from copied where v < 100 order by v) to stdout'));
    const chunks: Buffer[] = [];
    for await (const chunk of out) chunks.push(chunk as Buffer);
    const wrong = session.query(copy.from('copy copied from stdin'));
    wrong.end('not a number\t\n');
    const error = await failure(finished(wrong));
    const missing = session.query(copy.to('copy nothing_of_this_name to stdout'));
    missing.resume();
    const absent = await failure(finished(missing));
    return {
      rowCount: (into as { rowCount?: number }).rowCount,
      text: Buffer.concat(chunks).toString(),
      error,
      absent,
      after: (await session.query('select count(*) from copied')).rows,
    };
  },
};
