import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { installTools } from './runtimes.js';
import { createWorld, type World } from './world.js';

declare module 'vitest' {
  interface ProvidedContext {
    world: World;
    /** The node_modules with runtimes and compilers of other versions. */
    tools: string;
  }
}

/**
 * The packed package, installed, with a server and client libraries: once for all tests of the package. PACKAGE_TARBALL
 * names a tarball to be tested in place of one of this checkout, as before a release.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['PACKAGE_TARBALL'];
  // Before there is anything that would have to be removed if it fails.
  project.provide('tools', await installTools());
  const [world, remove] = await createWorld(given ? path.resolve(given) : undefined);
  project.provide('world', world);
  return remove;
}
