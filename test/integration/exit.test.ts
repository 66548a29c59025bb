import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/run-program.js';
import { expectNoSessions } from '../support/sessions.js';
import { targets } from '../support/targets.js';

// Each library and each transport once.
describe.each(targets().filter((_, i) => i % 3 === 0))('$name', (target) => {
  it.each([
    ['process.exit in the middle of queries', 'exit', 3],
    ['process.exit in a callback of the driver', 'exitFromCallback', 3],
    ['process.exit while connecting', 'exitWhileConnecting', 3],
    ['process.exit while worker threads query too', 'exitWithWorkers', 3],
    ['an uncaught exception in the middle of queries', 'uncaught', 1],
    ['an unhandled rejection in the middle of queries', 'unhandled', 1],
    ['nothing left to do but idle connections', 'byItself', 3],
    ['nothing left to do but idle connections, in worker threads too', 'byItselfWithWorkers', 3],
    ['the end of the last query', 'afterLastQuery', 3],
    ['the end of the last query, which waited behind a cancelled one', 'behindCancel', 3],
  ])('a process ends with its own exit code by %s', async (_what, way, expected) => {
    const applicationName = `process end ${way}`;
    const config = { ...target.config, applicationName };
    const { output, code, signal, stderr } = await runProgram('process-end', { config, way });
    expect({ output, code, signal }, stderr).toEqual({
      output: { begun: true },
      code: expected,
      signal: null,
    });
    await expectNoSessions(target, applicationName);
  });
});
