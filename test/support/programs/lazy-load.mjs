// Prints after each step what of the driver's native parts the process has mapped.
import { readFileSync } from 'node:fs';

const config = JSON.parse(process.argv[2]);
const mapped = () => {
  const maps = readFileSync('/proc/self/maps', 'utf8');
  return {
    addon: /\/kingbase\w*\.node\b/.test(maps),
    library: /\/lib(kci|pq)\.so/.test(maps),
    threads: Number(/^Threads:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]),
  };
};

const steps = { started: mapped() };
const { open } = await import('kingbase-native');
steps.imported = mapped();
const db = open(config);
steps.opened = mapped();
db.stats();
steps.asked = mapped();
db.clientLibrary();
steps.loaded = mapped();
await db.query('SELECT 1');
steps.connected = mapped();
await db.close();
console.log(JSON.stringify(steps));
