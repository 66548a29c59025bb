import { badOption, FORESHADOWS_SECRET, optionName } from './options.js';
import { StringSettings } from './string-settings.js';

// A value is quoted, or runs to the next space; in both a backslash takes the next character as it is.
const PAIR = /\s*([^\s=']+)\s*=\s*(?:'((?:[^'\\]|\\[^])*)'|((?:[^\s'\\]|\\[^])(?:[^\s\\]|\\[^])*)|)(?=\s|$)/y;

/**
 * Reads a keyword string by libpq's rules (manual, "Keyword/Value Connection Strings"): `key = value` pairs with
 * optional spaces around `=`, `'…'` around values that are empty or hold spaces, and `\` before `'` and `\`.
 */
export function parseKeywordString(text: string, form = 'connection string'): StringSettings {
  const settings = new StringSettings(form);
  // A URL without its scheme begins with user and password.
  let secretSeen = text.includes('@');
  const end = text.trimEnd().length;
  PAIR.lastIndex = 0;
  let position = 0;
  while (position < end) {
    const match = PAIR.exec(text);
    if (match === null) {
      // Nothing of the string is quoted here: it could be a piece of the password.
      throw badOption(
        'The connection string cannot be read: it must be a list of key=value pairs separated by spaces.',
        "A value that contains a space, or is empty, stands in '…'; in it ' and \\ are written \\' and \\\\.",
      );
    }
    position = PAIR.lastIndex;
    const [, key = '', quoted, plain = ''] = match;
    // Where an unquoted password holds a space, the rest of it looks like keywords.
    // Where a key has lost its sign, the next one stands before a second. A password in Base64 ends with the sign.
    const isBare = quoted === undefined && (plain === '' || plain.startsWith('='));
    const name = optionName(key, secretSeen || isBare);
    secretSeen ||= quoted === undefined && (key === 'password' || FORESHADOWS_SECRET.test(plain));
    settings.say(name, (quoted ?? plain).replace(/\\([^])/g, '$1'), key);
  }
  return settings;
}
