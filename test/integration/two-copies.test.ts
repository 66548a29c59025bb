import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { outputOf } from '../support/run-program.js';

it('two evaluations of the JavaScript over one native library never get what is the other’s', async () => {
  const { host, port, user, database } = inject('server');
  const options = { host, port, user, database, clientLibrary: inject('libraries')[0]?.path };
  const file = join(__dirname, '..', '..', 'dist', 'index.js');
  const right = { wrong: 0, script: ['SELECT', 'SELECT'], ownClass: true };
  expect(await outputOf('two-copies', { file, options })).toEqual({
    answers: [right, right],
    survivor: { seven: 7 },
    addons: 1,
  });
});
