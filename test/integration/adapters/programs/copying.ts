/** COPY by streams. */
import { PassThrough, Readable, Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { failure, heard, nextEvent, until, type Programs } from './program.js';

async function text(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

const count = async (session: pg.Client, table: string): Promise<unknown> =>
  (await session.query(`select count(*)::int as count from ${table}`)).rows;

export const copies: Programs = {
  'counts rows that were copied': async ({ client, copy }) => {
    const session = await client();
    await session.query('create temp table numbers (num int, bigger int)');
    const into = session.query(copy.from('copy numbers from stdin'));
    const before = into.rowCount;
    for (let i = 0; i < 1000; i++) into.write(Buffer.from(`${i}\t${i * 10}\n`));
    into.end();
    await finished(into);
    const out = session.query(copy.to('copy (select * from generate_series(0, 99)) to stdout'));
    out.resume();
    await finished(out);
    await until(() => out.rowCount > 0);
    return { before, into: into.rowCount, out: out.rowCount, count: await count(session, 'numbers') };
  },
  'has stored everything when it has finished': async ({ client, copy }) => {
    const session = await client();
    await session.query('create temp table numbers (num int)');
    const runs: unknown[] = [];
    for (let run = 0; run < 2; run++) {
      const into = session.query(copy.from('copy numbers from stdin'));
      const lines = `${Array.from({ length: 50_000 }, (_, at) => at).join('\n')}\n`;
      into.write(Buffer.from(lines));
      into.end(Buffer.from(lines));
      await nextEvent(into, 'finish');
      runs.push(await count(session, 'numbers'));
    }
    return { runs, sum: (await session.query('select sum(num) from numbers')).rows };
  },
  'tells the events of copies': async ({ client, copy }) => {
    const session = await client();
    await session.query('create temp table numbers (num int)');
    const into = session.query(copy.from('copy numbers from stdin'));
    const toldInto = heard(into, ['finish', 'error', 'close']);
    into.end('1\n');
    await nextEvent(into, 'close');
    const out = session.query(copy.to('copy (select 1) to stdout'));
    const toldOut = heard(out, ['end', 'finish', 'error', 'close']);
    out.resume();
    await nextEvent(out, 'close');
    const wrong = session.query(copy.to('copy (select invalid syntax) to stdout'));
    const toldWrong = heard(
      wrong,
      ['end', 'finish', 'error'],
      (error) => (error as Error | undefined)?.message,
    );
    wrong.resume();
    await until(() => toldWrong.length > 0);
    return { toldInto, toldOut, toldWrong, after: (await session.query('select 1 as v')).rows };
  },
  'tells errors of copies': async ({ client, copy }) => {
    const session = await client();
    await session.query('create temp table strict (num int primary key)');
    const from = async (data: string, statement = 'copy strict from stdin'): Promise<unknown> => {
      const into = session.query(copy.from(statement));
      const error = failure(finished(into));
      into.end(data);
      const { message, code, where, constraint } = await error;
      return { message, code, where, constraint };
    };
    const to = async (statement: string): Promise<unknown> => {
      const out = session.query(copy.to(statement));
      const error = failure(finished(out));
      out.resume();
      const { message, code } = await error;
      return { message, code };
    };
    return {
      number: await from('1\nx\n'),
      twice: await from('1\n1\n'),
      table: await from('1\n', 'copy nothing_of_this_name from stdin'),
      remark: await to('copy --wrong-- to stdout'),
      zero: await to('copy (select 10 / (3 - g) from generate_series(1, 5) g) to stdout'),
      missing: await to('copy nothing_of_this_name to stdout'),
      after: await count(session, 'strict'),
    };
  },
  'stops a copy that the server cancels': async ({ client, copy }) => {
    const session = await client();
    const other = await client();
    const out = session.query(copy.to('copy (select pg_sleep(20)) to stdout'));
    const error = failure(finished(out));
    out.resume();
    const { processID } = session as unknown as { processID: number };
    await other.query('select pg_cancel_backend($1) from pg_sleep(0.1)', [processID]);
    return { code: (await error)['code'], after: (await session.query('select 1 as v')).rows };
  },
  'goes through pipelines': async ({ client, copy }) => {
    const session = await client();
    await session.query('create temp table lines (line text)');
    await pipeline(
      Readable.from(['one\n', 'two\n', '三\n']),
      session.query(copy.from('copy lines from stdin')) as Writable,
    );
    const through = new PassThrough();
    const [read] = await Promise.all([
      text(through),
      pipeline(session.query(copy.to('copy lines to stdout')) as Readable, through),
    ]);
    const wrong = failure(
      pipeline(
        session.query(copy.to('copy (select wrong) to stdout')) as Readable,
        new PassThrough().resume(),
      ),
    );
    return { read, wrong: (await wrong)['code'], after: await count(session, 'lines') };
  },
  'copies binary data from one client to another': async ({ client, copy }) => {
    const one = await client();
    const two = await client();
    await one.query(
      "create temp table data as select g::int8 as num, 'word ' || g as word from generate_series(1, 3) g",
    );
    await two.query('create temp table data (num int8, word text)');
    await pipeline(
      one.query(copy.to('copy data to stdout binary')) as Readable,
      two.query(copy.from('copy data from stdin binary')) as Writable,
    );
    return { rows: (await two.query('select * from data order by num')).rows };
  },
  'takes CSV and other formats': async ({ client, copy }) => {
    const session = await client();
    await session.query('create temp table csv (a int, b text, c text)');
    const into = session.query(copy.from(`copy csv from stdin with (format csv, header, null '-')`));
    into.write('a,b,c\n1,"two, ""quoted""",-\n');
    into.end('2,"line\nbreak",中文\n');
    await finished(into);
    return {
      rows: (await session.query('select * from csv order by a')).rows,
      text: await text(session.query(copy.to('copy (select * from csv order by a) to stdout'))),
      csv: await text(session.query(copy.to(`copy (select * from csv order by a) to stdout (format csv)`))),
    };
  },
  'takes what was written before it was given to a client': async ({ client, copy }) => {
    const session = await client();
    await session.query('create temp table early (num int)');
    const into = copy.from('copy early from stdin');
    into.write('1\n');
    into.write('2\n');
    session.query(into);
    into.end('3\n');
    await finished(into);
    const whole = copy.from('copy early from stdin');
    whole.write('4\n');
    whole.end('5\n');
    session.query(whole);
    await finished(whole);
    return { count: await count(session, 'early'), rowCount: [into.rowCount, whole.rowCount] };
  },
  'undoes a copy that is destroyed': async ({ client, copy }) => {
    const session = await client();
    await session.query('create temp table undone (num int)');
    const into = session.query(copy.from('copy undone from stdin'));
    into.on('error', () => undefined);
    into.write('1\n');
    await new Promise((resolve) => setTimeout(resolve, 20));
    const closed = nextEvent(into, 'close');
    into.destroy();
    await closed;
    const other = session.query(copy.from('copy undone from stdin'));
    const error = nextEvent(other, 'error');
    other.write('2\n');
    await new Promise((resolve) => setTimeout(resolve, 20));
    other.destroy(new Error('of the program'));
    await error;
    return { count: await count(session, 'undone') };
  },
  'runs copies in the order of queries': async ({ client, copy }) => {
    const session = await client();
    const order: string[] = [];
    void session.query('create temp table ordered (num int)').then(() => order.push('created'));
    const into = session.query(copy.from('copy ordered from stdin'));
    into.on('finish', () => order.push('copied'));
    const counted = session.query('select count(*)::int as count from ordered').then(({ rows }) => {
      order.push('counted');
      return rows as unknown[];
    });
    into.end('1\n2\n');
    return { rows: await counted, order };
  },
  'gives large values whole': async ({ client, copy }) => {
    const session = await client();
    const size = 200_000;
    const read = await text(session.query(copy.to(`copy (select repeat('-', ${size})) to stdout`)));
    const slow: number[] = [];
    const out = session.query(
      copy.to('copy (select g from generate_series(1, 20000) g) to stdout', { highWaterMark: 10 }),
    );
    await pipeline(
      out as Readable,
      new Writable({
        highWaterMark: 1,
        write: (chunk: Buffer, _encoding, done) => {
          slow.push(chunk.length);
          setImmediate(done);
        },
      }),
    );
    return {
      length: read.length,
      bytes: slow.reduce((sum, each) => sum + each, 0),
      after: (await session.query('select 1 as v')).rows,
    };
  },
};
