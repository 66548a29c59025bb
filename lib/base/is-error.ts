import { types } from 'node:util';

/**
 * Whether it is an error, of whichever realm: a test runner (Jest) and `vm` evaluate the package with an `Error` of their own,
 * while the addon and the modules of Node.js throw those of the process.
 */
export function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error;
}

/** The same of what the modules of Node.js throw where a number is out of range. */
export function isRangeError(value: unknown): value is RangeError {
  return isError(value) && value.name === 'RangeError';
}
