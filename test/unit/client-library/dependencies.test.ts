import { describe, expect, it } from 'vitest';
import { makeElf, makeLinkerCache } from './fixtures.js';

import { inspect, KCI, notFound, run, type Files } from './loading.js';

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
