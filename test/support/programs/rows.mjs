// Prints what queries in all row modes give, for comparison between ways of building rows.
import { createHash } from 'node:crypto';
import { open } from 'kingbase-native';

const { config, names } = JSON.parse(process.argv[2]);

let generatesCode = true;
try {
  new Function('');
} catch {
  generatesCode = false;
}

BigInt.prototype.toJSON = function () {
  return `bigint ${this}`;
};
/** JSON in which dates and bytes stay apart from strings, and objects are lists of their own properties. */
const text = (value) =>
  JSON.stringify(value, function (key, part) {
    const original = this[key];
    if (original instanceof Date) return `date ${part}`;
    if (part === null || typeof part !== 'object' || Array.isArray(part)) return part;
    return Object.entries(part);
  });
const hash = (rows) => createHash('sha256').update(JSON.stringify(rows)).digest('hex');

const db = open(config);
const quoted = (name) => `"${name.replaceAll('"', '""')}"`;
const hostile = `SELECT ${names.map((name, i) => `${i} AS ${quoted(name)}`).join()}`;
const types = `SELECT 1::int2 AS a, 2::int8 AS b, 3.50::numeric AS c, 4.5::float8 AS d, true AS e, 'é汉'::text AS f,
  '\\x00ff'::bytea AS g, '2024-02-29 12:34:56.789+00'::timestamptz AS h, '2024-02-29'::date AS i, '{"k":[1]}'::jsonb AS j,
  ARRAY[[1,2],[3,NULL]] AS k, NULL::int4 AS l, 'infinity'::timestamptz AS m, 'NaN'::float8 = 'NaN' AS n`;
const large = `SELECT n, n::int8 * 3 AS big, '行' || n AS text, CASE WHEN n % 7 = 0 THEN NULL ELSE ARRAY[n, -n] END AS list
  FROM generate_series(1, 100000) AS n`;
const wide = `SELECT ${Array.from({ length: 1600 }, (_, i) => `${i} AS c${i}`).join()} FROM generate_series(1, 20)`;
const custom = { types: { int8: 'string', json: 'string', date: 'date' } };

const results = {};
for (const rowMode of ['object', 'array']) {
  results[`hostile ${rowMode}`] = text((await db.query(hostile, [], { rowMode })).rows);
  results[`types ${rowMode}`] = text((await db.query(types, [], { rowMode })).rows);
  results[`custom types ${rowMode}`] = text((await db.query(types, [], { rowMode, ...custom })).rows);
  results[`no columns ${rowMode}`] = text(
    (await db.query('SELECT FROM generate_series(1, 3)', [], { rowMode })).rows,
  );
  results[`wide ${rowMode}`] = hash((await db.query(wide, [], { rowMode })).rows);
  // Three times: as an unknown statement, as a prepared one, and as one known to have a large result.
  for (const time of [1, 2, 3]) {
    const { rows } = await db.query(large, [], { rowMode });
    results[`large ${rowMode} ${time}`] = `${rows.length} ${hash(rows)}`;
  }
}
results['first row'] = text(await db.queryRow(hostile));
const [row] = (await db.query(hostile)).rows;
results['prototype'] = String(Object.getPrototypeOf(row) === Object.prototype);
results['own __proto__'] = String(Object.hasOwn(row, '__proto__'));
await db.close();
console.log(JSON.stringify({ generatesCode, results }));
