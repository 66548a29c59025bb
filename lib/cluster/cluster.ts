import { GivingUp, unlessGivenUp } from '../base/given-up.js';
import { nothing } from '../base/nothing.js';
import type { HostAddress, ResolvedClusterOptions } from '../config/index.js';
import { SessionState, type Operation, type Session, type SessionEvents } from '../driver/session.js';
import { ConnectionError, type KingbaseError } from '../errors/index.js';
import { evicts } from '../errors/server-going-away.js';
import type { OpenSession } from '../pool/engine.js';
import type { PoolRole } from '../pool/role.js';
import { SharedLimit } from '../pool/shared-limit.js';
import type { PoolEvents, SessionPool } from '../pool/session-pool.js';
import { AutomaticRunner } from './automatic.js';
import type { OperationRunner, ReadRunner } from './runner.js';
import { Ledger } from './ledger.js';
import type { ClusterNode, Lag, NodeRole } from './node.js';
import { positionText, type Position } from './position.js';
import { mayRunElsewhere, observe } from './question.js';
import { Reads } from './reads.js';
import { refine, termsOf, type ReadTerms, type ResolvedTerms } from './terms.js';
import { Topology } from './topology.js';

/** One server of a cluster, as `db.topology()` shows it. */
export interface TopologyNode {
  readonly host: string;
  readonly port: number;
  /** `down`: it does not answer; `unknown`: it has not been asked yet. */
  readonly role: NodeRole;
  /** Of a standby, when it was last asked; undefined where that is not known. */
  readonly lag: Lag | undefined;
  /** ms that it takes to answer. */
  readonly latency: number | undefined;
  /** Calls that it has, or that wait for it. */
  readonly inFlight: number;
}

/** What is known of a cluster. */
export interface ClusterTopology {
  /** Who takes writes; undefined where nobody does, or it cannot be told who. */
  readonly primary: { readonly host: string; readonly port: number } | undefined;
  readonly nodes: readonly TopologyNode[];
}

/** What a cluster needs of its database. */
export interface ClusterHost {
  /** Connects to one server. `watching`: only to ask it what it is. */
  connect(
    address: HostAddress,
    events: Partial<SessionEvents>,
    watching: boolean,
    signal?: GivingUp,
  ): Promise<Session>;
  pool(open: OpenSession, events: Partial<PoolEvents>, writable: boolean, role: PoolRole): SessionPool;
  /** ms that a server may take to answer a short question; 0: no limit. */
  patience(): number;
  primaryChanged(node: ClusterNode): void;
  standbyChanged(node: ClusterNode): void;
  lagChanged(node: ClusterNode): void;
}

/** What is done at the primary, and at no other: a connection that is made for writes, a question of how far it is. */
interface Attempt {
  readonly node: ClusterNode;
  readonly givingUp: GivingUp;
}

/** A primary and its standbys: which is which, and who gets what. */
export class Cluster {
  readonly topology: Topology;
  readonly ledger: Ledger;
  readonly writer: SessionPool;
  private readonly reads: Reads;
  /** Of the pools' connections together; undefined where there is none. */
  private readonly limit: SharedLimit | undefined;
  private readonly homes = new WeakMap<Session, ClusterNode>();
  /** Connections to the primary that belong to none of the pools. */
  private readonly elsewhere = new Set<Session>();
  /** Whose connections are lent for writes. */
  private home: ClusterNode | undefined;
  private readonly attempts = new Set<Attempt>();
  private lastPrimary: ClusterNode | undefined;
  private closed = false;

  constructor(
    addresses: readonly HostAddress[],
    readonly options: ResolvedClusterOptions,
    private readonly host: ClusterHost,
  ) {
    this.topology = new Topology(addresses, options, {
      connect: (address) => host.connect(address, {}, true),
      patience: () => host.patience(),
      primaryChanged: (primary) => this.follow(primary),
      logChanged: () => this.ledger.forget(),
      standbyChanged: (node) => this.serviceChanged(node),
      lagChanged: (node) => host.lagChanged(node),
      looked: () => this.reads.placeWaiting(),
    });
    this.ledger = new Ledger(() => this.askPrimary());
    if (options.maxConnections !== Infinity) this.limit = new SharedLimit(options.maxConnections);
    this.writer = host.pool(
      (signal) => this.openWriter(signal),
      {
        closed: (session, _reason, error) => this.writerClosed(session, error),
      },
      true,
      {
        admits: (session) => this.homes.get(session) === this.home,
        keepsMinimum: true,
        shared: this.limit,
      },
    );
    this.reads = new Reads({
      options,
      topology: this.topology,
      ledger: this.ledger,
      writer: this.writer,
      poolOf: (node) => this.poolOf(node),
    });
  }

