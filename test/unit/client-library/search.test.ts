import { describe, expect, it } from 'vitest';
import { clientLibraryCandidates, type ClientLibraryOptions } from '../../../lib/client-library/index.js';
import { UsageError } from '../../../lib/errors/index.js';
import { fakeFileSystem } from './fixtures.js';

function search(
  options: ClientLibraryOptions,
  environment: NodeJS.ProcessEnv,
  files: string[] = [],
): { path: string; source: string; explicit: boolean; kind: string }[] {
  const fileSystem = fakeFileSystem(Object.fromEntries(files.map((file) => [file, ''])));
  return [...clientLibraryCandidates(options, environment, fileSystem, 'linux')];
}

const paths = (...args: Parameters<typeof search>): string[] => search(...args).map(({ path }) => path);

describe('clientLibraryCandidates', () => {
  it('has the standard places when nothing is named or installed', () => {
    expect(search({}, {})).toEqual([
      {
        path: '/opt/Kingbase/ES/V9/Server/lib/libkci.so.5',
        source: 'installation directory',
        explicit: false,
        kind: 'file',
      },
      {
        path: '/opt/Kingbase/ES/V8/Server/lib/libkci.so.5',
        source: 'installation directory',
        explicit: false,
        kind: 'file',
      },
      { path: 'libkci.so.5', source: 'system library path', explicit: false, kind: 'name' },
      { path: 'libkci.so', source: 'system library path', explicit: false, kind: 'name' },
      {
        path: 'libpq.so.5',
        source: "PostgreSQL's libpq, system library path",
        explicit: false,
        kind: 'name',
      },
    ]);
    expect(paths({ fallback: false }, {})).not.toContain('libpq.so.5');
  });

  const everything = [
    '/opt/Kingbase/ES/V9/Server/lib/libkci.so.5',
    '/a/libkci.so.5',
    '/b/libkci.so.5',
    '/c/libkci.so.5',
    '/home/kb/lib/libkci.so.5',
  ];
  it.each<[ClientLibraryOptions, NodeJS.ProcessEnv, string, string]>([
    [
      { path: '/a/libkci.so.5' },
      { KINGBASE_CLIENT_LIBRARY: '/b/libkci.so.5' },
      '/a/libkci.so.5',
      'option clientLibrary',
    ],
    [{ path: '/a' }, {}, '/a/libkci.so.5', 'option clientLibrary'],
    [{ directory: '/a' }, { KINGBASE_CLIENT_DIR: '/c' }, '/a/libkci.so.5', 'option clientLibrary'],
    [
      {},
      { KINGBASE_CLIENT_LIBRARY: '/b/libkci.so.5', KINGBASE_CLIENT_DIR: '/c' },
      '/b/libkci.so.5',
      'KINGBASE_CLIENT_LIBRARY',
    ],
    [{}, { KINGBASE_CLIENT_DIR: '/c', KINGBASE_HOME: '/home/kb' }, '/c/libkci.so.5', 'KINGBASE_CLIENT_DIR'],
    [{ path: '/gone/x.so' }, {}, '/gone/x.so', 'option clientLibrary'],
    [{ directory: '/gone' }, {}, '/gone/libkci.so.5', 'option clientLibrary'],
  ])('%j and %j: only what is named', (options, environment, path, source) => {
    expect(search(options, environment, everything)).toEqual([
      { path, source, explicit: true, kind: 'file' },
    ]);
  });

  it.each<[ClientLibraryOptions, NodeJS.ProcessEnv]>([
    [{ path: 'libkci.so.5' }, {}],
    [{ path: './libkci.so.5' }, {}],
    [{ path: '~/libkci.so.5' }, {}],
    [{ path: 'C:\\Kingbase\\libkci.so.5' }, {}],
    [{ path: 'file:///opt/libkci.so.5' }, {}],
    [{ path: ' /opt/libkci.so.5' }, {}],
    [{ directory: 'lib' }, {}],
    [{}, { KINGBASE_CLIENT_LIBRARY: '../libkci.so.5' }],
    [{}, { KINGBASE_CLIENT_DIR: '.' }],
  ])('refuses relative paths: %j %j', (options, environment) => {
    expect(() => search(options, environment)).toThrow(UsageError);
    expect(() => search(options, environment)).toThrow(/must have an absolute path/);
  });

  it('says what to write in place of a name, and of what begins elsewhere', () => {
    const hintOf = (path: string): string => {
      try {
        search({ path }, {});
      } catch (error) {
        return (error as UsageError).hint ?? '';
      }
      return '';
    };
    expect(hintOf('libkci.so.5')).toContain('Write the whole path, such as /opt/Kingbase/');
    expect(hintOf('libkci.so.5')).toContain(
      'Where no library is named, the driver looks for libkci, then for libpq',
    );
    expect(hintOf('~/libkci.so.5')).toContain('"~" are not replaced');
    expect(hintOf('./libkci.so.5')).not.toContain('Where no library');
  });

  it('never looks into the current directory', () => {
    for (const environment of [{ KINGBASE_HOME: '.' }, { KINGBASE_HOME: '' }, { KINGBASE_CLIENT_DIR: '' }]) {
      for (const { path, kind } of search({}, environment, everything)) {
        if (kind === 'file') expect(path).toMatch(/^\//);
      }
    }
  });

  it('takes the files of a directory in order of preference', () => {
    const files = [
      'libpq.so.5.12',
      'libpq.so.5',
      'libpq.so',
      'libkci.so',
      'libkci.so.5.9',
      'libkci.so.5.12',
      'libkci.so.5',
      'libkci.so.5.bak',
      'libkci.a',
      'libkci.so.4',
    ];
    expect(
      paths(
        { directory: '/d' },
        {},
        files.map((name) => `/d/${name}`),
      ),
    ).toEqual([
      '/d/libkci.so.5',
      '/d/libkci.so.5.12',
      '/d/libkci.so.5.9',
      '/d/libkci.so',
      '/d/libpq.so.5',
      '/d/libpq.so.5.12',
    ]);
  });

  it('goes through KINGBASE_HOME first, then installations, newest version first', () => {
    expect(
      paths({}, { KINGBASE_HOME: '/home/kb' }, [
        '/home/kb/interface/libkci.so',
        '/home/kb/Server/lib/libkci.so.5',
        '/opt/Kingbase/ES/V8/Server/lib/libkci.so.5',
        '/opt/Kingbase/ES/V9/KESRealPro/V009R001/Server/lib/libkci.so.5.12',
        '/opt/Kingbase/ES/V9/KESRealPro/V009R010/Server/lib/libkci.so.5.12',
        '/opt/Kingbase/ES/V9/Interface/libkci/lib/libkci.so',
        '/opt/Kingbase/ES/V10/Server/lib/libkci.so.5',
        '/opt/Kingbase/ES/doc/lib/libkci.so.5',
      ]),
    ).toEqual([
      '/home/kb/Server/lib/libkci.so.5',
      '/home/kb/interface/libkci.so',
      '/opt/Kingbase/ES/V10/Server/lib/libkci.so.5',
      '/opt/Kingbase/ES/V9/Interface/libkci/lib/libkci.so',
      '/opt/Kingbase/ES/V9/KESRealPro/V009R010/Server/lib/libkci.so.5.12',
      '/opt/Kingbase/ES/V9/KESRealPro/V009R001/Server/lib/libkci.so.5.12',
      '/opt/Kingbase/ES/V8/Server/lib/libkci.so.5',
      'libkci.so.5',
      'libkci.so',
      'libpq.so.5',
    ]);
    expect(paths({}, { KINGBASE_HOME: '/home/kb' })[0]).toBe('/home/kb/Server/lib/libkci.so.5');
  });
});
