import { RowMode } from '../addon/interface.js';
import { nothing } from '../base/nothing.js';
import { Execution } from '../driver/operations/execution.js';
import type { Operation } from '../driver/session.js';
import type { WaitReason } from '../pool/refusals.js';
import type { SessionPool } from '../pool/session-pool.js';
import { functionsOfRead } from '../sql/reads.js';
import { TypeMap } from '../types/type-map.js';
import type { OperationRunner, ReadRunner } from './runner.js';
import type { ReadTerms } from './terms.js';

/** Texts that are remembered. */
const MOST = 2_000;

const TYPES = new TypeMap();
/** Of several functions of a name each must be harmless. */
const ASK =
  "SELECT lower(proname), bool_or(provolatile = 'v') FROM pg_proc WHERE lower(proname) = ANY ($1::text[]) GROUP BY 1";

/**
 * Sends to the standbys what surely only reads, and everything else to the primary. Which functions change nothing the
 * catalogue says (`provolatile`), and until it has done so a text that calls them goes to the primary.
 */
export class AutomaticRunner implements OperationRunner {
  /** By text: the functions that it calls, where it may be a read. */
  private readonly texts = new Map<string, readonly string[] | undefined>();
  private readonly volatile = new Map<string, boolean>();
  private readonly asking = new Set<string>();

  constructor(
    private readonly writer: SessionPool,
    private readonly reads: ReadRunner,
  ) {}

  run(operation: Operation): void {
    this.writer.run(operation);
  }

  withdraw(operation: Operation): boolean {
    return this.writer.withdraw(operation);
  }

  whyWaiting(): WaitReason {
    return this.writer.whyWaiting();
  }

  forCall(sql: string, said: ReadTerms | undefined): OperationRunner {
    return this.reading(sql) ? this.reads.forCall(sql, said) : this.writer;
  }

  private reading(sql: string): boolean {
    let functions = this.texts.get(sql);
    if (functions === undefined) {
      if (this.texts.has(sql)) return false;
      functions = functionsOfRead(sql);
      if (this.texts.size >= MOST) this.texts.clear();
      this.texts.set(sql, functions);
      if (functions === undefined) return false;
    }
    const unknown = functions.filter((name) => !this.volatile.has(name));
    if (unknown.length > 0) {
      this.ask(unknown);
      return false;
    }
    return functions.every((name) => this.volatile.get(name) === false);
  }

  /** Nobody waits for it; what calls them meanwhile is not taken for a read. */
  private ask(names: readonly string[]): void {
    const unasked = names.filter((name) => !this.asking.has(name));
    if (unasked.length === 0) return;
    for (const name of unasked) this.asking.add(name);
    const request = { sql: ASK, parameters: [unasked], rowMode: RowMode.Array, types: TYPES };
    const note = (rows: unknown[] | undefined): void => {
      const found = new Map((rows ?? []) as [string, boolean][]);
      // What the catalogue does not know, such as a package's function, may do anything.
      for (const name of unasked) this.volatile.set(name, found.get(name) ?? true);
    };
    const over = (): void => {
      for (const name of unasked) this.asking.delete(name);
    };
    new Promise<void>((resolve, reject) => {
      this.writer.run(new Execution(request, note, resolve, reject));
    })
      .then(over, over)
      .catch(nothing);
  }
}
