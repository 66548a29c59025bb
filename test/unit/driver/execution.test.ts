import { describe, expect, it } from 'vitest';
import { Execution } from '../../../lib/driver/operations/execution.js';
import { PrepareProbe } from '../../../lib/driver/operations/prepare-probe.js';
import { Script } from '../../../lib/driver/operations/script.js';
import { NOT_IDLE, RowMode } from '../../../lib/addon/interface.js';
import type { Session, SessionOwner } from '../../../lib/driver/session.js';
import type { CachedStatement } from '../../../lib/driver/statement-cache.js';
import { TypeMap } from '../../../lib/types/type-map.js';
import { databaseFailure, FakeServer, settle } from '../../support/fake-sessions.js';

const SQL = 'SELECT 1';

/** Two sessions that have both prepared a statement which the server has dropped since. */
async function staleSessions(server: FakeServer): Promise<{
  first: Session;
  second: Session;
  statementOn: (session: Session) => CachedStatement | undefined;
}> {
  const [first, second] = [await server.open(), await server.open()];
  const statements = new Map<Session, CachedStatement>();
  for (const session of [first, second]) {
    const statement = session.statements.create(SQL);
    statement.prepared = true;
    statements.set(session, statement);
  }
  for (const { failures } of server.connections) failures.set('execute 1', databaseFailure('26000'));
  return { first, second, statementOn: (session) => statements.get(session) };
}

/** An owner that has what is to be run again run on that session. */
function rerunningOn(session: Session): SessionOwner {
  return {
    sessionIdle: () => undefined,
    sessionClosed: () => undefined,
    rerun: (again) => {
      session.run(again);
      return true;
    },
  };
}

/** Runs the statement on the session; gives its answer. */
function execute(
  session: Session,
  statementOn: (session: Session) => CachedStatement | undefined,
): Promise<string> {
  const request = { sql: SQL, parameters: [], rowMode: RowMode.Object, types: new TypeMap(), statementOn };
  return new Promise((resolve, reject) => {
    session.run(new Execution(request, () => 'answered', resolve, reject));
  });
}

describe('a statement that the server no longer has', () => {
  it('is prepared again once', async () => {
    const server = new FakeServer();
    const { first, statementOn } = await staleSessions(server);
    await expect(execute(first, statementOn)).rejects.toMatchObject({ code: '26000' });
    expect(server.connections[0]?.commands).toStrictEqual(['execute 1', 'prepare 1', 'execute 1']);
  });

  it('is prepared again once more on another session when the first is lost in between', async () => {
    const server = new FakeServer();
    server.holds = (sql) => sql.startsWith('prepare');
    const { first, second, statementOn } = await staleSessions(server);
    first.owner = rerunningOn(second);
    const answer = execute(first, statementOn);
    await settle();
    server.connections[0]?.fail({ lost: true, sent: false });
    await settle();
    const [, other] = server.connections;
    other?.failures.clear();
    other?.answer();
    expect(await answer).toBe('answered');
    expect(other?.commands).toStrictEqual(['execute 1', 'prepare 1', 'execute 1']);
  });
});

