import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  loadClientLibrary,
  nodeFileSystem,
  type CandidateReport,
  type OpenLibrary,
} from '../../../lib/client-library/index.js';
import type { NativeLibrary } from '../../../lib/addon/interface.js';
import { UsageError } from '../../../lib/errors/index.js';
import { LIBSSL, makeElf } from './fixtures.js';

import { failure, inspect, KCI, notFound, run, type Files } from './loading.js';

describe('loadClientLibrary', () => {
  it('opens what is named, and says so', () => {
    const { loaded, opened } = run({ [KCI]: makeElf() }, { [KCI]: 'ok' }, { path: KCI });
    expect(loaded).toEqual({
      library: { path: KCI },
      source: 'option clientLibrary',
      reason: 'It is named by option clientLibrary.',
      attempts: [],
    });
    expect(opened).toEqual([{ path: KCI, options: { companions: [], isolate: true } }]);
  });

  it('is not isolated only when a sanitizer asks for it', () => {
    const isolate = (value: string | undefined): boolean | undefined =>
      run({ [KCI]: makeElf() }, { [KCI]: 'ok' }, { path: KCI }, { KINGBASE_NATIVE_NO_DEEPBIND: value })
        .opened[0]?.options.isolate;
    expect(isolate('1')).toBe(false);
    for (const value of ['0', '', 'true', undefined]) expect(isolate(value)).toBe(true);
  });

  it('goes on to the next place and keeps a record', () => {
    const libpq = '/usr/lib/libpq.so.5';
    const { loaded, opened } = run({ [libpq]: makeElf() }, { [libpq]: 'ok' });
    // What the linker would find by a bare name is opened by its absolute path, and a bare name never.
    expect(opened.map(({ path }) => path)).toEqual([libpq]);
    expect(loaded?.source).toBe("PostgreSQL's libpq, system library path");
    expect(loaded?.reason).toContain('after 4 places');
    expect(loaded?.attempts).toMatchObject([
      {
        path: '/opt/Kingbase/ES/V9/Server/lib/libkci.so.5',
        source: 'installation directory',
        reason: 'does not exist',
      },
      {
        path: '/opt/Kingbase/ES/V8/Server/lib/libkci.so.5',
        source: 'installation directory',
        reason: 'does not exist',
      },
      {
        path: 'libkci.so.5',
        source: 'system library path',
        reason: 'was not found where the dynamic linker searches',
      },
      {
        path: 'libkci.so',
        source: 'system library path',
        reason: 'was not found where the dynamic linker searches',
      },
    ]);
  });

  it.each([':/opt/kb', '/opt/kb:', '/opt/kb::/x', '.', 'lib:/opt/kb'])(
    'never leaves a search to the linker that would look in the current directory: LD_LIBRARY_PATH=%s',
    (value) => {
      const { error, opened } = run(
        {},
        { 'libkci.so.5': 'ok', './libkci.so.5': 'ok' },
        {},
        { LD_LIBRARY_PATH: value },
      );
      expect(opened).toEqual([]);
      expect(error?.message).toContain('relative entries of LD_LIBRARY_PATH are passed over');
    },
  );

  it('tries nothing else when what is named fails', () => {
    const { error, opened } = run({}, { 'libkci.so.5': 'ok' }, {}, { KINGBASE_CLIENT_LIBRARY: KCI });
    expect(opened).toEqual([]);
    expect(error?.code).toBe('KB_LIBRARY_NOT_FOUND');
    expect(error?.attempts).toMatchObject([
      { path: KCI, source: 'KINGBASE_CLIENT_LIBRARY', reason: 'does not exist' },
    ]);
    expect(error?.message).toContain(`\n  ${KCI} (KINGBASE_CLIENT_LIBRARY): does not exist`);
  });

  it('says what to do when there is no library at all', () => {
    const { error } = run({}, {});
    expect(error?.code).toBe('KB_LIBRARY_NOT_FOUND');
    expect(error?.message).toContain('KINGBASE_CLIENT_LIBRARY');
    expect(error?.message.split('\n')).toHaveLength(6);
    expect(error?.hint).toContain('Install the KingbaseES client');
  });

  it('tries one file once, however many names it has', () => {
    const { error, opened } = run(
      {
        '/kb/libkci.so': { link: 'libkci.so.5' },
        '/kb/libkci.so.5': { link: 'libkci.so.5.12' },
        '/kb/libkci.so.5.12': makeElf(),
      },
      { [KCI]: failure('broken') },
      { directory: '/kb' },
    );
    expect(opened).toHaveLength(1);
    expect(error?.attempts).toHaveLength(1);
  });

  const badMachine = Buffer.from(LIBSSL);
  badMachine.writeUInt16LE(183, 18);
  const badClass = makeElf({}, { bits: 32, machine: 62 });
  it.each<[string, Files[string], string, string, string?]>([
    [
      'another machine',
      badMachine,
      'KB_LIBRARY_WRONG_ARCHITECTURE',
      'is built for aarch64 (64-bit ARM), this process is x86_64 (64-bit Intel/AMD)',
    ],
    [
      'another machine the other way',
      LIBSSL,
      'KB_LIBRARY_WRONG_ARCHITECTURE',
      'is built for x86_64 (64-bit Intel/AMD), this process is aarch64 (64-bit ARM)',
      'arm64',
    ],
    [
      'another class',
      badClass,
      'KB_LIBRARY_WRONG_ARCHITECTURE',
      'is built for x32 (32-bit Intel/AMD), this process is x86_64 (64-bit Intel/AMD)',
    ],
    [
      'another byte order',
      makeElf({}, { littleEndian: false, machine: 21 }),
      'KB_LIBRARY_WRONG_ARCHITECTURE',
      'is built for ppc64 (64-bit), this process is ppc64le (64-bit)',
      'ppc64',
    ],
    [
      'a text file',
      'INPUT(x)',
      'KB_LIBRARY_NOT_A_LIBRARY',
      'is not a shared library (it begins with "INPUT(x)")',
    ],
    ['half a file', LIBSSL.subarray(0, 3000), 'KB_LIBRARY_NOT_A_LIBRARY', 'is truncated or damaged'],
    [
      'a file without permission',
      { code: 'EACCES' },
      'KB_LIBRARY_LOAD_FAILED',
      'cannot be read: permission denied',
    ],
    ['a FIFO', { code: 'EFTYPE' }, 'KB_LIBRARY_NOT_A_LIBRARY', 'is not a regular file'],
    [
      'a directory without a library',
      { code: 'EISDIR' },
      'KB_LIBRARY_NOT_FOUND',
      'is a directory, and holds no client library (libkci.so.5, libkci.so, libkci.dll)',
    ],
    ['a failing disk', { code: 'EIO' }, 'KB_LIBRARY_LOAD_FAILED', 'cannot be read (EIO)'],
    ['a broken link', { link: 'gone' }, 'KB_LIBRARY_NOT_FOUND', 'does not exist'],
  ])('says of %s what is wrong, without opening it', (_, content, code, reason, arch) => {
    const { error, opened } = run({ [KCI]: content }, {}, { path: KCI }, {}, arch);
    expect(opened).toEqual([]);
    expect(error).toMatchObject({ code, attempts: [{ path: KCI, reason }] });
    expect(error?.hint).toMatch(/\.$/);
  });

  it('leaves an architecture it does not know to the dynamic linker', () => {
    expect(run({ [KCI]: makeElf() }, { [KCI]: 'ok' }, { path: KCI }, {}, 'sw64').loaded).toBeDefined();
  });

  it.each<[Error, string, string | RegExp]>([
    [failure('', 'v7'), 'KB_LIBRARY_UNSUPPORTED_VERSION', /KingbaseES V7/],
    [
      failure('', 'symbols', ['KCIConnectionCreateParams', 'KCIStatementExecuteParams']),
      'KB_LIBRARY_MISSING_SYMBOL',
      'is not a usable client library: it lacks KCIConnectionCreateParams, KCIStatementExecuteParams',
    ],
    [
      failure(
        '',
        'symbols',
        Array.from({ length: 10 }, (_, i) => `f${i}`),
      ),
      'KB_LIBRARY_MISSING_SYMBOL',
      /f7 and 2 more$/,
    ],
    [
      failure(`${KCI}: undefined symbol: x`),
      'KB_LIBRARY_LOAD_FAILED',
      `cannot be loaded: ${KCI}: undefined symbol: x`,
    ],
    [
      failure("/lib/libc.so.6: version `GLIBC_2.38' not found (required by /kb/libkci.so.5)"),
      'KB_LIBRARY_MISSING_DEPENDENCY',
      /GLIBC_2\.38/,
    ],
    [notFound('libssl.so.10'), 'KB_LIBRARY_MISSING_DEPENDENCY', /^needs libssl\.so\.10, not found/],
  ])('%s: %s', (answer, code, reason) => {
    const { error } = run({ [KCI]: makeElf() }, { [KCI]: answer }, { path: KCI });
    expect(error?.code).toBe(code);
    expect(error?.attempts[0]?.reason).toMatch(reason);
  });

  it('has the code of the first place that had something', () => {
    const { error } = run(
      { '/lib/libkci.so': makeElf(), '/lib/libpq.so.5': makeElf() },
      { '/lib/libkci.so': failure('', 'v7'), '/lib/libpq.so.5': failure('', 'symbols', ['a']) },
    );
    expect(error?.code).toBe('KB_LIBRARY_UNSUPPORTED_VERSION');
    expect(error?.attempts).toHaveLength(5);
  });

  it('lets what is no failure to open pass', () => {
    expect(() => run({ [KCI]: makeElf() }, { [KCI]: new TypeError('bug') }, { path: KCI })).toThrow(
      TypeError,
    );
    expect(() => run({}, {}, { path: 'relative' })).toThrow(UsageError);
  });
});

