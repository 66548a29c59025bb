import { fastify, type FastifyInstance } from 'fastify';
import type { Client } from './client.js';
import { insertRow } from './workloads/insert-table.js';
import { lookupId } from './workloads/lookup-table.js';

/** A web service over a client: an order is taken for a buyer and a seller that have to exist, and written down. */
export function createService(client: Client): FastifyInstance {
  const app = fastify();
  app.post<{ Body: { id: number } }>(
    '/orders',
    {
      schema: {
        body: { type: 'object', required: ['id'], properties: { id: { type: 'integer' } } },
      },
    },
    async ({ body: { id } }, reply) => {
      const buyer = await client.lookup(lookupId(2 * id));
      const seller = await client.lookup(lookupId(2 * id + 1));
      if (!buyer || !seller) return reply.code(404).send();
      await client.insertRow?.(insertRow(id));
      return reply.code(201).send({ id, buyer, seller });
    },
  );
  return app;
}
