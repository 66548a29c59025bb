import type { TypeOptions } from './type-options.js';

const numbers = new WeakMap<object, number>();
let last = 0;

function numberOf(thing: object): number {
  let number = numbers.get(thing);
  if (number === undefined) {
    number = ++last;
    numbers.set(thing, number);
  }
  return number;
}

/**
 * The same string for options that mean the same, so that what is derived from them need not be derived again when a
 * program writes them out in each call. Functions are the same if they are one and the same.
 */
export function typeOptionKey(options: TypeOptions): string {
  return Object.keys(options)
    .filter((name) => options[name] !== undefined)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${choiceKey(options[name])}`)
    .join();
}

function choiceKey(choice: TypeOptions[string]): string {
  if (typeof choice !== 'object' || choice === null)
    return typeof choice === 'string' ? JSON.stringify(choice) : String(choice);
  // The functions of a class's instance have fields of it to go by.
  if (Object.getPrototypeOf(choice) !== Object.prototype) return `#${numberOf(choice)}`;
  const known = Object.keys(choice).every((name) => name === 'parse' || name === 'serialize');
  if (!known) return `#${numberOf(choice)}`;
  const functions = choice as { readonly parse?: unknown; readonly serialize?: unknown };
  return `${functionKey(functions.parse)}/${functionKey(functions.serialize)}`;
}

function functionKey(given: unknown): string {
  return typeof given === 'function' ? String(numberOf(given)) : String(given);
}
