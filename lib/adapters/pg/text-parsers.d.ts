// pg-types does not describe this file of its own.
declare module 'pg-types/lib/textParsers.js' {
  /** Gives each type's parser as pg-types has it before a program sets others. */
  export function init(register: (oid: number, parser: (text: string) => unknown) => void): void;
}
