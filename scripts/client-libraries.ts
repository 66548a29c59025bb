import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { nativeDirectory, type PostgresVersion } from './postgres-package.js';
import { buildStandIn, type StandInRelease } from './stand-in-libkci.js';

export interface TestLibrary {
  readonly name: string;
  /** What the driver calls its family: kci, kingbase-pq or libpq. */
  readonly flavour: string;
  /** Absolute path of the shared library. */
  readonly path: string;
}

/** Of which release the stand-in is, by the variable KINGBASE_TEST_STAND_IN; 12.22 where that says nothing. */
function standInRelease(): StandInRelease {
  const release = process.env['KINGBASE_TEST_STAND_IN'] ?? '12.22';
  if (release === '12.22' || release === '12.10') return release;
  throw new Error(`KINGBASE_TEST_STAND_IN must be 12.22 or 12.10, but is "${release}".`);
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
  return (await buildStandIn(standInRelease())).path;
}

/**
 * The client libraries that every integration test runs on: the stand-in and a stock libpq. With
 * KINGBASE_CLIENT_LIBRARY it is that one alone, whatever it is.
 */
export async function testLibraries(): Promise<TestLibrary[]> {
  const given = process.env['KINGBASE_CLIENT_LIBRARY'];
  if (given !== undefined && given !== '') {
    const { open } = await import('kingbase-native');
    const { flavour, path } = open({ clientLibrary: given }).clientLibrary();
    return [{ name: `the given ${flavour}`, flavour, path }];
  }
  const release = standInRelease();
  const name = release === '12.22' ? 'stand-in libkci' : `stand-in libkci ${release}`;
  return [
    { name, flavour: 'kci', path: await standInLibkci() },
    { name: 'stock libpq 18', flavour: 'libpq', path: stockLibpq(18) },
  ];
}