describe('inspectCandidates', () => {
  it('tells all that is known of each candidate', () => {
    const symbols = ['KCIConnectionCreate', 'KCIConnectionCreateParams', 'end'];
    const files = {
      '/home/kb/lib/libkci.so.5': { link: 'libkci.so.5.12' },
      '/home/kb/lib/libkci.so.5.12': makeElf({ symbols, needed: ['libssl.so.1.1', 'libc.so.6'] }),
      '/home/kb/lib/libssl.so.1.1': makeElf(),
      '/usr/lib/x86_64-linux-gnu/libpq.so.5': makeElf({ symbols: ['PQconnectStartParams', 'end'] }),
    };
    const reports = inspect(files, { KINGBASE_HOME: '/home/kb' }, {});
    expect(reports[0]).toEqual({
      path: '/home/kb/lib/libkci.so.5',
      source: 'KINGBASE_HOME',
      explicit: false,
      kind: 'file',
      exists: true,
      file: '/home/kb/lib/libkci.so.5.12',
      opens: '/home/kb/lib/libkci.so.5',
      format: 'elf',
      architecture: 'x86_64',
      flavour: 'kci',
      version: '5.12',
      verdict: 'usable',
      companions: ['/home/kb/lib/libssl.so.1.1'],
      missing: [],
      reason: 'can be loaded, as far as its header tells',
      chinese: { source: 'KINGBASE_HOME', reason: '从文件头看可以加载' },
    });
    expect(reports.slice(-2)).toMatchObject([
      { path: 'libkci.so', kind: 'name', exists: false, verdict: 'unusable', code: 'KB_LIBRARY_NOT_FOUND' },
      {
        path: 'libpq.so.5',
        kind: 'name',
        exists: true,
        file: '/usr/lib/x86_64-linux-gnu/libpq.so.5',
        flavour: 'libpq',
        verdict: 'usable',
        companions: [],
      },
    ]);
  });

  it.each<[string[], CandidateReport['flavour'], CandidateReport['verdict']]>([
    [['KCIConnectionCreate'], 'v7', 'unusable'],
    [['KCIConnectionStartParams', 'KCIsetSingleRowMode'], 'kci', 'usable'],
    [['PQconnectStartParams', 'PQexecPrepared_ext'], 'kingbase-pq', 'usable'],
    [['PQconnectStartParams'], 'libpq', 'usable'],
    // Its functions may be those of a library that it needs.
    [['f'], undefined, 'usable'],
  ])('knows %j for %s', (symbols, flavour, verdict) => {
    const [report] = inspect({ [KCI]: makeElf({ symbols: [...symbols, 'end'] }) });
    expect([report?.flavour, report?.verdict]).toEqual([flavour, verdict]);
  });

  it.each([
    [{ machine: 258 }, 'loongarch64', '64-bit LoongArch', '龙芯'],
    [{ machine: 8 }, 'mips64el', '64-bit MIPS', 'MIPS'],
    [{ machine: 0x9916 }, 'sw_64', '64-bit Sunway', '申威'],
    [{ machine: 183 }, 'aarch64', '64-bit ARM', '鲲鹏'],
    [{ machine: 40, bits: 32 }, 'arm', '32-bit ARM', 'ARM'],
    [{ machine: 21, littleEndian: false }, 'ppc64', '64-bit', '64 位'],
    [{ machine: 22, littleEndian: false }, 's390x', '64-bit', '64 位'],
    [{ machine: 243 }, 'riscv64', '64-bit', '64 位'],
    [{ machine: 4711 }, 'machine 4711', '64-bit', '64 位'],
  ])('names the architecture of %j in words', (shape, name, english, chinese) => {
    const [report] = inspect({ [KCI]: makeElf({}, shape) });
    expect(report).toMatchObject({ architecture: name, verdict: 'unusable' });
    expect(report?.reason).toContain(`is built for ${name} (${english})`);
    expect(report?.chinese?.reason).toContain(chinese);
    expect(report?.remedy).toContain('Install the client library for x86_64 (64-bit Intel/AMD)');
  });
});

