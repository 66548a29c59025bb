import { nothing } from '../base/nothing.js';
import { startTimer } from '../base/timers.js';
import type { HostAddress, ResolvedClusterOptions } from '../config/index.js';
import type { Session } from '../driver/session.js';
import { ConnectionError, KingbaseError } from '../errors/index.js';
import { worthConnectingAgain } from '../errors/server-going-away.js';
import { backoffDelay } from '../pool/backoff.js';
import { ClusterNode, type Lag, type NodeHost } from './node.js';
import { reaches, type Position } from './position.js';
import type { Observation } from './question.js';

/** What the topology needs, and whom it tells. */
export interface TopologyHost {
  connect(address: HostAddress): Promise<Session>;
  patience(): number;
  /** Another server is the primary than before, or none is any more. */
  primaryChanged(primary: ClusterNode | undefined): void;
  /**
   * The log that the primary writes is not the one that it was: another server has it, or it ends before places that were
   * told, as after a crash in which what had not reached the disk was lost.
   */
  logChanged(): void;
  /** A server has begun to serve reads, or has ceased to. */
  standbyChanged(node: ClusterNode): void;
  /** A standby has fallen behind by more than `maxLag`, or has caught up. */
  lagChanged(node: ClusterNode): void;
  /** A server was asked, whatever came of it. */
  looked(node: ClusterNode): void;
}

/** Up to where the primary had come, at `asked` at the latest. */
interface Sample {
  readonly asked: number;
  readonly answered: number;
  readonly position: Position;
}

/** ms between looks at a server that does not answer, or while there is no primary. */
const SEARCH = { first: 50, longest: 1_000 };
/** ms: the longest time for which a server gets no reads that refuses connections for what time does not mend. */
const LONGEST_REFUSAL = 60_000;
/** ms that the other servers are waited for when the first primary is found: one of them may be a newer one. */
const GRACE = 250;
/** Samples that are kept, and ms for how long. */
const SAMPLES = 256;
const SAMPLE_AGE = 60_000;

/** Which server is what, found out by asking each of them again and again. */
export class Topology implements NodeHost {
  readonly nodes: readonly ClusterNode[];
  primary: ClusterNode | undefined;
  /** Of which the samples are. */
  private lastPrimary: ClusterNode | undefined;
  /** Those that call themselves the primary where it cannot be told which is. */
  split: readonly ClusterNode[] = [];
  /** Every server has been asked once. */
  known = false;
  private samples: Sample[] = [];
  /** The newest timeline that was seen, and the first on which there was a primary. */
  private newest = 0;
  private oldest = 0;
  /** How often servers were looked at in vain since there was a primary. */
  private fruitless = 0;
  private lookedAtAll = -Infinity;
  private beginning: Promise<unknown> | undefined;
  private found: () => void = nothing;
  private closed = false;

  constructor(
    addresses: readonly HostAddress[],
    private readonly options: ResolvedClusterOptions,
    private readonly host: TopologyHost,
  ) {
    // A server that is named twice would be two that call themselves the primary.
    this.nodes = withoutDoubles(addresses).map((address) => {
      const { weights } = options;
      const weight = weights[`${address.host}:${address.port}`] ?? weights[address.host] ?? 1;
      return new ClusterNode(address, weight, this);
    });
  }

  /** Begins to look, once. Resolves when it is known what there is to be known; never rejects. */
  begin(): Promise<unknown> {
    this.beginning ??= this.lookAtAll().then(() => {
      this.known = true;
      for (const node of this.nodes) this.host.looked(node);
    });
    return this.beginning;
  }

  private async lookAtAll(): Promise<void> {
    const grace = new Promise<void>((resolve) => {
      this.found = () => startTimer(resolve, GRACE).unref();
      if (this.primary !== undefined) this.found();
    });
    await Promise.race([Promise.all(this.nodes.map((node) => node.look())), grace]);
    this.lookedAtAll = performance.now();
  }

  /** The primary. Looks for it where none is known. Throws a ConnectionError (`KB_NO_PRIMARY`, `KB_SPLIT_BRAIN`). */
  async find(): Promise<ClusterNode> {
    if (!this.known) await this.begin();
    // Those who ask again and again are not to make more connections than the servers' own timers do.
    const lately = performance.now() - this.lookedAtAll < SEARCH.first;
    if (this.primary === undefined && this.split.length === 0 && !lately) await this.lookAtAll();
    if (this.primary === undefined) throw this.noPrimary();
    return this.primary;
  }

