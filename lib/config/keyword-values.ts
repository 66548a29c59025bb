import { itWas } from '../base/kind-of.js';
import { nearest } from '../errors/nearest.js';
import { badOption, didYouMean, optionRule, type LibraryKeyword } from './options.js';
import { noNul } from './setting-values.js';

/**
 * What the value of a keyword can be. The library looks at most of them only when it connects, some it takes for something
 * else, and some it passes over without a word.
 */
interface ValueForm {
  /** The end of "must be …": all that it takes. */
  readonly what: string;
  /** The value as the library has it; undefined for what it cannot be. */
  readonly read: (value: unknown) => string | undefined;
}

const TEXT: ValueForm = {
  what: 'a string',
  read: (value) => (typeof value === 'string' ? value : undefined),
};
const PATH: ValueForm = { ...TEXT, what: 'a path' };

const SWITCHES: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  ...[true, 'true', 1, '1'].map((on) => [on, '1'] as const),
  ...[false, 'false', 0, '0'].map((off) => [off, '0'] as const),
]);
const SWITCH: ValueForm = {
  what: 'true or false, or the number 1 or 0',
  read: (value) => SWITCHES.get(value),
};

/** The library has whole numbers of 32 bits. */
const MOST = 2 ** 31 - 1;

function count(unit: string, most = MOST): ValueForm {
  return {
    what: `a whole number${unit} from 0 to ${most}`,
    read: (value) => {
      const digits = typeof value === 'number' ? String(value) : value;
      if (typeof digits !== 'string' || !/^\s*\d{1,10}\s*$/.test(digits)) return undefined;
      return Number(digits) <= most ? digits.trim() : undefined;
    },
  };
}

function like(pattern: RegExp, example: string): ValueForm {
  return {
    what: `a version such as '${example}', in quotes`,
    read: (value) => (typeof value === 'string' && pattern.test(value) ? value : undefined),
  };
}

/** Which there are the library says; Kingbase's may know others than libpq, for the protocol of the national algorithms. */
const TLS_VERSION = like(/^[a-z]+v\d(?:\.\d)?$/i, 'TLSv1.2');
const PROTOCOL_VERSION = like(/^(?:\d{1,2}\.\d{1,2}|latest)$/, '3.0');
const SECONDS = count(' of seconds');

/** Of the keywords that have no list of choices. A keyword that is in neither does not compile. */
const FORMS: Readonly<Record<Exclude<LibraryKeyword, KeywordWithChoices>, ValueForm>> = {
  passfile: PATH,
  service: TEXT,
  servicefile: PATH,
  options: TEXT,
  keepalives: SWITCH,
  keepalives_idle: SECONDS,
  keepalives_interval: SECONDS,
  keepalives_count: count(''),
  tcp_user_timeout: count(' of milliseconds'),
  sslcompression: SWITCH,
  sslcert: PATH,
  sslkey: PATH,
  sslpassword: TEXT,
  sslrootcert: PATH,
  sslcrl: PATH,
  sslcrldir: PATH,
  sslsni: SWITCH,
  sslkeylogfile: PATH,
  ssl_min_protocol_version: TLS_VERSION,
  ssl_max_protocol_version: TLS_VERSION,
  min_protocol_version: PROTOCOL_VERSION,
  max_protocol_version: PROTOCOL_VERSION,
  requirepeer: TEXT,
  require_auth: TEXT,
  scram_client_key: TEXT,
  scram_server_key: TEXT,
  krbsrvname: TEXT,
  gssdelegation: SWITCH,
  socket_timeout: SECONDS,
  'zip-level': count('', 9),
};

type KeywordWithChoices =
  | 'target_session_attrs'
  | 'sslmode'
  | 'sslnegotiation'
  | 'sslcertmode'
  | 'channel_binding'
  | 'gssencmode'
  | 'gsslib';

/**
 * What was given for a keyword as the library takes it. Throws a UsageError (`KB_BAD_OPTION`) for what it cannot be, and does
 * not quote it: it can be a secret.
 */
export function keywordValue(name: LibraryKeyword, given: unknown): string {
  const { choices } = optionRule(name);
  if (choices !== undefined) return choiceOf(name, choices, given);
  const { what, read } = FORMS[name as keyof typeof FORMS];
  const value = read(given);
  if (value === undefined) throw badOption(`The option "${name}" must be ${what}.`, itWas(given));
  return noNul(name, value);
}

function choiceOf(name: LibraryKeyword, choices: readonly string[], given: unknown): string {
  if (typeof given !== 'string')
    throw badOption(`The option "${name}" must be one of ${choices.join(', ')}.`, itWas(given));
  if (choices.includes(given)) return given;
  // In a connection string that was read other than meant, the value can hold what comes after it.
  const shown = /^[a-z][a-z_-]{0,20}$/i.test(given) ? `"${given}"` : 'what was given';
  throw badOption(
    `The option "${name}" cannot be ${shown}${didYouMean(nearest(given, choices))}`,
    `It is one of ${choices.join(', ')}.`,
  );
}
