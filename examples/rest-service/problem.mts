import type { FastifyReply, FastifyRequest } from 'fastify';
import { ConnectionError, DatabaseError, KingbaseError, PoolError, TimeoutError } from 'kingbase-native';

/** s that a client is asked to wait before it tries again. */
const RETRY_AFTER = 1;

/** The server goes down, is full, or had to choose between two transactions: the same request may succeed later. */
const LATER = /^(?:57P|53|08|40001|40P01)/;

function statusOf(error: unknown): number {
  if (error instanceof ConnectionError || error instanceof PoolError || error instanceof TimeoutError)
    return 503;
  if (error instanceof DatabaseError) {
    if (LATER.test(error.code)) return 503;
    if (error.code.startsWith('23')) return 409;
    return error.code.startsWith('22') ? 422 : 500;
  }
  // Fastify's own errors, such as a body that does not fit its schema, say which status they want.
  return (error as { statusCode?: number }).statusCode ?? 500;
}

/** Answers as RFC 9457 has it, in Chinese or English as the client prefers. */
export async function sendProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const status = statusOf(error);
  const language = /^\s*zh\b/i.test(request.headers['accept-language'] ?? '') ? 'zh' : 'en';
  const problem: Record<string, unknown> = { type: 'about:blank', status };
  if (error instanceof KingbaseError) {
    const explanation = error.explain(language);
    problem['title'] = explanation.split('\n', 1)[0];
    problem['code'] = error.code;
    // The explanation names servers, constraints and values: for the clients of a service that is not open to everybody.
    problem['detail'] = explanation;
  } else {
    problem['title'] = status < 500 && error instanceof Error ? error.message : 'Internal error';
  }
  if (status >= 500) request.log.error(error);
  if (status === 503) void reply.header('retry-after', RETRY_AFTER);
  await reply
    .code(status)
    .header('content-language', language)
    .type('application/problem+json')
    .send(problem);
}
