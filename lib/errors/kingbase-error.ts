import type { KingbaseErrorCode, SqlState } from './codes.js';
import { explain } from './explain/explain.js';
import { systemLanguage } from './explain/language.js';
import type { Language } from './explain/topic.js';

/** What every error of this package is. `code` is stable and made for programs; `message` is made for people. */
export class KingbaseError extends Error {
  static {
    this.prototype.name = 'KingbaseError';
  }

  /** A SQLSTATE for what the server reported, `KB_…` for everything else. */
  readonly code: KingbaseErrorCode | SqlState;

  /** What to do about it, where that is known. */
  declare readonly hint?: string;

  /** Of a batch insert: the row that was refused, counted from 0 in the order in which the rows were given. */
  declare readonly rowIndex?: number;

  /** Of a batch insert: what kind of JavaScript value was refused, such as `string` or `Date`. */
  declare readonly valueType?: string;

  #sql: string | undefined;

  constructor(
    code: KingbaseErrorCode | SqlState,
    message: string,
    options: { cause?: unknown; hint?: string | undefined } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    // Absent rather than undefined, here and in the subclasses: util.inspect prints every own property.
    if (options.hint !== undefined) this.hint = options.hint;
  }

  /**
   * The text of the statement that was refused or interrupted, as it was sent: with `$1`, `$2`, … in place of other
   * placeholders, so that `position` counts in it. Its parameters are not in it. Undefined where the error is about no
   * statement. Neither `util.inspect` nor `JSON.stringify` shows it.
   */
  get sql(): string | undefined {
    // Also asked of the prototype and of proxies, which have no such field.
    return #sql in this ? this.#sql : undefined;
  }

  /** @internal The first call counts. */
  noteStatement(sql: string): void {
    this.#sql ??= sql;
  }

  /**
   * What happened, the likely causes in the order of their likelihood and what to do, as plain text of some 20 lines
   * for a terminal or a log. It is found by `code`, not by the language of the message.
   *
   * @param language by default Chinese where the locale (`LC_ALL`, `LC_MESSAGES`, `LANG`, or the system's) is, else
   *   English
   */
  explain(language?: Language): string {
    return explain(this, language === 'zh' || language === 'en' ? language : systemLanguage());
  }
}
