import { describe, expect, it } from 'vitest';
import { evicts, worthAnotherHost, worthConnectingAgain } from '../../../lib/errors/server-going-away.js';
import { wantsWritable } from '../../../lib/pool/eviction.js';

describe('evicts', () => {
  it.each(['08000', '08003', '08006', '08001', '57P01', '57P02', '57P03', '57P04', '57P05'])(
    '%s in any case',
    (sqlState) => {
      expect(evicts(sqlState, false)).toBe(true);
      expect(evicts(sqlState, true)).toBe(true);
    },
  );

  it('25006 only where a writable server was asked for', () => {
    expect(evicts('25006', true)).toBe(true);
    expect(evicts('25006', false)).toBe(false);
  });

  it.each(['57014', '23505', '40001', '40P01', '42P01', '53300', '22012', '25P02', 'XX000', '08P01'])(
    'not %s, which says nothing against the connection',
    (sqlState) => {
      expect(evicts(sqlState, true)).toBe(false);
    },
  );
});

describe('wantsWritable', () => {
  it.each(['read-write', 'primary'])('%s', (attributes) => {
    expect(wantsWritable(attributes)).toBe(true);
  });

  it.each([undefined, 'any', 'read-only', 'standby', 'prefer-standby'])('not %s', (attributes) => {
    expect(wantsWritable(attributes)).toBe(false);
  });
});

describe('worthConnectingAgain', () => {
  it.each(['57P03', '57P01', '53300', 'KB_CONNECT_REFUSED', 'KB_CONNECT_TIMEOUT', 'KB_CONNECTION_LOST'])(
    '%s may mend itself',
    (code) => {
      expect(worthConnectingAgain(code)).toBe(true);
    },
  );

  it.each([
    '28P01',
    '28000',
    '3D000',
    '57P04',
    '57014',
    'KB_CONNECT_TLS_CERTIFICATE',
    'KB_CONNECT_AUTH',
    'KB_CONNECT_OPTION',
    'KB_BAD_OPTION',
    '',
  ])('%s will not', (code) => {
    expect(worthConnectingAgain(code)).toBe(false);
  });
});

describe('worthAnotherHost', () => {
  it.each(['57P01', '57P02', '57P03', '53300', '53200'])('%s: this one takes no login now', (code) => {
    expect(worthAnotherHost(code)).toBe(true);
  });

  it.each(['28P01', '28000', '3D000', '42501', '57P04', '08P01'])('not %s', (code) => {
    expect(worthAnotherHost(code)).toBe(false);
  });
});
