// A program whose handlers of events and log entries throw; prints what the driver made of it.
import { open } from 'kingbase-native';

const config = JSON.parse(process.argv[2]);
const uncaught = [];
process.on('uncaughtException', (error) => uncaught.push(error.message));

const db = open({
  ...config,
  pool: { max: 2, min: 1 },
  log: {
    write: ({ event }) => {
      throw new Error(`log: ${event}`);
    },
  },
});
for (const event of ['connect', 'disconnect', 'notice']) {
  db.on(event, () => {
    throw new Error(event);
  });
}
const { pid } = await db.queryRow('SELECT pg_backend_pid() AS pid');
await db.script("DO $$ BEGIN RAISE NOTICE 'x'; END $$");
const lost = await db.query('SELECT pg_terminate_backend(pg_backend_pid())').then(
  () => undefined,
  ({ code }) => code,
);
const after = await db.queryRow('SELECT pg_backend_pid() AS pid');
const { inUse } = db.stats();
await db.close();
console.log(JSON.stringify({ lost, replaced: after.pid !== pid, inUse, uncaught }));
