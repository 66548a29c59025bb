import { startTimer } from '../base/timers.js';
import type { NativeFailure } from '../addon/interface.js';
import type { MaxLag, ResolvedClusterOptions } from '../config/index.js';
import { commandError } from '../driver/failure.js';
import type { Operation } from '../driver/session.js';
import { poolClosed, type WaitReason } from '../pool/refusals.js';
import type { SessionPool } from '../pool/session-pool.js';
import type { Ledger } from './ledger.js';
import { noStandby, reasonOfWaiting } from './no-standby.js';
import { ClusterNode } from './node.js';
import { before, later, type Position } from './position.js';
import { needsPrimary } from './question.js';
import { Read, readOf } from './read.js';
import { mayServe, route, type Route } from './route.js';
import type { ReadSession } from './read-session.js';
import type { ResolvedTerms } from './terms.js';
import type { Topology } from './topology.js';

/** ms between two looks at the standbys while a read waits for one of them, growing from the first to the last. */
const FIRST_LOOK = 1;
const LAST_LOOK = 16;

/** What placing reads needs of the cluster. */
export interface ReadsHost {
  readonly options: ResolvedClusterOptions;
  readonly topology: Topology;
  readonly ledger: Ledger;
  readonly writer: SessionPool;
  poolOf(node: ClusterNode): SessionPool;
}

/** Says which server each read goes to, and lets those wait for which none is fit yet. */
export class Reads {
  private readonly waiting = new Map<Operation, Read>();
  private polling: NodeJS.Timeout | undefined;
  private pause = FIRST_LOOK;
  private asking = false;
  private closing: (() => void) | undefined;
  private closed = false;

  constructor(private readonly host: ReadsHost) {}

  // ---- the way of a read

  run(operation: Operation, terms: ResolvedTerms): void {
    if (this.closed) {
      operation.refuse(poolClosed());
      return;
    }
    const read = new Read(operation, terms, this.host.ledger.writes);
    // On the operation, since what is found by a WeakMap costs more than all the rest.
    operation.ticket = read;
    this.place(read);
  }

  private place(read: Read): void {
    const decision = this.decide(read);
    if (decision === 'wait') this.wait(read);
    else if (decision === 'primary') this.goToPrimary(read);
    else if (decision === 'nobody') this.refuse(read);
    else this.go(read, decision);
  }

  private decide(read: Read): Route<ClusterNode> {
    const { terms, late } = read;
    const { topology, options } = this.host;
    const primaryAllowed = this.mayGoToPrimary(read);
    if (read.onPrimary) return primaryAllowed ? 'primary' : 'nobody';
    if (!topology.known && !(late && primaryAllowed)) {
      void topology.begin();
      return 'wait';
    }
    // The primary need not be asked what a standby would have to have where there is none.
    const { nodes } = topology;
    if (!nodes.some((node) => node.serves && read.tried?.has(node) !== true)) {
      if (primaryAllowed) return 'primary';
      if (!read.tryAgain(nodes)) return this.mayCome(read) ? 'wait' : 'nobody';
    }
    const needed = this.neededBy(read);
    if (needed === 'unknown') return !late ? 'wait' : primaryAllowed ? 'primary' : 'nobody';
    const { session } = terms;
    const place = session?.place;
    return route(
      nodes,
      {
        needed: needed.position,
        tried: read.tried,
        preferred: place instanceof ClusterNode ? place : undefined,
        primaryShare: read.tried === undefined ? options.primaryShare : 0,
        primaryAllowed,
        mayWait: !late && terms.maxWait > 0,
      },
      Math.random,
    );
  }

  private mayGoToPrimary({ terms }: Read): boolean {
    return this.host.options.primaryFallback || terms.consistency === 'primary';
  }

  /** Whether a standby may yet serve a read that has none: one that failed is asked again and again. */
  private mayCome({ late, terms, isSpent }: Read): boolean {
    if (late || terms.maxWait === 0 || isSpent) return false;
    return this.host.topology.nodes.some(({ role }) => role !== 'primary');
  }

  /** What a server must have to serve the read; unknown where the primary has to be asked first, which is done. */
  private neededBy(read: Read): { position: Position | undefined } | 'unknown' {
    const { terms } = read;
    const { ledger } = this.host;
    if (terms.consistency === 'eventual') return { position: terms.after };
    if (terms.consistency === 'bounded') {
      const position = this.bound(read, terms.maxLag);
      return position === undefined ? 'unknown' : { position: later(position, terms.after) };
    }
    if (terms.session !== undefined && !this.follows(read, terms.session)) return 'unknown';
    if (!ledger.covers(read.write)) {
      this.ask();
      return 'unknown';
    }
    return { position: later(read.write > 0 ? ledger.position : undefined, terms.after) };
  }

