import NativeClient from 'pg-native';
import { lookupSql, type OpenClient, type Row, type Target } from '../client.js';

/**
 * pg-native on its own and not behind pg (`pg.native`), which is slower. It has no pool and runs one query at a time,
 * so idle clients stand in a list and callers queue for them: the cheapest pool there can be.
 */
export const open: OpenClient = async (target, { connections }) => {
  const clients = await Promise.all(Array.from({ length: connections }, () => connect(target)));
  const idle = [...clients];
  const waiting: ((client: NativeClient) => void)[] = [];
  const prepared = new WeakSet<NativeClient>();

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

  return {
    lookup: async (id) => {
      const rows = await use(async (client) => {
        if (!prepared.has(client)) {
          await call((done) => client.prepare('lookup', lookupSql, 1, done));
          prepared.add(client);
        }
        return call<Row[]>((done) => client.execute('lookup', [id], done));
      });
      return rows[0];
    },
    fetchAll: (sql) => use((client) => call<Row[]>((done) => client.query(sql, done))),
    close: async () => {
      await Promise.all(clients.map((client) => call((done) => client.end(done))));
    },
  };
};

async function connect({ host, port, user, database }: Target): Promise<NativeClient> {
  const client = new NativeClient();
  await call((done) => client.connect(`host=${host} port=${port} user=${user} dbname=${database}`, done));
  return client;
}

function call<T = unknown>(start: (done: (error?: Error | null, result?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, result) => (error ? reject(error) : resolve(result as T)));
  });
}
