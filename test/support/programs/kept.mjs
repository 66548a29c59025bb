// A process whose client library does not come back from connecting; it ends when it has nothing more to do.
import { open } from 'kingbase-native';

const db = open(JSON.parse(process.argv[2]));
let code;
try {
  await db.ping();
} catch (error) {
  code = error.code;
}
await db.close({ timeout: 0 });
console.log(JSON.stringify({ code }));
