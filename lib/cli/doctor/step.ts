import { inOneLine } from '../../base/in-one-line.js';
import { topicOf } from '../../errors/explain/topics.js';
import type { ErrorFacts } from '../../errors/explain/topic.js';
import type { UsageError } from '../../errors/index.js';
import type { ExitCode } from '../exit-codes.js';
import { lines, same, text, type Lines, type Text } from '../words.js';

export type Status = 'ok' | 'warn' | 'fail' | 'skip';

/** What machines are to read: strings, numbers, booleans, null, and lists and objects of them. */
export type Facts = Readonly<Record<string, unknown>>;

/** What one check found. */
export interface Outcome {
  readonly status: Status;
  /** One sentence or less. */
  readonly finding: Text;
  /** What was seen: messages of others, what a packet capture would show. */
  readonly detail?: Lines;
  /** What to do, the most likely thing first. */
  readonly remedy?: Lines;
  /** SQLSTATE or `KB_…`, where the finding has one. */
  readonly code?: string;
  readonly facts?: Facts;
}

/** One line of the checklist. */
export interface Check {
  readonly id: string;
  /** Which host it is about, where there are such checks for each. */
  readonly subject?: string;
  readonly title: Text;
  /** What the program ends with when this is the first check that fails. */
  readonly exitCode: ExitCode;
  /** None of them may have failed or been skipped. */
  readonly needs?: readonly Check[];
  /** One of them must have gone well. */
  readonly needsOneOf?: readonly Check[];
  run(): Promise<Outcome> | Outcome;
}

/** A check that is done with. Pure data: the reports are made of nothing else. */
export interface Step extends Outcome {
  readonly id: string;
  readonly subject?: string;
  readonly title: Text;
  readonly milliseconds: number;
  readonly exitCode: ExitCode;
}

/** The outcome for an error of which lib/errors/explain knows what it is and what to do. */
export function explained(
  status: 'warn' | 'fail',
  error: ErrorFacts,
  more: Partial<Pick<Outcome, 'finding' | 'detail' | 'facts'>> & { remedy?: Lines | undefined } = {},
): Outcome {
  const topic = topicOf(error);
  const headline =
    topic === undefined ? same(error.message) : { en: topic.en.headline, zh: topic.zh.headline };
  const actions = topic === undefined ? undefined : { en: topic.en.actions, zh: topic.zh.actions };
  return {
    status,
    finding: more.finding ?? headline,
    detail: lines(more.finding === undefined ? undefined : headline, more.detail),
    remedy: lines(more.remedy, actions),
    code: error.code,
    ...(more.facts === undefined ? {} : { facts: more.facts }),
  };
}

/** The outcome for something that was given wrongly: the error says what. */
export function misused(error: UsageError): Outcome {
  return explained('fail', error, {
    finding: same(error.message),
    ...(error.hint === undefined ? {} : { detail: lines(same(error.hint)) }),
  });
}

/** The server's or the library's own words, in whatever language they are. */
export function saidBy(who: 'server' | 'library' | 'system', words: string): Text {
  const line = inOneLine(words);
  const [en, zh] = {
    server: ['server', '服务器'],
    library: ['client library', '客户端库'],
    system: ['system', '系统'],
  }[who] as [string, string];
  return text(`The ${en} says: ${line}`, `${zh}信息：${line}`);
}
