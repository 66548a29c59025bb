import { describe, expect, it } from 'vitest';
import { loadClientLibrary, type ClientLibraryOptions } from '../../../lib/client-library/index.js';
import { ClientLibraryError } from '../../../lib/errors/index.js';
import { makePe } from '../../support/pe-writer.js';
import { fakeFileSystem, fakeWindowsFileSystem, makeElf } from './fixtures.js';

const FUNCTIONS = ['KCIConnectionStartParams', 'KCIConnectionCreateParams'];
const DLL = 'C:\\kb\\libkci.dll';
const SO = '/kb/libkci.so.5';

/** The error where nothing can be opened. */
function failure(
  files: Record<string, Uint8Array | string>,
  options: ClientLibraryOptions,
): ClientLibraryError {
  const windows = options.path === DLL;
  const host = windows
    ? { fileSystem: fakeWindowsFileSystem(files), platform: 'win32' as const, arch: 'x64' }
    : { fileSystem: fakeFileSystem(files), platform: 'linux' as const, arch: 'x64' };
  const words = windows ? 'Windows error 126: 找不到指定的模块。' : 'libx.so: cannot open shared object file';
  const open = (): never => {
    throw Object.assign(new Error(words), { failure: 'open', missing: [] });
  };
  try {
    loadClientLibrary(open, options, {}, host);
  } catch (error) {
    if (error instanceof ClientLibraryError) return error;
    throw error;
  }
  throw new Error('The library was opened.');
}

const without = makePe({ exports: FUNCTIONS, imports: ['MSVCR120.dll'] });
const for32 = makePe({ exports: FUNCTIONS }, { machine: 0x014c, bits: 32 });

describe('explain()', () => {
  it.each<[string, Record<string, Uint8Array | string>, string, RegExp, RegExp]>([
    [
      'a missing runtime',
      { [DLL]: without },
      DLL,
      /DLLs that it needs cannot be found\.\n[^]*What to do:\n {2}- Install the "Visual C\+\+ 2013 Redistributable" \(x64\)/,
      /找不到它所依赖的 DLL。\n[^]*处理办法：\n {2}- 安装微软的“Visual C\+\+ 2013 Redistributable”x64 版/,
    ],
    [
      'a missing OpenSSL',
      { [SO]: makeElf({ needed: ['libssl.so.1.1'] }) },
      SO,
      /libraries that it needs are missing\.\n[^]*What to do:\n {2}- Copy OpenSSL/,
      /缺少它所依赖的库。\n[^]*处理办法：\n {2}- 从客户端库的安装包，[^]*把 OpenSSL/,
    ],
    [
      'a 32-bit DLL',
      { [DLL]: for32 },
      DLL,
      /another architecture[^]*What to do:\n {2}- Install the client library for x86_64 \(64-bit Intel\/AMD\)/,
      /架构不同[^]*处理办法：\n {2}- 安装适用于 x86_64/,
    ],
    [
      'another processor',
      { [SO]: makeElf({}, { machine: 0x9916 }) },
      SO,
      /is built for sw_64 \(64-bit Sunway\)/,
      /（clientLibrary 选项）：架构为 sw_64（64 位 SW，申威），而本进程为 x86_64/,
    ],
    ['no file', {}, DLL, /No client library was found/, /（clientLibrary 选项）：文件不存在/],
  ])('says of %s what to do, in both languages', (_, files, path, english, chinese) => {
    const error = failure(files, { path });
    expect(error.explain('en')).toMatch(english);
    expect(error.explain('zh')).toMatch(chinese);
    // What is told in Chinese is all in Chinese, but for names.
    expect(error.explain('zh')).not.toMatch(/\b(is|the|not|of)\b/);
  });
});
