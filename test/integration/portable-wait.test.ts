import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { ConnectionConfig } from 'kingbase-native';
import { startServer, type EmbeddedServer } from '../../scripts/embedded-server.js';
import { outputOf } from '../support/run-program.js';

let server: EmbeddedServer;

beforeAll(async () => {
  server = await startServer({ tls: true });
});

afterAll(() => server.stop());

/** Each library over TLS and without, all in one process. */
function configs(): ConnectionConfig[] {
  const { host, port, user, database } = server;
  return inject('libraries').flatMap(({ path }) =>
    (['disable', 'require'] as const).map((sslmode) => ({
      host,
      port,
      user,
      database,
      clientLibrary: path,
      sslmode,
    })),
  );
}

// On Linux the driver waits with epoll, and the event loop of Node.js itself for what is alone in flight; every other system
// has the portable way, which is tried here.
it.each([
  ['the portable wait', { KINGBASE_NATIVE_PORTABLE_WAIT: '1' }, 0],
  ['epoll', { KINGBASE_NATIVE_LOOP_WATCH: '0' }, 2],
  ['epoll and the event loop', {}, 3],
])('a mixed load works with %s', async (_what, environment, ownEpolls) => {
  const output = await outputOf<{ done: number; kinds: number; ownEpolls: number }>('mixed-load', configs(), {
    environment,
  });
  expect(output.done).toBe(configs().length * output.kinds);
  // Whether it was that one that ran: the driver has two threads that wait, and a set that the event loop looks at.
  expect(output.ownEpolls).toBe(ownEpolls);
});
