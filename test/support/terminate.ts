import { execFileSync } from 'node:child_process';

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

/** Ends sessions of the server, and waits until they are gone. */
const PROGRAM = `
  const { Client } = require('pg');
  const { server, processIds } = JSON.parse(process.argv[1]);
  (async () => {
    const client = new Client(server);
    await client.connect();
    await client.query('SELECT pg_terminate_backend(pid) FROM unnest($1::int4[]) AS pid', [processIds]);
    const left = 'SELECT 1 FROM pg_stat_activity WHERE pid = ANY ($1::int4[])';
    while ((await client.query(left, [processIds])).rows.length > 0);
    await client.end();
  })();
`;

/**
 * Ends sessions of the server without this process's JavaScript learning of it: what runs next, in the same turn of the
 * event loop, finds the driver and its pool believing that they are there.
 */
export function terminateUnnoticed(server: ServerAddress, processIds: readonly number[]): void {
  const { host, port, user, database } = server;
  const input = JSON.stringify({ server: { host, port, user, database }, processIds });
  execFileSync(process.execPath, ['-e', PROGRAM, input], { cwd: __dirname });
  // The driver's own threads go on meanwhile, and know of the end once they have had a chance to run.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
}
