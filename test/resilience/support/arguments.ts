import { parseArgs } from 'node:util';

/** Reads options of the form `--name number`; those not given have the value in `defaults`. */
export function numericArguments<Name extends string>(
  defaults: Readonly<Record<Name, number>>,
): Record<Name, number> {
  const names = Object.keys(defaults) as Name[];
  const { values } = parseArgs({
    options: Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
  });
  return Object.fromEntries(
    names.map((name) => {
      const text = values[name];
      const value = text === undefined ? defaults[name] : Number(text);
      if (!Number.isInteger(value) || value < 0)
        throw new Error(`--${name} takes a whole number, not "${text}".`);
      return [name, value];
    }),
  ) as Record<Name, number>;
}
