import type { KingbaseError } from '../../../lib/errors/index.js';
import { describe, expect, it } from 'vitest';
import { parseConfig, type ClusterOptions } from '../../../lib/config/index.js';

const parse = (cluster: ClusterOptions, host = 'db-a,db-b', port = '54321,54322'): unknown =>
  parseConfig({ cluster, host, port }, {}, {}, () => 'x').cluster;

describe('weights', () => {
  it('are of hosts that there are, with or without a port', () => {
    const weights = { 'db-a:54321': 2, 'db-b': 0 };
    expect(parse({ weights })).toMatchObject({ weights });
  });

  it('of no host are refused, and the host is named that was meant', () => {
    const refused = (name: string): KingbaseError => {
      try {
        parse({ weights: { 'db-a': 1, [name]: 3 } });
      } catch (error) {
        return error as KingbaseError;
      }
      throw new Error('it was taken');
    };
    expect(refused('bd-b')).toMatchObject({
      code: 'KB_BAD_OPTION',
      message:
        'The option "cluster.weights" has a weight of "bd-b", which is none of the hosts; did you mean "db-b"?',
      hint: 'The hosts are db-a:54321, db-b:54322.',
    });
    expect(refused('db-b:54321').message).toMatch(/"db-b:54321".* did you mean db-b:54322\?$/);
    expect(refused('elsewhere').message).toMatch(/"elsewhere", which is none of the hosts\.$/);
    // What is no name of a host can hold a password.
    for (const name of [
      'u:Zq7Kv@db-b',
      'kingbase://u:Zq7Kv@db-b',
      'db-b password=Zq7Kv',
      'db-b;Zq7Kv',
      `Zq7Kv${'x'.repeat(300)}`,
    ]) {
      expect(refused(name).message).toMatch(
        /^The option "cluster.weights" has a weight of what is none of the hosts/,
      );
      expect(`${refused(name).message} ${refused(name).hint}`).not.toContain('Zq7Kv');
    }
  });
});
