import { badOption, ENVIRONMENT, optionRule, type OptionName } from './options.js';

const SSL_MODES = optionRule('sslmode').choices ?? [];

/** A floor for `sslMode` that no connection string can undercut, and who set it. */
export interface TlsFloor {
  readonly mode: string;
  readonly setBy: string;
}

/**
 * What the environment says of the options. With a service, libpq prefers the service file to the environment, and so
 * does the driver: then only the service's name is taken, and otherwise everything else.
 */
export function optionsOfEnvironment(
  environment: NodeJS.ProcessEnv,
  byService: boolean,
): [OptionName, string | undefined][] {
  return [...ENVIRONMENT]
    .filter(([, option]) => (option === 'service') === byService)
    .map(([variable, option]) => [option, environment[variable]]);
}

/**
 * The higher of the floors that `KINGBASE_MIN_SSLMODE` and the program set. Throws a UsageError (`KB_BAD_OPTION`) where
 * one of them is no mode.
 */
export function tlsFloor(environment: NodeJS.ProcessEnv, minimum: unknown): TlsFloor | undefined {
  const floors: TlsFloor[] = [];
  for (const [setBy, mode] of [
    ['KINGBASE_MIN_SSLMODE', environment['KINGBASE_MIN_SSLMODE'] || undefined],
    ['tls.minimum', minimum],
  ] as const) {
    if (mode === undefined) continue;
    if (typeof mode !== 'string' || !SSL_MODES.includes(mode)) {
      throw badOption(`${setBy} must be one of ${SSL_MODES.join(', ')}.`);
    }
    floors.push({ mode, setBy });
  }
  return floors.sort((a, b) => rank(b.mode) - rank(a.mode))[0];
}

/** `mode`, or the floor where nothing was asked for. Throws a UsageError (`KB_BAD_OPTION`) for a mode below the floor. */
export function sslModeAbove(
  floor: TlsFloor | undefined,
  mode: string | undefined,
  otherwise: string,
): string | undefined {
  if (floor === undefined) return mode;
  if (mode === undefined) return rank(floor.mode) > rank(otherwise) ? floor.mode : undefined;
  if (rank(mode) < rank(floor.mode)) {
    throw badOption(
      `The option "sslmode" is "${mode}", and ${floor.setBy} demands at least "${floor.mode}".`,
      'Ask for a mode that protects at least as well, or have the floor lowered by whoever set it.',
    );
  }
  return mode;
}

function rank(mode: string): number {
  return SSL_MODES.indexOf(mode);
}
