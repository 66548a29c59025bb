import { randomBytes } from 'node:crypto';
import { TransactionStatus } from '../addon/interface.js';
import type { TypeMap } from '../types/type-map.js';
import { fixesColumns } from '../sql/fixed-columns.js';
import {
  callsUnknown,
  mayChangeForOthers,
  settingsTouched,
  type SettingsTouched,
  type SharedChanges,
} from './changes.js';

/** A statement text as one connection knows it. */
export interface CachedStatement {
  readonly sql: string;
  /** Its number on this connection; the server knows it under a name made of it. */
  id: number;
  prepared: boolean;
  /**
   * Under which type map it has been run to its end by executing alone, and will be again: it has a count or rows whose
   * types are known.
   */
  settledFor: TypeMap | undefined;
  /** How often it has been run here, 1 at most, before it is prepared. */
  uses: number;
  /** Which change, counted, was the last one before it was prepared. */
  changes: number;
  /** What it does to settings beyond what its command says. */
  readonly settings: SettingsTouched | undefined;
  /** It calls a function that may do so. */
  readonly callsUnknown: boolean;
  /** Asked of the server only when a parameter's encoding depends on it. */
  parameterTypes: Uint32Array | undefined;
  /** Comes with them. */
  columnTypes: Uint32Array | undefined;
  /** Its columns are the same at each execution. */
  readonly fixesColumns: boolean;
  /**
   * The core's number of the type map under which it reads every column's binary form; 0 where there is none, or where the
   * columns may be others next time.
   */
  binaryTypeMap: number;
}

/** Of this copy of the driver and no other; asking the system for it each time would take longer than all else here. */
let ours: string | undefined;
let connections = 0;

function newPrefix(): string {
  ours ??= randomBytes(9).toString('hex');
  connections++;
  return `kbn_${ours}_${connections.toString(36)}_`;
}

/**
 * The statements that one connection has prepared, or will if they come again: least recently used out first. What
 * falls out while prepared must be closed on the server, which `takeEvicted` tells.
 */
export class StatementCache {
  /**
   * Begins the server's names of the statements; the number ends them. Of no other connection, of this program or of
   * another: behind a pooler they share the server's sessions, and one would execute the other's statement.
   */
  readonly prefix = newPrefix();
  private readonly statements = new Map<string, CachedStatement>();
  private readonly outside = new Set<CachedStatement>();
  private readonly freeIds: number[] = [];
  private evicted: number[] = [];
  private newest: CachedStatement | undefined;
  private nextId = 1;
  /** Changes after which what was prepared before may mean something else. */
  private changes = 0;
  /** Of those that other sessions have made. */
  private sharedSeen = 0;
  /** A transaction is open that has changed something, and may undo it. */
  private inChange = false;
  private changeIsShared = false;
  /**
   * Which call of a function, counted, may have changed last what names mean until the end of the open transaction: what was
   * prepared before is not used in it. 0: none has.
   */
  private doubt = 0;
  private doubts = 0;
  /** The session is not what it was when it was made. */
  private strayed = false;

  /**
   * @param size most statements to keep; 0 keeps none
   * @param shared what the sessions of the same database have changed
   */
  constructor(
    private readonly size: number,
    private readonly shared?: SharedChanges,
  ) {}

  /**
   * The statement, as the most recently used one; undefined when nothing is kept, and while what is prepared now could
   * mean something else soon.
   */
  use(sql: string): CachedStatement | undefined {
    this.lookAround();
    if (this.newest?.sql === sql) return this.newest;
    if (this.inChange || this.doubt > 0) return undefined;
    let statement = this.statements.get(sql);
    if (statement !== undefined) {
      this.refresh(statement);
      this.statements.delete(sql);
      this.statements.set(sql, statement);
      this.newest = statement;
      return statement;
    }
    if (this.size === 0) return undefined;
    if (this.statements.size >= this.size) this.evictOldest();
    statement = this.numbered(sql);
    this.statements.set(sql, statement);
    this.newest = statement;
    return statement;
  }

  /** `use` of a statement that is prepared; no other is touched. */
  usePrepared(sql: string): CachedStatement | undefined {
    this.lookAround();
    if (this.inChange || this.doubt > 0) return undefined;
    const statement = this.newest?.sql === sql ? this.newest : this.statements.get(sql);
    if (statement?.prepared !== true || statement.changes !== this.changes) return undefined;
    return this.use(sql);
  }

  /** Has a statement made by `create` prepared again if something has changed since it was. */
  refresh(statement: CachedStatement): void {
    this.lookAround();
    // What is prepared in such a transaction is of no use behind it, and the other way round.
    const changes = this.doubt > 0 ? -this.doubt : this.changes;
    if (statement.changes === changes) return;
    statement.changes = changes;
    if (statement.prepared) this.renew(statement);
  }

