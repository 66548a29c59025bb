import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../lib/config/index.js';
import { malformed, plantSecrets } from '../../support/planted-secrets.js';

/** To see a failure again: KINGBASE_SECRETS_SEED=… with the seed that the failure names. */
const seed = Number(process.env['KINGBASE_SECRETS_SEED'] ?? 1731534108);

function catchRefusal(text: string): string {
  try {
    parseConfig(text);
  } catch (error) {
    return String(error);
  }
  throw new Error('It is taken.');
}

describe('a password in a malformed connection string', () => {
  it(`is shown by nothing (seed ${seed})`, async () => {
    const { refused, taken, leaks } = await plantSecrets(seed, 2_000);
    expect(leaks.slice(0, 5), `seed ${seed}`).toEqual([]);
    // Neither kind would be worth much alone.
    expect(refused).toBeGreaterThan(300);
    expect(taken).toBeGreaterThan(300);
  }, 180_000);

  it.each([
    'host=db.example user=app psswordZq7Kv==Hunter2Wx dbname=test',
    'host=db.example user=app xyZq7Kv==Hunter2Wx dbname=test',
    'Driver={KingbaseES};Server=db.example;Uid=app;pqopt={sslpasswZq7Kv==Hunter2Wx}',
    'host=db.example user=app paswordZq7Kv=Hunter2Wx',
  ])('is not shown as the key that it has become: %s', (text) => {
    const refusal = catchRefusal(text);
    expect(refusal).toMatch(/unknown option/i);
    expect(refusal).not.toContain('Zq7Kv');
  });

  it('is planted in the same strings by the same seed', () => {
    const some = (from: number): string[] => Array.from({ length: 50 }, (_, index) => malformed(from, index));
    expect(some(1)).toEqual(some(1));
    expect(some(1)).not.toEqual(some(2));
  });
});
