import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { open, type Database } from 'kingbase-native';
import {
  startScriptedServer,
  notice,
  notification,
  parameter,
  type ScriptedServer,
} from '../support/scripted-server.js';
import { startTlsProxy, type TlsProxy } from '../support/tls-proxy.js';

const closing: (Database | ScriptedServer | TlsProxy)[] = [];
afterEach(async () => {
  for (const one of closing.splice(0).reverse()) await one.close();
});

/** How often the event loop came round while `work` went on, and what that gave. */
async function turnsDuring<T>(work: Promise<T>): Promise<{ turns: number; outcome: T | Error }> {
  let turns = 0;
  let over = false;
  const outcome = work.then(
    (value) => value,
    (error: unknown) => error as Error,
  );
  void outcome.finally(() => (over = true));
  while (!over) {
    await new Promise((resolve) => setImmediate(resolve));
    turns++;
  }
  return { turns, outcome: await outcome };
}

const flood = (count: number): string =>
  `DO $$ BEGIN FOR i IN 1..${count} LOOP RAISE NOTICE 'notice %', i; END LOOP; END $$`;

describe.each(inject('libraries'))('what nobody asked for, $flavour', ({ path }) => {
  const { host, port, user, database } = inject('server');
  const account = { user, database, clientLibrary: path, pool: { max: 1 } };

  it('is told in order and before the result, a part of it in each turn of the event loop', async () => {
    const db = open({ ...account, host, port });
    closing.push(db);
    const heard: string[] = [];
    db.on('notice', ({ message }) => heard.push(message));
    const { turns } = await turnsDuring(db.script(flood(30_000)));
    expect(heard).toHaveLength(30_000);
    expect(heard.every((message, i) => message === `notice ${i + 1}`)).toBe(true);
    // Each turn has 2 ms; on the slowest machine that is one look at the clock, sixteen notices.
    expect(turns).toBeGreaterThan(20);
  });

  it('leaves time limits in force', async () => {
    const db = open({ ...account, host, port });
    closing.push(db);
    let heard = 0;
    db.on('notice', () => heard++);
    const call = db.script(flood(3_000_000), { timeout: 300 });
    await expect(call).rejects.toMatchObject({ code: 'KB_TIMEOUT' });
    expect(heard).toBeLessThan(3_000_000);
  });

  it.each([
    ['notices', notice('n'.repeat(50))],
    ['parameters', parameter('application_name', 'a')],
    ['notifications', notification('channel', 'p')],
  ])('%s without end on an idle connection leave the event loop alone', async (_kind, message) => {
    const server = await startScriptedServer();
    const db = open({
      ...account,
      user: 'somebody',
      host: server.host,
      port: server.port,
      sslmode: 'disable',
    });
    closing.push(server, db);
    await db.ping();
    const many = Buffer.concat(Array.from({ length: 2000 }, () => message));
    let over = false;
    const writing = (async () => {
      while (!over) await server.sessions[0]?.wire.write(many);
    })().catch(() => undefined);
    const { turns } = await turnsDuring(new Promise((resolve) => setTimeout(resolve, 1000)));
    over = true;
    expect(turns).toBeGreaterThan(2);
    await db.close({ timeout: 1000 });
    await server.close();
    await writing;
  });

  it('before the login has ended is refused', async () => {
    const many = Buffer.concat(Array.from({ length: 5000 }, () => notice('n'.repeat(100))));
    const server = await startScriptedServer({
      greet: async ([authenticated = Buffer.of()], { wire }) => {
        await wire.write(authenticated);
        for (let i = 0; i < 40; i++) await wire.write(many);
      },
    });
    const db = open({
      ...account,
      user: 'somebody',
      host: server.host,
      port: server.port,
      sslmode: 'disable',
    });
    closing.push(server, db);
    await expect(db.connect()).rejects.toMatchObject({ code: 'KB_PROTOCOL', outcome: 'not-sent' });
  });
});

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('records of 16 KB, %s', (version) => {
  let proxy: TlsProxy;
  beforeAll(async () => {
    proxy = await startTlsProxy(inject('server'), version);
    return () => proxy.close();
  });

  it('bring every answer and every notification', async () => {
    const { user, database } = inject('server');
    const clientLibrary = inject('libraries').at(-1)?.path;
    const { host, port } = proxy;
    const db = open({ user, database, clientLibrary, host, port, sslmode: 'require', pool: { max: 1 } });
    closing.push(db);
    let heard = 0;
    const subscription = await db.listen('records', () => heard++);
    for (let i = 0; i < 150; i++) {
      const length = 500 + ((i * 7919) % 40_000);
      const { rows } = await db.query(
        `SELECT repeat('x', ${length}) AS text, pg_notify('records', repeat('n', 7000)) FROM generate_series(1, 3)`,
      );
      expect(rows).toHaveLength(3);
    }
    await expect.poll(() => heard).toBe(150);
    await subscription.close();
  });
});
