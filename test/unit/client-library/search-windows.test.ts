import { describe, expect, it } from 'vitest';
import {
  clientLibraryCandidates,
  inspectCandidates,
  type Candidate,
  type ClientLibraryOptions,
} from '../../../lib/client-library/index.js';
import { loadablePath } from '../../../lib/client-library/windows-paths.js';
import { UsageError } from '../../../lib/errors/index.js';
import { makePe } from '../../support/pe-writer.js';
import { fakeWindowsFileSystem } from './fixtures.js';

const KINGBASE_PQ = makePe({ exports: ['PQconnectStartParams', 'PQexecPrepared_ext'] });
const STOCK_PQ = makePe({ exports: ['PQconnectStartParams'] });

function search(
  options: ClientLibraryOptions,
  environment: NodeJS.ProcessEnv,
  files: string[] | Record<string, Uint8Array> = [],
): Candidate[] {
  const contents = Array.isArray(files) ? Object.fromEntries(files.map((file) => [file, ''])) : files;
  return [...clientLibraryCandidates(options, environment, fakeWindowsFileSystem(contents), 'win32')];
}

const paths = (...args: Parameters<typeof search>): string[] => search(...args).map(({ path }) => path);

describe('clientLibraryCandidates on Windows', () => {
  it('has the standard places when nothing is named or installed', () => {
    expect(search({}, { Path: 'C:\\Windows\\System32' })).toEqual([
      {
        path: 'C:\\Program Files\\Kingbase\\ES\\V9\\Server\\bin\\libkci.dll',
        source: 'installation directory',
        explicit: false,
        kind: 'file',
      },
      {
        path: 'C:\\Program Files\\Kingbase\\ES\\V8\\Server\\bin\\libkci.dll',
        source: 'installation directory',
        explicit: false,
        kind: 'file',
      },
      { path: 'libkci.dll', source: 'PATH', explicit: false, kind: 'absent' },
    ]);
  });

  const everything = ['C:\\a\\libkci.dll', 'C:\\b\\libkci.dll', 'C:\\c\\libkci.dll'];
  it.each<[ClientLibraryOptions, NodeJS.ProcessEnv, string, string]>([
    [
      { path: 'C:\\a\\libkci.dll' },
      { KINGBASE_CLIENT_LIBRARY: 'C:\\b\\libkci.dll' },
      'C:\\a\\libkci.dll',
      'option clientLibrary',
    ],
    [{ path: 'c:/a' }, {}, 'c:\\a\\libkci.dll', 'option clientLibrary'],
    [{ directory: 'C:\\a' }, { KINGBASE_CLIENT_DIR: 'C:\\c' }, 'C:\\a\\libkci.dll', 'option clientLibrary'],
    [
      {},
      { KINGBASE_CLIENT_LIBRARY: 'C:\\b\\libkci.dll', KINGBASE_CLIENT_DIR: 'C:\\c' },
      'C:\\b\\libkci.dll',
      'KINGBASE_CLIENT_LIBRARY',
    ],
    [
      {},
      { KINGBASE_CLIENT_DIR: 'C:\\c', KINGBASE_HOME: 'C:\\home' },
      'C:\\c\\libkci.dll',
      'KINGBASE_CLIENT_DIR',
    ],
    [{ directory: 'C:\\gone' }, {}, 'C:\\gone\\libkci.dll', 'option clientLibrary'],
    [{ path: '\\\\server\\share\\kci.dll' }, {}, '\\\\server\\share\\kci.dll', 'option clientLibrary'],
    [{ path: '\\\\?\\C:\\long\\kci.dll' }, {}, '\\\\?\\C:\\long\\kci.dll', 'option clientLibrary'],
    [
      { path: 'D:\\程序 文件\\人大金仓\\libkci.dll' },
      {},
      'D:\\程序 文件\\人大金仓\\libkci.dll',
      'option clientLibrary',
    ],
  ])('%j and %j: only what is named', (options, environment, path, source) => {
    expect(search(options, environment, everything)).toEqual([
      { path, source, explicit: true, kind: 'file' },
    ]);
  });

  it('finds the files of a directory whatever their case, in directories of any name', () => {
    for (const directory of [
      '\\\\server\\share',
      '\\\\?\\C:\\long',
      '\\\\?\\UNC\\server\\share',
      'D:\\程序 文件',
    ]) {
      const found = paths({ directory }, {}, [`${directory}\\LIBPQ.DLL`, `${directory}\\LibKCI.dll`]);
      expect(found).toEqual([`${directory}\\LibKCI.dll`, `${directory}\\LIBPQ.DLL`]);
    }
  });

  it.each<[ClientLibraryOptions, NodeJS.ProcessEnv]>([
    [{ path: 'libkci.dll' }, {}],
    [{ path: '.\\libkci.dll' }, {}],
    [{ path: 'C:libkci.dll' }, {}],
    [{ path: '\\Kingbase\\libkci.dll' }, {}],
    [{ path: '/Kingbase/libkci.dll' }, {}],
    [{ directory: 'lib' }, {}],
    [{}, { KINGBASE_CLIENT_LIBRARY: '..\\libkci.dll' }],
    [{}, { KINGBASE_CLIENT_DIR: 'C:' }],
  ])('refuses what depends on the current directory or drive: %j %j', (options, environment) => {
    expect(() => search(options, environment)).toThrow(UsageError);
    expect(() => search(options, environment)).toThrow(/must have an absolute path/);
  });

  it('goes through KINGBASE_HOME, then installations, newest version first, then PATH', () => {
    expect(
      paths(
        {},
        {
          KINGBASE_HOME: 'D:\\金仓 数据库',
          SystemDrive: 'C:',
          ProgramFiles: 'C:\\Program Files',
          'ProgramFiles(x86)': 'C:\\Program Files (x86)',
          PATH: 'C:\\tools;D:\\drivers',
        },
        [
          'D:\\金仓 数据库\\ClientTools\\bin\\libkci.dll',
          'D:\\金仓 数据库\\Server\\bin\\libkci.dll',
          'C:\\Kingbase\\ES\\V8\\Server\\bin\\libpq.dll',
          'C:\\Kingbase\\ES\\V8\\Server\\bin\\libkci.dll',
          'C:\\Kingbase\\ES\\V9\\KESRealPro\\V009R001\\Server\\bin\\libkci.dll',
          'C:\\Kingbase\\ES\\V9\\KESRealPro\\V009R002\\Interface\\odbc\\libkci.dll',
          'C:\\Kingbase\\ES\\V9\\KESRealPro\\V009R002\\Interface\\libkci\\bin\\libkci.dll',
          'C:\\Program Files\\Kingbase\\ES\\V10\\Server\\bin\\libkci.dll',
          'C:\\Program Files (x86)\\Kingbase\\ES\\V8\\Server\\bin\\libkci.dll',
          'C:\\Kingbase\\ES\\docs\\Server\\bin\\libkci.dll',
          'C:\\Kingbase\\client\\bin\\libkci.dll',
          'E:\\Kingbase\\ES\\V99\\Server\\bin\\libkci.dll',
          'D:\\drivers\\libkci.dll',
          'C:\\tools\\libkci.dll',
        ],
      ),
    ).toEqual([
      'D:\\金仓 数据库\\Server\\bin\\libkci.dll',
      'D:\\金仓 数据库\\ClientTools\\bin\\libkci.dll',
      'C:\\Program Files\\Kingbase\\ES\\V10\\Server\\bin\\libkci.dll',
      'C:\\Program Files (x86)\\Kingbase\\ES\\V8\\Server\\bin\\libkci.dll',
      'C:\\Kingbase\\ES\\V9\\KESRealPro\\V009R002\\Interface\\libkci\\bin\\libkci.dll',
      'C:\\Kingbase\\ES\\V9\\KESRealPro\\V009R002\\Interface\\odbc\\libkci.dll',
      'C:\\Kingbase\\ES\\V9\\KESRealPro\\V009R001\\Server\\bin\\libkci.dll',
      'C:\\Kingbase\\ES\\V8\\Server\\bin\\libkci.dll',
      'C:\\Kingbase\\ES\\V8\\Server\\bin\\libpq.dll',
      'C:\\Kingbase\\client\\bin\\libkci.dll',
      'C:\\tools\\libkci.dll',
      'D:\\drivers\\libkci.dll',
    ]);
  });

  it('searches the drive that the system is on, and no other', () => {
    const place = 'D:\\Program Files\\Kingbase\\ES\\V9\\Server\\bin\\libkci.dll';
    expect(paths({}, { SystemDrive: 'd:' })[0]).toBe(place);
    const others = [
      'C:\\Kingbase\\ES\\V9\\bin\\libkci.dll',
      'E:\\Program Files\\Kingbase\\ES\\V9\\bin\\libkci.dll',
    ];
    expect(paths({}, { SystemDrive: 'D:' }, [...others, place])).toEqual([place, 'libkci.dll']);
  });

  it('tells of what any user may have put there, which is loaded only where it is named', () => {
    const planted = 'C:\\Kingbase\\ES\\V99\\Server\\bin\\libkci.dll';
    const inspected = (environment: NodeJS.ProcessEnv): unknown[] => [
      ...inspectCandidates({}, environment, {
        fileSystem: fakeWindowsFileSystem({ [planted]: makePe() }),
        platform: 'win32',
        arch: 'x64',
      }),
    ];
    expect(inspected({})).toContainEqual(
      expect.objectContaining({
        path: planted,
        kind: 'open-to-all',
        exists: true,
        verdict: 'unusable',
        reason: expect.stringContaining('any user of this machine may have made') as unknown,
        remedy: expect.stringContaining('KINGBASE_HOME=C:\\Kingbase\\ES\\V99') as unknown,
      }),
    );
    expect(inspected({ KINGBASE_HOME: 'C:\\Kingbase\\ES\\V99' })[0]).toMatchObject({
      path: planted,
      kind: 'file',
    });
  });

  it("takes Kingbase's libpq.dll of PATH before PostgreSQL's, which only serves as the last resort", () => {
    const files = {
      'C:\\pg\\libpq.dll': STOCK_PQ,
      'C:\\broken\\libpq.dll': Buffer.from('?'),
      'C:\\kb\\libpq.dll': KINGBASE_PQ,
      'D:\\late\\libkci.dll': makePe(),
    };
    const environment = { PATH: 'C:\\pg;C:\\broken;C:\\kb;D:\\late' };
    const stock = "PostgreSQL's libpq, PATH";
    const found = search({}, environment, files).slice(2);
    expect(found.map(({ path, source }) => [path, source])).toEqual([
      ['D:\\late\\libkci.dll', 'PATH'],
      ['C:\\kb\\libpq.dll', 'PATH'],
      ['C:\\pg\\libpq.dll', stock],
      ['C:\\broken\\libpq.dll', stock],
    ]);
    expect(paths({ fallback: false }, environment, files).slice(2)).toEqual([
      'D:\\late\\libkci.dll',
      'C:\\kb\\libpq.dll',
    ]);
  });

  it('reads PATH as Windows does, without what means the current directory', () => {
    const files = [
      'C:\\quoted; odd\\bin\\libkci.dll',
      'C:\\plain\\libkci.dll',
      '\\\\server\\share\\libkci.dll',
      'C:\\x\\libkci.dll',
    ];
    const PATH = [
      '',
      '.',
      '..\\x',
      'x',
      'C:',
      'C:x',
      '\\x',
      '%SystemRoot%\\x',
      '"C:\\quoted; odd"\\bin',
      ' C:\\plain\\ ',
      'c:/PLAIN',
      '\\\\server\\share',
      ';',
      '"C:\\x',
    ].join(';');
    expect(paths({}, { pAtH: PATH }, files).slice(2)).toEqual([
      'C:\\quoted; odd\\bin\\libkci.dll',
      'C:\\plain\\libkci.dll',
      '\\\\server\\share\\libkci.dll',
      'C:\\x\\libkci.dll',
    ]);
  });

  it('never looks into the current directory', () => {
    const environments = [{ KINGBASE_HOME: '.' }, { KINGBASE_HOME: '\\kb' }, { PATH: ';;.;C:' }, {}];
    for (const environment of environments) {
      for (const { path, kind } of search({}, environment, everything)) {
        if (kind === 'file') expect(path).toMatch(/^[A-Z]:\\/);
      }
    }
  });
});

describe('loadablePath', () => {
  it('gives long paths the prefix without which Windows cuts them', () => {
    const long = `\\${'目录'.repeat(130)}\\libkci.dll`;
    expect(loadablePath(`C:${long}`)).toBe(`\\\\?\\C:${long}`);
    expect(loadablePath(`\\\\server\\share${long}`)).toBe(`\\\\?\\UNC\\server\\share${long}`);
    expect(loadablePath(`\\\\?\\C:${long}`)).toBe(`\\\\?\\C:${long}`);
    expect(loadablePath('C:\\kb\\libkci.dll')).toBe('C:\\kb\\libkci.dll');
    expect(loadablePath('c:/kb/libkci.dll')).toBe('c:\\kb\\libkci.dll');
  });
});
