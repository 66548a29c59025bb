import type { Language } from './topic.js';

/**
 * The language of messages by the environment, in the order of setlocale(3): the first of `LC_ALL`, `LC_MESSAGES`
 * and `LANG` that is set and not empty. Without any (Windows has none) what Intl takes from the system decides.
 */
export function systemLanguage(environment: NodeJS.ProcessEnv = process.env): Language {
  const { LC_ALL: all, LC_MESSAGES: messages, LANG: lang } = environment;
  const locale = all || messages || lang || Intl.DateTimeFormat().resolvedOptions().locale;
  return /^zh/i.test(locale) ? 'zh' : 'en';
}
