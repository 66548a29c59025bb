import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** All of the core that knows nothing of Node. */
const SOURCES = [
  'binary_value',
  'command',
  'connection',
  'connection_connecting',
  'connection_copying',
  'connection_ending',
  'connection_flow',
  'connection_group',
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
/** What the test of the I/O thread has besides, which knows Node's names but calls nothing of it. */
const THREAD = ['io_thread', 'mailbox', 'wait_set_epoll', 'wait_set_poll'];
const root = path.join(__dirname, '..', '..');

/** The compiler has much to do; ms. */
const TIME_LIMIT = 10 * 60_000;

describe('the core over a library that the test plays, under the address sanitizer', () => {
  let directory: string;

  /** Runs the compiler in the directory. */
  function compile(...given: string[]): void {
    const options = ['-std=c++17', '-O0', '-fsanitize=address,undefined', '-DKINGBASE_CHECK_OWNERSHIP'];
    // As in the addon's own build: without it its headers do not compile.
    options.push('-DNAPI_DISABLE_CPP_EXCEPTIONS', '-DNAPI_VERSION=8');
    // Leaves out the inline functions of Node's headers, which would have to be linked with Node.
    options.push('-ffunction-sections', '-fdata-sections', '-Wl,--gc-sections');
    for (const headers of ['node-addon-api', 'node-api-headers/include']) {
      options.push('-isystem', path.join(root, 'node_modules', headers));
    }
    const compiler = process.env['CXX'] ?? 'g++';
    const build = spawnSync(compiler, [...options, '-pthread', ...given], {
      cwd: directory,
      encoding: 'utf8',
    });
    expect(build.stderr).toBe('');
  }

  beforeAll(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'kingbase-native-unit-'));
    compile('-c', ...[...SOURCES, ...THREAD].map((name) => path.join(root, 'native', `${name}.cc`)));
  }, TIME_LIMIT);
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  it.each([
    ['connection_test', SOURCES],
    ['parts_test', SOURCES],
    ['io_thread_test', [...SOURCES, ...THREAD]],
  ])(
    '%s',
    (name, sources) => {
      const program = path.join(directory, name);
      const objects = sources.map((source) => `${source}.o`);
      compile(path.join(root, 'test', 'native', 'unit', `${name}.cc`), ...objects, '-o', program);
      expect(spawnSync(program, { encoding: 'utf8' })).toMatchObject({
        status: 0,
        stdout: 'passed\n',
        stderr: '',
      });
    },
    TIME_LIMIT,
  );
});
