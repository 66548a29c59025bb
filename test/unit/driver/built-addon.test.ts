import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadBuiltAddon } from '../../../lib/driver/built-addon.js';
import { UsageError } from '../../../lib/errors/index.js';

const system = `${process.platform}-${process.arch}`;
const { execPath } = process;
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kingbase-native-addon-'));
});
afterEach(() => {
  process.execPath = execPath;
  rmSync(directory, { recursive: true });
});

function failure(): UsageError {
  try {
    loadBuiltAddon(directory);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('An addon was loaded.');
}

/** A Node.js whose file begins so. */
function runOn(start: string): void {
  process.execPath = join(directory, 'node');
  writeFileSync(process.execPath, start);
}

describe('an addon that cannot be loaded', () => {
  it('says what was looked for, and on which system', () => {
    const { code, message, hint } = failure();
    expect(code).toBe('KB_ADDON_NOT_FOUND');
    for (const part of [system, process.versions.node, directory, `prebuilds/${system}/`]) {
      expect(message).toContain(part);
    }
    expect(hint).toContain('win32-x64');
  });

  it('is not that of another system', () => {
    const folder = join(directory, 'prebuilds', 'sunos-x64');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'kingbase-native.node'), '');
    expect(failure().code).toBe('KB_ADDON_NOT_FOUND');
  });

  it("says the system's own words about a file that is damaged", () => {
    const folder = join(directory, 'prebuilds', system);
    const file = join(folder, 'kingbase-native.node');
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, 'not a library');
    const { code, message, cause } = failure();
    expect(code).toBe('KB_ADDON_LOAD_FAILED');
    expect(message).toContain(file);
    expect(message).toContain((cause as Error).message);
  });
});

describe.runIf(process.platform === 'linux')('the C library', () => {
  it('musl is refused', () => {
    runOn('\x7fELF … /lib/ld-musl-x86_64.so.1\0');
    const { code, message, hint } = failure();
    expect(code).toBe('KB_PLATFORM_UNSUPPORTED');
    expect(message).toContain('musl');
    expect(hint).toContain('glibc');
  });

  it('glibc is not, nor a program that cannot be read', () => {
    runOn('\x7fELF … /lib64/ld-linux-x86-64.so.2\0');
    expect(failure().code).toBe('KB_ADDON_NOT_FOUND');
    process.execPath = join(directory, 'absent');
    expect(failure().code).toBe('KB_ADDON_NOT_FOUND');
  });
});