describe('nodeFileSystem', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kingbase-native-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  it('finds a real library with its companions, through links', () => {
    const lib = join(directory, 'lib');
    mkdirSync(lib);
    writeFileSync(join(lib, 'libkci.so.5.12'), makeElf({ needed: ['libssl.so.1.1'] }));
    writeFileSync(join(lib, 'libssl.so.1.1'), LIBSSL);
    symlinkSync('libkci.so.5.12', join(lib, 'libkci.so.5'));
    const opened: unknown[] = [];
    const open: OpenLibrary = (path, options) => {
      opened.push([path, options.companions]);
      return { path } as NativeLibrary;
    };
    loadClientLibrary(
      open,
      { directory: lib },
      {},
      { fileSystem: nodeFileSystem, platform: 'linux', arch: 'x64' },
    );
    expect(opened).toEqual([[join(lib, 'libkci.so.5'), [join(lib, 'libssl.so.1.1')]]]);
  });

  it('does not wait on a FIFO and does not take a directory for a file', () => {
    const fifo = join(directory, 'fifo');
    execFileSync('mkfifo', [fifo]);
    expect(() => nodeFileSystem.readFile(fifo)).toThrow(expect.objectContaining({ code: 'EFTYPE' }));
    expect(() => nodeFileSystem.readFile(directory)).toThrow(expect.objectContaining({ code: 'EISDIR' }));
    expect(() => nodeFileSystem.readFile(join(directory, 'gone'))).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
    expect(nodeFileSystem.listDirectory(join(directory, 'gone'))).toEqual([]);
  });

  it('reads the beginning of a file', () => {
    const path = join(directory, 'text');
    writeFileSync(path, 'abcdef');
    expect(Buffer.from(nodeFileSystem.readFile(path, 3)).toString()).toBe('abc');
    expect(Buffer.from(nodeFileSystem.readFile(path, 30)).toString()).toBe('abcdef');
  });
});