  private noPrimary(): unknown {
    const { split, nodes } = this;
    if (split.length > 0) return splitBrain(split);
    const refused = nodes.find(({ failure }) => {
      const code = failure?.error instanceof KingbaseError ? failure.error.code : '';
      return failure !== undefined && !worthConnectingAgain(code);
    });
    // A wrong password, no library: what has to be mended first.
    if (refused !== undefined && nodes.every(({ role }) => role === 'down')) return refused.failure?.error;
    return new ConnectionError(
      'KB_NO_PRIMARY',
      `None of ${nodes.map(({ name, role }) => `${name} (${role})`).join(', ')} is a primary.`,
      {
        outcome: 'not-sent',
        cause: nodes.find(({ failure }) => failure !== undefined)?.failure?.error,
        hint: 'A standby has not been promoted yet, or the hosts do not name all servers of the cluster.',
      },
    );
  }

  // ---- what the servers say

  connect(node: ClusterNode): Promise<Session> {
    return this.host.connect(node.address);
  }

  patience(): number {
    return this.host.patience();
  }

  saw(node: ClusterNode, observation: Observation): void {
    // What was asked before has been overtaken.
    if (this.closed || (node.observation !== undefined && observation.asked < node.observation.asked)) return;
    const { standby, place, timeline } = observation;
    node.observation = observation;
    node.position = { timeline: timeline > 0 ? timeline : this.oldest, place };
    const { refusal } = node;
    const refuses = standby && refusal !== undefined && performance.now() < refusal.until;
    if (refuses) node.failure = { error: refusal.error };
    const role = refuses ? 'down' : standby ? 'standby' : 'primary';
    // Whoever is followed on a newer timeline is the primary, though it may not answer here.
    this.newest = Math.max(this.newest, timeline);
    const changed = node.role !== role;
    node.role = role;
    this.judge();
    // What an overtaken primary says of itself tells nothing of what the present one has.
    if (this.primary === node) this.noteSample(node, observation);
    if (standby) this.judgeLag(node, observation);
    else node.lag = undefined;
    if (changed) this.host.standbyChanged(node);
    this.plan(node);
    this.host.looked(node);
  }

  failed(node: ClusterNode, error: unknown): void {
    if (this.closed) return;
    const was = node.role;
    node.failure ??= { error };
    node.role = 'down';
    node.lag = undefined;
    this.judge();
    if (was !== 'down') this.host.standbyChanged(node);
    this.plan(node);
    this.host.looked(node);
    // If it was the primary, another may be it now.
    if (was === 'primary') this.search();
  }

  /** A connection to the server has failed: it gets no reads until it has answered. */
  suspect(node: ClusterNode, error: unknown): void {
    if (this.closed) return;
    if (node.role === 'standby') {
      node.failure = { error };
      node.role = 'down';
      this.host.standbyChanged(node);
    }
    void node.look();
  }

  /** No connection for reads can be had: it gets no reads for a time, which grows until one has been had. */
  refuses(node: ClusterNode, error: unknown): void {
    const times = (node.refusal?.times ?? -1) + 1;
    const longest = isPassing(error) ? SEARCH.longest : LONGEST_REFUSAL;
    const pause = backoffDelay({ ...SEARCH, longest }, times, Math.random());
    node.refusal = { error, times, until: performance.now() + pause };
    this.suspect(node, error);
  }

  /** Looks at all of them now. */
  search(): void {
    for (const node of this.nodes) void node.look();
  }

  /** Which of those that call themselves the primary is it: the one on the newest timeline that was ever seen. */
  private judge(): void {
    const claimants = this.nodes.filter(({ role }) => role === 'primary');
    const timelines = claimants.map(({ position }) => position?.timeline ?? 0);
    this.newest = Math.max(this.newest, ...timelines);
    const current = claimants.filter(({ position }) => position?.timeline === this.newest);
    const [only] = current;
    const primary = current.length === 1 ? only : undefined;
    this.split = primary === undefined ? claimants : [];
    if (primary !== undefined) {
      this.fruitless = 0;
      this.found();
    }
    if (primary === this.primary) return;
    if (primary !== undefined && primary !== this.lastPrimary) this.beginLog();
    this.primary = primary;
    this.lastPrimary = primary ?? this.lastPrimary;
    this.host.primaryChanged(primary);
  }

  /** Whether a server that calls itself the primary is to be written to. Throws a ConnectionError. */
  accept(node: ClusterNode, observation: Observation): void {
    if (this.primary === node && !observation.standby) return;
    throw observation.standby ? this.noPrimary() : splitBrain([node]);
  }

