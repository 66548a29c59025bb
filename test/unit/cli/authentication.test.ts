import { describe, expect, it } from 'vitest';
import { authenticationOutcome, canAnswer, generationOf } from '../../../lib/cli/doctor/authentication.js';
import { judgeServer } from '../../../lib/cli/doctor/session.js';
import type { ClientLibraryInfo, ClientLibraryFlavour, ServerInfo } from '../../../lib/index.js';

function library(flavour: ClientLibraryFlavour, encryptPassword: boolean): ClientLibraryInfo {
  return {
    path: '/lib/libkci.so.5',
    flavour,
    version: 120001,
    capabilities: {
      singleRowMode: true,
      chunkedRowsMode: false,
      multiRowBind: false,
      encryptPassword,
      tlsInformation: true,
      largeObjects: true,
      encryptedCancel: false,
      pipeline: false,
    },
    source: 'test',
    reason: '',
    attempts: [],
  };
}

const STOCK = library('libpq', true);
const V8R3 = library('kci', false);
const V8R6 = library('kci', true);
const PQ_NAMED = library('kingbase-pq', true);

describe('whether a client library can do what the server asks for', () => {
  it('is told by its functions', () => {
    expect([STOCK, V8R3, V8R6, PQ_NAMED].map(generationOf)).toEqual([
      'libpq',
      'V8R3',
      'V8R6 or later',
      'V8R6 or later',
    ]);
  });

  const none: string[] = [];
  it.each([
    // code, mechanisms, stock libpq, V8R3, V8R6
    [0, none, 'yes', 'yes', 'yes'],
    [3, none, 'yes', 'yes', 'yes'],
    [5, none, 'yes', 'unknown', 'yes'],
    [7, none, 'unknown', 'unknown', 'unknown'],
    [10, ['SCRAM-SHA-256'], 'yes', 'unknown', 'yes'],
    [10, ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'], 'yes', 'unknown', 'yes'],
    [10, ['SCRAM-SM3'], 'no', 'no', 'unknown'],
    [13, none, 'no', 'no', 'yes'],
    [20, none, 'no', 'no', 'unknown'],
  ] as const)('request %i %j: libpq %s, V8R3 %s, V8R6 %s', (code, mechanisms, stock, old, later) => {
    const verdicts = [STOCK, V8R3, V8R6].map((each) => canAnswer({ code, mechanisms }, each, 'system'));
    expect(verdicts).toEqual([stock, old, later]);
    for (const each of [STOCK, V8R3, V8R6]) {
      const { status, finding, remedy } = authenticationOutcome({ code, mechanisms }, each, 'system');
      expect(finding.zh).toMatch(/\p{Script=Han}/u);
      expect(finding.zh).not.toMatch(/\p{Script=Han}[A-Za-z]|[A-Za-z]\p{Script=Han}/u);
      if (status !== 'ok') expect(remedy?.zh.join('')).toMatch(/\p{Script=Han}/u);
    }
  });

  it('depends on the case of the name with md5 of V8R3', () => {
    expect(canAnswer({ code: 5, mechanisms: [] }, V8R3, 'SYSTEM')).toBe('yes');
  });
});

describe('what a server says of itself', () => {
  const server: ServerInfo = {
    version: 'KingbaseES V009R001C010',
    product: 'KingbaseES',
    release: 'V009R001C010',
    serverVersionNum: 120001,
    databaseMode: 'oracle',
    caseInsensitive: true,
    encoding: 'UTF8',
  };

  it('is fine with the library for it', () => {
    const { status, finding, remedy } = judgeServer(server, {}, V8R6);
    expect(status).toBe('ok');
    expect(finding).toEqual({
      en: 'KingbaseES V009R001C010, mode oracle, encoding UTF8.',
      zh: 'KingbaseES V009R001C010，oracle 模式，编码 UTF8。',
    });
    expect(remedy?.en).toEqual([]);
  });

  it.each([
    ['is older than the library', { release: 'V008R003C002B0061' }, V8R6, 'older than the client library'],
    ['is newer than the library', {}, V8R3, 'older than the server'],
    ['is too old', { release: 'V007R001C002B0014' }, V8R6, 'V7, which the driver does not support'],
    ['converts no encodings', { encoding: 'SQL_ASCII' }, V8R6, 'SQL_ASCII'],
  ])('that it %s needs attention', (_what, over, by, words) => {
    const { status, detail, remedy } = judgeServer({ ...server, ...over }, {}, by);
    expect(status).toBe('warn');
    expect(detail?.en.join('\n')).toContain(words);
    expect(remedy?.en).toHaveLength(1);
    expect(remedy?.zh).toHaveLength(1);
  });

  it('is fine of V8R3 with the library of V8R3', () => {
    expect(judgeServer({ ...server, release: 'V008R003C002B0061' }, {}, V8R3).status).toBe('ok');
  });
});
