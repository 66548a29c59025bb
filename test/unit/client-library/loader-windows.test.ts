import { describe, expect, it } from 'vitest';
import {
  inspectCandidates,
  type CandidateReport,
  type ClientLibraryOptions,
  type LibraryFileSystem,
} from '../../../lib/client-library/index.js';
import { makePe, type PeContents, type PeShape } from '../../support/pe-writer.js';
import { fakeWindowsFileSystem, makeElf } from './fixtures.js';
import { runOn, type Run } from './loading.js';

type Files = Parameters<typeof fakeWindowsFileSystem>[0];

const KCI = 'C:\\kb\\libkci.dll';
const FUNCTIONS = ['KCIConnectionStartParams', 'KCIConnectionCreateParams'];
const I386: PeShape = { machine: 0x014c, bits: 32 };

/** As V8R6's DLL was seen to be made, but for its names. */
const kci = (contents: PeContents = {}, shape?: PeShape): Buffer =>
  makePe({ exports: FUNCTIONS, imports: ['KERNEL32.dll', 'WS2_32.dll'], ...contents }, shape);

const windowsError = (number: number, words = 'Worte'): Error =>
  Object.assign(new Error(`Windows error ${number}: ${words}`), { failure: 'open', missing: [] });

function run(
  files: Files,
  answers: Record<string, 'ok' | Error>,
  options: ClientLibraryOptions = { path: KCI },
  environment: NodeJS.ProcessEnv = {},
  arch = 'x64',
): Run {
  const host = { fileSystem: fakeWindowsFileSystem(files), platform: 'win32' as const, arch };
  return runOn(host, answers, () => windowsError(126), options, environment);
}

function inspect(
  files: Files,
  options: ClientLibraryOptions = { path: KCI },
  environment: NodeJS.ProcessEnv = {},
  arch = 'x64',
): CandidateReport[] {
  const host = { fileSystem: fakeWindowsFileSystem(files), platform: 'win32' as const, arch };
  return [...inspectCandidates(options, environment, host)];
}

