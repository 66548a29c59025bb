// Ends by process.exit with a connection open and a statement running.
import { open } from 'kingbase-native';
import { input } from './input.mjs';

const db = open(input.config);
await db.ping();
db.query('SELECT pg_sleep(60)').catch(() => undefined);
setTimeout(() => process.exit(7), 100);