  /** A command has ended that may have changed what statements mean. `restores`: it has put the session back as it was made. */
  noteChange(command: string, restores: boolean): void {
    if (restores && !this.strayed) return;
    this.strayed = !restores;
    this.doubt = 0;
    this.inChange = true;
    if (mayChangeForOthers(command)) this.changeIsShared = true;
    this.change();
  }

  /**
   * A query has ended in an open transaction that calls a function which may have changed what names mean there. What it has
   * changed for the session, beyond the transaction, does not show: programs set a search path so for a transaction.
   *
   * @param by what has called it; that it has changed its own meaning is not supposed
   */
  noteUnknownCall(by: CachedStatement | undefined): void {
    if (this.inChange) return;
    this.doubt = ++this.doubts;
    this.newest = undefined;
    if (by !== undefined && by.changes < 0) by.changes = -this.doubt;
  }

  /** The same of a text that changes settings by a call. */
  noteCall(transactionStatus: TransactionStatus): void {
    this.noteChange('SET', false);
    if (transactionStatus === TransactionStatus.Idle) this.settle();
  }

  /** A transaction, or a part of it, has been undone. */
  noteRollback(): void {
    if (this.inChange) this.change();
  }

  /** No transaction is open (any more). */
  settle(): void {
    this.doubt = 0;
    if (!this.inChange) return;
    this.inChange = false;
    this.change();
    // Others see what was changed from now on.
    if (this.changeIsShared && this.shared !== undefined) this.sharedSeen = ++this.shared.count;
    this.changeIsShared = false;
  }

  private lookAround(): void {
    if (this.shared === undefined || this.sharedSeen === this.shared.count) return;
    this.sharedSeen = this.shared.count;
    this.change();
  }

  private change(): void {
    this.changes++;
    this.newest = undefined;
  }

  /** The program wants no statement to stay on the server but those that it prepares itself. */
  get keepsNone(): boolean {
    return this.size === 0;
  }

  /** Whether numbers wait for `takeEvicted`. */
  get hasEvicted(): boolean {
    return this.evicted.length > 0;
  }

  /** A statement of its own, outside the cache's limit, for a program that prepares explicitly. */
  create(sql: string): CachedStatement {
    const statement = this.numbered(sql);
    this.outside.add(statement);
    return statement;
  }

  /** A statement that nothing is kept of. */
  passing(sql: string): CachedStatement {
    return this.numbered(sql);
  }

  private numbered(sql: string): CachedStatement {
    return {
      sql,
      id: this.newId(),
      prepared: false,
      settledFor: undefined,
      uses: 0,
      changes: this.changes,
      settings: settingsTouched(sql),
      callsUnknown: callsUnknown(sql),
      fixesColumns: fixesColumns(sql),
      parameterTypes: undefined,
      columnTypes: undefined,
      binaryTypeMap: 0,
    };
  }

  /** The statement made by `create` is done with. */
  discard(statement: CachedStatement): void {
    this.outside.delete(statement);
    if (statement.prepared) this.evicted.push(statement.id);
    else this.freeIds.push(statement.id);
  }

  /** The server no longer knows the statement. */
  forget(statement: CachedStatement): void {
    statement.prepared = false;
    statement.settledFor = undefined;
    statement.parameterTypes = undefined;
    statement.columnTypes = undefined;
    statement.binaryTypeMap = 0;
  }

  /**
   * The server's form of the statement is stale: it is to be closed there if it is ours, and the statement begins anew,
   * under a new number.
   */
  renew(statement: CachedStatement): void {
    if (statement.prepared) this.evicted.push(statement.id);
    statement.id = this.newId();
    statement.uses = 0;
    this.forget(statement);
  }

  /** Whether the server has prepared the statement under its number is not known: it is given that number no more. */
  renumber(statement: CachedStatement): void {
    statement.id = this.nextId++;
  }

  /** The server has dropped all prepared statements (DISCARD ALL, DEALLOCATE ALL). */
  forgetAll(): void {
    for (const statement of this.statements.values()) this.forget(statement);
    for (const statement of this.outside) this.forget(statement);
    this.freeIds.push(...this.evicted);
    this.evicted = [];
  }

  /** Numbers of statements that are to be closed on the server; each is told once, and free again afterwards. */
  takeEvicted(): readonly number[] {
    const { evicted } = this;
    if (evicted.length > 0) {
      this.evicted = [];
      this.freeIds.push(...evicted);
    }
    return evicted;
  }

  private evictOldest(): void {
    for (const statement of this.statements.values()) {
      this.statements.delete(statement.sql);
      this.discard(statement);
      return;
    }
  }

  private newId(): number {
    // Not through a pooler: the server session that knows the old name may be any.
    return (this.keepsNone ? undefined : this.freeIds.pop()) ?? this.nextId++;
  }
}
