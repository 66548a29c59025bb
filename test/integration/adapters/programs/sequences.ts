/** Connecting, ending and what comes in between, in every order. */
import { called, failure, heard, nextEvent, turn, until, words, type Programs } from './program.js';

export const sequences: Programs = {
  'tells connect, end and what is between in their order': async ({ pg, config }) => {
    const client = new pg.Client(config);
    const told = heard(client, ['connect', 'drain', 'end']);
    await client.connect().then(() => told.push('connected'));
    await client.query('select 1').then(() => told.push('queried'));
    await turn();
    await client.end().then(() => told.push('ended'));
    await until(() => told.includes('end'));
    const other = new pg.Client(config);
    const byCallback = heard(other, ['connect', 'drain', 'end']);
    await new Promise<void>((resolve) => {
      other.connect(() => {
        byCallback.push('connected');
        other.query('select 1', () => {
          byCallback.push('queried');
          setImmediate(() => {
            other.end(() => {
              byCallback.push('ended');
              resolve();
            });
          });
        });
      });
    });
    await until(() => byCallback.includes('end'));
    return { told, byCallback };
  },
  'ends clients that never connected': async ({ pg, config }) => {
    const promised = await words(new pg.Client(config).end());
    const client = new pg.Client(config);
    const { told } = await called((callback) => client.end(callback as never));
    return { promised, told: told.length };
  },
  'ends once, however often it is asked to': async ({ pg, config }) => {
    const client = new pg.Client(config);
    const told = heard(client, ['end', 'error']);
    await client.connect();
    await Promise.all([client.end(), client.end()]);
    await client.end();
    const { told: late } = await called((callback) => client.end(callback as never));
    return { told, late: late.length };
  },
  'ends while it is connecting': async ({ pg, config }) => {
    const client = new pg.Client(config);
    const told = heard(client, ['end', 'error']);
    client.connect().catch(() => undefined);
    const ended = client.end();
    await until(() => told.length > 0);
    await ended;
    return { told };
  },
  'refuses to be used after its end': async ({ pg, config }) => {
    const client = new pg.Client(config);
    await client.connect();
    await client.end();
    return {
      query: await words(client.query('select 1')),
      callback: (await called((callback) => client.query('select 1', callback as never))).told,
      connect: await words(client.connect()),
      object: await new Promise((resolve) => {
        client.query(new pg.Query('select 1')).on('error', (error) => {
          resolve(error.message);
        });
      }),
    };
  },
  'refuses what is under way and what waits at its end': async ({ pg, config }) => {
    const client = new pg.Client(config);
    const order: unknown[] = [];
    client.on('error', (error) => order.push(['error', error.message]));
    client.on('end', () => order.push('end'));
    await client.connect();
    const query = client.query(new pg.Query({ name: 'sleeps', text: 'select pg_sleep($1)', values: [20] }));
    const told = heard(query, ['row', 'end', 'error'], (error) => (error as Error | undefined)?.message);
    const waiting = failure(client.query('select 1')).then(({ message }) => order.push(['waited', message]));
    const callback = called((back) => client.query('select 2', back as never));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const ended = await called((back) => client.end(back as never));
    await waiting;
    await until(() => order.includes('end'));
    return {
      told,
      order: order.filter((each) => each !== 'end'),
      ended: ended.told.length,
      callback: (await callback).told,
    };
  },
  'calls back for its end during a query': async ({ pg, config }) => {
    const client = new pg.Client(config);
    await client.connect();
    const query = words(client.query('select 1'));
    const { told } = await called((callback) => client.end(callback as never));
    const other = new pg.Client(config);
    await other.connect();
    const second = words(other.query('select 1'));
    await other.end();
    return { query: await query, told: told.length, second: await second };
  },
  'refuses what was asked for where it cannot connect': async ({ pg, config }) => {
    const client = new pg.Client({ ...config, database: 'nothing_of_this_name' });
    const order: unknown[] = [];
    client.on('error', (error) => order.push(['error', error.message]));
    client.on('end', () => order.push('end'));
    client.query('select 1').catch((error: unknown) => order.push(['query', (error as Error).message]));
    client.query('select 2', (error) => order.push(['callback', error.message]));
    await client
      .connect()
      .catch((error: unknown) => order.push(['connect', (error as { code: string }).code]));
    await until(() => order.includes('end') && order.length >= 4);
    return {
      order: order.filter((each) => each !== 'end'),
      again: await words(client.connect()),
      end: await words(client.end()),
    };
  },
  'tells drain each time that nothing is left': async ({ client }) => {
    const session = await client();
    const order = heard(session, ['drain']);
    const all = [1, 2, 3].map((v) => session.query('select $1::int as v', [v]).then(() => order.push(v)));
    await Promise.all(all);
    await turn();
    await failure(session.query('select wrong'));
    await until(() => order.length >= 5);
    await session.query('select 4').then(() => order.push(4));
    await until(() => order.length >= 7);
    return { order };
  },
  'has the states of transactions': async ({ client, pg, config }) => {
    const session = await client();
    const state = (): unknown => [
      session.getTransactionStatus(),
      (session as unknown as { _txStatus: unknown })._txStatus,
    ];
    const states: unknown[] = [];
    await session.query('select 1');
    for (const text of ['begin', 'select 1', 'commit', 'begin', 'selec', 'select 1', 'rollback']) {
      await failure(session.query(text));
      // After an error pg knows it only when the server is ready again.
      if (text === 'selec') continue;
      states.push([text, state()]);
    }
    const fresh = new pg.Client(config);
    return { states, fresh: fresh.getTransactionStatus() };
  },
  'waits for pipelined queries at its end': async ({ pg, config }) => {
    const client = new pg.Client({ ...config, pipeline: true });
    await client.connect();
    const all = Promise.all([
      client.query('select 1 as v'),
      client.query('select $1::text as v', ['hello']),
      client.query({ name: 'piped', text: 'select $1::int as v', values: [42] }),
      client.query({ name: 'piped', text: 'select $1::int as v', values: [99] }),
    ]);
    const ended = client.end();
    const rows = (await all).map((result) => result.rows as unknown[]);
    await ended;
    return { rows, pipeline: (client as unknown as { pipeline: unknown }).pipeline };
  },
  'waits for pipelined queries that were asked for before there was a connection': async ({ pg, config }) => {
    const client = new pg.Client({ ...config, pipeline: true });
    const connected = client.connect();
    const all = Promise.all([client.query('select 1 as v'), client.query('select $1::int as v', [2])]);
    const ended = client.end();
    const rows = (await all).map((result) => result.rows as unknown[]);
    await connected;
    await ended;
    return { rows };
  },
  'tells pipelined queries of their own errors': async ({ client }) => {
    const session = await client({ pipeline: true });
    const drained = nextEvent(session, 'drain');
    const all = await Promise.allSettled([
      session.query('select 1 as v'),
      session.query('select wrong'),
      session.query('select 3 as v'),
      session.query('select * from no_such_table where a = $1', [1]),
      session.query('select $1::int as v', [5]),
    ]);
    await drained;
    return {
      all: all.map((each) =>
        each.status === 'fulfilled' ? each.value.rows : (each.reason as { code: unknown }).code,
      ),
    };
  },
  'uses no connection that its program calls broken': async ({ pg, config }) => {
    const client = new pg.Client(config);
    await client.connect();
    const told = heard(client, ['error'], (error) => (error as Error).message);
    const { connection } = client as unknown as { connection: NodeJS.EventEmitter };
    setImmediate(() => connection.emit('error', new Error('expected')));
    await until(() => told.length > 0);
    const after = await words(client.query('select 1'));
    const ended = await words(client.end());
    return { told, after, ended };
  },
  'lets programs tell events of their own': async ({ client }) => {
    const session = await client();
    const told = heard(session, ['error', 'drain', 'mine'], (given) => (given as Error | undefined)?.message);
    session.emit('error', new Error('not really'));
    session.emit('drain');
    session.emit('mine');
    return { told, after: (await session.query('select 1 as v')).rows };
  },
  'has notices that are no errors': async ({ client }) => {
    const session = await client();
    const noticed = nextEvent(session, 'notice');
    await session.query(
      "do $$ begin raise notice 'hello, world!' using errcode = '23505', detail = 'this is a test'; end $$",
    );
    const notice = (await noticed) as Record<string, unknown>;
    const { name, message, detail, code, severity } = notice;
    return { error: notice instanceof Error, name, message, detail, code, severity };
  },
  'tells notifications to itself and to others': async ({ client }) => {
    const session = await client();
    const other = await client();
    const view = (given: unknown): unknown => {
      const { channel, payload, name } = given as Record<string, unknown>;
      return [channel, payload, name];
    };
    const own = heard(session, ['notification'], view);
    const others = heard(other, ['notification'], view);
    await session.query('listen "Boom 中"');
    await other.query('listen "Boom 中"');
    await session.query(`notify "Boom 中", 'omg!'`);
    await session.query("select pg_notify('Boom 中', $1)", ['by function']);
    await until(() => own.length >= 2 && others.length >= 2);
    await session.query('begin');
    await session.query(`notify "Boom 中", 'undone'`);
    await session.query('rollback');
    await session.query('unlisten *');
    await other.query(`notify "Boom 中", 'last'`);
    await until(() => others.length >= 3);
    return { own, others };
  },
};
