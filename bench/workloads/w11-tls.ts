import { deepStrictEqual, strictEqual } from 'node:assert';
import type { Client } from '../client.js';
import { w1 } from './w1-lookup.js';
import { w2 } from './w2-pool.js';
import { w3 } from './w3-wide.js';
import { ahead, type Workload } from './workload.js';

async function encryptionOf(client: Client) {
  const [row] = await client.fetchAll('select version, cipher from pg_stat_ssl where pid = pg_backend_pid()');
  return { version: row?.['version'], cipher: row?.['cipher'] };
}

/** The same over TLS 1.3, with the cipher that pg has. The C programs connect without. */
function overTls(workload: Workload): Workload {
  const { title, contenders, comparisons } = workload;
  return {
    ...workload,
    title: `${title}; over TLS 1.3`,
    tls: true,
    contenders: contenders.filter(({ client }) => client !== 'c' && client !== 'bun-sql'),
    comparisons: comparisons.map((comparison) => ({ ...comparison, ratios: ahead })),
    verify: async (client, pg, way) => {
      const encryption = await encryptionOf(client);
      strictEqual(encryption.version, 'TLSv1.3');
      deepStrictEqual(encryption, await encryptionOf(pg));
      await workload.verify(client, pg, way);
    },
  };
}

export const w11Lookup = overTls(w1);
export const w11Pool = overTls(w2);
export const w11Wide = overTls(w3);
