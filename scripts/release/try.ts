/**
 * Installs a tarball in an empty directory, with scripts forbidden, and runs it there against a server and each client
 * library: `tsx scripts/release/try.ts TARBALL`.
 */
import assert from 'node:assert';
import path from 'node:path';
import { ABILITIES, allOk, exerciseInstalled } from '../../test/packages/support/exercise.js';
import type { Runtime } from '../../test/packages/support/runtimes.js';
import { createWorld } from '../../test/packages/support/world.js';

async function main(): Promise<void> {
  const [tarball] = process.argv.slice(2);
  if (tarball === undefined) throw new Error('Name the tarball.');
  const [world, remove] = await createWorld(path.resolve(tarball));
  try {
    const runtime: Runtime = { name: 'this Node.js', command: [process.execPath] };
    for (const library of world.libraries) {
      for (const moduleSystem of ['ESM', 'CommonJS'] as const) {
        const { results } = await exerciseInstalled(world, library, runtime, moduleSystem);
        assert.deepStrictEqual(results, allOk(ABILITIES));
      }
    }
  } finally {
    await remove();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
