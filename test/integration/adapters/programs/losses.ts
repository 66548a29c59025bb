/** Errors, time limits, and connections that are lost. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type pg from 'pg';
import { called, failure, heard, nextEvent, turn, until, words, type Programs } from './program.js';

/** Ends a client's session from another one. */
async function kill(
  setting: { client: () => Promise<pg.Client> },
  victim: pg.Client | pg.PoolClient,
): Promise<void> {
  const { processID } = victim as unknown as { processID: number };
  const other = await setting.client();
  await other.query('select pg_terminate_backend($1)', [processID]);
}

/** A server that does with its sockets as it is told. */
async function withServer<T>(use: (socket: Socket) => void, run: (port: number) => Promise<T>): Promise<T> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    use(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await run((server.address() as AddressInfo).port);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

const PASSWORD = message('R', Buffer.from([0, 0, 0, 5, 1, 2, 3, 4]));
const LOGGED_IN = message('R', Buffer.from([0, 0, 0, 0]));
const REFUSAL = message('E', Buffer.from('SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0'));

type Step = (socket: Socket) => void;
const hangUp: Step = (socket) => socket.end();
const cut: Step = (socket) => socket.resetAndDestroy();
const say =
  (...messages: Buffer[]): Step =>
  (socket) =>
    socket.write(Buffer.concat(messages));
const sayAndHangUp =
  (...messages: Buffer[]): Step =>
  (socket) =>
    socket.end(Buffer.concat(messages));

/** What a server does with each message of a client that logs in, until it is gone. */
const ENDINGS: Record<string, Step[]> = {
  'closed at startup': [hangUp],
  'closed where it asks for the password': [sayAndHangUp(PASSWORD)],
  'closed after the password': [say(PASSWORD), hangUp],
  'closed once logged in': [sayAndHangUp(LOGGED_IN)],
  'refused at startup': [sayAndHangUp(REFUSAL)],
  'refused after the password': [say(PASSWORD), sayAndHangUp(REFUSAL)],
  'refused once logged in': [sayAndHangUp(LOGGED_IN, REFUSAL)],
  'cut at startup': [cut],
  'cut after the password': [say(PASSWORD), cut],
};

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** A server without TLS that takes one step for each message. */
function answering(steps: readonly Step[]): (socket: Socket) => void {
  return (socket) => {
    let taken = 0;
    socket.on('data', (bytes) => {
      const asksForTls = bytes.length === 8 && bytes.readInt32BE(4) === 80_877_103;
      if (asksForTls) socket.write('N');
      else steps[taken++]?.(socket);
    });
  };
}

export const losses: Programs = {
  'tells an error of a query object once': async ({ pg, client }) => {
    const session = await client();
    const told: Record<string, unknown> = {};
    const queries = {
      parse: new pg.Query({ text: 'select * from bang where name = $1', values: ['0'] }),
      bind: new pg.Query({ text: 'select $1::int', values: ['asldkfjasdf'] }),
      simple: new pg.Query("select eeeee from yodas_dsflsd where pixistix = 'zoiks!!!'"),
      named: new pg.Query({ name: 'n', text: 'select eeeee' }),
    };
    for (const [name, query] of Object.entries(queries)) {
      session.query(query);
      const events = heard(query, ['row', 'end', 'error'], (error) => {
        const { severity, code } = error as pg.DatabaseError;
        return [error instanceof pg.DatabaseError, severity, code];
      });
      await nextEvent(query, 'error');
      await turn();
      told[name] = events;
    }
    return { ...told, after: (await session.query('select 1 as v')).rows };
  },
  'calls back in place of events': async ({ pg, client }) => {
    const session = await client();
    const query = new pg.Query('select wrong');
    const events = heard(query, ['error', 'end', 'row']);
    const { told } = await called((callback) => session.query(query as never, callback as never));
    const good = new pg.Query({ text: 'select g as v from generate_series(1, 2) g' });
    const goodEvents = heard(good, ['error', 'end', 'row']);
    const { told: result } = await called((callback) => session.query(good as never, callback as never));
    await turn();
    return { told, events, goodEvents, rows: (result[1] as pg.QueryResult).rows };
  },
  'tells a query that it was cancelled': async ({ pg, client }) => {
    const session = await client();
    const other = await client();
    const query = session.query(new pg.Query('select pg_sleep(20)'));
    const events = heard(query, ['end', 'error'], (error) => (error as pg.DatabaseError).code);
    const failed = nextEvent(query, 'error');
    const { processID } = session as unknown as { processID: number };
    await other.query('select pg_cancel_backend($1) from pg_sleep(0.05)', [processID]);
    await failed;
    await turn();
    return { events, after: (await session.query('select 1 as v')).rows };
  },
  'tells all that waits when its session is ended': async (setting) => {
    const { pg, config } = setting;
    const client = new pg.Client(config);
    await client.connect();
    const errors = heard(client, ['error', 'end'], (error) => (error as Error | undefined)?.message);
    const first = failure(client.query('select pg_terminate_backend(pg_backend_pid())'));
    const queued = failure(client.query('select 1'));
    const byCallback = called((callback) => client.query('select 2', callback as never));
    await until(() => errors.includes('end'));
    const seen = {
      first: (await first)['code'],
      queued: (await queued)['message'],
      byCallback: (await byCallback).told,
      errors,
      later: await words(client.query('select 3')),
      laterObject: await new Promise((resolve) => {
        client.query(new pg.Query('select 1')).on('error', (error) => {
          resolve(error.message);
        });
      }),
      status: client.getTransactionStatus() ?? 'none',
    };
    return { ...seen, end: await words(client.end()) };
  },
  'tells a prepared query that its session was ended': async (setting) => {
    const { pg, config } = setting;
    const client = new pg.Client(config);
    await client.connect();
    const errors = heard(client, ['error'], (error) => (error as Error).message);
    const query = new pg.Query({ name: 'sleep query', text: 'select pg_sleep($1)', values: [20] });
    const events = heard(query, ['row', 'end', 'error']);
    const back = called((callback) => client.query(query as never, callback as never));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await kill(setting, client);
    const { told } = await back;
    await until(() => errors.length > 0);
    await client.end();
    return { told, events, errors };
  },
  'tells an idle client that its session was ended': async (setting) => {
    const { pg, config } = setting;
    const client = new pg.Client(config);
    await client.connect();
    const events = heard(client, ['error', 'end'], (error) => [
      (error as Error | undefined)?.message,
      error instanceof pg.DatabaseError,
    ]);
    await kill(setting, client);
    await until(() => events.length >= 3);
    return { events, query: await words(client.query('select 1')), end: await words(client.end()) };
  },
  'tells a client of a pool that it was lost while it is lent': async (setting) => {
    const pool = setting.pool({ max: 2 });
    const told = heard(pool, ['error', 'remove', 'release']);
    const client = await pool.connect();
    const errors = heard(client, ['error'], (error) => (error as Error).message);
    await kill(setting, client);
    await until(() => errors.length > 0);
    const query = await words(client.query('select 1'));
    client.release();
    await until(() => pool.totalCount === 0 && told.includes('remove'));
    return {
      errors: errors.slice(0, 1),
      query,
      told: told.filter((each) => each !== 'error'),
      after: (await pool.query('select 1 as v')).rows,
    };
  },
  'fails queries of a lent client that was lost': async (setting) => {
    const pool = setting.pool();
    const client = await pool.connect();
    client.on('error', () => undefined);
    const first = failure(client.query('select pg_terminate_backend(pg_backend_pid())'));
    const queued = failure(client.query('select 1'));
    const seen = { first: (await first)['code'], queued: (await queued)['message'] };
    const later = await words(client.query('select 2'));
    client.release(true);
    await until(() => pool.totalCount === 0);
    return { ...seen, later };
  },
  'fails a query of the pool whose session is ended': async ({ pool }) => {
    const one = pool({ max: 1 });
    one.on('error', () => undefined);
    const error = await failure(one.query('select pg_terminate_backend(pg_backend_pid())'));
    await until(() => one.totalCount === 0);
    return { code: error['code'], message: error['message'], after: (await one.query('select 1 as v')).rows };
  },
  'stops connecting after its time': async ({ pg, config }) =>
    withServer(
      (socket) => socket.resume(),
      async (port) => {
        const silent = { ...config, host: '127.0.0.1', port, connectionTimeoutMillis: 100 };
        const client = new pg.Client(silent);
        const events = heard(client, ['error', 'end']);
        const connect = await words(client.connect());
        await until(() => events.length > 0);
        const pool = new pg.Pool(silent);
        const told = await called((callback) => pool.connect(callback as never));
        const many = await Promise.all([1, 2, 3].map(() => words(pool.query('select 1'))));
        const counts = [pool.totalCount, pool.idleCount, pool.waitingCount];
        await pool.end();
        return { connect, events, told: told.told.slice(0, 2), many, counts };
      },
    ),
  'says that a server hung up': async ({ pg, config }) =>
    withServer(
      (socket) => {
        socket.once('data', () => socket.destroy());
      },
      async (port) => {
        const dropped = { ...config, host: '127.0.0.1', port };
        const client = new pg.Client(dropped);
        const connect = await failure(client.connect());
        const pool = new pg.Pool({ ...dropped, max: 1 });
        const both = await Promise.all([failure(pool.connect()), failure(pool.query('select 1'))]);
        const total = pool.totalCount;
        await pool.end();
        return {
          failed: !('none' in connect),
          both: both.map((each) => !('none' in each)),
          total,
        };
      },
    ),
  'says why no connection came of it': async ({ pg, config }) => {
    const why = (error: unknown): unknown => {
      const { message, code, syscall, address, port, errno } = error as NodeJS.ErrnoException & {
        address?: string;
        port?: number;
      };
      return { message, code, syscall, address, port, errno, own: error instanceof pg.DatabaseError };
    };
    const given = { ...config, host: '127.0.0.1', password: 'secret' };
    const all = async (changed: pg.PoolConfig): Promise<unknown[]> => {
      const pool = new pg.Pool({ ...given, ...changed });
      const client = new pg.Client({ ...given, ...changed });
      const events = heard(client, ['error', 'end'], (error) =>
        error === undefined ? undefined : why(error),
      );
      const failures = [await pool.query('select 1').catch(why), await client.connect().catch(why)];
      await until(() => events.includes('end'));
      await pool.end();
      return [...failures, events];
    };
    const told: Record<string, unknown> = {
      refused: await all({ port: 1 }),
      socket: await all({ host: '/no/such/directory', port: 1 }),
    };
    for (const [name, steps] of Object.entries(ENDINGS)) {
      told[name] = await withServer(answering(steps), (port) => all({ port }));
    }
    return told;
  },
  'fails where something else answers': async ({ pg, config }) =>
    withServer(
      (socket) => {
        socket.on('data', () => undefined);
        socket.end('SSH-2.0-OpenSSH_9.2\r\n');
      },
      async (port) => {
        const client = new pg.Client({ ...config, host: '127.0.0.1', port, connectionTimeoutMillis: 2000 });
        const connect = await failure(client.connect());
        return { failed: !('none' in connect), end: await words(client.end()) };
      },
    ),
  'fails where TLS is asked for that is not there': async ({ pg, config }) => {
    const told: Record<string, unknown> = {};
    for (const [name, ssl] of Object.entries({ true: true, unverified: { rejectUnauthorized: false } })) {
      const client = new pg.Client({ ...config, ssl });
      const error = await failure(client.connect());
      told[name] = !('none' in error);
      await client.end();
    }
    const bad = { ca: 'invalid_value', key: 'invalid_value', cert: 'invalid_value' };
    const client = new pg.Client({ ...config, ssl: bad });
    told['bad'] = !('none' in (await failure(client.connect())));
    await client.end();
    return told;
  },
  'tells clients of pools that they cannot connect': async ({ pg, config }) => {
    const pool = new pg.Pool({ ...config, database: 'nothing_of_this_name' });
    const connect = await new Promise((resolve) => {
      pool.connect((error, client, release) => {
        release();
        resolve([(error as { code?: string } | undefined)?.code, client, typeof release]);
      });
    });
    const query = await called((callback) => pool.query('select 1', callback as never));
    const events = heard(pool, ['connect', 'acquire', 'release', 'error']);
    const promised = (await failure(pool.query('select 1')))['code'];
    const counts = [pool.totalCount, pool.idleCount, pool.waitingCount];
    await pool.end();
    return { connect, query: query.told.slice(0, 1), promised, events, counts };
  },
  'fails for hosts that do not exist': async ({ pg, config }) => {
    const client = new pg.Client({ ...config, host: 'no-such-host.invalid' });
    const error = (await client.connect().catch((failed: unknown) => failed)) as NodeJS.ErrnoException;
    const socket = new pg.Client({ ...config, host: '/no/such/directory' });
    const other = (await socket.connect().catch((failed: unknown) => failed)) as NodeJS.ErrnoException;
    return {
      error: error instanceof Error,
      code: error.code,
      syscall: error.syscall,
      socket: [other.code, other.syscall],
    };
  },
  'limits the time of queries': async ({ client, pool }) => {
    const session = await client();
    const own = await failure(
      session.query({ text: 'select pg_sleep(5)', query_timeout: 50 } as never as pg.QueryConfig),
    );
    const limited = pool({ query_timeout: 600, max: 1 });
    const lent = await limited.connect();
    const { told } = await called((callback) => lent.query('select pg_sleep(5)', callback as never));
    lent.release(true);
    await until(() => limited.totalCount === 0);
    const after = await limited.query('select 1 as v');
    const generous = await client({ query_timeout: 10_000 });
    const free = await generous.query('select 1 as v from pg_sleep(0.05)');
    const late = await failure(limited.query('select pg_sleep(5)'));
    return {
      own: own['message'],
      told,
      after: after.rows,
      free: free.rows,
      late: late['message'],
    };
  },
};
