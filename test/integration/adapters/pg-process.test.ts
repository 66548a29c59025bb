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

it.each([
  'connect',
  'failedConnect',
  'connectEvent',
  'end',
  'endEvent',
  'query',
  'queryEnd',
  'row',
  'queryError',
  'drain',
  'notice',
  'notification',
  'poolConnect',
  'failedPoolConnect',
  'poolConnectEvent',
  'acquire',
  'poolQuery',
  'failedPoolQuery',
  'poolEnd',
])('has what a program throws be an uncaught exception, as with pg: %s', async (way) => {
  const kingbase = { clientLibrary: library?.path };
  const nowhere = { port: 1 };
  const theirs = await outputOf<Told>('pg-throws', { module: 'pg', config, nowhere, way });
  expect(theirs.told).toEqual(['uncaught: boom']);
  const ours = await outputOf<Told>('pg-throws', {
    module: 'kingbase-native/pg',
    config: { ...config, kingbase },
    nowhere,
    way,
  });
  expect(ours.told).toEqual(theirs.told);
});
