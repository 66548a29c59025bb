/** One text in the languages of this package. */
export interface Words {
  readonly en: string;
  readonly zh: string;
}

/** At most eight names; an OpenSSL that is taken for a client library lacks them all. */
export function enumerate(names: readonly string[]): Words {
  const shown = names.slice(0, 8);
  const rest = names.length - shown.length;
  return {
    en: rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', '),
    zh: rest > 0 ? `${shown.join('、')} 以及另外 ${rest} 个` : shown.join('、'),
  };
}
