import type { CatalogueType } from './type-map.js';

/**
 * What a database's catalogue said of types whose OIDs are not fixed. Filled as such types come up in results, for all
 * connections of the database together.
 */
export class TypeCatalogue {
  private readonly types = new Map<number, CatalogueType>();
  /** OIDs that were asked for, whether the server knew them or not: each is asked for once. */
  private readonly asked = new Set<number>();
  /** Whether the server has answered such a question; inside a transaction a refusal would cost too much. */
  proven = false;
  /** Grows with every type that is learnt. */
  generation = 0;

  get known(): readonly CatalogueType[] {
    return [...this.types.values()];
  }

  /** Those that have not been asked for. */
  unasked(oids: readonly number[]): readonly number[] {
    return oids.length === 0 ? oids : oids.filter((oid) => !this.asked.has(oid));
  }

  /** The server's answer to `LOOK_UP`, as arrays; none where it refused. */
  learn(oids: readonly number[], rows: readonly unknown[][] | undefined): void {
    for (const oid of oids) this.asked.add(oid);
    if (rows === undefined) return;
    this.proven = true;
    for (const [oid, name, elementOid, delimiter] of rows as [number, string, number, string][]) {
      this.asked.add(oid);
      this.types.set(oid, { oid, name, elementOid, delimiter });
    }
    if (rows.length > 0) this.generation++;
  }
}

/**
 * The types with the OIDs in `$1`, and the types of their elements. For an array `typdelim` of its element type counts
 * (PostgreSQL manual, pg_type); only arrays in the narrow sense (typlen -1) have an array's text form. V8R3 has no
 * pg_catalog and refuses this; its types stay text.
 */
export const LOOK_UP = `
  SELECT t.oid, t.typname::text, CASE WHEN t.typlen = -1 THEN t.typelem ELSE 0 END, coalesce(e.typdelim, t.typdelim)::text
  FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND t.typlen = -1
  WHERE t.oid = ANY ($1::pg_catalog.oid[])
     OR t.oid IN (SELECT a.typelem FROM pg_catalog.pg_type a WHERE a.oid = ANY ($1::pg_catalog.oid[]) AND a.typlen = -1)`;
