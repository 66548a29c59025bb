import { expect, inject, it } from 'vitest';
import { outputOf } from '../../support/run-program.js';

const { host, port, user, database } = inject('server');
const config = { host, port, user, database };
const [library] = inject('libraries');

interface Told {
  told: string[];
}

it.each([
  'connected',
  'unreferenced',
  'referencedAgain',
  'ended',
  'idlePool',
  'idlePoolMayExit',
  'lentMayExit',
  'idleUntilRemoved',
])('keeps the process alive as pg does: %s', async (way) => {
  const kingbase = { clientLibrary: library?.path };
  const theirs = await outputOf<Told>('pg-process', { module: 'pg', config, way });
  const ours = await outputOf<Told>('pg-process', {
    module: 'kingbase-native/pg',
    config: { ...config, kingbase },
    way,
  });
  expect(ours.told).toEqual(theirs.told);
});
