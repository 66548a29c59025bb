import { reaches, type Position } from './position.js';

/** A server that a read may go to, as far as that matters for it. */
export interface Candidate {
  /** It is a standby and answers. */
  readonly serves: boolean;
  /** How far it is known to have come; undefined where that is not known. */
  readonly position: Position | undefined;
  /** Calls that it has, or that wait for it. */
  readonly load: number;
  /** It has a connection for one more, or can make one. */
  readonly free: boolean;
  /** ms that it takes to answer. */
  readonly latency: number;
  /** How much of the reads it is to have in proportion to the others. */
  readonly weight: number;
}

/** What a read asks for. */
export interface Demand<C> {
  /** What the server must have; undefined: nothing. */
  readonly needed: Position | undefined;
  /** The read has failed there. */
  readonly tried: ReadonlySet<C> | undefined;
  /** Which is to be taken before all others, if it may be. */
  readonly preferred: C | undefined;
  /** From 0 to 1. */
  readonly primaryShare: number;
  /** The primary may serve it. */
  readonly primaryAllowed: boolean;
  /** It may wait for a standby to come as far as is needed. */
  readonly mayWait: boolean;
}

/** Where a read goes: to a standby, to the primary; it waits; or there is nobody who may serve it. */
export type Route<C> = C | 'primary' | 'wait' | 'nobody';

/**
 * Decides where a read goes. Of those that may serve it two are drawn, by their weights, and the one with less to do has
 * it ("power of two choices"): the load stays even, and a server that has just come back is not run over. It waits for a
 * connection only where none of them has one to give.
 *
 * @param random gives numbers from 0 up to 1
 */
export function route<C extends Candidate>(
  standbys: readonly C[],
  demand: Demand<C>,
  random: () => number,
): Route<C> {
  const { needed, tried, preferred, primaryShare, primaryAllowed, mayWait } = demand;
  if (primaryAllowed && primaryShare > 0 && random() < primaryShare) return 'primary';
  let able: C[] = [];
  let serving = false;
  let free = 0;
  for (const each of standbys) {
    if (!each.serves || tried?.has(each) === true) continue;
    serving = true;
    if (!has(each, needed)) continue;
    able.push(each);
    if (isFree(each)) free++;
  }
  if (preferred !== undefined && able.includes(preferred)) return preferred;
  if (free > 0 && free < able.length) able = able.filter(isFree);
  const first = draw(able, undefined, random);
  if (first !== undefined) {
    const second = able.length > 1 ? draw(able, first, random) : undefined;
    // One without any weight is only for what no other can serve.
    if (second === undefined || (second.weight === 0 && first.weight > 0)) return first;
    return work(second, first) < work(first, second) ? second : first;
  }
  if (serving && mayWait) return 'wait';
  return primaryAllowed ? 'primary' : 'nobody';
}

function has({ position }: Candidate, needed: Position | undefined): boolean {
  return needed === undefined || (position !== undefined && reaches(position, needed));
}

/** Whether a read may go to the server: nothing of how much it has to do counts. */
export function mayServe<C extends Candidate>(
  server: C,
  needed: Position | undefined,
  tried: ReadonlySet<C> | undefined,
): boolean {
  return server.serves && tried?.has(server) !== true && has(server, needed);
}

/** One without any weight relieves nobody. */
function isFree({ free, weight }: Candidate): boolean {
  return free && weight > 0;
}

/** ms: differences between latencies below this say more of the moment at which they were measured than of the servers. */
const NEAR = 10;

/**
 * How long a read would take, as far as that can be told: what is in flight counts in proportion to what the server is to
 * have compared with the other.
 */
function work({ load, latency, weight }: Candidate, other: Candidate): number {
  const share = weight > 0 ? (2 * weight) / (weight + other.weight) : 1;
  return (load / share + 1) * Math.max(latency, NEAR);
}

/** One of them but for `except`, each as likely as its weight says. */
function draw<C extends Candidate>(
  from: readonly C[],
  except: C | undefined,
  random: () => number,
): C | undefined {
  let total = 0;
  let count = 0;
  for (const each of from) {
    if (each === except) continue;
    total += each.weight;
    count++;
  }
  let left = random() * (total > 0 ? total : count);
  let last: C | undefined;
  for (const each of from) {
    if (each === except) continue;
    left -= total > 0 ? each.weight : 1;
    if (left < 0) return each;
    last = each;
  }
  return last;
}
