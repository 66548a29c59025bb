const MOST = 64;

/** Control characters, line and paragraph separators, what turns the direction of writing, and halves of characters. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/gu;

/**
 * A piece of what somebody gave, for a message: at most `most` characters, and nothing in it that a terminal, a log or a
 * reader's eye would take for something else. Names can come from a request, and messages are logged.
 */
export function shown(text: string, most = MOST): string {
  const cut = text.length > most ? `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…` : text;
  return cut.replace(
    UNPRINTABLE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
