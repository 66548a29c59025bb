// Calls whose onSession throws wait for the one connection, which is given them ahead of their turn; prints what became of them.
import { open } from 'kingbase-native';

const config = JSON.parse(process.argv[2]);
const uncaught = [];
process.on('uncaughtException', (error) => uncaught.push(error.message));

const CALLS = 200;
const SQL = 'INSERT INTO throwing_on_session VALUES ($1)';
const db = open({ ...config, pool: { max: 1 } });
await db.script('DROP TABLE IF EXISTS throwing_on_session; CREATE TABLE throwing_on_session (n int4)');
// Prepared there.
for (const n of [-1, -2, -3]) await db.exec(SQL, [n]);
const ends = await Promise.allSettled(
  Array.from({ length: CALLS }, (_, n) =>
    db.exec(SQL, [n], {
      onSession: () => {
        // One of them throws; the others are behind it and before it.
        if (n % 2 === 1) throw new Error(String(n));
      },
    }),
  ),
);
const { rows } = await db.query('SELECT n FROM throwing_on_session WHERE n >= 0', [], { rowMode: 'array' });
await db.script('DROP TABLE throwing_on_session');
await db.close();
const inserted = new Set(rows.flat());
const told = { inserted: 0, refused: 0, wrong: 0 };
for (const [n, { status }] of ends.entries()) {
  const is = inserted.has(n);
  if (is !== (status === 'fulfilled')) told.wrong++;
  else told[is ? 'inserted' : 'refused']++;
}
console.log(JSON.stringify({ ...told, uncaught: uncaught.length, odd: CALLS / 2 }));
