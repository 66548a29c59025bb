import { describe, expect, it } from 'vitest';
import { outputOf } from '../support/run-program.js';
import { expectNoSessions } from '../support/sessions.js';
import { targets } from '../support/targets.js';

// Each library and each transport once.
describe.each(targets().filter((_, i) => i % 3 === 0))('$name', (target) => {
  it('answers 200 concurrent queries on 10 connections in each of 4 worker threads', async () => {
    const found = await outputOf<unknown[]>('worker-load', { config: target.config, workers: 4 });
    expect(found).toEqual(Array(4).fill({ right: 200, backends: 10, openConnections: 10 }));
  });

  it.each(['connecting', 'query', 'largeResult', 'cancel'])(
    'terminates worker threads in the middle of work of the kind "%s", and their sessions with them',
    async (work) => {
      const applicationName = `terminated ${work}`;
      const config = { ...target.config, applicationName };
      const output = await outputOf('terminated-workers', { config, work, workers: 6 });
      // 1 is what Node gives to a worker thread that was terminated.
      expect(output).toEqual({ ends: Array(6).fill(1), one: 1 });
      await expectNoSessions(target, applicationName);
    },
  );
});

it('is one implementation for programs that import it and those that require it', async () => {
  const [target] = targets();
  const output = await outputOf<{ names: string[] }>('module-systems', { config: target?.config });
  expect(output).toMatchObject({ missing: [], different: [], recognised: true });
  expect(output.names).toEqual(expect.arrayContaining(['Database', 'DatabaseError', 'open']));
});