  /** What a read has that is not further behind than this; undefined where the primary has to be asked first, which is done. */
  private bound(read: Read, maxLag: MaxLag): Position | undefined {
    const { ledger, topology } = this.host;
    if (typeof maxLag === 'number') {
      const position = topology.positionWithin(maxLag);
      // So that the next need not wait either.
      if (topology.lastSample < performance.now() - maxLag / 2) this.ask();
      return position;
    }
    // How far the primary is at this moment only it can say.
    if (!read.counted) {
      ledger.note();
      read.write = ledger.writes;
      read.counted = true;
    }
    if (!ledger.covers(read.write)) this.ask();
    else if (ledger.position !== undefined) return before(ledger.position, maxLag.bytes);
    return undefined;
  }

  /** Whether it is settled what the read must show for those before it in its session. */
  private follows(read: Read, session: ReadSession): boolean {
    const { ledger, topology } = this.host;
    if (read.moment !== undefined) {
      if (!ledger.covers(read.write)) return true;
      session.settled(read.moment);
      return true;
    }
    const { place } = session;
    if (place === undefined) return true;
    if (
      place instanceof ClusterNode &&
      place.serves &&
      read.tried?.has(place) !== true &&
      place !== topology.primary
    ) {
      const { position } = place;
      const needed = later(read.write > 0 ? ledger.position : undefined, read.terms.after);
      const fit = ledger.covers(read.write) && position !== undefined;
      if (fit && mayServe(place, needed, undefined)) return true;
    }
    // Whatever has been shown, the primary has it: as if it had been written.
    ledger.note();
    read.write = ledger.writes;
    read.moment = session.moment();
    return true;
  }

  /** Has the primary say how far it is. What waits for that goes on afterwards, all of it together. */
  private ask(): void {
    if (this.asking) return;
    this.asking = true;
    this.host.ledger.refresh().then(
      () => {
        this.asking = false;
        this.placeWaiting();
      },
      (error: unknown) => {
        this.asking = false;
        this.positionFailed(error);
      },
    );
  }

  /**
   * There is no primary that could say what is needed: where there is none, none can be asked for the rows either. What may not
   * go there waits on, and asks again when servers have been looked at.
   */
  private positionFailed(error: unknown): void {
    for (const read of [...this.waiting.values()]) {
      if (read.terms.consistency === 'eventual') continue;
      if (!this.mayGoToPrimary(read)) {
        read.failure = { error };
        continue;
      }
      read.late = true;
      this.stopWaiting(read);
      this.place(read);
    }
  }

  private go(read: Read, node: ClusterNode): void {
    read.at = node;
    read.terms.session?.begun(node);
    this.host.poolOf(node).run(read.operation);
  }

  /** A server has a connection for which nobody waits: it takes over what waits for one of another server's. */
  relieve(node: ClusterNode): void {
    while (node.serves && node.weight > 0 && node.free) {
      const busiest = this.longestWait(node);
      const operation = busiest?.pool?.yieldFirst((first) => this.mayMove(first, node));
      const read = operation && readOf(operation);
      if (operation === undefined || read === undefined) return;
      read.at = node;
      this.host.poolOf(node).takeOver(operation);
    }
  }

  /** Of the other servers the one whose first read has waited for the longest time. */
  private longestWait(except: ClusterNode): ClusterNode | undefined {
    let longest: ClusterNode | undefined;
    let since = Infinity;
    for (const node of this.host.topology.nodes) {
      const { pool } = node;
      if (node === except || pool === undefined || pool.waiting === 0) continue;
      if (longest !== undefined && pool.firstSince >= since) continue;
      longest = node;
      since = pool.firstSince;
    }
    return longest;
  }

  /** Whether a read that has been given to one server could be given to this one now. */
  private mayMove(operation: Operation, node: ClusterNode): boolean {
    const read = readOf(operation);
    // A session stays with its server.
    if (read === undefined || read.terms.session !== undefined) return false;
    const needed = this.neededBy(read);
    if (needed === 'unknown') return false;
    return mayServe(node, needed.position, read.tried);
  }

  private goToPrimary(read: Read): void {
    const { topology, writer } = this.host;
    read.at = topology.primary ?? topology.nodes[0];
    if (read.at !== undefined) read.terms.session?.begun(read.at);
    // What a standby has refused as a write is one, and what was meant for the primary may be.
    if (!read.onPrimary) read.primaryReads = true;
    writer.run(read.operation);
  }

  private refuse({ operation, failure }: Read): void {
    operation.refuse(noStandby(this.host.topology.nodes, failure));
  }

  // ---- waiting

