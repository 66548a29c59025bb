import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLinkerCache } from '../../../lib/client-library/linker-cache.js';
import { makeLinkerCache } from './fixtures.js';

const LIBRARIES = {
  'libkci.so.5': ['/opt/kb/libkci.so.5', '/usr/lib/libkci.so.5'],
  'libz.so.1': ['/lib/libz.so.1'],
};

describe('readLinkerCache', () => {
  it.each([{}, { bigEndian: true }, { behindOldOne: true }])('reads the paths by name: %j', (layout) => {
    const cache = readLinkerCache(makeLinkerCache(LIBRARIES, layout));
    expect(cache).toEqual(new Map(Object.entries(LIBRARIES)));
  });

  it.skipIf(!existsSync('/etc/ld.so.cache'))("reads this machine's", () => {
    const cache = readLinkerCache(readFileSync('/etc/ld.so.cache'));
    const libc = [...(cache ?? [])].find(([name]) => name.startsWith('libc.so'));
    expect(libc?.[1][0]).toMatch(/^\/.*\/libc\.so/);
  });

  it('knows what is none', () => {
    expect(readLinkerCache(Buffer.alloc(0))).toBeUndefined();
    expect(readLinkerCache(Buffer.from('something else'))).toBeUndefined();
    expect(readLinkerCache(makeLinkerCache(LIBRARIES).subarray(0, 60))).toBeUndefined();
  });

  it('never throws for one with some bytes changed or its end cut off', () => {
    const change = fc.tuple(fc.nat(200), fc.nat(255));
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.array(change, { maxLength: 8 }),
        fc.nat(200),
        (behindOldOne, changes, cut) => {
          const bytes = makeLinkerCache(LIBRARIES, { behindOldOne });
          for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
          const cache = readLinkerCache(bytes.subarray(0, bytes.length - cut));
          for (const [name, paths] of cache ?? [])
            expect([name, ...paths].join('').length).toBeLessThan(2000);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
