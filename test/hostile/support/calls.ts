import { isDeepStrictEqual } from 'node:util';
import type { Database } from 'kingbase-native';
import { between, pick, type Random } from '../../resilience/support/random.js';
import { rowsStatement, valueText } from '../../support/scripted-server.js';

/** A call, and what it gives when the server's answer is right. */
export interface Call {
  /** By which the server knows what it is asked for. */
  readonly id: number;
  readonly name: string;
  readonly expected: unknown;
  make(db: Database): Promise<unknown>;
  /** Whether it may give that where the server's results had so many rows. */
  agrees(given: unknown, results: readonly number[]): boolean;
}

const wantedRows = (count: number, length: number, id: number): object[] =>
  Array.from({ length: count }, (_, i) => ({ id, i, v: valueText(id, i, length) }));

/** One execution may be answered by several results, of which the first is the call's own. */
const asManyRows = (given: unknown, results: readonly number[]): boolean =>
  (given as unknown[]).length === results[0];

const asManyRowsEach = (given: unknown, results: readonly number[]): boolean =>
  results.length === 1
    ? asManyRows(given, results)
    : results.length === (given as unknown[]).length &&
      results.every((count, i) => asManyRows((given as unknown[])[i], [count]));

function query(id: number, count: number, length: number): Call {
  return {
    id,
    name: 'query',
    expected: wantedRows(count, length, id),
    make: async (db) => {
      const { rows, results } = await db.query(rowsStatement(count, length, id));
      return results?.map((each) => each.rows) ?? rows;
    },
    agrees: asManyRowsEach,
  };
}

const SHAPES: readonly ((id: number, random: Random) => Call)[] = [
  (id, random) => query(id, between(random, 0, 3), between(random, 0, 40)),
  (id, random) => query(id, between(random, 10, 30), between(random, 100, 1500)),
  // The same texts again and again, so that they are prepared.
  (_, random) => query(between(random, 1, 3), 2, 10),
  (id, random) => {
    const changed = between(random, 1, 9);
    return {
      id,
      name: 'exec',
      expected: { rowsAffected: changed, command: 'UPDATE' },
      make: (db) => db.exec(`change ${changed} as ${id}`),
      agrees: (_, results) => results.length > 0,
    };
  },
  (id) => ({
    id,
    name: 'script',
    expected: [
      ['UPDATE', 1],
      ['SELECT', 2],
      ['UPDATE', 3],
    ],
    make: async (db) =>
      (await db.script(`change 1 as ${id}; ${rowsStatement(2, 9, id)}; change 3 as ${id}`)).map(
        ({ command, rowsAffected }) => [command, rowsAffected],
      ),
    agrees: (given, results) => (given as unknown[]).length === results.length,
  }),
  (id, random) => {
    const [count, length] = [between(random, 1, 40), between(random, 0, 800)];
    return {
      id,
      name: 'rows',
      expected: wantedRows(count, length, id),
      make: async (db) => {
        const rows: unknown[] = [];
        for await (const row of db.rows(rowsStatement(count, length, id))) rows.push(row);
        return rows;
      },
      agrees: asManyRows,
    };
  },
];

export function someCall(id: number, random: Random): Call {
  return pick(random, SHAPES)(id, random);
}

/** Whether it is what the call gives when nothing went wrong. */
export function isExpected(call: Call, given: unknown): boolean {
  return isDeepStrictEqual(plain(given), call.expected);
}

/** Rows may be of a class. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}
