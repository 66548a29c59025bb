import type { UsageError } from '../errors/index.js';
import {
  badOption,
  didYouMean,
  holdsPassword,
  FORESHADOWS_SECRET,
  isOptionName,
  isPresentable,
  NOT_SHOWN,
  optionRule,
  swallowed,
  type OptionName,
} from './options.js';
import type { Pair } from './semicolon-string.js';
import { serverOptions } from './server-options.js';
import { StringSettings } from './string-settings.js';
import { nearest } from '../errors/nearest.js';

/** What a connection string of another driver says, in this driver's terms. */
export class ForeignSettings {
  readonly options: StringSettings;
  readonly pool: Record<string, number> = {};
  /** The server's parameters to set for each session. */
  readonly parameters = new Map<string, string>();
  /** What means something only together with other keys. */
  readonly kept = new Map<string, string>();

  constructor(readonly form: string) {
    this.options = new StringSettings(form);
  }

  /** Never quotes the value: in a string that was read other than meant it can hold the password. */
  invalid(key: string, rule: string, hint?: string): UsageError {
    return badOption(`The key "${key}" of the ${this.form} ${rule}.`, hint);
  }

  finish(): StringSettings {
    if (Object.keys(this.pool).length > 0) this.options.set('pool', this.pool);
    if (this.parameters.size > 0) {
      const given = this.options.get('options');
      const set = serverOptions(this.parameters);
      this.options.set('options', typeof given === 'string' ? `${given} ${set}` : set);
    }
    return this.options;
  }
}

/** What a key does with its value, which is never empty. `key` is its documented spelling. */
export interface Rule {
  (value: string, settings: ForeignSettings, key: string): void;
  /** The option of ours that the key says, if it is one. */
  readonly option?: OptionName;
  /** Its value has keys and values of its own. */
  readonly isText?: true;
}

function says(
  name: OptionName,
  value: (given: string, settings: ForeignSettings, key: string) => string,
): Rule {
  const rule: Rule = (given, settings, key) => settings.options.say(name, value(given, settings, key));
  return Object.assign(rule, { option: name });
}

/** Is an option of ours, with the same values. */
export function option(name: OptionName): Rule {
  return says(name, (value) => value);
}

/** Is an option of ours, whose values have other names there; case, spaces, `-` and `_` do not count. */
export function choice(name: OptionName, choices: Readonly<Record<string, string>>): Rule {
  const plain = (text: string): string => text.toLowerCase().replace(/[\s_-]/g, '');
  const byName = new Map(Object.entries(choices).map(([theirs, ours]) => [plain(theirs), ours]));
  return says(name, (value, settings, key) => {
    const ours = byName.get(plain(value));
    if (ours === undefined) {
      throw settings.invalid(key, `must be one of ${Object.keys(choices).join(', ')}`);
    }
    return ours;
  });
}

/** The values of libpq, which are also those of Npgsql, pgjdbc and psqlodbc in other spellings. */
export const sslMode = choice('sslmode', {
  Disable: 'disable',
  Allow: 'allow',
  Prefer: 'prefer',
  Require: 'require',
  VerifyCA: 'verify-ca',
  VerifyFull: 'verify-full',
});

/** A time in seconds, in ms. */
export function seconds(value: string, settings: ForeignSettings, key: string): number {
  if (!/^\d{1,9}(?:\.\d{1,9})?$/.test(value)) {
    throw settings.invalid(key, 'must be a number of seconds that is not negative');
  }
  return Number(value) * 1000;
}

export function wholeNumber(value: string, settings: ForeignSettings, key: string): number {
  if (!/^[+-]?\d{1,9}$/.test(value)) throw settings.invalid(key, 'must be a whole number');
  return Number(value);
}

export function truth(value: string, settings: ForeignSettings, key: string): boolean {
  if (/^(?:true|yes|on|1)$/i.test(value)) return true;
  if (/^(?:false|no|off|0)$/i.test(value)) return false;
  throw settings.invalid(key, 'must be true or false');
}

/** A truth, as the library has it: 1 or 0. */
export function switched(name: OptionName): Rule {
  return says(name, (value, settings, key) => (truth(value, settings, key) ? '1' : '0'));
}

/** A number of seconds for the library, which takes 0 and less for the system's default, as other drivers do. */
export function keepalive(name: 'keepalives_idle' | 'keepalives_interval'): Rule {
  return (value, settings, key) => {
    const number = wholeNumber(value, settings, key);
    if (number > 0) settings.options.set(name, String(number));
  };
}

/** A time in seconds that is one of ours in ms; 0 is none there as here. */
export function timeout(name: 'connectTimeout' | 'timeout'): Rule {
  return (value, settings, key) => void settings.options.set(name, seconds(value, settings, key));
}

export function poolCount(name: 'min' | 'max'): Rule {
  return (value, settings, key) => void (settings.pool[name] = wholeNumber(value, settings, key));
}

