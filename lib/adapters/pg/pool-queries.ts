import type { Database } from '../../index.js';
import { Client, ownQuery } from './client.js';
import { connectError, CONNECT_TIMEOUT, rejectedForCaller, statementError } from './errors.js';
import type { Books, Waiter } from './pool-books.js';
import type { PoolClient } from './pool-client.js';
import type { PoolOptions } from './pool-options.js';
import { Query, type QueryConfig } from './query.js';
import type { Result } from './result.js';
import { telling } from './work.js';

/** What queries that are run on whichever session is free need of their pool. */
export interface QueriesHost {
  readonly db: Database;
  readonly books: Books;
  readonly pool: PoolView;
  /** The client has nothing under way any more, and its session goes on. */
  noteIdle(client: PoolClient): void;
  /** Ends the client's session, and counts the client no more. */
  remove(client: PoolClient): void;
  /** No session comes for the client. */
  forget(client: PoolClient): void;
}

interface PoolView {
  readonly options: PoolOptions;
  readonly ending: boolean;
  listenerCount(event: string): number;
  emit(event: string, ...told: unknown[]): boolean;
}

/** Statements that leave nothing in their session but what they are for. */
const USUAL = /^\s*(?:select|insert|update|delete|with|values|merge)\b/i;

/** Options of the driver that do not do the same for a session that is lent and for a single call. */
const BY_CALL = ['cluster', 'pipeline', 'pooler', 'pool', 'timeout', 'onConnect'] as const;

const NOT_MET = new Error('The session has no client yet.');

/** A session has begun with a query. */
interface Begun {
  readonly client: PoolClient;
  readonly query: Query;
  readonly waiter: Waiter;
  /** Tells of its end, which has come before its turn. */
  told: (() => void) | undefined;
}

/**
 * What a client's session has begun with and nobody has been told the end of. With `pg` the second begins when the first has
 * been told of: that is when its beginning is noted, though its session may have come to its end by then.
 */
interface UnderWay {
  noted: Begun | undefined;
  readonly next: Begun[];
}

/**
 * Queries of a pool that the driver runs on the session that is free next, as calls of its own, where nobody can tell that
 * from lending a client for each: what waits can then be given to a busy session ahead of its turn. The use of a client
 * (that it is not idle, its statements' names) is noted when its session begins with a query and when that ends.
 */
export class PoolQueries {
  private readonly able: boolean;
  private readonly underWay = new WeakMap<PoolClient, UnderWay>();
  /** To be ended as soon as nothing runs on them. */
  private readonly doomed = new WeakSet<PoolClient>();
  /** One of their queries is being told of, and the next has begun. */
  private readonly telling = new WeakSet<PoolClient>();
  /** Begun while they were asked for: that counts from the end of that turn on, as with `pg`. */
  private begun: Begun[] = [];
  private calling = false;

  constructor(private readonly host: QueriesHost) {
    const { pipeline, types, kingbase } = host.pool.options;
    this.able = !pipeline && !types && BY_CALL.every((name) => kingbase?.[name] === undefined);
  }

  /** The query, where it can be run so; undefined where a client has to be lent for it. */
  of(config: unknown, values: unknown): Query | undefined {
    if (!this.able || !this.isPlain()) return undefined;
    const given = typeof config === 'string' ? { text: config } : config;
    if (typeof given !== 'object' || given === null || 'submit' in given) return undefined;
    const { text, name, rows, portal, types, query_timeout: limit, values: own } = given as QueryConfig;
    if (typeof text !== 'string' || !USUAL.test(text)) return undefined;
    if (rows || portal || types || limit) return undefined;
    const all = values || own;
    if (all && !Array.isArray(all)) return undefined;
    if (name !== undefined && (typeof name !== 'string' || !this.isOnly(name, text))) return undefined;
    const query = new Query(config as string | QueryConfig, all ? (all as unknown[]) : undefined);
    return query.requiresPreparation(text) ? query : undefined;
  }

  /** Nobody has to be told of clients that are lent, and each of them is as good as another. */
  private isPlain(): boolean {
    const { books, pool } = this.host;
    const { clients, idle } = books;
    const [client] = clients;
    // Where there is room for another client, that is made first.
    const waits = idle.size > books.waitingCount || clients.length >= pool.options.max;
    if (!waits || pool.ending || client === undefined || books.strangers.size > 0) return false;
    if (client.query !== ownQuery || (client.constructor as unknown) !== Client) return false;
    const { maxUses, maxLifetimeSeconds } = pool.options;
    if (client.connectionParameters.query_timeout || maxUses !== Infinity || maxLifetimeSeconds) return false;
    return (
      pool.listenerCount('acquire') === 0 &&
      pool.listenerCount('release') === 0 &&
      pool.listenerCount('connect') === 0
    );
  }

  /** Whether every statement of this name has this text. */
  private isOnly(name: string, text: string): boolean {
    const { books } = this.host;
    books.noteName(name, text);
    return books.names.get(name) === text;
  }

