// Listens and never accepts: once the few that the system accepts in its stead are there, SYN packets get no answer.
// Prints the port; ends when it is killed.
import { writeSync } from 'node:fs';
import { createServer } from 'node:net';

const server = createServer();
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  writeSync(1, `${server.address().port}\n`);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
