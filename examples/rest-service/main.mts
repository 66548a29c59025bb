/**
 * A REST service with a cache, metrics and readiness.
 *
 *     PORT=8080 npx tsx examples/rest-service/main.mts kingbase://system@127.0.0.1:54321/test
 */
import { createService } from './service.mjs';

const app = await createService(process.argv[2]);
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    // Requests under way are answered, then the connections are closed, and the process ends by itself.
    void app.close();
  });
}
console.log(
  await app.listen({ port: Number(process.env['PORT'] ?? 8080), host: process.env['HOST'] ?? '127.0.0.1' }),
);
