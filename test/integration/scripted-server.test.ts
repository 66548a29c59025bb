import { afterEach, describe, expect, inject, it } from 'vitest';
import { open, type Database } from 'kingbase-native';
import { rowsStatement, startScriptedServer, type ScriptedServer } from '../support/scripted-server.js';
import { startTlsProxy, type TlsProxy } from '../support/tls-proxy.js';

const [library] = inject('libraries');
const closing: (Database | ScriptedServer | TlsProxy)[] = [];
afterEach(async () => {
  for (const one of closing.splice(0).reverse()) await one.close();
});

const account = { user: 'somebody', database: 'any', clientLibrary: library?.path };

describe.each(['none', 'TLSv1.2'] as const)('the scripted server, encryption %s', (encryption) => {
  it('is understood by the driver', async () => {
    const asked: string[] = [];
    const server = await startScriptedServer({
      encryption,
      respond: (exchange, { wire }) => {
        asked.push(`${exchange.protocol}: ${exchange.sql}`);
        return wire.write(Buffer.concat(exchange.answer));
      },
    });
    const sslmode = encryption === 'none' ? 'disable' : 'require';
    const db = open({ ...account, host: server.host, port: server.port, sslmode, pool: { max: 1 } });
    closing.push(server, db);
    // Often enough for the statement to be prepared.
    for (let i = 0; i < 4; i++) {
      expect(await db.query(rowsStatement(2, 6, i))).toMatchObject({
        rows: [
          { id: i, i: 0, v: `${i}:0:xx` },
          { id: i, i: 1, v: `${i}:1:xx` },
        ],
        command: 'SELECT',
      });
    }
    expect(await db.exec('change 3 as 4')).toEqual({ rowsAffected: 3, command: 'UPDATE' });
    expect(await db.script('change 1 as 1; change 2 as 2')).toHaveLength(2);
    await db.transaction((tx) => tx.query('rows 1 of 1 as 1'));
    expect(asked).toContain('simple: change 1 as 1; change 2 as 2');
    expect(asked).toContain('extended: rows 1 of 1 as 1');
  });
});

it.each(['TLSv1.2', 'TLSv1.3'] as const)('the proxy speaks %s in front of the server', async (version) => {
  const { host, port, user, database } = inject('server');
  const proxy = await startTlsProxy({ host, port }, version);
  // A library without TLS 1.3 is refused.
  const clientLibrary = inject('libraries').at(-1)?.path;
  const at = { host: proxy.host, port: proxy.port, user, database, clientLibrary };
  const db = open({ ...at, sslmode: 'require' });
  const plain = open({ ...at, sslmode: 'disable' });
  closing.push(proxy, db, plain);
  const connection = await db.connect();
  expect(connection.tls?.protocol).toBe(version);
  const { rows } = await connection.query(`SELECT repeat('x', 50000) AS text FROM generate_series(1, 20)`);
  expect(rows).toHaveLength(20);
  await connection.release();
  expect((await plain.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
});