export function poolTime(name: 'idleTimeout' | 'maxLifetime'): Rule {
  return (value, settings, key) => void (settings.pool[name] = seconds(value, settings, key));
}

/** Is a parameter of the server. */
export function parameter(name: string): Rule {
  return (value, { parameters }) => void parameters.set(name, value);
}

/** Every transaction of the session is read-only unless it says otherwise. */
export const readOnly: Rule = (value, settings, key) => {
  if (truth(value, settings, key)) settings.parameters.set('default_transaction_read_only', 'on');
};

/** Is looked at when all keys are known. */
export const keep: Rule = (value, { kept }, key) => void kept.set(key, value);

/** The same for what decides how safe the connection is. */
export const keepOnce: Rule = (value, settings, key) => {
  if (settings.kept.has(key)) {
    throw settings.invalid(key, 'is given twice', 'How safe the connection is depends on it: give it once.');
  }
  settings.kept.set(key, value);
};

/** Is accepted and changes nothing; the reason says why that is harmless. */
export function noEffect(_why: string): Rule {
  return () => undefined;
}

/** Changes nothing with one of these values, and is refused with any other. */
export function noEffectIf(values: readonly string[], otherwise: string): Rule {
  return (value, settings, key) => {
    if (!values.includes(value.toLowerCase())) {
      throw settings.invalid(key, `can only be ${values.join(' or ')}: ${otherwise}`);
    }
  };
}

export function refused(why: string): Rule {
  return (_value, settings, key) => {
    throw settings.invalid(key, `is not supported: ${why}`);
  };
}

/** The same rule for several keys. */
export function each(keys: string, rule: Rule): Record<string, Rule> {
  return Object.fromEntries(keys.split(', ').map((key) => [key, rule]));
}

/** A kind of connection string. */
export class ForeignForm {
  readonly #rules: ReadonlyMap<string, readonly [key: string, rule: Rule]>;
  readonly #normalise: (key: string) => string;

  constructor(
    readonly name: string,
    readonly keys: Readonly<Record<string, Rule>>,
    private readonly behaviour: {
      readonly caseSensitive?: boolean;
      /** Of a key that occurs more than once, the first counts (ODBC); otherwise the last. */
      readonly firstWins?: boolean;
    },
  ) {
    this.#normalise = behaviour.caseSensitive === true ? (key) => key : plainKey;
    this.#rules = new Map(Object.entries(keys).map(([key, rule]) => [this.#normalise(key), [key, rule]]));
  }

  has(key: string): boolean {
    return this.#rules.has(this.#normalise(key));
  }

  /**
   * Throws a UsageError (`KB_BAD_OPTION`) for a key that is not known, not supported or has a wrong value. With
   * `mayBeSecret` a piece of a password can be among the keys.
   */
  read(pairs: readonly Pair[], mayBeSecret = false): ForeignSettings {
    const settings = new ForeignSettings(this.name);
    let secretSeen = mayBeSecret;
    const known = pairs.map((pair, index) => {
      const rule = this.#rules.get(this.#normalise(pair.key));
      if (rule === undefined) throw this.#unknownKey(pair.key, index + 1, secretSeen);
      const isText = rule[1].isText === true || rule[1].option === 'options' || SECRET.test(pair.key);
      if (!isText && holdsPassword(pair.value))
        throw swallowed(`the key "${rule[0]}" of the ${this.name}`, pair.value);
      secretSeen ||= !pair.quoted && (SECRET.test(pair.key) || FORESHADOWS_SECRET.test(pair.value));
      return [...rule, pair.value] as const;
    });
    if (this.behaviour.firstWins === true) known.reverse();
    for (const [key, rule, value] of known) {
      if (value !== '') rule(value, settings, key);
      // An empty value counts as none, unless safety depends on the option.
      else if (rule.option !== undefined && optionRule(rule.option).safety === true) {
        settings.options.say(rule.option, value);
      }
    }
    return settings;
  }

  /** After an unquoted password, what looks like a key can be a piece of it, and is not shown. */
  #unknownKey(key: string, position: number, secretSeen: boolean): UsageError {
    const ending = didYouMean(nearest(key, Object.keys(this.keys)));
    if (secretSeen || !isPresentable(key)) {
      return badOption(`The key number ${position} of the ${this.name} is not known${ending}`, NOT_SHOWN);
    }
    return badOption(
      `Unknown key "${key}" in the ${this.name}${ending}`,
      isOptionName(key)
        ? `It is an option of the driver itself: give it in an object, open(string, { ${key}: … }).`
        : 'docs/connection-strings.md lists the keys.',
    );
  }
}

/** `SSL Mode`, `SslMode` and `sslmode` are the same key. */
function plainKey(key: string): string {
  return key.toLowerCase().replace(/\s/g, '');
}

const SECRET = /passw|pwd|psw|pqopt/i;
