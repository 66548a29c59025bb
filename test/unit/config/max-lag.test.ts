import { describe, expect, it } from 'vitest';
import { parseConfig, type ConnectionConfig } from '../../../lib/config/index.js';

const maxLagOf = (config: ConnectionConfig | string): unknown => {
  const { cluster } = parseConfig(config, {}, {}, () => 'x');
  return cluster && [cluster.consistency, cluster.maxLag];
};

describe('how far a bounded read may be behind', () => {
  it.each([
    [{ cluster: true } as const, ['causal', 1_000]],
    [{ cluster: { maxLag: 250 } }, ['causal', 250]],
    [{ cluster: { maxLag: { bytes: 0 } } }, ['causal', { bytes: 0 }]],
    [{ cluster: { consistency: 'bounded', maxLag: { bytes: 4096 } } } as const, ['bounded', { bytes: 4096 }]],
    ['kingbase://h/d?cluster=bounded', ['bounded', 1_000]],
    ['kingbase://h/d?cluster=bounded:500ms', ['bounded', 500]],
    ['kingbase://h/d?cluster=bounded:2s', ['bounded', 2_000]],
    ['kingbase://h/d?cluster=bounded:512B', ['bounded', { bytes: 512 }]],
    ['host=h cluster=bounded:64kB', ['bounded', { bytes: 65_536 }]],
    ['kingbase://h/d?cluster=bounded:16MB', ['bounded', { bytes: 16_777_216 }]],
    ['kingbase://h/d?cluster=bounded:1GB', ['bounded', { bytes: 1_073_741_824 }]],
  ])('is read from %j', (config, expected) => {
    expect(maxLagOf(config)).toEqual(expected);
  });

  it.each([
    [{ cluster: { maxLag: -1 } }, /maxLag/],
    [{ cluster: { maxLag: '16MB' } }, /maxLag/],
    [{ cluster: { maxLag: {} } }, /maxLag/],
    [{ cluster: { maxLag: { bytes: 1.5 } } }, /maxLag/],
    [{ cluster: { maxLag: { bytes: -1 } } }, /maxLag/],
    [{ cluster: { maxLag: { bytes: 1, ms: 1 } } }, /maxLag\.ms/],
    ['kingbase://h/d?cluster=bounded:16', /number with a unit/],
    ['kingbase://h/d?cluster=bounded:16mb', /number with a unit/],
    ['kingbase://h/d?cluster=bounded:', /number with a unit/],
    ['kingbase://h/d?cluster=causal:16MB', /cluster/],
  ])('is refused in %j', (config, message) => {
    expect(() => maxLagOf(config as ConnectionConfig)).toThrow(
      expect.objectContaining({
        code: 'KB_BAD_OPTION',
        message: expect.stringMatching(message) as string,
      }) as Error,
    );
  });
});
