import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  inspectCandidates,
  loadClientLibrary,
  nodeFileSystem,
  type CandidateReport,
  type ClientLibraryOptions,
  type LoadedLibrary,
  type OpenLibrary,
} from '../../../lib/client-library/index.js';
import type { NativeLibrary, OpenLibraryFailure, OpenLibraryOptions } from '../../../lib/addon/interface.js';
import { ClientLibraryError, UsageError } from '../../../lib/errors/index.js';
import { fakeFileSystem, LIBSSL, makeElf, makeLinkerCache } from './fixtures.js';

type Files = Parameters<typeof fakeFileSystem>[0];

function failure(
  message: string,
  kind: OpenLibraryFailure['failure'] = 'open',
  missing: string[] = [],
): Error {
  return Object.assign(new Error(message), { failure: kind, missing });
}

const notFound = (path: string): Error =>
  failure(`${path}: cannot open shared object file: No such file or directory`);

interface Run {
  opened: { path: string; options: OpenLibraryOptions }[];
  loaded?: LoadedLibrary;
  error?: ClientLibraryError;
}

/** `answers`: what opening a path gives; anything else is not found. */
function run(
  files: Files,
  answers: Record<string, 'ok' | Error>,
  options: ClientLibraryOptions = {},
  environment: NodeJS.ProcessEnv = {},
  arch = 'x64',
): Run {
  const opened: Run['opened'] = [];
  const open: OpenLibrary = (path, openOptions) => {
    opened.push({ path, options: openOptions });
    const answer = answers[path] ?? notFound(path);
    if (answer !== 'ok') throw answer;
    return { path } as NativeLibrary;
  };
  const host = { fileSystem: fakeFileSystem(files), platform: 'linux' as const, arch };
  try {
    return { opened, loaded: loadClientLibrary(open, options, environment, host) };
  } catch (error) {
    if (error instanceof ClientLibraryError) return { opened, error };
    throw error;
  }
}

const KCI = '/kb/libkci.so.5';

function inspect(
  files: Files,
  environment: NodeJS.ProcessEnv = {},
  options: ClientLibraryOptions = { path: KCI },
  arch = 'x64',
): CandidateReport[] {
  const host = { fileSystem: fakeFileSystem(files), platform: 'linux' as const, arch };
  return [...inspectCandidates(options, environment, host)];
}

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

