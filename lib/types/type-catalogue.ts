import type { CatalogueType } from './type-map.js';

/**
 * How many types are learnt before those that were learnt before them are forgotten: more than a database has in use at a time.
 * A program that makes types again and again, as tests and temporary schemas do, gives each another OID.
 */
const MOST_TYPES = 5_000;

/** What was learnt within one period. Whatever a type is made of stands with it. */
class Period {
  readonly types = new Map<number, CatalogueType>();
  /** OIDs that were asked for, whether the server knew them or not: each is asked for once. */
  readonly asked = new Set<number>();
}

/**
 * What a database's catalogue said of types whose OIDs are not fixed. Filled as such types come up in results, for all
 * connections of the database together.
 */
export class TypeCatalogue {
  private earlier = new Period();
  private present = new Period();
  /** Grows with every type that is learnt. */
  generation = 0;

  get known(): readonly CatalogueType[] {
    return [...new Map([...this.earlier.types, ...this.present.types]).values()];
  }

  /** Those that have not been asked for. */
  unasked(oids: readonly number[]): readonly number[] {
    if (oids.length === 0) return oids;
    return oids.filter((oid) => !this.present.asked.has(oid) && !this.earlier.asked.has(oid));
  }

  /** The server's answer to `LOOK_UP`, as arrays; none where it refused. */
  learn(oids: readonly number[], rows: readonly unknown[][] | undefined): void {
    if (this.present.asked.size >= MOST_TYPES) {
      this.earlier = this.present;
      this.present = new Period();
    }
    const { asked, types } = this.present;
    for (const oid of oids) asked.add(oid);
    if (rows === undefined) return;
    for (const [oid, name, elementOid, delimiter, baseOid, length, schema] of rows as Answer[]) {
      asked.add(oid);
      types.set(oid, { oid, name, elementOid, delimiter, baseOid, length, schema });
    }
    if (rows.length > 0) this.generation++;
  }
}

type Answer = [
  oid: number,
  name: string,
  elementOid: number,
  delimiter: string,
  baseOid: number,
  length: number,
  schema: string,
];

/**
 * The types with the OIDs in `$1`, the types of their elements and those beneath domains, as deep as that goes. For an array `typdelim` of its element type counts
 * (PostgreSQL manual, pg_type); only arrays in the narrow sense (typlen -1) have an array's text form. V8R3 has no
 * pg_catalog and refuses this; its types stay text.
 */
export const LOOK_UP = `
  WITH RECURSIVE wanted (oid) AS (
    SELECT w.oid FROM pg_catalog.pg_type w WHERE w.oid = ANY ($1::pg_catalog.oid[])
    UNION
    SELECT CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.typelem END
    FROM wanted w JOIN pg_catalog.pg_type t ON t.oid = w.oid
    WHERE t.typtype = 'd' OR (t.typlen = -1 AND t.typelem <> 0)
  )
  SELECT t.oid, t.typname::text, CASE WHEN t.typlen = -1 AND t.typtype <> 'd' THEN t.typelem ELSE 0 END,
    coalesce(e.typdelim, t.typdelim)::text, CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE 0 END, t.typlen,
    n.nspname::text
  FROM wanted w
  JOIN pg_catalog.pg_type t ON t.oid = w.oid
  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND t.typlen = -1`;
