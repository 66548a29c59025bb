import { CHECK_TABLE, fingerprintOf, READ_TABLE, readTable, type Table } from '../../encoding/index.js';
import { RowMode } from '../../addon/interface.js';
import { DatabaseError } from '../../errors/index.js';
import { KNOWN_OIDS } from '../../types/oids.js';
import { LOOK_UP } from '../../types/type-catalogue.js';
import { TypeMap } from '../../types/type-map.js';
import { executeUntraced, type OperationRunner } from '../calls/call.js';
import type { CallContext } from '../calls/call-context.js';
import type { Limit } from '../calls/limit.js';
import { inSavepoint } from '../transactions/savepoint.js';
import type { BatchScope } from './work.js';

/** Names of tables that are remembered, and descriptions for each name. */
const MOST_NAMES = 500;
const MOST_DESCRIPTIONS = 20;
/** Classes of SQLSTATEs by which a server says that it does not understand the question for the table. */
const UNKNOWN: ReadonlySet<string> = new Set(['0A', '22', '3F', '42']);

/** How the catalogue's answer is read. */
const CATALOGUE_TYPES = new TypeMap();

/**
 * What the catalogue said of a database's tables.
 *
 * Anybody may change a table, and the same name may be another table on another session (search_path, temporary
 * tables), so what stands here is only ever used together with a check that the session which inserts sees the same:
 * by {@link TableQuestion.confirmed} in the same transaction, or by a condition in the very statement. It is kept by
 * what such a check tells, not by the name alone; any error of a batch drops what is known of its table.
 */
class KnownTables {
  /** By quoted name, then by fingerprint; what was used last is last. */
  private readonly byName = new Map<string, Map<string, Table>>();

  /** The only one that is known under the name; undefined where there is none, or a choice. */
  single(name: string): Table | undefined {
    const tables = this.byName.get(name);
    if (tables?.size !== 1) return undefined;
    const [table] = tables.values();
    return table;
  }

  knows(name: string): boolean {
    return this.byName.has(name);
  }

  find(name: string, fingerprint: string): Table | undefined {
    return this.byName.get(name)?.get(fingerprint);
  }

  add(name: string, table: Table): void {
    const tables = this.byName.get(name) ?? new Map<string, Table>();
    this.byName.delete(name);
    this.byName.set(name, tables);
    tables.delete(table.fingerprint);
    tables.set(table.fingerprint, table);
    dropFirst(tables, MOST_DESCRIPTIONS);
    dropFirst(this.byName, MOST_NAMES);
  }

  drop(name: string): void {
    this.byName.delete(name);
  }
}

function dropFirst<K>(map: Map<K, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}

const knownTables = new WeakMap<CallContext, KnownTables>();

function tablesOf(context: CallContext): KnownTables {
  let known = knownTables.get(context);
  if (known === undefined) {
    known = new KnownTables();
    knownTables.set(context, known);
  }
  return known;
}

/** Asks for the table of one batch. */
export class TableQuestion {
  private readonly known: KnownTables;

  /** @param name the table's, quoted */
  constructor(
    private readonly name: string,
    private readonly context: CallContext,
    private readonly limit: Limit,
  ) {
    this.known = tablesOf(context);
  }

  /** The table, if a statement that checks it may be made of what is known from before. */
  get remembered(): Table | undefined {
    return this.known.single(this.name);
  }

  /** Whether one name has been seen to be several tables, so that a session must be asked which it means. */
  get ambiguous(): boolean {
    return this.known.knows(this.name) && this.remembered === undefined;
  }

  /** Reads the table's description; undefined where the server has none: no such table, or no such catalogue (V8R3). */
  async learn({ runner, inTransaction }: BatchScope): Promise<Table | undefined> {
    const read = (on: OperationRunner): Promise<Table | undefined> => this.read(on);
    const { limit } = this;
    try {
      return await (inTransaction ? inSavepoint(runner, limit, read) : read(runner));
    } catch (error) {
      // The INSERT will show what is wrong, in the server's own words.
      const unknown = error instanceof DatabaseError && UNKNOWN.has(error.code.slice(0, 2)) && !limit.over;
      if (unknown) return undefined;
      throw error;
    }
  }

  /** What the session sees under the name now: `table`, if that is it. */
  async confirmed(table: Table | undefined, runner: OperationRunner): Promise<Table | undefined> {
    const fingerprint = fingerprintOf(await this.ask(CHECK_TABLE, runner));
    if (table?.fingerprint === fingerprint) return table;
    return this.known.find(this.name, fingerprint) ?? this.read(runner);
  }

  /** What is known of the table may be what is wrong. */
  forget(): void {
    this.known.drop(this.name);
  }

  private async read(runner: OperationRunner): Promise<Table | undefined> {
    const table = readTable(await this.ask(READ_TABLE, runner));
    if (table === undefined) return undefined;
    this.known.add(this.name, table);
    await this.learnTypes(table, runner);
    return table;
  }

  /** How a value is written depends on its column's type: on a serializer of the caller's, on what is beneath a domain. */
  private async learnTypes({ columns }: Table, runner: OperationRunner): Promise<void> {
    const { catalogue } = this.context;
    const own = columns.map(({ typeOid }) => typeOid).filter((oid) => !KNOWN_OIDS.has(oid));
    const unasked = catalogue.unasked([...new Set(own)]);
    if (unasked.length === 0) return;
    catalogue.learn(unasked, (await this.ask(LOOK_UP, runner, `{${unasked.join()}}`)) as unknown[][]);
  }

  /** @param sql a question for what `$1` is */
  private ask(sql: string, runner: OperationRunner, about = this.name): Promise<unknown[]> {
    const request = { sql, parameters: [about], rowMode: RowMode.Array, types: CATALOGUE_TYPES };
    return executeUntraced(runner, request, this.limit, (rows) => rows ?? []);
  }
}
