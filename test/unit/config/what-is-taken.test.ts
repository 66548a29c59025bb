import { describe, expect, it } from 'vitest';
import { CLUSTER_DEFAULTS } from '../../../lib/config/cluster-options.js';
import { parseConfig } from '../../../lib/config/index.js';
import { DRIVER_OPTIONS, LIBRARY_OPTIONS } from '../../../lib/config/options.js';
import { POOL_DEFAULTS } from '../../../lib/config/pool-options.js';
import { itWas, kindOf } from '../../../lib/base/kind-of.js';
import { UsageError, type KingbaseError } from '../../../lib/errors/index.js';
import { open } from '../../../lib/index.js';

/** Values of each kind, with the words by which a message says that the kind is taken. */
const KINDS: Readonly<Record<string, { samples: readonly unknown[]; words: RegExp }>> = {
  null: { samples: [null], words: /null/ },
  number: { samples: [1, 54321, 0.5], words: /number/ },
  boolean: { samples: [true, false], words: /true|false/ },
  string: { samples: ['x', 'text', 'causal', 'verify-full'], words: /string|path|one of|"\w+"|'\w+'/ },
  bigint: { samples: [1n], words: /bigint/ },
  symbol: { samples: [Symbol('s')], words: /symbol/ },
  function: { samples: [(): undefined => undefined], words: /function/ },
  list: { samples: [[], ['settings']], words: /list/ },
  object: { samples: [{}, { path: '/l' }], words: /object|\{/ },
  Promise: { samples: [Promise.resolve({})], words: /Promise/ },
  Map: { samples: [new Map([['host', 'h']])], words: /Map/ },
  Date: { samples: [new Date(0)], words: /Date/ },
  URL: { samples: [new URL('kingbase://h/d')], words: /URL/ },
  bytes: { samples: [Buffer.from('h')], words: /Buffer|Uint8Array/ },
};

/** What no option takes. */
const NUMBERS = [NaN, -Infinity];

const own = (names: object, prefix: string): [string, (value: unknown) => object][] =>
  Object.keys(names).map((name) => [`${prefix}.${name}`, (value) => ({ [prefix]: { [name]: value } })]);

const PLACES: [string, (value: unknown) => object][] = [
  ...Object.keys({ ...DRIVER_OPTIONS, ...LIBRARY_OPTIONS })
    // Which of the two names it goes by shows in the message.
    .filter((name) => name !== 'connect_timeout')
    .map((name): [string, (value: unknown) => object] => [name, (value) => ({ [name]: value })]),
  ...own({ ...POOL_DEFAULTS, maxIdle: 0 }, 'pool'),
  ...own(CLUSTER_DEFAULTS, 'cluster'),
  ...own({ minimum: 0, cancel: 0 }, 'tls'),
  ...own({ path: 0, directory: 0, fallback: 0 }, 'clientLibrary'),
  ['log.write', (value) => ({ log: { write: value } })],
  ['log.slowStatement', (value) => ({ log: { write: () => undefined, slowStatement: value } })],
  ['types.int8', (value) => ({ types: { int8: value } })],
  ['types.json', (value) => ({ types: { json: value } })],
];

/** Also what is looked at only when a database is made. */
function refusal(config: object): KingbaseError | undefined {
  try {
    parseConfig(config, {}, {}, () => 'somebody');
    open(config);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return error as KingbaseError;
  }
}

describe('an option of the wrong kind is refused by its name, and told all that it takes', () => {
  it.each(PLACES)('%s', (name, configOf) => {
    const taken: string[] = [];
    const messages: string[] = [];
    const told: unknown[] = [];
    for (const [kind, { samples }] of Object.entries(KINDS)) {
      const refusals = samples.map((sample) => refusal(configOf(sample)));
      if (refusals.includes(undefined)) taken.push(kind);
      else messages.push(...refusals.slice(0, 1).map((error) => error?.message ?? ''));
      for (const [at, error] of refusals.entries())
        if (error !== undefined && / must be /.test(error.message)) told.push([samples[at], error]);
    }
    for (const [sample, { message, hint = '' }] of told as [unknown, KingbaseError][]) {
      const given = name === 'password' ? kindOf(sample) : /^(?:It was )?(.*?)\.?$/.exec(itWas(sample))?.[1];
      if (/pooler|port|hosts|cluster"|maxLag|minimum|weights/.test(message)) continue;
      // What stands inside of it is wrong.
      if (!message.includes(`"${name}"`)) continue;
      expect(`${message} ${hint}`, `${name} is told what was given`).toContain(
        message.includes(', not ') || message.includes(' is ') ? '' : given,
      );
    }
    for (const number of NUMBERS) messages.push(refusal(configOf(number))?.message ?? 'It was accepted.');
    for (const message of messages) {
      expect(message.length).toBeLessThan(300);
      // What stands inside of an option can be what is wrong with it.
      expect(message).toContain(name.split('.')[0]);
      if (
        /^Unknown option|has a character|cannot be|given twice|only be UTF8|none of the hosts|an absolute path/.test(
          message,
        )
      )
        continue;
      for (const kind of taken)
        expect(message, `${name} takes a ${kind}`).toMatch(KINDS[kind]?.words ?? /^$/);
    }
  });

  it.each(['Promise', 'Map', 'Date', 'URL', 'bytes', 'list', 'number', 'symbol', 'null'])(
    'a configuration that is a %s is not taken for an empty one',
    (kind) => {
      const [sample] = KINDS[kind]?.samples ?? [];
      expect(refusal(sample as object)?.message).toMatch(
        /^The configuration must be a connection string or an object, not /,
      );
      expect(() => open({}, sample as object)).toThrow(UsageError);
    },
  );

  it('a name that is no name is told by the option that it stands in', () => {
    expect(refusal({ pool: { '': 1 } })?.message).toBe('Unknown option in "pool".');
    expect(refusal({ pool: JSON.parse('{"__proto__":{"max":1}}') as object })?.message).toContain(
      '__proto__',
    );
    expect(refusal(JSON.parse('{"__proto__":{"host":"h"}}') as object)?.message).toContain('__proto__');
  });
});
