import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { nativeDirectory, type PostgresVersion } from './postgres-package.js';
import { buildStandIn } from './stand-in-libkci.js';

export interface TestLibrary {
  readonly name: string;
  /** The spelling of its entry points: KCI… or PQ…. */
  readonly flavour: 'kci' | 'libpq';
  /** Absolute path of the shared library. */
  readonly path: string;
}

/** PostgreSQL's own client library of a release, from the npm packages. */
export function stockLibpq(version: PostgresVersion): string {
  const path = join(nativeDirectory(version), 'lib', 'libpq.so.5');
  if (!existsSync(path))
    throw new Error(`${path} does not exist: stock client libraries are for Linux only.`);
  return path;
}

/** The stand-in for Kingbase's client library, built if need be. */
export async function standInLibkci(): Promise<string> {
  return (await buildStandIn()).path;
}

/** The client libraries that every integration test runs on. */
export async function testLibraries(): Promise<TestLibrary[]> {
  return [
    { name: 'stand-in libkci', flavour: 'kci', path: await standInLibkci() },
    { name: 'stock libpq 18', flavour: 'libpq', path: stockLibpq(18) },
  ];
}
