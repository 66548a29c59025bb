import {
  chmodSync,
  existsSync,
  mkdirSync,
  realpathSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { ClientLibraryError, open, type ConnectionConfig, type LibraryAttempt } from 'kingbase-native';
import { inspectElf, nodeFileSystem } from '../../lib/client-library/index.js';
import { stockLibpq, standInLibkci } from '../../scripts/client-libraries.js';
import { buildBrokenLibrary } from '../../scripts/stand-in-libkci.js';
import { changeMachine, copyFiles, removeRunpath, temporaryDirectory } from '../support/library-files.js';
import { queryElsewhere, type QueryOutput } from '../support/query-program.js';
import { rejectionOf } from '../support/rejections.js';
import { outputOf, type ProgramOptions } from '../support/run-program.js';
import { makeElf } from '../unit/client-library/fixtures.js';

const OPEN_SSL = { 'libssl.so.1.1': 'libssl.so.1.1', 'libcrypto.so.1.1': 'libcrypto.so.1.1' };
const AARCH64 = 183;
const I386 = 3;

const { host, port, user, database } = inject('server');
const config = (clientLibrary?: ConnectionConfig['clientLibrary']): ConnectionConfig => ({
  host,
  port,
  user,
  database,
  ...(clientLibrary === undefined ? {} : { clientLibrary }),
});

let standIn: string;
let libpq: string;
let directory: { path: string; remove(): void };

beforeAll(async () => {
  standIn = await standInLibkci();
  libpq = stockLibpq(18);
});

beforeEach(() => {
  directory = temporaryDirectory();
});

afterEach(() => {
  directory.remove();
});

const at = (...names: string[]): string => join(directory.path, ...names);

/** The error of a database whose client library cannot be used. */
async function libraryError(clientLibrary: ConnectionConfig['clientLibrary']): Promise<ClientLibraryError> {
  const db = open(config(clientLibrary));
  const error = await rejectionOf(db.query('SELECT 1'));
  if (!(error instanceof ClientLibraryError)) throw error;
  // Not only the first time, and not only where a connection is needed.
  expect(await rejectionOf(db.connect())).toMatchObject({ code: error.code, message: error.message });
  expect(() => db.clientLibrary()).toThrow(ClientLibraryError);
  await db.close();
  return error;
}

/** Checks that nothing but `path` was tried, and why it was not used. */
function expectOneAttempt(
  { attempts, message }: { attempts?: readonly LibraryAttempt[]; message: string },
  path: string,
  source: string,
  reason: RegExp,
): void {
  expect(attempts).toMatchObject([{ path, source, reason: expect.stringMatching(reason) as unknown }]);
  expect(message).toContain(path);
  expect(message).toMatch(reason);
}

describe('a client library that is named but', () => {
  const refused = async (path: string, code: string, reason: RegExp): Promise<void> => {
    const error = await libraryError(path);
    expect(error.code).toBe(code);
    expectOneAttempt(error, path, 'option clientLibrary', reason);
  };

  it('does not exist', async () => {
    await refused(at('libkci.so.5'), 'KB_LIBRARY_NOT_FOUND', /does not exist/);
  });

  it('is in a directory that does not exist', async () => {
    const error = await libraryError({ directory: at('nowhere') });
    expect(error.code).toBe('KB_LIBRARY_NOT_FOUND');
    expectOneAttempt(error, at('nowhere', 'libkci.so.5'), 'option clientLibrary', /does not exist/);
  });

  it('is a text file', async () => {
    // As a checkout holds where Git LFS was not installed.
    writeFileSync(at('libkci.so.5'), 'version https://git-lfs.github.com/spec/v1\n');
    await refused(at('libkci.so.5'), 'KB_LIBRARY_NOT_A_LIBRARY', /begins with "version https:\/\/"/);
  });

  it('is empty', async () => {
    writeFileSync(at('libkci.so.5'), '');
    await refused(at('libkci.so.5'), 'KB_LIBRARY_NOT_A_LIBRARY', /is empty/);
  });

  it('is a program', async () => {
    await refused(process.execPath, 'KB_LIBRARY_NOT_A_LIBRARY', /not a shared library/);
  });

  it('is cut off', async () => {
    writeFileSync(at('libkci.so.5'), nodeFileSystem.readFile(standIn).subarray(0, 1000));
    await refused(at('libkci.so.5'), 'KB_LIBRARY_NOT_A_LIBRARY', /truncated or damaged/);
  });

  it('is for 32-bit systems', async () => {
    writeFileSync(at('libkci.so.5'), makeElf({ soname: 'libkci.so.5' }, { bits: 32, machine: I386 }));
    await refused(
      at('libkci.so.5'),
      'KB_LIBRARY_WRONG_ARCHITECTURE',
      /is built for i386 .*, this process is /,
    );
  });

  it('is for another processor', async () => {
    copyFiles(dirname(standIn), directory.path, { 'libkci.so.5': 'libkci.so.5' });
    changeMachine(at('libkci.so.5'), process.arch === 'arm64' ? 62 : AARCH64);
    const reason = process.arch === 'arm64' ? /is built for x86_64/ : /is built for aarch64/;
    await refused(at('libkci.so.5'), 'KB_LIBRARY_WRONG_ARCHITECTURE', reason);
  });

  it('needs a library that is missing', async () => {
    const { path } = await buildBrokenLibrary('missing-dependency');
    await refused(path, 'KB_LIBRARY_MISSING_DEPENDENCY', /needs libkingbase_absent\.so\.7/);
  });

  it('lacks a function', async () => {
    const { path } = await buildBrokenLibrary('missing-symbol');
    await refused(path, 'KB_LIBRARY_MISSING_SYMBOL', /lacks KCIConnectionPoll$/m);
  });

  it('is no database client', async () => {
    const path = join(dirname(standIn), 'libcrypto.so.1.1');
    await refused(path, 'KB_LIBRARY_MISSING_SYMBOL', /lacks PQ\w+(, PQ\w+)* and \d+ more/);
  });

  it('is of V7', async () => {
    const { path } = await buildBrokenLibrary('v7');
    await refused(path, 'KB_LIBRARY_UNSUPPORTED_VERSION', /KingbaseES V7/);
  });

  // Root may read all.
  it.skipIf(process.getuid?.() === 0)('may not be read', async () => {
    copyFiles(dirname(standIn), directory.path, { 'libkci.so.5': 'libkci.so.5' });
    chmodSync(at('libkci.so.5'), 0);
    await refused(at('libkci.so.5'), 'KB_LIBRARY_LOAD_FAILED', /permission denied/);
  });

  it('disturbs neither the process nor other databases', async () => {
    const good = [standIn, libpq].map((path) => open(config(path)));
    const [first] = good;
    const held = await first!.connect();
    for (const kind of ['missing-dependency', 'missing-symbol', 'v7'] as const) {
      await libraryError((await buildBrokenLibrary(kind)).path);
      for (const db of good) expect(await db.queryRow('SELECT 1 AS one')).toEqual({ one: 1 });
      expect(await held.queryRow('SELECT 2 AS two')).toEqual({ two: 2 });
    }
    await held.release();
    await Promise.all(good.map((db) => db.close()));
  });

  it('is looked for again at the next call, since it may have been installed in the meantime', async () => {
    const db = open(config(at('libkci.so.5')));
    expect(await rejectionOf(db.query('SELECT 1'))).toMatchObject({ code: 'KB_LIBRARY_NOT_FOUND' });
    symlinkSync(standIn, at('libkci.so.5'));
    expect(await db.queryRow('SELECT 1 AS one')).toEqual({ one: 1 });
    await db.close();
  });
});

it('a library that the process has loaded is not looked for again', async () => {
  symlinkSync(standIn, at('libkci.so.5'));
  const first = open(config(at('libkci.so.5')));
  expect(await first.queryRow('SELECT 1 AS one')).toEqual({ one: 1 });
  await first.close();
  // As an upgrade of the client does, or a disk that goes away.
  unlinkSync(at('libkci.so.5'));
  const second = open(config(at('libkci.so.5')));
  expect(await second.queryRow('SELECT 2 AS two')).toEqual({ two: 2 });
  expect(second.clientLibrary()).toEqual(first.clientLibrary());
  await second.close();
});

describe('two databases with different libraries', () => {
  it('work side by side in one process', async () => {
    const databases = [standIn, libpq].map((path) => open(config(path)));
    expect(databases.map((db) => db.clientLibrary().flavour)).toEqual(['kci', 'libpq']);
    const calls = databases.flatMap((db, which) =>
      Array.from({ length: 50 }, async (_, n) => {
        const sql = `SELECT $1::int4 AS n, repeat('汉', $1) AS text, i FROM generate_series(1, 200) AS i`;
        const { rows } = await db.query(sql, [n + which]);
        expect(rows).toHaveLength(200);
        expect(rows[199]).toEqual({ n: n + which, text: '汉'.repeat(n + which), i: 200 });
      }),
    );
    await Promise.all(calls);
    await Promise.all(databases.map((db) => db.close()));
  });
});

describe('clientLibrary()', () => {
  it.each([
    ['a file', (): ConnectionConfig['clientLibrary'] => standIn],
    ['a file, as an object', () => ({ path: standIn })],
    ['a directory', () => ({ directory: dirname(standIn) })],
    ['a directory given as a path', () => dirname(standIn)],
  ])('tells what was used for %s', async (_what, given) => {
    const db = open(config(given()));
    expect(db.clientLibrary()).toEqual({
      path: standIn,
      flavour: 'kci',
      version: expect.any(Number) as unknown,
      capabilities: expect.objectContaining({
        singleRowMode: true,
        multiRowBind: false,
        pipeline: false,
      }) as unknown,
      source: 'option clientLibrary',
      reason: 'It is named by option clientLibrary.',
      attempts: [],
    });
    expect(Math.floor(db.clientLibrary().version / 10_000)).toBe(12);
    expect(await db.queryRow('SELECT 1 AS one')).toEqual({ one: 1 });
    await db.close();
  });

  it("tells of PostgreSQL's own library", async () => {
    const db = open(config(libpq));
    const { flavour, version, capabilities, path } = db.clientLibrary();
    expect({ flavour, path: realpathSync(path) }).toEqual({ flavour: 'libpq', path: realpathSync(libpq) });
    expect(Math.floor(version / 10_000)).toBe(18);
    expect(capabilities.pipeline).toBe(true);
    await db.close();
  });

  it('prefers the newest and the most exact name in a directory, and goes on where one is unusable', async () => {
    copyFiles(dirname(standIn), directory.path, { 'libkci.so.5': 'libkci.so', ...OPEN_SSL });
    writeFileSync(at('libkci.so.5'), 'damaged');
    const db = open(config({ directory: directory.path }));
    expect(db.clientLibrary()).toMatchObject({
      path: at('libkci.so'),
      reason: expect.stringContaining('after one place without success') as unknown,
      attempts: [{ path: at('libkci.so.5'), reason: expect.stringContaining('damaged') as unknown }],
    });
    expect(await db.queryRow('SELECT 1 AS one')).toEqual({ one: 1 });
    await db.close();
  });
});

describe('in a process of its own', () => {
  /** A query there, without any variable but those given and without an explicit library unless given. */
  const elsewhere = (
    environment: Record<string, string>,
    clientLibrary?: ConnectionConfig['clientLibrary'],
    options?: ProgramOptions,
  ): Promise<QueryOutput> => queryElsewhere(config(clientLibrary), { environment, ...options });

  const expectSuccess = (output: QueryOutput, path: string, source: string): void => {
    expect(output.error).toBeUndefined();
    expect(output.rows).toEqual([{ greeting: '你好' }]);
    expect(output.library).toMatchObject({ path, source });
    expect(output.mapped).toContain(realpathSync(path));
  };

  it('the library named by KINGBASE_CLIENT_LIBRARY is used', async () => {
    expectSuccess(await elsewhere({ KINGBASE_CLIENT_LIBRARY: standIn }), standIn, 'KINGBASE_CLIENT_LIBRARY');
  });

  it('the library in KINGBASE_CLIENT_DIR is used', async () => {
    const environment = { KINGBASE_CLIENT_DIR: dirname(standIn) };
    expectSuccess(await elsewhere(environment), standIn, 'KINGBASE_CLIENT_DIR');
  });

  it.each(['Server/lib', 'lib', 'Interface/libkci/lib', 'KESRealPro/V009R001C010/Server/lib'])(
    'the library in %s of KINGBASE_HOME is used',
    async (place) => {
      mkdirSync(at(place), { recursive: true });
      copyFiles(dirname(standIn), at(place), { 'libkci.so.5': 'libkci.so.5', ...OPEN_SSL });
      expectSuccess(
        await elsewhere({ KINGBASE_HOME: directory.path }),
        at(place, 'libkci.so.5'),
        'KINGBASE_HOME',
      );
    },
  );

  it('an option goes before the environment, and a file before a directory', async () => {
    const wrong = { KINGBASE_CLIENT_DIR: '/nonexistent', KINGBASE_HOME: '/nonexistent' };
    const environment = { ...wrong, KINGBASE_CLIENT_LIBRARY: '/nonexistent/libkci.so' };
    expectSuccess(await elsewhere(environment, standIn), standIn, 'option clientLibrary');
    expectSuccess(
      await elsewhere({ ...wrong, KINGBASE_CLIENT_LIBRARY: standIn }),
      standIn,
      'KINGBASE_CLIENT_LIBRARY',
    );
  });

  it.each<[string, Record<string, string>, ConnectionConfig['clientLibrary']]>([
    ['the option', {}, '/nonexistent/libkci.so.5'],
    ['KINGBASE_CLIENT_LIBRARY', { KINGBASE_CLIENT_LIBRARY: '/nonexistent/libkci.so.5' }, undefined],
    ['KINGBASE_CLIENT_DIR', { KINGBASE_CLIENT_DIR: '/nonexistent' }, undefined],
  ])('what %s names is never replaced by something else', async (_what, environment, clientLibrary) => {
    // Here would be a library to find.
    const home = { KINGBASE_HOME: directory.path, LD_LIBRARY_PATH: dirname(standIn) };
    copyFiles(dirname(standIn), at('lib'), { 'libkci.so.5': 'libkci.so.5', ...OPEN_SSL });
    const { error, mapped } = await elsewhere({ ...home, ...environment }, clientLibrary);
    expect(error).toMatchObject({ name: 'ClientLibraryError', code: 'KB_LIBRARY_NOT_FOUND' });
    expect(error?.attempts).toMatchObject([{ path: '/nonexistent/libkci.so.5', reason: 'does not exist' }]);
    expect(mapped.filter((path) => /lib(kci|pq)\.so/.test(path))).toEqual([]);
  });

  it('the library is found where the dynamic linker looks', async () => {
    const output = await elsewhere({ LD_LIBRARY_PATH: dirname(standIn) }, { fallback: false });
    expect(output.error).toBeUndefined();
    expect(output.rows).toEqual([{ greeting: '你好' }]);
    expect(output.library).toMatchObject({
      path: standIn,
      source: 'system library path',
      reason: expect.stringContaining('without success') as unknown,
    });
  });

  // Where KingbaseES is installed, its library is found.
  describe.skipIf(existsSync('/opt/Kingbase'))('with no library of Kingbase to be found', () => {
    const environment = (): Record<string, string> => ({ LD_LIBRARY_PATH: dirname(libpq) });

    it("PostgreSQL's own serves", async () => {
      const output = await elsewhere(environment());
      expect(output.library).toMatchObject({
        flavour: 'libpq',
        source: expect.stringContaining('libpq') as unknown,
      });
      expect(output.library?.attempts.length).toBeGreaterThan(0);
      expect(output.rows).toEqual([{ greeting: '你好' }]);
    });

    it('the error tells every place that was searched', async () => {
      const { error } = await elsewhere(environment(), { fallback: false });
      expect(error).toMatchObject({ name: 'ClientLibraryError', code: 'KB_LIBRARY_NOT_FOUND' });
      expect(error?.hint).toContain('KINGBASE_CLIENT_LIBRARY');
      expect(error?.attempts?.map(({ path }) => path)).toEqual([
        '/opt/Kingbase/ES/V9/Server/lib/libkci.so.5',
        '/opt/Kingbase/ES/V8/Server/lib/libkci.so.5',
        'libkci.so.5',
        'libkci.so',
      ]);
    });

    it('nothing in the current directory is loaded', async () => {
      copyFiles(dirname(standIn), directory.path, { 'libkci.so.5': 'libkci.so.5', ...OPEN_SSL });
      const here = { directory: directory.path };
      const searched = await elsewhere({ KINGBASE_HOME: '.' }, { fallback: false }, here);
      expect(searched.error).toMatchObject({ code: 'KB_LIBRARY_NOT_FOUND' });
      const named = await elsewhere({ KINGBASE_CLIENT_LIBRARY: 'libkci.so.5' }, undefined, here);
      expect(named.error).toMatchObject({ name: 'UsageError', code: 'KB_BAD_OPTION' });
      expect(named.error?.message).toContain('libkci.so.5');
    });
  });

  it('the layout of the V9 interface package works: libkci.so with OpenSSL beside it and no RUNPATH', async () => {
    copyFiles(dirname(standIn), directory.path, { 'libkci.so.5': 'libkci.so', ...OPEN_SSL });
    for (const name of ['libkci.so', ...Object.keys(OPEN_SSL)]) removeRunpath(at(name));
    expect(inspectElf(nodeFileSystem.readFile(at('libkci.so')))).toMatchObject({ ok: true, runpath: [] });
    const output = await elsewhere({ KINGBASE_CLIENT_DIR: directory.path });
    expectSuccess(output, at('libkci.so'), 'KINGBASE_CLIENT_DIR');
    expect(output.mapped).toEqual(expect.arrayContaining([at('libssl.so.1.1'), at('libcrypto.so.1.1')]));
  });

  it('a link to the library works where nothing else lies beside it', async () => {
    const package_ = at('package');
    copyFiles(dirname(standIn), package_, { 'libkci.so.5': 'libkci.so.5.12', ...OPEN_SSL });
    removeRunpath(join(package_, 'libkci.so.5.12'));
    mkdirSync(at('links'));
    symlinkSync(join(package_, 'libkci.so.5.12'), at('links', 'libkci.so.5'));
    const output = await elsewhere({}, at('links', 'libkci.so.5'));
    expect(output.error).toBeUndefined();
    expect(output.rows).toEqual([{ greeting: '你好' }]);
    expect(output.mapped).toContain(join(package_, 'libssl.so.1.1'));
  });

  it('a missing companion is named', async () => {
    copyFiles(dirname(standIn), directory.path, { 'libkci.so.5': 'libkci.so.5' });
    const { error } = await elsewhere({}, at('libkci.so.5'));
    expect(error).toMatchObject({ code: 'KB_LIBRARY_MISSING_DEPENDENCY' });
    expect(error?.attempts?.[0]?.reason).toMatch(/libssl\.so\.1\.1, libcrypto\.so\.1\.1/);
  });

  it('nothing native is loaded before it is needed', async () => {
    type Step = Record<'addon' | 'library', boolean> & { threads: number };
    const steps = await outputOf<Record<string, Step>>('lazy-load', config(standIn));
    const loaded = (name: string): unknown => ({ addon: steps[name]?.addon, library: steps[name]?.library });
    for (const name of ['started', 'imported', 'opened', 'asked']) {
      expect([name, loaded(name)]).toEqual([name, { addon: false, library: false }]);
      expect([name, steps[name]?.threads]).toEqual([name, steps['started']?.threads]);
    }
    for (const name of ['loaded', 'connected']) {
      expect([name, loaded(name)]).toEqual([name, { addon: true, library: true }]);
    }
  });
});
