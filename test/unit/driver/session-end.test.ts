import { describe, expect, it } from 'vitest';
import { AlteredSetting } from '../../../lib/addon/interface.js';
import { ISO_DATES } from '../../../lib/driver/operations/own-settings.js';
import { Script } from '../../../lib/driver/operations/script.js';
import type { Session, SessionOwner } from '../../../lib/driver/session.js';
import type { KingbaseError } from '../../../lib/errors/index.js';
import { Lease } from '../../../lib/facade/sessions/lease.js';
import { databaseFailure, FakeServer, settle } from '../../support/fake-sessions.js';

/** Who has the session hears why it was closed, also where nothing was under way on it. */
describe('a session that the driver closes', () => {
  interface Held {
    server: FakeServer;
    session: Session;
    /** What the holder was told, once for each end. */
    ends: (KingbaseError | undefined)[];
    run: (sql: string) => Promise<unknown>;
  }

  async function held(): Promise<Held> {
    const server = new FakeServer();
    const session = await server.open();
    const ends: Held['ends'] = [];
    const pool: SessionOwner = {
      sessionIdle: () => undefined,
      sessionClosed: () => undefined,
      rerun: () => false,
    };
    const lease = new Lease(session, pool, '');
    lease.onEnd((error) => ends.push(error));
    const run = (sql: string): Promise<unknown> =>
      new Promise((resolve, reject) => {
        lease.run(new Script(sql, resolve, reject));
      });
    return { server, session, ends, run };
  }

  const lost = (why: string): object => ({
    code: 'KB_CONNECTION_LOST',
    outcome: 'not-sent',
    cause: expect.objectContaining({ message: expect.stringContaining(why) as string }) as Error,
  });

  it('between two calls of its holder', async () => {
    const { session, ends, run } = await held();
    await run('one');
    session.drop('another server is the primary now');
    await expect(run('two')).rejects.toMatchObject(lost('another server is the primary now'));
    expect(ends).toMatchObject([lost('another server is the primary now')]);
  });

  it('since the server refuses what the driver itself asks', async () => {
    const { server, ends, run } = await held();
    server.alters = () => AlteredSetting.DateStyle;
    server.failures.set(ISO_DATES, databaseFailure('55000'));
    await run('one');
    await settle();
    expect(server.commands).toEqual(['one', ISO_DATES]);
    await expect(run('two')).rejects.toMatchObject(lost('refused what the driver itself asked: no'));
    expect(ends).toMatchObject([lost('refused what the driver itself asked: no')]);
  });

  it('since what the server says is not what the driver has set', async () => {
    const { server, run } = await held();
    server.alters = () => AlteredSetting.DateStyle;
    await run('one');
    await settle();
    await expect(run('two')).rejects.toMatchObject(lost('could not be set back'));
  });

  it('but not where the program has closed it', async () => {
    const { session, ends, run } = await held();
    await run('one');
    session.close();
    await expect(run('two')).rejects.toMatchObject({ code: 'KB_CONNECTION_RELEASED' });
    expect(ends).toEqual([undefined]);
  });
});
