import { badOption, optionRule, type OptionName } from './options.js';

/**
 * What a connection string says, whatever its form. Strings are stored, built from parts and written by others, so they
 * may not say everything that an object may: no string loads code or writes a file, none reaches for a file over the
 * network, and none leaves open which of two values of a safety option counts.
 */
export class StringSettings extends Map<OptionName, unknown> {
  readonly #spellings = new Map<OptionName, string>();

  /** @param form what it is called in an error: "connection URL" */
  constructor(readonly form: string) {
    super();
  }

  /**
   * Notes what the string says. Of an option that it says twice the later value counts, unless safety depends on it.
   * Throws a UsageError (`KB_BAD_OPTION`), which does not quote the value.
   */
  say(name: OptionName, value: string, spelling: string = name): void {
    const { kind, safety } = optionRule(name);
    if (kind === 'code' || kind === 'output' || kind === 'object') {
      throw badOption(
        `The option "${name}" cannot be given in a connection string.`,
        kind === 'object'
          ? 'Give it in an object: open(string, { … }).'
          : `It ${kind === 'code' ? 'loads code' : 'writes a file'}, and whoever writes a connection string must ` +
              `not decide that. Give it in an object: open(string, { ${name}: … })${orByVariable(name)}.`,
      );
    }
    if (safety === true && value === '') {
      throw badOption(
        `The option "${name}" is empty in the ${this.form}.`,
        'How safe the connection is depends on it: give a value, or leave the option out.',
      );
    }
    if (safety === true && this.has(name)) {
      throw badOption(
        `The option "${name}" is given twice in the ${this.form}.`,
        'How safe the connection is depends on it: give it once.',
      );
    }
    const before = this.#spellings.get(name);
    if (before !== undefined && before !== spelling) {
      throw badOption(
        `The option "${name}" is given twice in the ${this.form}, as "${before}" and as "${spelling}".`,
      );
    }
    this.#spellings.set(name, spelling);
    if (kind === 'file' && /^[\\/]{2}/.test(value)) {
      throw badOption(
        `The option "${name}" names a file on another machine, which a connection string cannot.`,
        "Windows would log in there with the user's credentials. Give it in an object, or use a local file.",
      );
    }
    this.set(name, value);
  }
}

function orByVariable(name: OptionName): string {
  return name === 'clientLibrary' ? ', or set KINGBASE_CLIENT_LIBRARY' : '';
}
