import { inspect } from 'node:util';
import { configurationCheck, targetLabel, targetOf, type Given } from '../../lib/cli/doctor/configuration.js';
import { environmentCheck } from '../../lib/cli/doctor/environment.js';
import { jsonReport, stepAsText } from '../../lib/cli/doctor/report.js';
import { runChecks } from '../../lib/cli/doctor/runner.js';
import { parseConfig, type ResolvedConfig } from '../../lib/config/index.js';
import { UsageError } from '../../lib/errors/index.js';
import { open } from '../../lib/index.js';

/** Two halves, so that a password that was cut in two is found as well. */
const HALVES = ['Zq7Kv', 'Hunter2Wx'] as const;

/** What stands between the halves: what people have in passwords and forget to write otherwise. */
const BETWEEN = [
  '',
  '-',
  '+',
  '==',
  '@',
  '/',
  '#',
  '?',
  '&',
  '%',
  '%41',
  ':',
  ';',
  ' ',
  "'",
  '"',
  '{',
  '}',
  '\\',
  ',',
  '你好',
];

type Random = () => number;

/** mulberry32: the same seed gives the same strings on every machine. */
function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;

/** Strings of every form as they should be, with the password as it stands. */
const FORMS: readonly ((password: string) => string)[] = [
  (p) => `kingbase://app:${p}@db.example:54321/test?sslmode=require&application_name=x`,
  (p) => `kingbase8://app:${encodeURIComponent(p)}@[::1]:54321/test`,
  (p) => `kingbase://h1:54321,h2:54321/test?user=app&password=${p}`,
  (p) => `postgres://app:${p}@db.example/test?options=-c%20a%3Db`,
  (p) => `host=db.example port=54321 user=app password=${p} dbname=test`,
  (p) => `host='db.example' user=app password='${p}' sslmode=prefer`,
  (p) => `Driver={KingbaseES};Server=db.example;Port=54321;Database=test;Uid=app;Pwd=${p}`,
  (p) => `Driver={KingbaseES};Server=db.example;Uid=app;Pwd={${p}};pqopt={sslpassword=${p}}`,
  (p) => `Server=db.example;Port=54321;User Id=app;Password=${p};Database=test;SSL Mode=Require`,
  (p) => `Host=db.example;Username=app;Password="${p}"`,
  (p) => `jdbc:kingbase8://db.example:54321/test?user=app&password=${p}&currentSchema=s`,
  (p) => `jdbc:kingbase8://db.example/test?password=${p}&ssl=true`,
  (p) => `app:${p}@db.example/test`,
];

const SPECIAL = [...Array.from('=;:@/?#&%\'"{}[]()\\ ,+-.$\t\n\0'), '你', '://', '=='];

/** Slips: something is left out, doubled, added, or changed. They may hit the password itself. */
function slip(text: string, random: Random): string {
  const at = Math.floor(random() * (text.length + 1));
  const length = 1 + Math.floor(random() * 4);
  switch (Math.floor(random() * 5)) {
    case 0:
      return text.slice(0, at) + text.slice(at + length);
    case 1:
      return text.slice(0, at) + pick(random, SPECIAL) + text.slice(at);
    case 2:
      return text.slice(0, at) + text.slice(at, at + length).repeat(2) + text.slice(at + length);
    case 3:
      return text.slice(0, at);
    default: {
      // One special character becomes another.
      const places = Array.from(text).flatMap((character, index) =>
        SPECIAL.includes(character) ? [index] : [],
      );
      const place = places.length === 0 ? at : pick(random, places);
      return text.slice(0, place) + pick(random, SPECIAL) + text.slice(place + 1);
    }
  }
}

/** The string number `index` of a seed. */
export function malformed(seed: number, index: number): string {
  const random = randomOf(seed * 1_000_003 + index);
  const [first, second] = HALVES;
  let text = pick(random, FORMS)(first + pick(random, BETWEEN) + second);
  for (let slips = Math.floor(random() * 4); slips > 0; slips--) text = slip(text, random);
  return text;
}

/** What a string leads to that somebody may see, by what shows it. A database, which takes longest, is made on request. */
async function shownOf(
  text: string,
  withDatabase: boolean,
): Promise<{ refused: boolean; shown: Map<string, string> }> {
  const shown = new Map<string, string>();
  let config: ResolvedConfig | UsageError;
  try {
    config = parseConfig(text, {}, {}, () => 'somebody');
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    config = error;
  }
  const given: Given = { connection: text, overrides: {}, environment: { KINGBASE_URL: text } };
  if (config instanceof UsageError) {
    shown
      .set('message', config.message)
      .set('hint', config.hint ?? '')
      .set('stack', config.stack ?? '');
    shown.set('inspect', inspect(config, { showHidden: true, depth: 9 }));
    shown.set('JSON', JSON.stringify(config));
    shown.set('explain in English', config.explain('en')).set('explain in Chinese', config.explain('zh'));
  } else {
    if (!isWhole(await passwordOf(config))) return { refused: false, shown };
    shown.set('inspect of the configuration', inspect(config, { showHidden: true, depth: 4 }));
    shown.set('JSON of the configuration', JSON.stringify(config));
    shown.set('label', targetLabel(config)).set('target', JSON.stringify(targetOf(config)));
    if (withDatabase) {
      const db = open(text, { log: () => undefined });
      shown.set('inspect of the database', inspect(db, { showHidden: true, depth: 6 }));
      shown.set('JSON of the database', JSON.stringify(db));
    }
  }
  const steps = await runChecks(
    [configurationCheck(given, config), environmentCheck(given.environment)],
    () => undefined,
  );
  for (const language of ['en', 'zh'] as const) {
    const layout = { language, paint: (words: string) => words, columns: 10_000, subjects: true };
    // Its lay-out, which takes long, is the same in both.
    if (language === (text.length % 2 === 0 ? 'en' : 'zh'))
      shown.set(`doctor, ${language}`, steps.map((step) => stepAsText(step, layout)).join('\n'));
    shown.set(`doctor --json, ${language}`, JSON.stringify(jsonReport(steps, undefined, '0', language)));
  }
  return { refused: config instanceof UsageError, shown };
}

async function passwordOf({ password }: ResolvedConfig): Promise<string> {
  return typeof password === 'function' ? await password() : (password ?? '');
}

/** Whether a half of the password is in a text, in whatever case. */
export function hasSecret(text: string): boolean {
  const lower = text.toLowerCase();
  return HALVES.some((half) => lower.includes(half.toLowerCase()));
}

function isWhole(password: string): boolean {
  return HALVES.every((half) => password.includes(half));
}

export interface Leak {
  readonly index: number;
  readonly text: string;
  readonly where: string;
  readonly shown: string;
}

/**
 * Looks through what `count` malformed connection strings lead to. A string that is taken counts only where all of the
 * password is its password: after a slip it can be anything, also the name of a host.
 */
export async function plantSecrets(
  seed: number,
  count: number,
): Promise<{ refused: number; taken: number; leaks: Leak[] }> {
  const leaks: Leak[] = [];
  let [refused, taken] = [0, 0];
  for (let index = 0; index < count; index++) {
    const text = malformed(seed, index);
    const outcome = await shownOf(text, index % 50 === 0);
    if (outcome.refused) refused++;
    else if (outcome.shown.size > 0) taken++;
    for (const [where, shown] of outcome.shown) {
      if (hasSecret(shown)) {
        leaks.push({ index, text, where, shown });
        break;
      }
    }
  }
  return { refused, taken, leaks };
}
