import { inject } from 'vitest';
import { open, type ConnectionConfig, type Database } from 'kingbase-native';

/** A way to reach the test server: a client library and a transport. Integration tests run on each. */
export interface Target {
  name: string;
  /** What the driver calls the library's family, in a form that is fit for names in SQL: kci, kingbase_pq, libpq. */
  flavour: string;
  transport: 'TCP' | 'Unix socket';
  config: ConnectionConfig & { host: string; port: number; user: string; database: string };
}

export function targets(): Target[] {
  const { host, port, socketDirectory, user, database } = inject('server');
  return inject('libraries').flatMap(({ name, flavour, path }) =>
    inject('transports').map((transport) => ({
      name: `${name}, ${transport}`,
      flavour: flavour.replaceAll('-', '_'),
      transport,
      config: {
        host: transport === 'TCP' ? host : socketDirectory,
        port,
        user,
        database,
        clientLibrary: path,
      },
    })),
  );
}

/** Opens a database on the target for the time of `use`. */
export async function withDatabase<T>(
  target: Target,
  use: (db: Database) => Promise<T>,
  overrides: Partial<ConnectionConfig> = {},
): Promise<T> {
  const db = open({ ...target.config, ...overrides });
  try {
    return await use(db);
  } finally {
    await db.close();
  }
}
