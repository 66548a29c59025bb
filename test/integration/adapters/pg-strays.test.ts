import pg from 'pg';
import { afterEach, describe, expect, inject, it } from 'vitest';
import adapter from 'kingbase-native/pg';
import { encodeMessage, int16 } from '../../support/protocol.js';
import {
  complete,
  failure,
  ready,
  startScriptedServer,
  type ScriptedServer,
} from '../../support/scripted-server.js';
import { nextEvent, turn } from './programs/program.js';

const servers: ScriptedServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** Messages that answer nothing, of which pg tells its client. */
const TOLD: Record<string, Buffer> = {
  rowDescription: encodeMessage('T', int16(0)),
  dataRow: encodeMessage('D', int16(0)),
  portalSuspended: encodeMessage('s'),
  emptyQuery: encodeMessage('I'),
  commandComplete: complete('SELECT 1'),
  parseComplete: encodeMessage('1'),
  copyInResponse: encodeMessage('G', Buffer.from([0]), int16(0)),
  copyData: encodeMessage('d', Buffer.from('x')),
};

/** Those that pg does not mind, and the library does. */
const UNMINDED: Record<string, Buffer> = {
  bindComplete: encodeMessage('2'),
  noData: encodeMessage('n'),
  readyForQuery: ready(),
};

type When = 'alone' | 'behind an answer';

/** @param minded whether the client is to hear of it */
async function seen(
  module: typeof pg,
  config: object,
  stray: Buffer,
  when: When,
  minded: boolean,
): Promise<Record<string, unknown>> {
  const server = await startScriptedServer({
    respond: ({ answer, number }, { wire }) =>
      wire.write(Buffer.concat([...answer, ...(when !== 'alone' && number === 0 ? [stray] : [])])),
  });
  servers.push(server);
  const at = { host: server.host, port: server.port, user: 'somebody', database: 'any' };
  const client = new module.Client({ ...config, ...at });
  const heard: string[] = [];
  const told = new Promise<void>((resolve) => {
    client.on('error', (error: Error) => {
      heard.push(error.message);
      resolve();
    });
  });
  client.on('end', () => heard.push('end'));
  await client.connect();
  const outcome = (text: string): Promise<string> =>
    client.query(text).then(
      ({ command }) => command,
      (error: unknown) => (error as Error).message,
    );
  const answer = await outcome('one');
  if (when === 'alone') await server.sessions[0]?.wire.write(stray);
  if (minded) await told;
  const next = await outcome('two');
  heard.push('is ended');
  const ended = nextEvent(client, 'end');
  await client.end();
  if (!heard.includes('end')) await ended;
  return { answer, heard, next };
}

const NOT_QUERYABLE = 'Client has encountered a connection error and is not queryable';
const TERMINATED = 'Connection terminated unexpectedly';

describe.each(inject('libraries'))('a message that answers nothing, on $name', ({ path }) => {
  const config = { kingbase: { clientLibrary: path, sslmode: 'disable' } };
  const ours = adapter as unknown as typeof pg;

  it.each(Object.entries(TOLD))('%s: the client hears what that of pg hears', async (name, stray) => {
    const theirs = await seen(pg, {}, stray, 'alone', true);
    expect(theirs['heard']).toEqual([`Received unexpected ${name} message from backend.`, 'is ended', 'end']);
    expect(await seen(ours, config, stray, 'alone', true)).toEqual(theirs);
    // Read together with the answer before it, it is told as when it comes later.
    const behind = await seen(pg, {}, stray, 'behind an answer', true);
    expect(behind).toEqual(theirs);
    expect(await seen(ours, config, stray, 'behind an answer', true)).toEqual(behind);
  });

  // By itself it could be taken for the answer to what is asked next.
  it.each(Object.entries(UNMINDED))(
    '%s: ends the session, where that of pg goes on',
    async (_name, stray) => {
      expect(await seen(pg, {}, stray, 'behind an answer', false)).toEqual({
        answer: 'ONE',
        heard: ['is ended', 'end'],
        next: 'TWO',
      });
      expect(await seen(ours, config, stray, 'behind an answer', true)).toEqual({
        answer: 'ONE',
        heard: [TERMINATED, 'end', 'is ended'],
        next: NOT_QUERYABLE,
      });
    },
  );

  it('an error: goes on, where that of pg is not queryable any more', async () => {
    const stray = failure('XX000', 'out of place');
    expect(await seen(pg, {}, stray, 'behind an answer', true)).toEqual({
      answer: 'ONE',
      heard: ['out of place', 'is ended', 'end'],
      next: NOT_QUERYABLE,
    });
    expect(await seen(ours, config, stray, 'behind an answer', false)).toEqual({
      answer: 'ONE',
      heard: ['is ended', 'end'],
      next: 'TWO',
    });
  });

  it.each<When>(['alone', 'behind an answer'])('is told by the pool of an idle client, %s', async (when) => {
    const told = async (module: typeof pg, more: object): Promise<unknown> => {
      const stray = complete('SELECT 1');
      const server = await startScriptedServer({
        respond: ({ answer }, { wire, processId }) => {
          const first = processId === server.sessions[0]?.processId && when !== 'alone';
          return wire.write(Buffer.concat([...answer, ...(first ? [stray] : [])]));
        },
      });
      servers.push(server);
      const at = { host: server.host, port: server.port, user: 'somebody', database: 'any' };
      const pool = new module.Pool({ ...more, ...at });
      const error = nextEvent(pool, 'error');
      const removed = nextEvent(pool, 'remove');
      const { command } = await pool.query('one');
      if (when === 'alone') await server.sessions[0]?.wire.write(stray);
      const { message } = (await error) as Error;
      await removed;
      await turn();
      const seenOfPool = {
        command,
        message,
        total: pool.totalCount,
        idle: pool.idleCount,
        next: (await pool.query('two')).command,
      };
      await pool.end();
      return seenOfPool;
    };
    expect(await told(ours, config)).toEqual(await told(pg, {}));
  });
});