  // ---- reads

  /** Runs reads under these terms. */
  readRunner(terms: ResolvedTerms): ReadRunner {
    return new ClusterReads(this.reads, terms);
  }

  /** Where calls of the database run that may go to a standby without having been made for one; undefined: nowhere. */
  get automatic(): AutomaticRunner | undefined {
    return this.options.automatic ? new AutomaticRunner(this.writer, this.readRunner(this.terms)) : undefined;
  }

  get terms(): ResolvedTerms {
    return termsOf(this.options);
  }

  /** The position of everything that was written before the call. Rejects where no primary can be asked. */
  async position(): Promise<string> {
    return positionText(await this.ledger.current());
  }

  private askPrimary(): Promise<Position> {
    return this.ofPrimary(undefined, async (node, givingUp) => {
      const { standby, place, timeline } = await unlessGivenUp(node.ask(), givingUp, nothing);
      if (standby || this.topology.primary !== node) throw notThePrimary(node);
      return { timeline, place };
    });
  }

  /** Does something at the primary, and begins again where another server becomes it in the meantime. */
  private async ofPrimary<T>(
    signal: GivingUp | undefined,
    work: (node: ClusterNode, givingUp: GivingUp) => Promise<T>,
  ): Promise<T> {
    for (;;) {
      const node = await this.topology.find();
      const attempt: Attempt = { node, givingUp: new GivingUp() };
      const stop = signal?.watch(() => attempt.givingUp.abort(signal.reason));
      this.attempts.add(attempt);
      try {
        signal?.throwIfAborted();
        return await work(node, attempt.givingUp);
      } catch (error) {
        signal?.throwIfAborted();
        if (!attempt.givingUp.aborted) throw error;
      } finally {
        this.attempts.delete(attempt);
        stop?.();
      }
    }
  }

  // ---- the primary's connections

  private openWriter(signal: GivingUp): Promise<Session> {
    return this.openOnPrimary(this.writerEvents, signal);
  }

  /** A connection to the primary that belongs to none of the pools. */
  async openElsewhere(events: SessionEvents): Promise<Session> {
    for (;;) {
      const session = await this.openOnPrimary(events);
      for (const other of this.elsewhere)
        if (other.state === SessionState.Closed) this.elsewhere.delete(other);
      this.elsewhere.add(session);
      if (this.homes.get(session) === this.home) return session;
      session.close();
    }
  }

  private openOnPrimary(events: Partial<SessionEvents>, signal?: GivingUp): Promise<Session> {
    return this.ofPrimary(signal, async (node, givingUp) => {
      try {
        return await this.openOn(node, givingUp, events);
      } catch (error) {
        if (!givingUp.aborted) void node.look();
        throw error;
      }
    });
  }

  private async openOn(
    node: ClusterNode,
    givingUp: GivingUp,
    events: Partial<SessionEvents>,
  ): Promise<Session> {
    const session = await this.host.connect(node.address, events, false, givingUp);
    try {
      const observation = await observe(session, this.host.patience(), givingUp);
      this.topology.saw(node, observation);
      this.topology.accept(node, observation);
    } catch (error) {
      session.close();
      throw error;
    }
    this.homes.set(session, node);
    return session;
  }

  private readonly writerEvents: Partial<SessionEvents> = {
    serverError: (session, sqlState) => {
      this.writer.serverError(session, sqlState);
      if (evicts(sqlState, true)) void this.homes.get(session)?.look();
    },
    finished: (_session, operation, wrote) => {
      if (!this.reads.ended(operation) || wrote) this.ledger.note();
    },
  };

  private writerClosed(session: Session, error: KingbaseError | undefined): void {
    if (error !== undefined && !this.closed) void this.homes.get(session)?.look();
  }

  /** Writes go to the primary, and to nobody else from now on. */
  private follow(primary: ClusterNode | undefined): void {
    const { split } = this.topology;
    if (primary === undefined && split.length === 0) return;
    this.home = primary;
    const elsewhere = (session: Session): boolean => this.homes.get(session) !== primary;
    const because =
      primary === undefined ? 'two servers claim to be the primary' : 'another server is the primary now';
    this.writer.give(elsewhere, because);
    // What is under way there could wait for a server that is cut off, and must not be carried out by one that is overtaken.
    this.writer.cut(elsewhere, (session) => session.drop(because));
    for (const session of this.elsewhere) if (elsewhere(session)) session.drop(because);
    for (const { node, givingUp } of this.attempts) if (node !== primary) givingUp.abort(notThePrimary(node));
    if (primary === undefined) return;
    // It serves no reads any more, and its connections count against its limit.
    primary.pool?.give(() => true, 'the server is the primary now');
    this.writer.connectNow();
    if (primary === this.lastPrimary) return;
    this.lastPrimary = primary;
    this.host.primaryChanged(primary);
  }

