import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { testLibraries, type TestLibrary } from '../../../scripts/client-libraries.js';
import { startServer } from '../../../scripts/embedded-server.js';
import { npm } from './npm.js';
import { prebuildHost } from './prebuild.js';

/** What the tests of the package need; plain values, since vitest hands them from one process to others. */
export interface World {
  /** What `npm publish` would upload. */
  readonly tarball: string;
  /** A directory far from the checkout with nothing but the installed tarball and the test programs. */
  readonly consumer: string;
  readonly libraries: readonly TestLibrary[];
  /** How to reach the server, over TCP in plain text. */
  readonly connection: { host: string; port: number; user: string; database: string };
  /** Options that make the connection one with TLS. */
  readonly tls: { sslMode: 'verify-ca'; sslRootCert: string };
}

/** For tests to which it does not matter which. */
export function firstLibrary({ libraries }: World): TestLibrary {
  const [library] = libraries;
  if (!library) throw new Error('There is no client library to run with.');
  return library;
}

const root = path.resolve(__dirname, '../../..');

export const installOptions = [
  '--ignore-scripts',
  '--prefer-offline',
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
];

/** Packs the checkout as `npm publish` would, with what is built in it. */
export function packProject(directory: string): Promise<string> {
  return packFolder(root, directory);
}

/** Packs the package in a folder, and gives the tarball's name. */
export async function packFolder(folder: string, directory: string): Promise<string> {
  const printed = await npm(['pack', '--json', '--ignore-scripts', '--pack-destination', directory], folder);
  const [packed] = JSON.parse(printed) as { filename: string }[];
  if (!packed) throw new Error('"npm pack" named no file.');
  return path.join(directory, packed.filename);
}

/** A directory as a new project of somebody's: a package.json and what is installed there. */
export async function installInto(directory: string, tarball: string): Promise<void> {
  writeFileSync(path.join(directory, 'package.json'), '{ "private": true }\n');
  await npm(['install', ...installOptions, tarball], directory);
}

/** Makes it all of a tarball, or of this checkout, and a function that removes it. */
export async function createWorld(given?: string): Promise<[World, () => Promise<void>]> {
  // Outside of the checkout, whose node_modules would make up for a dependency that the package fails to name.
  const directory = mkdtempSync(path.join(os.tmpdir(), 'kingbase-native-packages-'));
  const remove = (): void => {
    rmSync(directory, { recursive: true, force: true });
  };
  const server = startServer({ version: 12, tls: true });
  try {
    const consumer = path.join(directory, 'consumer');
    cpSync(path.join(root, 'test', 'packages', 'programs'), consumer, { recursive: true });
    const pack = async (): Promise<string> => {
      await prebuildHost();
      return packProject(directory);
    };
    const install = async (): Promise<string> => {
      const tarball = given ?? (await pack());
      await installInto(consumer, tarball);
      return tarball;
    };
    const [tarball, libraries, { host, port, user, database, certificates }] = await Promise.all([
      install(),
      testLibraries(),
      server,
    ]);
    if (!certificates) throw new Error('The server has no certificates.');
    return [
      {
        tarball,
        consumer,
        libraries,
        connection: { host, port, user, database },
        tls: { sslMode: 'verify-ca', sslRootCert: certificates.ca },
      },
      async () => {
        remove();
        await (await server).stop();
      },
    ];
  } catch (error) {
    remove();
    await (await server).stop();
    throw error;
  }
}
