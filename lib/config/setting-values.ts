import { itWas } from '../base/kind-of.js';
import { badOption, type OptionName } from './options.js';

/** What was given, by the options' own names. */
export type Settings = ReadonlyMap<OptionName, unknown>;

export function flag(settings: Settings, name: OptionName, absent: boolean): boolean {
  const given = settings.get(name);
  if (given === undefined) return absent;
  // In a connection string.
  if (given === 'true' || given === 'false') return given === 'true';
  if (typeof given !== 'boolean') {
    throw badOption(
      `The option "${name}" must be true or false.`,
      `${itWas(given)}${typeof given === 'string' ? ' Write true or false, in an object without quotes.' : ''}`,
    );
  }
  return given;
}

export function text(settings: Settings, name: OptionName): string | undefined {
  const value = settings.get(name);
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw badOption(`The option "${name}" must be a string.`, itWas(value));
  return noNul(name, value);
}

export function applicationName(settings: Settings): string | undefined {
  const value = settings.get('applicationName');
  // The library takes an empty name for none.
  if (value === false) return '';
  if (value !== undefined && typeof value !== 'string') {
    throw badOption('The option "applicationName" must be a string, or false for no name.', itWas(value));
  }
  return text(settings, 'applicationName');
}

/** The client library takes C strings: it would see only the part before a NUL. */
export function noNul(name: string, value: string): string {
  if (value.includes('\0')) throw badOption(`The option "${name}" must not contain a NUL character.`);
  return value;
}

/** @param unless what to say of it where it is no number that is finite and not negative */
function number(settings: Settings, name: OptionName, unless: string): number | undefined {
  const given = settings.get(name);
  if (given === undefined) return undefined;
  const value = typeof given === 'string' && given.trim() !== '' ? Number(given) : given;
  if (typeof value === 'number' && value >= 0 && value < Infinity) return value;
  throw badOption(`The option "${name}" must be a ${unless}.`, itWas(given));
}

export function milliseconds(settings: Settings, name: OptionName): number | undefined {
  return number(settings, name, 'finite number of milliseconds that is not negative; 0 is no limit');
}

export function wholeNumber(settings: Settings, name: OptionName): number | undefined {
  const unless = 'whole number that is not negative';
  const value = number(settings, name, unless);
  if (value === undefined || Number.isInteger(value)) return value;
  throw badOption(`The option "${name}" must be a ${unless}.`, itWas(value));
}
