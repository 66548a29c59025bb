import type { TestProject } from 'vitest/node';
import { createWorld, type World } from './world.js';

declare module 'vitest' {
  interface ProvidedContext {
    world: World;
  }
}

/** The packed package, installed, with a server and client libraries: once for all tests of the package. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [world, remove] = await createWorld();
  project.provide('world', world);
  return remove;
}