  private wait(read: Read): void {
    this.waiting.set(read.operation, read);
    read.since = performance.now();
    // One that is late waits only for the first look at the servers. What others have waited before, until a standby had them
    // that then failed, is of the same time.
    if (!read.late) {
      read.timer = startTimer(() => {
        read.late = true;
        this.stopWaiting(read);
        this.place(read);
      }, read.terms.maxWait - read.waited);
    }
    this.pause = FIRST_LOOK;
    this.poll();
  }

  private stopWaiting(read: Read): void {
    clearTimeout(read.timer);
    read.timer = undefined;
    read.waited += performance.now() - read.since;
    this.waiting.delete(read.operation);
    if (this.waiting.size === 0) this.closing?.();
  }

  /** Servers have been looked at, or the primary has said how far it is. */
  placeWaiting(): void {
    for (const read of [...this.waiting.values()]) {
      const decision = this.decide(read);
      if (decision === 'wait') continue;
      this.stopWaiting(read);
      if (decision === 'primary') this.goToPrimary(read);
      else if (decision === 'nobody') this.refuse(read);
      else this.go(read, decision);
    }
  }

  /** Looks at the standbys again and again for as long as reads wait for one of them. */
  private poll(): void {
    if (this.polling !== undefined || this.waiting.size === 0 || !this.host.topology.known) return;
    for (const node of this.host.topology.nodes) if (node.serves) void node.look();
    this.polling = startTimer(() => {
      this.polling = undefined;
      this.poll();
    }, this.pause).unref();
    this.pause = Math.min(this.pause * 2, LAST_LOOK);
  }

  withdraw(operation: Operation): boolean {
    const read = this.waiting.get(operation);
    if (read !== undefined) {
      this.stopWaiting(read);
      return true;
    }
    const at = readOf(operation)?.at;
    const withdrawn = at?.pool?.withdraw(operation) === true || this.host.writer.withdraw(operation);
    if (withdrawn) this.ended(operation);
    return withdrawn;
  }

  whyWaiting(operation: Operation | undefined): WaitReason {
    const read = operation === undefined ? undefined : readOf(operation);
    if (read !== undefined && this.waiting.has(read.operation)) {
      const { nodes } = this.host.topology;
      return reasonOfWaiting(nodes, read.failure, this.mayGoToPrimary(read), this.waiting.size);
    }
    return (read?.at?.pool ?? this.host.writer).whyWaiting();
  }

  // ---- what becomes of it

  /** A read has failed on a server's connection and can be run elsewhere, or it waited for a server that has failed. */
  runElsewhere(operation: Operation, node: ClusterNode, failure: NativeFailure | undefined): boolean {
    const read = readOf(operation);
    if (read === undefined) return false;
    if (this.closed) {
      operation.refuse(poolClosed());
      return true;
    }
    if (failure === undefined || failure.lost) read.terms.session?.ended(node);
    const hasFailed = failure !== undefined || this.mayGoToPrimary(read);
    // Where nobody else may serve it, one that has only left it waiting may do so when it is there again.
    if (hasFailed) (read.tried ??= new Set()).add(node);
    if (!this.mayGoToPrimary(read)) {
      read.failure = failure === undefined ? node.failure : { error: commandError(failure, node.name) };
    }
    if (failure !== undefined && needsPrimary(failure)) read.onPrimary = true;
    this.place(read);
    return true;
  }

  /** A server has less than it had: it was started again. What waits for it may have to go elsewhere. */
  placeAgain(operations: readonly Operation[], node: ClusterNode): void {
    for (const operation of operations) {
      const read = readOf(operation);
      if (read === undefined) continue;
      read.terms.session?.ended(node);
      this.place(read);
    }
  }

  /** An operation has ended on a server. True where it was a read. */
  ended(operation: Operation): boolean {
    const read = readOf(operation);
    if (read === undefined) return false;
    if (read.at !== undefined) read.terms.session?.ended(read.at);
    return read.primaryReads;
  }

  /**
   * Takes no more reads. Resolves when none waits any more; undefined where none does.
   *
   * @param timeout ms after which those that wait are refused; 0: never
   */
  close(timeout: number): Promise<void> | undefined {
    this.closed = true;
    if (this.waiting.size === 0) return undefined;
    const hurry = timeout > 0 ? startTimer(() => this.refuseWaiting(), timeout) : undefined;
    return new Promise((resolve) => {
      this.closing = (): void => {
        clearTimeout(hurry);
        resolve();
      };
    });
  }

  private refuseWaiting(): void {
    for (const read of [...this.waiting.values()]) {
      this.stopWaiting(read);
      read.operation.refuse(poolClosed());
    }
  }
}