describe('a PREPARE of which nobody knows whether the server has carried it out', () => {
  const unanswered = {
    fields: undefined,
    message: 'out of memory',
    lost: false,
    sent: true,
    stage: '' as const,
    reason: 'memory' as const,
  };

  it.each(['query', 'probe'])('has its number never given again, by a %s', async (how) => {
    const server = new FakeServer();
    // Where none are kept no number is ever given again.
    server.statementCacheSize = 10;
    const session = await server.open();
    const [connection] = server.connections;
    connection?.failures.set('prepare 1', unanswered);
    const statement = session.statements.create(SQL);
    const begin = () =>
      how === 'query'
        ? execute(session, () => statement)
        : new Promise<string>((resolve, reject) => {
            session.run(
              new PrepareProbe(
                () => statement,
                () => resolve('prepared'),
                reject,
              ),
            );
          });
    await expect(begin()).rejects.toMatchObject({ code: 'KB_OUT_OF_MEMORY' });
    await begin();
    session.statements.discard(session.statements.create('SELECT 2'));
    expect(session.statements.create('SELECT 3').id).toBe(3);
    expect(connection?.commands).toStrictEqual(
      how === 'query' ? ['prepare 1', 'prepare 2', 'execute 2'] : ['prepare 1', 'prepare 2'],
    );
  });

  it('is known not to have been, where the server has refused it', async () => {
    const server = new FakeServer();
    const session = await server.open();
    server.connections[0]?.failures.set('prepare 1', databaseFailure('42601'));
    const statement = session.statements.create(SQL);
    await expect(execute(session, () => statement)).rejects.toMatchObject({ code: '42601' });
    expect(statement.id).toBe(1);
  });
});

describe('a core that is not idle, though it has told of the end', () => {
  it('ends the session, which nothing else is run on', async () => {
    const server = new FakeServer();
    const session = await server.open();
    const [connection] = server.connections;
    if (connection === undefined) throw new Error('There is no connection.');
    connection.throws = Object.assign(new Error('the connection is busy or closed'), { code: NOT_IDLE });
    const told: string[] = [];
    session.owner = {
      sessionIdle: () => told.push('idle'),
      sessionClosed: () => told.push('closed'),
      rerun: () => false,
    };
    const statement = session.statements.create(SQL);
    statement.prepared = true;
    await expect(execute(session, () => statement)).rejects.toMatchObject({
      code: 'KB_PROTOCOL',
      outcome: 'unknown',
    });
    expect(told).toStrictEqual(['closed']);
    expect(connection.closed).toBe(true);
  });

  it('tells of memory that is short as such', async () => {
    const server = new FakeServer();
    const session = await server.open();
    const [connection] = server.connections;
    if (connection === undefined) throw new Error('There is no connection.');
    connection.throws = Object.assign(new Error('out of memory'), { code: 'KB_OUT_OF_MEMORY' });
    const script = new Promise((resolve, reject) => {
      session.run(new Script('SELECT 1', resolve, reject));
    });
    await expect(script).rejects.toMatchObject({ name: 'ConnectionError', code: 'KB_OUT_OF_MEMORY' });
  });
});

describe('an explicitly prepared statement', () => {
  it('is known to be gone after DISCARD ALL', async () => {
    const session = await new FakeServer().open();
    const statement = session.statements.create(SQL);
    statement.prepared = true;
    session.result({ rows: undefined, shape: undefined, command: 'DISCARD ALL', count: 0 }, true);
    expect(statement.prepared).toBe(false);
  });
});

describe('an operation for a session that has gone since its owner looked at it', () => {
  it.each([
    ['was lost', (server: FakeServer) => server.connections[0]?.lose()],
    ['was closed', (_server: FakeServer, session: Session) => session.close()],
  ])('fails as one of which nothing was sent where the session %s', async (_how, end) => {
    const server = new FakeServer();
    const session = await server.open();
    let closed = 0;
    session.owner = { sessionIdle: () => undefined, sessionClosed: () => closed++, rerun: () => false };
    end(server, session);
    await settle();
    await expect(execute(session, () => undefined)).rejects.toMatchObject({
      code: 'KB_CONNECTION_LOST',
      outcome: 'not-sent',
    });
    expect(closed).toBe(1);
    expect(session.idle).toBe(false);
    expect(server.connections[0]?.commands).toStrictEqual([]);
  });

  it('is run by the owner on another session', async () => {
    const server = new FakeServer();
    const [first, second] = [await server.open(), await server.open()];
    first.owner = rerunningOn(second);
    first.close();
    await settle();
    await new Promise((resolve, reject) => first.run(new Script('SELECT 1', resolve, reject)));
    expect(server.connections.map(({ commands }) => commands.length)).toStrictEqual([0, 1]);
  });
});
