import { afterEach, describe, expect, it } from 'vitest';
import type { Session } from '../../../lib/driver/session.js';
import { Listener } from '../../../lib/facade/listen/listener.js';
import { FakeServer } from '../../support/fake-sessions.js';

describe('a listener', () => {
  let listener: Listener;
  afterEach(() => listener.close());

  // Whoever has got the session begins on it some microtasks later, and it can be lost in each of them.
  it.each(Array.from({ length: 12 }, (_, turns) => turns))(
    'begins on no session that was lost %d microtasks after it was asked to listen',
    async (turns) => {
      const server = new FakeServer();
      const sessions: Session[] = [];
      const begunOnClosed: string[] = [];
      listener = new Listener({
        open: async () => {
          const session = await server.open();
          const run = session.run.bind(session);
          session.run = (operation): void => {
            if (!session.idle) begunOnClosed.push(`session ${sessions.indexOf(session)}`);
            run(operation);
          };
          sessions.push(session);
          return session;
        },
        heartbeatInterval: () => 0,
        heartbeatTimeout: () => 1_000,
        heartbeatSql: () => 'SELECT 1',
      });
      await listener.listen('first', () => undefined);
      const second = listener.listen('second', () => undefined).catch((error: unknown) => error);
      for (let i = 0; i < turns; i++) await Promise.resolve();
      sessions[0]?.close();
      await second;
      expect(begunOnClosed).toEqual([]);
    },
  );
});
