import { describe, expect, inject, it } from 'vitest';
import { ABILITIES, allOk, exerciseInstalled } from './support/exercise.js';
import { runtimesIn } from './support/runtimes.js';

const world = inject('world');
const tools = inject('tools');

/** The packed package on every runtime and client library, by both module systems. */
describe.each(runtimesIn(tools))('$name', (runtime) => {
  describe.each(world.libraries)('$name', (library) => {
    it.each(['ESM', 'CommonJS'] as const)('%s', async (moduleSystem) => {
      const outcome = await exerciseInstalled(world, library, runtime, moduleSystem);
      expect(outcome.results).toEqual(allOk(ABILITIES));
      expect(outcome.runtime.startsWith(runtime.name)).toBe(true);
      expect(outcome.library.path).toBe(library.path);
    });
  });
});
