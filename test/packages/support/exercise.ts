import type { TestLibrary } from '../../../scripts/client-libraries.js';
import { run } from './npm.js';
import type { Runtime } from './runtimes.js';
import type { World } from './world.js';

/** What programs/exercise.cjs can be asked to do. */
export const ABILITIES = [
  'query',
  'prepared',
  'transaction',
  'rows',
  'batchInsert',
  'copy',
  'large objects',
  'errors',
  'cancel',
  'pool',
  'listen',
  'tls',
  'worker thread',
] as const;
export type Ability = (typeof ABILITIES)[number];

export interface Outcome {
  /** Name and version, as the runtime says them itself. */
  readonly runtime: string;
  readonly server: string;
  /** The client library that was used, and its version as it gives it: 120022 for 12.22. */
  readonly library: { readonly path: string; readonly version: number };
  /** `ok`, or the error with its stack. */
  readonly results: Partial<Record<Ability, string>>;
}

/** Longer than all abilities take together on a busy machine; a program that hangs must not hang the tests. In ms. */
const TIME_LIMIT = 90_000;

/** Runs a program that exercises the package, with the arguments that it expects, and gives what it printed. */
export async function exercise(
  world: Pick<World, 'connection' | 'tls'>,
  library: TestLibrary,
  program: { readonly directory: string; readonly command: readonly string[] },
  abilities: readonly Ability[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const config = { ...world.connection, clientLibrary: library.path };
  const input = JSON.stringify({ names: abilities, config, tls: world.tls });
  // Nothing of this process's environment, which may name a client library, is passed on.
  const output = await run(
    'timeout',
    ['--kill-after=5', String(TIME_LIMIT / 1000), ...program.command, input],
    program.directory,
    { PATH: '/usr/bin:/bin', HOME: program.directory, ...environment },
  );
  return JSON.parse(output) as Outcome;
}

/** What every ability has to come to. */
export const allOk = (abilities: readonly Ability[]): Outcome['results'] =>
  Object.fromEntries(abilities.map((ability) => [ability, 'ok']));

/** The package as installed, on a runtime, by `import` or by `require`. */
export function exerciseInstalled(
  world: World,
  library: TestLibrary,
  runtime: Runtime,
  moduleSystem: 'ESM' | 'CommonJS',
): Promise<Outcome> {
  const file = moduleSystem === 'ESM' ? 'esm.mjs' : 'commonjs.cjs';
  const program = { directory: world.consumer, command: [...runtime.command, file] as const };
  return exercise(world, library, program, ABILITIES, runtime.environment);
}
