import { inspect } from 'node:util';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  ClientLibraryError,
  ConnectionError,
  DatabaseError,
  KingbaseError,
  sqlStateCondition,
  TimeoutError,
  UsageError,
  type SqlStateCondition,
} from '../../../lib/errors/index.js';
import { PoolError } from '../../../lib/pool/pool-error.js';

describe('DatabaseError', () => {
  const fields = {
    S: '错误',
    V: 'ERROR',
    C: '23505',
    M: '重复键违反唯一约束"t_pkey"',
    D: 'Key (id)=(1) already exists.',
    H: 'Use another key.',
    P: '15',
    p: '3',
    q: 'insert into t values (1)',
    W: 'SQL function "f"',
    s: 'public',
    t: 't',
    c: 'id',
    d: 'int4',
    n: 't_pkey',
    F: 'nbtinsert.c',
    L: '434',
    R: '_bt_check_unique',
  };

  it('takes every field of the protocol', () => {
    const error = DatabaseError.fromFields(fields);
    expect(error).toBeInstanceOf(KingbaseError);
    expect({ ...error, message: error.message }).toEqual({
      code: '23505',
      condition: 'unique_violation',
      severity: 'ERROR',
      retryable: false,
      message: '重复键违反唯一约束"t_pkey"',
      hint: 'Use another key.',
      detail: 'Key (id)=(1) already exists.',
      position: 15,
      internalPosition: 3,
      internalQuery: 'insert into t values (1)',
      where: 'SQL function "f"',
      schema: 'public',
      table: 't',
      column: 'id',
      dataType: 'int4',
      constraint: 't_pkey',
      file: 'nbtinsert.c',
      line: 434,
      routine: '_bt_check_unique',
    });
  });

  it('has no properties for absent fields', () => {
    const error = DatabaseError.fromFields({ S: 'ERROR', C: '42601', M: 'syntax error', D: undefined });
    expect(Object.keys(error).sort()).toEqual(['code', 'condition', 'retryable', 'severity']);
    expect(inspect(error)).not.toContain('undefined');
  });

  it('falls back to the translated severity of old servers', () => {
    expect(DatabaseError.fromFields({ S: '致命错误', C: '57P01', M: 'm' }).severity).toBe('致命错误');
  });

  it.each([
    ['40001', true],
    ['40P01', true],
    ['40002', false],
    ['23505', false],
    ['55P03', false],
  ])('%s: retryable is %s', (code, retryable) => {
    expect(DatabaseError.fromFields({ C: code, M: 'm' }).retryable).toBe(retryable);
  });

  it('survives a server that leaves out what the protocol promises, and numbers that are none', () => {
    const error = DatabaseError.fromFields({ P: '1x', L: '' });
    expect(error.code).toBe('XX000');
    expect(error.severity).toBe('ERROR');
    expect(error.message).not.toBe('');
    expect(error).not.toHaveProperty('position');
    expect(error).not.toHaveProperty('line');
  });

  it('has no condition for codes of the vendor', () => {
    expect(DatabaseError.fromFields({ C: '60000', M: 'm' }).condition).toBeUndefined();
    expectTypeOf<'unique_violation'>().toExtend<DatabaseError['condition']>();
    // A misspelled one does not compile.
    expectTypeOf<'unique_violence'>().not.toExtend<DatabaseError['condition']>();
    expectTypeOf<'MY001'>().toExtend<DatabaseError['code']>();
  });
});

describe('sqlStateCondition', () => {
  it.each([
    ['00000', 'successful_completion'],
    ['08006', 'connection_failure'],
    ['22P02', 'invalid_text_representation'],
    ['25006', 'read_only_sql_transaction'],
    ['28P01', 'invalid_password'],
    ['40P01', 'deadlock_detected'],
    ['57014', 'query_canceled'],
    ['57P05', 'idle_session_timeout'],
    ['72000', 'snapshot_too_old'],
    ['HV00N', 'fdw_unable_to_establish_connection'],
    ['P0001', 'raise_exception'],
    ['XX002', 'index_corrupted'],
  ])('%s is %s', (code, condition) => {
    expect(sqlStateCondition(code)).toBe(condition);
  });

  it('knows nothing else', () => {
    for (const code of ['', 'ZZZZZ', 'constructor', '__proto__', '2350']) {
      expect(sqlStateCondition(code)).toBeUndefined();
    }
  });

  it('is a union for the compiler', () => {
    expectTypeOf<'deadlock_detected'>().toExtend<SqlStateCondition>();
    expectTypeOf<'no_such_condition'>().not.toExtend<SqlStateCondition>();
  });
});

describe('the other classes', () => {
  it('share the base, carry their names in stacks and JSON-safe codes', () => {
    const cause = new Error('inner');
    const errors = [
      new ConnectionError('KB_CONNECTION_LOST', 'm', { outcome: 'unknown', cause }),
      new ClientLibraryError('KB_LIBRARY_NOT_FOUND', 'm', [], { cause }),
      new PoolError('KB_POOL_CLOSED', 'm', { cause }),
      new TimeoutError('query', 50, 'm', { cause }),
      new UsageError('KB_BAD_OPTION', 'm', { cause }),
    ];
    for (const error of errors) {
      expect(error).toBeInstanceOf(KingbaseError);
      expect(error.name).toBe(error.constructor.name);
      expect(error.stack).toMatch(new RegExp(`^${error.constructor.name}: m`));
      expect(Object.keys(error)).not.toContain('name');
      expect(error.code).toMatch(/^KB_/);
      expect(error.cause).toBe(cause);
    }
    expect(new UsageError('KB_BAD_OPTION', 'm')).not.toHaveProperty('cause');
  });

  it('lists each attempt to find a library on a line of its own', () => {
    const attempts = [
      { path: '/opt/a/libkci.so.5', source: 'KINGBASE_HOME', reason: 'does not exist' },
      { path: 'libpq.so.5', source: 'system', reason: 'was not found' },
    ];
    const error = new ClientLibraryError('KB_LIBRARY_NOT_FOUND', 'No client library was found:', attempts, {
      hint: 'Install one.',
    });
    expect(error.message.split('\n')).toEqual([
      'No client library was found:',
      '  /opt/a/libkci.so.5 (KINGBASE_HOME): does not exist',
      '  libpq.so.5 (system): was not found',
    ]);
    expect(error.attempts).toEqual(attempts);
    expect(error.hint).toBe('Install one.');
  });

  it('keeps the extras', () => {
    expect(new UsageError('KB_BAD_PARAMETER', 'm', { parameterIndex: 0 }).parameterIndex).toBe(0);
    expect(new TimeoutError('query', 50, 'm')).toMatchObject({
      code: 'KB_TIMEOUT',
      operation: 'query',
      timeout: 50,
    });
    expect(
      new ConnectionError('KB_CONNECT_REFUSED', 'm', { stage: 'tcp', address: 'h:1', outcome: 'not-sent' }),
    ).toMatchObject({ stage: 'tcp', address: 'h:1', outcome: 'not-sent' });
  });
});
