import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { open, type Connection, type Database } from 'kingbase-native';
import { commandLine, type CommandEnd } from '../support/command-line.js';
import { until } from '../support/rejections.js';

const { host, port, user, database } = inject('server');
const library = inject('libraries')[0]!.path;
const url = `kingbase://${user}@${host}:${port}/${database}`;

const top = (...args: string[]): Promise<CommandEnd> =>
  commandLine(['top', url, ...args], { environment: { KINGBASE_CLIENT_LIBRARY: library } });

async function processOf(connection: Connection): Promise<number> {
  return (await connection.queryRow<{ pid: number }>('SELECT pg_backend_pid() AS pid'))!.pid;
}

describe('kingbase-native top', () => {
  let db: Database;
  let holder: Connection;
  let waiter: Connection;
  let waiting: Promise<unknown>;
  let holds: number;
  let waits: number;

  beforeAll(async () => {
    db = open(url, { clientLibrary: library, applicationName: 'top test' });
    [holder, waiter] = [await db.connect(), await db.connect()];
    [holds, waits] = [await processOf(holder), await processOf(waiter)];
    await holder.query('SELECT pg_advisory_lock(4711)');
    waiting = waiter.query(`SELECT pg_advisory_lock(4711), 'o''secret' AS word, $$dollar secret$$`);
    await until(
      'it waits',
      async () =>
        (await db.query('SELECT 1 FROM pg_locks WHERE NOT granted AND pid = $1', [waits])).rowCount > 0,
    );
  });
  afterAll(async () => {
    await holder.query('SELECT pg_advisory_unlock(4711)');
    await waiting;
    await holder.release({ discard: true });
    await waiter.release({ discard: true });
    await db.close();
  });

  it('shows who is blocked first, by whom, and no literal of a statement', async () => {
    const { stdout, stderr, code } = await top();
    expect([stderr, code]).toEqual(['', 0]);
    const [summary, , heads, , ...lines] = stdout.split('\n');
    const first = lines.find((line) => line.startsWith(`${waits} `));
    expect(summary).toMatch(/^\d+ sessions, \d+ active, [1-9]\d* blocked by others$/);
    expect(heads).toMatch(/^process +\| user +\| database .*\| statement$/);
    expect(first).toMatch(new RegExp(`^${waits} .*\\| Lock: advisory +\\| ${holds} +\\| SELECT`));
    expect(stdout).not.toContain('secret');
  });

  it('prints a line of JSON each time', async () => {
    const { stdout } = await top('--json', '-c', '2', '-i', '1', '--lang', 'zh');
    const [one, two, end] = stdout.split('\n');
    expect(end).toBe('');
    for (const line of [one, two]) {
      const sessions = JSON.parse(line!) as { processId: number; blockedBy: number[]; seconds: number }[];
      const session = sessions.find(({ processId }) => processId === waits);
      expect(session).toMatchObject({
        processId: waits,
        blockedBy: [holds],
        application: 'top test',
      });
      expect(session!.seconds).toBeGreaterThan(0);
    }
  });

  it('speaks Chinese', async () => {
    expect((await top('--lang', 'zh')).stdout).toMatch(
      /^\d+ 个会话，\d+ 个正在执行，[1-9]\d* 个被其他会话阻塞\n/,
    );
  });

  it('ends as the others where there is no server', async () => {
    const { stderr, code } = await commandLine(['top', 'kingbase://app@127.0.0.1:1/test'], {
      environment: { KINGBASE_CLIENT_LIBRARY: library },
    });
    expect([stderr.includes('KB_CONNECT_REFUSED'), code]).toEqual([true, 4]);
  });
});