  // ---- the standbys' connections

  private poolOf(node: ClusterNode): SessionPool {
    const { options } = this;
    node.pool ??= this.host.pool(
      (signal) => this.openReader(node, signal),
      {
        mayRunElsewhere: (failure) => mayRunElsewhere(failure, options.automatic),
        runElsewhere: (operation, failure) => this.reads.runElsewhere(operation, node, failure),
        closed: (_session, _reason, error) => {
          if (error !== undefined) this.topology.suspect(node, error);
        },
        spare: () => this.reads.relieve(node),
      },
      false,
      {
        admits: () => node.role !== 'primary',
        shared: this.limit,
        get keepsMinimum() {
          return node.serves;
        },
      },
    );
    return node.pool;
  }

  private async openReader(node: ClusterNode, signal: GivingUp): Promise<Session> {
    try {
      const events: Partial<SessionEvents> = {
        serverError: (session, sqlState) => node.pool?.serverError(session, sqlState),
        finished: (_session, operation) => void this.reads.ended(operation),
      };
      const session = await this.host.connect(node.address, events, false, signal);
      try {
        // What is known of the server may be of the time before it was started again.
        const before = node.observation?.place ?? 0n;
        const observation = await observe(session, this.host.patience(), signal);
        node.refusal = undefined;
        this.topology.saw(node, observation);
        if (observation.place < before) this.reads.placeAgain(node.pool?.takeWaiting() ?? [], node);
      } catch (error) {
        session.close();
        throw error;
      }
      this.homes.set(session, node);
      return session;
    } catch (error) {
      if (!signal.aborted) this.leave(node, error);
      throw error;
    }
  }

  /** A connection cannot be had: what waits for one goes elsewhere. Those that there are go on. */
  private leave(node: ClusterNode, error: unknown): void {
    if (node.pool?.size === 0) this.topology.refuses(node, error);
    else this.topology.suspect(node, error);
    this.placeElsewhere(node);
  }

  /** A server has begun to serve reads, or has ceased to: then nothing waits for it any more. */
  private serviceChanged(node: ClusterNode): void {
    if (node.serves) node.pool?.connectNow();
    else this.placeElsewhere(node);
    this.host.standbyChanged(node);
  }

  private placeElsewhere(node: ClusterNode): void {
    for (const operation of node.pool?.takeWaiting() ?? [])
      this.reads.runElsewhere(operation, node, undefined);
  }

  // ---- for the database

  /** All pools, the writer's first. */
  get pools(): readonly SessionPool[] {
    const others = this.topology.nodes.flatMap(({ pool }) => (pool === undefined ? [] : [pool]));
    return [this.writer, ...others];
  }

  show(): ClusterTopology {
    const { primary, nodes } = this.topology;
    return {
      primary: primary && { host: primary.address.host, port: primary.address.port },
      nodes: nodes.map((node) => ({
        host: node.address.host,
        port: node.address.port,
        role: node.role,
        lag: node.lag,
        latency: node.observation && node.latency,
        inFlight: node.load + (node === primary ? this.writer.load : 0),
      })),
    };
  }

  /** @param timeout as of the pools */
  async close(timeout: number): Promise<void> {
    const waiting = this.reads.close(timeout);
    if (waiting !== undefined) await waiting;
    this.closed = true;
    await Promise.all(this.pools.map((pool) => pool.close(timeout)));
    this.topology.close();
  }
}

/** Runs reads under certain terms. */
class ClusterReads implements ReadRunner {
  constructor(
    private readonly reads: Reads,
    readonly terms: ResolvedTerms,
  ) {}

  run(operation: Operation): void {
    this.reads.run(operation, this.terms);
  }

  withdraw(operation: Operation): boolean {
    return this.reads.withdraw(operation);
  }

  whyWaiting(operation?: Operation): ReturnType<Reads['whyWaiting']> {
    return this.reads.whyWaiting(operation);
  }

  forCall(_sql: string, said: ReadTerms | undefined): OperationRunner {
    const terms = refine(this.terms, said);
    return terms === this.terms ? this : new ClusterReads(this.reads, terms);
  }
}

function notThePrimary(node: ClusterNode): ConnectionError {
  return new ConnectionError('KB_NO_PRIMARY', `${node.name} is not the primary any more.`, {
    outcome: 'not-sent',
    address: node.name,
    hint: 'Another server takes the writes, or will soon.',
  });
}