describe('loadClientLibrary on Windows', () => {
  it('opens what is named', () => {
    const { loaded, opened } = run({ [KCI]: kci() }, { [KCI]: 'ok' });
    expect(loaded).toMatchObject({ library: { path: KCI }, attempts: [] });
    expect(opened).toEqual([{ path: KCI, options: { companions: [], isolate: true } }]);
  });

  it('opens a long path in the form that Windows needs', () => {
    const path = `C:\\${'目录'.repeat(130)}\\libkci.dll`;
    expect(run({ [path]: kci() }, { [`\\\\?\\${path}`]: 'ok' }, { path }).opened[0]?.path).toBe(
      `\\\\?\\${path}`,
    );
  });

  it('opens a library whose path without links cannot be told', () => {
    const path = `\\\\?\\${KCI}`;
    const fileSystem: LibraryFileSystem = {
      ...fakeWindowsFileSystem({ [path]: kci() }),
      realPath: () => {
        throw Object.assign(new Error('ENOTSUP'), { code: 'ENOTSUP' });
      },
    };
    const [report] = inspectCandidates({ path }, {}, { fileSystem, platform: 'win32', arch: 'x64' });
    expect(report).toMatchObject({ verdict: 'usable', file: path });
  });

  it('goes on from an unusable library to the next, newest version first, and tries nothing by name', () => {
    const places = (version: string): string =>
      `C:\\Program Files\\Kingbase\\ES\\${version}\\Server\\bin\\libkci.dll`;
    const files = {
      [places('V9')]: kci({}, I386),
      [places('V8')]: kci(),
      'C:\\pg\\libpq.dll': makePe({ exports: ['PQconnectStartParams'] }),
    };
    const { loaded, opened } = run(files, { [places('V8')]: 'ok' }, {}, { PATH: 'C:\\pg' });
    expect(opened.map(({ path }) => path)).toEqual([places('V8')]);
    expect(loaded?.reason).toContain('after one place without success');
    expect(loaded?.attempts).toMatchObject([{ path: places('V9'), code: 'KB_LIBRARY_WRONG_ARCHITECTURE' }]);

    const fallback = run(files, { 'C:\\pg\\libpq.dll': 'ok' }, {}, { PATH: 'C:\\pg' });
    expect(fallback.opened.map(({ path }) => path)).toEqual([places('V8'), 'C:\\pg\\libpq.dll']);
    expect(fallback.loaded?.source).toBe("PostgreSQL's libpq, PATH");
  });

  it('says what to do when there is no library at all', () => {
    const { error, opened } = run({}, {}, {}, { PATH: 'C:\\a;C:\\b;.' });
    expect(opened).toEqual([]);
    expect(error?.code).toBe('KB_LIBRARY_NOT_FOUND');
    expect(error?.attempts).toMatchObject([
      { path: 'C:\\Program Files\\Kingbase\\ES\\V9\\Server\\bin\\libkci.dll', reason: 'does not exist' },
      { path: 'C:\\Program Files\\Kingbase\\ES\\V8\\Server\\bin\\libkci.dll', reason: 'does not exist' },
      {
        path: 'libkci.dll',
        source: 'PATH',
        reason: 'is not on PATH (2 directories)',
        chinese: { source: 'PATH', reason: '不在 PATH 的目录中（共 2 个）' },
      },
    ]);
    expect(error?.hint).toContain('Install the KingbaseES client');
  });

  it.each<[string, Files[string], string, string, string?]>([
    [
      'a 32-bit DLL',
      kci({}, I386),
      'KB_LIBRARY_WRONG_ARCHITECTURE',
      'is built for i386 (32-bit Intel/AMD), this process is x86_64 (64-bit Intel/AMD)',
    ],
    [
      'a 64-bit DLL in a 32-bit process',
      kci(),
      'KB_LIBRARY_WRONG_ARCHITECTURE',
      'is built for x86_64 (64-bit Intel/AMD), this process is i386 (32-bit Intel/AMD)',
      'ia32',
    ],
    [
      'a DLL for Intel on ARM',
      kci(),
      'KB_LIBRARY_WRONG_ARCHITECTURE',
      'is built for x86_64 (64-bit Intel/AMD), this process is aarch64 (64-bit ARM)',
      'arm64',
    ],
    ['a library for Linux', makeElf(), 'KB_LIBRARY_NOT_A_LIBRARY', 'is a library for Linux'],
    [
      'a program',
      makePe({}, { dll: false }),
      'KB_LIBRARY_NOT_A_LIBRARY',
      'is a program, not a shared library',
    ],
    ['half a file', kci().subarray(0, 0x200), 'KB_LIBRARY_NOT_A_LIBRARY', 'is truncated or damaged'],
    [
      "another program's DLL",
      makePe({ exports: ['SQLConnect'] }),
      'KB_LIBRARY_MISSING_SYMBOL',
      'has none of the functions of a Kingbase or PostgreSQL client library',
    ],
    [
      'a library of V7',
      makePe({ exports: ['KCIConnectionCreate', 'KCIEncrypt'] }),
      'KB_LIBRARY_UNSUPPORTED_VERSION',
      'is of KingbaseES V7, whose functions differ; V8 or later is needed',
    ],
    [
      'a file without permission',
      { code: 'EPERM' },
      'KB_LIBRARY_LOAD_FAILED',
      'cannot be read: permission denied',
    ],
  ])('says of %s what is wrong, without opening it', (_, content, code, reason, arch) => {
    const { error, opened } = run({ [KCI]: content }, { [KCI]: 'ok' }, { path: KCI }, {}, arch);
    expect(opened).toEqual([]);
    expect(error).toMatchObject({ code, attempts: [{ path: KCI, reason, exists: true }] });
    expect(error?.hint).toMatch(/\.$/);
    expect(error?.attempts[0]?.chinese?.reason).toMatch(/[\u4e00-\u9fff]/);
  });
});

