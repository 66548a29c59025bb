/** Whether something was done, as far as the program was told: it was, it was not, or nobody can say. */
export type Fate = 'done' | 'not done' | 'unknown';

export interface LedgerRow {
  readonly id: number;
  /** What became of the statement that made it; whether it stays is the unit's matter. */
  fate: Fate;
}

/** What is done as a whole or not at all: a statement, a batch, a transaction. */
export interface Unit {
  readonly name: string;
  readonly rows: LedgerRow[];
  /** What the program was told in the end. */
  fate: Fate;
  /** Whether all of it is one transaction of the server; a batch whose chunks stand alone is not. */
  readonly whole: boolean;
}

/** A row as the server has it. */
export interface StoredRow {
  readonly id: number;
  /** The transaction that made it. */
  readonly transaction: string;
}

/** Keeps account of every row that a program writes, and says what is wrong with those that are there in the end. */
export class Ledger {
  private readonly units: Unit[] = [];
  private nextId = 1;

  /** What has not been told of yet is unknown. */
  unit(name: string, whole = true): Unit {
    const unit: Unit = { name, rows: [], fate: 'unknown', whole };
    this.units.push(unit);
    return unit;
  }

  rows(unit: Unit, count: number): LedgerRow[] {
    const rows = Array.from({ length: count }, (): LedgerRow => ({ id: this.nextId++, fate: 'unknown' }));
    unit.rows.push(...rows);
    return rows;
  }

  compare(stored: readonly StoredRow[]): string[] {
    const transactions = new Map<number, string[]>();
    for (const { id, transaction } of stored) {
      transactions.set(id, [...(transactions.get(id) ?? []), transaction]);
    }
    const violations: string[] = [];
    const madeBy = new Map<string, Unit>();
    for (const unit of this.units) {
      const of = (row: LedgerRow): string[] => transactions.get(row.id) ?? [];
      for (const row of unit.rows) {
        const times = of(row).length;
        const what = `Row ${row.id} of ${unit.name}`;
        const refused = unit.fate === 'not done' || row.fate === 'not done';
        if (refused && times > 0)
          violations.push(`${what} was said not to be written, and is there ${times} times.`);
        else if (times > 1) violations.push(`${what} is there ${times} times.`);
        else if (unit.fate === 'done' && row.fate === 'done' && times === 0)
          violations.push(`${what} was acknowledged, and is not there.`);
      }
      const made = new Set(unit.rows.flatMap(of));
      for (const transaction of made) {
        const other = madeBy.get(transaction);
        if (other !== undefined) violations.push(`${unit.name} is in one transaction with ${other.name}.`);
        madeBy.set(transaction, unit);
      }
      if (!unit.whole) continue;
      if (made.size > 1) violations.push(`${unit.name} is spread over ${made.size} transactions.`);
      const sure = unit.rows.filter(({ fate }) => fate === 'done');
      const there = sure.filter((row) => of(row).length > 0);
      if (there.length > 0 && there.length < sure.length) {
        violations.push(`Of ${unit.name} there are ${there.length} rows of ${sure.length}.`);
      }
    }
    return violations;
  }
}