  private plan(node: ClusterNode): void {
    clearTimeout(node.timer);
    const { recheckInterval } = this.options;
    const longest = Math.min(SEARCH.longest, recheckInterval);
    const refused = node.role === 'down' && !isPassing(node.failure?.error);
    // A password that is refused is not tried again and again, which could lock the account.
    if (this.primary === undefined) this.fruitless++;
    const searching = (node.role === 'down' && !refused) || this.primary === undefined;
    const attempt = Math.max(node.failures, Math.floor(this.fruitless / this.nodes.length));
    const left = (node.refusal?.until ?? -Infinity) - performance.now();
    const answers = node.role === 'down' && node.failures === 0 && left > 0;
    const pause = answers
      ? left + 1
      : refused
        ? Math.max(recheckInterval, 60_000)
        : searching
          ? backoffDelay({ ...SEARCH, longest }, attempt, Math.random())
          : Math.min(recheckInterval * (0.9 + 0.2 * Math.random()), (node.doubt ?? Infinity) + 1);
    node.timer = startTimer(() => void node.look(), pause).unref();
  }

  // ---- how far they are

  private noteSample(node: ClusterNode, { asked, answered }: Observation): void {
    const { position } = node;
    if (position === undefined) return;
    if (this.oldest === 0) this.oldest = position.timeline;
    const last = this.samples.at(-1);
    if (last !== undefined && !reaches(position, last.position)) this.beginLog();
    if (this.samples.length >= SAMPLES) this.samples = this.samples.filter((_each, index) => index % 2 === 1);
    this.samples.push({ asked, answered, position });
    const [first] = this.samples;
    if (first !== undefined && first.asked < asked - SAMPLE_AGE) this.samples.shift();
  }

  private beginLog(): void {
    this.samples = [];
    this.host.logChanged();
  }

  /** What has everything that was committed up to `age` ms before now; undefined where that is not known. */
  positionWithin(age: number): Position | undefined {
    const since = performance.now() - age;
    return this.samples.find(({ asked }) => asked >= since)?.position;
  }

  /** When the primary was last asked how far it is; `performance.now()`. */
  get lastSample(): number {
    return this.samples.at(-1)?.asked ?? -Infinity;
  }

  private judgeLag(node: ClusterNode, { asked, answered }: Observation): void {
    const lag = (node.lag = this.lagOf(node.position, answered));
    const { maxLag } = this.options;
    node.doubt = undefined;
    let behind = false;
    if (lag !== undefined && typeof maxLag !== 'number') {
      behind = lag.bytes > maxLag.bytes;
    } else if (lag !== undefined && typeof maxLag === 'number' && lag.ms > maxLag) {
      // `lag.ms` may be too much by the time between two looks at the primary.
      const surely = asked - this.firstMissing(node.position);
      behind = surely > maxLag || node.behind;
      if (surely <= maxLag) node.doubt = maxLag - surely;
    }
    if (behind === node.behind) return;
    node.behind = behind;
    this.host.lagChanged(node);
  }

  /** At what moment, at the latest, something was there that who is at the position does not show. */
  private firstMissing(position: Position | undefined): number {
    const first = this.samples.find(
      (sample) => position !== undefined && !reaches(position, sample.position),
    );
    return first?.answered ?? Infinity;
  }

  private lagOf(position: Position | undefined, now: number): Lag | undefined {
    const last = this.samples.at(-1);
    const [first] = this.samples;
    if (position === undefined || last === undefined || first === undefined) return undefined;
    if (reaches(position, last.position)) return { bytes: 0, ms: 0 };
    const has = this.samples.findLast((sample) => reaches(position, sample.position)) ?? first;
    const bytes = Number(last.position.place - position.place);
    return { bytes: Math.max(bytes, 0), ms: Math.round(now - has.asked) };
  }

  close(): void {
    this.closed = true;
    for (const node of this.nodes) node.close();
  }
}

function withoutDoubles(addresses: readonly HostAddress[]): readonly HostAddress[] {
  return [...new Map(addresses.map((address) => [`${address.host}:${address.port}`, address])).values()];
}

function isPassing(error: unknown): boolean {
  return error instanceof KingbaseError && worthConnectingAgain(error.code);
}

function splitBrain(claimants: readonly ClusterNode[]): ConnectionError {
  const names = claimants.map(({ name, position }) => `${name} (timeline ${position?.timeline ?? '?'})`);
  const message =
    names.length > 1
      ? `${names.join(' and ')} call themselves the primary.`
      : `${names.join('')} calls itself the primary, but one on a newer timeline has been seen.`;
  return new ConnectionError('KB_SPLIT_BRAIN', message, {
    outcome: 'not-sent',
    hint: 'Nothing is written to any of them. Find out which has the data that counts, and stop the other or make it a standby.',
  });
}
