// A reporter for node:test that writes one line of JSON per test.
import { inspect } from 'node:util';

export default async function* (events) {
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const error = data.details?.error;
    yield `${JSON.stringify({
      name: data.name,
      passed: type === 'test:pass',
      skipped: data.skip !== undefined,
      ...(error === undefined ? {} : { error: inspect(error.cause ?? error, { depth: 4 }) }),
    })}\n`;
  }
}
