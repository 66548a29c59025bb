/**
 * A text of this package as it stands in an error, and in Chinese. «name» is a hole, for what differs from error to error;
 * one whose name begins with `list` holds words with commas, `or` or `and` between them. What stands in a hole of `SPEAKING` is put
 * into Chinese as well where it is the package's own; what stands in others is a name, which somebody else has given.
 */
export type Pair = readonly [english: string, chinese: string];

/** The names of holes in which the package speaks. */
export const SPEAKING: ReadonlySet<string> = new Set([
  'call',
  'end',
  'form',
  'given',
  'kind',
  'last',
  'part',
  'rule',
  'time',
  'wanted',
  'what',
  'why',
  'words',
]);
