// Evaluates the package's JavaScript twice over one copy of its native library, as test runners do, and lets both run
// statements at the same time.
import { createRequire } from 'node:module';

const { file, options } = JSON.parse(process.argv[2]);
const require = createRequire(import.meta.url);

function evaluate() {
  for (const name of Object.keys(require.cache)) {
    if (!name.endsWith('.node')) delete require.cache[name];
  }
  return require(file);
}

const copies = [evaluate(), evaluate()];
const databases = copies.map(({ open }) => open({ ...options, pool: { max: 2 } }));
const answers = await Promise.all(
  databases.map(async (db, copy) => {
    const rows = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        i % 2 === 0
          ? db.queryRow(`SELECT $1::int4 AS copy, ${i} AS i`, [copy])
          : db
              .query(`SELECT ${copy} AS copy, ${i} AS i FROM generate_series(1, 2000)`)
              .then(({ rows }) => rows[1999]),
      ),
    );
    const script = await db.script('SELECT 1; SELECT 2');
    const refusal = await db.query('SELECT nothing').catch((error) => error);
    return {
      wrong: rows.filter((row, i) => row.copy !== copy || row.i !== i).length,
      script: script.map(({ command }) => command),
      ownClass: refusal instanceof copies[copy].DatabaseError,
    };
  }),
);
await databases[0].close();
const survivor = await databases[1].queryRow('SELECT 7 AS seven');
await databases[1].close();
const addons = Object.keys(require.cache).filter((name) => name.endsWith('.node')).length;
console.log(JSON.stringify({ answers, survivor, addons }));
