import { Client } from 'pg';
import {
  awaitedUntil,
  balanceOf,
  balanceSql,
  insertRowSql,
  ledgerSql,
  lookupSql,
  setBalanceSql,
  type OpenClient,
  type Row,
} from '../client.js';
import { configOf } from './like-pg.js';

/** pg with its `pipeline` option. pg.Pool lends a client to one query at a time, so the clients take turns instead. */
export const open: OpenClient = async (target, { connections }) => {
  const config = { ...configOf(target), pipeline: true };
  const clients: Client[] = [];
  const connect = async (at: number) => {
    const client = new Client(config);
    // Here a call that was given up by `query_timeout` takes its connection with it.
    client.on('error', () => {
      if (clients[at] === client) void connect(at);
    });
    clients[at] = client;
    await client.connect();
  };
  await Promise.all(Array.from({ length: connections }, (_, at) => connect(at)));
  let turn = 0;
  const next = () => {
    const client = clients[turn++ % clients.length];
    if (!client) throw new Error('pg-pipeline needs at least one connection.');
    return client;
  };

  // A transaction has its client for itself.
  const idle = [...clients];
  const waiting: ((client: Client) => void)[] = [];
  const use = async <T>(work: (client: Client) => Promise<T>): Promise<T> => {
    const client = idle.pop() ?? (await new Promise<Client>((resolve) => waiting.push(resolve)));
    try {
      return await work(client);
    } finally {
      const waits = waiting.shift();
      if (waits) waits(client);
      else idle.push(client);
    }
  };

  return {
    lookup: async (id) =>
      (await next().query<Row>({ name: 'lookup', text: lookupSql, values: [id] })).rows[0],
    fetchAll: async (sql) => (await next().query<Row>(sql)).rows,
    lookupWithin: async (id, { timeout, signal }) => {
      const query = { name: 'lookup', text: lookupSql, values: [id], query_timeout: timeout };
      return (await awaitedUntil(signal, next().query<Row>(query))).rows[0];
    },
    insertRow: async ({ id, account, amount, name, created_at }) => {
      await next().query({
        name: 'insert',
        text: insertRowSql,
        values: [id, account, amount, name, created_at],
      });
    },
    transfer: {
      // What does not need the answer of the one before is sent with it.
      together: (account, amount) =>
        use(async (client) => {
          try {
            const [, read] = await Promise.all([
              client.query('BEGIN'),
              client.query<Row>({ name: 'balance', text: balanceSql, values: [account] }),
            ]);
            const balance = balanceOf(read.rows) + amount;
            await Promise.all([
              client.query({ name: 'set balance', text: setBalanceSql, values: [account, balance] }),
              client.query({ name: 'ledger', text: ledgerSql, values: [account, amount, balance] }),
            ]);
            await client.query('COMMIT');
            return balance;
          } catch (error) {
            await client.query('ROLLBACK');
            throw error;
          }
        }),
    },
    close: async () => {
      await Promise.all(clients.map((client) => client.end()));
    },
  };
};
