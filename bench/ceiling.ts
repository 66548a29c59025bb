import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import type { Target } from './client.js';

const sources = path.join(__dirname, 'ceiling');
const cache = path.join(__dirname, 'node_modules', '.cache');

/** Compiles the C program, or finds it compiled; gives why it cannot be had otherwise. */
export function buildCeiling(): { program: string } | { missing: string } {
  const files = readdirSync(sources)
    .filter((file) => /\.[ch]$/.test(file))
    .map((file) => path.join(sources, file));
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  for (const file of files) hash.update(readFileSync(file));
  const program = path.join(cache, `ceiling-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(program)) return { program };
  if (process.platform !== 'linux') return { missing: 'its programs are for Linux only' };
  mkdirSync(cache, { recursive: true });
  const unfinished = `${program}.${process.pid}`;
  const translated = files.filter((file) => file.endsWith('.c'));
  try {
    execFileSync('cc', ['-std=gnu11', '-O2', '-o', unfinished, ...translated, '-ldl'], {
      stdio: ['ignore', 2, 2],
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return { missing: 'there is no C compiler (cc)' };
  }
  renameSync(unfinished, program);
  return { program };
}

/** The command line of the program for a workload. */
export function ceilingCommand(program: string, target: Target, workload: readonly string[]): string[] {
  const { library, host, port, user, password, database } = target;
  if (library === undefined) throw new Error('The C program needs the path of a client library.');
  return [program, library, host, String(port), user, password ?? '', database, ...workload];
}