describe('companions', () => {
  const kci = makeElf({
    needed: ['libssl.so.1.1', 'libcrypto.so.1.1', 'libc.so.6', 'libpthread.so.0'],
    soname: 'libkci.so.5',
  });
  const ssl = makeElf({ needed: ['libcrypto.so.1.1', 'libc.so.6'] });
  const crypto = makeElf({ needed: ['libdl.so.2'] });
  const companions = (files: Files, path = KCI): readonly string[] | undefined =>
    run(files, { [path]: 'ok' }, { path }).opened[0]?.options.companions;

  it('are what lies beside, dependencies first, the C library excepted', () => {
    const files = {
      [KCI]: kci,
      '/kb/libssl.so.1.1': ssl,
      '/kb/libcrypto.so.1.1': crypto,
      '/kb/libc.so.6': makeElf(),
    };
    expect(companions(files)).toEqual(['/kb/libcrypto.so.1.1', '/kb/libssl.so.1.1']);
    expect(companions({ [KCI]: kci, '/kb/libssl.so.1.1': ssl })).toEqual(['/kb/libssl.so.1.1']);
    expect(companions({ [KCI]: kci })).toEqual([]);
  });

  it('are found where a link leads', () => {
    const files = {
      '/usr/local/lib/libkci.so.5': { link: '/kb/libkci.so.5.12' },
      '/kb/libkci.so.5.12': kci,
      '/kb/libssl.so.1.1': ssl,
      '/kb/libcrypto.so.1.1': crypto,
    };
    expect(companions(files, '/usr/local/lib/libkci.so.5')).toEqual([
      '/kb/libcrypto.so.1.1',
      '/kb/libssl.so.1.1',
    ]);
  });

  it('do not include files of another architecture or no libraries', () => {
    const files = {
      [KCI]: kci,
      '/kb/libssl.so.1.1': makeElf({}, { machine: 183 }),
      '/kb/libcrypto.so.1.1': 'text',
    };
    expect(companions(files)).toEqual([]);
  });

  it.each([':/opt/kb', '/opt/kb:', '.', 'lib:/opt/kb'])(
    'are all that is needed where the linker would look for it in the current directory: LD_LIBRARY_PATH=%s',
    (value) => {
      const libpq = '/usr/lib/libpq.so.5';
      const files = {
        [libpq]: makeElf({ needed: ['libssl.so.3', 'libc.so.6'] }),
        '/usr/lib/libssl.so.3': makeElf({ needed: ['libcrypto.so.3'] }),
        '/usr/lib/libcrypto.so.3': makeElf(),
      };
      const found = (environment: NodeJS.ProcessEnv): readonly string[] | undefined =>
        run(files, { [libpq]: 'ok' }, {}, environment).opened[0]?.options.companions;
      expect(found({})).toEqual([]);
      expect(found({ LD_LIBRARY_PATH: value })).toEqual(['/usr/lib/libcrypto.so.3', '/usr/lib/libssl.so.3']);
      // And for a library that is named.
      const named = { [KCI]: makeElf({ needed: ['libssl.so.3'] }), ...files };
      const { opened } = run(named, { [KCI]: 'ok' }, { path: KCI }, { LD_LIBRARY_PATH: value });
      expect(opened[0]?.options.companions).toEqual(['/usr/lib/libcrypto.so.3', '/usr/lib/libssl.so.3']);
    },
  );

  it('are not left to the linker where one is missing and it would look in the current directory', () => {
    const files = { [KCI]: makeElf({ needed: ['libssl.so.1.1'] }) };
    const { error, opened } = run(files, { [KCI]: 'ok' }, { path: KCI }, { LD_LIBRARY_PATH: ':/opt' });
    expect(opened).toEqual([]);
    expect(error).toMatchObject({ code: 'KB_LIBRARY_MISSING_DEPENDENCY' });
  });

  it('end where dependencies go in a circle', () => {
    const files = {
      [KCI]: makeElf({ needed: ['liba.so'] }),
      '/kb/liba.so': makeElf({ needed: ['libb.so'] }),
      '/kb/libb.so': makeElf({ needed: ['liba.so', 'libkci.so.5'] }),
    };
    expect(companions(files)).toEqual(['/kb/libb.so', '/kb/liba.so']);
  });
});