describe('what a DLL needs', () => {
  const openssl = (name: string, imports: string[] = []): Files => ({
    [`C:\\kb\\${name}`]: makePe({ imports: ['KERNEL32.dll', ...imports] }),
  });
  const needing = kci({
    imports: ['KERNEL32.dll', 'libssl-1_1-x64.dll', 'libcrypto-1_1-x64.dll', 'MSVCR120.dll'],
  });
  const runtime = { 'C:\\Windows\\System32\\msvcr120.dll': makePe() };
  const companions = (files: Files, environment: NodeJS.ProcessEnv = {}): readonly string[] | undefined =>
    run(files, { [KCI]: 'ok' }, { path: KCI }, environment).opened[0]?.options.companions;

  it('is opened before it where it lies beside it or on PATH, dependencies first', () => {
    const files = {
      [KCI]: needing,
      ...runtime,
      ...openssl('LIBSSL-1_1-x64.DLL', ['libcrypto-1_1-x64.dll']),
      'D:\\path\\libcrypto-1_1-x64.dll': makePe({ imports: ['ADVAPI32.dll', 'libkci.dll'] }),
    };
    expect(companions(files, { PATH: 'D:\\path' })).toEqual([
      'D:\\path\\libcrypto-1_1-x64.dll',
      'C:\\kb\\LIBSSL-1_1-x64.DLL',
    ]);
  });

  it('is what it hands functions on to, as well', () => {
    const forwards = {
      KCIConnectionStartParams: 'libpq.PQconnectStartParams',
      KCIConnectionCreateParams: 'libpq.x',
    };
    const files = { [KCI]: makePe({ forwards }), 'C:\\kb\\libpq.dll': makePe({ imports: ['KERNEL32.dll'] }) };
    expect(companions(files)).toEqual(['C:\\kb\\libpq.dll']);
    expect(inspect({ [KCI]: makePe({ forwards }) })).toMatchObject([
      { flavour: 'kci', verdict: 'doubtful', missing: [{ name: 'libpq.dll' }] },
    ]);
  });

  it("is not looked for where it is Windows' own", () => {
    const imports = [
      'KERNEL32.dll',
      'api-ms-win-crt-heap-l1-1-0.dll',
      'EXT-MS-Win-x-l1-1-0.dll',
      'MSVCR90.dll',
      'WLDAP32.DLL',
    ];
    expect(inspect({ [KCI]: kci({ imports }) })).toMatchObject([{ verdict: 'usable', missing: [] }]);
  });

  it.each<[string, Files, NodeJS.ProcessEnv]>([
    ['System32', { 'C:\\Windows\\System32\\x.dll': '' }, {}],
    ['the Windows directory', { 'E:\\WinNT\\X.DLL': makePe() }, { SystemRoot: 'E:\\WinNT' }],
    ['PATH', { 'D:\\bin\\x.dll': makePe() }, { Path: 'relative;D:\\bin' }],
    ['its own directory', { 'C:\\kb\\x.dll': makePe() }, {}],
  ])('is found in %s', (_, files, environment) => {
    const own = { [KCI]: kci({ imports: ['x.dll'] }) };
    expect(inspect({ ...own, ...files }, undefined, environment)).toMatchObject([{ missing: [] }]);
    expect(inspect(own, undefined, environment)).toMatchObject([{ missing: [{ name: 'x.dll' }] }]);
  });

  it('is a companion where Windows itself is not to look for it', () => {
    const files = { [KCI]: kci({ imports: ['x.dll'] }), 'C:\\Windows\\x.dll': makePe() };
    expect(companions(files)).toEqual(['C:\\Windows\\x.dll']);
    const system = { [KCI]: kci({ imports: ['x.dll'] }), 'C:\\Windows\\System32\\x.dll': makePe() };
    expect(companions(system)).toEqual([]);
  });

  it('is not looked for in the current directory', () => {
    const files = { [KCI]: kci({ imports: ['x.dll'] }), 'C:\\cwd\\x.dll': makePe() };
    expect(inspect(files, undefined, { PATH: ';.' })).toMatchObject([{ verdict: 'doubtful' }]);
  });

  it('is named where it is missing, with where it was looked for and where to get it', () => {
    const files = { [KCI]: needing, ...openssl('libssl-1_1-x64.dll', ['other.dll']) };
    const { error, opened } = run(files, {}, { path: KCI }, { PATH: 'D:\\path' });
    expect(opened).toHaveLength(1);
    expect(error?.code).toBe('KB_LIBRARY_MISSING_DEPENDENCY');
    const [attempt] = error?.attempts ?? [];
    expect(attempt?.reason).toBe(
      'needs other.dll, libcrypto-1_1-x64.dll, MSVCR120.dll (the Visual C++ 2013 runtime), not found beside it ' +
        '(C:\\kb) or in the system directories and PATH',
    );
    expect(attempt?.missing?.map(({ name, neededBy }) => [name, neededBy])).toEqual([
      ['other.dll', 'C:\\kb\\libssl-1_1-x64.dll'],
      ['libcrypto-1_1-x64.dll', KCI],
      ['MSVCR120.dll', KCI],
    ]);
    expect(attempt?.missing?.[0]?.searched).toEqual([
      'C:\\kb',
      'C:\\Windows\\System32',
      'C:\\Windows',
      'D:\\path',
    ]);
    expect(error?.hint).toContain('Visual C++ 2013 Redistributable" (x64)');
    expect(error?.hint).toContain('Copy OpenSSL');
    expect(error?.message).toContain('MSVCR120.dll');
    expect(attempt?.chinese?.reason).toContain('MSVCR120.dll（Visual C++ 2013 运行库）');
    expect(attempt?.chinese?.remedy).toContain('安装微软的');
  });

  it('asks for the runtime of its own architecture', () => {
    const files = { [KCI]: kci({ imports: ['VCRUNTIME140.dll'] }, I386) };
    expect(inspect(files, undefined, {}, 'ia32')[0]?.remedy).toContain('2015–2022 Redistributable" (x86)');
  });

  it('does not serve when it is for another architecture', () => {
    const files = {
      [KCI]: kci({ imports: ['libcrypto-1_1-x64.dll'] }),
      'D:\\other\\libcrypto-1_1-x64.dll': makePe({}, I386),
    };
    const [report] = inspect(files, undefined, { PATH: 'D:\\other' });
    expect(report?.missing).toMatchObject([
      { unfit: { path: 'D:\\other\\libcrypto-1_1-x64.dll', reason: 'architecture' } },
    ]);
    expect(report?.reason).toContain('(D:\\other\\libcrypto-1_1-x64.dll is for another architecture)');
    const fitting = { ...files, 'E:\\x\\libcrypto-1_1-x64.dll': makePe() };
    expect(inspect(fitting, undefined, { PATH: 'D:\\other;E:\\x' })).toMatchObject([
      { verdict: 'usable', companions: ['E:\\x\\libcrypto-1_1-x64.dll'] },
    ]);
  });

  it('does not hinder when it is needed at the first call only', () => {
    const files = { [KCI]: kci({ delayImports: ['odd.dll', 'Secur32.dll'] }) };
    expect(inspect(files)).toMatchObject([
      { verdict: 'usable', missing: [{ name: 'odd.dll', delayed: true }] },
    ]);
    expect(run(files, { [KCI]: 'ok' }).loaded).toBeDefined();
  });
});

