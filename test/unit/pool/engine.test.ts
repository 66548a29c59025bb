import { nothing } from '../../../lib/base/nothing.js';
import { GivingUp } from '../../../lib/base/given-up.js';
import { describe, expect, it } from 'vitest';
import { SessionEngine } from '../../../lib/pool/engine.js';
import { failure, FakeServer, refused, settle } from '../../support/fake-sessions.js';

const signal = new GivingUp();

describe('SessionEngine', () => {
  it('rejects with what opening rejected with, and does not try again by itself', async () => {
    const server = new FakeServer();
    const engine = new SessionEngine(server.open, 2, nothing);
    server.away = refused();
    expect(await failure(engine.open(signal))).toBe(server.away);
    await settle();
    await new Promise(setImmediate);
    expect(server.attempts).toBe(1);
    server.away = undefined;
    expect((await engine.open(signal)).idle).toBe(true);
    expect(server.attempts).toBe(2);
  });

  it('keeps its room after any number of failures', async () => {
    const server = new FakeServer();
    const engine = new SessionEngine(server.open, 2, nothing);
    server.away = refused();
    for (let i = 0; i < 100; i++) expect(await failure(engine.open(signal))).toBe(server.away);
    server.away = undefined;
    await Promise.all([engine.open(signal), engine.open(signal)]);
    expect(server.live).toEqual([0, 1]);
  });

  it('closes a session, once, and has room for another at once', async () => {
    const server = new FakeServer();
    const engine = new SessionEngine(server.open, 1, nothing);
    const session = await engine.open(signal);
    engine.destroy(session);
    engine.destroy(session);
    expect(server.live).toEqual([]);
    await engine.open(signal);
    expect(server.live).toEqual([1]);
    // One that it does not know.
    engine.destroy(session);
    expect(server.live).toEqual([1]);
  });
});
