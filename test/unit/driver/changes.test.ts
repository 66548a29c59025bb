import { describe, expect, it } from 'vitest';
import { callsUnknown } from '../../../lib/driver/changes.js';

describe('queries that may change where names are looked for without saying so', () => {
  it.each([
    'SELECT tenant($1)',
    'select app.use_tenant (1)',
    'SELECT "Tenant"(1)',
    'SELECT * FROM tenant(1) AS t',
    'WITH w AS (SELECT tenant(1)) SELECT * FROM w',
    'INSERT INTO m VALUES (1); SELECT tenant(1)',
    '/* a */ SELECT count(*), tenant(1)',
    "SELECT 'x' || tenant('(')",
  ])('%s', (sql) => expect(callsUnknown(sql, true)).toBe(true));

  it.each([
    'SELECT 1',
    'SELECT count(*), max(a), coalesce(b, 0) FROM t WHERE a IN (1, 2) AND exists (SELECT 1) GROUP BY (c)',
    'SELECT a::numeric(10, 2), cast(b AS varchar(3)), row_number() OVER (PARTITION BY (a)) FROM t',
    'SELECT sum(a) FILTER (WHERE b) FROM t JOIN u USING (id) WHERE x = ANY ($1)',
    'SELECT * FROM unnest($1::int4[]) AS u',
    "SELECT jsonb_agg(x), array_length(y, 1), pg_sleep(0), to_char(now(), 'tenant(1)')",
    'INSERT INTO m (a, b) VALUES ($1, $2)',
    'INSERT INTO m VALUES (tenant(1))',
    'VALUES (1), (2)',
    '-- tenant(1)\nSELECT 1',
    'CALL tenant(1)',
    'INSERT INTO m (a) VALUES (1); SELECT 1; UPDATE m SET a = tenant(2)',
    '',
  ])('not %s', (sql) => expect(callsUnknown(sql, true)).toBe(false));

  it('one statement that is no query is not read further', () => {
    expect(callsUnknown('INSERT INTO m VALUES (1); SELECT tenant(1)')).toBe(false);
  });
});