describe('missing dependencies', () => {
  const kci = makeElf({
    needed: ['liba.so', 'libb.so', 'libc.so.6'],
    runpath: '$ORIGIN/../dep:${ORIGIN}/sub',
  });
  const broken = notFound('liba.so');
  const reason = (files: Files, environment: NodeJS.ProcessEnv = {}): string | undefined =>
    run({ [KCI]: kci, ...files }, { [KCI]: broken }, { path: KCI }, environment).error?.attempts[0]?.reason;

  it('are all named, also those of companions', () => {
    expect(reason({})).toMatch(/^needs liba\.so, libb\.so, not found/);
    expect(reason({ '/kb/libb.so': makeElf({ needed: ['libz.so'] }) })).toMatch(
      /^needs liba\.so, libz\.so, not found/,
    );
  });

  it.each<[string, Files, NodeJS.ProcessEnv]>([
    ['RUNPATH', { '/kb/sub/libb.so': makeElf() }, {}],
    ['RUNPATH with ..', { '/dep/libb.so': makeElf() }, {}],
    ['LD_LIBRARY_PATH', { '/x/libb.so': makeElf() }, { LD_LIBRARY_PATH: '/w:/x' }],
    ['ld.so.conf', { '/etc/ld.so.conf': '# here\n/x\n', '/x/libb.so': makeElf() }, {}],
    [
      'ld.so.conf.d',
      {
        '/etc/ld.so.conf': 'include ld.so.conf.d/*.conf\n',
        '/etc/ld.so.conf.d/x.conf': '/x # y',
        '/x/libb.so': makeElf(),
      },
      {},
    ],
    ['the multiarch directory', { '/usr/lib/x86_64-linux-gnu/libb.so': makeElf() }, {}],
    ['/usr/lib64', { '/usr/lib64/libb.so': makeElf() }, {}],
  ])('are not those found by %s', (_, files, environment) => {
    expect(reason(files, environment)).toMatch(/^needs liba\.so, not found/);
  });

  it.each<[string, string, Files]>([
    ['$LIB', '$ORIGIN/../$LIB', { '/lib64/libb.so': makeElf() }],
    ['${PLATFORM}', '/opt/${PLATFORM}', { '/opt/x86_64/libb.so': makeElf() }],
  ])('are not those found by %s in RUNPATH', (_, runpath, files) => {
    const library = makeElf({ needed: ['libb.so'], runpath });
    expect(inspect({ [KCI]: library, ...files })).toMatchObject([{ missing: [] }]);
    expect(inspect({ [KCI]: library })).toMatchObject([{ missing: [{ name: 'libb.so' }] }]);
  });

  it('inherit RPATH, unlike RUNPATH, from what needs them', () => {
    const files = (by: 'rpath' | 'runpath'): Files => ({
      [KCI]: makeElf({ needed: ['liba.so'], [by]: '/x' }),
      '/x/liba.so': makeElf({ needed: ['libb.so'] }),
      '/x/libb.so': makeElf(),
    });
    expect(inspect(files('rpath'))).toMatchObject([{ verdict: 'usable' }]);
    expect(inspect(files('runpath'))).toMatchObject([
      { missing: [{ name: 'libb.so', neededBy: '/x/liba.so' }] },
    ]);
  });

  it('are named with where they were looked for', () => {
    const [report] = inspect({ [KCI]: kci, '/etc/ld.so.conf': '/x' }, { LD_LIBRARY_PATH: '/y' });
    expect(report?.missing[0]).toEqual({
      name: 'liba.so',
      neededBy: KCI,
      searched: [
        '/kb',
        '/kb/../dep',
        '/kb/sub',
        '/y',
        '/x',
        '/lib64',
        '/usr/lib64',
        '/lib/x86_64-linux-gnu',
        '/usr/lib/x86_64-linux-gnu',
        '/lib',
        '/usr/lib',
      ],
    });
    expect(report?.reason).toContain('not found beside it (/kb) or where the dynamic linker searches');
  });

  it('are those of another architecture, too', () => {
    const other = makeElf({}, { machine: 3, bits: 32 });
    const [report] = inspect({ [KCI]: kci, '/kb/liba.so': other, '/usr/lib/libb.so': other });
    expect(report?.missing.map(({ unfit }) => unfit)).toEqual([
      { path: '/kb/liba.so', reason: 'architecture' },
      { path: '/usr/lib/libb.so', reason: 'architecture' },
    ]);
    expect(report?.reason).toContain('liba.so (/kb/liba.so is for another architecture)');
  });

  it('are those that the cache of the dynamic linker does not know', () => {
    const files = {
      [KCI]: kci,
      '/etc/ld.so.conf': '/x',
      '/etc/ld.so.cache': makeLinkerCache({ 'liba.so': ['/gone/liba.so', '/a/liba.so'] }),
      '/a/liba.so': makeElf(),
      '/x/libb.so': makeElf(),
    };
    const [report] = inspect(files);
    expect(report?.missing).toMatchObject([
      { name: 'libb.so', unfit: { path: '/x/libb.so', reason: 'not-in-cache' } },
    ]);
    expect(report?.remedy).toMatch(/^Run "ldconfig" as root: libb\.so/);
    const known = {
      ...files,
      '/etc/ld.so.cache': makeLinkerCache({ 'liba.so': ['/a/liba.so'], 'libb.so': ['/x/libb.so'] }),
    };
    expect(inspect(known)).toMatchObject([{ verdict: 'usable', missing: [] }]);
  });

  it.each([
    ['libssl.so.1.1', /Copy OpenSSL .* from the package of the client library/],
    ['libcrypto.so.10', /Copy OpenSSL/],
    ['libstdc++.so.6', /C\+\+ runtime/],
    ['libcrypt.so.1', /libxcrypt-compat/],
    ['libgssapi_krb5.so.2', /Kerberos/],
    ['libldap-2.4.so.2', /OpenLDAP/],
    ['libsomething.so', /Copy the missing libraries/],
  ])('such as %s have a remedy', (name, remedy) => {
    const [report] = inspect({ [KCI]: makeElf({ needed: [name] }) });
    expect(report).toMatchObject({ verdict: 'doubtful', code: 'KB_LIBRARY_MISSING_DEPENDENCY' });
    expect(report?.remedy).toMatch(remedy);
    expect(report?.chinese?.remedy).toMatch(/[\u4e00-\u9fff]/);
  });

  it('survive a configuration that includes itself', () => {
    expect(reason({ '/etc/ld.so.conf': 'include /etc/ld.so.conf\ninclude *.conf' })).toContain('liba.so');
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
