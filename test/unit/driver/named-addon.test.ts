import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadCore } from '../../../lib/driver/core.js';
import { provideAddon } from '../../../lib/driver/provided-addon.js';
import { UsageError } from '../../../lib/errors/index.js';

const VARIABLES = ['KINGBASE_NATIVE_ADDON', 'KINGBASE_NATIVE_PREBUILD'] as const;
const before = process.cwd();

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kingbase-native-named-'));
  // If it were opened, the system's linker would say that it is no library.
  for (const name of ['evil.node', 'kingbase-native.node'])
    writeFileSync(join(folder, name), 'not a library');
  process.chdir(folder);
});
afterEach(() => {
  for (const variable of VARIABLES) Reflect.deleteProperty(process.env, variable);
});
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true });
});

function failure(): unknown {
  try {
    return loadCore();
  } catch (error) {
    return error;
  }
}

describe('an addon that a variable names', () => {
  const relative = [
    'evil.node',
    './evil.node',
    '../evil.node',
    'a/../evil.node',
    'file:evil.node',
    ' /e',
    '.',
  ];
  it.each(VARIABLES.flatMap((variable) => relative.map((value): [string, string] => [variable, value])))(
    'is not opened by a path that begins in the current directory: %s=%s',
    (variable, value) => {
      process.env[variable] = value;
      const error = failure();
      expect(error).toBeInstanceOf(UsageError);
      expect(error).toMatchObject({
        code: 'KB_BAD_OPTION',
        message: `The variable ${variable} must be an absolute path.`,
      });
    },
  );

  it.each(['evil.node', 'missing.node', ''])(
    'is an error of this package where it cannot be loaded: %j',
    (name) => {
      const path = join(folder, name);
      process.env['KINGBASE_NATIVE_ADDON'] = path;
      const error = failure() as UsageError;
      expect(error).toBeInstanceOf(UsageError);
      expect(error.code).toBe('KB_ADDON_LOAD_FAILED');
      expect(error.message).toContain(path);
      expect(error.hint).toContain('KINGBASE_NATIVE_ADDON');
      expect(error.explain('zh')).toContain('该文件由环境变量 KINGBASE_NATIVE_ADDON 指定');
    },
  );
});

describe('an addon that a bundle brings', () => {
  it('is an error of this package where its file is missing, however often it is asked for', () => {
    let asked = 0;
    provideAddon(`${process.platform}-${process.arch}`, () => {
      // A bundler has the module for loaded after the first attempt.
      if (asked++ > 0) return {};
      throw new Error("Cannot find module './kingbase-native.node'\nRequire stack:\n- /app/bundle.js");
    });
    for (const words of ["Cannot find module './kingbase-native.node'", 'it is none of this package']) {
      const error = failure() as UsageError;
      expect(error).toBeInstanceOf(UsageError);
      expect(error.code).toBe('KB_ADDON_LOAD_FAILED');
      expect(error.message).toMatch(
        /^The native addon of the bundle cannot be loaded on this system \(.*\): [^\n]*$/,
      );
      expect(error.message).toContain(words);
      expect(error.hint).toContain('docs/bundlers.md');
    }
  });
});