describe("Windows' errors", () => {
  it.each<[number, string, RegExp, RegExp]>([
    [
      126,
      'KB_LIBRARY_MISSING_DEPENDENCY',
      /needs a DLL, itself or by way of another one/,
      /Visual C\+\+ 2013/,
    ],
    [127, 'KB_LIBRARY_MISSING_DEPENDENCY', /that DLL is of another version/, /OpenSSL/],
    [193, 'KB_LIBRARY_WRONG_ARCHITECTURE', /32 against 64 bit/, /all DLLs of one package/],
    [14001, 'KB_LIBRARY_MISSING_DEPENDENCY', /runtime of Visual C\+\+/, /2005 or 2008/],
    [1114, 'KB_LIBRARY_LOAD_FAILED', /failed to start/, /anew/],
    [5, 'KB_LIBRARY_LOAD_FAILED', /access denied/, /read and execute/],
    [1260, 'KB_LIBRARY_LOAD_FAILED', /blocked by this system's protection/, /administrator/],
    [999, 'KB_LIBRARY_LOAD_FAILED', /^cannot be loaded: Windows error 999: 找不到/, /complete/],
  ])('%i becomes a sentence that helps', (number, code, reason, remedy) => {
    const { error } = run({ [KCI]: kci() }, { [KCI]: windowsError(number, '找不到指定的模块。') });
    expect(error?.code).toBe(code);
    const [attempt] = error?.attempts ?? [];
    expect(attempt?.reason).toMatch(reason);
    expect(attempt?.reason).toContain(`Windows error ${number}: 找不到指定的模块。`);
    expect(error?.hint).toMatch(remedy);
    expect(attempt?.chinese?.reason).toContain(`Windows error ${number}`);
  });

  it('126 and 193 give way to what the headers told; others do not', () => {
    const files = { [KCI]: kci({ imports: ['MSVCR120.dll'] }) };
    const reason = (number: number): string | undefined =>
      run(files, { [KCI]: windowsError(number) }).error?.attempts[0]?.reason;
    expect(reason(126)).toMatch(/^needs MSVCR120\.dll/);
    expect(reason(193)).toMatch(/^needs MSVCR120\.dll/);
    expect(reason(5)).toMatch(/access denied/);
  });
});

describe('inspectCandidates on Windows', () => {
  it('tells all that is known of each candidate', () => {
    const places = 'C:\\Program Files\\Kingbase\\ES\\V9\\Server\\bin';
    const [report] = inspect({ [`${places}\\libkci.dll`]: kci({ version: [12, 0, 1, 7] }) }, {});
    expect(report).toEqual({
      path: `${places}\\libkci.dll`,
      source: 'installation directory',
      explicit: false,
      kind: 'file',
      exists: true,
      file: `${places}\\libkci.dll`,
      opens: `${places}\\libkci.dll`,
      format: 'pe',
      architecture: 'x86_64',
      flavour: 'kci',
      version: '12.0.1.7',
      verdict: 'usable',
      companions: [],
      missing: [],
      reason: 'can be loaded, as far as its header tells',
      chinese: { source: '安装目录', reason: '从文件头看可以加载' },
    });
  });

  it('reports a file once, whatever the spelling', () => {
    const files = { 'C:\\kb\\libkci.dll': kci() };
    const reports = inspect(files, {}, { KINGBASE_HOME: 'C:\\', PATH: 'C:\\KB;c:\\kb\\' });
    expect(reports.filter(({ exists }) => exists)).toHaveLength(1);
  });
});
