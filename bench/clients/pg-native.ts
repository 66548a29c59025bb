import NativeClient from 'pg-native';
import {
  balanceOf,
  balanceSql,
  columnsOf,
  cursorRows,
  insertRowSql,
  insertUnnestSql,
  insertValuesSql,
  ledgerSql,
  lookupSql,
  setBalanceSql,
  slices,
  stoppedBy,
  unnestRows,
  valuesRows,
  type InsertRow,
  type OpenClient,
  type Row,
  type Target,
} from '../client.js';

/**
 * pg-native on its own and not behind pg (`pg.native`), which is slower. It has no pool and runs one query at a time,
 * so idle clients stand in a list and callers queue for them: the cheapest pool there can be.
 */
export const open: OpenClient = async (target, { connections }) => {
  const clients = await Promise.all(Array.from({ length: connections }, () => connect(target)));
  const idle = [...clients];
  const waiting: ((client: NativeClient) => void)[] = [];
  const prepared = new WeakMap<NativeClient, Set<string>>();

  async function use<T>(work: (client: NativeClient) => Promise<T>): Promise<T> {
    const client = idle.pop() ?? (await new Promise<NativeClient>((resolve) => waiting.push(resolve)));
    try {
      return await work(client);
    } finally {
      const next = waiting.shift();
      if (next) next(client);
      else idle.push(client);
    }
  }

  async function execute(
    client: NativeClient,
    name: string,
    sql: () => string,
    values: unknown[],
  ): Promise<Row[]> {
    let names = prepared.get(client);
    if (!names) prepared.set(client, (names = new Set()));
    if (!names.has(name)) {
      await call((done) => client.prepare(name, sql(), values.length, done));
      names.add(name);
    }
    return call<Row[]>((done) => client.execute(name, values, done));
  }

  const whole = <T>(work: (client: NativeClient) => Promise<T>): Promise<T> =>
    use(async (client) => {
      await call((done) => client.query('begin', done));
      const result = await work(client);
      await call((done) => client.query('commit', done));
      return result;
    });

  const unnest = (rows: InsertRow[], name: string, sql: string) =>
    whole(async (client) => {
      const returned: Row[] = [];
      for (const slice of slices(rows, unnestRows)) {
        const { id, account, amount, name: names, created_at } = columnsOf(slice);
        const values = [
          `{${id.join(',')}}`,
          `{${account.join(',')}}`,
          `{${amount.join(',')}}`,
          `{${names.map(quoted).join(',')}}`,
          `{${created_at.map((date) => date.toISOString()).join(',')}}`,
        ];
        for (const row of await execute(client, name, () => sql, values)) returned.push(row);
      }
      return returned;
    });

  return {
    lookup: async (id) => (await use((client) => execute(client, 'lookup', () => lookupSql, [id])))[0],
    fetchAll: (sql) => use((client) => call<Row[]>((done) => client.query(sql, done))),
    lookupWithin: async (id, limits) => {
      const rows = await use((client) =>
        stoppedBy(
          limits,
          execute(client, 'lookup', () => lookupSql, [id]),
          () => client.cancel(() => undefined),
        ),
      );
      return rows[0];
    },
    insertRow: async ({ id, account, amount, name, created_at }) => {
      const values = [id, account, amount, name, created_at.toISOString()];
      await use((client) => execute(client, 'insert', () => insertRowSql, values));
    },
    transfer: {
      '': (account, amount) =>
        whole(async (client) => {
          const balance = balanceOf(await execute(client, 'balance', () => balanceSql, [account])) + amount;
          await execute(client, 'set balance', () => setBalanceSql, [account, balance]);
          await execute(client, 'ledger', () => ledgerSql, [account, amount, balance]);
          return balance;
        }),
    },
    insert: {
      values: (rows) =>
        whole(async (client) => {
          for (const slice of slices(rows, valuesRows)) {
            const values: unknown[] = [];
            for (const row of slice) {
              values.push(row.id, row.account, row.amount, row.name, row.created_at.toISOString());
            }
            await execute(client, `values ${slice.length}`, () => insertValuesSql(slice.length), values);
          }
          return undefined;
        }),
      unnest: async (rows) => {
        await unnest(rows, 'unnest', insertUnnestSql);
        return undefined;
      },
      'unnest returning': (rows) => unnest(rows, 'unnest returning', `${insertUnnestSql} returning id`),
    },
    stream: {
      // It has no cursor of its own; a program declares one.
      FETCH: (sql, take, rowsAtATime = cursorRows) =>
        whole(async (client) => {
          await call((done) => client.query(`declare bench no scroll cursor for ${sql}`, done));
          for (;;) {
            const rows = await call<Row[]>((done) => client.query(`fetch ${rowsAtATime} from bench`, done));
            if (rows.length === 0) break;
            for (const row of rows) take(row);
          }
        }),
    },
    close: async () => {
      await Promise.all(clients.map((client) => call((done) => client.end(done))));
    },
  };
};

async function connect({ host, port, user, password, database, ca }: Target): Promise<NativeClient> {
  const client = new NativeClient();
  const secret = password === undefined ? '' : ` password=${password}`;
  const tls = ca === undefined ? '' : ` sslmode=verify-ca sslrootcert=${ca}`;
  const conninfo = `host=${host} port=${port} user=${user} dbname=${database}${secret}${tls}`;
  await call((done) => client.connect(conninfo, done));
  return client;
}

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

function call<T = unknown>(start: (done: (error?: Error | null, result?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, result) => (error ? reject(error) : resolve(result as T)));
  });
}
