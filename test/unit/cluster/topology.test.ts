import { afterEach, describe, expect, it } from 'vitest';
import type { ClusterNode } from '../../../lib/cluster/node.js';
import { Topology } from '../../../lib/cluster/topology.js';
import { parseConfig } from '../../../lib/config/index.js';
import { nothing } from '../../../lib/base/nothing.js';

describe('who is the primary', () => {
  const config = parseConfig({ cluster: true, host: 'a,b,c' }, {}, {}, () => 'x');
  const { cluster: options, hosts } = config;
  if (options === undefined) throw new Error('there are no options');
  const changes: (string | undefined)[] = [];
  const make = (): Topology => {
    changes.length = 0;
    return new Topology(hosts, options, {
      connect: () => Promise.reject(new Error('not in this test')),
      patience: () => 1_000,
      primaryChanged: (node) => changes.push(node?.address.host),
      standbyChanged: nothing,
      lagChanged: nothing,
      logChanged: nothing,
      looked: nothing,
    });
  };
  let topology: Topology;
  afterEach(() => topology.close());
  let time = 0;
  const says = (node: ClusterNode | undefined, standby: boolean, timeline: number, place = 5n): void => {
    if (node === undefined) throw new Error('there is no such server');
    time++;
    topology.saw(node, { standby, timeline, place, asked: time, answered: time });
  };

  it('is nobody where two say so on the same timeline', () => {
    topology = make();
    const [a, b] = topology.nodes;
    says(a, false, 1);
    expect(topology.primary).toBe(a);
    says(b, false, 1);
    expect(topology.primary).toBeUndefined();
    expect(topology.split).toEqual([a, b]);
    says(b, true, 1);
    expect(topology.primary).toBe(a);
    expect(topology.split).toEqual([]);
    expect(changes).toEqual(['a', undefined, 'a']);
  });

  it('is the one on the newest timeline, and never again one on an older', () => {
    topology = make();
    const [a, b] = topology.nodes;
    says(a, false, 1);
    says(b, false, 2);
    expect(topology.primary).toBe(b);
    says(b, true, 2);
    expect(topology.primary).toBeUndefined();
    expect(topology.split).toEqual([a]);
  });

  it('is nobody where a standby follows a newer one that does not answer', () => {
    topology = make();
    const [a, b, c] = topology.nodes;
    says(a, false, 1);
    says(c, true, 2);
    expect(topology.primary).toBeUndefined();
    expect(topology.split).toEqual([a]);
    says(b, false, 2);
    expect(topology.primary).toBe(b);
  });

  it('is not changed by an answer that has been overtaken', () => {
    topology = make();
    const [a] = topology.nodes;
    if (a === undefined) throw new Error('there is no server');
    time += 10;
    says(a, false, 1);
    topology.saw(a, { standby: true, timeline: 1, place: 1n, asked: time - 5, answered: time });
    expect(topology.primary).toBe(a);
  });

  it('counts only what the primary itself says of how far it is', () => {
    topology = make();
    const [a, b] = topology.nodes;
    time = performance.now();
    says(a, false, 1, 100n);
    says(b, false, 2, 500n);
    // It goes on answering, and has never heard of what was written since.
    says(a, false, 1, 110n);
    expect(topology.positionWithin(60_000)).toEqual({ timeline: 2, place: 500n });
  });

  it('has each server once, however often it is named', () => {
    const twice = parseConfig({ cluster: true, host: 'a,b,a', port: '1,1,1' }, {}, {}, () => 'x').hosts;
    topology = new Topology(twice, options, {
      connect: () => Promise.reject(new Error('not in this test')),
      patience: () => 1_000,
      primaryChanged: nothing,
      standbyChanged: nothing,
      lagChanged: nothing,
      logChanged: nothing,
      looked: nothing,
    });
    expect(topology.nodes.map(({ name }) => name)).toEqual(['a:1', 'b:1']);
  });

  it('tells how far the standbys are behind', () => {
    topology = make();
    const [a, b, c] = topology.nodes;
    says(a, false, 1, 100n);
    says(a, false, 1, 300n);
    says(b, true, 1, 300n);
    says(c, true, 1, 150n);
    expect(b?.lag).toEqual({ bytes: 0, ms: 0 });
    expect(c?.lag).toEqual({ bytes: 150, ms: 3 });
  });
});
