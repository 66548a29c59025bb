import { expect, it } from 'vitest';
import { nothing } from '../../../lib/base/nothing.js';
import { ClusterNode } from '../../../lib/cluster/node.js';
import type { Observation } from '../../../lib/cluster/question.js';
import type { Operation, Session } from '../../../lib/driver/session.js';

/** A session that answers what a server is when the event loop has turned. */
class Answering {
  idle = true;
  close = nothing;

  run(question: Operation): void {
    this.idle = false;
    setImmediate(() => {
      this.idle = true;
      const observation: Observation = { standby: true, place: 1n, timeline: 1, asked: 0, answered: 1 };
      (question as unknown as { resolve: (answer: Observation) => void }).resolve(observation);
    });
  }
}

it('a server is asked on one connection, one question after the other', async () => {
  let connections = 0;
  const node = new ClusterNode({ host: 'h', port: 1 }, 1, {
    connect: () => {
      connections++;
      return Promise.resolve(new Answering() as unknown as Session);
    },
    patience: () => 1_000,
    saw: nothing,
    failed: nothing,
  });
  const first = node.ask();
  // Comes between the end of the first question and the beginning of the one that was put off until then.
  const between = first.then(() => node.look());
  const second = node.ask();
  await Promise.all([first, between, second]);
  expect(connections).toBe(1);
  node.close();
});
