import { failure, seen, type Programs } from './program.js';

export const errors: Programs = {
  'tells errors with all fields': async ({ pg, client }) => {
    const session = await client();
    await session.query(
      `create temp table strict (id int primary key, name text not null, n int check (n > 0), other int unique)`,
    );
    await session.query("insert into strict values (1, 'a', 1, 1)");
    const failures: Record<string, unknown> = {};
    for (const text of [
      'select nothing_of_this_name',
      'select * from nothing_of_this_name',
      'selec 1',
      "insert into strict values (1, 'a', 1, 2)",
      "insert into strict values (2, 'a', 1, 1)",
      'insert into strict values (2, null, 1, 2)',
      "insert into strict values (2, 'b', 0, 2)",
      'select 1/0',
      "select 'x'::int",
      "select '2024-02-30'::date",
      "do $$ begin raise exception 'said' using detail = 'a detail', hint = 'a hint', errcode = 'XX999'; end $$",
      'select 1; select wrong',
      "commit prepared 'nothing'",
    ]) {
      // Of a temporary table the schema has another name each time.
      const { schema, ...rest } = await failure(session.query(text));
      failures[text] = { ...rest, ofSchema: schema !== undefined };
    }
    failures['with values'] = await failure(session.query('select $1::int', ['x']));
    failures['with values and a position'] = await failure(session.query('select $1::int, wrong', [1]));
    const kind = await session.query('select wrong').catch((error: unknown) => error);
    return { failures, kind: kind instanceof pg.DatabaseError, isError: kind instanceof Error };
  },
  'undoes the statements of a text where one of them fails': async ({ client }) => {
    const session = await client();
    await session.query('create temp table undone (v int)');
    await failure(session.query('insert into undone values (1); insert into undone values (1/0)'));
    return { rows: (await session.query('select * from undone')).rows };
  },
  'goes on in a failed transaction as the server does': async ({ client }) => {
    const session = await client();
    const states: unknown[] = [session.getTransactionStatus()];
    await session.query('begin');
    states.push(session.getTransactionStatus());
    await failure(session.query('select wrong'));
    // pg rejects before it has read the state.
    await new Promise((resolve) => setTimeout(resolve, 20));
    states.push(session.getTransactionStatus());
    const barred = await failure(session.query('select 1'));
    await session.query('rollback');
    states.push(session.getTransactionStatus());
    return { states, barred, after: (await session.query('select 1 as v')).rows };
  },
  'fails to connect': async ({ pg, config }) => {
    const told = async (changed: object): Promise<unknown> => {
      const client = new pg.Client({ ...config, ...changed });
      client.on('error', () => undefined);
      try {
        await client.connect();
        await client.end();
      } catch (error) {
        const { message, code, syscall, address, port, severity } = error as Record<string, unknown>;
        return { message, code, syscall, address, port, severity };
      }
      return 'connected';
    };
    return {
      port: await told({ host: '127.0.0.1', port: 1 }),
      database: await told({ database: 'nothing_of_this_name' }),
      user: await told({ user: 'nobody_of_this_name' }),
    };
  },
  'stops waiting for an answer': async ({ client }) => {
    const session = await client({ query_timeout: 300 });
    const error = await session.query('select pg_sleep(1)').catch((failed: unknown) => failed);
    const after = await session.query('select 1 as v').then(
      ({ rows }) => rows as unknown[],
      (failed: unknown) => (failed as Error).message,
    );
    return { message: (error as Error).message, after };
  },
  'has server-side time limits': async ({ client }) => {
    const session = await client({
      statement_timeout: 200,
      lock_timeout: 300,
      idle_in_transaction_session_timeout: 5000,
    });
    const shown: unknown[] = [];
    for (const name of ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout']) {
      shown.push((await session.query(`show ${name}`)).rows);
    }
    return { shown, late: await failure(session.query('select pg_sleep(2)')) };
  },
  'tells of the end of its session': async ({ pg, client, config }) => {
    const session = await client();
    const told: unknown[] = [];
    session.on('error', (error) => told.push(['error', error.message, (error as { code?: string }).code]));
    const ended = new Promise<void>((resolve) =>
      session.on('end', () => {
        told.push(['end']);
        resolve();
      }),
    );
    const { rows } = await session.query<{ pid: number }>('select pg_backend_pid() as pid');
    const other = new pg.Client(config);
    await other.connect();
    await other.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
    await ended;
    await other.end();
    const after = await failure(session.query('select 1'));
    return { told, after: after['message'] };
  },
  'tells of the end of its session in a query': async ({ pg, client, config }) => {
    const session = await client();
    const told: unknown[] = [];
    session.on('error', (error) => told.push(['error', error.message, (error as { code?: string }).code]));
    const ended = new Promise<void>((resolve) =>
      session.on('end', () => {
        told.push(['end']);
        resolve();
      }),
    );
    const { rows } = await session.query<{ pid: number }>('select pg_backend_pid() as pid');
    const slow = session.query('select pg_sleep(30)').catch((error: unknown) => {
      told.push(['query', seen(error)['message'], seen(error)['code']]);
    });
    const other = new pg.Client(config);
    await other.connect();
    await other.query('select pg_sleep(0.2), pg_terminate_backend($1)', [rows[0]?.pid]);
    await slow;
    await ended;
    await other.end();
    return { told };
  },
};
