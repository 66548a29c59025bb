import type { Language } from '../errors/index.js';

/** One text in both languages. */
export type Text = Readonly<Record<Language, string>>;

/** Lines in both languages; the languages may differ in their number. */
export type Lines = Readonly<Record<Language, readonly string[]>>;

export function text(en: string, zh: string): Text {
  return { en, zh };
}

/** For what is the same in both languages: names, versions, what a server or the system said. */
export function same(words: string): Text {
  return { en: words, zh: words };
}

export function lines(...texts: readonly (Text | Lines | undefined)[]): Lines {
  const given = texts.filter((each) => each !== undefined);
  return { en: given.flatMap(({ en }) => en), zh: given.flatMap(({ zh }) => zh) };
}
