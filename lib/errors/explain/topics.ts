import { ADDON } from './addon.js';
import { ADMISSION } from './admission.js';
import { CLUSTER } from './cluster.js';
import { CONNECTING } from './connecting.js';
import { CONSTRAINTS } from './constraints.js';
import { DATA } from './data.js';
import { LIBRARY } from './library.js';
import { LOGIN } from './login.js';
import { LOSS } from './loss.js';
import { NAMES } from './names.js';
import { OTHER_CLASSES } from './other-classes.js';
import { POOL } from './pool.js';
import { RESOURCES } from './resources.js';
import { SERVER } from './server.js';
import { STATEMENTS } from './statements.js';
import { STREAMS } from './streams.js';
import { TIMEOUTS } from './timeouts.js';
import { TLS } from './tls.js';
import type { ErrorFacts, Topic } from './topic.js';
import { TRANSACTIONS } from './transactions.js';
import { USAGE } from './usage.js';
import { VENDOR_REFUSALS } from './vendor-refusals.js';

/** Everything that is known, in the order in which topics of the same code are tried. */
export const TOPICS: readonly Topic[] = [
  ...CONNECTING,
  ...TLS,
  ...LOGIN,
  ...ADMISSION,
  ...VENDOR_REFUSALS,
  ...ADDON,
  ...LIBRARY,
  ...LOSS,
  ...RESOURCES,
  ...POOL,
  ...CLUSTER,
  ...TIMEOUTS,
  ...USAGE,
  ...STREAMS,
  ...NAMES,
  ...STATEMENTS,
  ...CONSTRAINTS,
  ...DATA,
  ...TRANSACTIONS,
  ...SERVER,
  ...OTHER_CLASSES,
];

const byCode = new Map<string, Topic[]>();
for (const topic of TOPICS) {
  for (const code of topic.codes) {
    const topics = byCode.get(code);
    if (topics === undefined) byCode.set(code, [topic]);
    else topics.push(topic);
  }
}

/**
 * The topic that explains an error. Those of its exact code come before those of the code's class (the first two
 * characters), but one that recognises the message comes before all that do not look at it.
 */
export function topicOf(error: ErrorFacts): Topic | undefined {
  const fitting = [error.code, error.code.slice(0, 2)]
    .flatMap((code) => byCode.get(code) ?? [])
    .filter(({ when, text }) => {
      if (when?.(error) === false) return false;
      return text === undefined || text.en.test(error.message) || text.zh.test(error.message);
    });
  return fitting.find(({ text }) => text !== undefined) ?? fitting[0];
}
