import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freePort } from '../../scripts/embedded-server.js';

const PROGRAM = '/usr/bin/redis-server';

/** Whether the system has it (Debian: redis-server). */
export const hasRedis = existsSync(PROGRAM);

export interface Redis {
  readonly url: string;
  /** Takes it away as a crash would. */
  down(): Promise<void>;
  /** Serves on the same port again, with nothing in it. */
  up(): Promise<void>;
  stop(): Promise<void>;
}

/** A Redis of the test's own, in memory only. */
export async function startRedis(): Promise<Redis> {
  const port = await freePort();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'kingbase-redis-'));
  const options = [
    '--port',
    `${port}`,
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    folder,
  ];
  const start = async (): Promise<() => Promise<void>> => {
    const child = spawn(PROGRAM, options, { stdio: ['ignore', 'pipe', 'ignore'] });
    let said = '';
    for await (const chunk of child.stdout) {
      said += String(chunk);
      if (said.includes('Ready to accept connections')) break;
    }
    if (child.exitCode !== null) throw new Error(`redis-server does not start: ${said}`);
    return async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    };
  };
  let end: (() => Promise<void>) | undefined = await start();
  const down = async (): Promise<void> => {
    await end?.();
    end = undefined;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    down,
    up: async () => {
      end ??= await start();
    },
    stop: async () => {
      await down();
      rmSync(folder, { recursive: true });
    },
  };
}
