import { describe, expect, it } from 'vitest';
import { judgeMembers } from '../../../lib/cli/doctor/members.js';

type Member = Parameters<typeof judgeMembers>[0] extends ReadonlyMap<string, infer M> ? M : never;

const TLS = { protocol: 'TLSv1.3', cipher: 'x' };
const primary: Member = {
  role: 'primary',
  place: '1000',
  timeline: 2,
  system: '7',
  product: 'KingbaseES',
  release: 'V008R006',
  version: 'KingbaseES V008R006',
  tls: TLS,
  milliseconds: 1,
};
const standby: Member = { ...primary, role: 'standby', place: '400', timeline: undefined };

describe('what several servers are together', () => {
  it.each<[string, Member[], 'ok' | 'warn' | 'fail', RegExp | undefined, object]>([
    [
      'a primary and a standby',
      [primary, standby],
      'ok',
      undefined,
      { primary: 'h0', standbys: [{ host: 'h1', bytes: 600 }] },
    ],
    [
      'no primary',
      [standby, standby],
      'fail',
      /takes writes/,
      { primary: null, standbys: [{ bytes: null }, {}] },
    ],
    ['two primaries', [primary, primary], 'fail', /h0 and h1 call themselves/, { primary: null }],
    [
      'an overtaken primary',
      [primary, { ...primary, timeline: 1 }],
      'warn',
      /h1 is a primary that was overtaken/,
      { primary: 'h0' },
    ],
    ['one that is not known', [primary], 'warn', /Nothing is known of h1/, { unknown: ['h1'] }],
    ['two versions', [primary, { ...standby, version: 'other' }], 'warn', /one version/, {}],
    ['two systems', [primary, { ...standby, system: '8' }], 'fail', /copies/, {}],
    ['one that does not encrypt', [primary, { ...standby, tls: undefined }], 'warn', /encrypt/, {}],
  ])('%s', (_name, members, status, detail, facts) => {
    const named = new Map(members.map((member, index) => [`h${index}`, member]));
    const outcome = judgeMembers(named, ['h0', 'h1'], true);
    expect(outcome).toMatchObject({ status, facts });
    expect(outcome.detail?.en).toEqual(detail === undefined ? [] : [expect.stringMatching(detail)]);
    expect(outcome.detail?.zh).toHaveLength(outcome.detail?.en.length ?? 0);
    expect(outcome.remedy?.zh).toHaveLength(outcome.detail?.en.length ?? 0);
    expect(outcome.code).toBe(
      members.length > 1 && /call/.test(detail?.source ?? '') ? 'KB_SPLIT_BRAIN' : undefined,
    );
  });

  it('is only a warning where nobody asked for a cluster', () => {
    expect(judgeMembers(new Map([['a', standby]]), ['a'], false)).toMatchObject({ status: 'warn' });
  });
});