  /** @param lend runs it on a client that is lent for it, or fails it there */
  run(
    query: Query,
    resolve: (answer: Result<unknown> | Promise<never>) => void,
    lend: (failure?: Error) => void,
  ): void {
    const { books, db } = this.host;
    const waiter = books.enter(undefined);
    let begun: Begun | undefined;
    const begin = (processId: number): void => {
      // Its connection was lost before anything of it was sent, and the driver runs it on another.
      if (begun !== undefined) this.takeBack(begun);
      begun = undefined;
      begun = this.begin(processId, query, waiter);
    };
    const tell = (error: Error | null | undefined, result: Result | Result[] | undefined): void => {
      if (begun !== undefined) {
        if (!this.isTurn(begun)) {
          begun.told = (): void => {
            tell(error, result);
          };
          return;
        }
        this.end(begun, error ?? undefined);
      }
      resolve(error ? rejectedForCaller(error) : (result as Result<unknown>));
    };
    query.callback = tell;
    this.calling = true;
    query.runOn(db, books.types, begin, (error, ofCall) => {
      if (begun !== undefined) {
        query.handleError(statementError(error));
        return;
      }
      query.callback = undefined;
      this.leave(waiter, error === NOT_MET || ofCall);
      if (error === NOT_MET) lend();
      else if (ofCall) lend(statementError(error));
      else resolve(rejectedForCaller(connectError(error, CONNECT_TIMEOUT)));
    });
    this.calling = false;
  }

  /** @param goesOn it, or another, can have the client that was made for it */
  private leave(waiter: Waiter, goesOn: boolean): void {
    const { books } = this.host;
    const coming = books.leave(waiter);
    if (coming === undefined) return;
    if (goesOn) books.spare(coming);
    else this.host.forget(coming);
  }

  private begin(processId: number, query: Query, waiter: Waiter): Begun {
    const { books } = this.host;
    const client = books.byProcess.get(processId);
    if (client === undefined || books.unmet.has(client)) throw NOT_MET;
    const begun: Begun = { client, query, waiter, told: undefined };
    if (!this.calling) {
      this.take(begun);
    } else {
      if (this.begun.length === 0) queueMicrotask(this.noteBegun);
      this.begun.push(begun);
    }
    return begun;
  }

  /** Notes now what has begun in this turn. */
  readonly noteBegun = (): void => {
    const { begun } = this;
    this.begun = [];
    for (const each of begun) this.take(each);
  };

  private take(begun: Begun): void {
    const { client } = begun;
    const known = this.underWay.get(client);
    if (known?.noted !== undefined) {
      known.next.push(begun);
      return;
    }
    const underWay = known ?? { noted: undefined, next: [] };
    this.underWay.set(client, underWay);
    this.host.books.wake(client);
    if (this.host.pool.options.allowExitOnIdle) client.ref();
    this.note(begun, underWay);
  }

  private note(begun: Begun, underWay: UnderWay): void {
    const { client, query, waiter } = begun;
    underWay.noted = begun;
    this.leave(waiter, true);
    this.tellAcquired(client);
    const { name, text } = query;
    if (name && text !== undefined) client.noteName(name, text);
  }

  /** Its end is told of when all has been done that follows from the one before. */
  private noteNext(begun: Begun, underWay: UnderWay): void {
    const { client } = begun;
    this.telling.add(client);
    process.nextTick(() => {
      this.telling.delete(client);
      begun.told?.();
    });
    this.note(begun, underWay);
  }

  /** Of use to those who began to listen while it waited. */
  private tellAcquired(client: PoolClient): void {
    const { pool } = this.host;
    if (pool.listenerCount('acquire') > 0) telling(() => pool.emit('acquire', client));
  }

  private isTurn(begun: Begun): boolean {
    const { client } = begun;
    return this.underWay.get(client)?.noted === begun && !this.telling.has(client);
  }

  /** It is not run on its session. */
  private takeBack(begun: Begun): void {
    const { next = [], noted } = this.underWay.get(begun.client) ?? {};
    if (noted === begun) {
      this.end(begun, undefined);
      return;
    }
    for (const list of [next, this.begun]) {
      const at = list.indexOf(begun);
      if (at >= 0) list.splice(at, 1);
    }
  }

  private end({ client }: Begun, error: Error | undefined): void {
    const { host } = this;
    const { books, pool } = host;
    const underWay = this.underWay.get(client);
    if (underWay === undefined) return;
    underWay.noted = undefined;
    client._poolUseCount++;
    if (pool.listenerCount('release') > 0) telling(() => pool.emit('release', error, client));
    const gone = books.byProcess.get(client.processID) !== client;
    if (gone) {
      host.remove(client);
    } else if (error !== undefined) {
      // As with `pg`, nobody knows in what state what has failed has left the session. Mostly that is closed already.
      this.doomed.add(client);
      books.noteStranger(client);
    }
    const next = underWay.next.shift();
    if (next !== undefined) {
      this.noteNext(next, underWay);
      return;
    }
    if (gone) return;
    if (books.lent.has(client)) return;
    host.noteIdle(client);
    if (this.doomed.has(client)) {
      // Whoever has its session meanwhile gives it up.
      setImmediate(() => {
        if (books.idle.has(client)) host.remove(client);
      });
    }
  }

  /** Whether the client is not to be lent again. */
  isDoomed(client: PoolClient): boolean {
    return this.doomed.has(client);
  }

  /** A client comes back: looks at what its user has left in it. */
  look(client: PoolClient): void {
    const { books } = this.host;
    if (!this.doomed.has(client) && client.isPlain()) books.strangers.delete(client);
    else books.noteStranger(client);
  }
}
