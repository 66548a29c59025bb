import { spaced } from '../../base/chinese-spacing.js';
import { BATCHES } from './batches.js';
import { CALLS } from './calls.js';
import { CLUSTERS } from './clusters.js';
import { CONNECTING } from './connecting.js';
import { FOREIGN_STRINGS } from './foreign-strings.js';
import { OPTIONS } from './options.js';
import { PHRASES } from './phrases.js';
import { POOL } from './pool.js';
import { SPEAKING, type Pair } from './pair.js';
import { SESSIONS } from './sessions.js';
import { VALUES } from './values.js';

/** A text of this package in English, cut at its holes, and the same in Chinese. */
interface Rule {
  readonly between: readonly string[];
  readonly holes: readonly string[];
  readonly chinese: string;
}

/** Longer texts are not of this package's own words only, and would be cut for the reader anyway. */
const LONGEST = 4_000;

/** What stands in a hole can have holes of its own: an option, its kind, a reason. */
const DEEPEST = 4;

/** Where a sentence ends and another begins. */
const BETWEEN_SENTENCES = /(?<=[.?]) (?=["A-Z])/g;

/** All that is said. */
export const PAIRS: readonly Pair[] = [
  OPTIONS,
  FOREIGN_STRINGS,
  CALLS,
  VALUES,
  BATCHES,
  SESSIONS,
  POOL,
  CLUSTERS,
  CONNECTING,
  PHRASES,
].flat();

let exact: ReadonlyMap<string, string> | undefined;
let rules: readonly Rule[] | undefined;

/**
 * What one of this package's messages or hints says, in Chinese; undefined for what is not of the package's own words, such
 * as what a server or a library said. Pieces of it that are (a library's "Connection refused") stand as they were.
 */
export function inChinese(text: string): string | undefined {
  return text.length > LONGEST ? undefined : translate(text, 0);
}

/** The same for a text that may be a server's, which could look like one with holes. */
export function knownInChinese(text: string): string | undefined {
  [exact, rules] = exact === undefined || rules === undefined ? read() : [exact, rules];
  return exact.get(text);
}

function translate(text: string, depth: number): string | undefined {
  if (exact === undefined || rules === undefined) [exact, rules] = read();
  const whole = exact.get(text);
  if (whole !== undefined) return whole;
  if (depth >= DEEPEST) return undefined;
  for (const rule of rules) {
    const values = valuesIn(text, rule);
    if (values === undefined) continue;
    // What follows a sentence is not a part of the name in its last hole, where it can be understood by itself.
    const apart = values.some((value) => value.search(BETWEEN_SENTENCES) >= 0)
      ? sentences(text, depth)
      : undefined;
    return apart ?? filled(rule, values, depth);
  }
  return sentences(text, depth);
}

function sentences(text: string, depth: number): string | undefined {
  for (const { index } of text.matchAll(BETWEEN_SENTENCES)) {
    const first = translate(text.slice(0, index), depth + 1);
    const rest = first === undefined ? undefined : translate(text.slice(index + 1), depth);
    if (first !== undefined && rest !== undefined) return first + rest;
  }
  return undefined;
}

/** What stands in the holes, where the text is the rule's; each as short as it can be, so that the work is linear. */
function valuesIn(text: string, { between, holes }: Rule): string[] | undefined {
  const [start = '', ...others] = between;
  const end = others.at(-1) ?? '';
  if (!text.startsWith(start) || !text.endsWith(end)) return undefined;
  let at = start.length;
  const values: string[] = [];
  for (const [i, words] of others.entries()) {
    const found = i === holes.length - 1 ? text.length - end.length : text.indexOf(words, at);
    if (found < at) return undefined;
    values.push(text.slice(at, found));
    at = found + words.length;
  }
  return values;
}

function filled({ holes, chinese }: Rule, values: readonly string[], depth: number): string {
  return spaced(
    chinese.split(/«(\w+)»/).map((piece, i) => {
      if (i % 2 === 0) return { text: piece, isOwn: true };
      const value = values[holes.indexOf(piece)] ?? '';
      if (piece.startsWith('list')) return { text: value.replace(/, | or | and /g, '、'), isOwn: false };
      const own = SPEAKING.has(piece) ? (translate(value, depth + 1) ?? ofClass(value)) : undefined;
      return { text: own ?? value, isOwn: own !== undefined };
    }),
  );
}

/** "a Map" by the name of its class alone: Chinese has no article. */
function ofClass(value: string): string | undefined {
  return /^an? ([A-Z]\w*)$/.exec(value)?.[1];
}

function read(): [ReadonlyMap<string, string>, readonly Rule[]] {
  const plain = PAIRS.filter(([english]) => !english.includes('«'));
  const withHoles = PAIRS.filter(([english]) => english.includes('«')).map(([english, chinese]): Rule => {
    const pieces = english.split(/«(\w+)»/);
    return {
      between: pieces.filter((_, i) => i % 2 === 0),
      holes: pieces.filter((_, i) => i % 2 === 1),
      chinese,
    };
  });
  // Where two rules fit, the one that says more of the text itself is the right one.
  const said = ({ between }: Rule): number => between.join('').length;
  return [new Map(plain), withHoles.sort((a, b) => said(b) - said(a))];
}
