import { describe, expect, it } from 'vitest';
import { Checkout } from '../../../lib/driver/operations/checkout.js';
import type { Session } from '../../../lib/driver/session.js';
import { failure, fakePool, settle } from '../../support/fake-sessions.js';

describe('a session that is taken with a first command', () => {
  it('goes back outside a transaction where the answer to BEGIN was none, and no call is blamed for that', async () => {
    const { pool, server, told, run } = fakePool({ max: 1 });
    await run('one');
    const [connection] = server.connections;
    connection!.beginsAllTheSame = true;
    connection!.failures.set('BEGIN', { message: 'out of memory' });
    const taken = new Promise<Session>((resolve, reject) => {
      pool.run(new Checkout((session) => session, 'BEGIN', resolve, reject));
    });
    expect(await failure(taken)).toBeInstanceOf(Error);
    await settle();
    expect(server.commands).toEqual(['one', 'BEGIN', 'ROLLBACK']);
    expect(told).not.toContain('left open');
    await run('two');
    expect(server.commands.at(-1)).toBe('two');
  });
});
