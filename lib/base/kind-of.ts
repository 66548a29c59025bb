/**
 * What a value is, for a message: `null`, `an array`, `a number`, `a Map`. The classes are known by what the language calls
 * them, since those of another realm (Jest, `vm`) are others.
 */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  const name = typeof value === 'object' ? classOf(value) : typeof value;
  if (name === 'Object') return 'an object';
  return `${/^[aeio]/i.test(name) ? 'an' : 'a'} ${name === 'Array' ? 'array' : name}`;
}

/**
 * What was given where something else must be, as a sentence: of a text only that it is one, since it can be a piece of a
 * password or as long as a request.
 */
export function itWas(value: unknown): string {
  if (typeof value === 'boolean') return `It was ${String(value)}.`;
  if (typeof value === 'number') return `It was the number ${value}.`;
  return `It was ${kindOf(value)}.`;
}

/**
 * Whether it is an object for what it holds, such as options. A Promise, a Map, a URL or a Date has no properties that could
 * be meant: it would be taken for an empty one.
 */
export function isRecord(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const name = classOf(value);
  // A module's namespace, as of a file with the configuration.
  return name === 'Object' || name === 'Module';
}

/** Whether it is a database, a pool or a client, of whichever package, rather than what one is opened with. */
export function isOpen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { query, connect } = value as { query?: unknown; connect?: unknown };
  return typeof query === 'function' || typeof connect === 'function';
}

function classOf(value: object): string {
  const name = Object.prototype.toString.call(value).slice('[object '.length, -1);
  // What a program calls its own classes can be anything.
  return /^\w{1,40}$/.test(name) ? name : 'Object';
}
