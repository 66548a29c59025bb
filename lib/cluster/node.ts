import { nothing } from '../base/nothing.js';
import type { HostAddress } from '../config/index.js';
import type { Session, SessionOwner } from '../driver/session.js';
import type { SessionPool } from '../pool/session-pool.js';
import type { Position } from './position.js';
import { observe, type Observation } from './question.js';
import type { Candidate } from './route.js';

/** How far a standby is behind. */
export interface Lag {
  /** Bytes of the primary's log that the standby does not show yet. */
  readonly bytes: number;
  /**
   * ms: everything that was committed so long before it was last asked is there; of what is more than a minute old that is not
   * known. 0 where nothing was missing. It is measured by when the primary was asked, and can be too much by
   * `recheckInterval`.
   */
  readonly ms: number;
}

export type NodeRole = 'primary' | 'standby' | 'down' | 'unknown';

/** What a node needs of the cluster. */
export interface NodeHost {
  /** A connection to this server alone, whatever kind of server it is. */
  connect(node: ClusterNode): Promise<Session>;
  /** ms that a server may take to answer. */
  patience(): number;
  saw(node: ClusterNode, observation: Observation): void;
  failed(node: ClusterNode, error: unknown): void;
}

/** ms: what a server counts for that has not answered yet. */
const FIRST_LATENCY = 1;
/** How much the last answer counts against those before. */
const NEWS = 0.2;

/** One server of a cluster, and the connection on which it is asked what it is and how far it has come. */
export class ClusterNode implements SessionOwner, Candidate {
  role: NodeRole = 'unknown';
  observation: Observation | undefined;
  position: Position | undefined;
  lag: Lag | undefined;
  latency = FIRST_LATENCY;
  /** What it could not be asked because of; undefined where it has answered since. */
  failure: { readonly error: unknown } | undefined;
  /** Where it answers and gives no connection for reads: it serves none until then, `performance.now()`. */
  refusal: { readonly error: unknown; readonly times: number; readonly until: number } | undefined;
  /** How often in a row it could not be asked. */
  failures = 0;
  /** The next regular question. */
  timer: NodeJS.Timeout | undefined;
  /** More than `maxLag` behind, when it last answered. */
  behind = false;
  /** ms after which it will be known whether it is; undefined where that is known. */
  doubt: number | undefined;
  /** For reads; made when there is a first. */
  pool: SessionPool | undefined;

  private session: Session | undefined;
  private asking: Promise<Observation> | undefined;
  private following: Promise<Observation> | undefined;
  private closed = false;

  constructor(
    readonly address: HostAddress,
    readonly weight: number,
    private readonly cluster: NodeHost,
  ) {}

  get name(): string {
    return `${this.address.host}:${this.address.port}`;
  }

  get serves(): boolean {
    return this.role === 'standby';
  }

  get load(): number {
    return this.pool?.load ?? 0;
  }

  get free(): boolean {
    return this.pool?.free ?? true;
  }

  /** The answer to a question that is asked after this call. Whatever comes of it, the cluster is told. */
  ask(): Promise<Observation> {
    if (this.asking === undefined) return this.begin();
    this.following ??= this.asking.catch(nothing).then(() => {
      this.following = undefined;
      // One that has begun in the meantime has begun after the call, too.
      return this.asking ?? this.begin();
    });
    return this.following;
  }

  /** Asks, unless a question is under way. Never rejects. */
  async look(): Promise<void> {
    try {
      await (this.asking ?? this.begin());
    } catch {
      // The cluster has been told.
    }
  }

  private begin(): Promise<Observation> {
    const asking = this.question();
    this.asking = asking;
    const ended = (): void => {
      if (this.asking === asking) this.asking = undefined;
    };
    asking.then(ended, ended);
    return asking;
  }

  private async question(): Promise<Observation> {
    let session: Session | undefined;
    try {
      session = this.session?.idle === true ? this.session : await this.open();
      const observation = await observe(session, this.cluster.patience());
      const { asked, answered } = observation;
      this.latency += (answered - asked - this.latency) * (this.observation === undefined ? 1 : NEWS);
      this.failure = undefined;
      this.failures = 0;
      this.cluster.saw(this, observation);
      return observation;
    } catch (error) {
      session?.close();
      this.failures++;
      this.failure = { error };
      this.cluster.failed(this, error);
      throw error;
    }
  }

  private async open(): Promise<Session> {
    const session = await this.cluster.connect(this);
    if (this.closed) {
      session.close();
    } else {
      session.owner = this;
      this.session = session;
    }
    return session;
  }

  sessionIdle(): void {
    // It is asked again when its time has come.
  }

  sessionClosed(session: Session, error: unknown): void {
    if (this.session !== session) return;
    this.session = undefined;
    if (error !== undefined && !this.closed && this.asking === undefined) this.cluster.failed(this, error);
  }

  rerun(): boolean {
    return false;
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.session?.close();
  }
}
