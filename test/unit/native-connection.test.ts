import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';

/** All of the core that knows nothing of Node. */
const SOURCES = [
  'binary_value',
  'command',
  'connection',
  'connection_connecting',
  'connection_copying',
  'connection_ending',
  'connection_flow',
  'connection_reading',
  'connection_sending',
  'decoder',
  'failure',
  'result_reader',
  'result_shape',
  'row_chunk',
  'socket_input',
  'utf8',
];
const root = path.join(__dirname, '..', '..');

/** The compiler has much to do; ms. */
const TIME_LIMIT = 10 * 60_000;

it(
  'a connection over a library that the test plays, under the address sanitizer',
  () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'kingbase-native-unit-'));
    try {
      const program = path.join(directory, 'connection_test');
      const files = SOURCES.map((name) => path.join(root, 'native', `${name}.cc`));
      const build = spawnSync(
        process.env['CXX'] ?? 'g++',
        [
          ...['-std=c++17', '-O0', '-fsanitize=address,undefined', '-DKINGBASE_CHECK_OWNERSHIP', '-pthread'],
          path.join(root, 'test', 'native', 'unit', 'connection_test.cc'),
          ...files,
          ...['-o', program],
        ],
        { encoding: 'utf8' },
      );
      expect(build.stderr).toBe('');
      expect(spawnSync(program, { encoding: 'utf8' })).toMatchObject({
        status: 0,
        stdout: 'passed\n',
        stderr: '',
      });
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
  TIME_LIMIT,
);
